//! The crate `openidconnect` as relying party.

use std::collections::BTreeMap;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier,
    CoreJsonWebKey, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl,
    JsonWebKey, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
};
use serde_json::json;
use url::Url;

use super::{ALGORITHMS, versatile};
use crate::support::{App, Op, Registration};

type RelyingParty = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

const SCOPES: [&str; 4] = ["profile", "email", "address", "phone"];

async fn send(
    http: &reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

async fn relying_party(op: &Op, app: &App) -> RelyingParty {
    let http = |request| send(op.http(), request);
    let issuer = IssuerUrl::new(op.issuer().to_owned()).unwrap();
    let provider = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
    let secret = ClientSecret::new(app.client_secret().to_owned());
    let client_id = ClientId::new(app.client_id().to_owned());
    CoreClient::from_provider_metadata(provider, client_id, Some(secret))
        .set_redirect_uri(RedirectUrl::new(app.redirect_uri().to_owned()).unwrap())
}

async fn app(op: &Op, algorithm: &str, response_type: &str) -> App {
    let registration = Registration::web()
        .response_types(&[response_type])
        .with("id_token_signed_response_alg", json!(algorithm));
    op.app(registration).await
}

fn verifier<'a>(rp: &'a RelyingParty, algorithm: &str) -> CoreIdTokenVerifier<'a> {
    let algorithm: CoreJwsSigningAlgorithm = serde_json::from_value(json!(algorithm)).unwrap();
    rp.id_token_verifier().set_allowed_algs([algorithm])
}

/// Whether the access token is the one that the ID Token speaks of.
fn belongs(
    access_token: &AccessToken,
    id_token: &CoreIdToken,
    verifier: &CoreIdTokenVerifier<'_>,
    claims: &CoreIdTokenClaims,
) -> bool {
    let alg = id_token.signing_alg().unwrap();
    let symmetric = CoreJsonWebKey::new_symmetric(Vec::new());
    let key = match alg {
        // The kind of key is all that counts here; there is none to be found by the verifier.
        CoreJwsSigningAlgorithm::HmacSha256 => &symmetric,
        _ => id_token.signing_key(verifier).unwrap(),
    };
    let hash = AccessTokenHash::from_token(access_token, alg, key).unwrap();
    *claims.access_token_hash().expect("at_hash") == hash
}

/// Userinfo as the crate reads it, with every standard claim of alice in its place.
async fn userinfo(op: &Op, rp: &RelyingParty, token: &AccessToken, claims: &CoreIdTokenClaims) {
    let http = |request| send(op.http(), request);
    let subject = claims.subject().clone();
    let request = rp.user_info(token.clone(), Some(subject)).unwrap();
    let alice: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(alice.email().unwrap().as_str(), "alice@example.test");
    assert_eq!(alice.email_verified(), Some(true));
    assert_eq!(alice.address().unwrap().locality.as_ref().unwrap().as_str(), "Exampletown");
    assert_eq!(alice.given_name().unwrap().get(None).unwrap().as_str(), "Alice");
    assert_eq!(alice.phone_number_verified(), Some(true));
    assert!(alice.updated_at().is_some());
}

/// Brings alice to the relying party with what the URL carries behind the separator.
async fn log_in(op: &Op, url: &Url, separator: char) -> BTreeMap<String, String> {
    let arrival = op.browser().visit(url.as_str()).log_in("alice").consent().await;
    let (_, carried) = arrival.away().as_str().split_once(separator).expect("an answer");
    url::form_urlencoded::parse(carried.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn codes_with_pkce_are_redeemed_refreshed_and_verified() {
    let op = versatile().await;
    let http = |request| send(op.http(), request);
    for algorithm in ALGORITHMS {
        let app = app(&op, algorithm, "code").await;
        let rp = relying_party(&op, &app).await;
        let verifier = verifier(&rp, algorithm);
        let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = rp
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(SCOPES.map(|name| Scope::new(name.to_owned())))
            .add_scope(Scope::new("offline_access".to_owned()))
            .add_prompt(openidconnect::core::CoreAuthPrompt::Consent)
            .set_pkce_challenge(challenge)
            .url();
        let answer = log_in(&op, &url, '?').await;
        assert_eq!(answer["state"], *state.secret());
        assert_eq!(answer["iss"], op.issuer());

        let code = AuthorizationCode::new(answer["code"].clone());
        let request = rp.exchange_code(code).unwrap().set_pkce_verifier(secret);
        let tokens = request.request_async(&http).await.unwrap();
        let id_token = tokens.id_token().expect("an ID Token");
        let claims = id_token.claims(&verifier, &nonce).unwrap();
        assert!(belongs(tokens.access_token(), id_token, &verifier, claims), "{algorithm}");
        userinfo(&op, &rp, tokens.access_token(), claims).await;

        let refresh_token = tokens.refresh_token().expect("a refresh token");
        let request = rp.exchange_refresh_token(refresh_token).unwrap();
        let renewed = request.request_async(&http).await.unwrap();
        let again = renewed.id_token().expect("a refreshed ID Token");
        // It answers no authorization request, so there is no nonce to hold it against.
        let again = again.claims(&verifier, |_: Option<&Nonce>| Ok(())).unwrap();
        assert_eq!((again.subject(), again.nonce()), (claims.subject(), None));
        assert_eq!(again.auth_time(), claims.auth_time());
        userinfo(&op, &rp, renewed.access_token(), claims).await;
    }
}

#[tokio::test]
async fn tokens_of_the_fragment_are_verified() {
    let op = versatile().await;
    for algorithm in ALGORITHMS {
        let app = app(&op, algorithm, "id_token token").await;
        let rp = relying_party(&op, &app).await;
        let verifier = verifier(&rp, algorithm);
        let (url, state, nonce) = rp
            .authorize_url(
                CoreAuthenticationFlow::Implicit(true),
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(SCOPES.map(|name| Scope::new(name.to_owned())))
            .url();
        let answer = log_in(&op, &url, '#').await;
        assert_eq!(answer["state"], *state.secret());

        let id_token: CoreIdToken = answer["id_token"].parse().unwrap();
        let claims = id_token.claims(&verifier, &nonce).unwrap();
        let access_token = AccessToken::new(answer["access_token"].clone());
        assert!(belongs(&access_token, &id_token, &verifier, claims), "{algorithm}");
        let other = AccessToken::new("another".to_owned());
        assert!(!belongs(&other, &id_token, &verifier, claims));
        assert!(id_token.claims(&verifier, &Nonce::new_random()).is_err());
        userinfo(&op, &rp, &access_token, claims).await;
    }
}

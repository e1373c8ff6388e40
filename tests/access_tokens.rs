//! Access tokens as whoever receives them sees them: JWTs for the servers of an application (RFC 9068), or opaque.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{App, Op, Registration};

const API: &str = "https://api.example.test";

/// The header and the claims, unverified.
fn taken_apart(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = parts[..] else { panic!("not a JWS: {token}") };
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), read(claims))
}

/// Uses a code and the fragment at once.
fn hybrid() -> Registration {
    Registration::web().response_types(&["code id_token token"])
}

/// Alice's tokens of the fragment and of the token endpoint with their lifetimes, and who she is to the application.
async fn issued(op: &Op, app: &App, scope: &str) -> ([(String, u64); 2], Value) {
    let answer = op.browser().authorize(app.request().scope(scope)).through("alice").await.answer();
    let front = (answer.access_token().to_owned(), answer.get("expires_in").unwrap());
    let front = (front.0, front.1.parse().unwrap());
    let tokens = app.redeem(&answer.code()).await.tokens();
    let sub = tokens.id_token().await["sub"].clone();
    ([front, (tokens.access_token, tokens.expires_in)], sub)
}

fn words(scope: &Value) -> BTreeSet<&str> {
    scope.as_str().unwrap().split(' ').collect()
}

#[tokio::test]
async fn an_access_token_says_whose_it_is_and_for_whom_and_how_long() {
    let op = Op::start().await;
    let app = op.app(hybrid()).await;
    let now = op.now().seconds();
    let mut names = BTreeSet::new();
    for _ in 0..2 {
        let (tokens, sub) = issued(&op, &app, "openid email").await;
        for (token, lifetime) in tokens {
            let (header, claims) = taken_apart(&token);
            assert_eq!(header["typ"], "at+jwt");
            assert_eq!(claims["iss"], op.issuer());
            assert_eq!(claims["sub"], sub);
            assert_eq!(claims["aud"], json!([op.issuer()]));
            assert_eq!(claims["client_id"], app.client_id());
            assert_eq!(claims["iat"], now);
            assert_eq!(claims["exp"], now + i64::try_from(lifetime).unwrap());
            assert_eq!(words(&claims["scope"]), BTreeSet::from(["openid", "email"]));
            assert_eq!(app.userinfo(&token).await.success()["sub"], sub);
            names.insert(claims["jti"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(names.len(), 4, "every token has a name of its own: {names:?}");
}

#[tokio::test]
async fn an_access_token_is_signed_with_es256_unless_registered_otherwise() {
    let op = Op::start().await;
    let jwks = op.get_json("/oauth2/jwks").await;
    let registered = hybrid().with("access_token_signed_response_alg", json!("RS256"));
    for (registration, algorithm) in [(hybrid(), "ES256"), (registered, "RS256")] {
        let app = op.app(registration).await;
        let (tokens, sub) = issued(&op, &app, "openid").await;
        for (token, _) in tokens {
            let (header, _) = taken_apart(&token);
            assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!(algorithm)));
            let published = jwks["keys"].as_array().unwrap().iter();
            let key = published.clone().find(|key| key["kid"] == header["kid"]);
            assert_eq!(key.unwrap_or_else(|| panic!("{header} {jwks}"))["alg"], algorithm);
            assert_eq!(app.userinfo(&token).await.success()["sub"], sub);
        }
    }
}

#[tokio::test]
async fn a_registered_audience_is_joined_by_the_provider_where_userinfo_is_meant() {
    let op = Op::start().await;
    let app = op.app(hybrid().with("audience", json!([API]))).await;
    let (tokens, sub) = issued(&op, &app, "openid").await;
    for (token, _) in tokens {
        assert_eq!(taken_apart(&token).1["aud"], json!([API, op.issuer()]));
        assert_eq!(app.userinfo(&token).await.success()["sub"], sub);
    }

    let app = op.app(Registration::web().with("audience", json!([API]))).await;
    let code = op.browser().authorize(app.request().scope("email")).through("alice").await.code();
    let tokens = app.redeem(&code).await.tokens();
    assert_eq!(taken_apart(&tokens.access_token).1["aud"], json!([API]));
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 403);
}

#[tokio::test]
async fn an_opaque_access_token_shows_nothing_and_is_good_at_userinfo() {
    let op = Op::start().await;
    let app = op.app(hybrid().with("access_token_format", json!("opaque"))).await;
    let (tokens, sub) = issued(&op, &app, "openid email").await;
    for (token, _) in tokens {
        assert!(!token.contains('.'), "{token}");
        let sealed = URL_SAFE_NO_PAD.decode(&token).unwrap_or_else(|_| token.clone().into_bytes());
        let content = String::from_utf8_lossy(&sealed);
        assert!(!content.contains(sub.as_str().unwrap()) && !content.contains(app.client_id()));
        let userinfo = app.userinfo(&token).await.success();
        assert_eq!((&userinfo["sub"], &userinfo["email"]), (&sub, &json!("alice@example.test")));
    }
}

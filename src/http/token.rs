//! The token endpoint (RFC 6749 §3.2): authenticate, load, judge, store, reply. The grants are in `token/`.

mod authorization_code;
mod refresh_token;

use std::sync::Arc;
use std::time::Duration;

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::{Enum, Object, OpenApi};

use crate::protocol::client::Lifetimes;
use crate::protocol::client_authentication::{AuthenticatedClient, Presented};
use crate::protocol::token::{Grant, Redemption, Reply};
use crate::protocol::{Code, Error, Parameters, Scope, Timestamp};
use crate::storage::{account, grants};

use super::answer::{Answer, Answers, BODY, Documentation, FAULTS, Header, NO_STORE};
use super::clients::Registered;
use super::cookies::Visitor;
use super::fault::{self, Fault, Halt};
use super::form::Form;
use super::issuance::{Bound, Issuance};
use super::openapi::Tag;
use super::provider::Provider;

/// The parameters of a token request.
#[derive(Object)]
struct TokenParameters {
    /// What is redeemed.
    grant_type: GrantType,
    /// The code of the authorization response. With `authorization_code`, required.
    code: Option<String>,
    /// The `redirect_uri` of the authorization request, if it had one.
    redirect_uri: Option<String>,
    /// PKCE (RFC 7636): what `code_challenge` was made from.
    #[oai(validator(pattern = "^[A-Za-z0-9._~-]{43,128}$"))]
    code_verifier: Option<String>,
    /// The refresh token. With `refresh_token`, required.
    refresh_token: Option<String>,
    /// With `refresh_token`: no more than was granted, separated by spaces.
    scope: Option<String>,
    /// Who asks. Required without an `Authorization` header.
    client_id: Option<String>,
    /// The secret of a client registered for `client_secret_post`.
    client_secret: Option<String>,
}

/// What is redeemed at the token endpoint.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum GrantType {
    AuthorizationCode,
    RefreshToken,
}

/// Tokens (RFC 6749 §5.1; OIDC Core §3.1.3.3).
#[derive(Object)]
pub struct Tokens {
    /// For the userinfo endpoint, and the application's own servers.
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// The life of the access token, in seconds.
    expires_in: u64,
    /// For new tokens, once. There, if the client is registered for the grant type `refresh_token`.
    refresh_token: Option<String>,
    /// Who logged in, when and how. There, if `openid` was granted.
    id_token: Option<String>,
    /// What was granted, separated by spaces.
    scope: Option<String>,
}

/// An error (RFC 6749 §5.2; RFC 6750 §3.1).
#[derive(Object)]
pub struct OAuthError {
    /// A registered code.
    #[oai(validator(pattern = "^[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E]+$"))]
    error: String,
    /// A sentence for the developer of the client.
    #[oai(validator(pattern = "^[\\x20-\\x21\\x23-\\x5B\\x5D-\\x7E]+$"))]
    error_description: Option<String>,
}

pub struct Token(pub Arc<Provider>);

/// What a client is told that is not who it says.
pub(super) const UNKNOWN: Documentation = Documentation::error(
    401,
    "`invalid_client`: the client is unknown, or failed to authenticate as it is registered.",
)
.with(&[NO_STORE, Header::always("WWW-Authenticate", "`Basic`.")]);

impl Answers for Token {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            Documentation::json::<Tokens>(200, "Tokens."),
            Documentation::error(
                400,
                "`invalid_request`, `invalid_grant`, `unauthorized_client`, `unsupported_grant_type` or `invalid_scope`.",
            ),
            UNKNOWN,
        ],
        BODY,
        FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Tokens")]
impl Token {
    /// Get tokens
    ///
    /// Redeems an authorization code or a refresh token (RFC 6749 §4.1.3, §6).
    #[oai(path = "/oauth2/token", method = "post", operation_id = "token")]
    async fn token(&self, form: Form<TokenParameters>, visitor: Visitor) -> Answer<Self> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.machine(result, &visitor).await.into()
    }
}

impl Token {
    async fn answer(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let (presented, registered) = provider.presented(parameters, visitor).await?;
        let mut response = match self.redeem(parameters, &presented, registered.as_deref()).await {
            Ok(response) => response,
            Err(Halt::Answer(response)) => *response,
            Err(Halt::Fault(fault)) => return Err(Halt::Fault(fault)),
        };
        provider.allow_origin(&mut response, visitor, registered.as_deref());
        if response.status() == StatusCode::UNAUTHORIZED {
            challenge(&mut response);
        }
        Ok(response)
    }

    async fn redeem(
        &self,
        parameters: &Parameters,
        presented: &Presented,
        registered: Option<&Registered>,
    ) -> Result<Response, Halt> {
        let refuse = |error: Error| Halt::with(refusal(&error));
        let client = presented.verify(registered.map(|known| &known.client)).map_err(refuse)?;
        let Some(registered) = registered else {
            return Err(refuse(Code::InvalidClient.because("the client is unknown")));
        };
        let redemption = Redemption::read(parameters, &client).map_err(refuse)?;
        let exchange =
            Exchange { provider: &self.0, registered, client: &client, now: self.0.now() };
        let result = match redemption {
            Redemption::AuthorizationCode(redemption) => exchange.code(&redemption).await?,
            Redemption::RefreshToken(redemption) => exchange.refresh_token(&redemption).await?,
        };
        let reply = result.map_err(refuse)?;
        Ok(success(&reply)?)
    }
}

/// One exchange at the token endpoint.
struct Exchange<'a> {
    provider: &'a Provider,
    registered: &'a Registered,
    client: &'a AuthenticatedClient<'a>,
    now: Timestamp,
}

impl Exchange<'_> {
    /// The account as it is today, if it may still be used.
    async fn standing(
        &self,
        account: Option<account::Model>,
    ) -> Result<Option<account::Model>, Fault> {
        match account {
            Some(account) => self.provider.standing(account, self.now).await,
            None => Ok(None),
        }
    }

    fn lifetimes(&self) -> Spans {
        let ours = &self.provider.config.lifetimes;
        let own = &self.client.client().lifetimes;
        Spans {
            access_token: Lifetimes::or(own.access_token, ours.access_token),
            refresh_idle: Lifetimes::or(own.refresh_idle, ours.refresh_idle),
            refresh_absolute: Lifetimes::or(own.refresh_absolute, ours.refresh_absolute),
        }
    }

    /// Revokes a grant with everything issued for it, and refuses.
    async fn revoke(&self, error: Error, grant_id: &str) -> Result<Result<Reply, Error>, Fault> {
        tracing::warn!(grant_id, client_id = self.client.client().client_id, %error, "replay");
        let until = self.now.plus(self.lifetimes().refresh_absolute);
        grants::revoke(&self.provider.storage, grant_id, until).await?;
        Ok(Err(error))
    }

    /// The tokens of a grant.
    fn reply(&self, issue: Issue<'_>) -> Result<Reply, Fault> {
        let Issue { grant, scope, account, refresh_token, nonce } = issue;
        let issuance = Issuance {
            registered: self.registered,
            subject: &account.sub,
            authentication: &grant.authentication,
            scope,
            claims: &grant.claims,
            bound: Bound::Grant { grant_id: &grant.grant_id, sid: grant.sid.as_deref() },
        };
        let issued = issuance.access_token(self.provider, self.now)?;
        let id_token = scope.contains(crate::protocol::scope::OPENID).then(|| {
            let mut id_token = issuance.id_token(self.provider, self.now);
            id_token.nonce = nonce;
            let algorithm = self.client.client().id_token_signed_response_alg;
            id_token.at_hash = Some(crate::protocol::id_token::half_hash(algorithm, &issued.token));
            id_token.person = issuance.of_id_token(self.provider, Some(account), true)?;
            issuance.sign(self.provider, &id_token, self.now)
        });
        Ok(Reply {
            access_token: issued.token,
            token_type: "Bearer",
            expires_in: issued.expires_in.as_secs(),
            refresh_token,
            id_token: id_token.transpose()?,
            scope: scope.clone(),
        })
    }
}

/// A client's lifetimes where it has its own, else the server's.
struct Spans {
    access_token: Duration,
    refresh_idle: Duration,
    refresh_absolute: Duration,
}

/// What tokens are issued for.
struct Issue<'a> {
    grant: &'a Grant,
    scope: &'a Scope,
    account: &'a account::Model,
    refresh_token: Option<String>,
    nonce: Option<&'a str>,
}

impl Provider {
    /// Who a request says it comes from, and the client of that id.
    pub async fn presented(
        &self,
        parameters: &Parameters,
        visitor: &Visitor,
    ) -> Result<(Presented, Option<Arc<Registered>>), Halt> {
        let presented = Presented::read(parameters, &visitor.authorization()).map_err(|error| {
            let mut response = refusal(&error);
            if response.status() == StatusCode::UNAUTHORIZED {
                challenge(&mut response);
            }
            Halt::with(response)
        })?;
        let registered = self.clients.find(presented.client_id()).await?;
        Ok((presented, registered))
    }
}

/// "The server generating a 401 response MUST send a WWW-Authenticate header field" (RFC 9110 §15.5.2), whichever way the
/// client tried to authenticate; who used a header is answered in its scheme (RFC 6749 §5.2).
pub(super) fn challenge(response: &mut Response) {
    let basic = HeaderValue::from_static("Basic realm=\"client\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
}

/// An error in the status that its code has here.
pub(super) fn refusal(error: &Error) -> Response {
    let status = match error.code {
        Code::InvalidClient => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    fault::json(status, error)
}

fn success(reply: &Reply) -> Result<Response, Fault> {
    Ok(Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::PRAGMA, "no-cache")
        .body(serde_json::to_vec(reply)?))
}

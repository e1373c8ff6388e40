//! The userinfo endpoint (OIDC Core §5.3; RFC 6750).

use std::sync::Arc;

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::{Map, Value};

use crate::protocol::claims::{self, Delivery};
use crate::protocol::scope::OPENID;
use crate::protocol::{Code, Error, Parameters, bearer};

use super::answer::{Answer, Answers, Content, Documentation};
use super::cookies::Visitor;
use super::fault::{self, Halt};
use super::form::OptionalForm;
use super::provider::Provider;
use super::token::OAuthError;

/// The access token, where it is not in the `Authorization` header.
#[derive(Object)]
pub struct UserinfoParameters {
    /// The access token (RFC 6750 §2.2).
    access_token: Option<String>,
}

pub struct Userinfo(pub Arc<Provider>);

const CHALLENGE: &[(&str, &str)] =
    &[("WWW-Authenticate", "`Bearer`, with the error if a token was presented (RFC 6750 §3).")];

impl Answers for Userinfo {
    const ANSWERS: &'static [Documentation] = &[
        Documentation::new(
            200,
            "Claims about the End-User: `sub`, and what scope and `claims` parameter granted.",
            Content::json::<Any<Map<String, Value>>>(),
        ),
        Documentation::new(400, "The request is malformed.", Content::json::<OAuthError>())
            .with(CHALLENGE),
        Documentation::new(
            401,
            "There is no token, or it is not valid any more.",
            Content::json::<OAuthError>(),
        )
        .with(CHALLENGE),
        Documentation::new(
            403,
            "The token lacks the scope `openid`.",
            Content::json::<OAuthError>(),
        )
        .with(CHALLENGE),
        Documentation::new(413, "The request is too large.", Content::json::<OAuthError>()),
        Documentation::new(
            415,
            "The body is not `application/x-www-form-urlencoded`.",
            Content::json::<OAuthError>(),
        ),
        Documentation::new(500, "The server failed.", Content::json::<OAuthError>()),
        Documentation::new(
            503,
            "The server, or the identity backend, cannot answer now.",
            Content::json::<OAuthError>(),
        )
        .with(&[("Retry-After", "Seconds until it is worth trying again.")]),
    ];
}

#[OpenApi]
impl Userinfo {
    /// Claims about the End-User
    #[oai(path = "/oauth2/userinfo", method = "get", operation_id = "userinfo")]
    async fn userinfo(&self, visitor: Visitor) -> Answer<Self> {
        let result = self.answer(None, &visitor).await;
        fault::machine(result, &visitor.reference).into()
    }

    /// Claims about the End-User, by POST
    #[oai(path = "/oauth2/userinfo", method = "post", operation_id = "userinfoByPost")]
    async fn userinfo_by_post(
        &self,
        form: OptionalForm<UserinfoParameters>,
        visitor: Visitor,
    ) -> Answer<Self> {
        let result = self.answer(Some(&form.parameters), &visitor).await;
        fault::machine(result, &visitor.reference).into()
    }
}

impl Userinfo {
    async fn answer(&self, body: Option<&Parameters>, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let authorization = visitor.authorization();
        let token = match bearer::read(&authorization, body) {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(provider.refuse_bearer(None, visitor).await?),
            Err(error) => return Ok(provider.refuse_bearer(Some(&error), visitor).await?),
        };
        let Some(access) = provider.access(token, now).await? else {
            let error = Code::InvalidToken.because("the access token is not valid");
            return Ok(provider.refuse_bearer(Some(&error), visitor).await?);
        };
        if !access.scope().contains(OPENID) {
            let error = Code::InsufficientScope.because("the access token lacks the scope openid");
            return Ok(provider.refuse_bearer(Some(&error), visitor).await?);
        }
        let known = provider.identities.claims(&access.account)?;
        let mut claims = claims::select(
            &known,
            access.scope(),
            &provider.custom,
            &access.claims,
            Delivery::Userinfo,
        );
        // "The sub (subject) Claim MUST always be returned in the UserInfo Response." (OIDC Core §5.3.2)
        claims.insert("sub".to_owned(), access.account.sub.into());
        let mut response = Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(serde_json::to_vec(&claims)?);
        let registered = provider.clients.find(&access.content.client_id).await?;
        provider.allow_origin(&mut response, visitor, registered.as_deref());
        Ok(response)
    }
}

impl Provider {
    /// The status of each error, and the challenge that goes with it (RFC 6750 §3, §3.1). Which client asked is not known, so any
    /// registered origin may read why.
    async fn refuse_bearer(
        &self,
        error: Option<&Error>,
        visitor: &Visitor,
    ) -> Result<Response, fault::Fault> {
        let status = match error.map(|error| error.code) {
            Some(Code::InvalidRequest) => StatusCode::BAD_REQUEST,
            Some(Code::InsufficientScope) => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        // "If the request lacks any authentication information [...], the resource server SHOULD NOT include an error code"
        let (challenge, mut response) = match error {
            None => {
                let error = Code::InvalidToken.because("no access token");
                ("Bearer".to_owned(), fault::json(status, &error))
            }
            Some(error) => {
                let (code, description) = (error.code.as_str(), &error.description);
                let text = format!("Bearer error=\"{code}\", error_description=\"{description}\"");
                (text, fault::json(status, error))
            }
        };
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        self.allow_any_registered_origin(&mut response, visitor).await?;
        Ok(response)
    }
}

//! The userinfo endpoint (OIDC Core §5.3; RFC 6750).

mod schema;

use std::sync::Arc;

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::{Object, OpenApi};

use crate::protocol::claims::{self, Delivery};
use crate::protocol::scope::OPENID;
use crate::protocol::{Code, Error, Parameters, bearer};

use super::answer::{Answer, Answers, BODY, Documentation, FAULTS, Header, NO_STORE};
use super::cookies::Visitor;
use super::fault::{self, Halt};
use super::form::OptionalForm;
use super::openapi::Tag;
use super::provider::Provider;
use schema::UserInfo;

/// The access token, where it is not in the `Authorization` header.
#[derive(Object)]
struct UserinfoParameters {
    /// The access token (RFC 6750 §2.2).
    access_token: Option<String>,
}

pub struct Userinfo(pub Arc<Provider>);

const CHALLENGED: &[Header] = &[
    NO_STORE,
    Header::always("WWW-Authenticate", "`Bearer`, with the error if a token was presented."),
];

const FOUND: &[Documentation] = &[
    Documentation::json::<UserInfo>(
        200,
        "Claims about the End-User: `sub`, and what scope and `claims` parameter granted.",
    ),
    Documentation::error(
        400,
        "`invalid_request`: the token is malformed, or presented in more than one way.",
    )
    .with(CHALLENGED),
    Documentation::error(401, "`invalid_token`: there is none, or it is not valid any more.")
        .with(CHALLENGED),
    Documentation::error(403, "`insufficient_scope`: the token lacks the scope `openid`.")
        .with(CHALLENGED),
];

/// Answers to GET.
struct Asked;

impl Answers for Asked {
    const ANSWERS: &'static [&'static [Documentation]] = &[FOUND, FAULTS];
}

/// Answers to POST.
struct Posted;

impl Answers for Posted {
    const ANSWERS: &'static [&'static [Documentation]] = &[FOUND, BODY, FAULTS];
}

#[OpenApi(tag = "Tag::Tokens")]
impl Userinfo {
    /// Claims about the End-User
    ///
    /// Whom the access token stands for, as their backend knows them today (OIDC Core §5.3).
    #[oai(path = "/oauth2/userinfo", method = "get", operation_id = "userinfo")]
    async fn userinfo(&self, visitor: Visitor) -> Answer<Asked> {
        let result = self.answer(None, &visitor).await;
        self.0.machine(result, &visitor).await.into()
    }

    /// Claims about the End-User, by POST
    ///
    /// The same; the access token may also be in the body.
    #[oai(path = "/oauth2/userinfo", method = "post", operation_id = "userinfoByPost")]
    async fn userinfo_by_post(
        &self,
        form: OptionalForm<UserinfoParameters>,
        visitor: Visitor,
    ) -> Answer<Posted> {
        let result = self.answer(Some(&form.parameters), &visitor).await;
        self.0.machine(result, &visitor).await.into()
    }
}

impl Userinfo {
    async fn answer(&self, body: Option<&Parameters>, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let authorization = visitor.authorization();
        let token = match bearer::read(&authorization, body) {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(refuse_bearer(None)),
            Err(error) => return Ok(refuse_bearer(Some(&error))),
        };
        let Some(access) = provider.access(token, now).await? else {
            let error = Code::InvalidToken.because("the access token is not valid");
            return Ok(refuse_bearer(Some(&error)));
        };
        if !access.scope().contains(OPENID) {
            let error = Code::InsufficientScope.because("the access token lacks the scope openid");
            return Ok(refuse_bearer(Some(&error)));
        }
        let known = provider.identities.claims(&access.account)?;
        let mut claims = claims::select(
            &known,
            &access.registered.client.scope,
            access.scope(),
            &access.claims,
            Delivery::Userinfo,
        );
        // "The sub (subject) Claim MUST always be returned in the UserInfo Response." (OIDC Core §5.3.2)
        claims.insert("sub".to_owned(), access.account.sub.into());
        let mut response = Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(serde_json::to_vec(&claims)?);
        provider.allow_origin(&mut response, visitor, Some(&access.registered));
        Ok(response)
    }
}

/// The status of each error, and the challenge that goes with it (RFC 6750 §3, §3.1).
fn refuse_bearer(error: Option<&Error>) -> Response {
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
    response
}

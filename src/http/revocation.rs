//! The revocation endpoint (RFC 7009).

use std::sync::Arc;

use poem::Response;
use poem::http::{StatusCode, header};
use poem_openapi::{Object, OpenApi};

use crate::protocol::client_authentication::AuthenticatedClient;
use crate::protocol::{Error, Parameters};
use crate::secret;
use crate::storage::{grants, refresh_tokens, revocations};

use super::answer::{Answer, Answers, BODY, Documentation, FAULTS, NO_STORE};
use super::cookies::Visitor;
use super::fault::{Fault, Halt};
use super::form::Form;
use super::openapi::Tag;
use super::provider::Provider;
use super::token::{UNKNOWN, challenge, refusal};

/// The parameters of a revocation request.
#[derive(Object)]
struct RevocationParameters {
    /// A refresh token or an access token of the client's own.
    token: String,
    /// Which of the two it is. Only a hint, so that an unknown one does no harm.
    token_type_hint: Option<String>,
    /// Who asks. Required without an `Authorization` header.
    client_id: Option<String>,
    /// The secret of a client registered for `client_secret_post`.
    client_secret: Option<String>,
}

pub struct Revocation(pub Arc<Provider>);

impl Answers for Revocation {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            Documentation::empty(
                200,
                "The token is not valid any more, or never was the client's.",
            )
            .with(&[NO_STORE]),
            Documentation::error(400, "`invalid_request`."),
            UNKNOWN,
        ],
        BODY,
        FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Tokens")]
impl Revocation {
    /// Revoke a token
    ///
    /// Revoking a refresh token ends its grant, with every token issued for it.
    #[oai(path = "/oauth2/revoke", method = "post", operation_id = "revoke")]
    async fn revoke(&self, form: Form<RevocationParameters>, visitor: Visitor) -> Answer<Self> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.machine(result, &visitor).await.into()
    }
}

impl Revocation {
    async fn answer(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let (presented, registered) = provider.presented(parameters, visitor).await?;
        let client = presented.verify(registered.as_deref().map(|known| &known.client));
        let mut response = match client {
            Ok(client) => match self.take_back(parameters, &client).await? {
                Ok(()) => done(),
                Err(error) => refusal(&error),
            },
            Err(error) => refusal(&error),
        };
        if response.status() == StatusCode::UNAUTHORIZED {
            challenge(&mut response);
        }
        provider.allow_origin(&mut response, visitor, registered.as_deref());
        Ok(response)
    }

    /// "invalid tokens do not cause an error response since the client cannot handle such an error in a reasonable way" (§2.2); a token of
    /// another client's is as good as invalid.
    async fn take_back(
        &self,
        parameters: &Parameters,
        client: &AuthenticatedClient<'_>,
    ) -> Result<Result<(), Error>, Fault> {
        let provider = &*self.0;
        let storage = &provider.storage;
        let client = client.client();
        let token = match parameters.require("token") {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = parameters.get("token_type_hint") {
            return Ok(Err(error));
        }
        if let Some(content) = provider.read_access_token(token) {
            if content.client_id == client.client_id {
                let until = crate::protocol::Timestamp::from_seconds(content.exp);
                revocations::put(storage, &content.jti, until).await?;
            }
            return Ok(Ok(()));
        }
        if let Some((_, grant)) = refresh_tokens::find(storage, &secret::hash(token)).await?
            && grant.client_id == client.client_id
        {
            grants::revoke(storage, &grant.id, grant.expires_at).await?;
        }
        Ok(Ok(()))
    }
}

fn done() -> Response {
    Response::builder().header(header::CACHE_CONTROL, "no-store").finish()
}

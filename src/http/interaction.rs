//! One authorization request on its way: what the endpoint and each page load before they decide anything.

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;

use crate::protocol::authorization::Request;
use crate::protocol::redirection_endpoint::RedirectionEndpoint;
use crate::protocol::{Client, Error, Parameters, Timestamp};

use super::browser::see_other;
use super::clients::Registered;
use super::cookies::{Cookie, Visitor};
use super::fault::{Fault, Halt};
use super::pages::Field;
use super::pending::{Found, PENDING, Pending};
use super::provider::Provider;

/// A request whose client, redirect URI and parameters have passed.
pub struct Interaction {
    pub pending: Pending,
    pub registered: Arc<Registered>,
    pub endpoint: RedirectionEndpoint,
    pub request: Request,
}

impl Interaction {
    /// Checks the request from its parameters. Errors are shown until the redirection endpoint is verified, and go through it
    /// afterwards.
    pub async fn load(
        provider: &Provider,
        pending: Pending,
        visitor: &Visitor,
    ) -> Result<Self, Halt> {
        let parameters = pending.parameters();
        let show = |error: &Error| {
            let sentence = format!("The application sent a faulty request: {}.", error.description);
            tracing::info!(reference = visitor.reference, %error, "authorization request refused");
            Halt::with(provider.show(StatusCode::BAD_REQUEST, &sentence, visitor))
        };
        let client_id = parameters.require("client_id").map_err(|error| show(&error))?;
        let unknown =
            || show(&crate::protocol::Code::InvalidRequest.because("client_id is unknown"));
        let registered = provider.clients.find(client_id).await?.ok_or_else(unknown)?;
        let client = &registered.client;
        let endpoint = RedirectionEndpoint::verify(&parameters, client, &provider.issuer)
            .map_err(|error| show(&error))?;
        let request = Request::validate(
            &endpoint,
            &parameters,
            client,
            &provider.policy,
            &pending.id,
            pending.received_at,
        );
        match request {
            Ok(request) => Ok(Self { pending, registered, endpoint, request }),
            Err(error) => Err(Halt::with(refuse(provider, endpoint, client, &error, visitor)?)),
        }
    }

    /// Opens what a page was given. A request that is too old starts again; one that is not of this browser is offered a new start.
    pub async fn open(
        provider: &Provider,
        parameters: &Parameters,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Self, Halt> {
        let sealed = parameters.all(PENDING).next().unwrap_or_default();
        match Pending::open(provider, sealed, visitor, now) {
            Found::Current(pending) => Self::load(provider, pending, visitor).await,
            Found::Expired(_) => {
                Err(Halt::with(see_other(&format!("/oauth2/authorize?{PENDING}={sealed}"))))
            }
            // What is not bound to this browser may have been planted here, to log somebody in as somebody else.
            Found::Unbound(_) | Found::Elsewhere(_) | Found::Nothing => {
                Err(Halt::with(elsewhere(provider, visitor)))
            }
        }
    }

    pub fn client(&self) -> &Client {
        &self.registered.client
    }

    /// The request as a hidden field, for the form of a page shown in this browser.
    pub fn field(&self, provider: &Provider, visitor: &Visitor) -> Result<Field, Fault> {
        let browser = provider.cookies.read(visitor, Cookie::Browser);
        Ok(Field::new(PENDING, self.pending.seal(provider, browser)?))
    }

    /// Back to the authorization endpoint, which decides anew.
    pub fn resume(&self, provider: &Provider, visitor: &Visitor) -> Result<Response, Fault> {
        provider.go("/oauth2/authorize", &self.pending, visitor)
    }

    /// Ends the request with an error for the client.
    pub fn refuse(
        self,
        provider: &Provider,
        error: &Error,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        refuse(provider, self.endpoint, &self.registered.client, error, visitor)
    }
}

/// A page that was begun elsewhere, or by nobody.
pub fn elsewhere(provider: &Provider, visitor: &Visitor) -> Response {
    let sentence = "This page was not begun in this browser, or cookies are switched off. Go back to the application and \
        sign in from there.";
    provider.show(StatusCode::BAD_REQUEST, sentence, visitor)
}

fn refuse(
    provider: &Provider,
    endpoint: RedirectionEndpoint,
    client: &Client,
    error: &Error,
    visitor: &Visitor,
) -> Result<Response, Fault> {
    tracing::info!(
        reference = visitor.reference,
        client_id = client.client_id,
        %error,
        "authorization refused"
    );
    provider.leave(endpoint.refuse(error, &visitor.reference), client)
}

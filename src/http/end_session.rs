//! Signing out: the end session endpoint (RP-Initiated Logout 1.0) and the page `/logout`.

use std::sync::Arc;
use std::time::Duration;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use crate::protocol::end_session::{Decision, Request};
use crate::protocol::{Error, Parameters, Timestamp};
use crate::seal::Purpose;
use crate::secret;
use crate::storage::sessions;

use super::answer::{Answer, Answers, Documentation, PAGE_BODY, PAGE_FAULTS};
use super::browser::{Seat, application, see_other};
use super::clients::Registered;
use super::cookies::{Cookie, Visitor};
use super::fault::{Fault, Halt};
use super::form::{Form, OptionalForm, Query};
use super::openapi::Tag;
use super::pages::{self, Field};
use super::provider::Provider;

/// The parameters of a logout request.
#[derive(Object)]
pub struct EndSessionParameters {
    /// An ID Token that was issued to the client, even an expired one.
    id_token_hint: Option<String>,
    /// The client, if there is no hint.
    client_id: Option<String>,
    /// Where to go afterwards: byte for byte one of the registered URIs.
    post_logout_redirect_uri: Option<String>,
    /// Echoed to that URI.
    state: Option<String>,
    /// Whom to log out.
    logout_hint: Option<String>,
    /// Languages that the End-User prefers.
    ui_locales: Option<String>,
}

/// What the confirmation page sends.
#[derive(Object)]
pub struct LogoutForm {
    /// Whose session ends, and where to go then, sealed.
    shown: Option<String>,
}

/// The parameters of a posted request total at most this many bytes: they travel on through a URL. Most of it is the ID Token.
const LIMIT: usize = 16 * 1024;

/// The name of the sealed field.
const SHOWN: &str = "shown";

/// What the page asked to confirm.
#[derive(Serialize, Deserialize)]
struct Shown {
    sid: String,
    browser: String,
    then: Option<String>,
}

pub struct EndSession(pub Arc<Provider>);

const DONE: Documentation =
    Documentation::page(200, "The End-User is signed out; or is asked whether to sign out.");
const ONWARD: Documentation =
    Documentation::redirect("Signed out, and on to `post_logout_redirect_uri` with `state`.");
const FAULTY: Documentation =
    Documentation::page(400, "The request is faulty. Nobody is signed out, nor sent anywhere.");

/// Answers to a logout request.
struct Asked;

impl Answers for Asked {
    const ANSWERS: &'static [&'static [Documentation]] = &[&[DONE, ONWARD, FAULTY], PAGE_FAULTS];
}

/// Answers to a logout request that was posted.
struct Posted;

impl Answers for Posted {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[Documentation::redirect("To this endpoint by GET, with the same parameters."), FAULTY],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

/// Answers to whoever comes to the page.
struct Visited;

impl Answers for Visited {
    const ANSWERS: &'static [&'static [Documentation]] = &[&[DONE], PAGE_FAULTS];
}

/// Answers to the form.
struct Confirmed;

impl Answers for Confirmed {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            Documentation::page(200, "The End-User is signed out."),
            Documentation::redirect(
                "Signed out, and on to where the application wants; or back to the page, if the form is not of this browser.",
            ),
        ],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

#[OpenApi(tag = "Tag::SignOut")]
impl EndSession {
    /// Sign out, asked by a client
    ///
    /// Ends the session, with its tokens and the grants that do not outlive it (RP-Initiated Logout 1.0 §2). Without a valid hint the
    /// End-User is asked first.
    #[oai(path = "/oauth2/logout", method = "get", operation_id = "endSession")]
    async fn end_session(
        &self,
        parameters: Query<EndSessionParameters>,
        visitor: Visitor,
    ) -> Answer<Asked> {
        let result = self.answer(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Sign out, asked by a client through a form
    ///
    /// Answered by a redirect to the same endpoint with the same parameters, so that the session's cookie comes along.
    #[oai(path = "/oauth2/logout", method = "post", operation_id = "endSessionByPost")]
    async fn end_session_by_post(
        &self,
        form: OptionalForm<EndSessionParameters>,
        visitor: Visitor,
    ) -> Answer<Posted> {
        let result = Ok(self.to_get(&form.parameters, &visitor));
        self.0.page(result, &visitor).into()
    }

    /// Sign-out page
    ///
    /// Asks whether to sign out.
    #[oai(path = "/logout", method = "get", operation_id = "logoutPage")]
    async fn page(&self, visitor: Visitor) -> Answer<Visited> {
        let result = self.answer(&Parameters::default(), &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Sign out
    ///
    /// Ends the session that the page showed.
    #[oai(path = "/logout", method = "post", operation_id = "logOut")]
    async fn submit(&self, form: Form<LogoutForm>, visitor: Visitor) -> Answer<Confirmed> {
        let result = self.confirmed(&form.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl EndSession {
    /// A form of another site brings no `SameSite=Lax` cookie; the redirect does.
    fn to_get(&self, parameters: &Parameters, visitor: &Visitor) -> Response {
        match parameters.within(LIMIT) {
            Ok(()) => see_other(&format!("/oauth2/logout?{}", parameters.encode())),
            Err(error) => self.faulty(&error, visitor),
        }
    }

    fn faulty(&self, error: &Error, visitor: &Visitor) -> Response {
        let sentence = format!("The application sent a faulty request: {}.", error.description);
        self.0.show(StatusCode::BAD_REQUEST, &sentence, visitor)
    }

    async fn answer(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let faulty = |error: &Error| Halt::with(self.faulty(error, visitor));
        let request = Request::read(parameters).map_err(|error| faulty(&error))?;
        let named = self.named(&request).await?;
        let hint = request.id_token_hint.as_deref();
        let hint = hint.and_then(|token| provider.hint(token, named.as_deref()));
        let registered = match request.client_id(hint.as_ref()) {
            Some(client_id) => provider.clients.find(client_id).await?,
            None => None,
        };
        let seat = provider.taken_seat(visitor, now).await?;
        let client = registered.as_deref().map(|known| &known.client);
        let session = seat.as_ref().map(Seat::session);
        Ok(match request.decide(hint.as_ref(), client, session.as_ref()) {
            Decision::Refuse(error) => return Err(faulty(&error)),
            Decision::LogOut { then } => {
                if let Some(seat) = seat {
                    provider.end_session(&seat.row.sid, now).await?;
                }
                self.done(then.as_deref())?
            }
            Decision::Confirm { then } => match seat {
                Some(seat) => self.ask(&seat, registered.as_deref(), then, visitor, now)?,
                None => self.done(None)?,
            },
        })
    }

    /// The client that the request names, or the one that an HS256 hint claims to be for: only that one's secret can tell.
    async fn named(&self, request: &Request) -> Result<Option<Arc<Registered>>, Fault> {
        let claimed = request.claimed_client_id();
        match claimed {
            Some(client_id) => self.0.clients.find(&client_id).await,
            None => Ok(None),
        }
    }

    async fn confirmed(&self, form: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let shown = form.all(SHOWN).next().unwrap_or_default();
        let shown = provider.sealer.open::<Shown>(Purpose::LogoutForm, shown).ok();
        let here = provider.cookies.read(visitor, Cookie::Browser).map(secret::hash);
        let shown = shown
            .and_then(|shown| shown.at(now).ok())
            .filter(|shown| Some(&shown.browser) == here.as_ref());
        let Some(shown) = shown else { return Ok(see_other("/logout")) };
        provider.end_session(&shown.sid, now).await?;
        Ok(self.done(shown.then.as_deref())?)
    }

    fn done(&self, then: Option<&str>) -> Result<Response, Fault> {
        let mut response = match then {
            Some(uri) => see_other(uri),
            None => self.0.pages.show(StatusCode::OK, &pages::LoggedOut {})?,
        };
        self.0.cookies.clear(&mut response, Cookie::Session);
        Ok(response)
    }

    fn ask(
        &self,
        seat: &Seat,
        registered: Option<&Registered>,
        then: Option<String>,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let known = provider.cookies.read(visitor, Cookie::Browser);
        let browser = known.map_or_else(secret::token, str::to_owned);
        let shown = Shown { sid: seat.row.sid.clone(), browser: secret::hash(&browser), then };
        let expires_at = now.plus(provider.config.lifetimes.pending_request);
        let page = pages::Logout {
            hidden: vec![Field::new(
                SHOWN,
                provider.sealer.seal(Purpose::LogoutForm, &shown, expires_at)?,
            )],
            application: registered.map(|known| application(&known.client)),
            person: Some(provider.person(seat)?),
        };
        let mut response = provider.pages.show(StatusCode::OK, &page)?;
        if known.is_none() {
            provider.cookies.set(&mut response, Cookie::Browser, &browser);
        }
        Ok(response)
    }
}

/// How long the end of a session is remembered, for a grant that is being made of it at this very moment.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

impl Provider {
    /// Ends a session, with its tokens and the grants that do not outlive it.
    pub async fn end_session(&self, sid: &str, now: Timestamp) -> Result<(), Fault> {
        Ok(sessions::end(&self.storage, sid, now.plus(REMEMBERED)).await?)
    }
}

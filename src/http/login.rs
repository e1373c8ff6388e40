//! The login page.

use std::sync::Arc;
use std::time::Duration;

use poem::Response;
use poem::http::{StatusCode, header};
use poem_openapi::{Enum, Object, OpenApi};

use crate::identity::{Attempt, KnownBrowser, LoggedIn, Refused, State};
use crate::protocol::{Code, Parameters, Timestamp};
use crate::seal::Purpose;
use crate::secret;
use crate::storage::{session, sessions};

use super::answer::{
    ANSWERED, Answer, Answers, Documentation, ELSEWHERE, PAGE_BODY, PAGE_FAULTS, RESTARTED,
};
use super::browser::application;
use super::cookies::{Cookie, Visitor};
use super::fault::{Fault, Halt, retry_after};
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::openapi::Tag;
use super::pages::{self, Message};
use super::provider::Provider;

/// What the login page is shown for.
#[derive(Object)]
pub struct LoginQuery {
    /// The authorization request that waits, sealed.
    pending: String,
}

/// What the login page sends.
#[derive(Object)]
pub struct LoginForm {
    /// The authorization request that waits, sealed.
    pending: String,
    /// Whoever logs in, under the name that their backend knows.
    username: Option<String>,
    /// Their password.
    password: Option<String>,
    /// To log in, unless the person goes back to the application.
    answer: Option<LoginAnswer>,
}

/// When to try again after a fault of ours.
const AFTER_FAULT: Duration = Duration::from_secs(5);

/// What the person wants on the login page.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum LoginAnswer {
    LogIn,
    Cancel,
}

pub struct Login(pub Arc<Provider>);

/// Answers to whoever comes to the page.
struct Shown;

impl Answers for Shown {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::page(200, "The page."), RESTARTED, ELSEWHERE], PAGE_FAULTS];
}

/// Answers to the form.
struct Submitted;

impl Answers for Submitted {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            ANSWERED,
            Documentation::redirect("Back to the authorization endpoint, or to the client."),
            ELSEWHERE,
            Documentation::page(
                403,
                "Wrong name or password, or the account may not log in. The page again.",
            ),
            Documentation::page(429, "Too many attempts. The page again.").later(),
        ],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Pages")]
impl Login {
    /// Login page
    ///
    /// Asks for name and password. The authorization endpoint leads here.
    #[oai(path = "/login", method = "get", operation_id = "loginPage")]
    async fn show(&self, parameters: Query<LoginQuery>, visitor: Visitor) -> Answer<Shown> {
        let result = self.begin(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Log in
    ///
    /// Begins a session, in a cookie.
    #[oai(path = "/login", method = "post", operation_id = "logIn")]
    async fn submit(&self, form: Form<LoginForm>, visitor: Visitor) -> Answer<Submitted> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Login {
    async fn begin(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let interaction = Interaction::open(provider, parameters, visitor, provider.now()).await?;
        let username = interaction.request.login_hint().map(str::to_owned);
        Ok(self.render(StatusCode::OK, &interaction, username, None, visitor)?)
    }

    async fn answer(&self, form: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let interaction = Interaction::open(provider, form, visitor, now).await?;
        if form.all("answer").next() == Some("cancel") {
            let error = Code::AccessDenied.because("the End-User cancelled");
            return Ok(interaction.refuse(provider, &error, visitor)?);
        }
        let username = form.all("username").next().unwrap_or_default();
        let known = provider.cookies.read(visitor, Cookie::Known);
        let known = known.and_then(|sealed| {
            let opened =
                provider.sealer.open::<KnownBrowser>(Purpose::KnownBrowser, sealed).ok()?;
            opened.at(now).ok()
        });
        let attempt = Attempt {
            username,
            password: form.all("password").next().unwrap_or_default().to_owned(),
            address: visitor.address,
            known: known.as_ref(),
            now,
        };
        match provider.identities.log_in(attempt).await {
            Ok(logged_in) => {
                Ok(self.enter(&interaction, logged_in, visitor, provider.now()).await?)
            }
            Err(refused) => Ok(self.again(&interaction, username, &refused, visitor)?),
        }
    }

    /// Begins a session. The id in the cookie is always new; the session of someone else ends.
    async fn enter(
        &self,
        interaction: &Interaction,
        logged_in: LoggedIn,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let cookie = secret::token();
        let mut row = session::Model {
            cookie_hash: secret::hash(&cookie),
            sid: secret::id(),
            account_id: logged_in.account.id.clone(),
            auth_time: now,
            acr: logged_in.acr.or_else(|| provider.config.authorization.password_acr.clone()),
            amr: serde_json::to_string(&logged_in.amr)?,
            login_answered: interaction.pending.id.clone(),
            choice_answered: None,
            created_at: now,
            last_seen_at: now,
            expires_at: provider.session_expires_at(now, now),
        };
        let former = match provider.cookies.read(visitor, Cookie::Session) {
            Some(cookie) => sessions::find(&provider.storage, &secret::hash(cookie)).await?,
            None => None,
        };
        match former.filter(|former| now < former.expires_at) {
            // The same person has proved again who they are: the session goes on under a new id.
            Some(former) if former.account_id == row.account_id => {
                row.sid = former.sid;
                let storage = &provider.storage;
                if !sessions::rotate(storage, &former.cookie_hash, row.clone()).await? {
                    // It ended, or another tab was faster: this login stands all the same.
                    row.sid = secret::id();
                    sessions::put(storage, row).await?;
                }
            }
            former => {
                if let Some(former) = former {
                    provider.end_session(&former.sid, now).await?;
                }
                sessions::put(&provider.storage, row).await?;
            }
        }
        let mut response = interaction.resume(provider, visitor)?;
        provider.cookies.set(&mut response, Cookie::Session, &cookie);
        let known_until = now.plus(Cookie::KNOWN_FOR);
        let known = provider.sealer.seal(Purpose::KnownBrowser, &logged_in.known, known_until)?;
        provider.cookies.set(&mut response, Cookie::Known, &known);
        Ok(response)
    }

    /// The page again, with the reason. Unknown names and wrong passwords have one.
    fn again(
        &self,
        interaction: &Interaction,
        username: &str,
        refused: &Refused,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let (status, message, wait) = match refused {
            Refused::Wrong => (StatusCode::FORBIDDEN, Message::Wrong, None),
            Refused::Closed(State::Locked) => (StatusCode::FORBIDDEN, Message::Locked, None),
            Refused::Closed(State::Disabled) => (StatusCode::FORBIDDEN, Message::Disabled, None),
            Refused::Closed(State::Expired) => (StatusCode::FORBIDDEN, Message::Expired, None),
            Refused::PasswordExpired => (StatusCode::FORBIDDEN, Message::PasswordExpired, None),
            Refused::TooMany { retry_after } => {
                let seconds = retry_after.as_millis().div_ceil(1000) as u64;
                (StatusCode::TOO_MANY_REQUESTS, Message::TooMany { seconds }, Some(*retry_after))
            }
            Refused::Unavailable { retry_after } => {
                (StatusCode::SERVICE_UNAVAILABLE, Message::Unavailable, Some(*retry_after))
            }
            Refused::Fault(fault) => {
                tracing::error!(reference = visitor.reference, %fault, "fault");
                (StatusCode::SERVICE_UNAVAILABLE, Message::Unavailable, Some(AFTER_FAULT))
            }
        };
        let username = (!username.is_empty()).then(|| username.to_owned());
        let mut response = self.render(status, interaction, username, Some(message), visitor)?;
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait));
        }
        Ok(response)
    }

    fn render(
        &self,
        status: StatusCode,
        interaction: &Interaction,
        username: Option<String>,
        message: Option<Message>,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let page = pages::Login {
            hidden: vec![interaction.field(provider, visitor)?],
            application: Some(application(interaction.client())),
            username,
            password: true,
            backends: Vec::new(),
            message,
        };
        Ok(provider.pages.show(status, &page)?)
    }
}

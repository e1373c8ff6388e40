//! The login page.

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::{Enum, Object, OpenApi};

use crate::identity::{Attempt, Refused};
use crate::protocol::{Code, Parameters};

use super::answer::{Answer, Answers, Documentation, ELSEWHERE, PAGE_BODY, PAGE_FAULTS, RESTARTED};
use super::cookies::Visitor;
use super::credentials::Rejection;
use super::entry::ENTERED;
use super::fault::Halt;
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::openapi::Tag;
use super::pages::Obstacle;
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
            ENTERED,
            Documentation::redirect("Back to the authorization endpoint, or to the client."),
            ELSEWHERE,
            Documentation::page(
                403,
                "Wrong name or password, or the account may not log in. The page again; the password page, where the \
                 password must be changed first and can be.",
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
        Ok(provider.login_page(&interaction, username, None, visitor)?)
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
        let known = provider.known_browser(visitor, now);
        let attempt = Attempt {
            username,
            password: form.all("password").next().unwrap_or_default().to_owned(),
            address: visitor.address,
            known: known.as_ref(),
            now,
        };
        match provider.identities.log_in(attempt).await {
            Ok(logged_in) => Ok(provider.enter(&interaction, username, logged_in, visitor).await?),
            Err(Refused::PasswordExpired { changeable: true }) => {
                let due = Rejection::new(StatusCode::FORBIDDEN, Obstacle::Due);
                let username = Some(username.to_owned());
                Ok(provider.password_page(&interaction, username, Some(due), visitor)?)
            }
            Err(refused) => {
                let (username, why) = (username.to_owned(), Rejection::of(&refused, visitor));
                Ok(provider.login_page(&interaction, Some(username), Some(why), visitor)?)
            }
        }
    }
}

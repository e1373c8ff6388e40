//! The page on which people change their password.
//!
//! The login page leads here when a password must be changed first, and a warning that it soon must. The present password is
//! asked for in any case, as none is kept anywhere. Whoever has changed theirs is logged in, and the request goes on.

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::{Enum, Object, OpenApi};
use vestibule_plugin::{BadPassword, Password as NewPassword};

use crate::identity::{Attempt, NotChanged, Refused};
use crate::protocol::{Code, Parameters};

use super::answer::{Answer, Answers, Documentation, ELSEWHERE, PAGE_BODY, PAGE_FAULTS, RESTARTED};
use super::cookies::Visitor;
use super::credentials::{Rejection, SHORTEST_PASSWORD};
use super::entry::ENTERED;
use super::fault::Halt;
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::openapi::Tag;
use super::pages::{Message, Obstacle};
use super::provider::Provider;

/// What the password page is shown for.
#[derive(Object)]
pub struct PasswordQuery {
    /// The authorization request that waits, sealed.
    pending: String,
    /// The name to begin with.
    username: Option<String>,
}

/// What the password page sends.
#[derive(Object)]
pub struct PasswordForm {
    /// The authorization request that waits, sealed.
    pending: String,
    /// Whose password it is, under the name that their backend knows.
    username: Option<String>,
    /// The present password.
    current_password: Option<String>,
    /// The new password.
    new_password: Option<String>,
    /// The new password once more.
    repeated_password: Option<String>,
    /// To change it, unless the person goes back to the application.
    answer: Option<PasswordAnswer>,
}

/// What the person wants on the password page.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum PasswordAnswer {
    Change,
    Cancel,
}

pub struct Password(pub Arc<Provider>);

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
            Documentation::redirect(
                "The password is changed, the person is logged in: back to the authorization endpoint. Or cancelled: to the client.",
            ),
            ELSEWHERE,
            Documentation::page(
                403,
                "Wrong name or password, or the account may not log in, or its password cannot be changed here. The page again; \
                 the login page, where the password was changed and the login with it was not possible.",
            ),
            Documentation::page(
                422,
                "The new password cannot be used: the page again, with the reason.",
            ),
            Documentation::page(429, "Too many attempts. The page again.").later(),
        ],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Pages")]
impl Password {
    /// Password page
    ///
    /// Asks for the present password and a new one. The login page leads here.
    #[oai(path = "/login/password", method = "get", operation_id = "passwordPage")]
    async fn show(&self, parameters: Query<PasswordQuery>, visitor: Visitor) -> Answer<Shown> {
        let result = self.begin(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Change the password
    ///
    /// Ends every session and token of the account, and begins a session, in a cookie.
    #[oai(path = "/login/password", method = "post", operation_id = "changePassword")]
    async fn submit(&self, form: Form<PasswordForm>, visitor: Visitor) -> Answer<Submitted> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Password {
    async fn begin(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let interaction = Interaction::open(provider, parameters, visitor, provider.now()).await?;
        let username = parameters.all("username").next();
        let username = username.or_else(|| interaction.request.login_hint()).map(str::to_owned);
        Ok(provider.password_page(&interaction, username, None, visitor)?)
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
        let again = |why| {
            let username = Some(username.to_owned());
            provider.password_page(&interaction, username, Some(why), visitor)
        };
        let new = match new_password(form) {
            Ok(new) => new,
            Err(obstacle) => {
                return Ok(again(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, obstacle))?);
            }
        };
        let known = provider.known_browser(visitor, now);
        let attempt = Attempt {
            username,
            password: form.all("current_password").next().unwrap_or_default().to_owned(),
            address: visitor.address,
            known: known.as_ref(),
            now,
        };
        match provider.identities.change_password(attempt, new).await {
            Ok(logged_in) => Ok(provider.enter(&interaction, username, logged_in, visitor).await?),
            Err(NotChanged::LogInAnew) => {
                let changed = Rejection::new(StatusCode::FORBIDDEN, Message::PasswordChanged);
                let username = Some(username.to_owned());
                Ok(provider.login_page(&interaction, username, Some(changed), visitor)?)
            }
            Err(not_changed) => Ok(again(rejection(not_changed, visitor))?),
        }
    }
}

fn rejection(not_changed: NotChanged, visitor: &Visitor) -> Rejection<Obstacle> {
    match not_changed {
        // It may have come after the change.
        NotChanged::Refused(fault @ Refused::Fault(_)) => {
            Rejection::of(&fault, visitor).map(|_| Obstacle::Unsure)
        }
        NotChanged::Refused(refused) => Rejection::of(&refused, visitor).map(Obstacle::Login),
        NotChanged::Policy(words) => {
            Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, Obstacle::Policy { words })
        }
        NotChanged::Unsure { retry_after } => {
            Rejection::later(StatusCode::SERVICE_UNAVAILABLE, Obstacle::Unsure, retry_after)
        }
        NotChanged::NotOffered | NotChanged::LogInAnew => {
            Rejection::new(StatusCode::FORBIDDEN, Obstacle::NotOffered)
        }
    }
}

/// What the page can say of a new password by itself: no backend is asked, and no try is counted.
fn new_password(form: &Parameters) -> Result<NewPassword, Obstacle> {
    let field = |name| form.all(name).next().unwrap_or_default();
    let new = field("new_password");
    if new != field("repeated_password") {
        return Err(Obstacle::Mismatch);
    }
    if new == field("current_password") {
        return Err(Obstacle::Same);
    }
    let password = NewPassword::parse(new.to_owned()).map_err(|bad| match bad {
        BadPassword::Blank => Obstacle::Blank,
        BadPassword::Long => Obstacle::Long,
        BadPassword::Nul => Obstacle::Character,
    })?;
    if new.chars().count() < SHORTEST_PASSWORD {
        return Err(Obstacle::Short { least: SHORTEST_PASSWORD });
    }
    Ok(password)
}

#[cfg(test)]
mod tests;

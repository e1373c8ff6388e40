//! The two pages on which people type a password, and what both say of a refusal.

use std::time::Duration;

use poem::Response;
use poem::http::{StatusCode, header};

use crate::identity::{KnownBrowser, Refused, State};
use crate::protocol::Timestamp;
use crate::seal::Purpose;

use super::browser::application;
use super::cookies::{Cookie, Visitor};
use super::fault::{Fault, retry_after};
use super::interaction::Interaction;
use super::pages::{self, Message, Obstacle};
use super::provider::Provider;

/// When to try again after a fault of ours.
const AFTER_FAULT: Duration = Duration::from_secs(5);

/// The fewest characters of a new password; what else it must be, its backend says.
pub const SHORTEST_PASSWORD: usize = 8;

/// A refusal as a page says it. Unknown names and wrong passwords have one.
pub struct Rejection<M> {
    pub status: StatusCode,
    pub message: M,
    pub wait: Option<Duration>,
}

impl<M> Rejection<M> {
    pub const fn new(status: StatusCode, message: M) -> Self {
        Self { status, message, wait: None }
    }

    pub const fn later(status: StatusCode, message: M, wait: Duration) -> Self {
        Self { status, message, wait: Some(wait) }
    }

    pub fn map<O>(self, other: impl FnOnce(M) -> O) -> Rejection<O> {
        Rejection { status: self.status, message: other(self.message), wait: self.wait }
    }
}

impl Rejection<Message> {
    /// Faults are logged here, as the page says nothing of them.
    pub fn of(refused: &Refused, visitor: &Visitor) -> Self {
        let forbidden = |message| Self::new(StatusCode::FORBIDDEN, message);
        match refused {
            Refused::Wrong => forbidden(Message::Wrong),
            Refused::Closed(State::Locked) => forbidden(Message::Locked),
            Refused::Closed(State::Disabled) => forbidden(Message::Disabled),
            Refused::Closed(State::Expired) => forbidden(Message::Expired),
            Refused::PasswordExpired { .. } => forbidden(Message::PasswordExpired),
            Refused::TooMany { retry_after } => {
                let seconds = retry_after.as_millis().div_ceil(1000) as u64;
                let message = Message::TooMany { seconds };
                Self::later(StatusCode::TOO_MANY_REQUESTS, message, *retry_after)
            }
            Refused::Unavailable { retry_after } => {
                Self::later(StatusCode::SERVICE_UNAVAILABLE, Message::Unavailable, *retry_after)
            }
            Refused::Fault(fault) => {
                tracing::error!(reference = visitor.reference, %fault, "fault");
                Self::later(StatusCode::SERVICE_UNAVAILABLE, Message::Unavailable, AFTER_FAULT)
            }
        }
    }
}

impl Provider {
    /// What the browser's sealed cookie says of who has logged in there.
    pub fn known_browser(&self, visitor: &Visitor, now: Timestamp) -> Option<KnownBrowser> {
        let sealed = self.cookies.read(visitor, Cookie::Known)?;
        let opened = self.sealer.open::<KnownBrowser>(Purpose::KnownBrowser, sealed).ok()?;
        opened.at(now).ok()
    }

    /// The login page, for the first time or again.
    pub fn login_page(
        &self,
        interaction: &Interaction,
        username: Option<String>,
        rejection: Option<Rejection<Message>>,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let (status, message, wait) = apart(rejection);
        let page = pages::Login {
            hidden: vec![interaction.field(self, visitor)?],
            application: Some(application(interaction.client())),
            username: username.filter(|username| !username.is_empty()),
            password: true,
            backends: Vec::new(),
            message,
        };
        Ok(to_wait(self.pages.show(status, &page)?, wait))
    }

    /// The page on which a password is changed, for the first time or again. Never with a password in it.
    pub fn password_page(
        &self,
        interaction: &Interaction,
        username: Option<String>,
        rejection: Option<Rejection<Obstacle>>,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let (status, obstacle, wait) = apart(rejection);
        let page = pages::Password {
            hidden: vec![interaction.field(self, visitor)?],
            application: application(interaction.client()),
            username: username.filter(|username| !username.is_empty()),
            shortest: SHORTEST_PASSWORD,
            message: obstacle,
        };
        Ok(to_wait(self.pages.show(status, &page)?, wait))
    }
}

fn apart<M>(rejection: Option<Rejection<M>>) -> (StatusCode, Option<M>, Option<Duration>) {
    match rejection {
        Some(Rejection { status, message, wait }) => (status, Some(message), wait),
        None => (StatusCode::OK, None, None),
    }
}

fn to_wait(mut response: Response, wait: Option<Duration>) -> Response {
    response.headers_mut().extend(wait.map(|wait| (header::RETRY_AFTER, retry_after(wait))));
    response
}

//! What pages and the authorization endpoint have in common: whose browser it is, who is logged in there, and how it is sent on.

use poem::Response;
use poem::http::{StatusCode, header};

use crate::protocol::redirection_endpoint::{Carriage, Reply};
use crate::protocol::session::{Authentication, Session};
use crate::protocol::{Client, Timestamp};
use crate::secret;
use crate::storage::{account, session, sessions};

use super::cookies::{Cookie, Visitor};
use super::fault::{Fault, Halt};
use super::pages::{Application, Failure, Field, FormPost, Link};
use super::pending::{PENDING, Pending};
use super::provider::Provider;

/// A session that stands, with the account whose it is.
pub struct Seat {
    pub row: session::Model,
    pub account: account::Model,
}

impl Seat {
    /// The session as the core sees it.
    pub fn session(&self) -> Session {
        Session {
            sid: self.row.sid.clone(),
            account_id: self.account.id.clone(),
            subject: self.account.sub.clone(),
            authentication: Authentication {
                auth_time: self.row.auth_time,
                acr: self.row.acr.clone(),
                amr: serde_json::from_str(&self.row.amr).unwrap_or_default(),
            },
            login_answered: self.row.login_answered.clone(),
            choice_answered: self.row.choice_answered.clone(),
        }
    }
}

/// The session is written as active again when this part of its idle time has gone by.
const TOUCH_AFTER: u32 = 20;

impl Provider {
    /// Who is logged in at this browser, in good standing with their backend.
    pub async fn seat(&self, visitor: &Visitor, now: Timestamp) -> Result<Option<Seat>, Fault> {
        let Some(Seat { row, account }) = self.taken_seat(visitor, now).await? else {
            return Ok(None);
        };
        let Some(account) = self.standing(account, now).await? else { return Ok(None) };
        self.touch(&row, now).await?;
        Ok(Some(Seat { row, account }))
    }

    /// Who is logged in at this browser, whatever their backend says: enough to sign them out.
    pub async fn taken_seat(
        &self,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Option<Seat>, Fault> {
        let Some(cookie) = self.cookies.read(visitor, Cookie::Session) else { return Ok(None) };
        let found = sessions::find_with_account(&self.storage, &secret::hash(cookie)).await?;
        let found = found.filter(|(row, _)| now < row.expires_at);
        Ok(found.map(|(row, account)| Seat { row, account }))
    }

    /// Keeps a session awake. Written only now and then: most requests write nothing.
    pub async fn touch(&self, row: &session::Model, now: Timestamp) -> Result<(), Fault> {
        let lifetimes = &self.config.lifetimes;
        if now.since(row.last_seen_at) > lifetimes.session_idle / TOUCH_AFTER {
            let expires_at = self.session_expires_at(row.created_at, now);
            sessions::touch(&self.storage, &row.cookie_hash, now, expires_at).await?;
        }
        Ok(())
    }

    /// The nearer of the idle and the absolute end of a session.
    pub fn session_expires_at(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        let lifetimes = &self.config.lifetimes;
        now.plus(lifetimes.session_idle).min(created_at.plus(lifetimes.session_absolute))
    }

    /// Sends the browser to a page of ours, with the request that waits.
    pub fn go(&self, path: &str, pending: &Pending, visitor: &Visitor) -> Result<Response, Fault> {
        let known = self.cookies.read(visitor, Cookie::Browser);
        let browser = known.map_or_else(secret::token, str::to_owned);
        let sealed = pending.seal(self, Some(&browser))?;
        let mut response = see_other(&format!("{path}?{PENDING}={sealed}"));
        if known.is_none() {
            self.cookies.set(&mut response, Cookie::Browser, &browser);
        }
        Ok(response)
    }

    /// Sends the browser to the client with its answer.
    pub fn leave(&self, reply: Reply, client: &Client) -> Result<Response, Fault> {
        match reply.carriage() {
            Carriage::Redirect(location) => Ok(see_other(&location)),
            Carriage::FormPost { action, fields } => {
                let fields = fields.into_iter().map(|(name, value)| Field::new(name, value));
                let page = FormPost {
                    action,
                    fields: fields.collect(),
                    application: Some(application(client)),
                };
                Ok(self.pages.show(StatusCode::OK, &page)?)
            }
        }
    }

    /// An error with nobody but the End-User to tell, shown at the URL that failed.
    pub fn show(&self, status: StatusCode, sentence: &str, visitor: &Visitor) -> Response {
        self.pages.fail(status, &Failure::new(sentence, &visitor.reference))
    }

    /// The answer of a page: a fault becomes a page as well, and the log learns why.
    pub fn page(&self, result: Result<Response, Halt>, visitor: &Visitor) -> Response {
        match result {
            Ok(response) => response,
            Err(Halt::Answer(response)) => *response,
            Err(Halt::Fault(fault)) => self.fail(&fault, &visitor.reference),
        }
    }

    fn fail(&self, fault: &Fault, reference: &str) -> Response {
        tracing::error!(reference, %fault, "fault");
        let sentence = if fault.is_temporary() {
            "The service cannot answer right now. Please try again in a moment."
        } else {
            "The service failed."
        };
        let mut response = self.pages.fail(fault.status(), &Failure::new(sentence, reference));
        let wait = fault.retry_after();
        response.headers_mut().extend(wait.map(|wait| (header::RETRY_AFTER, wait)));
        response
    }
}

/// "303 (See Other)": whatever the method was, the next is GET, so that no credentials are posted on (RFC 9700 §4.12).
pub fn see_other(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, location)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .finish()
}

/// The client as pages show it.
pub fn application(client: &Client) -> Application {
    let link = |uri: &Option<url::Url>| uri.as_ref().and_then(|uri| Link::parse(uri.as_str()));
    Application {
        name: client.client_name.clone(),
        logo: link(&client.logo_uri),
        policy: link(&client.policy_uri),
        terms: link(&client.tos_uri),
    }
}

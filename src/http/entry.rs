//! What follows a login, whichever page it was made on: the session, and a word about a password that soon expires.

use poem::Response;
use poem::http::StatusCode;
use vestibule_plugin::PasswordWarning;

use crate::identity::{LoggedIn, Warning};
use crate::protocol::Timestamp;
use crate::seal::Purpose;
use crate::secret;
use crate::storage::{session, sessions};

use super::answer::Documentation;
use super::browser::application;
use super::cookies::{Cookie, Visitor};
use super::fault::Fault;
use super::interaction::Interaction;
use super::pages::{self, Expiry, Field};
use super::provider::Provider;

/// An answer that is a page, after a form that would otherwise lead on.
pub const ENTERED: Documentation = Documentation::page(
    200,
    "Logged in, and the password soon expires (`login.password_warnings`): a page that says so and leads on. Or cancelled: the \
     answer for the client, as a page that posts it to the redirect URI (`response_mode=form_post`).",
);

impl Provider {
    /// Begins a session and goes on with the request.
    pub async fn enter(
        &self,
        interaction: &Interaction,
        username: &str,
        logged_in: LoggedIn,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let now = self.now();
        let known_until = now.plus(Cookie::KNOWN_FOR);
        let known = self.sealer.seal(Purpose::KnownBrowser, &logged_in.known, known_until)?;
        let warning = logged_in.warning.filter(|_| self.config.login.password_warnings);
        let cookie = self.begin_session(interaction, logged_in, visitor, now).await?;
        let mut response = match warning {
            Some(warning) => self.warn(interaction, username, warning, visitor)?,
            None => interaction.resume(self, visitor)?,
        };
        self.cookies.set(&mut response, Cookie::Session, &cookie);
        self.cookies.set(&mut response, Cookie::Known, &known);
        Ok(response)
    }

    /// The id in the cookie is always new; the session of someone else ends.
    async fn begin_session(
        &self,
        interaction: &Interaction,
        logged_in: LoggedIn,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let cookie = secret::token();
        let mut row = session::Model {
            cookie_hash: secret::hash(&cookie),
            sid: secret::id(),
            account_id: logged_in.account.id,
            auth_time: now,
            acr: logged_in.acr.or_else(|| self.config.authorization.password_acr.clone()),
            amr: serde_json::to_string(&logged_in.amr)?,
            login_answered: interaction.pending.id.clone(),
            choice_answered: None,
            created_at: now,
            last_seen_at: now,
            expires_at: self.session_expires_at(now, now),
        };
        let storage = &self.storage;
        let former = match self.cookies.read(visitor, Cookie::Session) {
            Some(cookie) => sessions::find(storage, &secret::hash(cookie)).await?,
            None => None,
        };
        match former.filter(|former| now < former.expires_at) {
            // The same person has proved again who they are: the session goes on under a new id.
            Some(former) if former.account_id == row.account_id => {
                row.sid = former.sid;
                if !sessions::rotate(storage, &former.cookie_hash, row.clone()).await? {
                    // It ended, or another tab was faster: this login stands all the same.
                    row.sid = secret::id();
                    sessions::put(storage, row).await?;
                }
            }
            former => {
                if let Some(former) = former {
                    self.end_session(&former.sid, now).await?;
                }
                sessions::put(storage, row).await?;
            }
        }
        Ok(cookie)
    }

    /// The person is logged in already: from here they go on by themselves.
    fn warn(
        &self,
        interaction: &Interaction,
        username: &str,
        warning: Warning,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let hidden = vec![interaction.field(self, visitor)?];
        let mut with_name = hidden.clone();
        with_name.push(Field::new("username", username));
        let page = pages::PasswordWarning {
            hidden,
            application: application(interaction.client()),
            expiry: expiry(warning.password),
            change: warning.changeable.then_some(with_name),
        };
        Ok(self.pages.show(StatusCode::OK, &page)?)
    }
}

/// In the largest unit that leaves something, rounded down: nobody should rely on the rest.
fn expiry(warning: PasswordWarning) -> Expiry {
    const HOUR: u64 = 60 * 60;
    match warning {
        PasswordWarning::GraceLogins(number) => Expiry::Logins { number },
        PasswordWarning::Expires(left) => match left.as_secs() {
            seconds if seconds >= 24 * HOUR => Expiry::Days { number: seconds / (24 * HOUR) },
            seconds if seconds >= HOUR => Expiry::Hours { number: seconds / HOUR },
            _ => Expiry::Soon,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_left_is_told_in_the_largest_unit() {
        let left = |seconds| expiry(PasswordWarning::Expires(Duration::from_secs(seconds)));
        assert_eq!(left(5 * 86_400 + 3_599), Expiry::Days { number: 5 });
        assert_eq!(left(86_400), Expiry::Days { number: 1 });
        assert_eq!(left(86_399), Expiry::Hours { number: 23 });
        assert_eq!([left(3_599), left(0)], [Expiry::Soon, Expiry::Soon]);
        assert_eq!(expiry(PasswordWarning::GraceLogins(2)), Expiry::Logins { number: 2 });
    }
}

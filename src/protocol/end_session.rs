//! The end session endpoint (RP-Initiated Logout 1.0).

use super::client::Client;
use super::error::{Code, Error};
use super::id_token::Hint;
use super::parameters::Parameters;
use super::redirection_endpoint::append_query;
use super::session::Session;

/// A request to log out, by whatever it can show.
#[derive(Debug)]
pub struct Request {
    pub id_token_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// What follows.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// End the session without asking, and go there.
    LogOut { then: Option<String> },
    /// Ask the End-User: nothing proves that they or their application wish it.
    Confirm { then: Option<String> },
    /// Shown as a page; nobody is redirected.
    Refuse(Error),
}

impl Request {
    pub fn read(parameters: &Parameters) -> Result<Self, Error> {
        for name in ["logout_hint", "ui_locales"] {
            parameters.get(name)?;
        }
        let owned = |name| Ok(parameters.get(name)?.map(str::to_owned));
        Ok(Self {
            id_token_hint: owned("id_token_hint")?,
            client_id: owned("client_id")?,
            post_logout_redirect_uri: owned("post_logout_redirect_uri")?,
            state: owned("state")?,
        })
    }

    /// The client that the request is about: of the hint, or named.
    pub fn client_id<'a>(&'a self, hint: Option<&'a Hint>) -> Option<&'a str> {
        hint.map(|hint| hint.client_id.as_str()).or(self.client_id.as_deref())
    }

    /// Decides from the hint, if it was verified, its client, and whoever is logged in here.
    ///
    /// "the OP MUST NOT perform post-logout redirection if the supplied value does not exactly match" a registered one (§3).
    pub fn decide(
        &self,
        hint: Option<&Hint>,
        client: Option<&Client>,
        session: Option<&Session>,
    ) -> Decision {
        if hint.is_some_and(|hint| {
            self.client_id.as_ref().is_some_and(|client_id| *client_id != hint.client_id)
        }) {
            return refuse("client_id is not the one of id_token_hint");
        }
        let then = match &self.post_logout_redirect_uri {
            None => None,
            Some(uri) => {
                let asked = client.filter(|client| {
                    !client.disabled && self.client_id(hint) == Some(client.client_id.as_str())
                });
                if !asked.is_some_and(|client| client.post_logout_redirect_uris.contains(uri)) {
                    return refuse("post_logout_redirect_uri is not registered for this client");
                }
                Some(self.with_state(uri))
            }
        };
        // Whoever shows a hint that is not ours may log out, but sends nobody anywhere.
        let forged = self.id_token_hint.is_some() && hint.is_none();
        let then = then.filter(|_| !forged);
        let is_theirs = |hint: &Hint| {
            session.is_none_or(|session| match &hint.sid {
                Some(sid) => *sid == session.sid,
                None => hint.subject == session.subject,
            })
        };
        if hint.is_some_and(is_theirs) {
            Decision::LogOut { then }
        } else {
            Decision::Confirm { then }
        }
    }

    fn with_state(&self, uri: &str) -> String {
        let Some(state) = &self.state else { return uri.to_owned() };
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", state)
            .finish();
        append_query(uri, &query)
    }
}

fn refuse(reason: &str) -> Decision {
    Decision::Refuse(Code::InvalidRequest.because(reason))
}

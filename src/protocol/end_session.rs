//! The end session endpoint (RP-Initiated Logout 1.0).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::client::Client;
use super::error::{Code, Error};
use super::id_token::Hint;
use super::parameters::Parameters;
use super::redirection_endpoint::append_query;
use super::session::Session;

/// A request to log out, by whatever it can show. The hint is a token, so it does not print.
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

    /// The client that the request names, or the one that an unverified hint says it is for: enough to look up whose secret could
    /// verify it, and for nothing else.
    pub fn claimed_client_id(&self) -> Option<String> {
        let of_hint = || {
            let claims = self.id_token_hint.as_deref()?.split('.').nth(1)?;
            let claims: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
            Some(claims.get("aud")?.as_str()?.to_owned())
        };
        self.client_id.clone().or_else(of_hint)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::{parameters, session, web};

    const BYE: &str = "https://app.example/bye";

    fn hint() -> Hint {
        Hint {
            subject: "alice".to_owned(),
            sid: Some("sid of alice".to_owned()),
            client_id: "app".to_owned(),
        }
    }

    fn decide(
        sent: &[(&str, &str)],
        hint: Option<&Hint>,
        client: Option<&Client>,
        session: Option<&Session>,
    ) -> Decision {
        Request::read(&parameters(sent)).unwrap().decide(hint, client, session)
    }

    fn then(uri: &str) -> Option<String> {
        Some(uri.to_owned())
    }

    #[test]
    fn a_hint_of_this_session_logs_out_and_leads_back() {
        let client = web();
        let with_state = "https://app.example/bye?state=a%26b+c";
        for (sent, expected) in [
            (vec![], None),
            (vec![("state", "x")], None),
            (vec![("post_logout_redirect_uri", BYE)], then(BYE)),
            (vec![("post_logout_redirect_uri", BYE), ("state", "")], then(BYE)),
            (vec![("post_logout_redirect_uri", BYE), ("state", "a&b c")], then(with_state)),
            (vec![("post_logout_redirect_uri", BYE), ("client_id", "app")], then(BYE)),
            (vec![("logout_hint", "alice"), ("ui_locales", "de"), ("unknown", "x")], None),
        ] {
            let sent: Vec<_> = [("id_token_hint", "token")].into_iter().chain(sent).collect();
            for session in [Some(session("alice")), None] {
                let decision = decide(&sent, Some(&hint()), Some(&client), session.as_ref());
                assert_eq!(decision, Decision::LogOut { then: expected.clone() }, "{sent:?}");
            }
        }
    }

    #[test]
    fn whoever_cannot_show_a_hint_of_this_session_is_asked() {
        let client = web();
        let here = session("alice");
        let sent =
            [("id_token_hint", "token"), ("post_logout_redirect_uri", BYE), ("client_id", "app")];
        let of_bob = Hint { subject: "bob".to_owned(), sid: None, ..hint() };
        let of_another_session = Hint { sid: Some("old".to_owned()), ..hint() };
        for hint in [of_bob, of_another_session] {
            let decision = decide(&sent, Some(&hint), Some(&client), Some(&here));
            assert_eq!(decision, Decision::Confirm { then: then(BYE) }, "{hint:?}");
        }
        let decision = decide(&sent[1..], None, Some(&client), Some(&here));
        assert_eq!(decision, Decision::Confirm { then: then(BYE) });
        assert_eq!(decide(&[], None, None, Some(&here)), Decision::Confirm { then: None });

        let without_sid = Hint { sid: None, ..hint() };
        let decision = decide(&sent, Some(&without_sid), Some(&client), Some(&here));
        assert_eq!(decision, Decision::LogOut { then: then(BYE) });
    }

    #[test]
    fn a_hint_that_was_not_verified_leads_nowhere() {
        let sent =
            [("id_token_hint", "forged"), ("post_logout_redirect_uri", BYE), ("client_id", "app")];
        let decision = decide(&sent, None, Some(&web()), Some(&session("alice")));
        assert_eq!(decision, Decision::Confirm { then: None });
        assert!(matches!(decide(&sent[..2], None, None, None), Decision::Refuse(_)));
    }

    // RU9
    #[test]
    fn nobody_is_led_to_an_unregistered_uri() {
        let client = web();
        let here = session("alice");
        for uri in [
            "https://app.example/bye/",
            "https://app.example/bye?x=1",
            "https://app.example/bye?",
            "https://app.example/bye#",
            "https://app.example/BYE",
            "https://app.example:443/bye",
            "https://app.example/cb",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/%09/evil.example",
            "\thttps://app.example/bye",
            "javascript:alert(1)",
            "/",
        ] {
            let sent = [("post_logout_redirect_uri", uri), ("client_id", "app")];
            for hint in [Some(hint()), None] {
                let decision = decide(&sent, hint.as_ref(), Some(&client), Some(&here));
                assert!(matches!(decision, Decision::Refuse(_)), "{uri}");
            }
        }
    }

    #[test]
    fn the_client_is_that_of_the_hint_and_stands() {
        let sent = [("post_logout_redirect_uri", BYE), ("client_id", "other")];
        assert!(matches!(decide(&sent, Some(&hint()), Some(&web()), None), Decision::Refuse(_)));
        assert!(matches!(decide(&sent, None, Some(&web()), None), Decision::Refuse(_)));
        let mut disabled = web();
        disabled.disabled = true;
        let sent = [("post_logout_redirect_uri", BYE)];
        assert!(matches!(decide(&sent, Some(&hint()), Some(&disabled), None), Decision::Refuse(_)));
        assert!(matches!(decide(&sent, None, Some(&web()), None), Decision::Refuse(_)));

        let request = Request::read(&parameters(&[("client_id", "other")])).unwrap();
        assert_eq!(request.client_id(Some(&hint())), Some("app"));
        assert_eq!(request.client_id(None), Some("other"));
    }

    // RU7
    #[test]
    fn a_repeated_parameter_is_refused() {
        for name in [
            "id_token_hint",
            "logout_hint",
            "client_id",
            "post_logout_redirect_uri",
            "state",
            "ui_locales",
        ] {
            let error = Request::read(&parameters(&[(name, "x"), (name, "x")])).err().unwrap();
            assert!(error.description.contains(name), "{error}");
        }
    }
}

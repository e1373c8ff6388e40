//! Where people are sent, and what they are asked on the way.

use std::collections::BTreeMap;

use proptest::prelude::*;
use url::Url;

use super::{Case, PIECES, almost_good, clients, demanded_acr, facts, many, people};
use crate::protocol::authorization::{Decision, Facts, Request};
use crate::protocol::client::ApplicationType;
use crate::protocol::redirection_endpoint::{Carriage, RedirectionEndpoint};
use crate::protocol::samples::{self, ID, NOW, endpoint, validate};
use crate::protocol::session::{Consent, Session};
use crate::protocol::{Client, Code, Parameters};

/// Whether a URI that is followed leads to where the client is registered. It asks a URL parser as a browser would, where
/// the code under test compares bytes.
fn is_registered(client: &Client, target: &str) -> bool {
    let Ok(target) = Url::parse(target) else { return false };
    let without_query = |url: &Url| {
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    let without_port = |url: &Url| {
        let mut url = without_query(url);
        let any_port = client.application_type == ApplicationType::Native
            && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
            && url.scheme() == "http";
        let _ = any_port && url.set_port(None).is_ok();
        url
    };
    client.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok()).any(|known| {
        let query = target.query().unwrap_or_default();
        without_port(&known) == without_port(&target)
            && target.username().is_empty()
            && query.starts_with(known.query().unwrap_or_default())
    })
}

fn target(carriage: &Carriage) -> &str {
    match carriage {
        Carriage::Redirect(location) => location,
        Carriage::FormPost { action, .. } => action,
    }
}

// RU1, RU3
#[test]
fn no_piece_more_in_a_registered_uri_leads_elsewhere() {
    for client in clients() {
        for (uri, piece) in
            client.redirect_uris.iter().flat_map(|uri| PIECES.iter().map(move |piece| (uri, piece)))
        {
            for at in 0..=uri.len() {
                let presented = format!("{}{piece}{}", &uri[..at], &uri[at..]);
                let parameters = samples::ask(&[("redirect_uri", &presented)]);
                if let Ok(endpoint) = endpoint(&parameters, &client) {
                    assert!(is_registered(&client, endpoint.redirect_uri()), "{presented}");
                }
            }
        }
    }
}

/// Everything that the endpoint may answer to this request.
fn answers(endpoint: &RedirectionEndpoint) -> [crate::protocol::redirection_endpoint::Reply; 2] {
    let error = Code::AccessDenied.because("no\u{fc} \"\\");
    [
        endpoint.clone().grant(vec![("code", "c&#?".to_owned())]),
        endpoint.clone().refuse(&error, "r"),
    ]
}

/// The same request with this value of one parameter.
fn with(parameters: &Parameters, name: &str, value: &str) -> Parameters {
    let others = parameters.iter().filter(|(known, _)| *known != name);
    let pairs = others.chain([(name, value)]);
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Who sits at the browser and what they have answered so far: what storage would hold.
struct World {
    session: Option<Session>,
    consents: BTreeMap<String, Consent>,
    hint: Option<String>,
    person: &'static str,
    goes_on_with_account: bool,
}

impl World {
    fn facts(&self) -> Facts {
        let session = self.session.clone();
        let consent = session.as_ref().and_then(|s| self.consents.get(&s.account_id)).cloned();
        Facts { session, consent, hint: self.hint.clone() }
    }

    fn log_in(&mut self) {
        let mut session = samples::session(self.person);
        session.login_answered = ID.to_owned();
        session.authentication.auth_time = NOW;
        self.session = Some(session);
    }

    fn choose(&mut self) {
        match &mut self.session {
            Some(session) if self.goes_on_with_account => {
                session.choice_answered = Some(ID.to_owned());
            }
            _ => self.log_in(),
        }
    }

    fn agree(&mut self, request: &Request) {
        let consent = Consent {
            scope: request.scope().clone(),
            claims: request.claims().names().map(str::to_owned).collect(),
            answered: ID.to_owned(),
        };
        let account_id = self.session.as_ref().map(|session| session.account_id.clone());
        self.consents.extend(account_id.map(|account_id| (account_id, consent)));
    }
}

/// Whether a refusal is one that this person could not have avoided.
fn is_inevitable(request: &Request, code: Code, world: &World) -> bool {
    match code {
        Code::LoginRequired => {
            !request.claims().admits_subject(world.person)
                || world.hint.as_ref().is_some_and(|hint| hint != world.person)
        }
        Code::AccessDenied => demanded_acr(request.claims())
            .is_some_and(|values| !values.contains(&serde_json::Value::from("urn:pwd"))),
        _ => false,
    }
}

proptest! {
    #![proptest_config(many())]

    // RU1, RU8
    #[test]
    fn no_parameters_whatever_send_anyone_to_an_unregistered_place(
        Case { client, parameters } in almost_good(),
    ) {
        let Ok(endpoint) = endpoint(&parameters, &client) else { return Ok(()) };
        for reply in answers(&endpoint) {
            let carriage = reply.clone().carriage();
            prop_assert!(is_registered(&client, target(&carriage)), "{}", target(&carriage));
        }
    }

    // RU7, FL2
    #[test]
    fn every_answer_names_the_issuer_and_echoes_the_state(
        Case { client, parameters } in almost_good(),
    ) {
        let Ok(endpoint) = endpoint(&parameters, &client) else { return Ok(()) };
        for reply in answers(&endpoint) {
            let mut names: Vec<&str> = reply.parameters().iter().map(|(name, _)| *name).collect();
            let value = |wanted| {
                reply.parameters().iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
            };
            prop_assert_eq!(value("iss"), Some(samples::ISSUER));
            if validate(&parameters, &client).is_ok() {
                prop_assert_eq!(value("state"), parameters.get("state").unwrap());
            }
            if let Some(description) = value("error_description") {
                let plain = |byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
                prop_assert!(description.bytes().all(plain));
            }
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), reply.parameters().len());
        }
    }

    // FL2
    #[test]
    fn what_is_granted_from_the_front_channel_never_travels_in_a_query(
        Case { client, parameters } in almost_good(),
    ) {
        let Ok(request) = validate(&parameters, &client) else { return Ok(()) };
        if request.response_type().is_front_channel() {
            let endpoint = endpoint(&parameters, &client).unwrap();
            let reply = endpoint.grant(vec![("access_token", "secret".to_owned())]);
            let carriage = reply.carriage();
            let location = target(&carriage).split('#').next().unwrap();
            prop_assert!(!location.contains("secret"));
            prop_assert!(client.may_ask_for(request.response_type()));
            prop_assert!(request.nonce().is_some() || !request.response_type().id_token);
        }
    }

    #[test]
    fn prompt_none_never_shows_a_page(
        Case { client, parameters } in almost_good(),
        facts in facts(),
    ) {
        let Ok(request) = validate(&with(&parameters, "prompt", "none"), &client) else {
            return Ok(());
        };
        let decision = request.decide(facts);
        prop_assert!(matches!(decision, Decision::Refuse(_) | Decision::Grant { .. }), "{decision:?}");
    }

    // SS3
    #[test]
    fn whoever_logs_in_as_the_asked_for_person_and_consents_gets_through(
        Case { client, parameters } in almost_good(),
        at_first in facts(),
        person in people(),
        goes_on_with_account in any::<bool>(),
    ) {
        let Ok(request) = validate(&parameters, &client) else { return Ok(()) };
        let silent = parameters.get("prompt").unwrap().is_some_and(|prompt| prompt.contains("none"));
        // Nobody has answered this request before it came.
        let session = at_first.session.map(|mut session| {
            session.login_answered = "r0".to_owned();
            session.choice_answered = None;
            session
        });
        let consent = at_first.consent.map(|consent| Consent { answered: "r0".to_owned(), ..consent });
        let account_id = session.as_ref().map(|session| session.account_id.clone());
        let consents = account_id.into_iter().zip(consent).collect();
        let mut world = World { session, consents, hint: at_first.hint, person, goes_on_with_account };
        for _ in 0..4 {
            match request.decide(world.facts()) {
                Decision::LogIn => world.log_in(),
                Decision::ChooseAccount => world.choose(),
                Decision::AskConsent => world.agree(&request),
                Decision::Refuse(error) => {
                    prop_assert!(silent || is_inevitable(&request, error.code, &world), "{error}");
                    return Ok(());
                }
                Decision::Grant { session, scope } => {
                    let asked_for = world.hint.is_none_or(|hint| hint == session.subject);
                    prop_assert!(asked_for && request.claims().admits_subject(&session.subject));
                    prop_assert_eq!(&scope, request.scope());
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "after four pages there is still no answer");
    }

    // SS3, SS5
    #[test]
    fn an_answer_was_preceded_by_every_page_that_was_asked_for(
        Case { client, parameters } in almost_good(),
        facts in facts(),
    ) {
        let Ok(request) = validate(&parameters, &client) else { return Ok(()) };
        let Decision::Grant { session, .. } = request.decide(facts.clone()) else { return Ok(()) };
        let prompt = parameters.get("prompt").unwrap().unwrap_or_default();
        let logged_in = session.login_answered == ID;
        let chosen = session.choice_answered.as_deref() == Some(ID);
        let consent = facts.consent.as_ref();
        prop_assert!(!prompt.contains("login") || logged_in);
        prop_assert!(!prompt.contains("select_account") || logged_in || chosen);
        prop_assert!(!prompt.contains("consent") || consent.is_some_and(|c| c.answered == ID));
        if let Some(max_age) = parameters.get("max_age").unwrap() {
            let age = NOW.millis() - session.authentication.auth_time.millis();
            let limit = 1000 * max_age.parse::<i64>().unwrap();
            prop_assert!(logged_in || limit > 0 && age <= limit);
        }
        let met = |values: &[serde_json::Value]| {
            session.authentication.acr.as_deref().is_some_and(|acr| values.contains(&acr.into()))
        };
        prop_assert!(demanded_acr(request.claims()).is_none_or(met));
    }
}

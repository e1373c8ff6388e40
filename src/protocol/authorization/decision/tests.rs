use std::time::Duration;

use super::*;
use crate::protocol::Client;
use crate::protocol::samples::{ID, NOW, ask, consent, native, session, spa, validate, web};

const ALICE: &str = "alice";

fn request(changes: &[(&str, &str)]) -> Request {
    validate(&ask(changes), &web()).unwrap()
}

/// Alice is here, and has agreed to everything before.
fn facts() -> Facts {
    Facts {
        session: Some(session(ALICE)),
        consent: Some(consent("openid profile email offline_access")),
        hint: None,
    }
}

/// The same after a login for this request, as this person.
fn logged_in(subject: &str) -> Facts {
    let mut session = session(subject);
    session.login_answered = ID.to_owned();
    session.authentication.auth_time = NOW.plus(Duration::from_secs(5));
    Facts { session: Some(session), ..facts() }
}

/// A decision in one word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::LogIn => "log in",
        Decision::ChooseAccount => "choose",
        Decision::AskConsent => "consent",
        Decision::Refuse(error) => error.code.as_str(),
        Decision::Grant { .. } => "grant",
    }
}

fn decided(changes: &[(&str, &str)], facts: Facts) -> &'static str {
    word(&request(changes).decide(facts))
}

#[test]
fn whoever_is_known_and_has_agreed_gets_through() {
    let Decision::Grant { session, scope } = request(&[]).decide(facts()) else { panic!() };
    assert_eq!((session.subject.as_str(), scope.to_string().as_str()), (ALICE, "openid profile"));
}

#[test]
fn a_missing_session_or_consent_is_asked_for_or_with_prompt_none_refused() {
    for (facts, asked, silent) in [
        (Facts::default(), "log in", "login_required"),
        (Facts { consent: None, ..facts() }, "consent", "consent_required"),
        (Facts { consent: Some(consent("openid")), ..facts() }, "consent", "consent_required"),
        (Facts { hint: Some("bob".to_owned()), ..facts() }, "log in", "login_required"),
        (facts(), "grant", "grant"),
    ] {
        assert_eq!(decided(&[], facts.clone()), asked);
        assert_eq!(decided(&[("prompt", "none")], facts), silent);
    }
}

#[test]
fn prompt_is_met_by_what_answered_this_request_and_nothing_else() {
    assert_eq!(decided(&[("prompt", "login")], facts()), "log in");
    assert_eq!(decided(&[("prompt", "login")], logged_in(ALICE)), "grant");
    let mut later = facts();
    later.session.as_mut().unwrap().authentication.auth_time = NOW.plus(Duration::from_secs(60));
    assert_eq!(decided(&[("prompt", "login")], later), "log in");

    assert_eq!(decided(&[("prompt", "select_account")], facts()), "choose");
    assert_eq!(decided(&[("prompt", "select_account")], logged_in(ALICE)), "grant");
    for (choice_answered, expected) in [(ID, "grant"), ("r0", "choose")] {
        let mut chosen = facts();
        chosen.session.as_mut().unwrap().choice_answered = Some(choice_answered.to_owned());
        assert_eq!(decided(&[("prompt", "select_account")], chosen), expected);
    }

    assert_eq!(decided(&[("prompt", "consent")], facts()), "consent");
    assert_eq!(decided(&[("prompt", "consent")], logged_in(ALICE)), "consent");
    let mut agreed = facts();
    agreed.consent.as_mut().unwrap().answered = ID.to_owned();
    assert_eq!(decided(&[("prompt", "consent")], agreed.clone()), "grant");
    agreed.consent.as_mut().unwrap().scope = crate::protocol::samples::scope("openid");
    assert_eq!(decided(&[("prompt", "consent")], agreed), "consent");
}

#[test]
fn max_age_compares_times_to_the_millisecond() {
    for (max_age, age, expected) in [
        ("3600", 3_600_000, "grant"),
        ("3600", 3_600_001, "log in"),
        ("1", 1_000, "grant"),
        ("1", 1_001, "log in"),
        ("10000", 3_600_000, "grant"),
        // Equivalent to prompt=login, even for a login of this very moment or of a node whose clock is ahead.
        ("0", 1, "log in"),
        ("0", 0, "log in"),
        ("0", -5, "log in"),
        ("1", -5, "grant"),
    ] {
        let mut facts = facts();
        let session = facts.session.as_mut().unwrap();
        session.authentication.auth_time =
            crate::protocol::Timestamp::from_millis(NOW.millis() - age);
        assert_eq!(decided(&[("max_age", max_age)], facts), expected, "{max_age} {age}");
    }
    assert_eq!(decided(&[("max_age", "0")], logged_in(ALICE)), "grant");
    assert_eq!(decided(&[("max_age", "0"), ("prompt", "none")], facts()), "login_required");
}

#[test]
fn the_clients_default_max_age_counts_where_the_request_has_none() {
    let client = Client { default_max_age: Some(60), ..web() };
    let decided =
        |changes: &[(&str, &str)]| word(&validate(&ask(changes), &client).unwrap().decide(facts()));
    assert_eq!(decided(&[]), "log in");
    assert_eq!(decided(&[("max_age", "3600")]), "grant");
}

// SS3
#[test]
fn only_the_person_who_was_asked_for_is_answered() {
    let claims = |subject: &str| format!(r#"{{"id_token": {{"sub": {{"value": "{subject}"}}}}}}"#);
    let hinted = |mut facts: Facts, subject: &str| {
        facts.hint = Some(subject.to_owned());
        facts
    };
    for (who, here, answered) in [("alice", "grant", "grant"), ("bob", "log in", "login_required")]
    {
        assert_eq!(decided(&[], hinted(facts(), who)), here);
        assert_eq!(decided(&[], hinted(logged_in(ALICE), who)), answered);
        assert_eq!(decided(&[("claims", &claims(who))], facts()), here);
        assert_eq!(decided(&[("claims", &claims(who))], logged_in(ALICE)), answered);
        let again = [("prompt", "login")];
        assert_eq!(decided(&again, hinted(logged_in(ALICE), who)), answered);
    }
    // Hint and claim that disagree are met by nobody.
    let both = hinted(logged_in(ALICE), "alice");
    assert_eq!(decided(&[("claims", &claims("bob"))], both), "login_required");
}

#[test]
fn an_essential_acr_with_values_is_met_or_access_denied() {
    let claims = |demand: &str| format!(r#"{{"id_token": {{"acr": {demand}}}}}"#);
    for (demand, here, answered) in [
        (r#"{"essential": true, "value": "urn:pwd"}"#, "grant", "grant"),
        (r#"{"essential": true, "values": ["urn:mfa", "urn:pwd"]}"#, "grant", "grant"),
        (r#"{"essential": true, "value": "urn:mfa"}"#, "log in", "access_denied"),
        (r#"{"value": "urn:mfa"}"#, "grant", "grant"),
        (r#"{"essential": true}"#, "grant", "grant"),
        ("null", "grant", "grant"),
    ] {
        let claims = claims(demand);
        assert_eq!(decided(&[("claims", &claims)], facts()), here, "{demand}");
        assert_eq!(decided(&[("claims", &claims)], logged_in(ALICE)), answered, "{demand}");
    }
    let mut without = facts();
    without.session.as_mut().unwrap().authentication.acr = None;
    assert_eq!(decided(&[("claims", &claims(r#"{"essential": true}"#))], without), "grant");
    let strong = claims(r#"{"essential": true, "value": "urn:mfa"}"#);
    assert_eq!(decided(&[("claims", &strong), ("prompt", "none")], facts()), "access_denied");
}

#[test]
fn consent_covers_scope_and_claims() {
    let claims = |names: &str| format!(r#"{{"userinfo": {{{names}}}}}"#);
    let allowed = "openid profile email phone groups api";
    let client = Client { scope: crate::protocol::samples::scope(allowed), ..web() };
    for (names, claims_agreed, expected) in [
        (r#""groups": null"#, vec![], "consent"),
        (r#""groups": null"#, vec!["groups"], "grant"),
        (r#""groups": null, "api": null"#, vec!["groups"], "consent"),
        // Of a scope that was agreed to.
        (r#""name": {"essential": true}"#, vec![], "grant"),
        (r#""phone_number": null"#, vec![], "consent"),
        // Of the token, not of the person.
        (r#""sub": null, "acr": null, "auth_time": {"essential": true}"#, vec![], "grant"),
    ] {
        let mut facts = facts();
        facts.consent.as_mut().unwrap().claims =
            claims_agreed.into_iter().map(str::to_owned).collect();
        let request = validate(&ask(&[("claims", &claims(names))]), &client).unwrap();
        assert_eq!(word(&request.decide(facts)), expected, "{names}");
    }
}

#[test]
fn consent_is_remembered_only_for_clients_that_nobody_can_pass_for() {
    let local = Client { redirect_uris: vec!["http://127.0.0.1/cb".to_owned()], ..spa() };
    let here = ("redirect_uri", "http://127.0.0.1/cb");
    for (client, changes, expected) in [
        (web(), vec![], "grant"),
        (spa(), vec![], "grant"),
        (native(), vec![here], "consent"),
        (local.clone(), vec![here], "consent"),
        // Marked trusted by a hand that knew no better.
        (Client { trusted: true, ..local }, vec![here], "consent"),
    ] {
        let request = validate(&ask(&changes), &client).unwrap();
        assert_eq!(word(&request.decide(facts())), expected, "{}", client.client_name);
        let mut agreed = facts();
        agreed.consent.as_mut().unwrap().answered = ID.to_owned();
        assert_eq!(word(&request.decide(agreed)), "grant");
    }
}

#[test]
fn a_trusted_client_needs_no_consent_unless_it_asks_for_it() {
    let client = Client { trusted: true, ..web() };
    let facts = || Facts { consent: None, ..facts() };
    for (prompt, expected) in
        [("", "grant"), ("none", "grant"), ("consent", "consent"), ("login", "log in")]
    {
        let request = validate(&ask(&[("prompt", prompt)]), &client).unwrap();
        assert_eq!(word(&request.decide(facts())), expected, "{prompt}");
    }
}

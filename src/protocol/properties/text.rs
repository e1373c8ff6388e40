//! What is written is read again, and no bytes whatever do harm.

use proptest::prelude::*;

use super::{Case, almost_good, many, session};
use crate::protocol::access_token::AccessToken;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::client::ApplicationType;
use crate::protocol::client_authentication::Presented;
use crate::protocol::response_type::ResponseType;
use crate::protocol::samples::{authenticated, basic, endpoint, native, parameters, validate, web};
use crate::protocol::scope::{Delimiter, Scope};
use crate::protocol::token::Redemption;
use crate::protocol::{Algorithm, Client, Code, Parameters, bearer, end_session, redirect_uri};

/// Reads the parameters in every way that an endpoint does.
fn read_everywhere(sent: &Parameters, headers: &[&[u8]]) {
    for client in [web(), native()] {
        let _ = endpoint(sent, &client).map(|endpoint| {
            let _ = endpoint.clone().grant(vec![("code", "c".to_owned())]).carriage();
            let _ = endpoint.refuse(&Code::AccessDenied.because("no"), "r").carriage();
        });
        let _ = validate(sent, &client).map(|request| request.decide(Default::default()));
        let _ = Redemption::read(sent, &authenticated(&client));
        let _ = end_session::Request::read(sent)
            .map(|request| request.decide(None, Some(&client), None));
    }
    let _ = Presented::read(sent, headers).map(|presented| presented.verify(Some(&web())).is_ok());
    let _ = bearer::read(headers, Some(sent));
    let _ = sent.within(0);
}

fn read_text(text: &str) {
    let _ = redirect_uri::validate(text, ApplicationType::Native);
    let _ = redirect_uri::is_same(text, text, ApplicationType::Native);
    let _ = Scope::parse(text, Delimiter::Comma);
    let _ = ClaimsRequest::parse(text);
    let _ = text.parse::<ResponseType>();
    let _ = text.parse::<Algorithm>();
    let _ = serde_json::from_str::<AccessToken<'_>>(text);
    let client = Client {
        client_id: text.to_owned(),
        redirect_uris: vec![text.to_owned()],
        origins: Some(vec![text.to_owned()]),
        ..web()
    };
    let _ = client.validate();
    let _ = Client { origins: None, ..client }.origins();
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((".{0,9}", ".{0,30}"), 0..6)
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn parameters_survive_being_written_and_read(pairs in pairs()) {
        let parameters: Parameters = pairs.into_iter().collect();
        prop_assert_eq!(Parameters::parse(parameters.encode().as_bytes()), parameters);
    }

    #[test]
    fn a_request_means_the_same_after_its_parameters_have_travelled(
        Case { client, parameters } in almost_good(),
    ) {
        let travelled = Parameters::parse(parameters.encode().as_bytes());
        prop_assert_eq!(endpoint(&parameters, &client), endpoint(&travelled, &client));
        prop_assert!(validate(&parameters, &client) == validate(&travelled, &client));
    }

    #[test]
    fn a_scope_survives_being_written_and_read(text in "[!-~ ]{0,40}", comma in any::<bool>()) {
        let delimiter = if comma { Delimiter::Comma } else { Delimiter::Space };
        let Ok(scope) = Scope::parse(&text, delimiter) else { return Ok(()) };
        prop_assert_eq!(&Scope::parse(&scope.to_string(), delimiter), &Ok(scope.clone()));
        prop_assert_eq!(Scope::from(String::from(scope.clone())), scope);
    }

    #[test]
    fn a_claims_request_survives_storage(
        Case { client, parameters } in almost_good(),
        session in session(),
    ) {
        let Ok(request) = validate(&parameters, &client) else { return Ok(()) };
        let stored = serde_json::to_string(request.claims()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<ClaimsRequest>(&stored).unwrap(), request.claims());
        let stored = serde_json::to_string(&session.authentication).unwrap();
        let read: crate::protocol::session::Authentication = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(read, session.authentication);
    }

    // CA6
    #[test]
    fn credentials_written_as_rfc_6749_says_are_read_as_they_were(
        id in "[ -~]{1,20}",
        secret in "[ -~]{1,20}",
    ) {
        let encode = |text: &str| {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
        };
        let header = basic(&format!("{}:{}", encode(&id), encode(&secret)));
        let presented = Presented::read(&Parameters::default(), &[header.as_bytes()]).unwrap();
        prop_assert_eq!(presented.client_id(), &id);
        let client = Client {
            secret: Some(crate::protocol::client::SecretHash::of(&secret)),
            client_id: id,
            ..web()
        };
        prop_assert!(presented.verify(Some(&client)).is_ok());
    }
}

proptest! {
    // DO2
    #[test]
    fn no_bytes_whatever_cause_a_panic(
        body in prop::collection::vec(any::<u8>(), 0..80),
        header in prop::collection::vec(any::<u8>(), 0..40),
        text in ".{0,60}",
        credentials in "[a:%+&=0é\u{0}\n]{0,12}",
    ) {
        let in_basic = basic(&credentials);
        let bearer = [b"Bearer ".as_slice(), &header].concat();
        for headers in [vec![], vec![&*header], vec![&*bearer], vec![in_basic.as_bytes()], vec![&header, &bearer]] {
            read_everywhere(&Parameters::parse(&body), &headers);
        }
        read_text(&text);
    }

    // DO2
    #[test]
    fn no_spoilt_request_causes_a_panic(
        Case { parameters, .. } in almost_good(),
        header in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        read_everywhere(&parameters, &[&header]);
        parameters.iter().for_each(|(_, value)| read_text(value));
    }
}

// DO1: none of these would end within a lifetime if the cost grew with more than the length.
#[test]
fn a_megabyte_of_anything_is_read_and_answered() {
    const MANY: usize = 1 << 20;
    let scope = "abcdefg ".repeat(MANY / 8);
    let distinct: String = (0..MANY / 8).map(|number| format!("{number} ")).collect();
    let nested = "[".repeat(MANY);
    let claims = format!("{{\"userinfo\": {{{}\"x\": null}}}}", "\"a\": null, ".repeat(MANY / 11));
    let escaped = format!("https://app.example/{}", "%25".repeat(MANY / 3));
    let long = "x".repeat(MANY);
    let spaces = " ".repeat(MANY);
    for value in [&scope, &distinct, &nested, &claims, &escaped, &long, &spaces] {
        read_text(value);
        for name in ["scope", "claims", "redirect_uri", "state", "prompt", "response_type"] {
            read_everywhere(&parameters(&[(name, value.as_str()), ("client_id", "app")]), &[]);
        }
        let header = basic(value);
        let bearer = format!("Bearer {value}");
        for header in [value.as_bytes(), header.as_bytes(), bearer.as_bytes()] {
            let _ = Presented::read(&Parameters::default(), &[header]);
            let _ = bearer::read(&[header], None);
        }
    }
    for body in ["a=1&", "scope=openid&", "&", "%", "=&"] {
        read_everywhere(&Parameters::parse(body.repeat(MANY / body.len()).as_bytes()), &[]);
    }
}

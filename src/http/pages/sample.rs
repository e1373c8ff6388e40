//! Sample values: every page in its fullest and its sparest form, so that rendering them visits every branch of a template.

use minijinja::value::{Serde, Value};

use super::{
    Application, Button, Choice, Consent, Expiry, Failure, Field, FormPost, Home, Link, LoggedOut,
    Login, Logout, Message, Obstacle, Page, Password, PasswordWarning, Person, Scope,
};

/// Each template's name with values for it.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut pages = vec![
        entry(&login(Some(application()))),
        entry(&Login { username: None, password: false, ..login(None) }),
        entry(&Login { hidden: vec![], backends: vec![], ..login(Some(spare_application())) }),
        entry(&consent()),
        entry(&Consent {
            application: spare_application(),
            claims: vec![],
            offline: false,
            ..consent()
        }),
        entry(&Choice { hidden: hidden(), application: application(), person: person() }),
        entry(&Logout {
            hidden: hidden(),
            application: Some(application()),
            person: Some(person()),
        }),
        entry(&Logout { hidden: hidden(), application: None, person: None }),
        entry(&LoggedOut {}),
        entry(&Failure::new("The application sent a request that is not valid.", "K7Q2-9FXM")),
        entry(&Failure {
            advice: Some("Please try again in a minute.".to_owned()),
            ..Failure::new("The sign-in service is busy.", "K7Q2-9FXM")
        }),
        entry(&Home { person: None, demo: None }),
        entry(&Home { person: Some(person()), demo: link("http://127.0.0.1:8081/") }),
    ];
    pages.extend(form_posts());
    let messages = [
        Message::Wrong,
        Message::Locked,
        Message::Disabled,
        Message::Expired,
        Message::PasswordExpired,
        Message::PasswordChanged,
        Message::TooMany { seconds: 1 },
        Message::TooMany { seconds: 30 },
        Message::Unavailable,
        Message::Cancelled,
    ];
    pages.extend(
        messages
            .map(|message| entry(&Login { message: Some(message), ..login(Some(application())) })),
    );
    pages.extend(passwords(&messages));
    pages.extend(warnings());
    pages
}

fn entry<P: Page>(page: &P) -> (&'static str, Value) {
    (P::TEMPLATE, Value::from(Serde(page)))
}

fn login(application: Option<Application>) -> Login {
    Login {
        hidden: hidden(),
        application,
        username: Some("alice".to_owned()),
        password: true,
        backends: vec![Button { name: "partner".to_owned(), label: "Partner ID".to_owned() }],
        message: None,
    }
}

fn passwords(messages: &[Message]) -> Vec<(&'static str, Value)> {
    let words = "Password is in the list of the last five".to_owned();
    let obstacles = [
        Obstacle::Due,
        Obstacle::Mismatch,
        Obstacle::Same,
        Obstacle::Blank,
        Obstacle::Short { least: 8 },
        Obstacle::Long,
        Obstacle::Character,
        Obstacle::Policy { words },
        Obstacle::NotOffered,
        Obstacle::Unsure,
    ];
    let all = obstacles.into_iter().chain(messages.iter().copied().map(Obstacle::Login));
    let page = |message| {
        let username = Some("alice".to_owned());
        entry(&Password {
            hidden: hidden(),
            application: application(),
            username,
            shortest: 8,
            message,
        })
    };
    let spare = Password {
        hidden: hidden(),
        application: spare_application(),
        username: None,
        shortest: 8,
        message: None,
    };
    all.map(Some).map(page).chain([entry(&spare)]).collect()
}

fn warnings() -> Vec<(&'static str, Value)> {
    let change = vec![Field::new("pending", "sealed"), Field::new("username", "alice")];
    let page = |expiry, change| {
        entry(&PasswordWarning { hidden: hidden(), application: application(), expiry, change })
    };
    let expiries = [
        Expiry::Days { number: 5 },
        Expiry::Days { number: 1 },
        Expiry::Hours { number: 23 },
        Expiry::Hours { number: 1 },
        Expiry::Soon,
        Expiry::Logins { number: 2 },
        Expiry::Logins { number: 1 },
        Expiry::Logins { number: 0 },
    ];
    expiries
        .into_iter()
        .flat_map(|left| [page(left, None), page(left, Some(change.clone()))])
        .collect()
}

fn consent() -> Consent {
    let scope = |name: &str, description: Option<&str>| Scope {
        name: name.to_owned(),
        description: description.map(str::to_owned),
    };
    Consent {
        hidden: hidden(),
        application: application(),
        person: person(),
        scopes: vec![
            scope("openid", None),
            scope("profile", None),
            scope("offline_access", None),
            scope("orders", Some("Read and place orders in your name")),
            scope("urn:example:reports", None),
        ],
        claims: vec!["birthdate".to_owned(), "employee_number".to_owned()],
        offline: true,
    }
}

fn form_posts() -> Vec<(&'static str, Value)> {
    let fields = vec![Field::new("code", "c0de"), Field::new("state", "af0ifjsldkj")];
    let page = |application| {
        let action = "https://client.example/callback?from=here".to_owned();
        entry(&FormPost { action, fields: fields.clone(), application })
    };
    vec![page(Some(application())), page(None)]
}

fn hidden() -> Vec<Field> {
    vec![Field::new("pending", "sealed")]
}

fn person() -> Person {
    Person { name: "Alice Example".to_owned(), username: Some("alice".to_owned()) }
}

fn application() -> Application {
    Application {
        name: "Harbour Portal".to_owned(),
        logo: link("https://client.example/logo.svg"),
        policy: link("https://client.example/privacy"),
        terms: link("https://client.example/terms"),
    }
}

fn spare_application() -> Application {
    Application { name: "Harbour Portal".to_owned(), logo: None, policy: None, terms: None }
}

fn link(address: &str) -> Option<Link> {
    Link::parse(address)
}

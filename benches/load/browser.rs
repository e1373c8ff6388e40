//! The one login: through the login form and the consent form, as a person does it.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};
use url::form_urlencoded::Serializer;

use crate::Anyhow;
use crate::flows::authorization;
use crate::provider::{PASSWORD, Provider, REDIRECT_URI, USERNAME};
use crate::wire::{Answer, Wire};

/// Pages and redirects between a request and its answer, at most.
const LONGEST_WAY: usize = 12;

/// The cookies of a browser that is logged in and has consented.
#[derive(Default)]
pub struct Session(BTreeMap<String, String>);

impl Session {
    /// As a header line.
    pub fn header(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("Cookie: {}\r\n", pairs.join("; ")) }
    }

    /// Takes the cookies that an answer sets, and forgets those that it deletes.
    pub fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or(cookie);
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() || cookie.to_ascii_lowercase().contains("max-age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Logs in and consents to everything that the flows ask for.
pub async fn log_in(provider: &Provider) -> Anyhow<Session> {
    let mut session = Session::default();
    let mut wire = Wire::connect(provider.address).await?;
    let mut answer = wire.get(&authorization(&provider.client_id, "code"), "").await?;
    for _ in 0..LONGEST_WAY {
        session.keep(&answer);
        answer = match answer.location() {
            Ok(location) if location.starts_with(REDIRECT_URI) => return Ok(session),
            Ok(location) => {
                let path = location.strip_prefix(&provider.issuer).unwrap_or(location).to_owned();
                wire.get(&path, &session.header()).await?
            }
            Err(_) => {
                let (action, form) = filled_in(&answer.body)?;
                wire.post(&action, &session.header(), &form).await?
            }
        };
    }
    Err("the login leads nowhere".into())
}

/// The form of the login or consent page, as a person would send it: its action and its fields.
fn filled_in(page: &str) -> Anyhow<(String, String)> {
    let document = Html::parse_document(page);
    let button = select(&document, "#login-submit, #consent-allow")?;
    let form = button
        .ancestors()
        .filter_map(ElementRef::wrap)
        .find(|element| element.value().name() == "form")
        .ok_or("the button stands in no form")?;
    let mut fields = Serializer::new(String::new());
    for input in form.select(&Selector::parse("input[name]").map_err(|error| error.to_string())?) {
        let attribute = |name| input.attr(name).unwrap_or_default();
        match attribute("name") {
            "username" => fields.append_pair("username", USERNAME),
            "password" => fields.append_pair("password", PASSWORD),
            name => fields.append_pair(name, attribute("value")),
        };
    }
    if let Some(name) = button.attr("name") {
        fields.append_pair(name, button.attr("value").unwrap_or_default());
    }
    Ok((form.attr("action").unwrap_or_default().to_owned(), fields.finish()))
}

fn select<'a>(document: &'a Html, selector: &str) -> Anyhow<ElementRef<'a>> {
    let selector = Selector::parse(selector).map_err(|error| error.to_string())?;
    let found = document.select(&selector).next();
    Ok(found.ok_or_else(|| format!("no login or consent page: {}", document.html()))?)
}

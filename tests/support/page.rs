//! A page as the browser shows it, and its forms.

use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// An HTML page of the provider.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

/// A form, ready to be sent.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: Url,
    pub post: bool,
    pub fields: Vec<(String, String)>,
}

impl Page {
    /// What a person reads: all text, without what only the browser reads.
    pub fn text(&self) -> String {
        let document = self.document();
        let mut words = Vec::new();
        for node in document.tree.nodes() {
            let hidden = node.ancestors().any(|above| {
                above.value().as_element().is_some_and(|element| {
                    matches!(element.name(), "script" | "style" | "head" | "noscript" | "template")
                })
            });
            if let (Some(text), false) = (node.value().as_text(), hidden) {
                words.extend(text.split_whitespace().map(str::to_owned));
            }
        }
        words.join(" ")
    }

    /// Whether an element matches a CSS selector.
    pub fn has(&self, selector: &str) -> bool {
        self.document().select(&css(selector)).next().is_some()
    }

    /// An attribute of the first element that matches.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.document()
            .select(&css(selector))
            .next()
            .and_then(|found| found.value().attr(name))
            .map(str::to_owned)
    }

    pub fn asks_for_login(&self) -> bool {
        self.has("input[name=username]")
            && self.has("input[name=password]")
            && self.has("#login-submit")
    }

    pub fn asks_for_consent(&self) -> bool {
        self.has("#consent-allow") && self.has("#consent-deny")
    }

    pub fn asks_for_logout(&self) -> bool {
        self.has("#logout-confirm")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// All of the answer but what differs every time, and without the name that was typed, which also
    /// shows in the length: what a stranger could tell two refusals apart by.
    pub fn told_to_strangers(&self, username: &str) -> (u16, Vec<(String, String)>, String) {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| {
                !["x-request-id", "date", "content-length"].contains(&name.as_str())
            })
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        let pending = self.attribute("input[name=pending]", "value").unwrap_or_default();
        let html = self.html.replace(&pending, "PENDING").replace(username, "NAME");
        (self.status, headers, html)
    }

    /// The form around the element that matches.
    pub fn form(&self, selector: &str) -> Option<Form> {
        let document = self.document();
        let inside = document.select(&css(selector)).next()?;
        let form = inside
            .ancestors()
            .filter_map(ElementRef::wrap)
            .find(|above| above.value().name() == "form")?;
        Some(self.read(form))
    }

    /// The one form that would leave for another origin by itself (OAuth 2.0 Form Post Response Mode).
    pub fn departing_form(&self) -> Option<Form> {
        let document = self.document();
        let forms: Vec<_> = document.select(&css("form")).map(|form| self.read(form)).collect();
        let form = forms.first()?;
        (forms.len() == 1 && form.action.origin() != self.url.origin()).then(|| form.clone())
    }

    fn read(&self, form: ElementRef<'_>) -> Form {
        let attribute = |name| form.value().attr(name);
        // An empty action means the page itself.
        let action = attribute("action")
            .map_or_else(|| self.url.clone(), |action| self.url.join(action).unwrap());
        let post = attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let inputs = css("input[name], textarea[name]");
        let fields = form.select(&inputs).filter_map(|input| {
            let attribute = |name| input.value().attr(name);
            let kind = attribute("type").unwrap_or("text");
            let chosen = !matches!(kind, "checkbox" | "radio") || attribute("checked").is_some();
            let sent = chosen && !matches!(kind, "submit" | "button" | "image" | "reset");
            let value = attribute("value").unwrap_or(if kind == "checkbox" { "on" } else { "" });
            sent.then(|| (attribute("name").unwrap().to_owned(), value.to_owned()))
        });
        Form { action, post, fields: fields.collect() }
    }

    /// Presses a button: its form, with the button's own name and value if it has them.
    pub fn press(&self, selector: &str) -> Form {
        let mut form = self
            .form(selector)
            .unwrap_or_else(|| panic!("no form around {selector} in\n{}", self.html));
        let attribute = |name| self.attribute(selector, name);
        if let Some(name) = attribute("name") {
            form.fields.push((name, attribute("value").unwrap_or_default()));
        }
        if let Some(action) = attribute("formaction") {
            form.action = self.url.join(&action).unwrap();
        }
        form
    }

    fn document(&self) -> Html {
        Html::parse_document(&self.html)
    }
}

impl Form {
    /// Types into a field that the form has.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(known, _)| known == name);
        let (_, text) = field.unwrap_or_else(|| panic!("the form has no field {name}"));
        value.clone_into(text);
        self
    }
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"))
}

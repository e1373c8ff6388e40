//! A person's browser, without scripts: it follows redirects one by one, keeps cookies, and sends forms.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use reqwest::{Method, StatusCode, header};
use url::Url;

use super::answer::Answer;
use super::app::Request;
use super::cookies::{Cookie, Initiator, Jar};
use super::op::password_of;
use super::page::{Form, Page};
use super::time::Time;

/// Clones are further tabs of the same browser.
#[derive(Clone)]
pub struct Browser(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    home: Url,
    time: Time,
    jar: Mutex<Jar>,
    history: Mutex<Vec<String>>,
}

/// A way through the provider's pages: where it starts and what the person does on each page.
/// Awaiting it walks it.
#[must_use = "a visit happens when it is awaited"]
pub struct Visit {
    browser: Browser,
    start: Start,
    request: Option<Request>,
    steps: Vec<Step>,
}

enum Start {
    Url(Url),
    Post(Url, Vec<(String, String)>),
    Page(Box<Page>),
}

enum Step {
    LogIn { username: String, password: String },
    ChangePassword { current: String, new: String },
    Press(&'static str),
    LogInIfAsked(String),
    ConsentIfAsked,
}

/// Where a visit has led to.
#[derive(Clone)]
pub struct Arrival {
    pub browser: Browser,
    request: Option<Request>,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Here(Box<Page>),
    /// Another origin, with the fields if the browser was sent there by a form.
    Away {
        url: Url,
        posted: Option<Vec<(String, String)>>,
    },
}

impl Browser {
    pub fn new(http: reqwest::Client, home: Url, time: Time) -> Self {
        let (jar, history) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { http, home, time, jar, history }))
    }

    /// A browser for the provider at this address, in another process.
    pub fn at(http: &reqwest::Client, home: &str) -> Self {
        Self::new(http.clone(), Url::parse(home).unwrap(), Time::new())
    }

    /// An application sends the person to the authorization endpoint.
    pub fn authorize(&self, request: impl Into<Request>) -> Visit {
        let request: Request = request.into();
        let start = if request.by_post {
            Start::Post(request.endpoint(), request.parameters.clone())
        } else {
            Start::Url(request.url())
        };
        self.start(start, Some(request))
    }

    /// A link on another site leads to `place`: a path, or a URL of the provider.
    pub fn visit(&self, place: &str) -> Visit {
        self.start(Start::Url(self.0.home.join(place).unwrap()), None)
    }

    fn start(&self, start: Start, request: Option<Request>) -> Visit {
        Visit { browser: self.clone(), start, request, steps: Vec::new() }
    }

    /// The cookies it holds, with their attributes.
    pub fn cookies(&self) -> Vec<(String, Cookie)> {
        self.jar().all().clone().into_iter().collect()
    }

    /// All that it has seen, for messages.
    pub fn history(&self) -> String {
        self.0.history.lock().unwrap().join("\n")
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.0.jar.lock().unwrap()
    }

    fn note(&self, line: String) {
        self.0.history.lock().unwrap().push(line);
    }

    /// Sends a form, and follows where it leads. A page that confines its forms confines the whole
    /// chain of redirects: a browser stops there, so we do.
    pub async fn send(&self, page: &Page, form: Form) -> Arrival {
        let place = if form.post {
            self.go(Method::POST, form.action, Some(form.fields), Initiator::SameSite).await
        } else {
            let mut url = form.action;
            url.query_pairs_mut().clear().extend_pairs(&form.fields);
            self.go(Method::GET, url, None, Initiator::SameSite).await
        };
        let confined = page.header("content-security-policy").contains("form-action 'self'");
        if let (Place::Away { url, .. }, true) = (&place, confined) {
            panic!(
                "form-action 'self' of {} keeps a browser from going to {url}\n{}",
                page.url,
                self.history()
            );
        }
        Arrival { browser: self.clone(), request: None, place }
    }

    async fn go(
        &self,
        mut method: Method,
        mut url: Url,
        mut fields: Option<Vec<(String, String)>>,
        mut initiator: Initiator,
    ) -> Place {
        for _ in 0..20 {
            if url.origin() != self.0.home.origin() {
                self.note(format!(
                    "  away to {url} {}",
                    fields.as_ref().map(|_| "(posted)").unwrap_or_default()
                ));
                return Place::Away { url, posted: fields };
            }
            let now = self.0.time.seconds();
            let mut request = self.0.http.request(method.clone(), url.clone());
            if let Some(cookies) = self.jar().header(&url, initiator, now) {
                request = request.header(header::COOKIE, cookies);
            }
            if let Some(fields) = &fields {
                request = request.form(fields);
                request = request.header(header::ORIGIN, self.origin(initiator));
            }
            let response = request
                .send()
                .await
                .unwrap_or_else(|error| panic!("{url}: {error}\n{}", self.history()));
            let (status, headers) = (response.status(), response.headers().clone());
            for cookie in headers.get_all(header::SET_COOKIE) {
                self.jar().set(cookie.to_str().unwrap(), &url, now);
            }
            let location =
                headers.get(header::LOCATION).map(|location| location.to_str().unwrap().to_owned());
            self.note(format!(
                "{method} {url} -> {} {}",
                status.as_u16(),
                location.clone().unwrap_or_default()
            ));
            let Some(location) = location.filter(|_| status.is_redirection()) else {
                let html = response.text().await.unwrap();
                return self.show(Page { url, status: status.as_u16(), headers, html });
            };
            let fragment = url.fragment().map(str::to_owned);
            url =
                url.join(&location).unwrap_or_else(|error| panic!("Location: {location}: {error}"));
            if url.fragment().is_none() {
                url.set_fragment(fragment.as_deref());
            }
            if !matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                (method, fields) = (Method::GET, None);
            }
            if let Initiator::CrossSite { .. } = initiator {
                initiator = Initiator::CrossSite { safe: method == Method::GET };
            }
        }
        panic!("redirected in a circle\n{}", self.history());
    }

    fn origin(&self, initiator: Initiator) -> String {
        match initiator {
            Initiator::SameSite => self.0.home.origin().ascii_serialization(),
            Initiator::CrossSite { .. } => "https://app.example.test".to_owned(),
        }
    }

    fn show(&self, page: Page) -> Place {
        if !page.header("content-type").starts_with("text/html") {
            self.note(page.html.chars().take(2000).collect());
            return Place::Here(Box::new(page));
        }
        self.note(format!("  shows: {}", page.text().chars().take(600).collect::<String>()));
        let policy = page.header("content-security-policy");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{}", self.history());
        assert_eq!(page.header("cache-control"), "no-store", "{}", self.history());
        assert!(policy.contains("default-src 'none'"), "policy {policy:?}\n{}", self.history());
        assert!(policy.contains("frame-ancestors 'none'"), "policy {policy:?}\n{}", self.history());
        match page.departing_form() {
            Some(form) => {
                assert!(
                    !policy.contains("form-action"),
                    "form-action on a page that leaves\n{}",
                    self.history()
                );
                assert!(
                    page.has("script") && page.has("noscript button, form button"),
                    "{}",
                    page.html
                );
                self.note(format!("  away to {} (posted)", form.action));
                Place::Away { url: form.action, posted: Some(form.fields) }
            }
            None => Place::Here(Box::new(page)),
        }
    }
}

impl Visit {
    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Types the name and the right password into the login page.
    pub fn log_in(self, username: &str) -> Self {
        self.log_in_with(username, &password_of(username))
    }

    /// Types this name and password into the login page.
    pub fn log_in_with(self, username: &str, password: &str) -> Self {
        self.then(Step::LogIn { username: username.to_owned(), password: password.to_owned() })
    }

    /// Types the present password and a new one, twice, into the password page.
    pub fn change_password(self, current: &str, new: &str) -> Self {
        self.then(Step::ChangePassword { current: current.to_owned(), new: new.to_owned() })
    }

    /// Presses Allow on the consent page.
    pub fn consent(self) -> Self {
        self.press("#consent-allow")
    }

    /// Presses Deny on the consent page.
    pub fn deny(self) -> Self {
        self.press("#consent-deny")
    }

    /// Confirms on the sign-out page.
    pub fn confirm(self) -> Self {
        self.press("#logout-confirm")
    }

    /// Presses a button that the page must have.
    pub fn press(self, selector: &'static str) -> Self {
        self.then(Step::Press(selector))
    }

    /// Logs in and allows whatever is asked, if it is asked.
    pub fn through(self, username: &str) -> Self {
        self.then(Step::LogInIfAsked(username.to_owned())).then(Step::ConsentIfAsked)
    }
}

impl IntoFuture for Visit {
    type Output = Arrival;
    type IntoFuture = Pin<Box<dyn Future<Output = Arrival> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { browser, start, request, steps } = self;
            let place = match start {
                Start::Url(url) => {
                    browser.go(Method::GET, url, None, Initiator::CrossSite { safe: true }).await
                }
                Start::Post(url, fields) => {
                    browser
                        .go(Method::POST, url, Some(fields), Initiator::CrossSite { safe: false })
                        .await
                }
                Start::Page(page) => Place::Here(page),
            };
            let mut arrival = Arrival { browser, request, place };
            for step in steps {
                arrival = arrival.step(step).await;
            }
            arrival
        })
    }
}

impl Arrival {
    async fn step(self, step: Step) -> Self {
        let form = match step {
            Step::LogIn { username, password } => self.login_form(&username, &password),
            Step::ChangePassword { current, new } => self
                .page()
                .press("#password-submit")
                .fill("current_password", &current)
                .fill("new_password", &new)
                .fill("repeated_password", &new),
            Step::LogInIfAsked(username) if self.is_at(Page::asks_for_login) => {
                self.login_form(&username, &password_of(&username))
            }
            Step::Press(selector) => {
                assert!(
                    self.page().has(selector),
                    "no {selector} here\n{}",
                    self.browser.history()
                );
                self.page().press(selector)
            }
            Step::ConsentIfAsked if self.is_at(Page::asks_for_consent) => {
                self.page().press("#consent-allow")
            }
            Step::LogInIfAsked(_) | Step::ConsentIfAsked => return self,
        };
        let next = self.browser.send(self.page(), form).await;
        Self { request: self.request, ..next }
    }

    fn login_form(&self, username: &str, password: &str) -> Form {
        assert!(
            self.page().asks_for_login(),
            "this is not the login page\n{}",
            self.browser.history()
        );
        self.page().press("#login-submit").fill("username", username).fill("password", password)
    }

    fn is_at(&self, kind: impl Fn(&Page) -> bool) -> bool {
        matches!(&self.place, Place::Here(page) if kind(page))
    }

    /// The page that is shown; a failure if the browser has left the provider.
    pub fn page(&self) -> &Page {
        match &self.place {
            Place::Here(page) => page,
            Place::Away { url, .. } => {
                panic!("no page is shown: away at {url}\n{}", self.browser.history())
            }
        }
    }

    /// The page that is shown, which must be an error page with this status.
    pub fn error_page(&self, status: u16) -> &Page {
        let page = self.page();
        let asks = page.asks_for_login() || page.asks_for_consent() || page.asks_for_logout();
        assert!(
            page.status == status && !asks,
            "not an error page with {status}\n{}",
            self.browser.history()
        );
        page
    }

    /// The foreign URL to which the browser has gone.
    pub fn away(&self) -> &Url {
        match &self.place {
            Place::Away { url, .. } => url,
            Place::Here(_) => panic!("the browser has not left\n{}", self.browser.history()),
        }
    }

    /// The fields of the form by which the browser was sent there.
    pub fn posted(&self) -> &[(String, String)] {
        match &self.place {
            Place::Away { posted: Some(fields), .. } => fields,
            _ => panic!("nothing was posted\n{}", self.browser.history()),
        }
    }

    pub fn has_left(&self) -> bool {
        matches!(self.place, Place::Away { .. })
    }

    /// The authorization response that the browser has brought to the application, checked as every
    /// application must check it.
    pub fn answer(&self) -> Answer {
        let Place::Away { url, posted } = &self.place else {
            panic!("no authorization response\n{}", self.browser.history());
        };
        let request = self.request.clone().expect("the visit began with an authorization request");
        Answer::read(request, url, posted.as_deref())
            .unwrap_or_else(|problem| panic!("{problem}\n{}", self.browser.history()))
    }

    /// The `code` of the response.
    pub fn code(&self) -> super::Code {
        self.answer().code()
    }

    /// The `error` of the response.
    pub fn error(&self) -> String {
        self.answer().error()
    }

    fn go_on(self) -> Visit {
        let start = Start::Page(Box::new(self.page().clone()));
        Visit { browser: self.browser, start, request: self.request, steps: Vec::new() }
    }

    /// Goes on from this page; see [`Visit::log_in`].
    pub fn log_in(self, username: &str) -> Visit {
        self.go_on().log_in(username)
    }

    /// Goes on from this page; see [`Visit::change_password`].
    pub fn change_password(self, current: &str, new: &str) -> Visit {
        self.go_on().change_password(current, new)
    }

    /// Goes on from this page; see [`Visit::press`].
    pub fn press(self, selector: &'static str) -> Visit {
        self.go_on().press(selector)
    }
}

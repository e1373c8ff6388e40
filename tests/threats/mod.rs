//! What went wrong at other providers, tried here over HTTP. The ids in the comments name the threat; what is pure is tested
//! beside the code that guards it, so here stands what only a whole provider can show.

mod artefacts;
mod clients;
mod clocks;
mod codes;
mod failures;
mod floods;
mod hosts;
mod lockout;
mod logs;
mod passwords;
mod redirects;
mod refresh;
mod sessions;
mod signatures;

use reqwest::header;
use tokio::task::JoinSet;

use crate::support::{App, Arrival, Browser, Op, Page, Tokens};

/// Does the same many times at once.
async fn at_once<T, F>(times: usize, act: impl Fn() -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for _ in 0..times {
        tasks.spawn(act());
    }
    tasks.join_all().await
}

/// Alice's tokens for the application, a refresh token among them that outlives the session.
async fn offline(browser: &Browser, app: &App) -> Tokens {
    let request = app.request().scope("openid offline_access").prompt("consent");
    let code = browser.authorize(request).through("alice").await.code();
    app.redeem(&code).await.tokens()
}

/// The page that refuses, and sends nobody anywhere.
fn stays(arrival: &Arrival) -> &Page {
    let page = arrival.error_page(400);
    assert!(!page.headers.contains_key(header::LOCATION), "{:?}", page.headers);
    page
}

/// Whether the browser has a session: asked as an application would ask.
async fn is_signed_in(browser: &Browser, app: &App) -> bool {
    let arrival = browser.authorize(app.request().prompt("none")).await;
    match arrival.answer().get("error") {
        Some("login_required") => false,
        None | Some("consent_required") => true,
        Some(other) => panic!("{other}"),
    }
}

/// The cookies as the browser would send them to its provider.
fn cookies(browser: &Browser) -> String {
    let pairs =
        browser.cookies().into_iter().map(|(name, cookie)| format!("{name}={}", cookie.value));
    pairs.collect::<Vec<_>>().join("; ")
}

/// The value of the cookie with this name, `__Host-` or not.
fn cookie(browser: &Browser, name: &str) -> String {
    let cookies = browser.cookies();
    let found = cookies.into_iter().find(|(known, _)| known.trim_start_matches("__Host-") == name);
    found.unwrap_or_else(|| panic!("no cookie {name}")).1.value
}

/// The status of a form sent without cookies.
async fn post(op: &Op, place: &str, form: &[(&str, &str)]) -> reqwest::Response {
    op.http().post(op.url(place)).form(form).send().await.unwrap()
}

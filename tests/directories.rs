//! People of real directories: OpenLDAP, Samba as Active Directory, 389 Directory Server.
//!
//! Each story runs the whole provider, configured as an administrator would, against a server that
//! `vestibule_counterparts` starts or that `tests/run` has started.

mod changes;
mod configured;
mod crowd;
mod outages;
mod passwords;
mod sign_on;
mod states;

use vestibule_counterparts::password_of;

use crate::support::{App, Op, Page, Tokens};

/// The login page after a try, in a browser that is not known.
async fn attempt(op: &Op, app: &App, username: &str, password: &str) -> Page {
    op.browser().authorize(app).log_in_with(username, password).await.page().clone()
}

/// The tokens of somebody who logs in with the right password, and allows what the application asks.
async fn sign_on(op: &Op, app: &App, username: &str, scope: &str) -> Tokens {
    let request = app.request().scope(scope).prompt("consent");
    let browser = op.browser();
    let consent = browser.authorize(request).log_in_with(username, &password_of(username)).await;
    let code = consent.press("#consent-allow").await.code();
    app.redeem(&code).await.tokens()
}

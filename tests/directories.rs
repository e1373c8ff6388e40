//! People of real directories: OpenLDAP, Samba as Active Directory, 389 Directory Server, and tables of
//! other products.
//!
//! Each story runs the whole provider, configured as an administrator would, against a server that
//! `vestibule_counterparts` starts or that `tests/run` has started.

mod changes;
mod configured;
mod crowd;
mod missed;
mod network;
mod outages;
mod passwords;
mod several;
mod sign_on;
mod states;
mod tables;

use std::collections::BTreeSet;

use serde_json::{Value, json};
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

/// What the application learns of somebody: from the ID Token, and from userinfo, which must agree.
async fn learnt(op: &Op, app: &App, username: &str) -> Value {
    let claims = json!({ "id_token": { "name": null, "email": null, "groups": null } }).to_string();
    let request = app
        .request()
        .scope("openid profile email groups")
        .with("claims", &claims)
        .prompt("consent");
    let login = op.browser().authorize(request).log_in_with(username, &password_of(username));
    let tokens = app.redeem(&login.await.press("#consent-allow").await.code()).await.tokens();
    let id_token = tokens.id_token().await;
    let userinfo = app.userinfo(&tokens.access_token).await.success();
    for claim in ["sub", "name", "email", "groups"] {
        assert_eq!(userinfo.get(claim), id_token.get(claim), "{claim} of {username}");
    }
    userinfo
}

/// Groups in no order: directories have none.
fn groups(userinfo: &Value) -> BTreeSet<&str> {
    let groups = userinfo["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    groups.iter().map(|group| group.as_str().unwrap()).collect()
}

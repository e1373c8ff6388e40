//! The network between the provider and its directory is slow, or loses connections.

use std::time::Duration;

use vestibule_counterparts::{Proxy, Slapd, password_of};

use super::configured::{openldap, provider};
use super::outages::{Logins, TIMEOUTS, served_again};
use super::{attempt, sign_on};
use crate::support::{App, Op};

/// A provider whose one host is behind a proxy.
async fn behind_a_proxy() -> (Slapd, Proxy, Op, App) {
    let server = Slapd::start().await;
    let proxy = Proxy::to(server.tls_address()).await;
    let url = format!("ldaps://{}", proxy.address());
    let config = openldap("staff", &server, &[url], TIMEOUTS);
    let config = format!("[login]\nattempts_per_address = 10000\n{config}");
    let (op, app) = provider(&[&config]).await;
    (server, proxy, op, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_between_logins_refuse_nobody() {
    let (_server, proxy, op, app) = behind_a_proxy().await;
    for name in ["alice", "bob", "tessa"] {
        sign_on(&op, &app, name, "openid").await;
        // A firewall forgets them, and nobody is told.
        proxy.cut();
    }
    sign_on(&op, &app, "nora", "openid").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_makes_logins_slow_and_refuses_nobody() {
    let (_server, proxy, op, app) = behind_a_proxy().await;
    let logins = Logins::begin(&op, &app);
    logins.more(8).await;
    proxy.delay(Duration::from_millis(100));
    logins.more(8).await;
    logins.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_is_an_outage_and_then_over() {
    let (_server, proxy, op, app) = behind_a_proxy().await;
    let tokens = sign_on(&op, &app, "alice", "openid offline_access").await;
    op.time.pass_seconds(60);
    proxy.freeze();
    assert_eq!(attempt(&op, &app, "alice", &password_of("alice")).await.status, 503);
    assert_eq!(app.refresh(tokens.refresh_token()).await.status, 503);
    proxy.thaw();
    served_again(&op, &app).await;
    app.refresh(tokens.refresh_token()).await.tokens();
}

// Half an answer is none: nobody is let in by it, and nobody is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_stops_in_the_middle_decides_nothing() {
    let server = Slapd::start().await;
    let proxy = Proxy::to(server.address()).await;
    let plain = openldap("staff", &server, &[format!("ldap://{}", proxy.address())], TIMEOUTS)
        .replace(&format!("ca = {:?}", server.ca_file()), "security = \"plaintext\"");
    let (op, app) = provider(&[&plain]).await;
    sign_on(&op, &app, "alice", "openid").await;
    // In the answer to the bind of the service account, behind it, and in the entry.
    for bytes in [1, 10, 30, 100] {
        proxy.swallow_after(Some(bytes));
        proxy.cut();
        let page = attempt(&op, &app, "alice", &password_of("alice")).await;
        assert_eq!(page.status, 503, "{bytes}: {}", page.text());
    }
    proxy.swallow_after(None);
    proxy.cut();
    served_again(&op, &app).await;
}

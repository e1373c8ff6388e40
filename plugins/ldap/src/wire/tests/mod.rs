//! The wire against real servers, bad networks and servers that mean harm.

mod failover;
mod fake;
mod hostile;
mod pools;
mod probe;
mod repeats;
mod srv;
mod tls;
mod told;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ldap3::SearchEntry;
use serde_json::{Value, json};
use vestibule_counterparts::{Proxy, Slapd, password_of};
use vestibule_plugin::{Host, HostState, Password, Unavailable};

use super::{Bound, Search, Wire};
use crate::settings::{BadOption, Scope, Settings};

/// A wire with these options, and the usual account.
fn open(options: Value) -> Result<Wire, BadOption> {
    let mut all = json!({
        "base": "dc=example,dc=test",
        "bind_dn": Slapd::SERVICE_DN,
        "bind_password": Slapd::SERVICE_PASSWORD,
    });
    let (Value::Object(all), Value::Object(options)) = (&mut all, options) else {
        panic!("objects")
    };
    all.extend(options);
    all.retain(|_, value| !value.is_null());
    Wire::open(&Settings::parse(all)?, "staff")
}

/// A wire in the open to these servers, which waits for seconds only where it must.
fn plain(urls: &[String]) -> Wire {
    plain_with(urls, json!({}))
}

fn plain_with(urls: &[String], more: Value) -> Wire {
    let mut options = json!({
        "url": urls,
        "security": "plaintext",
        "connect_timeout": "300ms",
        "operation_timeout": "800ms",
    });
    let (Value::Object(all), Value::Object(more)) = (&mut options, more) else { panic!("objects") };
    all.extend(more);
    open(options).unwrap()
}

fn through(proxy: &Proxy) -> String {
    format!("ldap://{}", proxy.address())
}

async fn find(wire: &Wire, name: &str) -> Result<Vec<SearchEntry>, Unavailable> {
    let filter = format!("(uid={name})");
    let base = "ou=people,dc=example,dc=test";
    let attributes = &["cn"];
    let search = Search { base, scope: Scope::Subtree, filter: &filter, attributes, limit: 10 };
    wire.search(&search).await
}

async fn bind(wire: &Wire, name: &str) -> Result<Bound, Unavailable> {
    let dn = format!("uid={name},ou=people,dc=example,dc=test");
    wire.bind(&dn, &Password::parse(password_of(name)).unwrap()).await
}

async fn bind_wrongly(wire: &Wire, name: &str) -> Result<Bound, Unavailable> {
    let dn = format!("uid={name},ou=people,dc=example,dc=test");
    wire.bind(&dn, &Password::parse("wrong".to_owned()).unwrap()).await
}

/// As a login does it: somebody is searched, and binds.
async fn log_in(wire: &Wire, name: &str) -> Result<(), Unavailable> {
    assert_eq!(find(wire, name).await?.len(), 1);
    assert_eq!(bind(wire, name).await?.answer.code, 0);
    Ok(())
}

fn host(wire: &Wire, index: usize) -> Host {
    wire.hosts().swap_remove(index)
}

fn is_down(wire: &Wire, index: usize) -> bool {
    matches!(host(wire, index).state, HostState::Down { .. })
}

/// Waits until it is so, and not for ever.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < Duration::from_secs(5), "not within 5 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

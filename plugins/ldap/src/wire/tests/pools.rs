//! Connections are kept, shared in turn, replaced when they broke, and never left with an answer on
//! its way.

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn a_warm_login_opens_no_connection() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    log_in(&wire, "alice").await.unwrap();
    assert_eq!(proxy.connections(), 2, "one that searches, and one to bind on");
    for _ in 0..20 {
        log_in(&wire, "alice").await.unwrap();
        log_in(&wire, "bob").await.unwrap();
        wire.health().await.unwrap();
    }
    assert_eq!(proxy.connections(), 2);
    let pool = host(&wire, 0).pool.unwrap();
    assert_eq!((pool.open, pool.idle, pool.waiting), (2, 2, 0));
}

#[tokio::test]
async fn a_wrong_password_costs_no_connection_and_leaves_no_trace() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    for _ in 0..3 {
        let wrong = bind_wrongly(&wire, "alice");
        assert_eq!(wrong.await.unwrap().answer.code, 49);
        assert_eq!(bind(&wire, "alice").await.unwrap().answer.code, 0);
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    proxy.delay(Duration::from_millis(2));
    let wire =
        plain_with(&[through(&proxy)], json!({ "connections": 3, "operation_timeout": "10s" }));
    let mut logins = JoinSet::new();
    for _ in 0..40 {
        let wire = wire.clone();
        logins.spawn(async move { log_in(&wire, "alice").await });
    }
    for login in logins.join_all().await {
        login.unwrap();
    }
    assert!(proxy.connections() <= 6, "{} connections", proxy.connections());
    assert_eq!(host(&wire, 0).pool.unwrap().most, 6);
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_hears_that_we_are_busy() {
    let slapd = Slapd::start().await;
    let wire = plain_with(&[slapd.url()], json!({ "connections": 1 }));
    let held = bind(&wire, "alice").await.unwrap();
    let begin = Instant::now();
    let busy = bind(&wire, "bob").await;
    assert!(matches!(busy, Err(Unavailable::Busy)));
    assert!(begin.elapsed() < Duration::from_millis(1300));
    assert!(!is_down(&wire, 0), "a host that has much to do is not dead");
    drop(held);
    assert_eq!(bind(&wire, "bob").await.unwrap().answer.code, 0);
}

#[tokio::test]
async fn more_can_be_asked_as_the_person_who_bound() {
    let slapd = Slapd::start().await;
    let wire = plain(&[slapd.url()]);
    let mut bound = bind(&wire, "alice").await.unwrap();
    let dn = slapd.dn("alice");
    let own = Search {
        base: &dn,
        scope: Scope::Base,
        filter: "(objectClass=*)",
        attributes: &["uid"],
        limit: 1,
    };
    assert_eq!(bound.search(&own).await.unwrap().len(), 1);
    let others = Search { base: &slapd.dn("bob"), ..own };
    assert_eq!(bound.search(&others).await.unwrap().len(), 0, "alice may not read bob");
}

#[tokio::test]
async fn a_restart_of_the_server_costs_nobody_a_login() {
    let mut slapd = Slapd::start().await;
    let wire = plain(&[slapd.url()]);
    for _ in 0..3 {
        log_in(&wire, "alice").await.unwrap();
        slapd.restart().await;
    }
    log_in(&wire, "alice").await.unwrap();
    assert!(!is_down(&wire, 0));
}

/// The connection is closed while the question is on its way: it is asked again on a new one.
#[tokio::test]
async fn a_connection_that_breaks_is_replaced_without_costing_the_login() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    for round in 0..10 {
        log_in(&wire, "alice").await.unwrap();
        // Cut at the same moment, and not before: what was closed long ago is noticed early.
        let (login, ()) = tokio::join!(log_in(&wire, "alice"), async { proxy.cut() });
        login.unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
    assert!(!is_down(&wire, 0));
}

// LD5
#[tokio::test]
async fn a_connection_whose_answer_nobody_awaited_is_never_used_again() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    log_in(&wire, "alice").await.unwrap();
    proxy.delay(Duration::from_millis(150));
    // The answers of these are on their way when nobody waits for them any more.
    let gone = timeout(Duration::from_millis(50), find(&wire, "alice")).await;
    assert!(gone.is_err());
    let gone = timeout(Duration::from_millis(50), bind(&wire, "alice")).await;
    assert!(gone.is_err());
    assert_eq!(host(&wire, 0).pool.unwrap().open, 0, "both are closed");
    proxy.delay(Duration::ZERO);
    let found = find(&wire, "bob").await.unwrap();
    assert!(found[0].dn.starts_with("uid=bob,"), "{}", found[0].dn);
    let wrong = bind_wrongly(&wire, "bob");
    assert_eq!(wrong.await.unwrap().answer.code, 49, "not the answer that alice's password had");
    assert_eq!(proxy.connections(), 4);
}

#[tokio::test]
async fn more_entries_than_wanted_are_an_error_and_cost_only_their_connection() {
    let slapd = Slapd::start().await;
    let wire = plain(&[slapd.url()]);
    let people = Search {
        base: "ou=people,dc=example,dc=test",
        scope: Scope::Subtree,
        filter: "(uid=*)",
        attributes: &["uid"],
        limit: 2,
    };
    let error = wire.search(&people).await.unwrap_err();
    assert!(error.to_string().contains("more than 2 entries"), "{error}");
    assert!(wire.search(&Search { limit: 1000, ..people }).await.unwrap().len() > 5);
    assert!(!is_down(&wire, 0));
}

#[tokio::test]
async fn a_base_that_is_not_there_is_a_fault_and_an_entry_that_is_not_there_is_not_found() {
    let slapd = Slapd::start().await;
    let wire = plain(&[slapd.url()]);
    let nowhere = Search {
        base: "ou=nowhere,dc=example,dc=test",
        scope: Scope::Subtree,
        filter: "(uid=alice)",
        attributes: &["uid"],
        limit: 2,
    };
    let entry = Search { scope: Scope::Base, ..nowhere };
    assert_eq!(wire.search(&entry).await.unwrap().len(), 0);
    for scope in [Scope::One, Scope::Subtree] {
        let fault = wire.search(&Search { scope, ..nowhere }).await.unwrap_err().to_string();
        assert!(fault.contains("the base ou=nowhere,dc=example,dc=test is not there"), "{fault}");
    }
    assert!(!is_down(&wire, 0));
}

#[tokio::test]
async fn a_service_account_that_is_refused_is_told_to_the_operator_without_its_password() {
    let slapd = Slapd::start().await;
    let wire = plain_with(&[slapd.url()], json!({ "bind_password": "canary-83" }));
    let error = find(&wire, "alice").await.unwrap_err().to_string();
    assert!(error.contains("cn=svc,dc=example,dc=test is refused with result 49"), "{error}");
    assert!(!error.contains("canary") && !format!("{:?}", wire.hosts()).contains("canary"));
}

/// Directories lock an account after a few wrong passwords; this one has to find everybody else.
#[tokio::test]
async fn a_refused_service_account_is_not_locked_by_a_busy_morning() {
    let slapd = Slapd::start().await;
    let wire = plain_with(&[slapd.url()], json!({ "bind_password": "wrong" }));
    for _ in 0..3 {
        let mut logins = JoinSet::new();
        for _ in 0..30 {
            let wire = wire.clone();
            logins.spawn(async move { log_in(&wire, "alice").await });
        }
        assert!(logins.join_all().await.iter().all(Result::is_err));
    }
    assert_eq!(slapd.log().matches(" BIND dn=").count(), 1, "{}", slapd.log());
}

#[tokio::test]
async fn the_host_that_refuses_the_service_account_is_asked_again_in_its_time() {
    let slapd = Slapd::start().await;
    let wire = plain_with(&[slapd.url()], json!({ "bind_password": "later-Passw0rd" }));
    assert!(find(&wire, "alice").await.is_err());
    let dn = Slapd::SERVICE_DN;
    let password = "replace: userPassword\nuserPassword: later-Passw0rd";
    slapd.change(&format!("dn: {dn}\nchangetype: modify\n{password}\n")).await;
    // Whom an administrator gave a password may do nothing but change it.
    let demand = "demands a new password of the service account cn=svc,dc=example,dc=test";
    until("it is told in words", async || {
        find(&wire, "alice").await.unwrap_err().to_string().contains(demand)
    })
    .await;
    slapd.change(&format!("dn: {dn}\nchangetype: modify\ndelete: pwdReset\n")).await;
    until("it is let in", async || find(&wire, "alice").await.is_ok()).await;
}

/// A firewall forgets a connection without telling either side.
#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_asked_something_small_first() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    wire.hosts.known()[0].grow_old(5, Duration::from_secs(61)).await;
    assert_eq!(proxy.connections(), 5);
    // The old connections have had more answers than this, and get no more; a new one does.
    proxy.swallow_after(Some(600));
    let begin = Instant::now();
    assert_eq!(find(&wire, "alice").await.unwrap().len(), 1);
    assert!(begin.elapsed() < Duration::from_millis(700), "not one after the other");
    assert_eq!(proxy.connections(), 6);
    proxy.swallow_after(None);
    wire.hosts.known()[0].grow_old(1, Duration::from_secs(301)).await;
    wire.health().await.unwrap();
    assert_eq!(proxy.connections(), 7, "the one before was closed");
}

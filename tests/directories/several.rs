//! Several backends together: each has its own people, and its own bad days.

use vestibule_counterparts::{Slapd, password_of};

use super::configured::{openldap, provider};
use super::outages::TIMEOUTS;
use super::{attempt, sign_on};

const OFFLINE: &str = "openid offline_access";

#[tokio::test]
async fn a_dead_backend_stops_only_its_own_people() {
    let (mut dead, alive) = (Slapd::start().await, Slapd::start().await);
    let of = |name: &str, server: &Slapd, pattern: &str| {
        let options =
            format!("{TIMEOUTS}\nusernames = [\"{pattern}\"]\nfilter = \"(mail={{username}})\"");
        openldap(name, server, &[server.tls_url()], &options)
    };
    alive.modify(&alive.dn("bob"), &["replace: mail", "mail: bob@alive.test"]).await;
    let (dead_one, alive_one) =
        (of("dead", &dead, "*@example.test"), of("alive", &alive, "*@alive.test"));
    let local =
        "[[backend]]\nname = \"people\"\ntype = \"database\"\nhash_memory = 8\nhash_passes = 1\n";
    let (op, app) = provider(&[&dead_one, &alive_one, local]).await;
    dead.kill();
    assert_eq!(attempt(&op, &app, "alice@example.test", &password_of("alice")).await.status, 503);
    let login = op.browser().authorize(&app).log_in_with("bob@alive.test", &password_of("bob"));
    login.await.press("#consent-allow").await.code();
    // The people of the local table have names that no directory owns.
    op.browser().authorize(&app).log_in("alice").consent().await.code();
}

#[tokio::test]
async fn namesakes_of_two_directories_never_become_one_person() {
    let (one, two) = (Slapd::start().await, Slapd::start().await);
    let of = |name: &str, server: &Slapd| openldap(name, server, &[server.tls_url()], "");
    let (op, app) = provider(&[&of("one", &one), &of("two", &two)]).await;
    let first = sign_on(&op, &app, "alice", OFFLINE).await;
    one.change(&format!("dn: {}\nchangetype: delete\n", one.dn("alice"))).await;
    let second = sign_on(&op, &app, "alice", OFFLINE).await;
    assert_ne!(first.id_token().await["sub"], second.id_token().await["sub"]);
    // The same UUID in both does not merge them either.
    let copy = two.replica().await;
    let (op, app) = provider(&[&of("one", &two), &of("two", &copy)]).await;
    let first = sign_on(&op, &app, "bob", OFFLINE).await;
    two.change(&format!("dn: {}\nchangetype: delete\n", two.dn("bob"))).await;
    let second = sign_on(&op, &app, "bob", OFFLINE).await;
    assert_ne!(first.id_token().await["sub"], second.id_token().await["sub"]);
}

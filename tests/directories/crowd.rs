//! A hundred thousand people: what a login costs does not depend on them.
//!
//! Counted, and not timed: questions that the directory was asked, and entries that it read.

use vestibule_counterparts::{Setup, Slapd, password_of};

use super::configured::{provider, slapd};
use crate::support::{App, Op};

/// What logins have cost a directory.
#[derive(Debug, PartialEq)]
struct Cost {
    connections: usize,
    operations: usize,
    entries: usize,
}

async fn cost(server: &Slapd, op: &Op, app: &App, names: &[&str]) -> Cost {
    server.forget_log();
    for name in names {
        let browser = op.browser();
        let login = browser.authorize(app).log_in_with(name, &password_of(name)).await;
        assert!(login.has_left() || login.page().asks_for_consent(), "{}", browser.history());
    }
    Cost {
        connections: server.connections(),
        operations: server.operations(),
        entries: server.entries_read(),
    }
}

#[tokio::test]
async fn a_login_costs_no_more_among_a_hundred_thousand() {
    let names = ["p1", "p2", "p3"];
    let (mut costs, mut asked) = (Vec::new(), Vec::new());
    for people in [10, 100_000] {
        let server = Slapd::with(Setup::default().crowd(people).log(257)).await;
        let (op, app) = provider(&[&slapd(&server, "")]).await;
        // The first login opens connections, and asks what kind of directory it is.
        cost(&server, &op, &app, &["p0"]).await;
        costs.push(cost(&server, &op, &app, &names).await);
        asked = [server.filters(), server.binds()].concat();
    }
    assert_eq!(costs[0], costs[1], "among ten and among a hundred thousand");
    let logins = names.len();
    let Cost { connections, operations, .. } = costs[1];
    assert_eq!(connections, 0, "the connections are there");
    assert_eq!(operations, 2 * logins, "a search and a bind: {asked:?}");
}

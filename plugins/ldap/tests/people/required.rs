//! A required group that cannot be seen shuts nobody out.

use serde_json::{Value, json};
use vestibule_counterparts::Slapd;
use vestibule_plugin::{Identity, Refusal};

use crate::open::{log_in, look_up, slapd};

const STAFF: &str = "cn=staff,ou=groups,dc=example,dc=test";

fn fault(answer: Result<Identity, Refusal>) -> String {
    match answer {
        Err(Refusal::Unavailable(fault)) => fault.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The same backend, asked by an account that may not read `memberOf`.
fn blind(mut options: Value) -> Value {
    options["bind_dn"] = json!(Slapd::BLIND_DN);
    options["bind_password"] = json!(Slapd::BLIND_PASSWORD);
    options
}

// RT4
#[tokio::test]
async fn a_lost_right_to_read_groups_shuts_nobody_out() {
    let server = Slapd::start().await;
    for (name, options) in [
        ("tessa", json!({ "groups": "member-of", "required_group": "staff" })),
        ("tessa", json!({ "groups": "member-of", "required_group": STAFF })),
        (
            "alice",
            json!({ "groups": "member-of", "nested_groups": true, "required_group": "outer" }),
        ),
    ] {
        let who = log_in(&slapd(&server, options.clone()), name).await.unwrap().subject;
        let blind = slapd(&server, blind(options));
        for answer in [look_up(&blind, &who).await, log_in(&blind, name).await] {
            let fault = fault(answer);
            assert!(fault.contains("`memberOf`"), "{fault}");
        }
    }
    // Whom the group itself does not know is out.
    let options = json!({ "groups": "member-of", "required_group": "staff" });
    let answer = log_in(&slapd(&server, blind(options)), "nora").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, .. })), "{answer:?}");
}

// RT4
#[tokio::test]
async fn groups_that_have_moved_shut_nobody_out() {
    let server = Slapd::start().await;
    let options = json!({ "groups": "search", "required_group": STAFF });
    let backend = slapd(&server, options);
    let tessa = log_in(&backend, "tessa").await.unwrap();
    let elsewhere = json!({
        "groups": "search", "group_base": "ou=policies,dc=example,dc=test",
        "required_group": STAFF,
    });
    let moved = fault(look_up(&slapd(&server, elsewhere), &tessa.subject).await);
    assert!(moved.contains("`group_base`"), "{moved}");
    server.change(&format!("dn: {STAFF}\nchangetype: delete\n")).await;
    let gone = fault(look_up(&backend, &tessa.subject).await);
    assert!(gone.contains("it is not there"), "{gone}");
}

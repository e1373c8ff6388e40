//! The server is as the tests of others expect it.

use std::process::Command;
use std::time::{Duration, Instant};

use super::Slapd;
use crate::{Proxy, Setup, password_of, tool};

/// What `ldapwhoami` says of a bind with the right password, with the control of password policy.
async fn bind(slapd: &Slapd, name: &str) -> String {
    let administrator = slapd.administrator();
    let mut command = administrator.tool_as("ldapwhoami", &slapd.dn(name), &password_of(name));
    command.args(["-ZZ", "-e", "ppolicy"]);
    let output = tool::output(&mut command, "");
    [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat()
}

#[tokio::test]
async fn every_account_is_in_the_state_that_its_name_says() {
    let slapd = Slapd::start().await;
    for name in ["alice", "bob", "zoe", "carol", "tessa", "nora"] {
        assert!(bind(&slapd, name).await.contains("dn:uid="), "{name}");
    }
    assert!(
        slapd
            .accepts(r"cn=Smith\, John #1,ou=people,dc=example,dc=test", &password_of("jsmith"))
            .await
    );
    for name in ["locked", "barred", "ended"] {
        assert!(bind(&slapd, name).await.contains("Account locked"), "{name}");
    }
    assert!(bind(&slapd, "expired").await.contains("Password expired"));
    assert!(bind(&slapd, "grace").await.contains("1 grace logins remain"));
    let warning = bind(&slapd, "expiring").await;
    assert!(warning.contains("expires in 255"), "{warning}");
    assert!(bind(&slapd, "must-change").await.contains("must be changed"));
}

#[tokio::test]
async fn a_renamed_person_stays_in_the_groups() {
    let slapd = Slapd::start().await;
    slapd.rename(&slapd.dn("alice"), "uid=alicia", "ou=alumni,dc=example,dc=test").await;
    let moved = "uid=alicia,ou=alumni,dc=example,dc=test";
    assert_eq!(slapd.values(moved, "memberOf").await.len(), 3);
    let staff = slapd.values("cn=staff,ou=groups,dc=example,dc=test", "member").await;
    assert!(staff.contains(&moved.to_owned()), "{staff:?}");
    let club = slapd.values("cn=club,ou=groups,dc=example,dc=test", "uniqueMember").await;
    assert_eq!(club, [moved]);
}

#[tokio::test]
async fn it_tells_what_it_was_asked() {
    let slapd = Slapd::start().await;
    let mut search = slapd.administrator().tool("ldapsearch");
    tool::run(search.args(["-b", slapd.base(), r"(cn=Bob \28the\29 Builder\2a)"]), "");
    assert_eq!(slapd.filters(), [r"(cn=bob \28the\29 builder\2A)"]);
    assert_eq!(slapd.binds(), [Slapd::ADMIN_DN]);
    assert_eq!((slapd.connections(), slapd.operations()), (1, 2));
    slapd.forget_log();
    assert_eq!(slapd.connections(), 0);
}

#[tokio::test]
async fn it_comes_back_on_the_same_port_with_what_it_knew() {
    let mut slapd = Slapd::start().await;
    let url = slapd.url();
    slapd.change("dn: uid=bob,ou=people,dc=example,dc=test\nchangetype: delete\n").await;
    slapd.kill();
    slapd.restart().await;
    assert_eq!(slapd.url(), url);
    assert!(!slapd.accepts(&slapd.dn("bob"), "bob-Passw0rd").await);
    assert!(slapd.accepts(&slapd.dn("alice"), "alice-Passw0rd").await);
}

#[tokio::test]
async fn only_who_may_read_reads() {
    let slapd = Slapd::with(Setup::default().anonymous()).await;
    let read = async |dn: &str, password: &str| {
        let mut command = slapd.administrator().tool_as("ldapsearch", dn, password);
        tool::run(command.args(["-LLL", "-b", &slapd.dn("alice")]), "")
    };
    let service = read(Slapd::SERVICE_DN, Slapd::SERVICE_PASSWORD).await;
    assert!(service.contains("mail: alice@example.test") && !service.contains("userPassword"));
    let blind = read(Slapd::BLIND_DN, Slapd::BLIND_PASSWORD).await;
    assert!(blind.contains("cn: Alice") && !blind.contains("mail: "));
    assert!(read("", "").await.contains("mail: alice@example.test"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_passes_on_delays_and_ends() {
    let slapd = Slapd::start().await;
    let mut proxy = Proxy::to(slapd.address()).await;
    let address = proxy.address();
    let ask = async || {
        let mut command = Command::new("timeout");
        command.args(["1", "ldapwhoami", "-x", "-H", &format!("ldap://{address}")]);
        tokio::task::spawn_blocking(move || tool::output(&mut command, "").status.success())
            .await
            .unwrap()
    };
    assert!(ask().await);
    assert_eq!(proxy.connections(), 1);
    proxy.kill().await;
    assert!(!ask().await);
    proxy.revive().await;
    assert!(ask().await);
    proxy.delay(Duration::from_millis(50));
    let begin = Instant::now();
    assert!(ask().await);
    assert!(begin.elapsed() > Duration::from_millis(200));
    proxy.delay(Duration::ZERO);
    proxy.swallow_after(Some(3));
    assert!(!ask().await);
    proxy.swallow_after(None);
    proxy.freeze();
    assert!(!ask().await);
    proxy.thaw();
    assert!(ask().await);
}

#[tokio::test]
async fn passwords_are_changed_by_their_owners_and_by_the_service() {
    let slapd = Slapd::start().await;
    let change = |dn: &str, password: &str, person: &str, new: &str| {
        let mut command = slapd.administrator().tool_as("ldappasswd", dn, password);
        tool::output(command.args(["-s", new, &slapd.dn(person)]), "").status.success()
    };
    let (alice, must_change) = (slapd.dn("alice"), slapd.dn("must-change"));
    assert!(change(&alice, "alice-Passw0rd", "alice", "another-Passw0rd"));
    assert!(!change(&alice, "another-Passw0rd", "alice", "short"));
    assert!(change(&must_change, "must-change-Passw0rd", "must-change", "another-Passw0rd"));
    let (service, password) = (Slapd::SERVICE_DN, Slapd::SERVICE_PASSWORD);
    assert!(change(service, password, "expired", "another-Passw0rd"));
    assert!(slapd.accepts(&slapd.dn("expired"), "another-Passw0rd").await);
}

#[tokio::test]
async fn what_only_the_server_sets_can_be_set() {
    let slapd = Slapd::start().await;
    let alice = slapd.dn("alice");
    let policy = "pwdPolicySubentry: cn=expired,ou=policies,dc=example,dc=test";
    slapd.modify(&alice, &["add: pwdPolicySubentry", policy]).await;
    let changed = "pwdChangedTime: 20200101000000Z";
    slapd.modify(&alice, &["replace: pwdChangedTime", changed]).await;
    assert!(!slapd.accepts(&alice, &password_of("alice")).await);
}

#[tokio::test]
async fn a_replica_has_the_same_entries() {
    let slapd = Slapd::start().await;
    let (alice, replica) = (slapd.dn("alice"), slapd.replica().await);
    let id = slapd.values(&alice, "entryUUID").await;
    assert_eq!(replica.values(&alice, "entryUUID").await, id);
    assert!(replica.accepts(&alice, &password_of("alice")).await);
}

#[tokio::test]
async fn a_crowd_is_there_and_what_is_read_of_it_is_counted() {
    let slapd = Slapd::with(Setup::default().crowd(300).log(257)).await;
    assert!(slapd.accepts(&slapd.dn("p299"), &password_of("p299")).await);
    let read = |filter: &str| {
        slapd.forget_log();
        let mut search = slapd.administrator().tool("ldapsearch");
        tool::run(search.args(["-b", slapd.base(), filter]), "");
        slapd.entries_read()
    };
    assert!(read("(uid=p17)") < 10);
    // It has no index for this.
    assert!(read("(sn=17)") > 300);
}

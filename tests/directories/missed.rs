//! People whom the directory does not know for a while: a lost right, a lagging replica. Nobody's session ends by
//! that at once, and when many are missed it is the directory that is ill.

use vestibule_counterparts::{Setup, Slapd};

use super::configured::{openldap, provider, slapd};
use super::sign_on;

const OFFLINE: &str = "openid email offline_access";

/// The default of `attributes_fresh_for`, in seconds.
const FRESH: u64 = 60;

const READERS: &str = "cn=readers,dc=example,dc=test";

/// Takes the right to read from the service account, or gives it back.
async fn let_it_read(server: &Slapd, may: bool) {
    let how = if may { "add: member" } else { "delete: member" };
    server.modify(READERS, &[how, &format!("member: {}", Slapd::SERVICE_DN)]).await;
}

#[tokio::test]
async fn a_lost_right_to_read_signs_nobody_out() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    let tokens = sign_on(&op, &app, "alice", OFFLINE).await;
    let_it_read(&server, false).await;
    op.time.pass_seconds(FRESH);
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 503);
    assert_eq!(app.refresh(tokens.refresh_token()).await.status, 503);
    let_it_read(&server, true).await;
    app.userinfo(&tokens.access_token).await.success();
    app.refresh(tokens.refresh_token()).await.tokens();
}

/// How many move, who are more than may be missed without an alarm.
const MANY: usize = 30;

/// Moves everybody of the crowd from one branch to the other.
async fn move_all(server: &Slapd, from: &str, to: &str) {
    let base = server.base();
    let one = |number| {
        let (name, to) = (format!("uid=p{number}"), format!("ou={to},{base}"));
        format!(
            "dn: {name},ou={from},{base}\nchangetype: modrdn\nnewrdn: {name}\ndeleteoldrdn: 1\n\
             newsuperior: {to}\n\n"
        )
    };
    server.change(&(0..MANY).map(one).collect::<String>()).await;
}

#[tokio::test]
async fn when_many_are_missed_nobody_is_refused() {
    let server = Slapd::with(Setup::default().crowd(MANY)).await;
    let config = format!("[login]\nattempts_per_address = 1000\n{}", slapd(&server, ""));
    let (op, app) = provider(&[&config]).await;
    let mut held = Vec::new();
    for number in 0..MANY {
        held.push(sign_on(&op, &app, &format!("p{number}"), OFFLINE).await);
    }
    // Somebody tidies up, and forgets where we search.
    move_all(&server, "people", "alumni").await;
    op.time.pass_seconds(FRESH);
    let mut statuses = Vec::new();
    for tokens in &held {
        statuses.push(app.userinfo(&tokens.access_token).await.status);
    }
    // The first ones could have left; from the twenty-first on it is an alarm.
    assert!(statuses[..20].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses[20..].iter().all(|status| *status == 503), "{statuses:?}");
    // Nor do those who were missed first lose anything by being missed for long.
    op.time.pass_seconds(10 * 60);
    for tokens in &held[..3] {
        assert_eq!(app.refresh(tokens.refresh_token()).await.status, 503);
    }
    move_all(&server, "alumni", "people").await;
    for tokens in &held {
        app.refresh(tokens.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn a_replica_that_lags_behind_signs_nobody_out() {
    let mut first = Slapd::start().await;
    let lagging = first.replica().await;
    first
        .change(
            "dn: uid=new,ou=people,dc=example,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\n\
             uid: new\ncn: New\nsn: New\nmail: new@example.test\nuserPassword: new-Passw0rd\n",
        )
        .await;
    let config = openldap("staff", &first, &[first.tls_url(), lagging.tls_url()], "");
    let (op, app) = provider(&[&config]).await;
    let of_new = sign_on(&op, &app, "new", OFFLINE).await;
    let of_alice = sign_on(&op, &app, "alice", OFFLINE).await;
    first.kill();
    op.time.pass_seconds(FRESH);
    app.userinfo(&of_alice.access_token).await.success();
    assert_eq!(app.userinfo(&of_new.access_token).await.status, 401);
    first.restart().await;
    // The provider comes back to its first host before long.
    let begin = std::time::Instant::now();
    while app.userinfo(&of_new.access_token).await.status == 401 {
        assert!(begin.elapsed() < std::time::Duration::from_secs(60), "it stays with the second");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    app.refresh(of_new.refresh_token()).await.tokens();
}

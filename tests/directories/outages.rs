//! Hosts die, hang and come back while people log in (LK4; 503 and never `invalid_grant`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use vestibule_counterparts::{Slapd, password_of};

use super::configured::{openldap, provider, slapd};
use super::{attempt, sign_on};
use crate::support::{App, Op};

const OFFLINE: &str = "openid offline_access";

/// Short, so that no story waits long; what is waited for is a multiple of it.
pub(super) const TIMEOUTS: &str = "connect_timeout = \"2s\"\noperation_timeout = \"2s\"";

/// People log in again and again, four at a time, until told to stop; says how many did.
pub(super) struct Logins {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    people: JoinSet<()>,
}

impl Logins {
    pub(super) fn begin(op: &Op, app: &App) -> Self {
        let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut people = JoinSet::new();
        for name in ["alice", "bob", "tessa", "nora"] {
            let (stop, done, app) = (stop.clone(), done.clone(), app.clone());
            let browsers: Vec<_> = (0..200).map(|_| op.browser()).collect();
            people.spawn(async move {
                for browser in browsers {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let request = app.request().scope(OFFLINE);
                    let login =
                        browser.authorize(request).log_in_with(name, &password_of(name)).await;
                    // Anything else is a login refused wrongly.
                    if !login.has_left() {
                        assert!(login.page().asks_for_consent(), "{}", login.browser.history());
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { stop, done, people }
    }

    pub(super) async fn more(&self, logins: usize) {
        let wanted = self.done.load(Ordering::Relaxed) + logins;
        let begin = Instant::now();
        while self.done.load(Ordering::Relaxed) < wanted {
            assert!(begin.elapsed() < Duration::from_secs(60), "no more logins");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) async fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(person) = self.people.join_next().await {
            person.unwrap();
        }
    }
}

async fn two_hosts() -> (Slapd, Slapd, Op, App) {
    let first = Slapd::start().await;
    let second = first.replica().await;
    let urls = [first.tls_url(), second.tls_url()];
    let config = format!(
        "[login]\nattempts_per_address = 10000\n{}",
        openldap("staff", &first, &urls, TIMEOUTS)
    );
    let (op, app) = provider(&[&config]).await;
    (first, second, op, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_login_is_refused_when_the_first_host_is_killed() {
    let (mut first, second, op, app) = two_hosts().await;
    let logins = Logins::begin(&op, &app);
    logins.more(12).await;
    first.kill();
    logins.more(24).await;
    assert!(second.connections() > 0);
    first.restart().await;
    logins.more(12).await;
    logins.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_login_is_refused_when_the_first_host_hangs() {
    let (first, second, op, app) = two_hosts().await;
    let logins = Logins::begin(&op, &app);
    logins.more(12).await;
    first.freeze();
    logins.more(24).await;
    assert!(second.connections() > 0);
    first.thaw();
    logins.more(12).await;
    logins.end().await;
}

// EN1, RT4, LK4
#[tokio::test]
async fn without_a_host_people_are_told_to_come_back_and_then_they_are_served() {
    let (mut first, mut second, op, app) = two_hosts().await;
    let tokens = sign_on(&op, &app, "alice", OFFLINE).await;
    op.time.pass_seconds(60);
    first.kill();
    second.kill();

    let begin = Instant::now();
    let page = attempt(&op, &app, "alice", &password_of("alice")).await;
    assert_eq!(page.status, 503);
    assert!(!page.header("retry-after").is_empty());
    // Two hosts, and two seconds for each.
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    let stranger = page.told_to_strangers("alice");
    for (name, password) in [("alice", "wrong"), ("nobody", "wrong")] {
        let page = attempt(&op, &app, name, password).await;
        assert!(page.told_to_strangers(name) == stranger, "{name}: {}", page.text());
    }
    for _ in 0..3 {
        for reply in
            [app.refresh(tokens.refresh_token()).await, app.userinfo(&tokens.access_token).await]
        {
            assert_eq!(reply.status, 503, "{}", reply.body);
            assert!(!reply.header("retry-after").is_empty());
            assert!(!reply.body.contains("invalid_"), "{}", reply.body);
        }
    }

    second.restart().await;
    served_again(&op, &app).await;
    app.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(attempt(&op, &app, "alice", "wrong").await.status, 403);
}

/// Whoever tries now and then is let in before long.
pub(super) async fn served_again(op: &Op, app: &App) {
    let begin = Instant::now();
    loop {
        let login = op.browser().authorize(app.request().scope(OFFLINE));
        let login = login.log_in_with("alice", &password_of("alice")).await;
        if login.has_left() || login.page().asks_for_consent() {
            return;
        }
        assert_eq!(login.page().status, 503, "{}", login.browser.history());
        assert!(begin.elapsed() < Duration::from_secs(40), "not served again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_restarted_host_is_used_again_without_an_error() {
    let mut server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    for _ in 0..3 {
        sign_on(&op, &app, "alice", OFFLINE).await;
        // Every pooled connection is dead now, and nobody notices.
        server.restart().await;
    }
    sign_on(&op, &app, "bob", OFFLINE).await;
}

// LK4
#[tokio::test]
async fn the_lockout_holds_while_the_directory_is_down() {
    let mut server = Slapd::start().await;
    let config = format!("[login]\nattempts_per_name = 2\n{}", slapd(&server, TIMEOUTS));
    let (op, app) = provider(&[&config]).await;
    for _ in 0..2 {
        assert_eq!(attempt(&op, &app, "alice", "wrong").await.status, 403);
    }
    assert_eq!(attempt(&op, &app, "alice", "wrong").await.status, 429);
    server.kill();
    assert_eq!(attempt(&op, &app, "alice", &password_of("alice")).await.status, 429);
    // An outage is no fault of bob's: however often he tries, it is not counted.
    for _ in 0..4 {
        assert_eq!(attempt(&op, &app, "bob", &password_of("bob")).await.status, 503);
    }
    server.restart().await;
    assert_eq!(attempt(&op, &app, "alice", &password_of("alice")).await.status, 429);
    op.time.pass_seconds(900);
    served_again(&op, &app).await;
}

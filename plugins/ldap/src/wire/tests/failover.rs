//! Hosts die, hang, and come back.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::*;

/// Two servers, each behind a proxy.
struct Pair {
    slapd: [Slapd; 2],
    proxy: [Proxy; 2],
}

impl Pair {
    async fn start() -> Self {
        let (one, two) = tokio::join!(Slapd::start(), Slapd::start());
        let proxy = [Proxy::to(one.address()).await, Proxy::to(two.address()).await];
        Self { slapd: [one, two], proxy }
    }

    fn urls(&self) -> Vec<String> {
        self.proxy.iter().map(through).collect()
    }

    fn wire(&self) -> Wire {
        plain(&self.urls())
    }
}

/// Logins one after the other by several people at once, until they are told to stop.
struct Run {
    stop: Arc<AtomicUsize>,
    people: JoinSet<(usize, Duration)>,
}

impl Run {
    fn start(wire: &Wire) -> Self {
        let stop = Arc::new(AtomicUsize::new(0));
        let mut people = JoinSet::new();
        for name in ["alice", "bob", "zoe", "carol"] {
            let (wire, stop) = (wire.clone(), Arc::clone(&stop));
            people.spawn(async move {
                let (mut logins, mut longest) = (0, Duration::ZERO);
                while stop.load(Ordering::Relaxed) == 0 {
                    let begin = Instant::now();
                    log_in(&wire, name).await.unwrap();
                    longest = longest.max(begin.elapsed());
                    logins += 1;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                (logins, longest)
            });
        }
        Self { stop, people }
    }

    /// How many logins there were, and how long the longest took. A refused one has panicked.
    async fn end(self) -> (usize, Duration) {
        self.stop.store(1, Ordering::Relaxed);
        let people = self.people.join_all().await;
        let logins = people.iter().map(|(logins, _)| logins).sum();
        (logins, people.iter().map(|(_, longest)| *longest).max().unwrap())
    }
}

#[tokio::test]
async fn a_host_that_dies_during_a_run_of_logins_costs_none() {
    let mut pair = Pair::start().await;
    let wire = pair.wire();
    let run = Run::start(&wire);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(pair.proxy[1].connections(), 0, "the first is asked as long as it lives");
    pair.slapd[0].kill();
    pair.proxy[0].kill().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (logins, longest) = run.end().await;
    assert!(logins > 20, "{logins} logins");
    assert!(longest < Duration::from_millis(800), "{longest:?}");
    assert!(is_down(&wire, 0) && !is_down(&wire, 1));
}

/// Nobody waits longer than the timeout, and few do at all: the host is found dead by asking it
/// something else.
#[tokio::test]
async fn a_host_that_hangs_during_a_run_of_logins_costs_none() {
    let pair = Pair::start().await;
    let wire = pair.wire();
    let run = Run::start(&wire);
    tokio::time::sleep(Duration::from_millis(150)).await;
    pair.proxy[0].freeze();
    until("the host is found dead", async || is_down(&wire, 0)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (logins, longest) = run.end().await;
    assert!(logins > 20, "{logins} logins");
    assert!(longest < Duration::from_millis(1000), "{longest:?}");
    let begin = Instant::now();
    log_in(&wire, "alice").await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(300), "it is passed over now");
}

#[tokio::test]
async fn a_dead_host_is_passed_over() {
    let pair = Pair::start().await;
    // Nobody listens on port 1.
    let wire = plain(&["ldap://127.0.0.1:1".to_owned(), through(&pair.proxy[1])]);
    for _ in 0..5 {
        log_in(&wire, "alice").await.unwrap();
    }
    let HostState::Down { cause, retry_in } = host(&wire, 0).state else { panic!("it is down") };
    assert!(cause.contains("refused"), "{cause}");
    assert!(retry_in <= Duration::from_secs(1));
    assert_eq!(host(&wire, 1).state, HostState::Up);
}

#[tokio::test]
async fn the_first_host_is_asked_again_when_it_is_back() {
    let mut pair = Pair::start().await;
    let wire = pair.wire();
    pair.proxy[0].kill().await;
    log_in(&wire, "alice").await.unwrap();
    assert!(is_down(&wire, 0));
    pair.proxy[0].revive().await;
    until("the first host is up", async || {
        log_in(&wire, "alice").await.unwrap();
        !is_down(&wire, 0)
    })
    .await;
    let before = pair.slapd[1].connections();
    pair.proxy[1].kill().await;
    log_in(&wire, "alice").await.unwrap();
    assert_eq!(pair.slapd[1].connections(), before);
}

#[tokio::test]
async fn all_hosts_dead_is_told_at_once_and_service_resumes_without_a_restart() {
    let mut pair = Pair::start().await;
    let wire = pair.wire();
    log_in(&wire, "alice").await.unwrap();
    for proxy in &mut pair.proxy {
        proxy.kill().await;
    }
    for _ in 0..20 {
        let begin = Instant::now();
        let error = log_in(&wire, "alice").await.unwrap_err();
        assert!(matches!(error, Unavailable::Failed(_)), "{error}");
        assert!(begin.elapsed() < Duration::from_millis(400), "{:?}", begin.elapsed());
    }
    until("both are found dead", async || is_down(&wire, 0) && is_down(&wire, 1)).await;
    assert!(wire.health().await.is_err());
    pair.proxy[1].revive().await;
    // Back-off or not: somebody asks the one whose time comes first.
    until("service is back", async || log_in(&wire, "alice").await.is_ok()).await;
    assert!(wire.health().await.is_ok());
}

#[tokio::test]
async fn all_hosts_hanging_is_told_within_the_timeouts() {
    let pair = Pair::start().await;
    let wire = pair.wire();
    for proxy in &pair.proxy {
        proxy.freeze();
    }
    let begin = Instant::now();
    assert!(log_in(&wire, "alice").await.is_err());
    assert!(begin.elapsed() < Duration::from_millis(900), "{:?}", begin.elapsed());
    // One tries, for the time that connecting takes; the others hear at once.
    let mut logins = JoinSet::new();
    for _ in 0..20 {
        let wire = wire.clone();
        logins.spawn(async move {
            let begin = Instant::now();
            assert!(log_in(&wire, "alice").await.is_err());
            begin.elapsed()
        });
    }
    let took = logins.join_all().await;
    let at_once = took.iter().filter(|took| **took < Duration::from_millis(100)).count();
    assert!(at_once >= 18, "{took:?}");
}

#[tokio::test]
async fn hosts_are_asked_in_turn_where_that_is_asked_for() {
    let pair = Pair::start().await;
    let wire = plain_with(&pair.urls(), json!({ "order": "round-robin" }));
    for _ in 0..6 {
        find(&wire, "alice").await.unwrap();
    }
    assert_eq!(pair.proxy.each_ref().map(Proxy::connections), [1, 1]);
    assert_eq!((host(&wire, 0).state, host(&wire, 1).state), (HostState::Up, HostState::Up));
}

#[tokio::test]
async fn a_slow_answer_is_not_taken_for_a_dead_host() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let wire = plain_with(&[through(&proxy)], json!({ "connect_timeout": "5s" }));
    find(&wire, "alice").await.unwrap();
    proxy.delay(Duration::from_millis(500));
    let late = find(&wire, "alice").await.unwrap_err();
    assert!(late.to_string().contains("no answer within 800ms"), "{late}");
    assert!(!is_down(&wire, 0), "it was asked something else, and has answered or not yet");
    proxy.delay(Duration::ZERO);
    find(&wire, "alice").await.unwrap();
}

/// It lets us in and says who it is, and searches for ever.
#[tokio::test]
async fn a_host_that_answers_only_what_is_simple_is_passed_over_in_the_end() {
    let pair = Pair::start().await;
    let hollow = fake::server(|question| match question {
        [0x30, _, 2, 1, id, 0x60, ..] => fake::bind_answer(*id, 0),
        [0x30, _, 2, 1, id, 0x63, ..] if !question.windows(5).any(|part| part == b"alice") => {
            fake::done(*id, 0)
        }
        _ => Vec::new(),
    });
    let hollow = format!("ldap://{}", hollow.await.address);
    let wire = plain_with(
        &[hollow, through(&pair.proxy[1])],
        json!({ "operation_timeout": "300ms", "connect_timeout": "2s" }),
    );
    for _ in 0..3 {
        assert!(!is_down(&wire, 0));
        assert_eq!(find(&wire, "alice").await.unwrap().len(), 1, "the second host knows her");
    }
    assert!(is_down(&wire, 0));
    let begin = Instant::now();
    find(&wire, "alice").await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(300));
}

/// A change may have been made although its answer was lost.
#[tokio::test]
async fn a_change_is_never_made_twice() {
    let pair = Pair::start().await;
    // Enough for a connection, and not for an answer.
    let wire = plain_with(&pair.urls(), json!({ "connect_timeout": "2s" }));
    pair.proxy[0].delay(Duration::from_millis(500));
    let dn = pair.slapd[0].dn("alice");
    let change = ldap3::Mod::Replace(b"description".to_vec(), [b"changed".to_vec()].into());
    let lost = wire.modify(&dn, vec![change]).await.unwrap_err();
    assert!(lost.to_string().contains("no answer"), "{lost}");
    assert_eq!(pair.proxy[1].connections(), 0, "nobody asked the second host");
}

//! What is asked again, where, and how often.

use std::io;

use super::super::connection::is_lack;
use super::*;

/// Binds of alice that arrived.
fn shown(slapd: &Slapd) -> usize {
    slapd.binds().iter().filter(|dn| dn.contains("uid=alice,")).count()
}

/// A directory counts every wrong password, also one that it answers too late.
#[tokio::test]
async fn a_password_is_not_shown_to_another_host_while_the_first_takes_its_time() {
    let slapd = Slapd::start().await;
    let proxies = [Proxy::to(slapd.address()).await, Proxy::to(slapd.address()).await];
    let wire = plain_with(&proxies.each_ref().map(through), json!({ "connect_timeout": "5s" }));
    proxies[0].delay(Duration::from_millis(500));
    let late = bind_wrongly(&wire, "alice").await.err().unwrap().to_string();
    assert!(late.contains("no answer within 800ms"), "{late}");
    assert_eq!((shown(&slapd), proxies[1].connections()), (1, 0));
    assert!(!is_down(&wire, 0));
}

/// It is too late for the answer before it is certain that there will be none.
#[tokio::test]
async fn a_password_that_a_hanging_host_did_not_answer_is_shown_to_the_next() {
    let slapd = Slapd::start().await;
    let proxies = [Proxy::to(slapd.address()).await, Proxy::to(slapd.address()).await];
    let times = json!({ "connect_timeout": "600ms", "operation_timeout": "600ms" });
    let wire = plain_with(&proxies.each_ref().map(through), times);
    bind(&wire, "bob").await.unwrap();
    proxies[0].freeze();
    assert_eq!(bind(&wire, "alice").await.unwrap().answer.code, 0);
    assert!(is_down(&wire, 0));
    assert_eq!(shown(&slapd), 1);
}

#[tokio::test]
async fn a_password_whose_answer_is_lost_is_shown_once_more_and_no_oftener() {
    let slapd = Slapd::start().await;
    let mut proxies = Vec::new();
    for _ in 0..3 {
        proxies.push(Proxy::to(slapd.address()).await);
    }
    let urls: Vec<String> = proxies.iter().map(through).collect();
    let patient = json!({ "connect_timeout": "5s", "operation_timeout": "5s" });
    let wire = plain_with(&urls, patient);
    // A connection that was used before is replaced without a word.
    bind(&wire, "bob").await.unwrap();
    for proxy in &proxies {
        proxy.delay(Duration::from_millis(100));
    }
    let cut_each_answer = async {
        let mut seen = 0;
        loop {
            if shown(&slapd) > seen {
                seen = shown(&slapd);
                proxies.iter().for_each(Proxy::cut);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let lost = tokio::select! {
        bound = bind_wrongly(&wire, "alice") => bound.err().unwrap(),
        () = cut_each_answer => unreachable!(),
    };
    assert!(matches!(lost, Unavailable::Failed(_)), "{lost}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(shown(&slapd), 2);
}

/// It searches, and never says whether a password is right.
#[tokio::test]
async fn a_host_that_hangs_at_every_password_is_passed_over_in_the_end() {
    let slapd = Slapd::start().await;
    let hollow = fake::server(|question| match question {
        [0x30, _, 2, 1, id, 0x60, ..] if question.windows(4).any(|part| part == b"svc,") => {
            fake::bind_answer(*id, 0)
        }
        [0x30, _, 2, 1, id, 0x63, ..] => fake::done(*id, 0),
        _ => Vec::new(),
    });
    let hollow = format!("ldap://{}", hollow.await.address);
    let wire = plain_with(
        &[hollow, slapd.url()],
        json!({ "operation_timeout": "300ms", "connect_timeout": "2s" }),
    );
    for _ in 0..3 {
        assert!(!is_down(&wire, 0));
        assert_eq!(find(&wire, "alice").await.unwrap().len(), 0, "that is its answer");
        assert!(bind(&wire, "alice").await.is_err());
    }
    assert!(is_down(&wire, 0));
    for _ in 0..3 {
        log_in(&wire, "alice").await.unwrap();
        wire.health().await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(is_down(&wire, 0), "nothing else shows that it is over");
}

#[tokio::test]
async fn a_host_that_takes_no_more_connections_goes_on_serving_those_it_has() {
    let slapd = Slapd::start().await;
    let mut proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    find(&wire, "alice").await.unwrap();
    proxy.delay(Duration::from_millis(50));
    proxy.refuse(true).await;
    let (found, bound) = tokio::join!(find(&wire, "alice"), bind(&wire, "alice"));
    assert_eq!(found.unwrap().len(), 1);
    assert!(bound.is_err(), "there was no connection to bind on");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!is_down(&wire, 0));
    find(&wire, "alice").await.unwrap();
    // Until it does not even serve those.
    proxy.kill().await;
    until("it is found dead", async || {
        assert!(find(&wire, "alice").await.is_err());
        is_down(&wire, 0)
    })
    .await;
}

#[test]
fn a_machine_without_room_for_one_more_connection_says_nothing_of_the_host() {
    // errno(3): EMFILE, ENFILE, ENOBUFS.
    for code in [24, 23, 105] {
        let error = io::Error::from_raw_os_error(code);
        assert!(is_lack(&error), "{error}");
    }
    assert!(!is_lack(&io::ErrorKind::ConnectionRefused.into()));
    assert!(!is_lack(&io::ErrorKind::AddrNotAvailable.into()), "so it is without IPv6");
}

#[tokio::test]
async fn a_host_whose_connections_are_all_in_use_leaves_the_question_to_the_next() {
    let (one, two) = tokio::join!(Slapd::start(), Slapd::start());
    let wire = plain_with(&[one.url(), two.url()], json!({ "connections": 1 }));
    let held = bind(&wire, "alice").await.unwrap();
    let begin = Instant::now();
    let other = bind(&wire, "bob").await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(600), "{:?}", begin.elapsed());
    assert!(matches!(bind(&wire, "zoe").await, Err(Unavailable::Busy)), "both are busy");
    assert!(!is_down(&wire, 0) && !is_down(&wire, 1));
    drop((held, other));
    bind(&wire, "zoe").await.unwrap();
}

#[tokio::test]
async fn a_host_that_says_it_is_busy_lives_and_the_next_is_asked() {
    let slapd = Slapd::start().await;
    let busy = fake::server(|question| match question {
        [0x30, _, 2, 1, id, 0x60, ..] => fake::bind_answer(*id, 0),
        [0x30, _, 2, 1, id, 0x63, ..] => fake::done(*id, 51),
        _ => Vec::new(),
    });
    let busy = format!("ldap://{}", busy.await.address);
    let wire = plain(&[busy, slapd.url()]);
    assert_eq!(find(&wire, "alice").await.unwrap().len(), 1);
    assert!(!is_down(&wire, 0));
}

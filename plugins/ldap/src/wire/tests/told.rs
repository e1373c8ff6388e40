//! What the operator hears: the log, and the metrics.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;

/// What was logged on this thread, which is all that a test does.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_password_of_the_service_account_that_expires_is_logged_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    let account = json!({
        "bind_dn": slapd.dn("expiring"), "bind_password": password_of("expiring"),
    });
    let wire = plain_with(&[through(&proxy)], account);
    for connections in 1..4 {
        wire.health().await.unwrap();
        assert_eq!(proxy.connections(), connections);
        proxy.cut();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let lines = log.lines();
    let [warning] = &lines[..] else { panic!("{lines:#?}") };
    assert!(warning.contains("WARN") && warning.contains("backend=\"staff\""), "{warning}");
    assert!(warning.contains("the password of the service account expires"), "{warning}");
}

#[tokio::test]
async fn a_host_that_dies_and_comes_back_is_logged_once_each() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let slapd = Slapd::start().await;
    let mut proxy = Proxy::to(slapd.address()).await;
    let wire = plain(&[through(&proxy)]);
    log_in(&wire, "alice").await.unwrap();
    assert!(log.lines().is_empty(), "{:?}", log.lines());
    proxy.kill().await;
    until("it is found dead", async || {
        assert!(log_in(&wire, "alice").await.is_err());
        is_down(&wire, 0)
    })
    .await;
    for _ in 0..10 {
        assert!(log_in(&wire, "alice").await.is_err());
    }
    proxy.revive().await;
    until("the host is back", async || log_in(&wire, "alice").await.is_ok()).await;
    for _ in 0..5 {
        log_in(&wire, "alice").await.unwrap();
    }
    let lines = log.lines();
    let [dead, back] = &lines[..] else { panic!("{lines:#?}") };
    let host = format!("backend=staff host={}", through(&proxy));
    assert!(
        dead.contains("WARN") && dead.contains("the host is dead") && dead.contains(&host),
        "{dead}"
    );
    assert!(dead.contains("refused"), "with the cause: {dead}");
    assert!(
        back.contains("INFO") && back.contains("answers again") && back.contains(&host),
        "{back}"
    );
}

#[tokio::test]
async fn operations_and_connections_are_measured_by_host() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _measuring = metrics::set_default_local_recorder(&recorder);
    let slapd = Slapd::start().await;
    let wire = plain(&["ldap://127.0.0.1:1".to_owned(), slapd.url()]);
    for _ in 0..3 {
        log_in(&wire, "alice").await.unwrap();
    }
    let text = handle.render();
    let labels = format!("{{backend=\"staff\",host=\"{}\"", slapd.url());
    let count = "vestibule_ldap_operation_duration_seconds_count";
    for expected in [
        format!("vestibule_ldap_connections_opened_total{labels}}} 2"),
        format!("{count}{labels},operation=\"search\",outcome=\"answered\"}} 3"),
        format!("{count}{labels},operation=\"bind\",outcome=\"answered\"}} 3"),
        format!("{count}{labels},operation=\"connect\",outcome=\"answered\"}} 2"),
        format!(
            "{count}{{backend=\"staff\",host=\"ldap://127.0.0.1:1\",operation=\"connect\",outcome=\"down\"}} 1"
        ),
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected} in\n{text}");
    }
    assert!(!text.contains("alice"));
}

/// The first address may lead nowhere; that must not use up the time of the second.
#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let slapd = Slapd::start().await;
    let nowhere = "192.0.2.1:389".parse().unwrap();
    let refused = "127.0.0.1:1".parse().unwrap();
    let begin = Instant::now();
    let stream = crate::wire::connection::tcp(&[nowhere, refused, slapd.address()]).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), slapd.address());
    assert!(begin.elapsed() < Duration::from_millis(900), "{:?}", begin.elapsed());
    let failure = crate::wire::connection::tcp(&[refused]).await.unwrap_err();
    let error = failure.cause().unwrap();
    assert!(error.contains("127.0.0.1:1: Connection refused"), "{error}");
}

#[tokio::test]
async fn an_ipv6_address_is_a_host() {
    let slapd = Slapd::start().await;
    let target = slapd.address();
    let listener = tokio::net::TcpListener::bind("[::1]:0").await.expect("IPv6 on the loopback");
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    let wire = plain(std::slice::from_ref(&url));
    log_in(&wire, "alice").await.unwrap();
    assert_eq!(host(&wire, 0).name, url);
}

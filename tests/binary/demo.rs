//! `vestibule` without a command.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::start;
use crate::support::{App, Browser, Code, Demo, Folder, Tokens, free_ports, http};

/// Somebody who has seen that they are signed in, and an application that has their tokens.
struct Acknowledged {
    browser: Browser,
    code: Code,
    tokens: Tokens,
}

/// Signs somebody in.
async fn sign_in(browser: Browser, app: App, password: String) -> Acknowledged {
    let request = app.request().scope("openid offline_access").prompt("consent");
    let visit = browser.authorize(request).log_in_with("alice", &password).consent();
    let code = visit.await.code();
    let tokens = app.redeem(&code).await.tokens();
    Acknowledged { browser, code, tokens }
}

impl Acknowledged {
    /// Nothing of it was lost: neither the session, nor the token, nor that the code has been used.
    async fn holds(&self, app: &App) {
        let home = self.browser.visit("/").await;
        assert!(home.page().text().contains("You are signed in"), "{}", home.page().text());
        let userinfo = app.userinfo(&self.tokens.access_token).await.success();
        assert_eq!(userinfo["sub"].as_str().map(str::len), Some(22));
        app.refresh(self.tokens.refresh_token()).await.tokens();
        assert_eq!(app.redeem(&self.code).await.error(), "invalid_grant");
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_second_start_keeps_everything() {
    let (folder, port) = (Folder::new(), free_ports(2));
    let demo = Demo::start(folder.path(), port).await;
    let signed_in = sign_in(demo.browser(), demo.web(), demo.people["alice"].clone()).await;
    assert_eq!(mode(&folder.join("data")), 0o700);
    for entry in std::fs::read_dir(folder.join("data")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let people = demo.people.clone();
    demo.program.terminate();
    let ended = demo.program.end().await;
    assert!(ended.status.success(), "{ended:?}");

    let again = Demo::start(folder.path(), port).await;
    assert_eq!(again.people, people);
    signed_in.holds(&again.web()).await;
}

#[tokio::test]
async fn being_killed_loses_nothing_acknowledged() {
    let (folder, port) = (Folder::new(), free_ports(2));
    let mut demo = Demo::start(folder.path(), port).await;
    let acknowledged: Arc<Mutex<Vec<Acknowledged>>> = Arc::default();
    let mut logins = JoinSet::new();
    for _ in 0..4 {
        let (kept, app) = (Arc::clone(&acknowledged), demo.web());
        let (http, home) = (http().build().unwrap(), demo.issuer.clone());
        let password = demo.people["alice"].clone();
        logins.spawn(async move {
            loop {
                let browser = Browser::at(&http, &home);
                let signed_in = sign_in(browser, app.clone(), password.clone()).await;
                kept.lock().unwrap().push(signed_in);
            }
        });
    }
    let enough = async {
        while acknowledged.lock().unwrap().len() < 6 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(120), enough).await.expect("people sign in");
    let added = "client add Mine --id mine --redirect-uri http://127.0.0.1:3000/";
    start(&folder, &format!("--config data/vestibule.toml {added}")).end().await.success();
    demo.program.kill();
    logins.shutdown().await;

    let again = Demo::start(folder.path(), port).await;
    assert_eq!(again.people, demo.people);
    start(&folder, "--config data/vestibule.toml client show mine").end().await.success();
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    for signed_in in &acknowledged {
        signed_in.holds(&again.web()).await;
    }
}

#[tokio::test]
async fn another_host_name_is_refused() {
    let (folder, port) = (Folder::new(), free_ports(2));
    let demo = Demo::start(folder.path(), port).await;
    let http = http().build().unwrap();
    let discovery = format!("{}/.well-known/openid-configuration", demo.issuer);
    assert_eq!(http.get(&discovery).send().await.unwrap().status(), 200);
    for host in ["evil.example", &format!("localhost:{port}"), "127.0.0.1"] {
        let response = http.get(&discovery).header("host", host).send().await.unwrap();
        assert_eq!(response.status(), 421, "{host}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_and_nothing_is_made() {
    let (folder, port) = (Folder::new(), free_ports(2));
    for taken in [port, port + 1] {
        let taken = TcpListener::bind(("127.0.0.1", taken)).unwrap();
        let ended = start(&folder, &format!("--data data --listen 127.0.0.1:{port}")).end().await;
        assert_eq!(ended.status.code(), Some(1));
        let address = taken.local_addr().unwrap();
        let expected = format!("cannot listen on {address}: another program uses this port");
        assert!(ended.complaints.contains(&expected), "{ended:?}");
        assert_eq!(ended.complaints.lines().count(), 1, "{ended:?}");
        assert!(!folder.join("data").exists());
    }
}

#[tokio::test]
async fn it_is_for_this_machine_alone() {
    let folder = Folder::new();
    for listen in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
        let ended = start(&folder, &format!("--data data --listen {listen}")).end().await;
        assert_eq!(ended.status.code(), Some(2));
        assert!(ended.complaints.contains("must be a loopback address"), "{ended:?}");
        assert!(!folder.join("data").exists());
    }
}

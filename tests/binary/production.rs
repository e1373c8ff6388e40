//! From an empty folder to people who sign in over TLS, as the README says it.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::start;
use crate::support::{App, Browser, Certificate, Folder, Program, Registration, free_ports, http};

/// Adds lines to the section `[server]` of what `init` wrote.
pub(super) fn configure(folder: &Folder, lines: &str) {
    let configuration = std::fs::read_to_string(folder.join("vestibule.toml")).unwrap();
    let configuration = configuration.replacen("[server]\n", &format!("[server]\n{lines}"), 1);
    std::fs::write(folder.join("vestibule.toml"), configuration).unwrap();
}

/// Serves, and someone listens on the port.
pub(super) async fn serve(folder: &Folder, port: u16) -> Program {
    let mut serving = start(folder, "serve");
    let open = async {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(serving.within(Duration::ZERO).is_none(), "{}", serving.complaints());
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), open).await.expect("it listens");
    serving
}

#[tokio::test]
async fn a_server_is_set_up_from_the_command_line() {
    let (folder, port) = (Folder::new(), free_ports(2));
    let issuer = format!("https://127.0.0.1:{port}");
    start(&folder, &format!("init --issuer {issuer}")).end().await.success();

    let certificate = Certificate::make();
    let (pem, key) = certificate.write(folder.path());
    let server = format!(
        "listen = [\"127.0.0.1:{port}\"]\noperations = \"127.0.0.1:{}\"\n\
         tls_certificate = {:?}\ntls_key = {:?}\n",
        port + 1,
        pem.display().to_string(),
        key.display().to_string(),
    );
    configure(&folder, &server);

    let unready = start(&folder, "check").end().await;
    assert_eq!(unready.status.code(), Some(1), "{unready:?}");
    assert!(unready.output.contains("vestibule migrate"), "says the remedy: {}", unready.output);
    start(&folder, "migrate").end().await.success();
    let checked = start(&folder, "check").end().await.success();
    assert!(!checked.contains("wrong"), "{checked}");

    let callback = "https://wiki.example.test/callback";
    let added = format!("--json client add Wiki --redirect-uri {callback}");
    let added: Value = serde_json::from_str(&start(&folder, &added).end().await.success()).unwrap();
    let credentials =
        (added["client_id"].as_str().unwrap(), added["client_secret"].as_str().unwrap());
    let mut adding = start(&folder, "user add alice --attribute email=alice@example.test");
    adding.write("a password that nobody guesses");
    adding.close_input();
    adding.end().await.success();

    let serving = serve(&folder, port).await;
    let http = http().tls_certs_only([certificate.trusted()]).build().unwrap();
    let registration = Registration::web().with("redirect_uris", json!([callback]));
    let app = App::registered(&http, &issuer, credentials, registration);
    let visit = Browser::at(&http, &issuer).authorize(app.request().scope("openid email"));
    let visit = visit.log_in_with("alice", "a password that nobody guesses").consent();
    let tokens = app.redeem(&visit.await.code()).await.tokens();
    let userinfo = app.userinfo(&tokens.access_token).await.success();
    assert_eq!(userinfo["email"], "alice@example.test");

    serving.terminate();
    let ended = serving.end().await;
    assert!(ended.status.success(), "{ended:?}");
    for secret in [&tokens.access_token, "a password that nobody guesses", credentials.1] {
        assert!(!ended.complaints.contains(secret) && !ended.output.contains(secret));
    }
}

#[tokio::test]
async fn readiness_and_metrics_are_for_the_operations_address_alone() {
    let (folder, port) = (Folder::new(), free_ports(2));
    start(&folder, "init --issuer https://login.example").end().await.success();
    let (public, operations) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", port + 1));
    configure(&folder, &format!("listen = [\"{public}\"]\noperations = \"{operations}\"\n"));
    start(&folder, "migrate").end().await.success();
    let serving = serve(&folder, port).await;

    let http = http().build().unwrap();
    for (place, outside) in [("/metrics", 404), ("/health/ready", 404), ("/health/live", 200)] {
        for (address, expected) in [(&public, outside), (&operations, 200)] {
            let answer = http.get(format!("http://{address}{place}")).send().await.unwrap();
            assert_eq!(answer.status(), expected, "{address}{place}: {}", serving.complaints());
        }
    }
}

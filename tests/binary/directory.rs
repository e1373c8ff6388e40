//! The program in service with a directory of two hosts, and what it tells its operator of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vestibule_counterparts::{Slapd, password_of};

use super::production::{configure, serve};
use super::start;
use crate::support::{App, Browser, Folder, Registration, free_ports, http};

/// The states of the hosts of the one backend, in the order of the configuration.
fn hosts(ready: &Value) -> Vec<&str> {
    let hosts = ready["backends"][0]["hosts"].as_array().unwrap();
    hosts.iter().map(|host| host["state"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_operator_is_told_of_every_host_and_the_public_of_none() {
    let mut first = Slapd::start().await;
    let mut second = first.replica().await;
    let (folder, port) = (Folder::new(), free_ports(2));
    let issuer = format!("http://127.0.0.1:{port}");
    start(&folder, &format!("init --issuer {issuer}")).end().await.success();
    let operations = format!("127.0.0.1:{}", port + 1);
    configure(
        &folder,
        &format!("listen = [\"127.0.0.1:{port}\"]\noperations = \"{operations}\"\n"),
    );
    let file = folder.join("vestibule.toml");
    let configuration = std::fs::read_to_string(&file).unwrap();
    let backend = format!(
        "\n[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nurl = {urls:?}\nca = {ca:?}\n\
         bind_dn = {dn:?}\nbind_password = {password:?}\nbase = {base:?}\n\
         [backend.claims]\nemail = \"mail\"\n",
        urls = [first.tls_url(), second.tls_url()],
        ca = first.ca_file(),
        dn = Slapd::SERVICE_DN,
        password = Slapd::SERVICE_PASSWORD,
        base = first.base(),
    );
    std::fs::write(&file, configuration + &backend).unwrap();
    start(&folder, "migrate").end().await.success();
    let callback = "https://wiki.example.test/callback";
    let added = format!("--json client add Wiki --redirect-uri {callback}");
    let added: Value = serde_json::from_str(&start(&folder, &added).end().await.success()).unwrap();
    let credentials =
        (added["client_id"].as_str().unwrap(), added["client_secret"].as_str().unwrap());
    let serving = serve(&folder, port).await;

    let http = http().build().unwrap();
    let registration = Registration::web().with("redirect_uris", json!([callback]));
    let app = App::registered(&http, &issuer, credentials, registration);
    let ready = async || {
        let answer = http.get(format!("http://{operations}/health/ready")).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let sign_on = async |name: &str| {
        let visit = Browser::at(&http, &issuer).authorize(&app);
        let login = visit.log_in_with(name, &password_of(name)).await;
        // Whoever has consented before is not asked again.
        if !login.has_left() {
            login.press("#consent-allow").await.code();
        }
    };

    sign_on("alice").await;
    let (status, told) = ready().await;
    assert_eq!((status, &told["status"]), (200, &json!("ready")), "{told}");
    assert_eq!(hosts(&told)[0], "up", "{told}");
    first.kill();
    // A connection that ends is no dead host yet: whoever comes next finds that out.
    let begin = Instant::now();
    let told = loop {
        sign_on("bob").await;
        let (status, told) = ready().await;
        assert_eq!(status, 200, "{told}");
        if hosts(&told) == ["down", "up"] {
            break told;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{told}");
    };
    assert!(told["backends"][0]["hosts"][0]["detail"].is_string(), "{told}");
    let metrics = http.get(format!("http://{operations}/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for line in [
        format!("vestibule_backend_host_up{{backend=\"staff\",host=\"{}\"}} 0", first.tls_url()),
        format!("vestibule_backend_host_up{{backend=\"staff\",host=\"{}\"}} 1", second.tls_url()),
    ] {
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    for name in ["vestibule_backend_pool{", "vestibule_ldap_operation_duration_seconds"] {
        assert!(metrics.contains(name), "{name}\n{metrics}");
    }

    second.kill();
    let (status, told) = ready().await;
    assert_eq!((status, &told["backends"][0]["passed"]), (503, &json!(false)), "{told}");
    for place in ["/health/ready", "/metrics"] {
        let outside = http.get(format!("{issuer}{place}")).send().await.unwrap();
        assert_eq!(outside.status(), 404, "{place}");
    }
    serving.terminate();
    let ended = serving.end().await;
    assert!(ended.status.success(), "{ended:?}");
    for secret in [Slapd::SERVICE_PASSWORD, &password_of("alice"), &password_of("bob")] {
        let written = format!("{}{}{told}{metrics}", ended.output, ended.complaints);
        assert!(!written.contains(secret), "{secret}");
    }
}

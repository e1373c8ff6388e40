//! Hosts that are dead, or hang.

use vestibule_counterparts::{Proxy, free_ports};

use super::*;

#[tokio::test]
async fn health_asks_the_dead_hosts_too() {
    let slapd = Slapd::start().await;
    let folder = Folder::new("hosts");
    let (alive, dead) = (slapd.tls_url(), format!("ldaps://127.0.0.1:{}", free_ports(1)));
    let urls = format!("url = [{dead:?}, {alive:?}]");
    std::fs::write(folder.config(), configuration(&slapd, &urls)).unwrap();
    let answer = folder.run("backend health", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert!(
        answer.text.contains("staff is degraded: 1 of 2 hosts do not answer"),
        "{}",
        answer.text
    );
    let hosts = &answer.json["backends"][0]["hosts"];
    let mut states: Vec<_> =
        hosts.as_array().unwrap().iter().map(|host| host["state"].as_str()).collect();
    states.sort();
    assert_eq!(states, [Some("down"), Some("up")], "{hosts}");

    // Nor does a dead host stop a rehearsal, or a check.
    let answer = folder.run("backend sample staff", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    let installed = Folder::installed("degraded").await;
    installed.append(&configuration(&slapd, &urls));
    let answer = installed.run("check", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert!(answer.text.contains("staff is degraded, of its 2 hosts:"), "{}", answer.text);

    std::fs::write(folder.config(), configuration(&slapd, &format!("url = {dead:?}"))).unwrap();
    let answer = folder.run("backend health", "").await.unwrap();
    assert!(!answer.success && answer.text.contains("staff is down"), "{}", answer.text);
}

#[tokio::test]
async fn health_does_not_wait_for_a_host_that_hangs() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.tls_address()).await;
    proxy.freeze();
    let urls = format!("url = [\"ldaps://{}\", {:?}]", proxy.address(), slapd.tls_url());
    let folder = Folder::new("hangs");
    let configuration = configuration(&slapd, &urls);
    std::fs::write(
        folder.config(),
        configuration.replace("[backend.claims]", "connect_timeout = \"500ms\"\n[backend.claims]"),
    )
    .unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(8), folder.run("backend health", ""));
    let answer = asked.await.unwrap().unwrap();
    assert!(answer.success && answer.text.contains("staff is degraded"), "{}", answer.text);
}

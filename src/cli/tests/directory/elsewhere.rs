//! Which host hears which password.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use super::*;

/// Everything that is sent to a port that nobody answers from.
fn recorder() -> (u16, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, all) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut bytes) {
                let _ = heard.send(bytes[..read].to_vec());
                // Success to the first message, whatever it is: a bind would be believed.
                let _ =
                    stream.write_all(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00");
            }
        }
    });
    (port, all)
}

// LD3
#[tokio::test]
async fn the_stored_password_is_never_sent_to_another_host() {
    let slapd = Slapd::start().await;
    let folder = with_directory("elsewhere", &slapd, "");
    let (port, heard) = recorder();
    let url = format!("ldap://127.0.0.1:{port}");
    let line = format!("backend try staff --user alice --url {url} --security plaintext");
    let failure = folder.failure(&line).await;
    assert!(failure.contains("its `bind_password` is not sent anywhere else"), "{failure}");
    assert!(!failure.contains(Slapd::SERVICE_PASSWORD), "{failure}");
    assert!(heard.try_recv().is_err(), "nobody even connected");

    let typed = "typed-for-this-run";
    let answer =
        folder.run(&format!("{line} --bind-password-prompt"), &format!("{typed}\n")).await.unwrap();
    assert!(!answer.success && !answer.text.contains(typed), "{}", answer.text);
    let sent: Vec<u8> = heard.try_iter().flatten().collect();
    let sent = String::from_utf8_lossy(&sent);
    assert!(sent.contains(typed), "the typed one goes where it is meant to");
    assert!(!sent.contains(Slapd::SERVICE_PASSWORD), "{sent}");
}

// LD3
#[tokio::test]
async fn the_configured_host_may_be_named_again() {
    let slapd = Slapd::start().await;
    let folder = with_directory("named-again", &slapd, "");
    let answer = attempt(&folder, "alice", None, &format!(" --url {}", slapd.tls_url())).await;
    assert!(answer.success, "{}", answer.text);
    let failure =
        folder.failure(&format!("backend try staff --user alice --url {}", slapd.url())).await;
    assert!(failure.contains("--bind-password-prompt"), "the same host by StartTLS: {failure}");
    let line = format!(
        "backend try staff --user alice --url {} --bind-password-prompt --password-prompt",
        slapd.url()
    );
    let input = format!("{}\n{}\n", Slapd::SERVICE_PASSWORD, password_of("alice"));
    let answer = folder.run(&line, &input).await.unwrap();
    assert!(answer.success && answer.text.contains("Logged in"), "{}", answer.text);
}

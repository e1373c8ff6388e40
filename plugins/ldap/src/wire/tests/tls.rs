//! Nobody but the configured host hears a password, and nobody listens (LD6).

use std::process::{Command, Stdio};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use vestibule_counterparts::{Authority, Folder, Setup};

use super::fake::{self, bind_answer, extended_answer};
use super::*;

/// A wire with TLS to this server.
fn secured(url: &str, slapd: &Slapd) -> Wire {
    open(json!({ "url": url, "ca": slapd.ca_file(), "connect_timeout": "1s" })).unwrap()
}

/// Why nobody is found.
async fn refusal(wire: &Wire) -> String {
    find(wire, "alice").await.unwrap_err().to_string()
}

/// A server whose certificate is this one.
async fn with(authority: &Authority, params: &CertificateParams) -> Slapd {
    Slapd::with(Setup::default().certificate(authority, authority.sign(params))).await
}

fn params() -> CertificateParams {
    CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap()
}

#[tokio::test]
async fn tls_and_starttls_work_with_the_configured_ca() {
    let slapd = Slapd::start().await;
    for url in [slapd.tls_url(), slapd.url(), slapd.tls_url().replace("127.0.0.1", "localhost")] {
        let wire = secured(&url, &slapd);
        log_in(&wire, "alice").await.unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(wire.is_encrypted());
    }
    assert_eq!(slapd.log().matches("TLS established").count(), 6, "{}", slapd.log());
}

// LD6
#[tokio::test]
async fn a_certificate_of_another_ca_is_refused() {
    let slapd = Slapd::start().await;
    let folder = Folder::new();
    let other = folder.write("other.crt", &Authority::new("Other").pem());
    for url in [slapd.tls_url(), slapd.url()] {
        let wire = open(json!({ "url": url, "ca": other })).unwrap();
        let refusal = refusal(&wire).await;
        assert!(
            refusal.contains("a CA that is not trusted; name the right one in `ca`"),
            "{refusal}"
        );
    }
    assert!(!slapd.log().contains("BIND"), "nobody's name was said");
}

// LD6
#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::default();
    let elsewhere = CertificateParams::new(vec!["ldap.elsewhere.test".to_owned()]).unwrap();
    let slapd = with(&authority, &elsewhere).await;
    for url in [slapd.tls_url(), slapd.url()] {
        let refusal = refusal(&secured(&url, &slapd)).await;
        let words = "the certificate is not for 127.0.0.1 but for ldap.elsewhere.test";
        assert!(refusal.contains(words), "{refusal}");
    }
    let by_name = slapd.tls_url().replace("127.0.0.1", "localhost");
    assert!(refusal(&secured(&by_name, &slapd)).await.contains("not for localhost"));
}

// LD6
#[tokio::test]
async fn a_certificate_out_of_its_time_or_use_is_refused() {
    let authority = Authority::default();
    let mut expired = params();
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut early = params();
    early.not_before = date_time_ymd(2090, 1, 1);
    let mut client = params();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let cases = [
        (expired, "the certificate has expired"),
        (early, "the certificate is not valid yet"),
        (client, "the certificate is not meant for servers"),
    ];
    for (params, words) in cases {
        let slapd = with(&authority, &params).await;
        let refusal = refusal(&secured(&slapd.tls_url(), &slapd)).await;
        assert!(refusal.contains(words), "{refusal}");
    }
}

// LD6
#[tokio::test]
async fn a_server_that_speaks_only_old_tls_is_refused() {
    let slapd = Slapd::start().await;
    let folder = Folder::new();
    let authority = Authority::default();
    let ca = folder.write("ca.crt", &authority.pem());
    let (certificate, key) = authority.sign(&params()).write(&folder, "server");
    for version in ["-tls1", "-tls1_1"] {
        let port = vestibule_counterparts::free_ports(1);
        let mut server = Command::new("openssl")
            .args(["s_server", "-quiet", version, "-cipher", "ALL:@SECLEVEL=0"])
            .args(["-accept", &port.to_string()])
            .arg("-cert")
            .arg(&certificate)
            .arg("-key")
            .arg(&key)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("openssl listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        let wire = open(json!({ "url": format!("ldaps://127.0.0.1:{port}"), "ca": ca })).unwrap();
        let refusal = refusal(&wire).await;
        assert!(refusal.contains("the host does not speak TLS 1.2 or 1.3"), "{refusal}");
        server.kill().unwrap();
        server.wait().unwrap();
    }
    drop(slapd);
}

/// Whoever sits between says that there is no TLS, or that there is and goes on without.
// LD6
#[tokio::test]
async fn stripped_starttls_is_refused_and_no_name_is_said() {
    let slapd = Slapd::start().await;
    let refused = extended_answer(2, b"");
    let unavailable = extended_answer(52, b"");
    // A success, and at once the success of a bind that was not asked yet.
    let injected = [extended_answer(0, b""), bind_answer(2, 0)].concat();
    let cases = [
        (refused, "the host refuses StartTLS with result 2"),
        (unavailable, "the host refuses StartTLS with result 52"),
        (extended_answer(0, b""), "TLS"),
        (injected, "TLS"),
        (b"\x30\x84\x7f\xff\xff\xff".to_vec(), "the host answered StartTLS with nonsense"),
        (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), "the host answered StartTLS with nonsense"),
    ];
    for (answer, words) in cases {
        let server = fake::server(move |_| answer.clone()).await;
        let wire = secured(&format!("ldap://{}", server.address), &slapd);
        let begin = Instant::now();
        let refusal = refusal(&wire).await;
        assert!(refusal.contains(words), "{refusal}");
        assert!(begin.elapsed() < Duration::from_millis(1200));
        let heard = server.heard();
        assert!(!heard.windows(6).any(|bytes| bytes == b"cn=svc"), "the name was said");
        assert!(!heard.windows(6).any(|bytes| bytes == b"svc-Pa"), "the password was said");
    }
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_told_in_words() {
    let slapd = Slapd::start().await;
    let wire = secured(&slapd.url().replace("ldap:", "ldaps:"), &slapd);
    let refusal = refusal(&wire).await;
    assert!(refusal.contains("does it speak TLS on this port?"), "{refusal}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_configured() {
    let authority = Authority::default();
    let setup = Setup::default().certificate(&authority, authority.sign(&params()));
    let slapd = Slapd::with(setup.server("TLSVerifyClient demand\n")).await;
    let folder = Folder::new();
    let (certificate, key) = authority.certify(&["vestibule"]).write(&folder, "client");
    let without = refusal(&secured(&slapd.tls_url(), &slapd)).await;
    assert!(without.contains("TLS") || without.contains("connection"), "{without}");
    let wire = open(json!({
        "url": slapd.tls_url(),
        "ca": slapd.ca_file(),
        "client_certificate": certificate,
        "client_key": key,
    }));
    log_in(&wire.unwrap(), "alice").await.unwrap();
}

#[test]
fn files_that_hold_nothing_of_use_are_refused_at_the_start() {
    let folder = Folder::new();
    let (certificate, key) = Authority::default().certify(&["x"]).write(&folder, "x");
    let (_, other_key) = Authority::default().certify(&["y"]).write(&folder, "y");
    let empty = folder.write("empty", "");
    let url = "ldaps://ldap.test";
    let cases = [
        (
            json!({ "url": url, "ca": "/nowhere/ca.crt" }),
            "`ca` names /nowhere/ca.crt, which cannot be read",
        ),
        (json!({ "url": url, "ca": empty }), "which holds no certificate in PEM"),
        (json!({ "url": url, "ca": key }), "which holds no certificate in PEM"),
        (
            json!({ "url": url, "client_certificate": certificate, "client_key": certificate }),
            "which holds no key in PEM",
        ),
        (
            json!({ "url": url, "client_certificate": certificate, "client_key": other_key }),
            "`client_key` does not go with `client_certificate`",
        ),
    ];
    for (options, words) in cases {
        let Err(error) = open(options) else { panic!("{words}") };
        assert!(error.to_string().contains(words), "{error}");
    }
}

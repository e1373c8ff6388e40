//! Headers that claim another name (HH1), and paths that lead elsewhere (ST1).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{App, Op, Registration};

/// Sends these very bytes, and returns all that comes until the connection is closed.
pub async fn exchange(op: &Op, request: &[u8]) -> String {
    let address = op.url("/").socket_addrs(|| None).unwrap()[0];
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    // What is refused early may be answered by a reset as well.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status of an answer; 0 if there is none.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// An answer without what differs every time: its id, date, and what is sealed or drawn for it.
fn masked(answer: &str) -> String {
    let mut text = answer.to_owned();
    let drawn = [
        ("\r\nx-request-id: ", "\r\n"),
        ("\r\ndate: ", "\r\n"),
        ("vestibule-browser=", ";"),
        ("pending=", "\r\n"),
        ("name=\"pending\" value=\"", "\""),
        ("id=\"reference\">", "<"),
        ("%5B", "%5D"),
    ];
    for (begin, end) in drawn {
        let mut parts = text.split(begin).map(str::to_owned).collect::<Vec<_>>();
        for part in parts.iter_mut().skip(1) {
            let rest = part.find(end).unwrap_or(part.len());
            part.replace_range(..rest, "");
        }
        text = parts.join(begin);
    }
    text
}

async fn ask(op: &Op, host: &str, method: &str, target: &str, more: &str) -> String {
    let body = if method == "POST" {
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ntoken=x"
    } else {
        "\r\n"
    };
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}{body}");
    exchange(op, request.as_bytes()).await
}

fn targets(app: &App) -> Vec<String> {
    let url = app.request().url();
    let request = format!("/oauth2/authorize?{}", url.query().unwrap());
    let mut targets: Vec<_> = [
        "/",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/oauth2/jwks",
        "/openapi.json",
        "/docs",
        "/logout",
        "/login",
        "/consent",
        "/oauth2/authorize",
        "/oauth2/logout",
        "/oauth2/userinfo",
        "/oauth2/token",
        "/oauth2/revoke",
        "/health/live",
        "/nowhere",
    ]
    .map(str::to_owned)
    .into();
    targets.push(format!("{request}&prompt=none"));
    targets.push(request);
    targets
}

// HH1
#[tokio::test]
async fn whatever_name_a_request_claims_the_answer_is_the_same() {
    let op = Op::start().await;
    let app = op.app(Registration::web()).await;
    let host = op.issuer().trim_start_matches("http://").to_owned();
    let evil = "evil.example";
    let hostile = [
        (evil.to_owned(), String::new()),
        (format!("{host}@{evil}"), String::new()),
        (format!("{evil}:80"), String::new()),
        (host.clone(), format!("X-Forwarded-Host: {evil}\r\nX-Forwarded-Proto: https\r\n")),
        (
            host.clone(),
            format!(
                "X-Forwarded-For: {evil}\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /{evil}\r\n"
            ),
        ),
        (host.clone(), format!("Forwarded: for=1.2.3.4;host={evil};proto=https;by={evil}\r\n")),
        (
            host.clone(),
            format!("X-Host: {evil}\r\nX-Original-URL: /{evil}\r\nX-Rewrite-URL: /{evil}\r\n"),
        ),
        (
            host.clone(),
            format!(
                "X-Original-Host: {evil}\r\nX-HTTP-Method-Override: DELETE\r\nVia: 1.1 {evil}\r\n"
            ),
        ),
        (host.clone(), format!("Referer: https://{evil}/\r\nX-Request-Id: {evil}\r\n")),
    ];
    for target in targets(&app) {
        for method in ["GET", "POST"] {
            let expected = ask(&op, &host, method, &target, "").await;
            assert!(status(&expected) > 0, "{target}");
            for (host, headers) in &hostile {
                let answer = ask(&op, host, method, &target, headers).await;
                assert_eq!(
                    masked(&answer),
                    masked(&expected),
                    "{method} {target} {host} {headers}"
                );
                assert!(!answer.contains(evil), "{method} {target}: {answer}");
            }
            // The absolute form names a host as well (RFC 9112 §3.2.2).
            let absolute = format!("http://{evil}{target}");
            let answer = ask(&op, &host, method, &absolute, "").await;
            assert!(!answer.contains(evil), "{method} {absolute}: {answer}");
        }
    }
}

// ST1
#[tokio::test]
async fn no_path_leads_to_a_file_that_is_not_served() {
    let op = Op::start().await;
    assert_eq!(op.status("/assets/vestibule.css").await, 200);
    let ups = [
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "%252e%252e%252f",
        "..\\",
        "..%5c",
        "....//",
        "..;/",
        ".%00./",
    ];
    let files = [
        "etc/passwd",
        "base.html",
        "login.html",
        "Cargo.toml",
        "vestibule.db",
        "assets/vestibule.css",
    ];
    let mut paths = vec![
        "/assets".to_owned(),
        "/assets/".to_owned(),
        "/assets/.".to_owned(),
        "/assets//vestibule.css".to_owned(),
        "/assets/./vestibule.css".to_owned(),
        "/assets/vestibule.css/".to_owned(),
        "/assets/vestibule.css%00".to_owned(),
        "/assets/vestibule.css%00.html".to_owned(),
        "/assets/Vestibule.css".to_owned(),
        "/assets/vestibule%2ecss".to_owned(),
        "/assets//etc/passwd".to_owned(),
        "/assets/file:///etc/passwd".to_owned(),
        "/assets/C:\\Windows\\win.ini".to_owned(),
        "/../../etc/passwd".to_owned(),
        "/docs/../../etc/passwd".to_owned(),
        "/templates/login.html".to_owned(),
        "//etc/passwd".to_owned(),
    ];
    for up in ups {
        for file in files {
            paths.extend([1, 2, 8].map(|times| format!("/assets/{}{file}", up.repeat(times))));
        }
    }
    for path in paths {
        // By hand, as clients tidy paths up.
        let answer = ask(&op, "a", "GET", &path, "").await;
        assert!(matches!(status(&answer), 400 | 404), "{path}: {answer}");
        assert!(!answer.contains("root:x:0") && !answer.contains("{% block"), "{path}");
    }
}

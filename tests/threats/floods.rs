//! Too much of everything (DO1), and bytes that nobody expects (DO2).

use serde_json::Value;

use super::hosts::{exchange, status};
use super::offline;
use crate::support::{Database, Op, Registration, on_every_database};

/// Longer than the whole request may be, and not longer than what a connection may carry.
const LONG: usize = 20_000;

// DO1
#[tokio::test]
async fn too_much_of_a_parameter_is_refused_and_named() {
    let (op, app) = Op::with_app().await;
    let nested = format!("{{\"userinfo\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    let deep = format!("{}1{}", "{\"userinfo\":".repeat(300), "}".repeat(300));
    for (name, value) in [
        ("scope", format!("openid {}", "a ".repeat(LONG / 2))),
        ("scope", format!("openid {}", "a".repeat(LONG))),
        ("state", "s".repeat(LONG)),
        ("nonce", "n".repeat(LONG)),
        ("claims", nested),
        ("claims", deep),
        ("acr_values", "x ".repeat(LONG / 2)),
        ("prompt", "login ".repeat(LONG / 6)),
        ("ui_locales", "de ".repeat(LONG / 3)),
        ("login_hint", "l".repeat(LONG)),
        ("id_token_hint", "a.".repeat(LONG / 2)),
        ("response_type", "code ".repeat(LONG / 5)),
        ("unheard-of", "u".repeat(LONG)),
    ] {
        let request = app.request().with(name, &value);
        for request in [request.clone(), request.by_post()] {
            let answer = op.browser().authorize(request).await.answer();
            assert!(
                ["invalid_request", "unsupported_response_type"].contains(&answer.error().as_str()),
                "{name}"
            );
            let description = answer.get("error_description").unwrap();
            assert!(description.contains(name), "{name}: {description}");
        }
    }
    let many = (0..2000).fold(app.request(), |request, at| request.also(&format!("p{at}"), "x"));
    assert_eq!(op.browser().authorize(many).await.error(), "invalid_request");
}

// DO1
#[tokio::test]
async fn too_long_a_request_is_refused_early() {
    let (op, app) = Op::with_app().await;
    let tokens = offline(&op.browser(), &app).await;
    let megabyte = "a".repeat(1 << 20);
    for path in [
        "/oauth2/token",
        "/oauth2/revoke",
        "/oauth2/userinfo",
        "/oauth2/authorize",
        "/oauth2/logout",
        "/login",
        "/consent",
        "/choice",
        "/logout",
    ] {
        let form = format!("token={megabyte}");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            form.len()
        );
        let answer = exchange(&op, head.as_bytes()).await;
        assert_eq!(status(&answer), 413, "{path}: {answer}");
    }
    for head in [
        format!("GET /{megabyte} HTTP/1.1\r\nHost: a\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {megabyte}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "A: b\r\n".repeat(20_000)),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "Cookie: a=b; c=d\r\n".repeat(150)),
    ] {
        let answer = exchange(&op, format!("{head}Connection: close\r\n\r\n").as_bytes()).await;
        assert!(
            matches!(status(&answer), 400 | 414 | 431),
            "{}",
            answer.lines().next().unwrap_or_default()
        );
    }
    // Within the limit, and of no use.
    let crowd = "x=1&".repeat(10_000);
    for path in ["/oauth2/token", "/oauth2/revoke", "/login", "/logout", "/oauth2/logout"] {
        let request = op.http().post(op.url(path)).body(crowd.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let status = request.send().await.unwrap().status().as_u16();
        assert!(status < 500 && status != 200 || path == "/oauth2/logout", "{path}: {status}");
    }
    for token in
        ["a".repeat(60_000), "a.".repeat(30_000), format!("{}.e30.AA", "W1tb".repeat(10_000))]
    {
        assert_eq!(app.userinfo_in_body(&token).await.status, 401);
        assert_eq!(app.revoke(&token).await.status, 200);
        assert_eq!(app.refresh(&token).await.error(), "invalid_grant");
    }
    let long = "s".repeat(60_000);
    let scopes = "openid ".repeat(8_000);
    for scope in [long, scopes] {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh_token()),
            ("scope", &scope),
        ];
        assert!(app.token(&form).await.status < 500);
    }
}

// DO1
#[tokio::test]
async fn a_long_name_or_password_is_a_wrong_one() {
    let (op, app) = Op::with_app().await;
    let long = "a".repeat(50_000);
    for (username, password) in [(long.as_str(), "x"), ("alice", long.as_str())] {
        let arrival = op.browser().authorize(&app).log_in_with(username, password).await;
        assert_eq!(arrival.page().status, 403);
        assert!(arrival.page().text().contains("Wrong name or password"));
    }
}

/// Percent-encoded: NUL, other controls, no UTF-8, an overlong form, half of a surrogate pair, what turns text around, and no encoding at all.
const ODD: [&str; 9] = [
    "%00",
    "a%00b",
    "%01%1b%7f",
    "%ff%fe",
    "%c0%af",
    "%ed%a0%80",
    "%e2%80%ae",
    "%0d%0aX:%20y",
    "%",
];

/// Every operation of the document, with the names of its parameters.
fn operations(document: &Value) -> Vec<(String, String, Vec<String>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut names: Vec<String> = Vec::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                names.push(parameter["name"].as_str().unwrap().to_owned());
            }
            for content in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                let reference = content.1["schema"]["$ref"].as_str().unwrap();
                let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
                names.extend(schema["properties"].as_object().unwrap().keys().cloned());
            }
            all.push((path.clone(), method.to_uppercase(), names));
        }
    }
    all
}

on_every_database! {
    // DO2
    async fn odd_bytes_in_any_parameter_fail_nothing(op: Op) {
        let app = op.app(Registration::web()).await;
        let client_id = app.client_id();
        let basic = crate::support::basic(client_id, app.client_secret());
        let sealed = {
            let arrival = op.browser().authorize(&app).await;
            arrival.page().attribute("input[name=pending]", "value").unwrap()
        };
        let document = op.get_json("/openapi.json").await;
        let mut asked = 0;
        for (path, method, names) in operations(&document) {
            for name in &names {
                for odd in ODD {
                    // Around it, what leads as far inside as can be.
                    let good = [
                        ("client_id", client_id),
                        ("redirect_uri", "https://web.example.test/callback"),
                        ("response_type", "code"),
                        ("grant_type", "refresh_token"),
                        ("refresh_token", "x"),
                        ("token", "x"),
                        ("scope", "openid"),
                        ("pending", &sealed),
                    ];
                    let mut parameters = format!("{name}={odd}");
                    for (known, value) in good {
                        let meant = known != "pending" || path != "/oauth2/authorize";
                        if known != name && names.iter().any(|one| one == known) && meant {
                            parameters.push_str(&format!("&{known}={value}"));
                        }
                    }
                    let mut head = String::new();
                    if name != "client_secret" && name != "client_id" && path.starts_with("/oauth2/") && method == "POST" {
                        head = format!("Authorization: {basic}\r\n");
                    }
                    let request = if method == "GET" {
                        format!("GET {path}?{parameters} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    } else {
                        format!(
                            "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{head}\
                             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{parameters}",
                            parameters.len()
                        )
                    };
                    let answer = exchange(&op, request.as_bytes()).await;
                    assert!((200..500).contains(&status(&answer)), "{method} {path} {parameters}: {answer}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 300, "{asked}");
    }

    // DO2: what a person types.
    async fn odd_bytes_in_the_login_form_fail_nothing(op: Op) {
        let app = op.app(Registration::web()).await;
        for odd in ["\0", "a\0b", "\u{1b}[2J", "\u{202e}ecila", "\u{fffd}", "\u{feff}alice", "ali\u{ad}ce", "🦀", "\u{10ffff}"] {
            for (username, password) in [(odd, "x"), ("alice", odd), (odd, odd)] {
                let arrival = op.browser().authorize(&app).log_in_with(username, password).await;
                assert!(matches!(arrival.page().status, 403 | 429), "{username:?} {password:?}");
            }
        }
    }
}

// DO2
#[tokio::test]
async fn odd_bytes_in_headers_and_paths_fail_nothing() {
    let op = Op::start().await;
    let names = [
        "Host",
        "Authorization",
        "Cookie",
        "Accept",
        "Accept-Language",
        "Origin",
        "Content-Type",
        "Content-Length",
        "If-None-Match",
        "X-Forwarded-For",
        "Forwarded",
        "X-Request-Id",
        "Referer",
        "User-Agent",
        "Access-Control-Request-Method",
        "Transfer-Encoding",
        "Expect",
        "Odd\u{e9}",
    ];
    let values: [&[u8]; 10] = [
        b"\x80",
        b"\xff\xfe",
        b"a\x00b",
        b"\x01",
        b"\x1b[31m",
        b"\x7f",
        b"a\rb",
        b"a\nb",
        b"Basic \xff\xff",
        b"vestibule-session=\xe9; \x80=\xff",
    ];
    for target in ["/", "/oauth2/userinfo", "/oauth2/jwks", "/login", "/assets/vestibule.css"] {
        for name in names {
            for value in values {
                let head = format!("GET {target} HTTP/1.1\r\nConnection: close\r\n{name}: ");
                let request = [head.as_bytes(), value, b"\r\n\r\n"].concat();
                let answer = exchange(&op, &request).await;
                assert!(status(&answer) < 500, "{target} {name} {value:?}: {answer}");
            }
        }
    }
    for place in [
        &b"/\xff"[..],
        b"/\x80\xc3\xa9",
        b"/%ff",
        b"/%00",
        b"/%0d%0a",
        b"/assets/\xff",
        b"/assets/%ff%00",
        b"/login?\xff=\x80",
        b"/\x01",
        b"/\x7f",
        b"*",
        b"?",
        b"/oauth2/\xe2\x80\xae",
    ] {
        for method in ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "BREW"] {
            let end = b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            let request = [method.as_bytes(), b" ", place, end].concat();
            let answer = exchange(&op, &request).await;
            assert!((200..500).contains(&status(&answer)), "{method} {place:?}: {answer}");
        }
    }
    assert_eq!(op.status("/health/live").await, 200);
}

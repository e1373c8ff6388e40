//! Where people are sent, and above all where not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{is_signed_in, stays};
use crate::support::{App, Op, Page, Registration, Request};

/// Nearly `https://web.example.test/callback`, which is registered.
const NEARLY: &[&str] = &[
    "https://web.example.test",
    "https://web.example.test/",
    "https://web.example.test/callback/",
    "https://web.example.test/callbac",
    "https://web.example.test/callbacks",
    "https://web.example.test/Callback",
    "https://web.example.test//callback",
    "https://web.example.test/./callback",
    "https://web.example.test/x/../callback",
    "https://web.example.test/callback/..",
    "https://web.example.test/callback/../../evil",
    "https://web.example.test/callback/%2e%2e/evil",
    "https://web.example.test/callback/%252e%252e/evil",
    "https://web.example.test/callback..;/evil",
    "https://web.example.test/callback;x=1",
    "https://web.example.test/%63allback",
    "https://web.example.test/callback%00",
    "https://web.example.test/callback%20",
    "https://web.example.test/callback?",
    "https://web.example.test/callback?a=b",
    "https://web.example.test/callback?code=stolen",
    "https://web.example.test/callback#",
    "https://web.example.test/callback#fragment",
    "https://web.example.test:443/callback",
    "https://web.example.test:8443/callback",
    "https://web.example.test./callback",
    "https://WEB.example.test/callback",
    "HTTPS://web.example.test/callback",
    "http://web.example.test/callback",
    "https:/web.example.test/callback",
    "https:web.example.test/callback",
    "https:\\\\web.example.test\\callback",
    "https://web.example.test\\callback",
    "//web.example.test/callback",
    "/callback",
    "callback",
    "https://user@web.example.test/callback",
    "https://user:password@web.example.test/callback",
    "https://web.example.test@evil.example/callback",
    "https://web.example.test%40evil.example/callback",
    "https://web.example.test:443@evil.example/callback",
    "https://evil.example/https://web.example.test/callback",
    "https://evil.example/callback",
    "https://web.example.test.evil.example/callback",
    "https://webXexample.test/callback",
    "https://xn--web-7ka.example.test/callback",
    "https://w\u{435}b.example.test/callback",
    "https://web.example\u{3002}test/callback",
    "https://web.example.test/callback\u{200b}",
    " https://web.example.test/callback",
    "https://web.example.test/callback ",
    "\thttps://web.example.test/callback",
    "https://web.example.test/call\tback",
    "https://web.example.test/callback\n",
    "https://web.example.test/callback\r\nLocation: https://evil.example",
    "https://web.example.test/callback\0",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://web.example.test/callback",
    "data:text/html,hello",
    "vbscript:x",
    "https://web.example.test/callback,https://evil.example/callback",
    "https://web.example.test/callback https://evil.example/callback",
    "*",
    "https://*.example.test/callback",
];

// RU1, RU2, RU5, RU6
#[tokio::test]
async fn nearly_the_registered_uri_is_not_it() {
    let (op, app) = Op::with_app().await;
    for uri in NEARLY {
        for request in [app.request(), app.request().prompt("none"), app.request().by_post()] {
            let arrival = op.browser().authorize(request.with("redirect_uri", uri)).await;
            assert!(stays(&arrival).text().contains("redirect_uri"), "{uri:?}");
        }
    }
}

// RU3
#[tokio::test]
async fn on_loopback_only_the_port_may_differ() {
    let op = Op::start().await;
    let registration = Registration::spa()
        .with("application_type", json!("native"))
        .with("redirect_uris", json!(["http://127.0.0.1/callback", "http://[::1]/callback"]));
    let app = op.app(registration).await;
    for uri in
        ["http://127.0.0.1/callback", "http://127.0.0.1:49152/callback", "http://[::1]:1/callback"]
    {
        let arrival = op.browser().authorize(app.request().with("redirect_uri", uri)).await;
        assert!(arrival.page().asks_for_login(), "{uri}");
    }
    for uri in [
        "http://localhost/callback",
        "http://localhost:80@evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://user@127.0.0.1:80/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:8080/callback?x=1",
        "http://127.0.0.1:8080/callback/..",
        "http://127.0.0.1:8080/other",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0x50/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.1/callback",
        "http://2130706433/callback",
        "http://0.0.0.0/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "http://[0:0:0:0:0:0:0:1]:1/callback",
        "https://127.0.0.1/callback",
    ] {
        let arrival = op.browser().authorize(app.request().with("redirect_uri", uri)).await;
        stays(&arrival);
    }
}

// RU7
#[tokio::test]
async fn a_query_of_the_applications_own_is_kept_and_decides_nothing() {
    let op = Op::start().await;
    let own = "https://web.example.test/callback?tenant=7&x=%2F";
    let app = op.app(Registration::web().with("redirect_uris", json!([own]))).await;
    let arrival = op.browser().authorize(&app).log_in("alice").consent().await;
    assert!(arrival.away().as_str().starts_with(&format!("{own}&")), "{}", arrival.away());
    app.redeem(&arrival.code()).await.tokens();
    for uri in [
        "https://web.example.test/callback",
        "https://web.example.test/callback?tenant=8&x=%2F",
        "https://web.example.test/callback?tenant=7&x=/",
        "https://web.example.test/callback?x=%2F&tenant=7",
        "https://web.example.test/callback?tenant=7&x=%2F&code=mine",
    ] {
        stays(&op.browser().authorize(app.request().with("redirect_uri", uri)).await);
    }
}

/// Every kind of error that is redirected once client and redirect URI are known.
fn faulty(app: &App) -> Vec<Request> {
    let long = "a".repeat(5000);
    let mut requests = vec![
        app.request(),
        app.request().prompt("none"),
        app.request().prompt("none login"),
        app.request().without("response_type"),
        app.request().with("response_type", "nonsense"),
        app.request().with("response_type", "id_token"),
        app.request().scope("openid \""),
        app.request().without_pkce(),
        app.request().with("code_challenge", "short"),
        app.request().with("request", "e30.e30."),
        app.request().with("request_uri", "https://evil.example/"),
        app.request().with("registration", "{}"),
        app.request().with("claims", "{"),
        app.request().with("max_age", "-1"),
        app.request().with("id_token_hint", "e30.e30."),
        app.request().with("nonce", &long),
        app.request().also("state", "again"),
    ];
    for mode in ["query", "fragment", "form_post", "nonsense"] {
        requests.push(app.request().prompt("none").with("response_mode", mode));
    }
    let posted = requests.clone().into_iter().map(Request::by_post);
    requests.into_iter().chain(posted).collect()
}

// RU8
#[tokio::test]
async fn no_error_is_sent_to_where_nothing_is_registered() {
    let op = Op::start().await;
    let app = op.app(Registration::spa()).await;
    let other = op.app(Registration::web()).await;
    let spoilt: [&dyn Fn(Request) -> Request; 9] = [
        &|request| request.without("redirect_uri"),
        &|request| request.with("redirect_uri", "not a uri"),
        &|request| request.with("redirect_uri", "https://evil.example/"),
        &|request| request.with("redirect_uri", other.redirect_uri()),
        &|request| request.also("redirect_uri", "https://evil.example/"),
        &|request| request.without("client_id"),
        &|request| request.with("client_id", "nobody"),
        &|request| request.with("client_id", "\0\u{fffd}'--"),
        &|request| request.with("client_id", other.client_id()),
    ];
    for (at, spoil) in spoilt.iter().enumerate() {
        for request in faulty(&app) {
            // A request that cannot be read might have been one without `openid`, for which the URI may be left out.
            let request = spoil(request);
            let arrival = op.browser().authorize(&request).await;
            assert!(!arrival.has_left(), "{at}: {request:?}");
            stays(&arrival);
        }
    }
}

// RU9
#[tokio::test]
async fn what_pages_lead_back_to_cannot_be_chosen() {
    let (op, _) = Op::with_app().await;
    for value in [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "/oauth2/authorize?client_id=x",
        "\r\nLocation: https://evil.example",
        "javascript:alert(1)",
        "",
        "AAAA",
    ] {
        for path in ["/oauth2/authorize", "/login", "/consent", "/choice"] {
            let mut url = op.url(path);
            url.query_pairs_mut().append_pair("pending", value);
            stays(&op.browser().visit(url.as_str()).await);
            let response =
                super::post(&op, path, &[("pending", value), ("answer", "cancel")]).await;
            if path == "/oauth2/authorize" {
                // A posted request is sealed unread; what it is worth shows when it comes back.
                let location = response.headers()["location"].to_str().unwrap().to_owned();
                assert!(location.starts_with("/oauth2/authorize?pending="), "{location}");
                stays(&op.browser().visit(&location).await);
            } else {
                assert_eq!(response.status(), 400, "{path} {value:?}");
                assert!(!response.headers().contains_key("location"));
            }
        }
    }
}

// RU9, RU1
#[tokio::test]
async fn nearly_the_registered_uri_is_no_way_out_after_signing_out() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let code = browser.authorize(&app).log_in("alice").consent().await.code();
    let id_token = app.redeem(&code).await.tokens().raw_id_token.unwrap();
    let nearly = NEARLY.iter().map(|uri| uri.replace("callback", "signed_out"));
    for uri in nearly.chain([app.redirect_uri().to_owned()]) {
        for hint in [&[][..], &[("id_token_hint", id_token.as_str())]] {
            let mut parameters =
                vec![("client_id", app.client_id()), ("post_logout_redirect_uri", uri.as_str())];
            parameters.extend_from_slice(hint);
            stays(&browser.visit(&app.logout_url(&parameters)).await);
        }
    }
    assert!(is_signed_in(&browser, &app).await, "a refused request signs nobody out");
}

/// The page with which an error goes to the application by form.
async fn posting_page(op: &Op, app: &App, state: &str) -> Page {
    let request =
        app.request().prompt("none").with("response_mode", "form_post").with("state", state);
    let url = request.url();
    let response = op.http().get(url.clone()).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Page { url, status, headers, html: response.text().await.unwrap() }
}

// FP1
#[tokio::test]
async fn a_posting_page_holds_values_and_no_markup_of_them() {
    let (op, app) = Op::with_app().await;
    let tags = |page: &Page| page.html.matches('<').count();
    let plain = posting_page(&op, &app, "plain").await;
    for state in [
        "\"><script>alert(1)</script>",
        "'><img src=x onerror=alert(1)>",
        "\" autofocus onfocus=alert(1) x=\"",
        "</form><form action=https://evil.example>",
        "</script><script>alert(1)</script>",
        "<!--",
        "]]>",
        "&quot;&#34;&lt;&amp;amp;",
        "{{ 7 * 7 }}{% raw %}",
        "` ${alert(1)} `",
        "\u{2028}\u{202e}ü",
    ] {
        let page = posting_page(&op, &app, state).await;
        assert_eq!(page.status, 200);
        let form = page.departing_form().unwrap();
        assert_eq!(form.action.as_str(), app.redirect_uri());
        assert!(form.post && page.has("noscript button, form button"));
        let fields: Vec<_> = form.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(fields, ["error", "error_description", "state", "iss"]);
        assert!(form.fields.contains(&("state".to_owned(), state.to_owned())), "{form:?}");
        assert_eq!(tags(&page), tags(&plain), "{}", page.html);
    }
}

// FP1
#[tokio::test]
async fn a_posting_page_runs_its_own_script_alone() {
    let (op, app) = Op::with_app().await;
    let page = posting_page(&op, &app, "x").await;
    let (_, rest) = page.html.split_once("<script>").expect("a script");
    let (script, rest) = rest.split_once("</script>").expect("its end");
    assert!(!rest.contains("<script"), "one script only");
    let policy = page.header("content-security-policy");
    let directives: Vec<_> = policy.split("; ").collect();
    let hash = STANDARD.encode(Sha256::digest(script));
    for directive in [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        &format!("script-src 'sha256-{hash}'"),
    ] {
        assert!(directives.contains(&directive), "{directive} in {policy}");
    }
    assert!(!policy.contains("form-action") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}

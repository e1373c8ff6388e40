//! Schemathesis asks every endpoint what the document lets it ask, and compares the answers.
//!
//! It shall find no failure of the server, no status, content type, header or body that is not described, no method that is known
//! without being described, and no token-bound endpoint that answers without a token. *Not* asked is whether everything that fits the schemas is
//! accepted: a well-formed request may name a client that does not exist.

use std::process::Command;

use serde_json::json;
use vestibule::http::operations::{self, Metrics, Readiness};
use vestibule::server::Server;

use super::{committed, python, root, run};
use crate::support::{App, Op, Registration, listen};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,unsupported_method,allow_header_conformance,ignored_auth";

/// An application that may ask for everything.
async fn app(op: &Op) -> App {
    let all = [
        "code",
        "token",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
    ];
    op.app(Registration::web().response_types(&all)).await
}

/// What a request must hold to get further than the first check, by the names of the parameters.
async fn known(op: &Op, app: &App) -> serde_json::Value {
    let browser = op.browser();
    let code = browser.authorize(app).through("alice").await.code();
    let own = app.redeem(&code).await.tokens();
    let arrival = browser.authorize(app.request().prompt("consent")).await;
    let page = arrival.page();
    let field = |name: &str| page.attribute(&format!("input[name={name}]"), "value");
    // What is used up, given back or signed out is another session's.
    let other = op.browser();
    let code = other.authorize(app).through("alice").await.code();
    let tokens = app.redeem(&code).await.tokens();
    let code = other.authorize(app).await.code();
    let cookies: serde_json::Map<_, _> =
        browser.cookies().into_iter().map(|(name, cookie)| (name, json!(cookie.value))).collect();
    json!({
        "cookies": cookies,
        "access_token": own.access_token,
        "parameters": {
            "client_id": app.client_id(),
            "client_secret": app.client_secret(),
            "redirect_uri": app.redirect_uri(),
            "post_logout_redirect_uri": app.post_logout_redirect_uri(),
            "scope": "openid profile offline_access",
            "code": code.value,
            "code_verifier": code.verifier,
            "refresh_token": tokens.refresh_token,
            "token": tokens.access_token,
            "access_token": tokens.access_token,
            "id_token_hint": tokens.raw_id_token,
            "pending": field("pending"),
            "shown": field("shown"),
            "username": "bob",
            "password": "bob knows a long password",
            "claims": "{\"userinfo\":{\"email\":{\"essential\":true}}}",
            "v": "1",
            "name": "vestibule.css",
        },
    })
}

/// Runs schemathesis with the document against a server.
async fn attack(server: &str, more: &[&str], known: &serde_json::Value, app: Option<&App>) {
    let document =
        std::env::temp_dir().join(format!("vestibule-openapi-{}.json", vestibule::secret::id()));
    std::fs::write(&document, committed()).unwrap();
    let tests = root().join("tests/openapi");
    let mut command = Command::new(python("schemathesis"));
    command
        .arg("--config-file")
        .arg(tests.join("schemathesis.toml"))
        .arg("run")
        .arg(&document)
        .args(["--url", server, "--checks", CHECKS, "--phases", "coverage,fuzzing"])
        .args(["--seed", "20", "--max-examples", "60", "--max-redirects", "0"])
        .args(["--continue-on-failure", "--no-color", "--generation-database", "none"])
        .args(more)
        .current_dir(std::env::temp_dir())
        .env("SCHEMATHESIS_HOOKS", tests.join("hooks.py"))
        .env("VESTIBULE_KNOWN", known.to_string())
        .env("VESTIBULE_CLIENT_ID", app.map_or("", App::client_id))
        .env("VESTIBULE_CLIENT_SECRET", app.map_or("", App::client_secret))
        .env("VESTIBULE_ACCESS_TOKEN", known["access_token"].as_str().unwrap_or_default())
        .env("NO_PROXY", "*");
    let (success, said) = run(command).await;
    std::fs::remove_file(&document).unwrap();
    println!("{said}");
    assert!(success, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_answers_as_the_document_says() {
    let op =
        Op::with_config("[login]\nattempts_per_address = 100000\nattempts_per_name = 100000").await;
    let app = app(&op).await;
    let known = known(&op, &app).await;
    attack(op.issuer(), &["--exclude-path-regex", "^/(health/ready|metrics)$"], &known, Some(&app))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operations_address_answers_as_the_document_says() {
    let server: Server = listen(None).await;
    let address = format!("http://{}", server.addresses()[0]);
    let endpoint = operations::endpoint(Readiness::default(), Metrics::open());
    let served = tokio::spawn(server.serve(endpoint, std::future::pending()));
    attack(&address, &["--include-tag", "Operations"], &json!({}), None).await;
    served.abort();
}

//! Schemathesis asks every endpoint what the document lets it ask, and compares the answers.
//!
//! It shall find no failure of the server, no status, content type, header or body that is not described, no method that is known
//! without being described, and no token-bound endpoint that answers without a token. *Not* asked is whether everything that fits the schemas is
//! accepted: a well-formed request may name a client that does not exist.

use std::process::Command;

use serde_json::{Value, json};
use vestibule::http::operations::{self, Metrics, Readiness};
use vestibule::server::Server;

use super::{committed, python, root, run};
use crate::support::{App, Op, Registration, Tokens, listen};

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

/// Tokens of a session of their own.
async fn tokens(op: &Op, app: &App) -> Tokens {
    let code = op.browser().authorize(app).through("alice").await.code();
    app.redeem(&code).await.tokens()
}

/// What requests must hold to get further than the first check.
async fn known(op: &Op, app: &App) -> Value {
    let browser = op.browser();
    let code = browser.authorize(app).through("alice").await.code();
    let own = app.redeem(&code).await.tokens();
    let request = app.request().prompt("consent");
    let challenge = request.get("code_challenge").unwrap().to_owned();
    let arrival = browser.authorize(request).await;
    let page = arrival.page();
    let field = |name: &str| page.attribute(&format!("input[name={name}]"), "value").unwrap();
    let (pending, shown) = (field("pending"), field("shown"));
    let cookies = browser.cookies().into_iter();
    let cookies: serde_json::Map<_, _> =
        cookies.map(|(name, cookie)| (name, json!(cookie.value))).collect();
    // What is used up, given back or signed out is another session's.
    let (used, given_back, signed_out) =
        (tokens(op, app).await, tokens(op, app).await, tokens(op, app).await);
    let (client_id, redirect_uri) = (app.client_id(), app.redirect_uri());
    // Nobody else needs the password that is changed.
    op.person("carol", &[]).await;
    json!({
        "cookies": cookies,
        "access_token": own.access_token,
        "good": {
            "/oauth2/authorize": {
                "client_id": client_id,
                "response_type": "code id_token token",
                "redirect_uri": redirect_uri,
                "scope": "openid profile",
                "nonce": "n",
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
            "/oauth2/token": { "grant_type": "refresh_token", "refresh_token": used.refresh_token },
            "/oauth2/revoke": { "token": given_back.access_token },
            "/login": { "pending": pending, "username": "bob", "password": "bob knows a long password" },
            "/login/password": {
                "pending": pending,
                "username": "carol",
                "current_password": "carol knows a long password",
                "new_password": "carol knows another",
                "repeated_password": "carol knows another",
            },
            "/consent": { "pending": pending, "shown": shown, "answer": "allow" },
            "/choice": { "pending": pending },
        },
        "parameters": {
            "client_id": client_id,
            "client_secret": app.client_secret(),
            "redirect_uri": redirect_uri,
            "post_logout_redirect_uri": app.post_logout_redirect_uri(),
            "scope": "openid email",
            "code_challenge": challenge,
            "refresh_token": used.refresh_token,
            "access_token": own.access_token,
            "id_token_hint": signed_out.raw_id_token,
            "pending": pending,
            "shown": shown,
            "claims": "{\"userinfo\":{\"email\":{\"essential\":true}}}",
            "name": "vestibule.css",
        },
    })
}

/// Runs schemathesis with the document against a server.
async fn attack(server: &str, more: &[&str], known: &Value, app: Option<&App>) {
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
    attack(
        &address,
        &["--include-tag", "Operations"],
        &json!({ "cookies": {}, "good": {}, "parameters": {} }),
        None,
    )
    .await;
    served.abort();
}

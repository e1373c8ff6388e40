//! The npm package `openid-client` as relying party: `openid_client.mjs` asks and verifies, the person's
//! browser is ours.

use serde_json::json;
use url::form_urlencoded::parse;

use super::{ALGORITHMS, versatile};
use crate::support::{App, Op, Registration, Script};

/// Sends alice through one flow, and hears that every part of the answer was verified.
async fn accepted(op: &Op, app: &App, metadata: &Registration, response_mode: Option<&str>) {
    let response_type = metadata.member("response_types")[0].as_str().unwrap().to_owned();
    let mut script = Script::start("foreign/openid_client.mjs");
    let mut client = json!({ "client_id": app.client_id(), "client_secret": app.client_secret() });
    for name in ["redirect_uris", "response_types", "id_token_signed_response_alg"] {
        client[name] = metadata.member(name).clone();
    }
    script.tell(&json!({
        "issuer": op.issuer(),
        "client": client,
        "request": { "scope": "openid email", "response_mode": response_mode },
    }));
    let url = script.hear().await["url"].as_str().unwrap().to_owned();
    let arrival = op.browser().visit(&url).log_in("alice").consent().await;
    let carried: Vec<(String, String)> = match (response_mode, response_type.as_str()) {
        (Some("form_post"), _) => arrival.posted().to_vec(),
        (_, "code") => arrival.away().query_pairs().into_owned().collect(),
        _ => {
            let fragment = arrival.away().fragment().unwrap_or_default();
            parse(fragment.as_bytes()).into_owned().collect()
        }
    };
    script.tell(&json!(carried));

    let heard = script.hear().await;
    let mut checked = vec!["state", "iss"];
    let words: Vec<&str> = response_type.split(' ').collect();
    if words.contains(&"id_token") {
        checked.push("nonce");
        checked.extend(words.contains(&"token").then_some("access_token"));
        checked.extend(words.contains(&"code").then_some("code"));
    }
    assert_eq!(heard["refused"], json!(checked), "{response_type}: what was spoilt was noticed");
    assert_eq!(heard["claims"]["iss"], op.issuer());
    assert!(heard["claims"]["sub"].is_string(), "{heard}");
    if words.iter().any(|word| *word != "id_token") {
        assert_eq!(heard["userinfo"]["sub"], heard["claims"]["sub"]);
        assert_eq!(heard["userinfo"]["email"], "alice@example.test");
    }
    script.finish().await;
}

fn registration(response_type: &str, algorithm: &str) -> Registration {
    Registration::web()
        .response_types(&[response_type])
        .with("id_token_signed_response_alg", json!(algorithm))
}

#[tokio::test]
async fn every_response_type_is_accepted() {
    let op = Op::start().await;
    for response_type in
        ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]
    {
        let metadata = registration(response_type, "RS256");
        let app = op.app(metadata.clone()).await;
        accepted(&op, &app, &metadata, None).await;
    }
}

#[tokio::test]
async fn answers_in_a_form_are_accepted() {
    let op = Op::start().await;
    for response_type in ["code", "id_token token", "code id_token token"] {
        let metadata = registration(response_type, "RS256");
        let app = op.app(metadata.clone()).await;
        accepted(&op, &app, &metadata, Some("form_post")).await;
    }
}

#[tokio::test]
async fn every_signature_is_accepted() {
    let op = versatile().await;
    for algorithm in ALGORITHMS {
        let metadata = registration("code id_token token", algorithm);
        let app = op.app(metadata.clone()).await;
        accepted(&op, &app, &metadata, None).await;
    }
}

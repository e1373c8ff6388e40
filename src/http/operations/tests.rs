//! What a supervisor is told.

use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, Request, Response};

use super::*;

async fn ask(readiness: Readiness, path: &str) -> Response {
    let endpoint = endpoint(readiness, Metrics::open()).into_endpoint().map_to_response();
    let request = Request::builder().uri(path.parse().unwrap()).finish();
    endpoint.get_response(request).await
}

async fn json(response: Response) -> serde_json::Value {
    serde_json::from_str(&response.into_body().into_string().await.unwrap()).unwrap()
}

#[tokio::test]
async fn whoever_answers_lives() {
    let failing = Readiness::default().with("storage", || async { Err("gone".to_owned()) });
    let response = ask(failing, "/health/live").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(json(response).await, serde_json::json!({ "status": "live" }));
}

#[tokio::test]
async fn ready_is_who_passes_every_check() {
    let passing = Readiness::default().with("storage", || async { Ok(()) });
    let response = ask(passing.clone(), "/health/ready").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let checks = serde_json::json!([{ "name": "storage", "passed": true }]);
    assert_eq!(json(response).await, serde_json::json!({ "status": "ready", "checks": checks }));

    let failing = passing.with("keys", || async { Err("the newest key is 3 h old".to_owned()) });
    let response = ask(failing, "/health/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer = json(response).await;
    assert_eq!(answer["status"], "not ready");
    let failed = serde_json::json!(
        { "name": "keys", "passed": false, "detail": "the newest key is 3 h old" }
    );
    assert_eq!(answer["checks"][1], failed);
}

#[tokio::test]
async fn a_check_that_hangs_or_panics_has_failed() {
    let readiness = Readiness::default()
        .with("hangs", std::future::pending)
        .with("panics", || async { panic!("in a check") });
    let response = ask(readiness, "/health/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer = json(response).await;
    assert_eq!(answer["checks"][0]["detail"], "no answer within 2s");
    assert_eq!(answer["checks"][1]["detail"], "the check itself failed");
}

#[tokio::test]
async fn metrics_are_text_for_prometheus() {
    let response = ask(Readiness::default(), "/metrics").await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
}

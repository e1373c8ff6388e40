//! What a supervisor is told.

use std::time::Duration;

use poem::http::StatusCode;
use poem::{Endpoint, EndpointExt, Request, Response};
use vestibule_plugin::{Host, HostState, Pool};

use super::*;
use crate::identity::fixture::{Mood, Source, chained, identities, sealer};
use crate::storage::scratch::{Scratch, sqlite};

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
    let expected = serde_json::json!({ "status": "ready", "checks": checks, "backends": [] });
    assert_eq!(json(response).await, expected);

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

/// The readiness of a node whose people are known to one source.
async fn with_source() -> (Scratch, Source, Readiness) {
    let (scratch, source) = (sqlite().await, Source::with_change());
    let pool = Pool { most: 8, open: 3, idle: 2, waiting: 1 };
    let down = HostState::Down {
        cause: "connection refused".to_owned(),
        retry_in: Duration::from_secs(4),
    };
    source.has_hosts(&[
        Host { name: "ldaps://a.example".to_owned(), state: HostState::Up, pool: Some(pool) },
        Host { name: "ldaps://b.example".to_owned(), state: down, pool: None },
        Host { name: "ldaps://c.example".to_owned(), state: HostState::Untried, pool: None },
    ]);
    let identities = identities(&source, None, &scratch.storage, &sealer());
    (scratch, source, Readiness::default().with_backends(identities))
}

#[tokio::test]
async fn every_backend_is_told_of_with_its_hosts() {
    let (_scratch, source, readiness) = with_source().await;
    let answer = json(ask(readiness.clone(), "/health/ready").await).await;
    let expected = serde_json::json!({
        "name": "staff",
        "passed": true,
        "breaker": "closed",
        "hosts": [
            {
                "name": "ldaps://a.example",
                "state": "up",
                "pool": { "most": 8, "open": 3, "idle": 2, "waiting": 1 },
            },
            {
                "name": "ldaps://b.example",
                "state": "down",
                "detail": "connection refused",
                "retry_in": 4,
            },
            { "name": "ldaps://c.example", "state": "untried" },
        ],
    });
    assert_eq!(answer["backends"], serde_json::json!([expected]));
    assert_eq!(answer["checks"], serde_json::json!([{ "name": "backends", "passed": true }]));

    source.is(Mood::Down);
    let response = ask(readiness, "/health/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer = json(response).await;
    assert_eq!(answer["backends"][0]["passed"], false);
    assert_eq!(
        answer["checks"][0]["detail"],
        "staff: the backend is not available: the test says so"
    );
}

#[tokio::test]
async fn the_metrics_tell_of_hosts_and_pools() {
    let (_scratch, _source, readiness) = with_source().await;
    let _asked = ask(readiness.clone(), "/health/ready").await;
    let text = ask(readiness, "/metrics").await.into_body().into_string().await.unwrap();
    for line in [
        r#"vestibule_backend_duration_seconds_count{backend="staff",operation="health",outcome="ok"}"#,
        r#"vestibule_backend_up{backend="staff"} 1"#,
        r#"vestibule_backend_host_up{backend="staff",host="ldaps://a.example"} 1"#,
        r#"vestibule_backend_host_up{backend="staff",host="ldaps://b.example"} 0"#,
        r#"vestibule_backend_pool{backend="staff",host="ldaps://a.example",state="open"} 3"#,
        r#"vestibule_backend_pool{backend="staff",host="ldaps://a.example",state="waiting"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("c.example"), "nobody has asked it yet");
}

#[tokio::test]
async fn one_backend_that_is_down_or_hangs_leaves_the_node_ready() {
    let (scratch, staff, partners) = (sqlite().await, Source::with_change(), Source::with_change());
    let sources = [("staff", &staff), ("partners", &partners)];
    let identities = chained(&sources, None, &scratch.storage, &sealer());
    let readiness = Readiness::default().with_backends(identities);
    tokio::time::pause();
    for mood in [Mood::Down, Mood::Hanging] {
        staff.is(mood);
        let response = ask(readiness.clone(), "/health/ready").await;
        assert_eq!(response.status(), StatusCode::OK, "{mood:?}");
        let answer = json(response).await;
        assert_eq!(answer["checks"][0]["passed"], true);
        assert_eq!(answer["backends"][0]["passed"], false);
        assert_eq!(answer["backends"][1]["passed"], true);
    }
    partners.is(Mood::Down);
    assert_eq!(ask(readiness, "/health/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

//! Request objects, which are refused as unsupported and never ignored (OIDC Core §6).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::flow::Flow;

fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
}

/// `oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported`
pub async fn a_request_object_is_refused_as_unsupported(flow: Flow) {
    let (op, app) = flow.begin().await;
    let request = flow.request(&app).with("request", &unsigned(&json!({"scope": "openid email"})));
    assert_eq!(op.browser().authorize(request).await.error(), "request_not_supported");
}

/// `oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported`
pub async fn a_request_uri_is_refused_as_unsupported(flow: Flow) {
    let (op, app) = flow.begin().await;
    let request = flow.request(&app).with("request_uri", "https://app.example.test/request#hash");
    assert_eq!(op.browser().authorize(request).await.error(), "request_uri_not_supported");
}

/// `oidcc-ensure-request-object-with-redirect-uri`
pub async fn a_request_object_redeems_no_bad_redirect_uri(flow: Flow) {
    let (op, app) = flow.begin().await;
    let request = flow
        .request(&app)
        .with("redirect_uri", "https://elsewhere.example.test/callback")
        .with("request", &unsigned(&json!({"redirect_uri": app.redirect_uri()})));
    op.browser().authorize(request).await.error_page(400);
}

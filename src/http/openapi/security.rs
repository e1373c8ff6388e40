//! How clients prove who they are, and which operations ask for it.
//!
//! *Why not by the framework:* it would tie this to its own extractors, which forgive too much.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::merge;

/// Adds the security schemes, and to each operation those that it accepts.
pub(super) fn secure(document: &mut Value, issuer: &str, scopes: &BTreeMap<String, String>) {
    if let Some(components) = document.get_mut("components") {
        merge(components, json!({ "securitySchemes": schemes(issuer, scopes) }));
    }
    let bearer = [
        json!({ "accessToken": [] }),
        json!({ "openId": ["openid"] }),
        json!({ "oauth2": ["openid"] }),
    ];
    for (path, method, requirement) in [
        ("/oauth2/token", "post", json!([{ "clientSecretBasic": [] }, {}])),
        ("/oauth2/revoke", "post", json!([{ "clientSecretBasic": [] }, {}])),
        ("/oauth2/userinfo", "get", json!(bearer)),
        ("/oauth2/userinfo", "post", json!([bearer.as_slice(), &[json!({})]].concat())),
    ] {
        let item = document.get_mut("paths").and_then(|paths| paths.get_mut(path));
        if let Some(operation) = item.and_then(|item| item.get_mut(method)) {
            merge(operation, json!({ "security": requirement }));
        }
    }
}

fn schemes(issuer: &str, scopes: &BTreeMap<String, String>) -> Value {
    let (authorize, token) =
        (format!("{issuer}/oauth2/authorize"), format!("{issuer}/oauth2/token"));
    json!({
        "clientSecretBasic": {
            "type": "http",
            "scheme": "basic",
            "description": "Client id and secret, each form-encoded first (RFC 6749 §2.3.1), for clients registered for \
                `client_secret_basic`. Those registered for `client_secret_post` or `none` put `client_id`, and `client_secret` if \
                they have one, into the body instead.",
        },
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token (RFC 6750).",
        },
        "openId": {
            "type": "openIdConnect",
            "openIdConnectUrl": format!("{issuer}/.well-known/openid-configuration"),
            "description": "An access token got by OpenID Connect.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "An access token got by OAuth 2.0. Codes need PKCE with `S256` from public clients.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": authorize,
                    "tokenUrl": token,
                    "refreshUrl": token,
                    "scopes": scopes,
                },
                "implicit": { "authorizationUrl": authorize, "scopes": scopes },
            },
        },
    })
}

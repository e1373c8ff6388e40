//! Tokens that somebody else has signed, or nobody (JW1, JW2).

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{is_signed_in, offline};
use crate::support::Op;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[expect(clippy::disallowed_methods, reason = "an attacker has keys of their own")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

fn parts(token: &str) -> (Value, &str, &str) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{token}") };
    (serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap(), payload, signature)
}

/// Forgeries of a token: the same content, without its signature or under another.
fn forged(token: &str, jwks: &Value) -> Vec<(String, String)> {
    let (header, payload, signature) = parts(token);
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let mut all = Vec::new();
    let mut add = |what: &str, header: &Value, signature: &str| {
        all.push((
            what.to_owned(),
            format!("{}.{payload}.{signature}", encode(header.to_string())),
        ));
    };

    for none in ["none", "None", "NONE", "nOnE", ""] {
        add("unsigned", &with("alg", json!(none)), "");
        add("unsigned, with the signature", &with("alg", json!(none)), signature);
    }
    let mut missing = header.clone();
    missing.as_object_mut().unwrap().remove("alg");
    add("no alg", &missing, signature);
    add("signature missing", &header, "");
    for other in ["RS256", "PS256", "ES256", "ES384", "EdDSA", "HS256", "rs256", "HS256 "] {
        if header["alg"] != other {
            add("another alg", &with("alg", json!(other)), signature);
        }
    }

    // HMAC with what everybody can read.
    let mut public = vec![String::new().into_bytes(), jwks.to_string().into_bytes()];
    for key in jwks["keys"].as_array().unwrap() {
        public.push(key.to_string().into_bytes());
        for member in ["n", "x", "y", "kid"] {
            let Some(text) = key[member].as_str() else { continue };
            public.push(text.as_bytes().to_vec());
            public.extend(URL_SAFE_NO_PAD.decode(text).ok());
        }
    }
    for key in public {
        let header = with("alg", json!("HS256"));
        let message = format!("{}.{payload}", encode(header.to_string()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        add("HMAC with a public key", &header, &encode(hmac::sign(&key, message.as_bytes())));
    }

    // A key of the attacker's own, told in every way that JWS knows.
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random()).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y), "kid": "mine" });
    let es256 = jwks["keys"].as_array().unwrap().iter().find(|key| key["alg"] == "ES256").unwrap();
    for (member, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/certificate")),
        ("x5c", json!(["AAAA"])),
        ("kid", es256["kid"].clone()),
        ("kid", json!("mine")),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR '1'='1")),
        ("kid", json!("\0")),
        ("kid", json!(7)),
        ("kid", Value::Null),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("typ", json!("at+jwt")),
        ("typ", json!("JWT")),
    ] {
        for kid in [es256["kid"].clone(), json!("mine")] {
            let mut header = with("alg", json!("ES256"));
            header["kid"] = kid;
            header[member] = value.clone();
            let message = format!("{}.{payload}", encode(header.to_string()));
            let signed = pair.sign(&random(), message.as_bytes()).unwrap();
            add(member, &header, &encode(signed));
        }
    }
    let (empty, extra) = (format!(".{payload}."), format!("{token}.{signature}"));
    let twice = token.replacen('.', "..", 1);
    for odd in [empty, extra, twice, format!(" {token}"), format!("{token}\n"), "..".to_owned()] {
        all.push(("odd shape".to_owned(), odd));
    }
    all
}

// JW1, JW2
#[tokio::test]
async fn no_forged_access_token_is_honoured() {
    let (op, app) = Op::with_app().await;
    let tokens = offline(&op.browser(), &app).await;
    let jwks = op.get_json("/oauth2/jwks").await;
    for (what, token) in forged(&tokens.access_token, &jwks) {
        let reply = app.userinfo_in_body(&token).await;
        assert_eq!(reply.status, 401, "{what}: {token}");
        // Nor does it take anything back.
        assert_eq!(app.revoke(&token).await.status, 200, "{what}: {token}");
    }
    app.userinfo(&tokens.access_token).await.success();
}

// JW1, JW2
#[tokio::test]
async fn no_forged_id_token_is_a_hint() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let id_token = offline(&browser, &app).await.raw_id_token.unwrap();
    let jwks = op.get_json("/oauth2/jwks").await;
    for (what, token) in forged(&id_token, &jwks) {
        let request = app.request().prompt("none").with("id_token_hint", &token);
        let arrival = browser.authorize(request).await;
        assert_eq!(arrival.error(), "invalid_request", "{what}: {token}");
        let url = app.logout_url(&[("id_token_hint", &token), ("client_id", app.client_id())]);
        let arrival = browser.visit(&url).await;
        assert!(arrival.page().asks_for_logout(), "{what}: nobody is signed out unasked");
    }
    assert!(is_signed_in(&browser, &app).await);
    let request = app.request().prompt("none").with("id_token_hint", &id_token);
    browser.authorize(request).await.code();
}

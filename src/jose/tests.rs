mod standard;

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::alg::{ec::EcKeyPair, ed::EdKeyPair, rsa::RsaKeyPair};
use josekit::jwk::{Jwk, KeyPair};
use serde_json::{Map, Value, json};

use super::*;

const SECRET: &[u8] = b"a secret of forty-three characters or so...";

/// One key pair for each algorithm; those of RSA share one, so that only the algorithm can tell them apart.
static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| {
    let rsa = PrivateKey::generate(Algorithm::RS256).unwrap().to_der().unwrap();
    let of = |algorithm: Algorithm| match algorithm.as_str().get(..2) {
        Some("RS" | "PS") => PrivateKey::from_der(algorithm, &rsa).unwrap(),
        _ => PrivateKey::generate(algorithm).unwrap(),
    };
    asymmetric().map(of).collect()
});

fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric())
}

fn key(algorithm: Algorithm) -> &'static PrivateKey {
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap()
}

fn signer(algorithm: Algorithm) -> Signer {
    match algorithm {
        Algorithm::HS256 => Signer::hmac(SECRET).unwrap(),
        _ => Signer::new(key(algorithm), "k").unwrap(),
    }
}

fn verifier(algorithm: Algorithm) -> Arc<Verifier> {
    Arc::new(match algorithm {
        Algorithm::HS256 => Verifier::hmac(SECRET).unwrap(),
        _ => Verifier::from_jwk(algorithm, &key(algorithm).public_jwk("k")).unwrap(),
    })
}

/// Verifies as an ID Token, with a look-up so careless that it never asks for the algorithm.
fn believe(token: &str, verifier: &Arc<Verifier>) -> Result<Map<String, Value>, Refused> {
    verify(token, Expectation::Jwt, |_, _| Some(Arc::clone(verifier)))
        .map(|verified| verified.get().clone())
}

/// A token with any header whatever, signed with `signer`.
fn forge(header: &str, signer: &Signer) -> String {
    let message = [header, r#"{"sub":"alice"}"#].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = signer.signature(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn what_is_signed_is_verified() {
    for algorithm in Algorithm::ALL {
        let token = sign(&signer(algorithm), JWT, &json!({ "sub": "alice" })).unwrap();
        let claims = believe(&token, &verifier(algorithm)).unwrap();
        assert_eq!(Value::from(claims), json!({ "sub": "alice" }), "{algorithm:?}");
    }
}

#[test]
fn the_header_names_key_algorithm_and_type() {
    for (typ, algorithm) in
        [(JWT, Algorithm::RS256), (ACCESS_TOKEN, Algorithm::ES256), ("x", Algorithm::EdDSA)]
    {
        let token = sign(&signer(algorithm), typ, &json!({})).unwrap();
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header, json!({ "alg": algorithm.as_str(), "typ": typ, "kid": "k" }));
    }
}

#[test]
fn the_look_up_is_asked_for_the_tokens_kid_and_algorithm() {
    let token = sign(&signer(Algorithm::ES256), JWT, &json!({})).unwrap();
    let found = verify(&token, Expectation::Jwt, |kid, algorithm| {
        assert_eq!((kid, algorithm), (Some("k"), Algorithm::ES256));
        None
    });
    assert_eq!(found.unwrap_err(), Refused::Key);
}

// JW1
#[test]
fn only_the_pinned_pair_of_key_and_algorithm_works() {
    for pinned in Algorithm::ALL {
        let verifier = verifier(pinned);
        for named in Algorithm::ALL {
            for signed in Algorithm::ALL {
                let header = format!(r#"{{"alg":"{}","kid":"k"}}"#, named.as_str());
                let believed = believe(&forge(&header, &signer(signed)), &verifier);
                let good = pinned == named && pinned == signed;
                assert_eq!(believed.is_ok(), good, "{pinned:?} {named:?} {signed:?}");
            }
        }
    }
}

// JW1
#[test]
fn no_spelling_of_none_is_an_algorithm() {
    let algs = [
        "none", "None", "NONE", "nOnE", "", " ", "rs256", "RS256 ", "ES256K", "HS384", "HS512",
        "RS1", "dir",
    ];
    for algorithm in Algorithm::ALL {
        for alg in algs {
            let header = json!({ "alg": alg, "kid": "k" }).to_string();
            let token = forge(&header, &signer(algorithm));
            let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
            for token in [token, unsigned] {
                assert_eq!(believe(&token, &verifier(algorithm)), Err(Refused::Algorithm), "{alg}");
            }
        }
    }
}

// JW1
#[test]
fn a_header_without_a_proper_alg_is_malformed() {
    let headers = [
        r#"{}"#,
        r#"{"kid":"k"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":256}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","alg":"none"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"k"}"#,
        r#"{"alg":"ES256"} {}"#,
        r#"["ES256"]"#,
        r#""ES256""#,
        "null",
        "",
    ];
    for header in headers {
        let token = forge(header, &signer(Algorithm::ES256));
        let believed = believe(&token, &verifier(Algorithm::ES256));
        assert_eq!(believed, Err(Refused::Malformed), "{header}");
    }
}

/// As `openssl pkey -pubout` would print it: what an application has at hand to confuse us with.
fn public_pem(algorithm: Algorithm) -> Vec<u8> {
    let der = key(algorithm).to_der().unwrap();
    match algorithm {
        Algorithm::EdDSA => EdKeyPair::from_der(&*der).unwrap().to_pem_public_key(),
        Algorithm::ES256 | Algorithm::ES384 => {
            EcKeyPair::from_der(&*der, None).unwrap().to_pem_public_key()
        }
        _ => RsaKeyPair::from_der(&*der).unwrap().to_pem_public_key(),
    }
}

// JW1
#[test]
fn a_public_key_is_not_a_secret() {
    for algorithm in asymmetric() {
        let jwk = key(algorithm).public_jwk("k");
        let public = ["n", "x"].iter().find_map(|name| jwk.get(*name)).unwrap().as_str().unwrap();
        let texts = [
            public.as_bytes().to_vec(),
            URL_SAFE_NO_PAD.decode(public).unwrap(),
            serde_json::to_vec(&jwk).unwrap(),
            public_pem(algorithm),
        ];
        for text in texts.iter().filter(|text| text.len() >= 32) {
            let token = sign(&Signer::hmac(text).unwrap(), JWT, &json!({})).unwrap();
            assert_eq!(believe(&token, &verifier(algorithm)), Err(Refused::Key));
        }
    }
}

// JW1
#[test]
fn a_key_is_refused_for_another_kind_of_algorithm() {
    for has in asymmetric() {
        let jwk = key(has).public_jwk("k");
        let der = key(has).to_der().unwrap();
        let mut unnamed = jwk.clone();
        unnamed.remove("alg");
        for wanted in Algorithm::ALL {
            let same_kind = |a: Algorithm| match a.as_str().get(..2) {
                Some("RS" | "PS") => "RSA",
                _ => a.as_str(),
            };
            let fits = same_kind(has) == same_kind(wanted);
            assert_eq!(Verifier::from_jwk(wanted, &jwk).is_ok(), has == wanted);
            assert_eq!(Verifier::from_jwk(wanted, &unnamed).is_ok(), fits, "{has:?} {wanted:?}");
            assert_eq!(PrivateKey::from_der(wanted, &der).is_ok(), fits, "{has:?} {wanted:?}");
        }
    }
}

#[test]
fn a_jwk_that_is_not_one_for_signatures_is_refused() {
    let spoil = |algorithm, name: &str, value: Value| {
        let mut jwk = key(algorithm).public_jwk("k");
        jwk.insert(name.to_owned(), value);
        Verifier::from_jwk(algorithm, &jwk).is_ok()
    };
    assert!(spoil(Algorithm::ES256, "kid", json!("other")));
    for (algorithm, name, value) in [
        (Algorithm::ES256, "use", json!("enc")),
        (Algorithm::ES256, "use", json!(null)),
        (Algorithm::ES256, "alg", json!(7)),
        (Algorithm::ES256, "kty", json!("oct")),
        (Algorithm::ES256, "crv", json!("P-384")),
        (Algorithm::ES256, "x", json!("AAAA")),
        (Algorithm::ES256, "y", json!("")),
        (Algorithm::ES256, "y", json!("!")),
        (Algorithm::EdDSA, "crv", json!("Ed448")),
        (Algorithm::EdDSA, "x", json!("AAAA")),
        (Algorithm::RS256, "n", json!("AQAB")),
        (Algorithm::RS256, "e", json!("")),
    ] {
        assert!(!spoil(algorithm, name, value.clone()), "{algorithm:?} {name} {value}");
    }
}

// JW2
#[test]
fn keys_that_come_with_a_token_are_not_believed() {
    let strange = PrivateKey::generate(Algorithm::ES256).unwrap();
    let tricks = [
        ("jwk", Value::from(strange.public_jwk("k"))),
        ("jku", json!("https://attacker.example/jwks")),
        ("x5u", json!("https://attacker.example/certificate")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ];
    for (name, value) in tricks {
        let header = json!({ "alg": "ES256", "kid": "k", name: value }).to_string();
        let stranger = forge(&header, &Signer::new(&strange, "k").unwrap());
        let verifier = verifier(Algorithm::ES256);
        assert_eq!(believe(&stranger, &verifier), Err(Refused::Signature), "{name}");
        let ours = forge(&header, &signer(Algorithm::ES256));
        assert!(believe(&ours, &verifier).is_ok(), "{name} is ignored");
    }
}

// JW2
#[test]
fn whatever_is_critical_is_refused() {
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!(["alg"]),
        json!([]),
        json!(null),
        json!("x"),
        json!({}),
    ] {
        let header = json!({ "alg": "ES256", "kid": "k", "b64": true, "exp": 1, "crit": crit });
        let token = forge(&header.to_string(), &signer(Algorithm::ES256));
        assert_eq!(believe(&token, &verifier(Algorithm::ES256)), Err(Refused::Critical), "{crit}");
    }
}

// JW2
#[test]
fn a_kid_is_only_a_name_to_look_up() {
    for kid in [
        "../../../dev/null",
        "/etc/passwd",
        "k' OR '1'='1",
        "k\0",
        "",
        "K",
        "k ",
        &"k".repeat(9999),
    ] {
        let header = json!({ "alg": "ES256", "kid": kid }).to_string();
        let token = forge(&header, &signer(Algorithm::ES256));
        let verified = verify(&token, Expectation::Jwt, |asked, _| {
            assert_eq!(asked, Some(kid));
            (asked == Some("k")).then(|| verifier(Algorithm::ES256))
        });
        assert_eq!(verified.unwrap_err(), Refused::Key);
    }
    for header in [r#"{"alg":"ES256","kid":["k"]}"#, r#"{"alg":"ES256","kid":{"k":"k"}}"#] {
        let token = forge(header, &signer(Algorithm::ES256));
        assert_eq!(believe(&token, &verifier(Algorithm::ES256)), Err(Refused::Malformed));
    }
}

#[test]
fn one_type_of_token_is_not_taken_for_another() {
    let try_as = |typ: Value, expected| {
        let mut header = json!({ "alg": "ES256", "kid": "k", "typ": typ });
        if header["typ"].is_null() {
            header.as_object_mut().unwrap().remove("typ");
        }
        let token = forge(&header.to_string(), &signer(Algorithm::ES256));
        verify(&token, expected, |_, _| Some(verifier(Algorithm::ES256))).is_ok()
    };
    for (typ, id_token, access_token) in [
        (json!("JWT"), true, false),
        (json!("jwt"), true, false),
        (json!("application/jwt"), true, false),
        (json!(null), true, false),
        (json!("at+jwt"), false, true),
        (json!("application/at+jwt"), false, true),
        (json!("AT+JWT"), false, true),
        (json!("logout+jwt"), false, false),
        (json!(""), false, false),
    ] {
        assert_eq!(try_as(typ.clone(), Expectation::Jwt), id_token, "{typ}");
        assert_eq!(try_as(typ.clone(), Expectation::AccessToken), access_token, "{typ}");
    }
}

#[test]
fn a_token_with_any_byte_changed_or_missing_is_refused() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS256, Algorithm::RS256] {
        let token = sign(&signer(algorithm), JWT, &json!({ "sub": "alice" })).unwrap();
        let verifier = verifier(algorithm);
        for place in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(believe(&changed, &verifier).is_err(), "{algorithm:?} {changed}");
            }
            assert!(believe(&token[..place], &verifier).is_err());
        }
        for changed in
            [format!("{token}="), format!("{token}."), format!(".{token}"), format!("{token} ")]
        {
            assert!(believe(&changed, &verifier).is_err());
        }
    }
}

// JW4
#[test]
fn a_token_beyond_all_measure_is_refused_unread() {
    let token =
        sign(&signer(Algorithm::ES256), JWT, &json!({ "pad": "x".repeat(10 << 20) })).unwrap();
    let verified = verify(&token, Expectation::Jwt, |_, _| panic!("no key is looked up"));
    assert_eq!(verified.unwrap_err(), Refused::Malformed);
}

#[test]
fn signed_claims_that_are_no_object_are_malformed() {
    for claims in [json!(null), json!([]), json!("alice")] {
        let token = sign(&signer(Algorithm::ES256), JWT, &claims).unwrap();
        assert_eq!(believe(&token, &verifier(Algorithm::ES256)), Err(Refused::Malformed));
    }
}

//! That our keys and signatures are everyone's: josekit's on OpenSSL, and the specifications' own examples.

use josekit::jws::alg::ecdsa::EcdsaJwsAlgorithm;
use josekit::jws::alg::rsassa::RsassaJwsAlgorithm;
use josekit::jws::alg::rsassa_pss::RsassaPssJwsAlgorithm;
use josekit::jws::{self, JwsHeader, JwsSigner, JwsVerifier};

use super::*;

/// josekit's own signer and verifier, on OpenSSL.
fn foreign(algorithm: Algorithm) -> (Box<dyn JwsSigner>, Box<dyn JwsVerifier>) {
    let der = key(algorithm).to_der().unwrap();
    let jwk = Jwk::from_map(key(algorithm).public_jwk("k")).unwrap();
    macro_rules! both {
        ($of:expr) => {
            (
                Box::new($of.signer_from_der(&*der).unwrap()),
                Box::new($of.verifier_from_jwk(&jwk).unwrap()),
            )
        };
    }
    match algorithm {
        Algorithm::RS256 => both!(RsassaJwsAlgorithm::Rs256),
        Algorithm::RS384 => both!(RsassaJwsAlgorithm::Rs384),
        Algorithm::RS512 => both!(RsassaJwsAlgorithm::Rs512),
        Algorithm::PS256 => both!(RsassaPssJwsAlgorithm::Ps256),
        Algorithm::PS384 => both!(RsassaPssJwsAlgorithm::Ps384),
        Algorithm::PS512 => both!(RsassaPssJwsAlgorithm::Ps512),
        Algorithm::ES256 => both!(EcdsaJwsAlgorithm::Es256),
        Algorithm::ES384 => both!(EcdsaJwsAlgorithm::Es384),
        Algorithm::EdDSA => both!(jws::EdDSA),
        Algorithm::HS256 => unreachable!("has no key pair"),
    }
}

#[test]
fn another_implementation_verifies_our_signatures_and_we_its() {
    for algorithm in asymmetric() {
        let (their_signer, their_verifier) = foreign(algorithm);
        let ours = sign(&signer(algorithm), JWT, &json!({ "sub": "alice" })).unwrap();
        let (payload, _) = jws::deserialize_compact(&ours, &*their_verifier).unwrap();
        assert_eq!(payload, br#"{"sub":"alice"}"#, "{algorithm:?}");

        let theirs = jws::serialize_compact(&payload, &JwsHeader::new(), &*their_signer).unwrap();
        assert!(believe(&theirs, &verifier(algorithm)).is_ok(), "{algorithm:?}");
    }
    let theirs = jws::HS256.verifier_from_bytes(SECRET).unwrap();
    let ours = sign(&signer(Algorithm::HS256), JWT, &json!({})).unwrap();
    assert!(jws::deserialize_compact(&ours, &theirs).is_ok());
}

#[test]
fn the_examples_of_the_specifications_verify() {
    // RFC 7515 A.1
    let secret =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let verifier = Verifier::hmac(&URL_SAFE_NO_PAD.decode(secret).unwrap()).unwrap();
    assert_eq!(believe(token, &Arc::new(verifier)).unwrap()["iss"], "joe");

    // RFC 8037 A.4
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let verifier = Verifier::from_jwk(Algorithm::EdDSA, jwk.as_object().unwrap()).unwrap();
    assert!(verifier.accepts(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()));
}

#[test]
fn a_private_key_is_written_and_read_again() {
    for algorithm in asymmetric() {
        let read = PrivateKey::from_der(algorithm, &key(algorithm).to_der().unwrap()).unwrap();
        assert_eq!(read.public_jwk("k"), key(algorithm).public_jwk("k"));
    }
    assert!(PrivateKey::from_der(Algorithm::ES256, b"").is_err());
    assert!(PrivateKey::generate(Algorithm::HS256).is_err());
}

#[test]
fn an_rsa_key_below_2048_bits_is_refused() {
    for bits in [1024, 2040, 2047] {
        let small = RsaKeyPair::generate(bits).unwrap();
        let der = small.to_der_private_key();
        assert!(PrivateKey::from_der(Algorithm::RS256, &der).is_err(), "{bits}");
        let jwk = small.to_jwk_public_key();
        assert!(Verifier::from_jwk(Algorithm::RS256, jwk.as_ref()).is_err(), "{bits}");
    }
}

#[test]
fn a_public_jwk_holds_nothing_private() {
    for algorithm in asymmetric() {
        let jwk = key(algorithm).public_jwk("k");
        let known = ["kty", "crv", "x", "y", "n", "e", "use", "alg", "kid"];
        assert!(jwk.keys().all(|name| known.contains(&name.as_str())), "{jwk:?}");
        assert_eq!((&jwk["alg"], &jwk["use"]), (&json!(algorithm.as_str()), &json!("sig")));
    }
    let n = key(Algorithm::RS256).public_jwk("k")["n"].as_str().unwrap().len();
    assert_eq!(n, 342, "2048 bits");
}

#[test]
fn a_short_secret_signs_nothing() {
    assert!(Signer::hmac(&[7; 31]).is_err());
    assert!(Verifier::hmac(&[7; 31]).is_err());
    assert!(Signer::hmac(&[7; 32]).is_ok());
}

// CA4
#[test]
fn keys_do_not_print() {
    let signer = format!("{:?}", Signer::hmac(SECRET).unwrap());
    assert!(signer.contains("signer: ..") && !signer.contains("secret"), "{signer}");
    let verifier = format!("{:?}", Verifier::hmac(SECRET).unwrap());
    assert_eq!(verifier, "Verifier { algorithm: HS256, verifier: .. }");
    assert_eq!(format!("{:?}", key(Algorithm::ES256)), "PrivateKey(ES256, ..)");
}

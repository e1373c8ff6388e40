//! What each algorithm's name stands for (RFC 7518 §3.1, RFC 8037 §3.1), in josekit's terms and in aws-lc-rs's.

use aws_lc_rs::signature::{
    self, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, RsaParameters, RsaSignatureEncoding,
};
use josekit::jws::{self, JwsAlgorithm};

use crate::protocol::Algorithm;

/// The kinds of key, with all that telling one algorithm from another of the same kind takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Rsa {
        signing: &'static RsaSignatureEncoding,
        verification: &'static RsaParameters,
    },
    Ec {
        curve: &'static str,
        signing: &'static EcdsaSigningAlgorithm,
        verification: &'static EcdsaVerificationAlgorithm,
    },
    Ed25519,
    Secret,
}

pub(super) fn kind(algorithm: Algorithm) -> Kind {
    match algorithm {
        Algorithm::RS256 => Kind::Rsa {
            signing: &signature::RSA_PKCS1_SHA256,
            verification: &signature::RSA_PKCS1_2048_8192_SHA256,
        },
        Algorithm::RS384 => Kind::Rsa {
            signing: &signature::RSA_PKCS1_SHA384,
            verification: &signature::RSA_PKCS1_2048_8192_SHA384,
        },
        Algorithm::RS512 => Kind::Rsa {
            signing: &signature::RSA_PKCS1_SHA512,
            verification: &signature::RSA_PKCS1_2048_8192_SHA512,
        },
        Algorithm::PS256 => Kind::Rsa {
            signing: &signature::RSA_PSS_SHA256,
            verification: &signature::RSA_PSS_2048_8192_SHA256,
        },
        Algorithm::PS384 => Kind::Rsa {
            signing: &signature::RSA_PSS_SHA384,
            verification: &signature::RSA_PSS_2048_8192_SHA384,
        },
        Algorithm::PS512 => Kind::Rsa {
            signing: &signature::RSA_PSS_SHA512,
            verification: &signature::RSA_PSS_2048_8192_SHA512,
        },
        Algorithm::ES256 => Kind::Ec {
            curve: "P-256",
            signing: &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            verification: &signature::ECDSA_P256_SHA256_FIXED,
        },
        Algorithm::ES384 => Kind::Ec {
            curve: "P-384",
            signing: &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            verification: &signature::ECDSA_P384_SHA384_FIXED,
        },
        Algorithm::EdDSA => Kind::Ed25519,
        Algorithm::HS256 => Kind::Secret,
    }
}

pub(super) fn josekit(algorithm: Algorithm) -> &'static dyn JwsAlgorithm {
    match algorithm {
        Algorithm::RS256 => &jws::RS256,
        Algorithm::RS384 => &jws::RS384,
        Algorithm::RS512 => &jws::RS512,
        Algorithm::PS256 => &jws::PS256,
        Algorithm::PS384 => &jws::PS384,
        Algorithm::PS512 => &jws::PS512,
        Algorithm::ES256 => &jws::ES256,
        Algorithm::ES384 => &jws::ES384,
        Algorithm::EdDSA => &jws::EdDSA,
        Algorithm::HS256 => &jws::HS256,
    }
}

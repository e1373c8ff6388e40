//! The floor: signatures per second of one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::json;
use vestibule::jose::{self, PrivateKey, Signer};
use vestibule::protocol::Algorithm;

use crate::Anyhow;
use crate::flows::Flow;

/// Long enough for the figure to settle.
const LENGTH: Duration = Duration::from_secs(2);

pub struct Signatures {
    pub rs256: f64,
    pub es256: f64,
}

impl Signatures {
    /// How often a second one core could run the flow if signing were all of it.
    pub fn floor(&self, flow: Flow) -> Option<f64> {
        flow.signs().then(|| 1.0 / (1.0 / self.rs256 + 1.0 / self.es256))
    }
}

pub fn measure() -> Anyhow<Signatures> {
    Ok(Signatures { rs256: per_second(Algorithm::RS256)?, es256: per_second(Algorithm::ES256)? })
}

fn per_second(algorithm: Algorithm) -> Anyhow<f64> {
    let signer = Signer::new(&PrivateKey::generate(algorithm)?, "floor")?;
    let claims = json!({
        "iss": "https://login.example", "sub": "0Yb3mPq8VJm1xk3vR2f5sQ", "aud": "client",
        "iat": 1_790_000_000, "exp": 1_790_003_600, "auth_time": 1_790_000_000,
        "nonce": "n-0S6_WzA2Mj", "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
    });
    let begun = Instant::now();
    let mut made = 0_u32;
    while begun.elapsed() < LENGTH {
        black_box(jose::sign(&signer, jose::JWT, black_box(&claims))?);
        made += 1;
    }
    Ok(f64::from(made) / begun.elapsed().as_secs_f64())
}

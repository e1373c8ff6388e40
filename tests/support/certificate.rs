//! A certificate for 127.0.0.1 that signs itself.

use std::path::{Path, PathBuf};

use rcgen::{CertifiedKey, KeyPair};

pub struct Certificate(CertifiedKey<KeyPair>);

impl Certificate {
    pub fn make() -> Self {
        Self(rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap())
    }

    /// Writes certificate and key, and says where.
    pub fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, self.0.cert.pem()).unwrap();
        std::fs::write(&key, self.0.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    /// As a browser or an application trusts it.
    pub fn trusted(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(self.0.cert.pem().as_bytes()).unwrap()
    }
}

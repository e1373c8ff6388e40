//! TLS 1.2 and 1.3 by rustls on aws-lc-rs (RFC 8446, RFC 9325; ALPN, RFC 7301).

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};

/// A certificate and its key, in files, and how to use them.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    ask_client: bool,
    current: RwLock<Arc<ServerConfig>>,
}

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {source}", path.display())]
    File { path: PathBuf, source: rustls::pki_types::pem::Error },
    #[error("{} contains no certificate", .0.display())]
    NoCertificate(PathBuf),
    #[error("certificate {} and key {}: {source}", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

impl Tls {
    /// Reads PEM files: the certificate first, its chain after it; the key as PKCS#8, PKCS#1 or SEC 1.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::read(certificate, key, false)
    }

    /// As [`Tls::open`], and asks each client for a certificate, which it may leave out.
    ///
    /// Not for a site that browsers visit: they show a dialogue to whoever has a certificate.
    pub fn asking_clients(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::read(certificate, key, true)
    }

    fn read(certificate: &Path, key: &Path, ask_client: bool) -> Result<Self, TlsError> {
        let current = RwLock::new(settings(certificate, key, ask_client)?);
        Ok(Self { certificate: certificate.into(), key: key.into(), ask_client, current })
    }

    /// Reads the files again, for connections yet to come.
    pub fn reload(&self) -> Result<(), TlsError> {
        let settings = settings(&self.certificate, &self.key, self.ask_client)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn settings(
    certificate: &Path,
    key: &Path,
    ask_client: bool,
) -> Result<Arc<ServerConfig>, TlsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;

    let unfit = |source| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(unfit)?;
    let builder = if ask_client {
        builder.with_client_cert_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_no_client_auth()
    };
    let mut settings = builder.with_single_cert(chain, private).map_err(unfit)?;
    settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(settings))
}

/// Accepts any client certificate whose key the client proves to hold.
///
/// Whom it stands for is the business of client authentication, which knows the client's
/// registration: RFC 8705 §2.2 has certificates that no authority signed.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

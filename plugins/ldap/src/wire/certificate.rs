//! What a host's certificates say, for whoever rehearses: also those that were not accepted.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Time enough to renew a certificate.
const SOON: Duration = Duration::from_secs(21 * 24 * 3600);

/// Decides as the usual verifier does, and remembers what was shown. rustls itself tells nothing of
/// certificates that it refuses.
#[derive(Debug)]
pub(super) struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl Witness {
    pub(super) fn beside(verifier: &Arc<WebPkiServerVerifier>) -> Arc<Self> {
        Arc::new(Self { verifier: Arc::clone(verifier), shown: Mutex::default() })
    }

    pub(super) fn shown(&self) -> Vec<CertificateDer<'static>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|certificate| certificate.clone().into_owned()).collect();
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Whose a certificate is, for which names, by whom, and until when.
pub(super) fn facts(chain: &[CertificateDer<'_>]) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    for (index, der) in chain.iter().enumerate() {
        let name = if index == 0 { "certificate" } else { "issued by" };
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            facts.push((name.to_owned(), "cannot be read".to_owned()));
            continue;
        };
        facts.push((name.to_owned(), certificate.subject().to_string()));
        if index == 0 {
            facts.push(("names".to_owned(), names(&certificate).join(", ")));
        }
        let validity = certificate.validity();
        facts.push(("valid until".to_owned(), validity.not_after.to_string()));
        if index + 1 == chain.len() {
            facts.push(("issuer".to_owned(), certificate.issuer().to_string()));
        }
    }
    facts
}

/// Whether the first certificate ends soon.
pub(super) fn ends_soon(chain: &[CertificateDer<'_>]) -> bool {
    chain.first().is_some_and(|der| {
        X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
            certificate.validity().time_to_expiration().is_none_or(|left| left < SOON)
        })
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let plain = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let ip = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            ip.ok().map(|ip| ip.to_string())
        }
        _ => None,
    };
    names.value.general_names.iter().filter_map(plain).collect()
}

//! TLS to the hosts: at least version 1.2, certificates issued by the configured CA or by those of
//! the machine, for the very name or address that is configured. There is no switch that trusts
//! less (LD6).

use std::fs;
use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, PeerIncompatible, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::settings::{BadOption, Certificates};

/// What every connection of a backend has in common.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) verifier: Arc<WebPkiServerVerifier>,
}

impl Tls {
    /// Reads the files that are named.
    pub(super) fn open(certificates: &Certificates) -> Result<Self, BadOption> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = Arc::new(roots(certificates.ca.as_deref())?);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        let verifier =
            verifier.map_err(|error| BadOption::new("ca", format!("will not do: {error}")))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| BadOption::new("security", format!("is not possible: {error}")))?
            .with_webpki_verifier(Arc::clone(&verifier));
        let config = match &certificates.client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = chain("client_certificate", certificate)?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
                    BadOption::new(
                        "client_key",
                        format!("names {key}, which holds no key in PEM: {error}"),
                    )
                })?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    BadOption::new(
                        "client_key",
                        format!("does not go with `client_certificate`: {error}"),
                    )
                })?
            }
        };
        Ok(Self { config: Arc::new(config), verifier })
    }

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}

fn roots(ca: Option<&str>) -> Result<RootCertStore, BadOption> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        let machine = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(machine.certs);
        if roots.is_empty() {
            return Err(BadOption::new(
                "ca",
                "is missing, and this machine has no CA certificates of its own; name the file with \
                 the certificate of the CA",
            ));
        }
        return Ok(roots);
    };
    for certificate in chain("ca", path)? {
        roots.add(certificate).map_err(|error| {
            BadOption::new(
                "ca",
                format!("names {path}, which holds a certificate that is not one: {error}"),
            )
        })?;
    }
    Ok(roots)
}

fn chain(option: &str, path: &str) -> Result<Vec<CertificateDer<'static>>, BadOption> {
    let text = fs::read(path).map_err(|error| {
        BadOption::new(option, format!("names {path}, which cannot be read: {error}"))
    })?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => {
            Err(BadOption::new(option, format!("names {path}, which holds no certificate in PEM")))
        }
    }
}

/// Why a handshake failed, for whoever can mend it.
pub(super) fn why(error: &io::Error, host: &str) -> String {
    let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>())
    else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                "the host ended the TLS handshake; does it speak TLS on this port?".to_owned()
            }
            _ => format!("the TLS handshake broke: {error}"),
        };
    };
    match error {
        rustls::Error::InvalidCertificate(error) => untrusted(error, host),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion) => {
            "the host does not speak TLS 1.2 or 1.3".to_owned()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the host refused the TLS handshake: {alert:?}")
        }
        rustls::Error::InvalidMessage(_) => {
            "the host answered something that is not TLS; does it speak TLS on this port?"
                .to_owned()
        }
        error => format!("the TLS handshake failed: {error}"),
    }
}

fn untrusted(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::UnknownIssuer => {
            "the certificate was issued by a CA that is not trusted; name the right one in `ca`"
                .to_owned()
        }
        CertificateError::NotValidForName => format!("the certificate is not for {host}"),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|name| plain(name)).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("the certificate is not for {host} but for {names}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet; is the clock right?".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not meant for servers".to_owned()
        }
        CertificateError::BadSignature => {
            "the certificate is not signed by the CA that it names; is `ca` an older one?"
                .to_owned()
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the certificate is that of a CA; the host needs one of its own, issued by a CA"
                .to_owned()
        }
        error => format!("the certificate is not accepted: {error}"),
    }
}

/// webpki prints names as Rust would: `DnsName("ldap.test")`.
fn plain(name: &str) -> &str {
    name.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")")).unwrap_or(name)
}

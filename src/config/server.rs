//! `[server]`: who we are and where we listen.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::issuer::Issuer;
use super::network::Network;
use super::option::Default::{Absent, Required, Toml};
use super::option::section;
use super::reader::Reader;

section! {
    /// Who this server is and where it listens.
    Server at "server" {
        /// Scheme, host and port under which everyone reaches this server, without a slash at the end.
        /// It is part of every token and must not change once applications rely on it.
        issuer: Issuer = Required,
        /// Addresses and ports to listen on.
        listen: Vec<SocketAddr> = Toml(r#"["127.0.0.1:8080"]"#),
        /// File with the TLS certificate and its chain (PEM). Without it, plain HTTP is served, for a
        /// proxy on the same machine or in a closed network.
        tls_certificate: Option<PathBuf> = Absent,
        /// File with the private key of the TLS certificate (PEM).
        tls_key: Option<PathBuf> = Absent,
        /// Address and port of `/health/live`, `/health/ready` and `/metrics`.
        operations: SocketAddr = Toml(r#""127.0.0.1:9180""#),
        /// Addresses or networks of the proxies in front, whose `X-Forwarded-For` or `Forwarded` is believed.
        trusted_proxies: Vec<Network> = Toml("[]"),
        /// Time within which a client must have sent the header of its request.
        header_timeout: Duration = Toml(r#""10s""#),
        /// Largest request body, in bytes.
        body_limit: usize = Toml("65536"),
        /// Connections served at once; more wait.
        connections: usize = Toml("10000"),
        /// Time that requests in flight have to finish when the server is told to stop.
        shutdown_grace: Duration = Toml(r#""30s""#),
    }
}

/// Files of a directly served TLS certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Server {
    /// The files of the certificate, if TLS is served directly.
    pub fn tls(&self) -> Option<Tls> {
        let (certificate, key) = (self.tls_certificate.clone()?, self.tls_key.clone()?);
        Some(Tls { certificate, key })
    }

    pub(super) fn validate(&self, reader: &mut Reader) {
        if self.listen.is_empty() {
            reader.object("server.listen", "must name at least one address");
        }
        if self.listen.contains(&self.operations) {
            reader
                .object("server.operations", "must be another address or port than server.listen");
        }
        match (&self.tls_certificate, &self.tls_key) {
            (Some(_), None) => {
                reader.object("server.tls_certificate", "needs server.tls_key beside it")
            }
            (None, Some(_)) => {
                reader.object("server.tls_key", "needs server.tls_certificate beside it")
            }
            (Some(_), Some(_)) if !self.issuer.is_https() => {
                reader.object("server.issuer", "must begin with https:// as TLS is served");
            }
            _ => {}
        }
        if self.header_timeout.is_zero() {
            reader.object("server.header_timeout", "must be longer than nothing");
        }
        if self.body_limit < 16_384 {
            reader.object(
                "server.body_limit",
                "must be at least 16384, or requests of ordinary size are refused",
            );
        }
        if self.connections == 0 {
            reader.object("server.connections", "must be at least 1");
        }
    }
}

//! TLS as served directly: which versions, which protocols, which certificates.

use std::path::PathBuf;
use std::sync::Arc;

use poem::web::Data;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vestibule::server::PeerCertificate;

use super::*;

/// A certificate and its key, in memory and in files that go with it.
struct Pair {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    folder: PathBuf,
}

impl Pair {
    fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = std::env::temp_dir().join(format!("vestibule-{}", vestibule::secret::id()));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        Self { certificate: made.cert.der().clone(), key, folder }
    }

    fn files(&self) -> (PathBuf, PathBuf) {
        (self.folder.join("certificate.pem"), self.folder.join("key.pem"))
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn server_with(pair: &Pair, ask_clients: bool) -> Running {
    let (certificate, key) = pair.files();
    let open = if ask_clients { Tls::asking_clients } else { Tls::open };
    let endpoint = echo().at("/peer", get(peer));
    Running::start(endpoint, Some(open(&certificate, &key).unwrap()), Limits::default()).await
}

/// The certificate that the handshake showed, as an endpoint sees it.
#[handler]
fn peer(Data(PeerCertificate(certificate)): Data<&PeerCertificate>) -> Vec<u8> {
    certificate.as_deref().unwrap_or(b"none").to_vec()
}

/// A TLS client, with a certificate of its own if one is given.
fn client(
    server: &Pair,
    versions: &[&'static SupportedProtocolVersion],
    own: Option<&Pair>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder
            .with_client_auth_cert(vec![own.certificate.clone()], own.key.clone_key())
            .unwrap(),
    }
}

async fn connect(server: &Running, config: ClientConfig) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
}

async fn body_of(stream: &mut TlsStream<TcpStream>, path: &str) -> Vec<u8> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    bytes.split_off(body)
}

#[tokio::test]
async fn versions_1_2_and_1_3_are_accepted() {
    let pair = Pair::make();
    let server = server_with(&pair, false).await;
    for (version, negotiated) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let mut stream = connect(&server, client(&pair, &[version], None)).await;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(negotiated));
        assert_eq!(body_of(&mut stream, "/").await, b"here");
    }
}

#[tokio::test]
async fn versions_before_1_2_are_refused() {
    let pair = Pair::make();
    let server = server_with(&pair, false).await;
    for minor in [0, 1, 2, 3] {
        let mut connection = server.connect().await;
        connection.0.write_all(&client_hello(minor)).await.unwrap();
        let mut answer = [0; 7];
        timeout(PATIENCE, connection.0.read_exact(&mut answer)).await.expect("silent").unwrap();
        if minor == 3 {
            assert!(
                matches!(answer, [22, 3, 3, _, _, 2, _]),
                "1.2 gets no ServerHello: {answer:?}"
            );
        } else {
            // A fatal alert, protocol_version (RFC 8446 §6.2).
            assert!(matches!(answer, [21, 3, _, 0, 2, 2, 70]), "3.{minor}: {answer:?}");
        }
    }
}

/// By hand, as no library at hand still offers less than TLS 1.2 (RFC 5246 §7.4.1.2).
fn client_hello(minor: u8) -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 23][..], // supported_groups: secp256r1
        &[0, 11, 0, 2, 1, 0],            // ec_point_formats: uncompressed
        &[0, 13, 0, 4, 0, 2, 4, 3],      // signature_algorithms: ecdsa_secp256r1_sha256
        &[0, 23, 0, 0],                  // extended_master_secret
    ]
    .concat();
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.push(0);
    // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression.
    body.extend([0, 2, 0xc0, 0x2b, 1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
    body.extend(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(body);
    record
}

#[tokio::test]
async fn both_protocols_are_offered() {
    let pair = Pair::make();
    let server = server_with(&pair, false).await;
    let root = reqwest::Certificate::from_der(&pair.certificate).unwrap();
    let url = format!("https://localhost:{}/", server.address.port());
    for (http1_only, version) in
        [(false, reqwest::Version::HTTP_2), (true, reqwest::Version::HTTP_11)]
    {
        let builder = reqwest::Client::builder().tls_certs_only([root.clone()]);
        let builder = if http1_only { builder.http1_only() } else { builder };
        let response = builder.build().unwrap().get(&url).send().await.unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(response.text().await.unwrap(), "here");
    }
}

#[tokio::test]
async fn an_endpoint_sees_the_certificate_of_the_client() {
    let (pair, own) = (Pair::make(), Pair::make());
    let server = server_with(&pair, true).await;
    for version in [&version::TLS12, &version::TLS13] {
        let mut stream = connect(&server, client(&pair, &[version], Some(&own))).await;
        assert_eq!(body_of(&mut stream, "/peer").await, own.certificate.as_ref());
        let mut stream = connect(&server, client(&pair, &[version], None)).await;
        assert_eq!(body_of(&mut stream, "/peer").await, b"none");
    }
}

// CA5
#[tokio::test]
async fn a_header_is_no_certificate() {
    let server = Running::start(Route::new().at("/peer", get(peer)), None, Limits::default()).await;
    let mut connection = server.connect().await;
    let header = "X-Client-Cert: forged\r\nSSL-Client-Cert: forged\r\nClient-Cert: :Zm9yZ2Vk:\r\n";
    connection.send(&format!("GET /peer HTTP/1.1\r\nHost: a\r\n{header}\r\n")).await;
    assert!(connection.answer().await.ends_with("none"));
}

#[tokio::test]
async fn a_silent_handshake_is_closed_at_the_limit() {
    let pair = Pair::make();
    let (certificate, key) = pair.files();
    let tls = Tls::open(&certificate, &key).unwrap();
    let limits = Limits { header_timeout: SHORT, ..Limits::default() };
    let server = Running::start(echo(), Some(tls), limits).await;
    assert_eq!(server.connect().await.rest().await, "");
    // The same with HTTP/2 agreed on and then nothing.
    let mut config = client(&pair, &[&version::TLS13], None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut stream = connect(&server, config).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("not closed");
}

#[tokio::test]
async fn a_certificate_is_read_again() {
    let (former, later) = (Pair::make(), Pair::make());
    let (certificate, key) = former.files();
    let tls = Tls::open(&certificate, &key).unwrap();
    let (new_certificate, new_key) = later.files();

    std::fs::write(&certificate, "no certificate").unwrap();
    let refused = tls.reload().unwrap_err().to_string();
    assert!(refused.contains("certificate.pem"), "{refused}");
    std::fs::copy(new_certificate, &certificate).unwrap();
    let refused = tls.reload().unwrap_err().to_string();
    assert!(refused.contains("key.pem"), "a foreign key was accepted: {refused}");
    std::fs::copy(new_key, &key).unwrap();
    tls.reload().unwrap();

    let server = Running::start(echo(), Some(tls), Limits::default()).await;
    let stream = connect(&server, client(&later, &[&version::TLS13], None)).await;
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], later.certificate);
}

#[tokio::test]
async fn a_hangup_signal_reads_the_certificate_again() {
    let (former, later) = (Pair::make(), Pair::make());
    let server = server_with(&former, false).await;
    let shown = async |pair: &Pair| {
        let config = client(pair, &[&version::TLS13], None);
        let socket = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, socket).await.is_ok()
    };
    assert!(shown(&former).await);

    for (from, to) in [(later.files().0, former.files().0), (later.files().1, former.files().1)] {
        std::fs::copy(from, to).unwrap();
    }
    let pid = std::process::id().to_string();
    std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap();
    let read_again = async {
        while !shown(&later).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, read_again).await.expect("not read again");
}

#[test]
fn files_that_are_no_certificate_are_named() {
    let pair = Pair::make();
    let (certificate, key) = pair.files();
    let missing = pair.folder.join("missing.pem");
    for (certificate, key, named) in [
        (&missing, &key, "missing.pem"),
        (&certificate, &missing, "missing.pem"),
        (&key, &key, "key.pem contains no certificate"),
        (&certificate, &certificate, "certificate.pem"),
    ] {
        let Err(error) = Tls::open(certificate, key) else { panic!("accepted") };
        assert!(error.to_string().contains(named), "{error}");
    }
}

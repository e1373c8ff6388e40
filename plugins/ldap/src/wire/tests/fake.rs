//! A server that answers whatever it is told to, and LDAP messages by hand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that reads something and answers it, as often as it is asked.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    /// Everything that anybody said.
    pub(super) fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }
}

/// Answers each message with what this makes of it.
pub(super) async fn server(
    answer: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
    let notes = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (answer, notes) = (answer.clone(), Arc::clone(&notes));
            tokio::spawn(async move {
                let mut bytes = vec![0; 4096];
                while let Ok(read @ 1..) = client.read(&mut bytes).await {
                    notes.lock().unwrap().extend(&bytes[..read]);
                    if client.write_all(&answer(&bytes[..read])).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Server { address, heard }
}

/// An element of BER.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], content].concat()
}

pub(super) fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(2, &[id]), operation].concat())
}

/// An LDAPResult.
pub(super) fn result(code: u8, text: &[u8]) -> Vec<u8> {
    [tlv(0x0a, &[code]), tlv(4, b""), tlv(4, text)].concat()
}

pub(super) fn bind_answer(id: u8, code: u8) -> Vec<u8> {
    message(id, &tlv(0x61, &result(code, b"")))
}

/// To the first question.
pub(super) fn extended_answer(code: u8, text: &[u8]) -> Vec<u8> {
    message(1, &tlv(0x78, &result(code, text)))
}

pub(super) fn attribute(name: &[u8], values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| tlv(4, value)).collect();
    tlv(0x30, &[tlv(4, name), tlv(0x31, &values)].concat())
}

pub(super) fn entry(id: u8, dn: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    message(id, &tlv(0x64, &[tlv(4, dn), tlv(0x30, &attributes.concat())].concat()))
}

pub(super) fn done(id: u8, code: u8) -> Vec<u8> {
    message(id, &tlv(0x65, &result(code, b"")))
}

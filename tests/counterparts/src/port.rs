//! Ports that no outgoing connection is given by chance: those begin at 32768.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 10_000;
const SPAN: u16 = 9_000;

/// The first of `count` neighbouring ports on which nobody listens.
pub fn free(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test runs at the same time begin at different places.
    let begin = u16::try_from(std::process::id() * 61 % u32::from(SPAN)).unwrap();
    for _ in 0..1000 {
        let first = FIRST + (begin + NEXT.fetch_add(count, Ordering::Relaxed) % SPAN) % SPAN;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no port is free");
}

/// Whether somebody listens on a port of 127.0.0.1, found out without a connection that they would
/// count.
pub(crate) fn is_heard(port: u16) -> bool {
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    // In hexadecimal: the address, the port, the peer, and 0A for "listens".
    let listens = format!(" 0100007F:{port:04X} 00000000:0000 0A ");
    sockets.contains(&listens)
}

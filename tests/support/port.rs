//! Ports that no outgoing connection is given by chance: those begin at 32768.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// The first of `count` neighbouring ports on which nobody listens.
pub fn free(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test runs at the same time begin at different places.
    let begin = u16::try_from(std::process::id() % 12_000).unwrap();
    for _ in 0..1000 {
        let first = 20_000 + (begin + NEXT.fetch_add(count, Ordering::Relaxed)) % 12_000;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no port is free");
}

//! The stories: what people and applications do, told against a provider that runs in this process.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a story that cannot go on stops here, and says where"
)]
#![expect(unreachable_pub, reason = "nothing is reachable from outside a test binary")]

mod access_tokens;
mod architecture;
mod binary;
mod chromium;
mod conformance;
mod directories;
mod discovery;
mod foreign;
mod main_flows;
mod openapi;
mod server;
mod support;
mod threats;

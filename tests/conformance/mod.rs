//! What the OpenID Foundation's conformance suite demands of a provider, told as stories: one file for
//! each profile, one story for each module of the suite, whose id stands in the story's comment.
//!
//! A module that several profiles share is told once, in `modules`, for any [`Flow`].

mod basic;
mod config;
mod flow;
mod form_post;
mod hybrid;
mod implicit;
mod modules;
mod rp_initiated_logout;

use flow::Flow;

/// Tells stories of `modules` for flows: each becomes a test in a module named after its flow.
macro_rules! tell {
    ($($name:ident: $flow:expr),+; $stories:tt) => {$(
        $crate::conformance::tell!(@ $name, $flow, $stories);
    )+};
    (@ $name:ident, $flow:expr, { $($part:ident::{$($story:ident),+ $(,)?}),+ $(,)? }) => {
        mod $name {
            use $crate::conformance::{Flow, modules};

            const FLOW: Flow = $flow;

            $($(
                #[tokio::test]
                async fn $story() {
                    modules::$part::$story(FLOW).await;
                }
            )+)+
        }
    };
}
use tell;

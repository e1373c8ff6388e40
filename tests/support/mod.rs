//! The actors of the stories.
//!
//! - [`Op`] is a provider: the product's own code in this process, on a real loopback port, with a
//!   fresh database and a clock that stands still until a story moves it.
//! - [`Browser`] is a person's browser: cookies, redirects and forms, but no scripts.
//! - [`App`] is a client application: it sends people to the provider, reads what they bring back, and
//!   believes nothing that it has not verified with code that shares nothing with the provider's.
//! - [`Demo`] is the built program run without a command, in a process of its own.
//! - [`Script`] is foreign software: a library for applications, or a real browser and its driver.
//!
//! ```text
//! let (op, app) = Op::with_app().await;
//! let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
//!
//! app.redeem(&code).await.tokens();
//! assert_eq!(app.redeem(&code).await.error(), "invalid_grant");
//! ```
//!
//! Whatever every answer must fulfil (the headers of a page, `state` and `iss` of an authorization
//! response, the shape of a token response, all checks of an ID Token) the actors assert by themselves,
//! in every story. A story asserts only what is particular to it. When something goes wrong, the
//! message ends with all that the browser has seen.

mod answer;
mod app;
mod browser;
mod built;
mod certificate;
mod cookies;
mod database;
mod folder;
mod id_token;
mod op;
mod page;
mod port;
mod program;
mod script;
mod time;
mod token;

pub use answer::{Answer, Code};
pub use app::{App, Registration, Request, basic};
pub use browser::{Arrival, Browser};
pub use built::{Demo, vestibule};
pub use certificate::Certificate;
pub use database::{Database, Fresh};
pub use folder::Folder;
pub use id_token::Claims;
pub use op::{Op, Setup, http, listen, password_of};
pub use page::{Form, Page};
pub use port::free as free_ports;
pub use program::{Ended, Program};
pub use script::Script;
pub use token::Tokens;

/// Tells a story once on each database: `on_every_database!(fn name(op) { .. })` makes the tests
/// `name::sqlite`, `name::postgres` and `name::mariadb`.
macro_rules! on_every_database {
    ($($(#[$about:meta])* async fn $name:ident($op:ident: Op) $story:block)+) => {$(
        $(#[$about])*
        mod $name {
            use super::*;

            async fn story($op: Op) $story

            #[tokio::test]
            async fn sqlite() {
                story(Op::on(Database::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                story(Op::on(Database::Postgres).await).await;
            }

            #[tokio::test]
            async fn mariadb() {
                story(Op::on(Database::Mariadb).await).await;
            }
        }
    )+};
}
pub(crate) use on_every_database;

//! People known to an SQL table.
//!
//! ```text
//! own/      Vestibule's own table: the backend of type `database`
//! tables/   any other table or view, by configured queries: the backend of type `sql`
//! hash/     password hashes, ours and those of other products
//! ```

mod bad_option;
mod hash;
mod own;
mod tables;

pub use bad_option::BadOption;
pub use hash::{Cost, Hasher, OPTIONS, Settings, Verdict};
pub use own::{Fault, NewPerson, People, Person};
pub use tables::{OPTIONS as TABLES_OPTIONS, SECRETS as TABLES_SECRETS, Tables};

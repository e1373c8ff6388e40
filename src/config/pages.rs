//! `[pages]`: what people see.

use std::path::PathBuf;

use super::option::Default::{Absent, Toml};
use super::option::section;

section! {
    /// What people see.
    Pages at "pages" {
        /// Folder whose files replace the built-in templates of the same names.
        templates: Option<PathBuf> = Absent,
        /// Name of this service on its pages.
        product: String = Toml(r#""Vestibule""#),
    }
}

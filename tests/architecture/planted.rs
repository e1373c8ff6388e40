//! The test tested: what must be found is planted, and what must not be found stands beside it.

use super::{unlisted_dependencies, violations_in};

#[track_caller]
fn found(place: &str, source: &str) -> Vec<String> {
    let crates = [
        "std",
        "url",
        "poem",
        "tokio",
        "sea_orm",
        "serde_json",
        "josekit",
        "vestibule_database",
        "tracing",
    ];
    violations_in(place, source, "", &crates.map(str::to_owned).into())
}

#[track_caller]
fn finds(place: &str, source: &str, line: usize, path: &str) {
    let found = found(place, source);
    let expected = format!("{place}:{line}: `{path}`");
    assert!(
        found.iter().any(|violation| violation.starts_with(&expected)),
        "{expected} is not in {found:#?}"
    );
}

#[track_caller]
fn accepts(place: &str, source: &str) {
    assert_eq!(found(place, source), Vec::<String>::new());
}

#[test]
fn imports_are_found_however_they_are_written() {
    finds("src/protocol/x.rs", "use crate::storage;", 1, "crate::storage");
    finds(
        "src/protocol/x.rs",
        "\nuse crate::{protocol, storage::Fault as F};",
        2,
        "crate::storage::Fault",
    );
    finds("src/protocol/x.rs", "use {std::fmt, poem::{self, web}};", 1, "poem");
    finds("src/protocol/x.rs", "use ::poem::web::*;", 1, "poem::web::*");
    finds("src/protocol/x.rs", "use super::super::storage::Storage;", 1, "crate::storage::Storage");
    finds("src/protocol/token/mod.rs", "use super::super::http;", 1, "crate::http");
    finds("src/protocol/x.rs", "extern crate poem;", 1, "poem");
    finds("src/storage/x.rs", "use tokio::{sync, net};", 1, "tokio::net");
    finds("src/storage/x.rs", "use tokio::*;", 1, "tokio::*");
    finds("src/config/x.rs", "pub use crate::protocol::Scope;", 1, "crate::protocol::Scope");
}

#[test]
fn paths_are_found_where_no_import_names_them() {
    finds("src/protocol/x.rs", "fn f(x: poem::Request) {}", 1, "poem::Request");
    finds(
        "src/protocol/x.rs",
        "fn f() { let x = crate::secret::token(); }",
        1,
        "crate::secret::token",
    );
    finds(
        "src/protocol/x.rs",
        "fn f() {\n println!(\"{}\", crate::clock::now());\n}",
        2,
        "crate::clock::now",
    );
    finds("src/protocol/x.rs", "fn f() { vec![g(|| poem::get(1))]; }", 1, "poem::get");
    finds("src/protocol/x.rs", "fn f() { tracing::info!(\"x\"); }", 1, "tracing::info");
    finds("src/protocol/x.rs", "#[derive(poem::Thing)] struct X;", 1, "poem::Thing");
    finds("src/protocol/x.rs", "impl poem::Endpoint for X {}", 1, "poem::Endpoint");
    finds(
        "src/protocol/x.rs",
        "mod a { fn f() { super::super::super::keys::x() } }",
        1,
        "crate::keys::x",
    );
}

#[test]
fn an_import_is_followed_to_what_it_names() {
    finds(
        "src/protocol/x.rs",
        "use std::time;\nfn f() { time::Instant::now(); }",
        2,
        "std::time::Instant::now",
    );
    finds("src/protocol/x.rs", "use std as s;\nfn f() { s::fs::read(x); }", 2, "std::fs::read");
    finds("src/protocol/x.rs", "use std::time::*;", 1, "std::time::*");
    accepts("src/protocol/x.rs", "use std::time::{self, Duration};\nfn f(d: time::Duration) {}");
}

#[test]
fn what_has_one_home_is_found_outside_it() {
    finds("src/cli/x.rs", "use josekit::jws;", 1, "josekit::jws");
    finds("src/http/x.rs", "fn f() { josekit::jwt::encode() }", 1, "josekit::jwt::encode");
    finds(
        "src/identity/chain.rs",
        "use vestibule_database::People;",
        1,
        "vestibule_database::People",
    );
    accepts("src/jose/x.rs", "use josekit::jws;");
    accepts("src/identity/registry.rs", "use vestibule_database::People;");
}

#[test]
fn async_is_found_in_the_protocol_only() {
    for source in [
        "async fn f() {}",
        "fn f() { g(async { 1 }) }",
        "fn f() { g(async || 1) }",
        "fn f() { m!(x.await) }",
    ] {
        finds("src/protocol/x.rs", source, 1, "async");
        accepts("src/storage/x.rs", source);
    }
}

#[test]
fn tests_and_names_of_the_file_itself_are_free() {
    accepts(
        "src/protocol/x.rs",
        "#[cfg(test)] mod tests { use poem::web; #[tokio::test] async fn f() {} }",
    );
    accepts("src/protocol/x.rs", "#[cfg(test)] use poem::web;");
    accepts("src/protocol/x.rs", "mod poem; fn f() { poem::g() }");
    accepts("src/protocol/x.rs", "use crate::protocol::tokio; fn f() { tokio::g() }");
    accepts("src/protocol/x.rs", "// use poem::web;\nconst X: &str = \"poem::web\";");
    accepts("src/protocol/x.rs", "fn f() -> Self { Self::poem(Kind::Tokio) }");
}

#[test]
fn a_file_without_a_row_is_found() {
    assert_eq!(
        found("src/helpers.rs", ""),
        ["src/helpers.rs: no row of the table covers this file"]
    );
}

#[test]
fn dependencies_beyond_the_table_are_found() {
    let manifest: toml::Table = toml::from_str(
        "[dependencies]\nurl = '2'\npoem = '3'\n[target.'cfg(unix)'.dependencies]\nlibc = '1'\n[dev-dependencies]\ntokio = '1'",
    )
    .unwrap();
    assert_eq!(
        unlisted_dependencies("plugins/api", &manifest),
        [
            "plugins/api/Cargo.toml: `poem` is not listed for this crate",
            "plugins/api/Cargo.toml: `libc` is not listed for this crate",
        ]
    );
    assert_eq!(
        unlisted_dependencies("plugins/kerberos", &manifest),
        ["plugins/kerberos/Cargo.toml: the table does not list this crate"]
    );
}

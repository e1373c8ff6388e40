//! Who may import what: the layers of the code as a table, and the test that keeps it true.
//!
//! Arrows point inward only: `protocol` knows nothing of ours, `http` brings everything together, and
//! what hides a library is the only one to name it. Comments and words are free; tests inside the
//! files are, too.
//!
//! *Why a table and not crates*: the layers share one set of types and change together, and a crate
//! for each would turn every line of this table into public interface.

mod paths;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file or folder and what its paths may begin with. The longest matching place counts.
struct Row {
    place: &'static str,
    may: &'static [&'static str],
    /// What it must not name although `may` would let it.
    never: &'static [&'static str],
}

/// Every path; for the two places that put everything together.
const ANYTHING: &str = "*";

/// What reads the world behind the back of its caller.
const THE_WORLD: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

const TABLE: &[Row] = &[
    Row { place: "src/lib.rs", may: &[], never: &[] },
    Row {
        place: "src/main.rs",
        may: &["std", "vestibule::cli", "vestibule::log", "mimalloc", "clap", "tokio"],
        never: &[],
    },
    Row {
        place: "src/protocol",
        may: &["std", "serde", "serde_json", "url", "sha2", "base64", "subtle", "zeroize"],
        never: THE_WORLD,
    },
    Row {
        place: "src/storage",
        may: &[
            "std",
            "crate::protocol",
            "sea_orm",
            "tokio::sync",
            // The writer is a task, and a group waits a moment for company.
            "tokio::spawn",
            "tokio::task",
            "tokio::time",
            // Columns that hold JSON; errors; what the writer tells the operator.
            "serde",
            "serde_json",
            "thiserror",
            "tracing",
            // A database that was never migrated is migrated from here.
            "vestibule_migrations",
        ],
        never: &["std::time::Instant", "std::time::SystemTime"],
    },
    Row {
        place: "src/identity",
        may: &[
            "std",
            "vestibule_plugin",
            "crate::protocol",
            "crate::storage",
            "minijinja",
            "serde",
            "serde_json",
            "thiserror",
            "tokio::time",
            "tracing",
            // Attributes are encrypted at rest, buckets of the lockout are keyed hashes, and a `sub` is random.
            "crate::seal",
            "crate::secret",
            // Names are compared as RFC 8265 says.
            "precis_profiles",
            "async_trait",
            "zeroize",
        ],
        never: &["std::time::Instant", "std::time::SystemTime"],
    },
    // The only file that knows which plugins there are, and how each reads its options.
    Row {
        place: "src/identity/registry.rs",
        may: &[
            "std",
            "vestibule_plugin",
            "vestibule_database",
            "crate::identity",
            "crate::storage",
            "serde",
            "toml",
            "tracing",
        ],
        never: &[],
    },
    Row {
        place: "src/jose",
        may: &[
            "std",
            "crate::protocol",
            "josekit",
            "openssl",
            "aws_lc_rs",
            "base64",
            "serde",
            "serde_json",
            "thiserror",
            "zeroize",
        ],
        never: THE_WORLD,
    },
    Row {
        place: "src/seal.rs",
        may: &[
            "std",
            "crate::protocol",
            "aws_lc_rs",
            "base64",
            "serde",
            "serde_json",
            "thiserror",
            "zeroize",
        ],
        never: THE_WORLD,
    },
    Row {
        place: "src/keys.rs",
        may: &[
            "std",
            "crate::protocol",
            "crate::storage",
            "crate::jose",
            "crate::seal",
            // A key id is random.
            "crate::secret",
            "serde",
            "serde_json",
            "thiserror",
            // A key takes a second to make: off the runtime.
            "tokio",
            "tracing",
        ],
        never: &["std::time::Instant", "std::time::SystemTime"],
    },
    Row {
        place: "src/config",
        may: &["std", "serde", "toml", "url", "strsim", "thiserror", "zeroize"],
        never: &[],
    },
    Row { place: "src/clock.rs", may: &["std"], never: &[] },
    Row {
        place: "src/secret.rs",
        may: &["std", "aws_lc_rs", "base64", "sha2", "zeroize"],
        never: THE_WORLD,
    },
    Row {
        place: "src/log.rs",
        may: &["std", "crate::config", "tracing", "tracing_subscriber", "time", "thiserror"],
        never: &[],
    },
    Row {
        place: "src/http",
        may: &[
            "std",
            "crate::protocol",
            "crate::storage",
            "crate::identity",
            "crate::jose",
            "crate::seal",
            "crate::keys",
            "crate::config",
            "crate::clock",
            "crate::secret",
            // The certificate that a connection showed is request data.
            "crate::server::PeerCertificate",
            "base64",
            "metrics",
            "metrics_exporter_prometheus",
            "minijinja",
            "moka",
            "poem",
            "poem_openapi",
            "rust_embed",
            "serde",
            "serde_json",
            "sha2",
            "subtle",
            "thiserror",
            "time",
            "tokio",
            "tracing",
            "url",
            "vestibule_plugin",
            "zeroize",
        ],
        never: &["std::time::SystemTime"],
    },
    Row { place: "src/demo", may: &[ANYTHING], never: &[] },
    Row { place: "src/cli", may: &[ANYTHING], never: &[] },
    Row { place: "src/server.rs", may: &[ANYTHING], never: &["crate::cli"] },
    Row {
        place: "plugins/api",
        may: &["std", "async_trait", "thiserror", "url", "zeroize"],
        never: THE_WORLD,
    },
    Row {
        place: "plugins/database",
        may: &[
            "std",
            "vestibule_plugin",
            "argon2",
            "async_trait",
            "sea_orm",
            "serde_json",
            "tokio",
            "tracing",
            "zeroize",
        ],
        never: &[],
    },
    // No entities: history must not change when they do.
    Row { place: "migrations", may: &["std", "async_trait", "sea_orm_migration"], never: &[] },
];

/// What has one home, whatever the rows say.
const HOMES: &[(&str, &[&str])] = &[
    ("josekit", &["src/jose"]),
    ("openssl", &["src/jose"]),
    ("vestibule_database", &["src/identity/registry.rs"]),
];

/// A crate's folder and all that its `[dependencies]` may list. The root package is held by the rows.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("migrations", &["async-trait", "sea-orm-migration"]),
    ("plugins/api", &["async-trait", "thiserror", "url", "zeroize"]),
    (
        "plugins/database",
        &[
            "argon2",
            "async-trait",
            "sea-orm",
            "serde_json",
            "tokio",
            "tracing",
            "vestibule-plugin",
            "zeroize",
        ],
    ),
];

#[test]
fn every_file_uses_only_what_its_row_allows() {
    let mut violations = Vec::new();
    let mut read = 0;
    for package in packages() {
        let crates = crates_of(&package);
        for file in files_of(&package, &crates) {
            read += 1;
            violations.extend(violations_in(&file, &text(&file), &package, &crates));
        }
    }
    assert!(read > 15, "only {read} files were read");
    assert!(violations.is_empty(), "the import table is broken:\n  {}", violations.join("\n  "));
}

#[test]
fn every_crate_depends_only_on_what_the_table_lists() {
    let violations: Vec<_> = packages()
        .iter()
        .flat_map(|package| unlisted_dependencies(package, &manifest(package)))
        .collect();
    assert!(
        violations.is_empty(),
        "the dependency table is broken:\n  {}",
        violations.join("\n  ")
    );
}

mod planted {
    //! The test tested: what must be found is planted, and what must not be found stands beside it.

    use super::*;

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
        finds(
            "src/protocol/x.rs",
            "use super::super::storage::Storage;",
            1,
            "crate::storage::Storage",
        );
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
        accepts(
            "src/protocol/x.rs",
            "use std::time::{self, Duration};\nfn f(d: time::Duration) {}",
        );
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
}

/// Each violation as `file:line: path: reason`.
fn violations_in(
    file: &str,
    source: &str,
    package: &str,
    crates: &BTreeSet<String>,
) -> Vec<String> {
    let Some(row) =
        TABLE.iter().filter(|row| covers(row.place, file)).max_by_key(|row| row.place.len())
    else {
        return vec![format!("{file}: no row of the table covers this file")];
    };
    let module = module_of(file, package);
    let uses = match paths::uses(source, &module, crates) {
        Ok(uses) => uses,
        Err(error) => return vec![format!("{file}: {error}")],
    };
    let own = own_module(row.place, package);
    let mut violations = Vec::new();
    for paths::Used { line, path } in &uses.paths {
        let mut report =
            |reason: String| violations.push(format!("{file}:{line}: `{path}`: {reason}"));
        let elsewhere = HOMES.iter().find(|(root, homes)| {
            begins_with(path, root) && !homes.iter().any(|home| covers(home, file))
        });
        if let Some((_, homes)) = elsewhere {
            report(format!("only {} may name it", homes.join(", ")));
        } else if let Some(never) = row.never.iter().find(|never| reaches(path, never)) {
            report(format!("{} must never name `{never}`", row.place));
        } else if !row.may.contains(&ANYTHING)
            && !begins_with(path, &own)
            && !row.may.iter().any(|may| begins_with(path, may))
        {
            report(format!("{} may use {}", row.place, row.may.join(", ")));
        }
    }
    if row.place == "src/protocol" {
        violations.extend(uses.asynchronous.iter().map(|line| {
            format!("{file}:{line}: `async`: what the specifications say waits for nothing")
        }));
    }
    violations
}

fn unlisted_dependencies(package: &str, manifest: &toml::Table) -> Vec<String> {
    if package.is_empty() {
        return Vec::new();
    }
    let Some((_, listed)) = DEPENDENCIES.iter().find(|(place, _)| *place == package) else {
        return vec![format!("{package}/Cargo.toml: the table does not list this crate")];
    };
    dependencies(manifest, false)
        .into_iter()
        .filter(|name| !listed.contains(&name.as_str()))
        .map(|name| format!("{package}/Cargo.toml: `{name}` is not listed for this crate"))
        .collect()
}

/// Whether `path` is `root` or lies below it.
fn begins_with(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether `path` names `target`, something below it, or everything around it.
fn reaches(path: &str, target: &str) -> bool {
    begins_with(path, target)
        || path.strip_suffix("::*").is_some_and(|around| begins_with(target, around))
}

fn covers(place: &str, file: &str) -> bool {
    file.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `src/http/token/mod.rs` is `[http, token]`.
fn module_of(file: &str, package: &str) -> Vec<String> {
    let inside = file.strip_prefix(package).unwrap_or(file).trim_start_matches('/');
    let inside = inside.strip_prefix("src/").unwrap_or(inside);
    let name = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut segments: Vec<_> = name.split('/').map(str::to_owned).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    segments
}

/// What a place may always name: itself.
fn own_module(place: &str, package: &str) -> String {
    let mut path = vec!["crate".to_owned()];
    if place != package {
        path.extend(module_of(place, package));
    }
    path.join("::")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The folders of the workspace's packages; the root package is the empty path.
fn packages() -> Vec<String> {
    let mut packages = vec![String::new(), "migrations".to_owned()];
    packages.extend(
        entries("plugins")
            .into_iter()
            .filter(|folder| root().join(folder).join("Cargo.toml").exists()),
    );
    packages
}

fn manifest(package: &str) -> toml::Table {
    let file = Path::new(package).join("Cargo.toml").display().to_string();
    toml::from_str(&text(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn dependencies(manifest: &toml::Table, for_tests: bool) -> Vec<String> {
    let mut tables = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().filter_map(toml::Value::as_table));
    }
    let kinds: &[&str] = if for_tests {
        &["dependencies", "dev-dependencies"]
    } else {
        &["dependencies", "build-dependencies"]
    };
    tables
        .iter()
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flat_map(|dependencies| dependencies.keys().cloned())
        .collect()
}

/// The names by which a package's files may call other crates.
fn crates_of(package: &str) -> BTreeSet<String> {
    let manifest = manifest(package);
    let own = manifest.get("package").and_then(|own| own.get("name")).and_then(toml::Value::as_str);
    let mut crates: BTreeSet<_> = ["std", "core", "alloc"].map(str::to_owned).into();
    crates.extend(own.map(str::to_owned));
    crates.extend(dependencies(&manifest, true));
    crates.into_iter().map(|name| name.replace('-', "_")).collect()
}

/// The product's source files of a package: no tests, neither beside nor inside `src`.
fn files_of(package: &str, crates: &BTreeSet<String>) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(package).join("src").display().to_string()];
    let mut of_tests = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder) {
            if root().join(&entry).is_dir() {
                folders.push(entry);
            } else if entry.ends_with(".rs") {
                let module = module_of(&entry, package);
                if let Ok(uses) = paths::uses(&text(&entry), &module, crates) {
                    of_tests.extend(
                        uses.test_modules
                            .into_iter()
                            .map(|name| [module.clone(), vec![name]].concat()),
                    );
                }
                files.push(entry);
            }
        }
    }
    files.retain(|file| !of_tests.iter().any(|tests| module_of(file, package).starts_with(tests)));
    files.sort();
    files
}

fn entries(folder: &str) -> Vec<String> {
    let read =
        std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    read.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy())).collect()
}

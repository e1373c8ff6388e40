//! Who may import what: the layers of the code as a table, and the test that keeps it true.
//!
//! Arrows point inward only: `protocol` knows nothing of ours, `http` brings everything together, and
//! what hides a library is the only one to name it. Comments and words are free; tests inside the
//! files are, too.
//!
//! *Why a table and not crates*: the layers share one set of types and change together, and a crate
//! for each would turn every line of this table into public interface.

mod packages;
mod paths;
mod planted;

use std::collections::BTreeSet;

use packages::{crates_of, dependencies, files_of, manifest, module_of, packages, root, text};

/// A module (its file, its folder) or a package, and what its paths may begin with. The longest matching place counts.
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
    Row { place: "src/lib", may: &[], never: &[] },
    Row {
        place: "src/main",
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
            // Backends are probed in the background, and asked for their health all at once; a change of password is
            // finished whoever stays to see it.
            // One question for a backend's health at a time.
            "tokio::sync::Mutex",
            "tokio::spawn",
            "tokio::task",
            // How long each backend takes.
            "metrics",
            "tracing",
            // Attributes are encrypted at rest, buckets of the lockout are keyed hashes, and a `sub` is random.
            "crate::seal",
            "crate::secret",
            // Names are compared as RFC 8265 says.
            "precis_profiles",
            // Attributes that are not text are kept and told in base64.
            "base64",
            "async_trait",
            "zeroize",
        ],
        never: &["std::time::Instant", "std::time::SystemTime"],
    },
    // The only file that knows which plugins there are, and how each reads its options.
    Row {
        place: "src/identity/registry",
        may: &[
            "std",
            "vestibule_plugin",
            "vestibule_database",
            "vestibule_ldap",
            "crate::identity",
            "crate::storage",
            "serde",
            "serde_json",
            // The nearest known type or option.
            "strsim",
            "thiserror",
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
        place: "src/seal",
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
        place: "src/keys",
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
    Row { place: "src/clock", may: &["std"], never: &[] },
    Row {
        place: "src/secret",
        may: &["std", "aws_lc_rs", "base64", "sha2", "zeroize"],
        // Without randomness it can only abort.
        never: &["std::env", "std::fs", "std::time"],
    },
    Row {
        place: "src/log",
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
            // Why a body was not read to its end, which an error of poem's hides.
            "crate::server::BodyRefused",
            "base64",
            "metrics",
            "metrics_exporter_prometheus",
            "metrics_util",
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
            // The options of a backend travel as the configuration has them.
            "toml::Table",
            "tracing",
            "url",
            "vestibule_plugin",
            "zeroize",
        ],
        never: &["std::time::SystemTime"],
    },
    // It stands for anybody's application: nothing of the provider but its address, and its files in the binary.
    Row {
        place: "src/demo",
        may: &[
            "std",
            "crate::config::Issuer",
            "crate::http::pages::Embedded",
            "poem",
            "serde_json",
        ],
        never: &[],
    },
    Row { place: "src/cli", may: &[ANYTHING], never: &[] },
    Row { place: "src/server", may: &[ANYTHING], never: &["crate::cli"] },
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
            // Hashes, ours and those of other products.
            "argon2",
            "base64",
            "bcrypt",
            "md5",
            "pbkdf2",
            "scrypt",
            "sha1",
            "sha2",
            "sha_crypt",
            "subtle",
            "async_trait",
            "sea_orm",
            // Rows are read one by one, and no more than are wanted.
            "futures_util",
            "serde",
            "serde_json",
            "tokio",
            // Errors that the operator reads.
            "thiserror",
            "tracing",
            "zeroize",
        ],
        never: &[],
    },
    Row {
        place: "plugins/ldap",
        may: &[
            "std",
            "vestibule_plugin",
            "ldap3",
            // Pools of connections, and where to connect to.
            "deadpool",
            "hickory_resolver",
            "rustls",
            "rustls_native_certs",
            "tokio_rustls",
            "url",
            "async_trait",
            "metrics",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
            // A rehearsal tells whose certificates it was shown.
            "x509_parser",
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
    ("vestibule_database", &["src/identity/registry"]),
    ("vestibule_ldap", &["src/identity/registry"]),
    ("ldap3", &["plugins/ldap"]),
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
            "base64",
            "bcrypt",
            "futures-util",
            "md-5",
            "pbkdf2",
            "scrypt",
            "sea-orm",
            "serde",
            "serde_json",
            "sha-crypt",
            "sha1",
            "sha2",
            "subtle",
            "thiserror",
            "tokio",
            "tracing",
            "vestibule-plugin",
            "zeroize",
        ],
    ),
    (
        "plugins/ldap",
        &[
            "async-trait",
            "deadpool",
            "hickory-resolver",
            "ldap3",
            "metrics",
            "rustls",
            "rustls-native-certs",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio-rustls",
            "tracing",
            "url",
            "vestibule-plugin",
            "x509-parser",
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

#[test]
fn every_row_has_its_place() {
    let is_there = |place: &str| {
        root().join(place).is_dir() || root().join(place).with_extension("rs").is_file()
    };
    let gone: Vec<_> = TABLE.iter().map(|row| row.place).filter(|place| !is_there(place)).collect();
    assert!(gone.is_empty(), "the table has rows for what is not there: {gone:?}");
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
    file.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// What a place may always name: itself.
fn own_module(place: &str, package: &str) -> String {
    let mut path = vec!["crate".to_owned()];
    if place != package {
        path.extend(module_of(place, package));
    }
    path.join("::")
}

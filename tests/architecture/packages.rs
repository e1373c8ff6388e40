//! The packages of the workspace and the files that belong to the product.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::paths;

/// `src/http/token/mod.rs` is `[http, token]`.
pub fn module_of(file: &str, package: &str) -> Vec<String> {
    let inside = file.strip_prefix(package).unwrap_or(file).trim_start_matches('/');
    let inside = inside.strip_prefix("src/").unwrap_or(inside);
    let name = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut segments: Vec<_> = name.split('/').map(str::to_owned).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    segments
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The folders of the workspace's packages; the root package is the empty path.
pub fn packages() -> Vec<String> {
    let mut packages = vec![String::new(), "migrations".to_owned()];
    packages.extend(
        entries("plugins")
            .into_iter()
            .filter(|folder| root().join(folder).join("Cargo.toml").exists()),
    );
    packages
}

pub fn manifest(package: &str) -> toml::Table {
    let file = Path::new(package).join("Cargo.toml").display().to_string();
    toml::from_str(&text(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub fn dependencies(manifest: &toml::Table, for_tests: bool) -> Vec<String> {
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
pub fn crates_of(package: &str) -> BTreeSet<String> {
    let manifest = manifest(package);
    let own = manifest.get("package").and_then(|own| own.get("name")).and_then(toml::Value::as_str);
    let mut crates: BTreeSet<_> = ["std", "core", "alloc"].map(str::to_owned).into();
    crates.extend(own.map(str::to_owned));
    crates.extend(dependencies(&manifest, true));
    crates.into_iter().map(|name| name.replace('-', "_")).collect()
}

/// The product's source files of a package: no tests, neither beside nor inside `src`.
pub fn files_of(package: &str, crates: &BTreeSet<String>) -> Vec<String> {
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

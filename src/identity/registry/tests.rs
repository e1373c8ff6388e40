//! What the README says of the plugins.

use std::collections::BTreeSet;

use super::*;

/// The options in the README's table for a type of backend.
fn described(kind: &str) -> Vec<&'static str> {
    let readme = include_str!("../../../README.md");
    let begin = format!("<!-- options of {kind}: begin -->\n");
    let (_, rest) = readme.split_once(&begin).unwrap_or_else(|| panic!("{begin} is not there"));
    let (table, _) = rest.split_once(&format!("<!-- options of {kind}: end -->")).unwrap();
    let rows = table.lines().skip(2);
    let option = |row: &'static str| {
        let cells: Vec<&str> = row.trim_matches('|').splitn(3, '|').map(str::trim).collect();
        assert!(cells.len() == 3 && !cells[2].is_empty(), "no meaning: {row}");
        cells[0].trim_matches('`')
    };
    rows.map(option).collect()
}

#[test]
fn the_readme_lists_every_option_of_every_plugin() {
    for plugin in PLUGINS {
        let written = described(plugin.kind);
        let all: BTreeSet<&str> = plugin.options.iter().copied().collect();
        assert_eq!(written.iter().copied().collect::<BTreeSet<_>>(), all, "{}", plugin.kind);
        assert_eq!(written.len(), all.len(), "{} has one twice", plugin.kind);
    }
}

// LG1
#[test]
fn the_options_of_a_backend_do_not_print() {
    let options = serde_json::json!({ "bind_password": "canary" });
    let settings = BackendSettings {
        name: "staff".to_owned(),
        kind: "ldap".to_owned(),
        usernames: Vec::new(),
        patience: Duration::from_secs(1),
        attempts: None,
        claims: Map::new(),
        options: options.as_object().unwrap().clone(),
    };
    let printed = format!("{settings:?}");
    assert!(printed.contains("bind_password") && !printed.contains("canary"), "{printed}");
}

#[test]
fn every_secret_is_an_option() {
    for plugin in PLUGINS {
        assert!(plugin.secrets.iter().all(|secret| plugin.options.contains(secret)));
    }
}

/// Stands for the files that the README's examples name.
#[cfg(all(feature = "ldap", feature = "database"))]
fn with_files_of(folder: &std::path::Path, example: &str) -> String {
    let ca = folder.join("ca.pem");
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem();
    std::fs::write(&ca, pem).unwrap();
    let password = folder.join("password");
    std::fs::write(&password, "canary\n").unwrap();
    let url = folder.join("url");
    std::fs::write(&url, "postgres://vestibule:canary@127.0.0.1/shop\n").unwrap();
    let line = |line: &str| match line.split_once(" = ") {
        Some(("ca", _)) => format!("ca = {:?}\n", ca.display().to_string()),
        Some(("bind_password_file", _)) => {
            format!("bind_password_file = {:?}\n", password.display().to_string())
        }
        Some(("url_file", _)) => format!("url_file = {:?}\n", url.display().to_string()),
        _ => format!("{line}\n"),
    };
    example.lines().map(line).collect()
}

#[cfg(all(feature = "ldap", feature = "database"))]
#[tokio::test]
async fn the_backends_of_the_readme_can_be_opened() {
    let folder = std::env::temp_dir().join(format!("vestibule-readme-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let readme = include_str!("../../../README.md");
    let examples = readme.split("```toml\n").skip(1).filter_map(|text| text.split("```").next());
    let elsewhere = |text: &&str| !text.contains("type = \"database\"");
    let examples: Vec<&str> = examples.filter(elsewhere).collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        let example = with_files_of(&folder, example);
        let backends = crate::config::Config::backends("README.md", &example, []).unwrap();
        for settings in crate::http::opening::backend_settings(&backends) {
            if let Err(wrong) = open(&settings, None) {
                panic!("{wrong}\n{example}");
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(feature = "database")]
#[test]
fn the_table_of_the_readme_can_be_opened() {
    let readme = include_str!("../../../README.md");
    let examples = readme.split("```toml\n").skip(1).filter_map(|text| text.split("```").next());
    let examples: Vec<&str> = examples.filter(|text| text.contains("type = \"sql\"")).collect();
    assert_eq!(examples.len(), 1);
    for example in examples {
        let (before, rest) = example.split_once("url_file = ").unwrap();
        let (_, after) = rest.split_once('#').unwrap();
        let (url, after) = after.split_once('\n').unwrap();
        let example = format!("{before}url = \"{}\"\n{after}", url.trim());
        let backends = crate::config::Config::backends("README.md", &example, []).unwrap();
        for settings in crate::http::opening::backend_settings(&backends) {
            if let Err(wrong) = open(&settings, None) {
                panic!("{wrong}\n{example}");
            }
        }
    }
}

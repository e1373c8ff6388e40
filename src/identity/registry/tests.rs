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

#[test]
fn every_secret_is_an_option() {
    for plugin in PLUGINS {
        assert!(plugin.secrets.iter().all(|secret| plugin.options.contains(secret)));
    }
}

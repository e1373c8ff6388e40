//! What a command answers: text for people, and the same as JSON for scripts (`--json`).

use serde_json::Value;

/// Both forms of an answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) json: Value,
    /// Whether the exit code is 0: `check` answers in full and may still say no.
    pub(super) success: bool,
}

impl Answer {
    pub(super) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, success: true }
    }

    /// The chosen form, with a line break at its end.
    pub(super) fn written(&self, as_json: bool) -> String {
        if as_json {
            return format!("{:#}\n", self.json);
        }
        match self.text.trim_end() {
            "" => String::new(),
            text => format!("{text}\n"),
        }
    }
}

/// Rows under a header, in columns as wide as their widest cell.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        widest.max(header.get(column).map_or(0, |name| name.len()))
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let mut text = line(&mut header.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let rows =
            [vec!["a".to_owned(), "long cell".to_owned()], vec!["bcd".to_owned(), String::new()]];
        assert_eq!(table(&["x", "y"], &rows), "x    y\na    long cell\nbcd\n");
    }
}

//! A configured statement: its text, and which value belongs to which place of it.
//!
//! Values are bound by position and in no other way: there is nothing to write that would put one
//! into the text, so a query that concatenates cannot be configured.

use std::fmt::Write;

use super::dialect::Dialect;
use super::guard::guards;
use super::scan::{Piece, pieces};
use crate::BadOption;

/// What can stand in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// The login name, as the host has normalised it: in lower case.
    Username,
    /// The subject, as the column says it.
    Subject,
    /// A new hash.
    Hash,
    /// The hash that was verified.
    OldHash,
}

impl Placeholder {
    const ALL: [Self; 4] = [Self::Username, Self::Subject, Self::Hash, Self::OldHash];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Subject => "subject",
            Self::Hash => "hash",
            Self::OldHash => "old_hash",
        }
    }
}

/// What a statement of an option must be.
pub(super) struct Form {
    pub(super) option: &'static str,
    /// The words it may begin with.
    pub(super) begins: &'static [&'static str],
    /// Placeholders that must be there.
    pub(super) needs: &'static [Placeholder],
    /// Placeholders that the condition must compare with something.
    pub(super) guards: &'static [Placeholder],
    /// Placeholders of which one must be there.
    pub(super) needs_one: &'static [Placeholder],
}

/// One statement, ready to be prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// The option that it was configured by.
    pub(crate) option: &'static str,
    pub(crate) sql: String,
    /// The value of each place.
    pub(crate) places: Vec<Placeholder>,
    /// What the first placeholder is compared with, if it is plain to see.
    pub(crate) compared: Option<String>,
}

impl Query {
    pub(super) fn parse(text: &str, dialect: Dialect, form: &Form) -> Result<Self, BadOption> {
        let bad = |problem: String| BadOption::new(form.option, problem);
        let pieces = pieces(text, dialect)
            .map_err(|unclosed| bad(format!("has {} that does not end", unclosed.0)))?;
        let first = pieces.iter().find_map(|piece| match piece {
            Piece::Comment(_) => None,
            Piece::Code(code) => code.split_whitespace().next(),
            _ => Some(""),
        });
        let word = first.unwrap_or_default();
        if !form.begins.iter().any(|begin| begin.eq_ignore_ascii_case(word)) {
            return Err(bad(format!("must begin with {}", form.begins.join(" or "))));
        }
        let guards = guards(&pieces);
        let mut query = Self {
            option: form.option,
            sql: String::with_capacity(text.len()),
            places: Vec::new(),
            compared: None,
        };
        for piece in pieces {
            query.push(piece, dialect, form)?;
        }
        query.check(form)?;
        let unguarded = form.guards.iter().find(|guard| !guards.contains(&guard.name()));
        match unguarded {
            Some(guard) => Err(bad(format!("must compare `:{}` behind its WHERE", guard.name()))),
            None => Ok(query),
        }
    }

    fn push(&mut self, piece: Piece<'_>, dialect: Dialect, form: &Form) -> Result<(), BadOption> {
        let bad = |problem: String| BadOption::new(form.option, problem);
        match piece {
            Piece::Comment(text) => self.sql.push_str(text),
            Piece::Code(code) => {
                if code.contains(';') {
                    return Err(bad("must be one statement, without `;`".to_owned()));
                }
                if let Some(place) = dialect.foreign_place(code) {
                    let example = form.allowed().next().map_or("", Placeholder::name);
                    return Err(bad(format!("has a `{place}`; write `:{example}` for a value")));
                }
                self.sql.push_str(code);
            }
            Piece::Quoted(text) => {
                let inside = |known: &Placeholder| text.contains(&format!(":{}", known.name()));
                if let Some(known) = Placeholder::ALL.iter().find(|known| inside(known)) {
                    let name = known.name();
                    return Err(bad(format!(
                        "has `:{name}` inside of quotes; write it without them, it is bound as a value"
                    )));
                }
                self.sql.push_str(text);
            }
            Piece::Placeholder(name) => {
                let Some(known) = form.allowed().find(|known| known.name() == name) else {
                    return Err(bad(format!(
                        "has the placeholder `:{name}`; there {}",
                        listed(form.allowed())
                    )));
                };
                if self.compared.is_none() {
                    self.compared = compared(&self.sql);
                }
                let position = match self.places.iter().position(|place| *place == known) {
                    Some(before) if dialect == Dialect::Postgres => before + 1,
                    _ => {
                        self.places.push(known);
                        self.places.len()
                    }
                };
                let _ = write!(self.sql, "{}", dialect.place(position));
            }
        }
        Ok(())
    }

    fn check(&self, form: &Form) -> Result<(), BadOption> {
        if let Some(missing) = form.needs.iter().find(|needed| !self.places.contains(needed)) {
            let problem = format!("must have the placeholder `:{}`", missing.name());
            return Err(BadOption::new(form.option, problem));
        }
        let one = form.needs_one;
        if !one.is_empty() && !one.iter().any(|needed| self.places.contains(needed)) {
            let names: Vec<_> = one.iter().map(|one| format!("`:{}`", one.name())).collect();
            let problem = format!("must have the placeholder {}", names.join(" or "));
            return Err(BadOption::new(form.option, problem));
        }
        Ok(())
    }

    pub(super) fn has(&self, placeholder: Placeholder) -> bool {
        self.places.contains(&placeholder)
    }
}

impl Form {
    fn allowed(&self) -> impl Iterator<Item = Placeholder> {
        self.needs.iter().chain(self.needs_one).copied()
    }
}

fn listed(known: impl Iterator<Item = Placeholder>) -> String {
    let names: Vec<_> = known.map(|known| format!("`:{}`", known.name())).collect();
    match names.as_slice() {
        [] => "are none here".to_owned(),
        [one] => format!("is only {one}"),
        several => format!("are {}", several.join(", ")),
    }
}

/// What stands before an equals sign: `lower(u.name)` of `… WHERE lower(u.name) =`.
fn compared(before: &str) -> Option<String> {
    let left = before.trim_end().strip_suffix('=')?.trim_end();
    let mut depth = 0_u32;
    let start = left.char_indices().rev().find(|(_, letter)| match letter {
        ')' => {
            depth += 1;
            false
        }
        '(' if depth > 0 => {
            depth -= 1;
            false
        }
        '(' => true,
        letter => depth == 0 && (letter.is_whitespace() || *letter == ','),
    });
    let start = start.map_or(0, |(at, letter)| at + letter.len_utf8());
    left.get(start..).filter(|left| !left.is_empty()).map(str::to_owned)
}

/// The column in what is compared: `name` of `lower(u."name")`.
pub(super) fn column(compared: &str) -> &str {
    let ends = |letter: char| matches!(letter, ')' | '"' | '`' | ']' | ' ');
    let compared = compared.trim_end_matches(ends);
    compared
        .rsplit(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

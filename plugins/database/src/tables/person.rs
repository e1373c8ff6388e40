//! Who a row is.

use vestibule_plugin::{Attributes, Refusal, Subject, Unavailable};

use super::cell::{Cell, Odd, Row};
use super::settings::Columns;

/// A person as a row describes them.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) subject: Subject,
    state: Option<State>,
    pub(super) must_change: bool,
    pub(super) attributes: Attributes,
}

/// Why an account is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Disabled,
    Locked,
    Expired,
}

impl Person {
    /// `own` is an attribute that does not come from this row.
    pub(super) fn read(
        row: &Row,
        columns: &Columns,
        own: Option<&str>,
    ) -> Result<Self, Unavailable> {
        Ok(Self {
            subject: subject(row, columns)?,
            state: state(row, columns)?,
            must_change: holds(row, columns.must_change.as_deref())?,
            attributes: attributes(row, columns, own)?,
        })
    }

    /// The refusal of an account that is shut.
    pub(super) fn closed(&self, proved: bool) -> Option<Refusal> {
        let subject = Some(self.subject.clone());
        self.state.map(|state| match state {
            State::Disabled => Refusal::Disabled { proved, subject },
            State::Locked => Refusal::Locked { proved, subject },
            State::Expired => Refusal::Expired { proved, subject },
        })
    }
}

pub(super) fn subject(row: &Row, columns: &Columns) -> Result<Subject, Unavailable> {
    let column = columns.subject.as_str();
    let text = row.cell(column)?.text(column)?.ok_or_else(|| Odd::Null(column.to_owned()))?;
    Subject::parse(text).map_err(Unavailable::because)
}

/// The stored hash. `None` for whoever has no password: NULL, nothing, or what marks it as shut in
/// `/etc/shadow` and in Django, `!` or `*` at its beginning.
pub(super) fn hash(row: &Row, columns: &Columns) -> Result<Option<String>, Odd> {
    let column = columns.password.as_str();
    let cell = row.cell(column)?;
    let text = match cell {
        // Some keep text in columns of bytes.
        Cell::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        cell => cell.text(column)?,
    };
    if text.is_none() && !matches!(cell, Cell::Null | Cell::Text(_)) {
        let (kind, remedy) = ("bytes that are no text".to_owned(), "write it as text".to_owned());
        return Err(Odd::Kind { column: column.to_owned(), kind, remedy });
    }
    Ok(text.filter(|text| !text.starts_with(['!', '*'])).map(str::to_owned))
}

pub(super) fn state(row: &Row, columns: &Columns) -> Result<Option<State>, Odd> {
    let states = [
        (&columns.disabled, State::Disabled),
        (&columns.locked, State::Locked),
        (&columns.expired, State::Expired),
    ];
    for (column, state) in states {
        if holds(row, column.as_deref())? {
            return Ok(Some(state));
        }
    }
    Ok(None)
}

fn holds(row: &Row, column: Option<&str>) -> Result<bool, Odd> {
    column.map_or(Ok(false), |column| row.cell(column)?.holds(column))
}

fn attributes(row: &Row, columns: &Columns, own: Option<&str>) -> Result<Attributes, Odd> {
    let mut attributes = Attributes::new();
    for name in columns.wanted.iter().filter(|name| own != Some(name.as_str())) {
        let Some(cell) = row.find(name)? else { continue };
        for value in cell.values(name)? {
            attributes.add(name.as_str(), value);
        }
    }
    Ok(attributes)
}

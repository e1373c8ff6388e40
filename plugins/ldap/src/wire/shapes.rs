//! Whether an answer may be shown to ldap3: the shapes of RFC 4511 that it takes for granted (LD5).
//!
//! *Why* it is checked here: ldap3 descends into whatever is nested, waits for any length that is
//! announced and panics where an element is missing or not UTF-8. A hostile server, or whoever sits
//! between before TLS has begun, would end the process with a deep nest of empty sequences.

use std::ops::Range;
use std::str;

use super::ber::{Element, Nonsense, Reader, SEQUENCE, count, number};

/// In one operation: bytes, and elements at every depth. A person with a photograph and tens of
/// thousands of groups is less. ldap3 needs some hundred bytes for each element.
const MOST_BYTES: usize = 16 << 20;
const MOST_ELEMENTS: usize = 100_000;

const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BOOLEAN: u8 = 0x01;
const OCTETS: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const CONTROLS: u8 = 0xa0;

const ENTRY: u8 = 0x64;
const REFERENCE: u8 = 0x73;
const INTERMEDIATE: u8 = 0x79;

/// The question that an answer is awaited to, and what has come so far. One at a time.
#[derive(Debug)]
pub(super) struct Awaited {
    id: u32,
    /// The protocolOp that ends it.
    last: u8,
    bytes: usize,
    elements: usize,
}

/// What becomes of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// ldap3 gets it.
    Pass,
    /// ldap3 gets it, and it was the last of its operation. The places are texts that are not UTF-8.
    Last { code: u32, foreign: Vec<Range<usize>> },
    /// Nobody gets it: referrals and intermediate answers.
    Drop,
    /// The host says that it ends the connection (RFC 4511 §4.4.1).
    Over,
}

/// What a question of ours awaits. `None` for one that has no answer.
pub(super) fn awaited(question: &[u8]) -> Result<Option<Awaited>, Nonsense> {
    let mut outer = Reader::new(question);
    let message = outer.expect(SEQUENCE, "a message")?;
    let mut message = outer.inside(&message);
    let id = message.expect(INTEGER, "a message ID")?;
    let id = number(message.content(&id))?;
    let operation = message.next()?.ok_or(Nonsense("an operation"))?;
    let last = match operation.tag {
        0x60 => 0x61, // bind
        0x63 => 0x65, // search
        0x66 => 0x67, // modify
        0x77 => 0x78, // extended
        _ => return Ok(None),
    };
    Ok(Some(Awaited { id, last, bytes: 0, elements: 0 }))
}

impl Awaited {
    /// The longest message that may still come.
    pub(super) fn room(&self) -> usize {
        MOST_BYTES.saturating_sub(self.bytes)
    }

    /// Judges one whole message.
    pub(super) fn judge(&mut self, frame: &[u8]) -> Result<Verdict, Nonsense> {
        self.bytes += frame.len();
        self.elements += count(frame)?;
        if self.bytes > MOST_BYTES || self.elements > MOST_ELEMENTS {
            return Err(Nonsense("no more than an answer may have"));
        }
        let mut outer = Reader::new(frame);
        let message = outer.expect(SEQUENCE, "a message")?;
        let mut message = outer.inside(&message);
        let id = message.expect(INTEGER, "a message ID")?;
        match number(message.content(&id))? {
            // The only message that comes unasked.
            0 => return Ok(Verdict::Over),
            id if id != self.id => return Err(Nonsense("an answer to another question")),
            _ => {}
        }
        let operation = message.next()?.ok_or(Nonsense("an operation"))?;
        if let Some(controls) = message.next()? {
            if controls.tag != CONTROLS || !message.is_at_end() {
                return Err(Nonsense("controls and nothing behind them"));
            }
            self::controls(&message.inside(&controls))?;
        }
        let inside = message.inside(&operation);
        match operation.tag {
            REFERENCE if self.last == 0x65 => Ok(Verdict::Drop),
            INTERMEDIATE => Ok(Verdict::Drop),
            ENTRY if self.last == 0x65 => entry(inside).map(|()| Verdict::Pass),
            tag if tag == self.last => result(inside),
            _ => Err(Nonsense("an answer of the kind that was asked for")),
        }
    }
}

/// LDAPResult and what may follow it. Tells which texts are not UTF-8.
fn result(mut reader: Reader<'_>) -> Result<Verdict, Nonsense> {
    let code = reader.expect(ENUMERATED, "a result code")?;
    let code = number(reader.content(&code))?;
    let mut foreign = Vec::new();
    for what in ["a matched DN", "a diagnostic message"] {
        let text = reader.expect(OCTETS, what)?;
        if str::from_utf8(reader.content(&text)).is_err() {
            foreign.push(text.content);
        }
    }
    while let Some(element) = reader.next()? {
        match element.tag {
            0xa3 => texts(reader.inside(&element), "URIs of referrals")?,
            0x8a => utf8(&reader, &element, "the name of an extended answer")?,
            // serverSaslCreds, responseValue.
            0x87 | 0x8b => {}
            _ => return Err(Nonsense("what belongs into a result")),
        }
    }
    Ok(Verdict::Last { code, foreign })
}

fn entry(mut reader: Reader<'_>) -> Result<(), Nonsense> {
    let dn = reader.expect(OCTETS, "the DN of an entry")?;
    utf8(&reader, &dn, "the DN of an entry")?;
    let attributes = reader.expect(SEQUENCE, "the attributes of an entry")?;
    if !reader.is_at_end() {
        return Err(Nonsense("nothing behind the attributes of an entry"));
    }
    let mut attributes = reader.inside(&attributes);
    while let Some(attribute) = attributes.next()? {
        if attribute.tag != SEQUENCE {
            return Err(Nonsense("an attribute"));
        }
        let mut attribute = attributes.inside(&attribute);
        let name = attribute.expect(OCTETS, "the name of an attribute")?;
        utf8(&attribute, &name, "the name of an attribute")?;
        let values = attribute.expect(SET, "the values of an attribute")?;
        let mut values = attribute.inside(&values);
        while let Some(value) = values.next()? {
            if value.tag != OCTETS {
                return Err(Nonsense("a value of an attribute"));
            }
        }
    }
    Ok(())
}

fn controls(reader: &Reader<'_>) -> Result<(), Nonsense> {
    let mut controls = reader.clone();
    while let Some(control) = controls.next()? {
        if control.tag != SEQUENCE {
            return Err(Nonsense("a control"));
        }
        let mut control = controls.inside(&control);
        let oid = control.expect(OCTETS, "the name of a control")?;
        utf8(&control, &oid, "the name of a control")?;
        let mut next = control.next()?;
        if let Some(criticality) = next.take_if(|element| element.tag == BOOLEAN) {
            if criticality.content.len() != 1 {
                return Err(Nonsense("the criticality of a control"));
            }
            next = control.next()?;
        }
        if next.is_some_and(|value| value.tag != OCTETS) || !control.is_at_end() {
            return Err(Nonsense("the value of a control and nothing behind it"));
        }
    }
    Ok(())
}

fn texts(mut reader: Reader<'_>, what: &'static str) -> Result<(), Nonsense> {
    while let Some(text) = reader.next()? {
        if text.is_constructed() {
            return Err(Nonsense(what));
        }
        utf8(&reader, &text, what)?;
    }
    Ok(())
}

fn utf8(reader: &Reader<'_>, element: &Element, what: &'static str) -> Result<(), Nonsense> {
    str::from_utf8(reader.content(element)).map(drop).map_err(|_| Nonsense(what))
}

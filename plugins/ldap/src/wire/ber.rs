//! As much of BER (X.690) as LDAP has: one byte of tag, definite lengths of up to four bytes
//! (RFC 4511 §5.1). Reads without copying, never beyond the bytes that are there, and not deeper
//! than messages are nested.

use std::ops::Range;

/// Elements inside each other: a filter would be deeper, but those are only sent, never received.
const DEEPEST: usize = 16;

/// What every message is.
pub(super) const SEQUENCE: u8 = 0x30;

/// What is no BER, or no LDAP: what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonsense(pub(super) &'static str);

/// One element, by its place in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) tag: u8,
    pub(super) content: Range<usize>,
}

impl Element {
    /// Bit 6 of the tag: it is made of elements.
    pub(super) fn is_constructed(&self) -> bool {
        self.tag & 0x20 != 0
    }
}

/// Reads elements one after the other.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len() }
    }

    /// Reads what is inside an element.
    pub(super) fn inside(&self, element: &Element) -> Self {
        Self { bytes: self.bytes, at: element.content.start, end: element.content.end }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn content(&self, element: &Element) -> &'a [u8] {
        self.bytes.get(element.content.clone()).unwrap_or_default()
    }

    /// The next element, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Element>, Nonsense> {
        let rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let (Some(header), Some(&tag)) = (header(rest)?, rest.first()) else {
            return Err(Nonsense("an element that is cut off"));
        };
        let start = self.at + header.bytes;
        let end = start + header.content;
        if end > self.end {
            return Err(Nonsense("an element that is longer than what it is in"));
        }
        self.at = end;
        Ok(Some(Element { tag, content: start..end }))
    }

    /// The next element, which must be there and have this tag.
    pub(super) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element, Nonsense> {
        self.next()?.filter(|element| element.tag == tag).ok_or(Nonsense(what))
    }
}

struct Header {
    bytes: usize,
    content: usize,
}

/// The length of the message that begins here, once enough of it is there to tell.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Nonsense> {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err(Nonsense("a message"));
    }
    Ok(header(bytes)?.map(|header| header.bytes + header.content))
}

fn header(bytes: &[u8]) -> Result<Option<Header>, Nonsense> {
    let [tag, first, rest @ ..] = bytes else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Nonsense("a tag that LDAP does not have"));
    }
    match first {
        short @ 0..=0x7f => Ok(Some(Header { bytes: 2, content: usize::from(*short) })),
        // RFC 4511 §5.1: "Only the definite form of length encoding is used."
        long @ 0x81..=0x84 => {
            let count = usize::from(long & 0x0f);
            let Some(digits) = rest.get(..count) else { return Ok(None) };
            let content = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            Ok(Some(Header { bytes: 2 + count, content }))
        }
        _ => Err(Nonsense("a length that LDAP does not have")),
    }
}

/// How many elements there are in a message, at every depth.
pub(super) fn count(bytes: &[u8]) -> Result<usize, Nonsense> {
    let mut open = vec![Reader::new(bytes)];
    let mut count = 0;
    while let Some(reader) = open.last_mut() {
        let Some(element) = reader.next()? else {
            open.pop();
            continue;
        };
        count += 1;
        if element.is_constructed() {
            let inside = reader.inside(&element);
            if open.len() == DEEPEST {
                return Err(Nonsense("elements nested deeper than LDAP nests them"));
            }
            open.push(inside);
        }
    }
    Ok(count)
}

/// An unsigned number of at most four bytes.
pub(super) fn number(content: &[u8]) -> Result<u32, Nonsense> {
    if content.is_empty() || content.len() > 4 {
        return Err(Nonsense("a number that LDAP does not have"));
    }
    Ok(content.iter().fold(0, |sum, digit| sum << 8 | u32::from(*digit)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_definite_and_of_four_bytes_at_most() {
        assert_eq!(length(&[0x30]), Ok(None));
        assert_eq!(length(&[0x30, 5]), Ok(Some(7)));
        assert_eq!(length(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(length(&[0x30, 0x82, 1, 0]), Ok(Some(260)));
        assert_eq!(length(&[0x30, 0x84, 0, 0, 0, 9]), Ok(Some(15)));
        for wrong in [[0x30, 0x80], [0x30, 0x85], [0x30, 0xff], [0x3f, 0x01]] {
            assert!(length(&wrong).is_err(), "{wrong:x?}");
        }
    }

    // LD5
    #[test]
    fn deep_nesting_is_refused_before_anything_follows_it() {
        let mut nested = Vec::new();
        for depth in (0..100_000_u32).rev() {
            nested.extend([0x30, 0x84]);
            nested.extend((depth * 6).to_be_bytes());
        }
        assert_eq!(count(&nested), Err(Nonsense("elements nested deeper than LDAP nests them")));
    }

    proptest! {
        // LD5
        #[test]
        fn any_bytes_are_read_to_their_end_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = length(&bytes);
            let _ = count(&bytes);
            let mut reader = Reader::new(&bytes);
            while let Ok(Some(element)) = reader.next() {
                prop_assert!(element.content.end <= bytes.len());
            }
        }
    }
}

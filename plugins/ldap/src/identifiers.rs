//! The binary identifiers of Active Directory in the forms that people write: `objectGUID`
//! (MS-DTYP §2.3.4) and `objectSid` (MS-DTYP §2.4.2).

use std::fmt::Write;

/// A GUID as Microsoft writes it: the first three groups are numbers in little-endian order.
pub(crate) fn guid_text(bytes: &[u8]) -> Option<String> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let mut text = String::with_capacity(36);
    for (place, byte) in swapped(*bytes).iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// The bytes of a GUID from exactly the text that [`guid_text`] makes of them.
pub(crate) fn guid_bytes(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.split('-').collect();
    if !digits.is_ascii() || digits.len() != 32 {
        return None;
    }
    let number = u128::from_str_radix(&digits, 16).ok()?;
    let bytes = swapped(number.to_be_bytes());
    (guid_text(&bytes)? == text).then_some(bytes)
}

/// The first three groups turned around; its own inverse.
fn swapped(bytes: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

/// A SID as `S-1-5-21-...`.
pub(crate) fn sid_text(bytes: &[u8]) -> Option<String> {
    let [revision, count, a, b, c, d, e, f, rest @ ..] = bytes else { return None };
    if rest.len() != usize::from(*count) * 4 {
        return None;
    }
    let authority = u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]);
    let mut text = format!("S-{revision}-{authority}");
    for part in rest.chunks_exact(4) {
        let part = u32::from_le_bytes(part.try_into().ok()?);
        // Writing to a text cannot fail.
        let _ = write!(text, "-{part}");
    }
    Some(text)
}

/// The SID of a group of the same domain: the last part is the group's own number.
pub(crate) fn sibling_sid(person: &[u8], group: u32) -> Option<Vec<u8>> {
    sid_text(person)?;
    let (domain, _) = person.split_last_chunk::<4>()?;
    (domain.len() >= 8).then(|| [domain, group.to_le_bytes().as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of MS-DTYP's own notation: `6B29FC40-CA47-1067-B31D-00DD010662DA`.
    const GUID: [u8; 16] = [
        0x40, 0xfc, 0x29, 0x6b, 0x47, 0xca, 0x67, 0x10, 0xb3, 0x1d, 0x00, 0xdd, 0x01, 0x06, 0x62,
        0xda,
    ];
    const SID: &[u8] =
        b"\x01\x05\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\xff\xff\xff\xff\x50\x04\0\0";

    #[test]
    fn a_guid_is_written_as_microsoft_does() {
        assert_eq!(guid_text(&GUID).unwrap(), "6b29fc40-ca47-1067-b31d-00dd010662da");
        assert_eq!(guid_text(&GUID[1..]), None);
    }

    #[test]
    fn a_sid_is_written_as_microsoft_does() {
        assert_eq!(sid_text(SID).unwrap(), "S-1-5-21-1-2-4294967295-1104");
        for bad in [&SID[..7], &SID[..27], b""] {
            assert_eq!(sid_text(bad), None);
        }
        let users = sibling_sid(SID, 513).unwrap();
        assert_eq!(sid_text(&users).unwrap(), "S-1-5-21-1-2-4294967295-513");
        assert_eq!(sibling_sid(b"\x01\0\0\0\0\0\0\x05", 513), None);
    }

    #[test]
    fn only_the_one_form_of_a_guid_is_read() {
        for bad in [
            "6B29FC40-CA47-1067-B31D-00DD010662DA",
            "{6b29fc40-ca47-1067-b31d-00dd010662da}",
            "6b29fc40ca471067b31d00dd010662da",
            "6b29fc40-ca47-1067-b31d-00dd010662d",
            "+b29fc40-ca47-1067-b31d-00dd010662da",
            "*",
            "",
        ] {
            assert_eq!(guid_bytes(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_guid_survives_being_written(bytes in any::<[u8; 16]>()) {
            prop_assert_eq!(guid_bytes(&guid_text(&bytes).unwrap()), Some(bytes));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let _ = (guid_bytes(&text), sid_text(&bytes), sibling_sid(&bytes, 513));
        }
    }
}

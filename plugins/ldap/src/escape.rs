//! Text inside filters and names: escaping by RFC 4515 §3 and RFC 4514 §2.4.
//!
//! Both are `ldap3`'s, held to the specifications by the properties below; bytes that are no text are
//! ours, as `ldap3` has none for them.

use std::fmt::Write;

/// A text as the assertion value of a filter: it matches itself and nothing else. LD2
pub(crate) fn filter_value(text: &str) -> String {
    ldap3::ldap_escape(text).into_owned()
}

/// Bytes as the assertion value of a filter, each of them escaped.
pub(crate) fn filter_bytes(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}

/// A text as the attribute value of an RDN: it cannot end the value. LD2
pub(crate) fn name_value(text: &str) -> String {
    ldap3::dn_escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4515 §3, read backwards: the bytes that an assertion value stands for, if it is one.
    fn assertion_value(text: &str) -> Option<Vec<u8>> {
        let mut bytes = text.bytes();
        let mut value = Vec::new();
        while let Some(byte) = bytes.next() {
            value.push(match byte {
                0 | b'(' | b')' | b'*' => return None,
                b'\\' => {
                    let pair = [bytes.next()?, bytes.next()?];
                    u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
                }
                plain => plain,
            });
        }
        Some(value)
    }

    /// RFC 4514 §3, read backwards: `string`, without the form that begins with `#`.
    fn attribute_value(text: &str) -> Option<Vec<u8>> {
        if text.starts_with(['#', ' ']) || text.ends_with(' ') && !text.ends_with("\\ ") {
            return None;
        }
        let mut bytes = text.bytes();
        let mut value = Vec::new();
        while let Some(byte) = bytes.next() {
            value.push(match byte {
                0 | b'"' | b'+' | b',' | b';' | b'<' | b'>' => return None,
                b'\\' => match bytes.next()? {
                    special @ (b' ' | b'"' | b'#' | b'+' | b',' | b';' | b'<' | b'=' | b'>'
                    | b'\\') => special,
                    high => {
                        let pair = [high, bytes.next()?];
                        u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
                    }
                },
                plain => plain,
            });
        }
        Some(value)
    }

    /// Texts that are dense in what the two grammars reserve.
    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ #\"+,;<=>\\\\*()&|!\0a-zß🦀]{0,24}",
            prop::sample::select(vec![
                "*",
                ")(uid=*",
                "*)(|(uid=*",
                "Bob (the) Builder*",
                "\\2a",
                "a,dc=example",
                " #x ",
            ])
            .prop_map(str::to_owned),
        ]
    }

    proptest! {
        // LD2
        #[test]
        fn any_text_in_a_filter_stands_for_itself(text in hostile()) {
            prop_assert_eq!(assertion_value(&filter_value(&text)), Some(text.into_bytes()));
        }

        // LD2
        #[test]
        fn any_text_in_a_name_stands_for_itself(text in hostile()) {
            prop_assert_eq!(attribute_value(&name_value(&text)), Some(text.into_bytes()));
        }

        #[test]
        fn any_bytes_in_a_filter_stand_for_themselves(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(assertion_value(&filter_bytes(&bytes)), Some(bytes));
        }

        // LD2: the library's own parser of filters agrees that the value is one equality.
        #[test]
        fn a_filter_with_any_text_is_one_comparison(text in hostile()) {
            let plain = ldap3::parse_filter(format!("(uid={})", filter_bytes(text.as_bytes())));
            let escaped = ldap3::parse_filter(format!("(uid={})", filter_value(&text)));
            prop_assert_eq!(format!("{:?}", escaped.unwrap()), format!("{:?}", plain.unwrap()));
        }
    }
}

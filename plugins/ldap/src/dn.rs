//! Distinguished names as far as they are read here: the value of the first RDN, and whether two are
//! the same (RFC 4514; RFC 4517 §4.2.15, with every value compared without case).

/// The value of the first attribute of the first RDN: what people call the entry.
pub(crate) fn name(dn: &str) -> String {
    let rdn = parts(dn, &[',', ';', '+']).next().unwrap_or_default();
    let value = rdn.split_once('=').map_or("", |(_, value)| value);
    unescaped(value.trim_matches(' '))
}

/// Whether two texts name one entry.
pub(crate) fn same(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

/// Whether an entry is another one, or below it.
pub(crate) fn is_below(dn: &str, base: &str) -> bool {
    canonical(dn).ends_with(&canonical(base))
}

/// A form that is the same for all ways to write a name.
pub(crate) fn canonical(dn: &str) -> Vec<(String, String)> {
    parts(dn, &[',', ';'])
        .map(|rdn| {
            let (kind, value) = rdn.split_once('=').unwrap_or(("", rdn));
            let value = unescaped(value.trim_matches(' '));
            (kind.trim().to_ascii_lowercase(), value.to_lowercase())
        })
        .collect()
}

/// The parts between separators that are not escaped.
fn parts<'a>(dn: &'a str, separators: &'a [char]) -> impl Iterator<Item = &'a str> {
    let mut escaped = false;
    dn.split(move |letter: char| {
        let separates = !escaped && separators.contains(&letter);
        escaped = !escaped && letter == '\\';
        separates
    })
}

/// Without `\,` and `\2c`.
fn unescaped(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        if let [high, low, behind @ ..] = rest
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            bytes.extend(u8::try_from(high * 16 + low));
            rest = behind;
        } else if let Some((next, behind)) = rest.split_first() {
            bytes.push(*next);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_value_is_the_name() {
        for (dn, value) in [
            ("cn=staff,ou=groups", "staff"),
            (r"cn=Smith\, John #1,ou=people", "Smith, John #1"),
            (r"cn=R&D (core)*\2C Berlin,ou=groups", "R&D (core)*, Berlin"),
            (r"CN=Z\c3\bcrn+OU=x, DC=test", "Zürn"),
            (r"cn=a\\,ou=b", r"a\"),
            ("nonsense", ""),
            ("", ""),
        ] {
            assert_eq!(name(dn), value, "{dn}");
        }
    }

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        assert!(same("CN=Staff, OU=Groups,DC=x", "cn=staff,ou=groups,dc=x"));
        assert!(same(r"cn=a\2Cb,dc=x", r"cn=a\,b,dc=x"));
        assert!(!same("cn=a,dc=x", "cn=a,ou=b,dc=x"));
        assert!(!same(r"cn=a\,dc=x", "cn=a,dc=x"));
        assert!(is_below("cn=a,OU=b, dc=x", "ou=B,dc=x") && is_below("dc=x", "dc=x"));
        assert!(!is_below("cn=a,ou=c,dc=x", "ou=b,dc=x") && !is_below("dc=x", "ou=b,dc=x"));
    }

    proptest! {
        #[test]
        fn what_was_escaped_is_read(value in "[ -~é,+\\\\#]{1,20}") {
            let dn = format!("cn={},dc=x", crate::escape::name_value(&value));
            prop_assert_eq!(name(&dn), value);
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in any::<String>()) {
            let _ = (name(&text), canonical(&text));
        }
    }
}

//! How a text looks that is no hash we know, without telling it: it could be a password in the open.

/// The prefix that names a scheme, or a description.
pub(super) fn of(text: &str) -> String {
    match prefix(text) {
        Some(prefix) => format!("it begins with `{prefix}`"),
        None if text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{} hexadecimal digits, a digest without salt", text.len())
        }
        None => "it names no scheme; is it a password in the open?".to_owned(),
    }
}

/// What other products put before their hashes. Other words could be the beginning of a password.
const WORDS: &[&str] =
    &["scrypt$", "bcrypt_sha256$", "sha1$", "md5$", "crypt$", "scrypt:", "pbkdf2:"];

/// `$y$`, `{SASL}` or `sha1$`. Only of a text long enough to hold a hash behind it, or none at all.
fn prefix(text: &str) -> Option<&str> {
    const LONGEST_NAME: usize = 20;
    const SHORTEST_HASH: usize = 13;

    if let Some(word) = WORDS.iter().find(|word| text.starts_with(**word)) {
        return (text.len() >= word.len() + SHORTEST_HASH).then_some(word);
    }
    let close = match text.chars().next()? {
        '$' => '$',
        '{' => '}',
        _ => return None,
    };
    let end = text.get(1..)?.find(close)? + 2;
    let (prefix, rest) = text.split_at_checked(end)?;
    let name = prefix.get(1..end - 1)?;
    let named = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (named && rest.len() >= SHORTEST_HASH).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn the_prefix_is_told_and_the_rest_never() {
        assert_eq!(of("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o"), "it begins with `$y$`");
        assert_eq!(of("{SASL}alice@EXAMPLE.COM"), "it begins with `{SASL}`");
        assert_eq!(of("sha1$x7aB$5baa61e4c9b93f3f0682250b6cf8331b"), "it begins with `sha1$`");
        assert_eq!(
            of("bcrypt_sha256$$2b$12$KIXQ0rQbR0E5v9g5GmEJ7u"),
            "it begins with `bcrypt_sha256$`"
        );
        assert_eq!(of("scrypt:32768:8:1$x7aB$5baa61e4c9b93f3f06"), "it begins with `scrypt:`");
        assert_eq!(
            of("5f4dcc3b5aa765d61d8327deb882cf99"),
            "32 hexadecimal digits, a digest without salt"
        );
        for open in [
            "hunter2",
            "summer$12345678901234",
            "md5$short",
            "$dollar$",
            "{brace}s",
            "$",
            "{",
            "",
            "$a b$cccccccccccccccccc",
            "é",
        ] {
            let told = of(open);
            assert_eq!(told, "it names no scheme; is it a password in the open?", "{open}");
        }
    }
}

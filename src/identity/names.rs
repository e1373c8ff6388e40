//! Login names, in one form each: RFC 8265 §3.3 (UsernameCaseMapped).
//!
//! Everything that compares names (ownership, lockout, backends) gets a [`Username`] made here, so
//! that no second spelling of a name has attempts of its own.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use vestibule_plugin::{BadUsername, Username};

/// "applying the rules ... three additional times", after which "the string MUST be considered
/// invalid" (RFC 8264 §7).
const ROUNDS: usize = 4;

/// The one form of a name as typed.
///
/// "A username ... might contain spaces ... userpart *(1*SP userpart)" (RFC 8265 §3.1): single spaces
/// inside a name are kept, as display names of some directories have them.
pub fn normalise(typed: &str) -> Result<Username, BadUsername> {
    let mut name = Username::parse(typed)?;
    for _ in 0..ROUNDS {
        let next = enforce(&name)?;
        if next == name {
            return Ok(name);
        }
        name = next;
    }
    Err(BadUsername::Character)
}

fn enforce(name: &Username) -> Result<Username, BadUsername> {
    let parts: Result<Vec<_>, _> =
        name.as_str().split(' ').map(UsernameCaseMapped::enforce).collect();
    Username::parse(&parts.map_err(|_| BadUsername::Character)?.join(" "))
}

/// Names that belong to one backend: `*@corp.example`, `CORP\*`, or one whole name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Beginning(String),
    End(String),
    Whole(String),
}

impl Pattern {
    /// Reads a pattern: at most one `*`, first or last, and something beside it.
    pub(super) fn parse(text: &str) -> Result<Self, BadUsername> {
        let normalised = |part: &str| normalise(part).map(|name| name.to_string());
        let pattern = if let Some(end) = text.strip_prefix('*') {
            Self::End(normalised(end)?)
        } else if let Some(beginning) = text.strip_suffix('*') {
            Self::Beginning(normalised(beginning)?)
        } else {
            Self::Whole(normalised(text)?)
        };
        let (Self::Beginning(fixed) | Self::End(fixed) | Self::Whole(fixed)) = &pattern;
        if fixed.contains('*') { Err(BadUsername::Character) } else { Ok(pattern) }
    }

    pub(super) fn matches(&self, username: &Username) -> bool {
        let name = username.as_str();
        match self {
            Self::Beginning(beginning) => name.starts_with(beginning.as_str()),
            Self::End(end) => name.ends_with(end.as_str()),
            Self::Whole(whole) => name == whole,
        }
    }

    /// Whether both own a name that makes one of them pointless or the two ambiguous.
    ///
    /// A beginning and an end are apart: `CORP\*` and `*@corp.example` meet only in names like
    /// `CORP\x@corp.example`, which then belong to nobody.
    pub(super) fn collides(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Beginning(one), Self::Beginning(two)) => {
                one.starts_with(two.as_str()) || two.starts_with(one.as_str())
            }
            (Self::End(one), Self::End(two)) => {
                one.ends_with(two.as_str()) || two.ends_with(one.as_str())
            }
            (Self::Whole(one), Self::Whole(two)) => one == two,
            (Self::Whole(name), Self::Beginning(part))
            | (Self::Beginning(part), Self::Whole(name)) => name.starts_with(part.as_str()),
            (Self::Whole(name), Self::End(part)) | (Self::End(part), Self::Whole(name)) => {
                name.ends_with(part.as_str())
            }
            (Self::Beginning(_), Self::End(_)) | (Self::End(_), Self::Beginning(_)) => false,
        }
    }
}

/// Those of `all` that may hear of a name: its one owner, or all that own nothing. `patterns` are the
/// names that one of them owns.
pub(super) fn asked_about<'a, T>(
    all: &'a [T],
    patterns: impl Fn(&T) -> &[Pattern],
    username: &Username,
) -> impl Iterator<Item = &'a T> {
    let owns = |one: &T| patterns(one).iter().any(|pattern| pattern.matches(username));
    let owners = all.iter().filter(|one| owns(one)).count();
    all.iter().filter(move |one| match owners {
        0 => patterns(one).is_empty(),
        1 => patterns(one).iter().any(|pattern| pattern.matches(username)),
        // Claimed by a beginning and by an end: nobody's.
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, two: &str) -> bool {
        normalise(one).unwrap() == normalise(two).unwrap()
    }

    // LK3
    #[test]
    fn two_spellings_of_a_name_are_one() {
        for (one, two) in [
            ("alice", "ALICE"),
            ("alice@example.com", "Alice@Example.COM"),
            ("corp\\alice", "CORP\\Alice"),
            // Composed and decomposed.
            ("z\u{f6}e", "ZO\u{308}E"),
            ("\u{e5}sa", "\u{212b}sa".replace('\u{212b}', "A\u{30a}").as_str()),
            // Full width, as East Asian keyboards type it.
            ("alice@example.com", "\u{ff21}lice\u{ff20}example.com"),
            ("\u{3c3}", "\u{3a3}"),
            ("\u{43e}\u{43b}\u{44f}", "\u{41e}\u{41b}\u{42f}"),
            ("first last", "First LAST"),
        ] {
            assert!(same(one, two), "{one} and {two}");
        }
    }

    // LK3
    #[test]
    fn names_that_only_look_alike_stay_apart() {
        for (one, two) in [
            ("alice", "\u{430}lice"), // Cyrillic a
            ("paypal", "paypa1"),
            ("strasse", "stra\u{df}e"),
            ("i", "\u{131}"),       // dotless i
            ("\u{3c3}", "\u{3c2}"), // sigma and final sigma
            ("o", "\u{f8}"),
            ("first last", "firstlast"),
        ] {
            assert!(!same(one, two), "{one} and {two}");
        }
    }

    #[test]
    fn the_usual_forms_of_names_pass() {
        for name in [
            "alice",
            "alice@example.com",
            "alice+test@example.com",
            "corp\\alice",
            "o'neil",
            "first.last",
            "first last",
            "uid=alice,ou=people",
            "12345",
            "\u{674e}\u{96f7}",
            "\u{5d0}\u{5d1}",
            "\u{645}\u{62d}\u{645}\u{62f}",
            "*",
            ")(uid=*",
        ] {
            assert_eq!(normalise(name).unwrap().as_str(), name);
        }
    }

    // LK3, LG1
    #[test]
    fn what_nobody_means_as_a_name_is_refused() {
        for (name, why) in [
            ("", BadUsername::Empty),
            (" ", BadUsername::Space),
            (" alice", BadUsername::Space),
            ("alice ", BadUsername::Space),
            ("alice\u{3000}", BadUsername::Space),
            ("alice\0", BadUsername::Control),
            ("ali\0ce", BadUsername::Control),
            ("alice\r\nadmin", BadUsername::Control),
            ("\u{1b}[31malice", BadUsername::Control),
            ("first  last", BadUsername::Character),
            ("al\u{ad}ice", BadUsername::Character), // soft hyphen
            ("al\u{200b}ice", BadUsername::Character), // zero width space
            ("al\u{200d}ice", BadUsername::Character), // zero width joiner
            ("\u{202e}ecila", BadUsername::Character), // right-to-left override
            ("al\u{2028}ice", BadUsername::Character), // line separator
            ("\u{fb01}x", BadUsername::Character),   // ligature fi
            ("\u{1f600}", BadUsername::Character),   // emoji
            ("\u{5d0}a", BadUsername::Character),    // the Bidi rule
            ("\u{fdd0}", BadUsername::Character),
        ] {
            assert_eq!(normalise(name), Err(why), "{name:?}");
        }
        assert_eq!(normalise(&"a".repeat(256)), Err(BadUsername::Long));
    }

    #[test]
    fn patterns_own_the_names_that_fit() {
        let owns = |pattern: &str, name: &str| {
            Pattern::parse(pattern).unwrap().matches(&normalise(name).unwrap())
        };
        assert!(owns("*@Corp.example", "alice@corp.EXAMPLE"));
        assert!(!owns("*@corp.example", "alice@corp.example.org"));
        assert!(!owns("*@corp.example", "alice@notcorp.example"));
        assert!(!owns("*@corp.example", "alice"));
        assert!(owns("CORP\\*", "corp\\alice"));
        assert!(!owns("CORP\\*", "alice"));
        assert!(owns("root", "ROOT"));
        assert!(!owns("root", "root2"));
        for bad in ["*", "", "**", "*a*", "a*b", "*@corp*"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        // DO2
        #[test]
        fn a_name_is_in_its_one_form_or_refused(typed in any::<String>()) {
            if let Ok(name) = normalise(&typed) {
                prop_assert_eq!(normalise(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn letters_of_either_case_are_the_same_name(name in "[a-zA-Z0-9._@-]{1,30}") {
            prop_assert_eq!(normalise(&name), normalise(&name.to_uppercase()));
        }
    }
}

//! Filters and names with a place for the login name: `{username}` is all of it, `{account}` its part
//! behind `\`, `{local}` its part behind `\` and before `@`.
//!
//! What was typed is put in once and never read again, so that a name of `{local}` is a name.

use crate::escape;

/// The filter that finds the person of this name.
pub(crate) fn filter(template: &str, username: &str) -> String {
    fill(template, |name| escape::filter_value(part(name, username)))
}

/// The filter that finds everybody whom the template could find, if there is one: a comparison with
/// the name becomes one with anything.
pub(crate) fn anybody(template: &str) -> Option<String> {
    let filter = fill(template, |_| "*".to_owned()).replace("**", "*");
    // Not all comparisons can be made with anything: `>=`, or those of a named rule.
    ldap3::parse_filter(&filter).is_ok().then_some(filter)
}

/// Whether a template of a name for binding is a DN. The others are `alice@corp.example` and
/// `CORP\alice`, which Active Directory takes.
pub(crate) fn is_dn(template: &str) -> bool {
    template.contains('=')
}

/// The name by which a person binds.
pub(crate) fn bind_name(template: &str, username: &str) -> String {
    let dn = is_dn(template);
    fill(template, |name| {
        let typed = part(name, username);
        if dn { escape::name_value(typed) } else { typed.to_owned() }
    })
}

fn part<'a>(placeholder: &str, username: &'a str) -> &'a str {
    match placeholder {
        ACCOUNT => account(username),
        LOCAL => account(username).split_once('@').map_or(account(username), |(name, _)| name),
        _ => username,
    }
}

/// The name of `DOMAIN\name`.
fn account(username: &str) -> &str {
    username.split_once('\\').map_or(username, |(_, name)| name)
}

/// Behind their opening brace.
const USERNAME: &str = "username}";
const ACCOUNT: &str = "account}";
const LOCAL: &str = "local}";

fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        rest = match [USERNAME, ACCOUNT, LOCAL].iter().find(|name| behind.starts_with(**name)) {
            Some(name) => {
                filled.push_str(&value(name));
                behind.strip_prefix(name).unwrap_or_default()
            }
            None => {
                filled.push('{');
                behind
            }
        };
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_put_where_the_template_says() {
        assert_eq!(filter("(uid={username})", "alice"), "(uid=alice)");
        assert_eq!(filter("(|(a={local})(b={username}))", "al@x.test"), "(|(a=al)(b=al@x.test))");
        assert_eq!(filter("(a={local})", r"CORP\alice"), "(a=alice)");
        assert_eq!(filter("(a={local})", r"CORP\alice@x"), "(a=alice)");
        assert_eq!(filter("(a={account})", r"CORP\alice@x"), "(a=alice@x)");
        assert_eq!(filter("(a={b}{username})", "c"), "(a={b}c)");
        assert_eq!(bind_name("uid={username},ou=people", "a,b=c"), r"uid=a\2cb\3dc,ou=people");
        assert_eq!(bind_name(r"CORP\{local}", "alice@corp.example"), r"CORP\alice");
        assert_eq!(bind_name("{username}@ad.test", "alice"), "alice@ad.test");
    }

    // LD2
    #[test]
    fn a_name_is_not_read_as_a_template() {
        assert_eq!(filter("(|(a={username})(b={local}))", "{local}"), "(|(a={local})(b={local}))");
        assert_eq!(filter("(a={username}{local})", "{local}@x"), "(a={local}@x{local})");
    }

    #[test]
    fn a_filter_for_anybody_has_no_name() {
        let anybody = |template| anybody(template).unwrap();
        assert_eq!(anybody("(&(uid={username})(staff=TRUE))"), "(&(uid=*)(staff=TRUE))");
        assert_eq!(anybody("(mail={local}@x.test)"), "(mail=*@x.test)");
        assert_eq!(anybody("(uid={username}*)"), "(uid=*)");
        assert_eq!(super::anybody("(uid:2.5.13.5:={username})"), None);
        assert_eq!(super::anybody("(uid>={username})"), None);
    }

    proptest! {
        // LD2
        #[test]
        fn a_filter_has_the_same_shape_for_every_name(name in "[ -~*()\\\\\0{}@é]{1,20}") {
            let hex = crate::escape::filter_bytes(name.as_bytes());
            let filled = ldap3::parse_filter(filter("(&(a={username})(b=*))", &name));
            let plain = ldap3::parse_filter(format!("(&(a={hex})(b=*))"));
            prop_assert_eq!(format!("{:?}", filled.unwrap()), format!("{:?}", plain.unwrap()));
        }
    }
}

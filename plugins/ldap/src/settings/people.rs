//! How people are found, and what counts as their groups.
//!
//! In filters and names `{username}` stands for the login name, escaped, `{account}` for its part
//! behind `\`, and `{local}` for the part of that before `@`.

use super::options::{BadOption, Options};

/// How people are found.
#[derive(Clone, Debug)]
pub(crate) struct People {
    /// `base`: the entry below which they are.
    pub(crate) base: String,
    /// `filter`: who has a name. The flavour of the directory decides if it is absent.
    pub(crate) filter: Option<String>,
    /// `scope`: how far below `base`.
    pub(crate) scope: Scope,
    /// `bind_as`: the name by which people bind without being searched for first.
    pub(crate) bind_as: Option<String>,
    /// `subject`: the attribute that is permanent. The flavour of the directory decides if it is
    /// absent.
    pub(crate) subject: Option<String>,
    /// `required_group`: who is not in it is refused as disabled.
    pub(crate) required_group: Option<String>,
    /// `password_policy`: the policy of OpenLDAP that holds for whoever has none of their own.
    pub(crate) password_policy: Option<String>,
    /// `password_change`: whether people may change their password through us.
    pub(crate) password_change: bool,
}

/// How far below the base of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Base,
    One,
    Subtree,
}

/// What counts as somebody's groups.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// `groups`: where they are read.
    pub(crate) source: GroupSource,
    /// `group_base`: below which entry groups are. The tree of the people if it is absent.
    pub(crate) base: Option<String>,
    /// `group_filter`: which entries are groups.
    pub(crate) filter: Option<String>,
    /// `group_names`: what of a group is told.
    pub(crate) names: GroupNames,
    /// `group_pattern`: which of those are told, with `*` for any part.
    pub(crate) pattern: Option<String>,
    /// `nested_groups`: whether groups of groups count.
    pub(crate) nested: bool,
    /// `group_depth`: how many groups may lie inside each other.
    pub(crate) depth: usize,
}

/// Where groups are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupSource {
    None,
    /// The person's `memberOf`.
    MemberOf,
    /// The groups that name the person as a member.
    Search,
}

/// What of a group is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupNames {
    Name,
    Dn,
}

const SCOPES: &[(&str, Scope)] =
    &[("base", Scope::Base), ("one", Scope::One), ("subtree", Scope::Subtree)];
const SOURCES: &[(&str, GroupSource)] = &[
    ("none", GroupSource::None),
    ("member-of", GroupSource::MemberOf),
    ("search", GroupSource::Search),
];
const NAMES: &[(&str, GroupNames)] = &[("name", GroupNames::Name), ("dn", GroupNames::Dn)];

impl People {
    pub(super) fn read(options: &Options<'_>) -> Result<Self, BadOption> {
        let filter = options.text("filter")?.map(wrapped);
        if let Some(filter) = &filter {
            whose(filter, "filter")?;
            parses(filter, "filter")?;
        }
        let bind_as = options.text("bind_as")?;
        if let Some(name) = &bind_as {
            whose(name, "bind_as")?;
        }
        let base = options.text("base")?.ok_or_else(|| {
            BadOption::new("base", "is missing; say where people are: \"ou=people,dc=example\"")
        })?;
        Ok(Self {
            base,
            filter,
            bind_as,
            scope: options.word("scope", SCOPES)?.unwrap_or(Scope::Subtree),
            subject: options.text("subject")?,
            required_group: options.text("required_group")?,
            password_policy: options.text("password_policy")?,
            password_change: options.truth("password_change", true)?,
        })
    }
}

impl Groups {
    pub(super) fn read(options: &Options<'_>) -> Result<Self, BadOption> {
        let source = options.word("groups", SOURCES)?.unwrap_or(GroupSource::None);
        let filter = options.text("group_filter")?.map(wrapped);
        if let Some(filter) = &filter {
            if filter.contains(['{', '}']) {
                return Err(BadOption::new(
                    "group_filter",
                    "must not have braces in it: it tells which entries are groups, and whose \
                     they are is asked beside it",
                ));
            }
            parses(filter, "group_filter")?;
        }
        let needs_groups = ["required_group", "group_base", "group_filter", "group_pattern"];
        if source == GroupSource::None
            && let Some(option) = needs_groups.iter().find(|option| options.has(option))
        {
            return Err(BadOption::new(
                option,
                "needs `groups` beside it: \"member-of\" or \"search\"",
            ));
        }
        Ok(Self {
            source,
            base: options.text("group_base")?,
            filter,
            names: options.word("group_names", NAMES)?.unwrap_or(GroupNames::Name),
            pattern: options.text("group_pattern")?,
            nested: options.truth("nested_groups", false)?,
            depth: options.number("group_depth", 1, 100)?.unwrap_or(10),
        })
    }
}

/// The places for the name that was typed.
const NAMES_TYPED: [&str; 3] = ["{username}", "{account}", "{local}"];

/// One filter for everybody would make everybody the same person.
fn whose(template: &str, option: &str) -> Result<(), BadOption> {
    if NAMES_TYPED.iter().any(|name| template.contains(name)) {
        return Ok(());
    }
    Err(BadOption::new(
        option,
        "must have {username}, {account} or {local} in it, for the name that was typed",
    ))
}

/// A single comparison may come without its parentheses; inside another filter it needs them.
fn wrapped(filter: String) -> String {
    if filter.starts_with('(') { filter } else { format!("({filter})") }
}

fn parses(filter: &str, option: &str) -> Result<(), BadOption> {
    let example =
        NAMES_TYPED.iter().fold(filter.to_owned(), |filter, name| filter.replace(name, "x"));
    ldap3::parse_filter(&example).map(drop).map_err(|_| {
        BadOption::new(option, "is no filter of RFC 4515; write one as \"(uid={username})\"")
    })
}

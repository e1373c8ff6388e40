//! What may be configured, and what it becomes.

use proptest::prelude::*;

use super::*;

const FORM: Form = Form {
    option: "query",
    begins: &["SELECT", "WITH"],
    needs: &[Placeholder::Username],
    guards: &[],
    needs_one: &[],
};

fn parse(text: &str, dialect: Dialect) -> Result<Query, String> {
    Query::parse(text, dialect, &FORM).map_err(|bad| bad.to_string())
}

#[test]
fn a_placeholder_becomes_a_place_by_dialect() {
    let text = "SELECT * FROM u WHERE lower(u.\"Name\") = :username OR mail = :username";
    let postgres = parse(text, Dialect::Postgres).unwrap();
    assert_eq!(postgres.sql, "SELECT * FROM u WHERE lower(u.\"Name\") = $1 OR mail = $1");
    assert_eq!(postgres.places, [Placeholder::Username]);
    assert_eq!(postgres.compared.as_deref(), Some("lower(u.\"Name\")"));
    for dialect in [Dialect::Sqlite, Dialect::Mysql] {
        let query = parse(text, dialect).unwrap();
        assert_eq!(query.sql, "SELECT * FROM u WHERE lower(u.\"Name\") = ? OR mail = ?");
        assert_eq!(query.places, [Placeholder::Username; 2]);
    }
}

#[test]
fn quotes_comments_and_casts_are_left_alone() {
    for (text, dialect) in [
        ("-- who: ; ?\nSELECT 'it''s; 10:30 :x ?' FROM u WHERE n = :username", Dialect::Sqlite),
        ("/* a; */ with v as (select 1) select * from v where n=:username", Dialect::Sqlite),
        ("SELECT `a;b` FROM u WHERE n = :username # ;\n", Dialect::Mysql),
        ("SELECT 'a\\';' FROM u WHERE n = :username", Dialect::Mysql),
        (
            "SELECT E'a\\';', $x$ ';:z $x$, id::text FROM u WHERE n = :username::text",
            Dialect::Postgres,
        ),
        ("SELECT d ? 'a', d #> '{a}' FROM u WHERE n = :username", Dialect::Postgres),
    ] {
        let query = parse(text, dialect).unwrap_or_else(|bad| panic!("{text}: {bad}"));
        assert_eq!(query.sql, text.replace(":username", &dialect.place(1)));
    }
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    for (text, problem) in [
        ("", "`query` must begin with SELECT or WITH"),
        ("DELETE FROM u WHERE n = :username", "`query` must begin with SELECT or WITH"),
        ("SELECT 1", "`query` must have the placeholder `:username`"),
        ("SELECT 1 -- :username", "`query` must have the placeholder `:username`"),
        (
            "SELECT * FROM u WHERE n = ':username'",
            "`query` has `:username` inside of quotes; write it without them, it is bound as a value",
        ),
        (
            "SELECT * FROM u WHERE n = \":username\"",
            "`query` has `:username` inside of quotes; write it without them, it is bound as a value",
        ),
        (
            "SELECT * FROM u WHERE n = :username; DROP TABLE u",
            "`query` must be one statement, without `;`",
        ),
        ("SELECT * FROM u WHERE n = :username;", "`query` must be one statement, without `;`"),
        (
            "SELECT * FROM u WHERE n = :user",
            "`query` has the placeholder `:user`; there is only `:username`",
        ),
        ("SELECT * FROM u WHERE n = ?", "`query` has a `?`; write `:username` for a value"),
        ("SELECT 'x FROM u WHERE n = :username", "`query` has a text in quotes that does not end"),
        ("SELECT /* x FROM u WHERE n = :username", "`query` has a comment that does not end"),
    ] {
        assert_eq!(parse(text, Dialect::Sqlite).unwrap_err(), problem, "{text}");
    }
    let postgres = parse("SELECT * FROM u WHERE n = $1", Dialect::Postgres).unwrap_err();
    assert_eq!(postgres, "`query` has a `$`; write `:username` for a value");
}

#[test]
fn what_a_value_is_compared_with_is_seen() {
    for (text, compared, name) in [
        ("SELECT 1 FROM u WHERE n = :username", "n", "n"),
        ("SELECT 1 FROM u WHERE (x OR u.n=:username)", "u.n", "n"),
        ("SELECT 1 FROM u WHERE lower(trim(u.n)) = :username", "lower(trim(u.n))", "n"),
        ("SELECT 1 FROM u WHERE f(1, `n`) = :username", "f(1, `n`)", "n"),
    ] {
        let query = parse(text, Dialect::Mysql).unwrap();
        assert_eq!(query.compared.as_deref(), Some(compared), "{text}");
        assert_eq!(column(compared), name);
    }
    let reversed = parse("SELECT 1 FROM u WHERE :username = n", Dialect::Mysql).unwrap();
    assert_eq!(reversed.compared, None);
}

proptest! {
    // A text is refused, or there is a place for each value and one for nothing else.
    #[test]
    fn any_text_has_as_many_places_as_values_or_is_refused(
        text in "SELECT ([ -~]|:username|é|'|\\$\\$|--|\n|/\\*|\\*/){0,30} = :username",
    ) {
        for dialect in [Dialect::Sqlite, Dialect::Mysql, Dialect::Postgres] {
            if let Ok(query) = parse(&text, dialect) {
                prop_assert!(!query.places.is_empty());
                prop_assert!(query.places.iter().all(|place| *place == Placeholder::Username));
            }
        }
    }
}

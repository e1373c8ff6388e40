//! The query of a name without its condition: some people, to look at their hashes.
//!
//! Only where it is plain what to leave out: the condition on the name is the last thing in the query,
//! stands alone, and belongs to no query inside of it. Otherwise, and wherever there are comments or
//! quotes, nothing is guessed.

use super::query::Query;

/// So many people are looked at.
const SOME: &str = "LIMIT 50";

/// The query of a name, for whoever there is.
pub(super) fn of(query: &Query) -> Option<Query> {
    let [_name] = query.places.as_slice() else { return None };
    let sql = query.sql.trim_end();
    let condition = sql.strip_suffix('?').or_else(|| sql.strip_suffix("$1"))?;
    let condition = condition.trim_end().strip_suffix('=')?;
    let words = condition.to_ascii_uppercase();
    let at = last_word(&words, "WHERE")?;
    let (before, behind) = (words.get(..at)?, words.get(at..)?);
    let alone = ["AND", "OR", "NOT"].iter().all(|word| last_word(behind, word).is_none());
    let simple = ["UNION", "INTERSECT", "EXCEPT", "GROUP", "HAVING", "WITH"]
        .iter()
        .all(|word| last_word(&words, word).is_none());
    let bare = ["--", "/*", "#", "\""].iter().all(|mark| !words.contains(mark));
    if !bare || !alone || !simple || !is_closed(before) || !is_closed(behind) {
        return None;
    }
    let everybody = condition.get(..at)?;
    Some(Query {
        option: query.option,
        sql: format!("{everybody}{SOME}"),
        places: Vec::new(),
        compared: None,
    })
}

/// Whether every parenthesis that opens is closed; none may stand in quotes.
fn is_closed(text: &str) -> bool {
    !text.contains(['\'', '`']) && text.matches('(').count() == text.matches(')').count()
}

fn last_word(text: &str, word: &str) -> Option<usize> {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.rmatch_indices(word).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).is_some_and(|before| !before.ends_with(part_of_name));
        let behind = text.get(at + word.len()..);
        before && behind.is_some_and(|behind| !behind.starts_with(part_of_name))
    })
}

#[cfg(test)]
mod tests {
    use super::super::query::Placeholder;
    use super::*;

    fn everybody(sql: &str) -> Option<String> {
        let places = vec![Placeholder::Username];
        let query = Query { option: "query", sql: sql.to_owned(), places, compared: None };
        of(&query).map(|query| query.sql)
    }

    #[test]
    fn the_condition_on_the_name_is_left_out() {
        for (sql, some) in [
            ("SELECT * FROM u WHERE n = ?", "SELECT * FROM u LIMIT 50"),
            ("select a,(b) from u\nwhere lower(u.n) =\n $1", "select a,(b) from u\nLIMIT 50"),
            (
                "SELECT (SELECT 1 WHERE x) FROM u JOIN v USING (somewhere) WHERE n = ? ",
                "SELECT (SELECT 1 WHERE x) FROM u JOIN v USING (somewhere) LIMIT 50",
            ),
        ] {
            assert_eq!(everybody(sql).as_deref(), Some(some));
        }
    }

    #[test]
    fn where_it_is_not_plain_nothing_is_guessed() {
        for sql in [
            "SELECT * FROM u WHERE tenant = 7 AND n = ?",
            "SELECT * FROM u WHERE n = ? OR mail = ?",
            "SELECT * FROM u WHERE n = ? ORDER BY id",
            "SELECT * FROM u WHERE id = (SELECT id FROM v WHERE n = ?)",
            "WITH v AS (SELECT * FROM u WHERE n = ?) SELECT * FROM v",
            "SELECT 1 UNION SELECT id FROM u WHERE n = ?",
            "SELECT f(?)",
            "SELECT a FROM u WHERE b GROUP BY a HAVING a = ?",
            "SELECT a FROM u WHERE b UNION SELECT a FROM v JOIN w ON n = ?",
            "SELECT a FROM u -- WHERE it was\nJOIN v ON n = ?",
            "SELECT a FROM u /* WHERE */ JOIN v ON n = ?",
            "SELECT a FROM u # WHERE\nJOIN v ON n = ?",
            "SELECT \" WHERE \" FROM u JOIN v ON n = ?",
            "SELECT ' WHERE ' FROM u JOIN v ON n = ?",
        ] {
            assert_eq!(everybody(sql), None, "{sql}");
        }
    }
}

//! What guards an UPDATE: the values that its own condition compares.
//!
//! Without the subject it would write to everybody's row, and without the old hash it would undo a
//! change that somebody made in the meantime.

use super::scan::Piece;

/// The placeholders behind the WHERE that stands outside of all parentheses.
pub(super) fn guards<'a>(pieces: &[Piece<'a>]) -> Vec<&'a str> {
    let (mut depth, mut behind) = (0_i32, None::<Vec<&str>>);
    for piece in pieces {
        match piece {
            Piece::Code(code) => {
                for word in code.split_inclusive(|letter: char| !is_part_of_word(letter)) {
                    let name = word.trim_end_matches(|letter: char| !is_part_of_word(letter));
                    if depth == 0 && name.eq_ignore_ascii_case("WHERE") {
                        behind = Some(Vec::new());
                    }
                    depth += i32::from(word.ends_with('(')) - i32::from(word.ends_with(')'));
                }
            }
            Piece::Placeholder(name) => behind.iter_mut().for_each(|names| names.push(name)),
            Piece::Quoted(_) | Piece::Comment(_) => {}
        }
    }
    behind.unwrap_or_default()
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::super::scan::pieces;
    use super::*;

    #[test]
    fn values_guard_where_they_are_compared() {
        for (sql, expected) in [
            ("UPDATE u SET p = :hash WHERE id = :subject AND p = :old_hash", "subject old_hash"),
            ("UPDATE u SET p=:hash where(id=:subject and (p=:old_hash))", "subject old_hash"),
            ("UPDATE u SET p = :hash, o = :old_hash WHERE id = :subject", "subject"),
            ("UPDATE u SET p = :hash, o = :old_hash, i = :subject", ""),
            ("UPDATE u SET p = (SELECT 1 WHERE :subject = :old_hash), q = :hash", ""),
            ("UPDATE u SET p = :hash /* WHERE */, o = :old_hash, somewhere = :subject", ""),
            (
                "UPDATE u SET p = :hash WHERE id = :subject AND p = :old_hash AND EXISTS (SELECT 1 WHERE x)",
                "subject old_hash",
            ),
        ] {
            let pieces = pieces(sql, Dialect::Sqlite).unwrap();
            assert_eq!(guards(&pieces).join(" "), expected, "{sql}");
        }
    }
}

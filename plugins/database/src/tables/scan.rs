//! Takes an SQL text apart as far as needed: what is code, what is quoted or a comment, and where the
//! placeholders stand.
//!
//! *Why it may be so simple*: whatever is misread here, a value never becomes part of the text. At
//! worst a statement has more or fewer places than values, and the database refuses it.

use super::dialect::Dialect;

/// A piece of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Code(&'a str),
    Quoted(&'a str),
    Comment(&'a str),
    /// `:name`, without the colon.
    Placeholder(&'a str),
}

/// A quote or a comment has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed(pub(super) &'static str);

/// The pieces in order; together they are the text.
pub(super) fn pieces(text: &str, dialect: Dialect) -> Result<Vec<Piece<'_>>, Unclosed> {
    let mut pieces = Vec::new();
    let (mut code, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let before = text.get(code..at).unwrap_or_default();
        match special(rest, before, dialect)? {
            Some(piece) => {
                if !before.is_empty() {
                    pieces.push(Piece::Code(before));
                }
                at += length(piece);
                code = at;
                pieces.push(piece);
            }
            // A cast of PostgreSQL is no placeholder.
            None if rest.starts_with("::") => at += 2,
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if let Some(last) = text.get(code..).filter(|last| !last.is_empty()) {
        pieces.push(Piece::Code(last));
    }
    Ok(pieces)
}

fn length(piece: Piece<'_>) -> usize {
    match piece {
        Piece::Code(text) | Piece::Quoted(text) | Piece::Comment(text) => text.len(),
        Piece::Placeholder(name) => name.len() + 1,
    }
}

/// What is not code and begins here, if anything does.
fn special<'a>(
    rest: &'a str,
    before: &str,
    dialect: Dialect,
) -> Result<Option<Piece<'a>>, Unclosed> {
    let mysql = dialect == Dialect::Mysql;
    let piece = match rest.as_bytes() {
        [b'-', b'-', ..] => Piece::Comment(line(rest)),
        [b'#', ..] if mysql => Piece::Comment(line(rest)),
        [b'/', b'*', ..] => Piece::Comment(until(rest, 2, "*/").ok_or(Unclosed("a comment"))?),
        [b'\'', ..] => {
            let escapes = mysql || (dialect == Dialect::Postgres && ends_with_e(before));
            Piece::Quoted(quoted(rest, '\'', escapes).ok_or(Unclosed("a text in quotes"))?)
        }
        [b'"', ..] => Piece::Quoted(quoted(rest, '"', mysql).ok_or(Unclosed("a name in quotes"))?),
        [b'`', ..] if dialect != Dialect::Postgres => {
            Piece::Quoted(quoted(rest, '`', false).ok_or(Unclosed("a name in quotes"))?)
        }
        [b'$', ..] if dialect == Dialect::Postgres && !ends_in_word(before) => match tag(rest) {
            Some(tag) => Piece::Quoted(
                until(rest, tag.len(), tag).ok_or(Unclosed("a text between dollars"))?,
            ),
            None => return Ok(None),
        },
        [b':', first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
            let name = rest.get(1..).unwrap_or_default();
            let end = name.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
            Piece::Placeholder(name.get(..end.unwrap_or(name.len())).unwrap_or_default())
        }
        _ => return Ok(None),
    };
    Ok(Some(piece))
}

fn line(rest: &str) -> &str {
    rest.find('\n').and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// Up to and with the first `end` at or behind `from`.
fn until<'a>(rest: &'a str, from: usize, end: &str) -> Option<&'a str> {
    let found = rest.get(from..)?.find(end)?;
    rest.get(..from + found + end.len())
}

/// A doubled quote is two texts side by side, which comes to the same.
fn quoted(rest: &str, quote: char, escapes: bool) -> Option<&str> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, letter)| {
        let closes = *letter == quote && !escaped;
        escaped = escapes && *letter == '\\' && !escaped;
        closes
    });
    rest.get(..end?.0 + quote.len_utf8())
}

/// `$$` or `$name$`.
fn tag(rest: &str) -> Option<&str> {
    let end = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..end)?;
    let name = tag.get(1..end - 1)?;
    let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (named && !name.starts_with(|letter: char| letter.is_ascii_digit())).then_some(tag)
}

/// `E'it\'s'`.
fn ends_with_e(before: &str) -> bool {
    before.strip_suffix(['e', 'E']).is_some_and(|before| !ends_in_word(before))
}

fn ends_in_word(before: &str) -> bool {
    before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$')
}

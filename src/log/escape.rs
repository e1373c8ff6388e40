//! Text that was not written by us, made fit for one line of a log.

use std::fmt::Write;

/// Longer values are cut: a line is for reading.
const LONGEST: usize = 8 * 1024;

/// Appends the text as a JSON string, quotes included (RFC 8259 §7).
pub(super) fn json(line: &mut String, text: &str) {
    line.push('"');
    for character in short(text).chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            _ if deceives(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    append(line, format_args!("\\u{unit:04x}"));
                }
            }
            _ => line.push(character),
        }
    }
    line.push('"');
}

/// Appends a field's value for people: bare where it is one word, otherwise as a JSON string.
pub(super) fn value(line: &mut String, text: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+,%".contains(&byte);
    if !text.is_empty() && text.len() <= LONGEST && text.bytes().all(plain) {
        line.push_str(text);
    } else {
        json(line, text);
    }
}

/// Appends a sentence for people.
pub(super) fn sentence(line: &mut String, text: &str) {
    for character in short(text).chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            _ if deceives(character) => {
                append(line, format_args!("\\u{{{:x}}}", u32::from(character)));
            }
            _ => line.push(character),
        }
    }
}

/// Whether a terminal or an editor would obey the character, or show nothing, instead of showing it.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Reordering (Unicode UAX #9 §2), zero-width, line and paragraph separators.
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn short(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text)
}

/// Writing into a `String` cannot fail.
pub(super) fn append(line: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = line.write_fmt(arguments);
    debug_assert!(written.is_ok());
}

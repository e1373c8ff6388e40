//! Whatever is logged stays on its line, and shows as what it is.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `log` leaves behind.
fn written(form: Form, filter: &str, log: impl FnOnce()) -> String {
    let paper = Paper::default();
    let copy = paper.clone();
    let layer = layer(form, filter, move || copy.clone()).unwrap();
    with_default(tracing_subscriber::registry().with(layer), log);
    String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
}

const HOSTILE: &[&str] = &[
    "alice\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
    "alice\r\n2026-01-01T00:00:00Z ERROR vestibule: forged",
    "alice\rforged",
    "\x1b[2K\x1b[1Aforged\x1b]0;title\x07",
    "\u{9b}31mred in eight bits\u{85}next line",
    "admin\u{202e}gnp.exe\u{2066}\u{2069}\u{200f}\u{061c}",
    "separated\u{2028}lines\u{2029}paragraphs",
    "zero\u{200b}width\u{feff}\u{2060} tags \u{e0041}",
    "quote\" backslash\\ tab\t null\0 delete\x7f",
    "ordinary Zoë 名前 🙂",
    "",
];

/// The same text on every way into a line.
fn log_everywhere(text: &str) {
    let span = tracing::info_span!("request", outer = text, later = tracing::field::Empty);
    span.record("later", text);
    let error = io::Error::other(text.to_owned());
    span.in_scope(|| {
        tracing::info!(
            plain = text,
            display = %text,
            error = &error as &(dyn std::error::Error + 'static),
            number = 7,
            truth = true,
            infinite = f64::INFINITY,
            "said {text}"
        );
    });
}

// LG1
#[test]
fn whatever_is_logged_stays_on_one_line_of_json() {
    for text in HOSTILE {
        let line = written(Form::Json, "info", || log_everywhere(text));
        assert_is_one_harmless_line(&line);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        for field in ["plain", "display", "outer", "later", "error"] {
            assert_eq!(value[field], **text, "{field}");
        }
        assert_eq!(value["message"], format!("said {text}"));
        assert_eq!(value["level"], "INFO");
        assert_eq!((&value["number"], &value["truth"]), (&7.into(), &true.into()));
        assert_eq!(value["infinite"], "inf");
    }
}

// LG1
#[test]
fn whatever_is_logged_stays_on_one_line_of_text() {
    for text in HOSTILE {
        let line = written(Form::Text { colours: false }, "info", || log_everywhere(text));
        assert_is_one_harmless_line(&line);
        for field in ["plain", "display", "outer", "later", "error"] {
            assert!(line.contains(&format!(" {field}=")), "{line}");
        }
    }
}

#[track_caller]
fn assert_is_one_harmless_line(line: &str) {
    let text = line.strip_suffix('\n').unwrap();
    for character in text.chars() {
        let code = u32::from(character);
        let bidi = matches!(code, 0x61c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069);
        let separates = matches!(code, 0x2028 | 0x2029);
        assert!(!character.is_control() && !bidi && !separates, "U+{code:04X} in {line:?}");
    }
}

#[test]
fn a_value_cannot_pass_for_another_field() {
    let line = written(Form::Text { colours: false }, "info", || {
        tracing::info!(username = "alice admin=true", "logged in");
    });
    assert!(line.ends_with("logged in username=\"alice admin=true\"\n"), "{line}");
}

#[test]
fn an_inner_field_hides_an_outer_one() {
    let line = written(Form::Json, "info", || {
        let _span = tracing::info_span!("outer", id = "outer").entered();
        tracing::info!(id = "inner", "said");
    });
    assert_eq!(line.matches("\"id\"").count(), 1, "{line}");
    assert!(line.contains("\"id\":\"inner\""), "{line}");
}

#[test]
fn long_values_are_cut() {
    let line = written(Form::Json, "info", || {
        tracing::info!(path = "ä".repeat(100_000), "said");
    });
    assert!(line.len() < 9_000, "{}", line.len());
    assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
}

#[test]
fn colours_are_ours_alone() {
    let line = written(Form::Text { colours: true }, "info", || tracing::info!("\x1b[31mred"));
    assert!(line.contains("\x1b[32m INFO\x1b[0m"), "{line:?}");
    assert!(line.contains("\\u{1b}[31mred"), "{line:?}");
}

#[test]
fn other_crates_are_not_heard_at_trace_level() {
    let lines = written(Form::Json, "trace", || {
        tracing::trace!(target: "hyper::proto", "read authorization: Basic c2VjcmV0");
        tracing::debug!(target: "hyper::proto", "parsed 3 headers");
        tracing::trace!(target: "vestibule::http", "ours");
    });
    assert!(!lines.contains("c2VjcmV0"), "{lines}");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn a_filter_that_is_not_understood_is_named() {
    let layer: Result<_, _> =
        layer::<tracing_subscriber::Registry, _>(Form::Json, "info,a=loud", io::sink);
    let Err(error) = layer else { panic!("accepted") };
    assert!(error.to_string().contains("info,a=loud"), "{error}");
}

//! Events and the spans around them, written as lines.

use std::error::Error;
use std::fmt;
use std::io::Write;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, UtcTime};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::{Form, escape};

pub(super) struct Lines<W> {
    form: Form,
    writer: W,
}

impl<W> Lines<W> {
    pub(super) fn new(form: Form, writer: W) -> Self {
        Self { form, writer }
    }
}

impl<S, W, O> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> O + Send + Sync + 'static,
    O: Write + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            record.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.surround_with(outer);
            }
        }
        let metadata = event.metadata();
        let mut line = String::with_capacity(256);
        match self.form {
            Form::Json => fields.json(&mut line, metadata.level(), metadata.target()),
            Form::Text { colours } => {
                fields.text(&mut line, metadata.level(), metadata.target(), colours);
            }
        }
        line.push('\n');
        // There is nowhere left to say that the log cannot be written.
        let _ = (self.writer)().write_all(line.as_bytes());
    }
}

enum Value {
    Text(String),
    /// A number or a truth value: needs no quotes.
    Bare(String),
}

/// What was recorded, in its order; the names come from our own code.
#[derive(Default)]
struct Fields {
    message: String,
    named: Vec<(&'static str, Value)>,
}

impl Fields {
    /// Adds a span's fields that no inner one hides.
    fn surround_with(&mut self, outer: &Self) {
        for (name, value) in &outer.named {
            if !self.named.iter().any(|(inner, _)| inner == name) {
                let value = match value {
                    Value::Text(text) => Value::Text(text.clone()),
                    Value::Bare(text) => Value::Bare(text.clone()),
                };
                self.named.push((name, value));
            }
        }
    }

    fn json(&self, line: &mut String, level: &Level, target: &str) {
        line.push_str("{\"time\":\"");
        push_time(line);
        escape::append(line, format_args!("\",\"level\":\"{level}\",\"target\":"));
        escape::json(line, target);
        line.push_str(",\"message\":");
        escape::json(line, &self.message);
        for (name, value) in &self.named {
            line.push(',');
            escape::json(line, name);
            line.push(':');
            match value {
                Value::Text(text) => escape::json(line, text),
                Value::Bare(text) => line.push_str(text),
            }
        }
        line.push('}');
    }

    fn text(&self, line: &mut String, level: &Level, target: &str, colours: bool) {
        let (on, off) = match *level {
            _ if !colours => ("", ""),
            Level::ERROR => ("\x1b[31m", "\x1b[0m"),
            Level::WARN => ("\x1b[33m", "\x1b[0m"),
            Level::INFO => ("\x1b[32m", "\x1b[0m"),
            _ => ("\x1b[2m", "\x1b[0m"),
        };
        push_time(line);
        escape::append(line, format_args!(" {on}{level:>5}{off} {target}: "));
        escape::sentence(line, &self.message);
        for (name, value) in &self.named {
            line.push(' ');
            line.push_str(name);
            line.push('=');
            match value {
                Value::Text(text) => escape::value(line, text),
                Value::Bare(text) => line.push_str(text),
            }
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(text)) => self.message = text,
            (name, value) => match self.named.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => self.named.push((name, value)),
            },
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            escape::append(&mut text, format_args!(": {error}"));
            cause = error.source();
        }
        self.put(field, Value::Text(text));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Bare(value.to_string()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for infinity.
        let text = value.to_string();
        self.put(field, if value.is_finite() { Value::Bare(text) } else { Value::Text(text) });
    }
}

fn push_time(line: &mut String) {
    // A clock outside of the years that RFC 3339 can write leaves the place empty.
    let _ = UtcTime::rfc_3339().format_time(&mut Writer::new(line));
}

//! Handles each event of the parser for the builder of a tree.

use std::borrow::Cow;

use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Raw};

use super::build::{Builder, Key};
use super::{Children, Span, TableOrigin, Value};

/// Decodes a scalar that the parser found.
fn decode<'t>(raw: Raw<'t>, errors: &mut dyn ErrorSink) -> Value<'t> {
    let mut text = Cow::Borrowed("");
    let mut is_good = true;
    let mut sink = |error: ParseError| {
        is_good = false;
        errors.report_error(error);
    };
    let kind = raw.decode_scalar(&mut text, &mut sink);
    if !is_good {
        return Value::Broken;
    }
    match kind {
        ScalarKind::String => Value::String(text),
        ScalarKind::Boolean(is_true) => Value::Boolean(is_true),
        ScalarKind::DateTime => Value::Datetime,
        ScalarKind::Float => Value::Float,
        ScalarKind::Integer(radix) => {
            Value::Integer(i64::from_str_radix(&text, radix.value()).ok())
        }
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.open_header(Span::of(span));
    }

    fn std_table_close(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.close_header(Span::of(span), false);
    }

    fn array_table_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.open_header(Span::of(span));
    }

    fn array_table_close(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.close_header(Span::of(span), true);
    }

    fn inline_table_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) -> bool {
        self.open_container(
            Span::of(span),
            Value::Table {
                origin: TableOrigin::Inline,
                children: Children::NONE,
            },
        )
    }

    fn inline_table_close(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.close_container(Span::of(span));
    }

    fn array_open(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) -> bool {
        self.open_container(
            Span::of(span),
            Value::Array {
                of_tables: false,
                children: Children::NONE,
            },
        )
    }

    fn array_close(&mut self, span: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.close_container(Span::of(span));
    }

    fn simple_key(
        &mut self,
        span: toml_parser::Span,
        kind: Option<Encoding>,
        errors: &mut dyn ErrorSink,
    ) {
        if !self.after_dot {
            self.path.clear();
        }
        self.after_dot = false;
        // A path far beyond the limit is refused when it is used; no need to keep all of it.
        if self.path.len() > usize::try_from(self.limits.depth).unwrap_or(usize::MAX) {
            return;
        }
        let mut name = Cow::Borrowed("");
        if let Some(raw) = self.source.get(span) {
            Raw::new_unchecked(raw.as_str(), kind, span).decode_key(&mut name, errors);
        }
        self.path.push(Key {
            name,
            span: Span::of(span),
        });
    }

    fn comment(&mut self, span: toml_parser::Span, errors: &mut dyn ErrorSink) {
        if let Some(raw) = self.source.get(span) {
            raw.decode_comment(errors);
        }
    }

    fn newline(&mut self, span: toml_parser::Span, errors: &mut dyn ErrorSink) {
        if let Some(raw) = self.source.get(span) {
            raw.decode_newline(errors);
        }
    }

    fn key_sep(&mut self, _: toml_parser::Span, _: &mut dyn ErrorSink) {
        self.after_dot = true;
    }

    fn scalar(
        &mut self,
        span: toml_parser::Span,
        kind: Option<Encoding>,
        errors: &mut dyn ErrorSink,
    ) {
        let value = match self.source.get(span) {
            Some(raw) => decode(Raw::new_unchecked(raw.as_str(), kind, span), errors),
            None => Value::Broken,
        };
        self.place(Span::of(span), value);
    }
}

//! Collects the options of each object from G.hn lines, and what was not understood of them.

use std::collections::BTreeMap;
use std::slice::Iter;

use super::words::{Word, number, shown, words};
use crate::observe::known::{Known, Table};

/// An option of a G.hn line: its word, whether a value follows, and whether other lines have the word too.
pub(in crate::observe) type OptionSpec = (&'static str, Shape, Occurs);

/// An option with a value, or one without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::observe) enum Shape {
    Value,
    Alone,
}

/// The lines with the word of an option. A word of G.hn lines alone shows that a line is the rest of a broken one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::observe) enum Occurs {
    OnlyHere,
    Elsewhere,
}

/// The options of one object, and those that were not understood.
#[derive(Debug, Default)]
pub(in crate::observe) struct ObjectOptions {
    pub(super) options: BTreeMap<&'static str, Known<String>>,
    pub(in crate::observe) unknown: Vec<String>,
}

/// The objects of one kind that lines are about.
#[derive(Debug, Default)]
pub(super) struct Stated {
    pub(super) objects: BTreeMap<u32, ObjectOptions>,
    pub(super) lost: Vec<String>,
}

impl Stated {
    /// Parses `KIND NUMBER OPTION…`; several lines may be about one object.
    pub(super) fn take(&mut self, line: &str, options: &[OptionSpec]) {
        let cut = match words(line) {
            Ok(cut) => cut,
            Err(reason) => {
                // The number comes before every quote.
                let id = line.split(' ').nth(1).and_then(number);
                match id {
                    Some(id) => self.objects.entry(id).or_default().unknown.push(reason),
                    None => self.lost.push(reason),
                }
                return;
            }
        };
        let mut cut = cut.iter();
        let _kind = cut.next();
        let id = cut.next().filter(|word| !word.is_quoted);
        match id.and_then(|word| number(&word.text)) {
            Some(id) => self.objects.entry(id).or_default().take(cut, options),
            None => self.lost.push(format!("it has no number: {}", shown(line))),
        }
    }

    pub(super) fn table<R>(self, row: impl Fn(ObjectOptions) -> R) -> Table<R> {
        let rows = self.objects.into_iter();
        Table {
            rows: rows.map(|(id, said)| (id, row(said))).collect(),
            lost: self.lost,
        }
    }
}

impl ObjectOptions {
    fn take(&mut self, mut words: Iter<'_, Word>, options: &[OptionSpec]) {
        while let Some(word) = words.next() {
            let known = options.iter().find(|(name, ..)| *name == word.text);
            match known.filter(|_| !word.is_quoted) {
                Some((name, Shape::Alone, _)) => self.set(name, Ok(String::new())),
                Some((name, Shape::Value, _)) => {
                    let value = words.next().map(|value| value.text.clone());
                    self.set(name, value.ok_or_else(|| format!("`{name}` has no value")));
                }
                // Parse on: later options may name the objects that this one uses.
                None => self
                    .unknown
                    .push(format!("unknown option {}", shown(&word.text))),
            }
        }
    }

    pub(super) fn set(&mut self, name: &'static str, value: Known<String>) {
        if self.options.insert(name, value).is_some() {
            self.unknown.push(format!("`{name}` is present twice"));
        }
    }

    /// Returns an option's value, or the default if the option is left out.
    pub(in crate::observe) fn get<T>(
        &self,
        name: &str,
        left_out: Known<T>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Known<T> {
        match self.options.get(name) {
            None => left_out,
            Some(Err(reason)) => Err(reason.clone()),
            Some(Ok(text)) => {
                read(text).ok_or_else(|| format!("`{name}` has the value {}", shown(text)))
            }
        }
    }

    pub(in crate::observe) fn text(&self, name: &str, left_out: Known<String>) -> Known<String> {
        self.get(name, left_out, |text| Some(text.to_owned()))
    }

    pub(in crate::observe) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }
}

/// Returns the reason for an option that a device never leaves out.
pub(in crate::observe) fn missing<T>(name: &str) -> Known<T> {
    Err(format!("the running-config leaves `{name}` out"))
}

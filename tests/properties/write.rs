//! Writes an inventory as files: plainly, or in any of the ways that TOML and the inventory allow.

use std::collections::BTreeMap;
use std::sync::Arc;

use gamctl::model::VlanSet;

use super::dice::Dice;
use super::spec::{Object, Spec, Table, Value, vlans_of};

pub(super) type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// The kinds of objects: the stem of their files and their table.
pub(super) fn kinds(spec: &Spec) -> [(&'static str, &'static str, &[Object]); 5] {
    [
        ("service-plans", "service_plan", &spec.plans),
        ("credentials", "credentials", &spec.credentials),
        ("billing", "billing", &spec.billing),
        ("devices", "device", &spec.devices),
        ("subscribers", "subscriber", &spec.subscribers),
    ]
}

/// Writes each kind into one file, each table with a header, each key on a line.
pub(super) fn plain(spec: &Spec) -> Texts {
    let mut texts = Texts::new();
    let mut write = |path: &str, sections: Vec<Section>| {
        let text: String = sections.iter().map(|section| section.text("")).collect();
        texts.insert(path.into(), text.into());
    };
    let mut style = Style { dice: None };
    write("network.toml", style.table(&[], &spec.network));
    if let Some(policy) = &spec.policy {
        write("policy.toml", style.table(&[], policy));
    }
    for (stem, table, objects) in kinds(spec) {
        let sections = objects.iter().flat_map(|object| {
            let path = vec![table.to_owned(), object.id.clone()];
            style.table(&path, &object.table)
        });
        write(&format!("{stem}.toml"), sections.collect());
    }
    texts
}

/// Writes the same inventory in a way that the dice decide.
pub(super) fn varied(spec: &Spec, dice: &mut Dice) -> Texts {
    let spec = with_defaults(spec, dice);
    let mut texts = Texts::new();
    let mut write = |path: String, text: String| {
        texts.insert(path.into(), text.into());
    };
    write("network.toml".to_owned(), settings(&spec.network, dice));
    if let Some(policy) = &spec.policy {
        write("policy.toml".to_owned(), settings(policy, dice));
    }
    for (stem, table, objects) in kinds(&spec) {
        let homes = [".toml", "/a.toml", "/Z-2.toml", "/north/side/b_3.toml"];
        let count = 1 + dice.below(homes.len());
        let mut files = vec![Vec::new(); count];
        for object in objects {
            files[dice.below(count)].push(object);
        }
        for (home, mut objects) in homes.iter().zip(files) {
            if objects.is_empty() && !dice.once_in(4) {
                continue;
            }
            dice.shuffle(&mut objects);
            write(format!("{stem}{home}"), file(table, &objects, dice));
        }
    }
    texts
}

/// Writes out defaults here and there, which changes nothing.
fn with_defaults(spec: &Spec, dice: &mut Dice) -> Spec {
    let mut spec = spec.clone();
    let mut give = |table: &mut Table, key: &str, value: Value| {
        if table.get(key).is_none() && dice.once_in(6) {
            table.set(key, value);
        }
    };
    for subscriber in &mut spec.subscribers {
        give(&mut subscriber.table, "state", "active".into());
        give(&mut subscriber.table, "tagged", false.into());
        give(&mut subscriber.table, "protected", false.into());
        if subscriber.id.len() <= 31 {
            give(&mut subscriber.table, "name", subscriber.id.as_str().into());
        }
    }
    for device in &mut spec.devices {
        give(&mut device.table, "state", "managed".into());
        give(&mut device.table, "credentials", "default".into());
    }
    give(&mut spec.network, "profiles", Table::default().into());
    spec
}

/// A header with the keys below it; without a header only at the beginning of a file.
struct Section {
    header: Option<String>,
    lines: Vec<String>,
}

impl Section {
    fn text(&self, between: &str) -> String {
        let header = self.header.iter().map(|header| format!("[{header}]\n"));
        let lines = self.lines.iter().map(|line| format!("{line}{between}\n"));
        header.chain(lines).collect()
    }
}

fn settings(table: &Table, dice: &mut Dice) -> String {
    let mut style = Style { dice: Some(dice) };
    let mut sections = style.table(&[], table);
    // What has no header must stay first.
    if let Some((_, with_header)) = sections.split_first_mut() {
        style.shuffle(with_header);
    }
    finish(&sections, dice)
}

fn file(table: &str, objects: &[&Object], dice: &mut Dice) -> String {
    let way = dice.below(4);
    let mut style = Style { dice: Some(dice) };
    let mut first = Section {
        header: None,
        lines: Vec::new(),
    };
    let mut shared = Section {
        header: Some(style.key(table)),
        lines: Vec::new(),
    };
    let mut sections = Vec::new();
    for object in objects {
        let whole = || Value::Table(object.table.clone());
        match (way, style.below(3)) {
            // `subscriber.a.vlan = 1` above every header.
            (2, 1) => {
                let key = [style.key(table), style.key(&object.id)].join(".");
                style.inner(&key, &whole(), &mut first.lines);
            }
            // `a.vlan = 1` or `a = { vlan = 1 }` below `[subscriber]`.
            (3, 1 | 2) => {
                let key = style.key(&object.id);
                style.inner(&key, &whole(), &mut shared.lines);
            }
            _ => {
                let path = vec![table.to_owned(), object.id.clone()];
                sections.extend(style.table(&path, &object.table));
            }
        }
    }
    if !shared.lines.is_empty() {
        sections.push(shared);
    }
    if style.below(3) == 1 {
        style.shuffle(&mut sections);
    }
    sections.insert(0, first);
    finish(&sections, dice)
}

/// Puts sections together, with comments, blank lines and line ends of some kind.
fn finish(sections: &[Section], dice: &mut Dice) -> String {
    let mut text = String::new();
    for section in sections {
        if dice.once_in(4) {
            text.push_str(dice.pick::<&str>(&[
                "\n",
                "# a remark\n",
                "\n  # [subscriber.not-here] é\n\n",
            ]));
        }
        text.push_str(&section.text(dice.pick::<&str>(&["", "", "  # behind", "\t"])));
    }
    if dice.once_in(4) {
        text.truncate(text.trim_end().len());
    }
    if dice.once_in(4) {
        text = text.replace('\n', "\r\n");
    }
    if dice.once_in(6) {
        text.insert(0, '\u{feff}');
    }
    text
}

/// How tables become text; without dice always in the same plain way.
struct Style<'d> {
    dice: Option<&'d mut Dice>,
}

impl Style<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.dice.as_mut().map_or(0, |dice| dice.below(limit))
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        if let Some(dice) = &mut self.dice {
            dice.shuffle(list);
        }
    }

    /// Returns the sections of the table at `path`, its own keys first.
    fn table(&mut self, path: &[String], table: &Table) -> Vec<Section> {
        let keys: Vec<String> = path.iter().map(|key| self.key(key)).collect();
        let dot = [".", ".", " . "][self.below(3)];
        let mut own = Section {
            header: (!path.is_empty()).then(|| keys.join(dot)),
            lines: Vec::new(),
        };
        let mut entries: Vec<_> = table.0.iter().collect();
        self.shuffle(&mut entries);
        let mut inner = Vec::new();
        for (key, value) in entries {
            match value {
                Value::Table(table) if self.below(2) == 0 => {
                    let path = [path, std::slice::from_ref(key)].concat();
                    inner.extend(self.table(&path, table));
                }
                value => {
                    let written = self.key(key);
                    if let Value::Table(_) = value {
                        self.inner(&written, value, &mut own.lines);
                    } else {
                        let value = self.scalar(key, value);
                        own.lines.push(format!("{written} = {value}"));
                    }
                }
            }
        }
        // `[a.b]` makes `[a]` known; at the top there is no header to leave out.
        let is_needed = path.is_empty() || inner.is_empty() || !own.lines.is_empty();
        if is_needed || self.below(2) == 1 {
            inner.insert(0, own);
        }
        inner
    }

    /// Writes a table behind `key`: `key.a = 1` or `key = { a = 1 }`.
    fn inner(&mut self, key: &str, value: &Value, lines: &mut Vec<String>) {
        match value {
            Value::Table(table) if !table.0.is_empty() && self.below(2) == 0 => {
                for (name, value) in &table.0 {
                    let written = format!("{key}.{}", self.key(name));
                    match value {
                        Value::Table(_) => self.inner(&written, value, lines),
                        scalar => {
                            let scalar = self.scalar(name, scalar);
                            lines.push(format!("{written} = {scalar}"));
                        }
                    }
                }
            }
            value => {
                let value = self.inline(key, value);
                lines.push(format!("{key} = {value}"));
            }
        }
    }

    fn inline(&mut self, key: &str, value: &Value) -> String {
        let Value::Table(table) = value else {
            return self.scalar(key, value);
        };
        let mut entries: Vec<_> = table.0.iter().collect();
        self.shuffle(&mut entries);
        let written: Vec<String> = entries
            .into_iter()
            .map(|(key, value)| {
                let value = self.inline(key, value);
                format!("{} = {value}", self.key(key))
            })
            .collect();
        format!("{{ {} }}", written.join(", "))
    }

    fn key(&mut self, key: &str) -> String {
        let is_bare = key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        match (is_bare, self.below(12)) {
            (true, 9) | (false, 0..10) => format!("\"{key}\""),
            (_, 10) => format!("'{key}'"),
            (_, 11) => {
                let first = key.chars().next().map_or(0, u32::from);
                format!("\"\\u{first:04x}{}\"", key.get(1..).unwrap_or_default())
            }
            (true, _) => key.to_owned(),
            (false, _) => format!("\"{key}\""),
        }
    }

    fn scalar(&mut self, key: &str, value: &Value) -> String {
        match value {
            Value::Raw(raw) => raw.clone(),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => match self.below(5) {
                1 => format!("0x{number:x}"),
                2 => format!("+{number}"),
                3 if *number > 99 => format!("{}_{:02}", number / 100, number % 100),
                _ => number.to_string(),
            },
            Value::Text(text) => {
                let text = self.notation(key, text);
                self.quoted(&text)
            }
            Value::Table(_) => self.inline(key, value),
        }
    }

    fn quoted(&mut self, text: &str) -> String {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        let has_control = text.chars().any(char::is_control);
        match self.below(6) {
            1 if !text.contains('\'') && !has_control => format!("'{text}'"),
            2 if !has_control => format!("\"\"\"{escaped}\"\"\""),
            3 if !text.contains("''") && !text.ends_with('\'') && !has_control => {
                format!("'''\n{text}'''")
            }
            4 => {
                let escape = |c: char| format!("\\U{:08X}", u32::from(c));
                format!("\"{}\"", text.chars().map(escape).collect::<String>())
            }
            _ => {
                let plain = |c: char| match c {
                    '\\' | '"' => format!("\\{c}"),
                    c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
                    c => c.to_string(),
                };
                format!("\"{}\"", text.chars().map(plain).collect::<String>())
            }
        }
    }

    /// Writes a value that has several notations in one of them.
    fn notation(&mut self, key: &str, text: &str) -> String {
        let Some(dice) = &mut self.dice else {
            return text.to_owned();
        };
        let is_mac = text.len() == 17 && text.bytes().filter(|b| *b == b':').count() == 5;
        match key {
            "endpoint" | "mac" if is_mac => {
                let digits = text.replace(':', "");
                match dice.below(5) {
                    1 => text.to_uppercase().replace(':', "-"),
                    2 => format!("{}.{}.{}", &digits[..4], &digits[4..8], &digits[8..]),
                    3 => digits.to_uppercase(),
                    _ => text.to_owned(),
                }
            }
            // What a fault wrote wrongly stays as it is.
            "allowed_vlans" | "subscribers" if text.parse::<VlanSet>().is_ok() => {
                let mut entries: Vec<String> = text.split(',').map(str::to_owned).collect();
                if dice.once_in(3) && entries.len() < 100 && vlans_of(text).len() < 100 {
                    entries = vlans_of(text).iter().map(u16::to_string).collect();
                }
                dice.shuffle(&mut entries);
                if let Some(again) = entries.first().cloned().filter(|_| dice.once_in(3)) {
                    entries.push(again);
                }
                entries.join(*dice.pick(&[",", ", ", " ,"]))
            }
            "address" if !text.contains("://") => match text.strip_prefix("2001:db8::") {
                Some(last) if dice.once_in(2) => format!("[2001:0DB8:0:0:0:0:0:{last}]:22/161"),
                None if dice.once_in(3) && !text.contains(':') => format!("{text}:22/161"),
                _ => text.to_owned(),
            },
            _ => text.to_owned(),
        }
    }
}

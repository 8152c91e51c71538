//! Lists the keys that differ between two inventories, object by object, whatever file they are in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::assemble::Inventory;
use super::source::Limits;
use super::tree::{self, Item, TreeLimits};
use super::{FileKind, PathKind, classify};

/// A difference in an object, or in the settings of the network or the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangedKey {
    pub kind: FileKind,
    /// The object; nothing for a setting.
    pub id: Option<String>,
    pub change: KeyChange,
}

/// The kind of a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyChange {
    /// The object is new.
    Added,
    /// The object is gone.
    Removed,
    /// The value of a key is another one, new or gone. Tables inside the object are written with dots: `port.7.mode`.
    Key(String),
}

impl ChangedKey {
    /// Returns the change as a lane names it: `subscriber.state`, `subscriber+`, `subscriber-`, `network.vlans.management`.
    pub fn pattern(&self) -> String {
        let table = match self.id {
            Some(_) => self.kind.object_table(),
            None => None,
        };
        let table = table.unwrap_or_else(|| self.kind.stem());
        match &self.change {
            KeyChange::Added => format!("{table}+"),
            KeyChange::Removed => format!("{table}-"),
            KeyChange::Key(key) => format!("{table}.{key}"),
        }
    }
}

/// All differences between two inventories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedKeys {
    /// Sorted, each once.
    pub keys: Vec<ChangedKey>,
    /// Every key of every object that is new, sorted.
    pub keys_of_added: Vec<ChangedKey>,
    /// Every file that differs could be parsed. Otherwise there may be more differences than are listed.
    pub is_complete: bool,
}

/// Returns the keys that differ between two inventories. Comments, order, formatting and file names make no difference.
pub fn changed_keys(before: &Inventory, after: &Inventory) -> ChangedKeys {
    let texts = |inventory: &Inventory| inventory.texts().collect();
    let mut changed = changed_keys_of_texts(&texts(before), &texts(after));
    changed.is_complete &= before.partial.is_empty() && after.partial.is_empty();
    changed
}

/// Returns the keys that differ between files, by path; files that are the same on both sides may be left out.
pub fn changed_keys_of_texts(
    before: &BTreeMap<Arc<str>, Arc<str>>,
    after: &BTreeMap<Arc<str>, Arc<str>>,
) -> ChangedKeys {
    let mut sides = [Objects::default(), Objects::default()];
    let mut is_complete = true;
    let paths: BTreeSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let PathKind::Inventory(kind) = classify(path) else {
            continue;
        };
        let texts = [before.get(path), after.get(path)];
        if texts[0] == texts[1] {
            continue;
        }
        for (side, text) in sides.iter_mut().zip(texts) {
            if let Some(text) = text {
                is_complete &= side.add(kind, text);
            }
        }
    }
    let [before, after] = sides;
    ChangedKeys {
        keys: differences(&before, &after),
        keys_of_added: keys_of_added(&before, &after),
        is_complete,
    }
}

/// The values of an object by key. An id that is used twice is an error of the inventory, and both are compared.
type Values = BTreeMap<String, Vec<String>>;

#[derive(Default)]
struct Objects(BTreeMap<(FileKind, Option<String>), Values>);

impl Objects {
    /// Adds the objects of a file, and returns whether all of it could be parsed.
    fn add(&mut self, kind: FileKind, text: &str) -> bool {
        let limits = Limits::default();
        let limits = TreeLimits {
            depth: limits.toml_depth,
            keys: limits.keys,
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (tree, problems) = tree::parse(text, limits);
        for item in tree.root().children() {
            if Some(item.key()) == kind.object_table() && item.is_table() {
                for object in item.children() {
                    let values = self
                        .0
                        .entry((kind, Some(object.key().to_owned())))
                        .or_default();
                    if object.is_table() {
                        // An object without keys exists as well.
                        object
                            .children()
                            .for_each(|key| add_values(text, key, "", values));
                    } else {
                        add_values(text, object, "", values);
                    }
                }
            } else {
                let values = self.0.entry((kind, None)).or_default();
                add_values(text, item, "", values);
            }
        }
        problems.is_empty()
    }
}

fn add_values(text: &str, item: Item<'_, '_>, above: &str, values: &mut Values) {
    let key = match above {
        "" => item.key().to_owned(),
        above => format!("{above}.{}", item.key()),
    };
    if item.is_table() && item.children().next().is_some() {
        for inner in item.children() {
            add_values(text, inner, &key, values);
        }
        return;
    }
    let mut value = String::new();
    write_value(text, item, &mut value);
    values.entry(key).or_default().push(value);
}

/// Writes a value in one form, whichever of TOML's forms the file has.
fn write_value(text: &str, item: Item<'_, '_>, into: &mut String) {
    // Writing into a string cannot fail.
    if let Some(string) = item.as_str() {
        let _ = write!(into, "{string:?}");
    } else if let Some(Some(number)) = item.as_integer() {
        let _ = write!(into, "{number}");
    } else if let Some(boolean) = item.as_bool() {
        let _ = write!(into, "{boolean}");
    } else if item.is_table() {
        into.push('{');
        let mut inner: Vec<_> = item.children().collect();
        inner.sort_by_key(Item::key);
        for item in inner {
            let _ = write!(into, "{:?}=", item.key());
            write_value(text, item, into);
            into.push(',');
        }
        into.push('}');
    } else if item.is_list() {
        into.push('[');
        for item in item.children() {
            write_value(text, item, into);
            into.push(',');
        }
        into.push(']');
    } else {
        // No key of an inventory has a value of these kinds, so the text is enough.
        let span = item.span();
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        into.push_str(text.get(at(span.start)..at(span.end)).unwrap_or_default());
    }
}

fn keys_of_added(before: &Objects, after: &Objects) -> Vec<ChangedKey> {
    let added = after
        .0
        .iter()
        .filter(|(object, _)| object.1.is_some() && !before.0.contains_key(object));
    let keys = added.flat_map(|((kind, id), values)| {
        values.keys().map(|key| ChangedKey {
            kind: *kind,
            id: id.clone(),
            change: KeyChange::Key(key.clone()),
        })
    });
    keys.collect()
}

fn differences(before: &Objects, after: &Objects) -> Vec<ChangedKey> {
    let mut found = BTreeSet::new();
    let objects: BTreeSet<_> = before.0.keys().chain(after.0.keys()).collect();
    let none = Values::new();
    for object in objects {
        let (kind, id) = object;
        let mut add = |change| {
            found.insert(ChangedKey {
                kind: *kind,
                id: id.clone(),
                change,
            });
        };
        let (old, new) = match (before.0.get(object), after.0.get(object)) {
            (None, Some(_)) if id.is_some() => {
                add(KeyChange::Added);
                continue;
            }
            (Some(_), None) if id.is_some() => {
                add(KeyChange::Removed);
                continue;
            }
            (old, new) => (old.unwrap_or(&none), new.unwrap_or(&none)),
        };
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            if old.get(key) != new.get(key) {
                add(KeyChange::Key(key.clone()));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{GOOD_INVENTORY, read_texts};

    fn texts(files: &[(&str, &str)]) -> BTreeMap<Arc<str>, Arc<str>> {
        let files = files.iter();
        files
            .map(|(path, text)| (Arc::from(*path), Arc::from(*text)))
            .collect()
    }

    fn patterns(before: &[(&str, &str)], after: &[(&str, &str)]) -> (Vec<String>, bool) {
        let changed = changed_keys_of_texts(&texts(before), &texts(after));
        let keys = changed.keys.iter();
        let named = keys.map(|key| match &key.id {
            Some(id) => format!("{} {id}", key.pattern()),
            None => key.pattern(),
        });
        (named.collect(), changed.is_complete)
    }

    const ANN: &str =
        "[subscriber.ann]\ndevice = \"a\"\nstate = \"active\"\nallowed_vlans = [1, 2]\n";

    #[test]
    fn each_changed_key_is_listed_and_an_added_or_removed_object_once() {
        let after = "[subscriber.ann]\ndevice = \"b\"\nallowed_vlans = [2, 1]\nvlan = 7\n[subscriber.bob]\nvlan = 8\n";
        let ann = [("subscribers/a.toml", ANN)];
        let both = [("subscribers/a.toml", after)];
        let changes = [
            "subscriber.allowed_vlans ann",
            "subscriber.device ann",
            "subscriber.state ann",
            "subscriber.vlan ann",
        ];
        let with = |last: &str| {
            let all = changes.iter().map(|change| (*change).to_owned());
            let mut all: Vec<String> = all.collect();
            all.push(last.to_owned());
            (all, true)
        };
        assert_eq!(patterns(&ann, &both), with("subscriber+ bob"));
        assert_eq!(patterns(&both, &ann), with("subscriber- bob"));
    }

    #[test]
    fn the_keys_of_a_new_object_are_listed_apart() {
        let after = format!("{ANN}[subscriber.bob]\nvlan = 8\nexternal.system = \"s\"\n");
        let before = texts(&[("subscribers/a.toml", ANN)]);
        let changed = changed_keys_of_texts(&before, &texts(&[("subscribers/a.toml", &after)]));
        assert_eq!(changed.keys.len(), 1);
        let keys = changed.keys_of_added.iter().map(ChangedKey::pattern);
        let keys: Vec<String> = keys.collect();
        assert_eq!(keys, ["subscriber.external.system", "subscriber.vlan"]);
        let (id, kind) = ("bob".to_owned(), FileKind::Subscribers);
        let is_bob = |one: &ChangedKey| one.id.as_ref() == Some(&id) && one.kind == kind;
        assert!(changed.keys_of_added.iter().all(is_bob));
    }

    #[test]
    fn another_file_form_or_order_is_no_difference() {
        let other = "# moved\n[subscriber]\nann = { allowed_vlans = [ 1, 2, ], \"state\" = 'active', device = \"\"\"a\"\"\" }\n";
        let (keys, is_complete) = patterns(
            &[("subscribers/a.toml", ANN), ("notes.md", "x")],
            &[("subscribers/b.toml", other), ("notes.md", "y")],
        );
        assert_eq!((keys, is_complete), (Vec::new(), true));
    }

    #[test]
    fn tables_inside_an_object_and_settings_have_dotted_names() {
        let (keys, _) = patterns(
            &[
                ("network.toml", "schema = 1\n[vlans]\nmanagement = 7\n"),
                (
                    "devices/a.toml",
                    "[device.a]\n[device.a.port.7]\nmode = \"mimo\"\n",
                ),
            ],
            &[
                ("network.toml", "schema = 1\n"),
                (
                    "devices/a.toml",
                    "[device.a]\nport.7.mode = \"siso\"\nport.8 = {}\n",
                ),
                ("policy.toml", "limits.removals.count = 1\n"),
            ],
        );
        let wanted = [
            "network.vlans.management",
            "policy.limits.removals.count",
            "device.port.7.mode a",
            "device.port.8 a",
        ];
        assert_eq!(keys, wanted);
    }

    #[test]
    fn a_file_that_cannot_be_parsed_makes_the_list_incomplete() {
        let broken = [("subscribers/a.toml", "[subscriber.ann\n")];
        assert!(!patterns(&[("subscribers/a.toml", ANN)], &broken).1);
        assert!(!patterns(&broken, &[]).1);
        let twice = format!("{ANN}{ANN}");
        assert!(!patterns(&[], &[("subscribers/a.toml", &twice)]).1);
        assert!(patterns(&broken, &broken).1);
    }

    #[test]
    fn two_readings_of_one_inventory_do_not_differ() {
        let reading = || read_texts(&texts(GOOD_INVENTORY), &Limits::default()).inventory;
        let changed = changed_keys(&reading(), &reading());
        assert_eq!(
            changed,
            ChangedKeys {
                is_complete: true,
                ..ChangedKeys::default()
            }
        );
    }
}

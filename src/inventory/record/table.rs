//! Reads tables whose keys are numbers or names: ports, uplinks, labels, tariffs.

use super::field::{FieldType, MapKeys, Shape, wrong_type};
use super::finding::FileFindings;
use super::rules::OUT_OF_RANGE;
use super::text::{TextProblem, text};
use crate::inventory::tree::Item;
use crate::model::{LabelKey, PortNumber, UplinkNumber};

/// A number as a key, `7` in `[device.birch-12.port.7]`.
pub(in crate::inventory) trait NumberKey: Sized + Copy + Ord {
    const WHAT: &'static str;
    const MAX: u8;
    fn from_number(number: u8) -> Option<Self>;
}

impl NumberKey for PortNumber {
    const WHAT: &'static str = "a port";
    const MAX: u8 = Self::MAX;
    fn from_number(number: u8) -> Option<Self> {
        Self::new(number).ok()
    }
}

impl NumberKey for UplinkNumber {
    const WHAT: &'static str = "an uplink";
    const MAX: u8 = Self::MAX;
    fn from_number(number: u8) -> Option<Self> {
        Self::new(number).ok()
    }
}

/// Records under numbers, lowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered<N, R>(pub Vec<(N, R)>);

impl<N: NumberKey, R: FieldType> FieldType for Numbered<N, R> {
    fn shape() -> Shape {
        Shape::Map {
            keys: MapKeys::Numbers(N::WHAT),
            value: Box::new(R::shape()),
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_table() {
            wrong_type(item, "a table of numbers", findings);
            return None;
        }
        let mut records = Vec::new();
        for child in item.children() {
            let number = one_way_to_write(child.key()).and_then(N::from_number);
            let record = R::read(child, findings);
            match (number, record) {
                (Some(number), Some(record)) => records.push((number, record)),
                (Some(_), None) => {}
                (None, _) => {
                    findings.add(
                        &OUT_OF_RANGE,
                        child.key_span(),
                        format!(
                            "`{}` is not {}: those are 1 to {}",
                            child.key(),
                            N::WHAT,
                            N::MAX
                        ),
                    );
                }
            }
        }
        records.sort_by_key(|(number, _)| *number);
        Some(Self(records))
    }
}

/// Returns the number of a key; `01` and `+1` would be second ways to write port 1.
fn one_way_to_write(key: &str) -> Option<u8> {
    let is_plain = key.bytes().all(|byte| byte.is_ascii_digit()) && !key.starts_with('0');
    is_plain.then(|| key.parse().ok()).flatten()
}

/// A name as a key, `31` in `[billing.splynx.tariff.31]`.
pub(in crate::inventory) trait NameKey: Sized + Ord {
    /// One of the things that have the name, `a tariff`.
    const WHAT: &'static str;
    type Error: TextProblem;
    fn from_name(name: &str) -> Result<Self, Self::Error>;
}

/// Values under names, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<K, V>(pub Vec<(K, V)>);

impl<K, V> Named<K, V> {
    /// Returns names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }
}

impl<K: NameKey, V: FieldType> FieldType for Named<K, V> {
    fn shape() -> Shape {
        Shape::Map {
            keys: MapKeys::Names(K::WHAT),
            value: Box::new(V::shape()),
        }
    }

    /// Returns the entries that can be read; the others are in the findings.
    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_table() {
            wrong_type(item, "a table", findings);
            return None;
        }
        let mut named = Vec::new();
        for child in item.children() {
            let subject = format!("the name of {}", K::WHAT);
            let name = text(
                child.key(),
                child.key_span(),
                &subject,
                K::from_name,
                findings,
            );
            let value = V::read(child, findings);
            named.extend(name.zip(value));
        }
        named.sort_by(|(left, _), (right, _)| left.cmp(right));
        Some(Self(named))
    }
}

/// Labels that devices are chosen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels(pub Vec<(LabelKey, LabelKey)>);

impl Labels {
    /// Returns keys and values, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &(LabelKey, LabelKey)> {
        self.0.iter()
    }
}

impl FieldType for Labels {
    fn shape() -> Shape {
        Shape::Map {
            keys: MapKeys::Names("a label"),
            value: Box::new(LabelKey::shape()),
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_table() {
            wrong_type(item, "a table such as `{ region = \"north\" }`", findings);
            return None;
        }
        let mut labels = Vec::new();
        for child in item.children() {
            let key = text(
                child.key(),
                child.key_span(),
                "the label",
                LabelKey::new,
                findings,
            );
            let value = LabelKey::read(child, findings);
            if let (Some(key), Some(value)) = (key, value) {
                labels.push((key, value));
            }
        }
        labels.sort();
        Some(Self(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::one_way_to_write;

    #[test]
    fn a_port_has_one_key() {
        assert_eq!(one_way_to_write("1"), Some(1));
        for key in ["+1", "01", "-1", " 1", "1_0", "", "256", "\u{661}"] {
            assert_eq!(one_way_to_write(key), None, "{key}");
        }
    }
}

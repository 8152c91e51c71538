//! Simulates faulty agents: endless walks, truncated tables, wrong types, errors.

use serde::{Deserialize, Serialize};

use super::{Oid, Value, View};

/// Faults of the agent itself, below the objects; without any it works correctly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distortion {
    /// GETBULK answers at most this many bindings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<usize>,
    /// Requests or answers with more bindings than this are `tooBig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub too_big_above: Option<usize>,
    /// A walk at or past this name gets the same instance again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_increasing_at: Option<Oid>,
    /// Objects at or below this name are sent with another type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_type_at: Option<Oid>,
    /// Objects after this name under the same parent are missing: after `COLUMN.7` the column has ended, after
    /// `ENTRY.3` the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate_at: Option<Oid>,
    /// Requests for objects at or below this name are answered `genErr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generic_error_at: Option<Oid>,
}

/// The object cannot be read; the response is `genErr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GenericError;

impl Distortion {
    pub(crate) fn is_broken(&self, name: &[u32]) -> bool {
        is_below(name, self.generic_error_at.as_ref())
    }

    fn is_cut_off(&self, name: &[u32]) -> bool {
        let Some(last) = self.truncate_at.as_ref().map(Oid::arcs) else {
            return false;
        };
        let parent = last.split_last().map_or(last, |(_, parent)| parent);
        name.starts_with(parent) && name > last && !name.starts_with(last)
    }

    fn typed(&self, name: &[u32], value: Value) -> Value {
        if is_below(name, self.wrong_type_at.as_ref()) {
            another_type(value)
        } else {
            value
        }
    }
}

fn is_below(name: &[u32], prefix: Option<&Oid>) -> bool {
    prefix.is_some_and(|prefix| name.starts_with(prefix.arcs()))
}

/// Turns numbers into their digits, and everything else into a number.
fn another_type(value: Value) -> Value {
    let size = |length: usize| Value::Integer(i32::try_from(length).unwrap_or(i32::MAX));
    match value {
        Value::Integer(number) => Value::text(&number.to_string()),
        Value::Counter32(number) | Value::Gauge32(number) | Value::TimeTicks(number) => {
            Value::text(&number.to_string())
        }
        Value::Counter64(number) => Value::text(&number.to_string()),
        Value::OctetString(bytes) => size(bytes.len()),
        Value::ObjectId(name) => size(name.arcs().len()),
        Value::IpAddress(bytes) => Value::Integer(i32::from_be_bytes(bytes)),
        Value::Null | Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView => value,
    }
}

/// The objects as seen through the faults. It also checks the objects themselves: values that no agent may send become
/// `genErr`.
#[derive(Clone, Copy)]
pub(crate) struct Lens<'a> {
    pub(crate) view: &'a dyn View,
    pub(crate) distortion: &'a Distortion,
}

impl Lens<'_> {
    pub(crate) fn get(&self, name: &[u32]) -> Result<Value, GenericError> {
        if self.distortion.is_broken(name) {
            return Err(GenericError);
        }
        if self.distortion.is_cut_off(name) {
            return Ok(Value::NoSuchInstance);
        }
        match self.view.get(name) {
            Value::Null | Value::EndOfMibView => Err(GenericError),
            value => Ok(self.distortion.typed(name, value)),
        }
    }

    pub(crate) fn next(&self, after: &[u32]) -> Result<Option<(Oid, Value)>, GenericError> {
        if let Some(again) = self.circle(after) {
            return Ok(Some(again));
        }
        let mut found = self.sound_next(after)?;
        while let Some((name, _)) = found.as_ref()
            && self.distortion.is_cut_off(name.arcs())
        {
            found = self.sound_next(&self.end_of_cut(name))?;
        }
        let Some((name, value)) = found else {
            return Ok(None);
        };
        if self.distortion.is_broken(name.arcs()) {
            return Err(GenericError);
        }
        let value = self.distortion.typed(name.arcs(), value);
        Ok(Some((name, value)))
    }

    /// Returns the next object, and checks the order of the walk.
    fn sound_next(&self, after: &[u32]) -> Result<Option<(Oid, Value)>, GenericError> {
        match self.view.next(after) {
            None => Ok(None),
            Some((name, _)) if name.arcs() <= after => Err(GenericError),
            Some((
                _,
                Value::Null | Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView,
            )) => Err(GenericError),
            found => Ok(found),
        }
    }

    fn circle(&self, after: &[u32]) -> Option<(Oid, Value)> {
        let from = self.distortion.non_increasing_at.as_ref()?;
        if after < from.arcs() {
            return None;
        }
        let value = self.get(after).ok()?;
        let is_there = !matches!(value, Value::NoSuchObject | Value::NoSuchInstance);
        is_there.then(|| (Oid::new(after), value))
    }

    /// Returns the last possible name in the truncated part of a table: one step instead of one per row.
    fn end_of_cut(&self, name: &Oid) -> Vec<u32> {
        let last = self
            .distortion
            .truncate_at
            .as_ref()
            .map_or(&[][..], Oid::arcs);
        let parent = last.split_last().map_or(last, |(_, parent)| parent);
        let mut end = parent.to_vec();
        end.push(u32::MAX);
        // More names may follow below the highest arc; they are skipped one by one.
        end.max(name.arcs().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::SetRefused;
    use super::*;

    struct Objects(BTreeMap<Oid, Value>);

    impl View for Objects {
        fn get(&self, oid: &[u32]) -> Value {
            let value = self.0.get(&Oid::new(oid)).cloned();
            value.unwrap_or(Value::NoSuchInstance)
        }

        fn next(&self, after: &[u32]) -> Option<(Oid, Value)> {
            let mut all = self.0.iter();
            let found = all.find(|(name, _)| name.arcs() > after)?;
            Some((found.0.clone(), found.1.clone()))
        }

        fn set(&mut self, _: &[(Oid, Value)]) -> Result<(), SetRefused> {
            Ok(())
        }
    }

    /// Two tables of two columns and four rows.
    fn objects() -> Objects {
        let mut objects = BTreeMap::new();
        for table in [1, 2] {
            for column in [1, 2] {
                for row in 1..=4 {
                    let name = Oid::new(&[1, 3, table, 1, column, row]);
                    objects.insert(name, Value::Integer(7));
                }
            }
        }
        Objects(objects)
    }

    fn walk(distortion: &Distortion) -> Vec<String> {
        let objects = objects();
        let lens = Lens {
            view: &objects,
            distortion,
        };
        let mut names = vec![Oid::new(&[1])];
        while let Ok(Some((name, _))) = lens.next(names.last().unwrap().arcs())
            && names.len() < 30
        {
            names.push(name);
        }
        names.iter().skip(1).map(Oid::to_string).collect()
    }

    fn oid(text: &str) -> Option<Oid> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_column_or_a_table_ends_early() {
        let of_column = walk(&Distortion {
            truncate_at: oid("1.3.1.1.1.2"),
            ..Distortion::default()
        });
        assert_eq!(of_column[1..3], ["1.3.1.1.1.2", "1.3.1.1.2.1"]);
        assert_eq!(of_column.len(), 14);
        let of_table = walk(&Distortion {
            truncate_at: oid("1.3.1.1.1"),
            ..Distortion::default()
        });
        assert_eq!(of_table[3..5], ["1.3.1.1.1.4", "1.3.2.1.1.1"]);
        assert_eq!(of_table.len(), 12);
    }

    #[test]
    fn a_walk_repeats_one_instance_from_the_given_object_on() {
        let names = walk(&Distortion {
            non_increasing_at: oid("1.3.1.1.2"),
            ..Distortion::default()
        });
        assert_eq!(names[3..6], ["1.3.1.1.1.4", "1.3.1.1.2.1", "1.3.1.1.2.1"]);
        assert_eq!(names.len(), 29);
    }

    #[test]
    fn a_walk_fails_at_the_given_object() {
        let distortion = Distortion {
            generic_error_at: oid("1.3.1.1.2"),
            wrong_type_at: oid("1.3.1.1.1"),
            ..Distortion::default()
        };
        assert_eq!(walk(&distortion).len(), 4);
        let objects = objects();
        let lens = Lens {
            view: &objects,
            distortion: &distortion,
        };
        assert_eq!(lens.get(&[1, 3, 1, 1, 2, 1]), Err(GenericError));
        assert_eq!(lens.get(&[1, 3, 1, 1, 1, 1]), Ok(Value::text("7")));
        assert_eq!(lens.get(&[1, 3, 2, 1, 1, 1]), Ok(Value::Integer(7)));
    }

    #[test]
    fn faults_are_written_as_people_write_names() {
        let text = r#"{"max_rows":10,"truncate_at":"1.3.6.1"}"#;
        let distortion: Distortion = serde_json::from_str(text).unwrap();
        assert_eq!(distortion.truncate_at, oid("1.3.6.1"));
        assert_eq!(serde_json::to_string(&distortion).unwrap(), text);
        assert!(serde_json::from_str::<Distortion>(r#"{"max_row":1}"#).is_err());
    }
}

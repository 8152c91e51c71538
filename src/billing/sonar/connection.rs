//! Reads connections, the lists of Sonar: their records, and the total that they should have.

use compact_str::CompactString;
use serde_json::Value;

use super::page_walk::PageInfo;
use crate::billing::json::{Record, ShapeError};
use crate::model::billing::{AccountId, Collection, Gap, GapReason, UnreadableRecord};

/// The records of a connection, as they came.
#[derive(Debug)]
pub(super) struct Connection<'v> {
    /// `None` where the instance does not report totals, or was not asked to.
    pub(super) total: Option<u64>,
    total_pages: Option<u64>,
    /// Each with its path.
    pub(super) entities: Vec<(&'v Value, CompactString)>,
}

impl<'v> Connection<'v> {
    /// Reads a connection that must be there: Sonar sends null where a permission is missing.
    pub(super) fn read(record: &Record<'v>, key: &str) -> Result<Self, ShapeError> {
        let connection = record.optional(key)?;
        let connection = connection.ok_or_else(|| record.wrong(key, "a connection"))?;
        // A total that cannot be read is a total that is not known; the proof sees to that.
        let info = connection.optional("page_info").ok().flatten();
        let number = |key: &str| info.as_ref()?.number(key).ok().flatten();
        Ok(Self {
            total: number("total_count"),
            total_pages: number("total_pages"),
            entities: connection.list("entities")?,
        })
    }

    /// Returns what a page of a root query reports about the whole list.
    pub(super) fn page_info(&self) -> Option<PageInfo> {
        Some(PageInfo {
            total_pages: self.total_pages?,
            total_count: self.total?,
        })
    }
}

/// The unreadable and the missing parts of a reading.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    pub(super) unreadable: Vec<UnreadableRecord>,
    pub(super) gaps: Vec<Gap>,
}

impl Remarks {
    pub(super) fn append(&mut self, mut other: Self) {
        self.unreadable.append(&mut other.unreadable);
        self.gaps.append(&mut other.gaps);
    }

    /// Notes a record that is not understood; its id is whatever can be read of it.
    pub(super) fn unreadable(
        &mut self,
        collection: Collection,
        value: &Value,
        account: Option<&AccountId>,
        reason: &ShapeError,
    ) {
        self.unreadable.push(UnreadableRecord {
            collection,
            id: readable_id(value),
            account: account.cloned(),
            reason: CompactString::new(reason.to_string()),
        });
    }

    pub(super) fn gap(&mut self, collection: Collection, reason: GapReason) {
        self.gaps.push(Gap { collection, reason });
    }
}

/// Returns the id of a record of which something else may be wrong.
pub(super) fn readable_id(value: &Value) -> Option<CompactString> {
    let record = Record::of(value, "").ok()?;
    let id = record.id::<AccountId>("id").ok()?;
    Some(CompactString::new(id.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<(Option<u64>, usize), ShapeError> {
        let record = Record::of(value, "")?;
        let connection = Connection::read(&record, "accounts")?;
        Ok((connection.total, connection.entities.len()))
    }

    #[test]
    fn a_connection_has_records_and_their_total() {
        for total in [json!(3), json!("3")] {
            let answer = json!({"accounts": {
                "page_info": {"page": 1, "total_pages": 2, "total_count": total, "records_per_page": 2},
                "entities": [{"id": "1"}, {"id": "2"}],
            }});
            assert_eq!(read(&answer), Ok((Some(3), 2)));
        }
    }

    #[test]
    fn a_connection_without_a_total_has_records_all_the_same() {
        for info in [
            json!(null),
            json!([]),
            json!({}),
            json!({"total_count": -1}),
            json!("x"),
        ] {
            let answer = json!({"accounts": {"page_info": info, "entities": []}});
            assert_eq!(read(&answer), Ok((None, 0)), "{answer}");
        }
        assert_eq!(read(&json!({"accounts": {"entities": []}})), Ok((None, 0)));
    }

    #[test]
    fn null_and_a_list_are_not_connections() {
        for wrong in [
            json!({}),
            json!({"accounts": null}),
            json!({"accounts": []}),
            json!({"accounts": {}}),
            json!({"accounts": {"entities": null}}),
            json!({"accounts": {"entities": {"0": {}}}}),
            json!({"accounts": "x"}),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unreadable_record_is_named_by_its_id() {
        let mut remarks = Remarks::default();
        let value = json!({"id": 77, "name": ["Okafor"]});
        let reason = ShapeError::new("accounts[0].name", "a text", value.get("name"));
        remarks.unreadable(Collection::Accounts, &value, None, &reason);
        let [unreadable] = &remarks.unreadable[..] else {
            unreachable!("one record is unreadable")
        };
        assert_eq!(unreadable.id.as_deref(), Some("77"));
        assert_eq!(
            unreadable.reason,
            "accounts[0].name: expected a text, got a list of 1"
        );
        assert_eq!(readable_id(&json!({"id": "a b"})), None);
        assert_eq!(readable_id(&json!(7)), None);
    }
}

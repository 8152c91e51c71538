//! Asks for changes since a moment, kind by kind: a parent does not change with its children.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat};
use compact_str::CompactString;
use serde_json::{Value, json};

use super::connection::Connection;
use super::delta_root::{AskedRoot, DeltaRoot};
use super::owner::Owners;
use super::page_walk::Page;
use super::query::{Query, ROOT_TOTALS, paginator};
use crate::billing::json::{Record, ShapeError};

/// The time that a delta goes back behind the newest change: a change may become visible late.
const OVERLAP: i64 = 5 * 60;

/// The moment up to which changes are known, by the clock of the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaCursor {
    /// Seconds since 1970.
    from: i64,
    /// The changes since `from` that were reported already.
    seen: BTreeSet<SeenRecord>,
}

/// A record as it was seen: root, id and version.
type SeenRecord = (DeltaRoot, CompactString, CompactString);

impl DeltaCursor {
    /// Starts at the beginning of a full read; `difference` is by how many seconds the clocks differ.
    pub fn start(now: u64, difference: u64) -> Self {
        let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let back = seconds(difference).saturating_add(OVERLAP);
        Self {
            from: seconds(now).saturating_sub(back).max(0),
            seen: BTreeSet::new(),
        }
    }

    /// Makes a search for what is not older than the cursor.
    pub(super) fn search(&self, moment: &str) -> Value {
        let since = DateTime::from_timestamp(self.from, 0).unwrap_or_default();
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, false);
        json!([{"datetime_fields":
            [{"attribute": moment, "operator": "GTE", "search_value": since}]}])
    }

    /// Makes the query of a page of these roots, all in one request.
    pub(super) fn query(&self, roots: &[AskedRoot], page: Page) -> Query {
        let mut declared = String::from("query Changes($page: Paginator!");
        let mut parts = String::new();
        let mut variables = serde_json::Map::from_iter([("page".to_owned(), paginator(page))]);
        for AskedRoot { root, is_counted } in roots {
            let (name, moment, fields) = (root.root(), root.moment(), root.fields());
            let arguments = root.arguments();
            let totals = if *is_counted { ROOT_TOTALS } else { "" };
            declared.push_str(&format!(", ${name}: [Search]"));
            parts.push_str(&format!(
                "
  {name}({arguments}paginator: $page, search: ${name}, sorter: [{{attribute: \"{moment}\", direction: ASC}}]) {{
    {totals}
    entities {{ id _version {moment} {fields} }} }}"
            ));
            variables.insert(name.to_owned(), self.search(moment));
        }
        Query {
            name: "changes",
            text: format!("{declared}) {{{parts}\n}}"),
            variables: Value::Object(variables),
        }
    }
}

/// Collects the pages of one delta.
#[derive(Debug)]
pub(super) struct DeltaReading {
    cursor: DeltaCursor,
    newest: i64,
    /// By root: the total where it is counted, and the ids that came.
    lists: BTreeMap<DeltaRoot, (Option<u64>, BTreeSet<CompactString>)>,
    /// Records with their moments, to forget those before the next cursor.
    moments: Vec<(SeenRecord, i64)>,
    pub(super) found: Owners,
    /// Records that are not understood: what they concern is not known.
    pub(super) unreadable: u64,
}

impl DeltaReading {
    pub(super) fn new(cursor: &DeltaCursor) -> Self {
        Self {
            newest: cursor.from,
            cursor: cursor.clone(),
            lists: BTreeMap::new(),
            moments: Vec::new(),
            found: Owners::default(),
            unreadable: 0,
        }
    }

    /// Reads a page; returns the roots that have more.
    pub(super) fn read(
        &mut self,
        roots: &[AskedRoot],
        page: Page,
        data: &Value,
    ) -> Result<Vec<AskedRoot>, ShapeError> {
        let data = Record::of(data, "")?;
        let mut more = Vec::new();
        for asked in roots {
            let connection = Connection::read(&data, asked.root.root())?;
            let info = connection.page_info();
            let came = u64::try_from(connection.entities.len()).unwrap_or(u64::MAX);
            let has_more = match info {
                Some(info) => came > 0 && info.total_pages > u64::from(page.number),
                None => came >= u64::from(page.size),
            };
            if has_more {
                more.push(*asked);
            }
            let list = self.lists.entry(asked.root).or_default();
            // A total that was asked for and did not come is one that nothing agrees with.
            let total = info.map_or(u64::MAX, |info| info.total_count);
            list.0 = asked.is_counted.then_some(total);
            for (value, path) in connection.entities {
                let record = Record::of(value, path);
                let noted = record.and_then(|record| self.note(asked.root, &record));
                if noted.is_err() {
                    self.unreadable = self.unreadable.saturating_add(1);
                }
            }
        }
        Ok(more)
    }

    fn note(&mut self, root: DeltaRoot, record: &Record<'_>) -> Result<(), ShapeError> {
        let id: CompactString = record.id("id")?;
        let list = self.lists.entry(root).or_default();
        list.1.insert(id.clone());
        let moment = read_moment(record, root.moment())?;
        if root.is_in_order() {
            self.newest = self.newest.max(moment);
        }
        // A record without a version is reported each time, until the cursor has passed it.
        if let Some(version) = record.filled_text("_version")? {
            let key = (root, id, version);
            let is_old = self.cursor.seen.contains(&key);
            self.moments.push((key, moment));
            if is_old {
                return Ok(());
            }
        }
        root.note(record, &mut self.found)
    }

    /// Returns whether every list came as long as its total: nothing slipped between two pages. Of lists without a total
    /// that is not known; the overlap finds what slipped a moment ago, and the next full read the rest.
    pub(super) fn is_whole(&self) -> bool {
        let mut lists = self.lists.values();
        let is_long = |(total, ids): &(Option<u64>, BTreeSet<_>)| {
            total.is_none_or(|total| u64::try_from(ids.len()).is_ok_and(|came| came == total))
        };
        self.unreadable == 0 && lists.all(is_long)
    }

    /// Returns the cursor for the next delta; the same moment again if something may be missing.
    pub(super) fn next(&self) -> DeltaCursor {
        if !self.is_whole() {
            return self.cursor.clone();
        }
        let from = self.newest.saturating_sub(OVERLAP).max(self.cursor.from);
        let seen = self.moments.iter().filter(|(_, moment)| *moment >= from);
        DeltaCursor {
            from,
            seen: seen.map(|(key, _)| key.clone()).collect(),
        }
    }
}

/// Reads a moment with its zone, as seconds since 1970.
fn read_moment(record: &Record<'_>, key: &str) -> Result<i64, ShapeError> {
    let text = record.word(key)?;
    let moment = DateTime::parse_from_rfc3339(&text);
    let moment = moment.map_err(|_| record.wrong(key, "a date and a time with a zone"))?;
    Ok(moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::sonar::owner::ChangedObject;

    const START: u64 = 1_795_187_000;

    fn page(number: u32) -> Page {
        Page { number, size: 100 }
    }

    fn moment(seconds: i64) -> String {
        let moment = DateTime::from_timestamp(i64::try_from(START).unwrap() + seconds, 0);
        moment.unwrap().to_rfc3339()
    }

    fn list(total: usize, entities: &[Value]) -> Value {
        let pages = total.div_ceil(100);
        json!({"page_info": {"page": 1, "total_pages": pages, "total_count": total, "records_per_page": 100}, "entities": entities})
    }

    fn account(id: u32, version: u32, seconds: i64) -> Value {
        json!({"id": id.to_string(), "_version": version.to_string(), "updated_at": moment(seconds)})
    }

    fn counted(root: DeltaRoot) -> AskedRoot {
        AskedRoot {
            root,
            is_counted: true,
        }
    }

    fn read(cursor: &DeltaCursor, accounts: &Value) -> DeltaReading {
        let mut reading = DeltaReading::new(cursor);
        let more = reading.read(
            &[counted(DeltaRoot::Accounts)],
            page(1),
            &json!({ "accounts": accounts }),
        );
        assert_eq!(more, Ok(vec![]));
        reading
    }

    fn accounts(reading: &DeltaReading) -> Vec<&str> {
        reading
            .found
            .accounts
            .iter()
            .map(|id| id.as_str())
            .collect()
    }

    #[test]
    fn each_root_is_asked_for_by_itself_in_one_request() {
        let query = DeltaCursor::start(START, 0).query(&DeltaRoot::ALL.map(counted), page(1));
        for root in DeltaRoot::ALL {
            let name = root.root();
            assert!(query.text.contains(&format!("\n  {name}(")), "{name}");
            let search = &query.variables[name][0]["datetime_fields"][0];
            assert_eq!(search["operator"], json!("GTE"));
            assert_eq!(search["search_value"], json!("2026-11-20T14:58:20+00:00"));
        }
        assert!(query.text.contains("logs(type: DELETED, "));
        assert_eq!(
            query.text.matches('{').count(),
            query.text.matches('}').count()
        );
    }

    #[test]
    fn a_start_goes_back_by_the_overlap_and_the_difference_of_the_clocks() {
        let plain = DeltaCursor::start(START, 0);
        let skewed = DeltaCursor::start(START, 3600);
        assert_eq!(plain.from - skewed.from, 3600);
        assert_eq!(DeltaCursor::start(7, 0).from, 0);
        assert_eq!(DeltaCursor::start(u64::MAX, u64::MAX).from, 0);
    }

    #[test]
    fn a_change_is_reported_once_and_again_with_its_next_version() {
        let cursor = DeltaCursor::start(START, 0);
        let first = read(&cursor, &list(1, &[account(1042, 7, 10)]));
        assert_eq!(accounts(&first), ["1042"]);
        let cursor = first.next();
        let second = read(&cursor, &list(1, &[account(1042, 7, 10)]));
        assert!(second.found.accounts.is_empty());
        // Two changes within one second have one moment and two versions.
        let third = read(&second.next(), &list(1, &[account(1042, 8, 10)]));
        assert_eq!(accounts(&third), ["1042"]);
    }

    #[test]
    fn the_cursor_follows_the_newest_change_by_their_clock() {
        let cursor = DeltaCursor::start(START, 0);
        let reading = read(&cursor, &list(2, &[account(1, 1, 0), account(2, 1, 4000)]));
        let next = reading.next();
        assert_eq!(next.from, cursor.from + OVERLAP + 4000 - OVERLAP);
        assert_eq!(next.seen.len(), 1);
    }

    #[test]
    fn a_delta_that_lost_a_record_does_not_move_the_cursor() {
        let cursor = DeltaCursor::start(START, 0);
        let short = read(&cursor, &list(2, &[account(1, 1, 10)]));
        assert_eq!(accounts(&short), ["1"]);
        assert!(!short.is_whole());
        assert_eq!(short.next(), cursor);
        let uncounted = json!({"entities": [account(1, 1, 10)]});
        assert_eq!(read(&cursor, &uncounted).next(), cursor);
        let broken = json!({"id": "2", "_version": "1", "updated_at": "yesterday"});
        let unreadable = read(&cursor, &list(2, &[account(1, 1, 10), broken]));
        assert_eq!(unreadable.unreadable, 1);
        assert_eq!(unreadable.next(), cursor);
    }

    #[test]
    fn a_list_that_cannot_be_counted_ends_with_a_short_page() {
        let uncounted = AskedRoot {
            root: DeltaRoot::Accounts,
            is_counted: false,
        };
        let cursor = DeltaCursor::start(START, 0);
        let query = cursor.query(&[uncounted], page(1));
        assert!(!query.text.contains("page_info"));
        let mut reading = DeltaReading::new(&cursor);
        let full: Vec<_> = (1..=100).map(|id| account(id, 1, 400)).collect();
        let full = json!({"accounts": {"entities": full}});
        assert_eq!(
            reading.read(&[uncounted], page(1), &full),
            Ok(vec![uncounted])
        );
        let last = json!({"accounts": {"entities": [account(101, 1, 400)]}});
        assert_eq!(reading.read(&[uncounted], page(2), &last), Ok(vec![]));
        assert_eq!(reading.found.accounts.len(), 101);
        assert!(reading.is_whole());
    }

    #[test]
    fn an_event_in_the_future_does_not_move_the_cursor() {
        let cursor = DeltaCursor::start(START, 0);
        let event = json!({"id": "1", "_version": "1", "event_datetime": moment(1_000_000), "account_id": "1042"});
        let mut reading = DeltaReading::new(&cursor);
        let data = json!({"account_events": list(1, &[event])});
        reading
            .read(&[counted(DeltaRoot::AccountEvents)], page(1), &data)
            .unwrap();
        assert_eq!(accounts(&reading), ["1042"]);
        assert_eq!(reading.next().from, cursor.from);
    }

    /// A changed record with these fields.
    fn with(fields: &Value) -> Value {
        let mut record = json!({"id": "1", "_version": "1"});
        for key in ["updated_at", "created_at", "event_datetime"] {
            record[key] = json!(moment(1));
        }
        for (key, value) in fields.as_object().unwrap() {
            record[key] = value.clone();
        }
        record
    }

    #[test]
    fn every_kind_of_change_leads_to_its_account() {
        let at_address = json!({"id": "9001", "account_service_id": null, "inventoryitemable_type": "Address", "inventoryitemable_id": "5001"});
        for (root, fields, expected) in [
            (
                DeltaRoot::Accounts,
                json!({"id": "1042"}),
                ChangedObject::of("Account", "1042"),
            ),
            (
                DeltaRoot::AccountServices,
                json!({"account_id": "1042"}),
                ChangedObject::of("Account", "1042"),
            ),
            (
                DeltaRoot::UninventoriedMacAddresses,
                json!({"account_id": 1042}),
                ChangedObject::of("Account", "1042"),
            ),
            (
                DeltaRoot::AccountEvents,
                json!({"account_id": "1042"}),
                ChangedObject::of("Account", "1042"),
            ),
            (
                DeltaRoot::InventoryItems,
                at_address.clone(),
                ChangedObject::of("Address", "5001"),
            ),
            (
                DeltaRoot::InventoryModelFieldData,
                json!({"inventory_item": at_address}),
                ChangedObject::of("Address", "5001"),
            ),
            (
                DeltaRoot::ServiceMetadataValues,
                json!({"account_service_id": "77"}),
                ChangedObject::of("AccountService", "77"),
            ),
            (
                DeltaRoot::CustomFieldData,
                json!({"customfielddataable_type": "Address", "customfielddataable_id": "5001"}),
                ChangedObject::of("Address", "5001"),
            ),
            (
                DeltaRoot::DataServiceDetails,
                json!({"service_id": "31"}),
                Some(ChangedObject::Tariff),
            ),
            (
                DeltaRoot::Addresses,
                json!({"addressable_type": "Account", "addressable_id": "1042"}),
                ChangedObject::of("Account", "1042"),
            ),
            (
                DeltaRoot::Deleted,
                json!({"logged_entity_type": "AccountService", "logged_entity_id": "77", "loggable_type": null, "loggable_id": null}),
                ChangedObject::of("AccountService", "77"),
            ),
            (
                DeltaRoot::Deleted,
                json!({"logged_entity_type": "Contact", "logged_entity_id": "9", "loggable_type": "Account", "loggable_id": "1042"}),
                ChangedObject::of("Account", "1042"),
            ),
        ] {
            let mut reading = DeltaReading::new(&DeltaCursor::start(START, 0));
            let mut data = json!({});
            data[root.root()] = list(1, &[with(&fields)]);
            reading.read(&[counted(root)], page(1), &data).unwrap();
            assert_eq!(reading.unreadable, 0, "{root:?}");
            let mut wanted = Owners::default();
            wanted.add(expected.unwrap());
            reading.found.items.clear();
            assert_eq!(reading.found, wanted, "{root:?}");
        }
    }
}

//! Decides the new ids of subscribers from a list: each row names a subscriber and its new id.

use std::collections::{BTreeMap, HashMap};

use super::csv::{CsvRow, CsvTable};
use super::edit::{Edit, KeyPath, Object};
use crate::inventory::{Inventory, complete_subscriber};
use crate::model::{MacAddress, Subscriber, SubscriberId};

/// The columns of the new id.
const NEW_ID: [&str; 3] = ["new_id", "to", "account"];
/// The columns that name a subscriber; a row must match in all that it fills in.
const ID: [&str; 3] = ["id", "old_id", "from"];
const ENDPOINT: [&str; 2] = ["endpoint", "mac"];
const NAME: [&str; 1] = ["name"];
const DEVICE: [&str; 1] = ["device"];
const VLAN: [&str; 1] = ["vlan"];
const DESCRIPTION: [&str; 1] = ["description"];

/// The new id of one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// The line of the list; 0 without a list.
    pub line: usize,
    pub from: SubscriberId,
    pub to: SubscriberId,
    /// The default of `name` was the old id, so the name is written: the device keeps it.
    pub writes_name: bool,
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    pub line: usize,
    pub problem: String,
}

/// The decision about a whole list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    pub renames: Vec<Rename>,
    /// Rows whose subscriber has the new id already.
    pub unchanged: usize,
    pub problems: Vec<RowProblem>,
    /// Columns that are not used.
    pub ignored: Vec<String>,
    /// Subscribers of the inventory that no row names.
    pub not_listed: usize,
}

/// The reason that no row of a list can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    #[error("no column has the new ids; name one of the columns `new_id`")]
    NoNewId,
    #[error(
        "no column names the subscribers; name one or more of the columns `id`, `endpoint`, `name`, `device`, `vlan` or `description`"
    )]
    NoKey,
}

/// The columns of a list.
struct Columns {
    new_id: usize,
    id: Option<usize>,
    endpoint: Option<usize>,
    name: Option<usize>,
    device: Option<usize>,
    vlan: Option<usize>,
    description: Option<usize>,
}

impl Columns {
    fn of(table: &CsvTable) -> Result<Self, RenameError> {
        let columns = Self {
            new_id: table.column(&NEW_ID).ok_or(RenameError::NoNewId)?,
            id: table.column(&ID),
            endpoint: table.column(&ENDPOINT),
            name: table.column(&NAME),
            device: table.column(&DEVICE),
            vlan: table.column(&VLAN),
            description: table.column(&DESCRIPTION),
        };
        match columns.keys().iter().any(Option::is_some) {
            true => Ok(columns),
            false => Err(RenameError::NoKey),
        }
    }

    fn keys(&self) -> [Option<usize>; 6] {
        [
            self.id,
            self.endpoint,
            self.name,
            self.device,
            self.vlan,
            self.description,
        ]
    }

    fn ignored(&self, table: &CsvTable) -> Vec<String> {
        let is_used = |index: usize| index == self.new_id || self.keys().contains(&Some(index));
        let columns = table.columns.iter().enumerate();
        let ignored = columns.filter(|(index, column)| !is_used(*index) && !column.is_empty());
        ignored.map(|(_, column)| column.clone()).collect()
    }
}

/// Decides the renames of a list.
pub fn renames(inventory: &Inventory, table: &CsvTable) -> Result<Renames, RenameError> {
    let columns = Columns::of(table)?;
    let known = Known::of(inventory);
    let mut decided = Renames {
        ignored: columns.ignored(table),
        ..Renames::default()
    };
    let mut lines = Lines::default();
    for row in &table.rows {
        match known.row(row, &columns, &mut lines) {
            Ok(Some(rename)) => decided.renames.push(rename),
            Ok(None) => decided.unchanged += 1,
            Err(problem) => decided.problems.push(RowProblem {
                line: row.line,
                problem,
            }),
        }
    }
    decided.not_listed = known.subscribers.len().saturating_sub(lines.named.len());
    Ok(decided)
}

/// Returns the rename of one subscriber, or `None` if it has the id already.
pub fn rename(inventory: &Inventory, from: &str, to: &str) -> Result<Option<Rename>, String> {
    let known = Known::of(inventory);
    let index = known.by_id.get(from);
    let index = index.ok_or_else(|| format!("there is no subscriber `{from}`"))?;
    known.renamed(*index, to, 0, &mut Lines::default())
}

/// Returns the edits of renames. Names on devices do not change.
pub fn edits(renames: &[Rename]) -> Vec<Edit> {
    let edits = renames.iter().flat_map(|one| {
        let rename = Edit::Rename {
            object: Object::subscriber(one.from.as_str()),
            to: one.to.to_string(),
            records_moved_from: true,
        };
        let name = one.writes_name.then(|| Edit::Set {
            object: Object::subscriber(one.to.as_str()),
            key: KeyPath::from(["name"]),
            value: one.from.as_str().into(),
        });
        [rename].into_iter().chain(name)
    });
    edits.collect()
}

/// The lines that named a subscriber or a new id.
#[derive(Default)]
struct Lines {
    named: HashMap<usize, usize>,
    ids: HashMap<String, usize>,
}

/// The subscribers of the inventory, indexed by what rows name them by.
struct Known {
    subscribers: Vec<Subscriber>,
    /// Whether the name is written in the inventory, in the same order.
    has_name: Vec<bool>,
    by_id: HashMap<String, usize>,
    by_endpoint: HashMap<MacAddress, Vec<usize>>,
    by_name: BTreeMap<String, Vec<usize>>,
}

impl Known {
    fn of(inventory: &Inventory) -> Self {
        let mut known = Self {
            subscribers: Vec::new(),
            has_name: Vec::new(),
            by_id: HashMap::new(),
            by_endpoint: HashMap::new(),
            by_name: BTreeMap::new(),
        };
        for object in inventory.subscribers() {
            let Some(one) = complete_subscriber(object) else {
                continue;
            };
            let index = known.subscribers.len();
            known.by_id.insert(one.id.to_string(), index);
            if let Some(mac) = one.endpoint {
                known.by_endpoint.entry(mac).or_default().push(index);
            }
            let named = known.by_name.entry(one.name.to_string());
            named.or_default().push(index);
            known.has_name.push(object.text.name.is_some());
            known.subscribers.push(one);
        }
        known
    }

    fn row(
        &self,
        row: &CsvRow,
        columns: &Columns,
        lines: &mut Lines,
    ) -> Result<Option<Rename>, String> {
        let to = row.cell(Some(columns.new_id));
        let to = to.ok_or_else(|| "the new id is empty".to_owned())?;
        if let Some(id) = row.cell(columns.id)
            && !self.by_id.contains_key(id)
            && let Some(index) = self.by_id.get(to)
            && let Some(one) = self.subscribers.get(*index)
            && one
                .moved_from
                .as_ref()
                .is_some_and(|old| old.as_str() == id)
        {
            // An earlier run of the same list renamed it.
            lines.named.insert(*index, row.line);
            return Ok(None);
        }
        let index = self.named(row, columns)?;
        self.renamed(index, to, row.line, lines)
    }

    /// Returns the one subscriber that matches every cell.
    fn named(&self, row: &CsvRow, columns: &Columns) -> Result<usize, String> {
        let endpoint = row.cell(columns.endpoint).map(|text| {
            let parsed = text.parse::<MacAddress>();
            parsed.map_err(|error| format!("`{text}` is not a MAC address: {error}"))
        });
        let endpoint = endpoint.transpose()?;
        let (id, name) = (row.cell(columns.id), row.cell(columns.name));
        let candidates: Vec<usize> = match (id, endpoint, name) {
            (Some(id), ..) => self.by_id.get(id).copied().into_iter().collect(),
            (None, Some(mac), _) => self.by_endpoint.get(&mac).cloned().unwrap_or_default(),
            (None, None, Some(name)) => self.by_name.get(name).cloned().unwrap_or_default(),
            (None, None, None) => (0..self.subscribers.len()).collect(),
        };
        let device = row.cell(columns.device);
        let vlan = row.cell(columns.vlan);
        let description = row.cell(columns.description);
        let given = [id, name, device, vlan, description];
        if given.iter().all(Option::is_none) && endpoint.is_none() {
            return Err("no cell names the subscriber".to_owned());
        }
        let matches = |one: &Subscriber| {
            let is = |cell: Option<&str>, value: &str| cell.is_none_or(|cell| cell == value);
            is(id, one.id.as_str())
                && is(name, one.name.as_str())
                && is(device, one.device.as_str())
                && vlan.is_none_or(|vlan| vlan == one.vlan.to_string())
                && endpoint.is_none_or(|mac| one.endpoint == Some(mac))
                && description.is_none_or(|cell| {
                    let text = one.description.as_ref();
                    text.is_some_and(|text| text.as_str() == cell)
                })
        };
        let mut found = candidates
            .into_iter()
            .filter(|index| self.subscribers.get(*index).is_some_and(matches));
        match (found.next(), found.next()) {
            (Some(index), None) => Ok(index),
            (None, _) => Err(format!("no subscriber has {}", self.cells(row, columns))),
            (Some(one), Some(other)) => Err(format!(
                "several subscribers have {}: {}, {} and perhaps more; fill in another column",
                self.cells(row, columns),
                self.id(one),
                self.id(other)
            )),
        }
    }

    fn id(&self, index: usize) -> &str {
        let one = self.subscribers.get(index);
        one.map_or("", |one| one.id.as_str())
    }

    /// Returns the cells that name a subscriber, for people.
    fn cells(&self, row: &CsvRow, columns: &Columns) -> String {
        let names = ["id", "endpoint", "name", "device", "vlan", "description"];
        let cells = names.into_iter().zip(columns.keys());
        let cells = cells.filter_map(|(name, column)| {
            let cell = row.cell(column)?;
            Some(format!("{name} `{cell}`"))
        });
        cells.collect::<Vec<_>>().join(" and ")
    }

    fn renamed(
        &self,
        index: usize,
        to: &str,
        line: usize,
        lines: &mut Lines,
    ) -> Result<Option<Rename>, String> {
        let Some(one) = self.subscribers.get(index) else {
            return Ok(None);
        };
        if let Some(before) = lines.named.insert(index, line) {
            return Err(format!("line {before} names `{}` too", one.id));
        }
        if let Some(before) = lines.ids.insert(to.to_owned(), line) {
            return Err(format!("line {before} gives the new id `{to}` too"));
        }
        if one.id.as_str() == to {
            return Ok(None);
        }
        if self.by_id.contains_key(to) {
            return Err(format!(
                "`{to}` is the id of another subscriber; rename that one in an earlier commit"
            ));
        }
        let to = SubscriberId::new(to).map_err(|error| format!("`{to}`: {error}"))?;
        Ok(Some(Rename {
            line,
            from: one.id.clone(),
            to,
            writes_name: self.has_name.get(index) == Some(&false),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::authoring::edit::apply;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, Reading, canonical_order, read_texts};

    const MORE: &str = "[subscriber.b]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-100\"\nvlan = 102\nname = \"apt-2\"\ndescription = \"Flat 2\"\n\n[subscriber.c]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:03\"\nservice_plan = \"home-100\"\nvlan = 103\n";

    fn texts() -> BTreeMap<Arc<str>, Arc<str>> {
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert("subscribers/more.toml".into(), MORE.into());
        texts
    }

    fn read(texts: &BTreeMap<Arc<str>, Arc<str>>) -> Reading {
        let reading = read_texts(texts, &Limits::default());
        assert!(!reading.has_errors(), "{:?}", reading.findings);
        reading
    }

    fn decided(csv: &str) -> Renames {
        let table = CsvTable::parse(csv.as_bytes()).unwrap();
        renames(&read(&texts()).inventory, &table).unwrap()
    }

    #[test]
    fn a_subscriber_is_named_by_any_column_that_finds_it_alone() {
        for csv in [
            "id,new_id\nb,n\n",
            "mac,account\n000e.d800.0002,n\n",
            "name,new_id\napt-2,n\n",
            "device;vlan;town;new_id\nmaple-a;102;Vaduz;n\n",
            "description,new_id\nFlat 2,n\n",
        ] {
            let decided = decided(csv);
            assert_eq!(decided.problems, [], "{csv}");
            let renames = decided.renames.iter();
            let pairs: Vec<_> = renames
                .map(|one| (one.from.as_str(), one.to.as_str()))
                .collect();
            assert_eq!((pairs, decided.not_listed), (vec![("b", "n")], 2), "{csv}");
        }
        assert_eq!(decided("vlan,town,new_id\n102,Vaduz,n\n").ignored, ["town"]);
    }

    #[test]
    fn every_wrong_row_is_reported_with_its_line() {
        let decided = decided(
            "id,device,new_id\nz,,n1\nb,,\n,maple-a,n2\nb,,c\nb,,n3\nc,,n4\nacct-1,,n4\n,,n5\nc,,n6\n",
        );
        let problems = decided.problems.iter();
        let problems: Vec<(usize, &str)> = problems
            .map(|one| (one.line, one.problem.as_str()))
            .collect();
        let expected = [
            (2, "no subscriber has id `z`"),
            (3, "the new id is empty"),
            (4, "several subscribers have device `maple-a`"),
            (5, "`c` is the id of another subscriber"),
            (6, "line 5 names `b` too"),
            (8, "line 7 gives the new id `n4` too"),
            (9, "no cell names the subscriber"),
            (10, "line 7 names `c` too"),
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
        for (problem, (line, part)) in problems.iter().zip(expected) {
            assert!(problem.0 == line && problem.1.contains(part), "{problem:?}");
        }
        let wrong = self::decided("id,new_id\nb,bad id\n").problems;
        assert!(wrong[0].problem.contains("`bad id`"), "{wrong:?}");
    }

    #[test]
    fn a_list_needs_a_column_of_new_ids_and_one_that_names_subscribers() {
        let inventory = read(&texts()).inventory;
        for (csv, error) in [
            ("id,x\nb,n", RenameError::NoNewId),
            ("town,new_id\nb,n", RenameError::NoKey),
        ] {
            let table = CsvTable::parse(csv.as_bytes()).unwrap();
            assert_eq!(renames(&inventory, &table), Err(error), "{csv}");
        }
    }

    #[test]
    fn the_same_list_again_changes_nothing_and_the_device_keeps_its_names() {
        let mut texts = texts();
        let table = CsvTable::parse(b"id,new_id\nb,n1\nc,n2\n").unwrap();
        let before = read(&texts);
        let decided = renames(&before.inventory, &table).unwrap();
        let changes = apply(&texts, &edits(&decided.renames), &|kind, path| {
            canonical_order(kind, path)
        });
        for change in changes.unwrap() {
            texts.insert(change.path, change.after.unwrap());
        }
        let after = read(&texts);
        let named = |reading: &Reading, id: &str| {
            let one = reading
                .inventory
                .subscriber(id)
                .and_then(complete_subscriber);
            let one = one.unwrap();
            (one.name, one.endpoint_name, one.moved_from)
        };
        for (old, new) in [("b", "n1"), ("c", "n2")] {
            let (name, endpoint_name, _) = named(&before, old);
            let moved_from = SubscriberId::new(old).ok();
            assert_eq!(named(&after, new), (name, endpoint_name, moved_from));
        }
        let again = renames(&after.inventory, &table).unwrap();
        assert_eq!((again.renames.len(), again.unchanged), (0, 2));
        assert_eq!(again.problems, []);
    }
}

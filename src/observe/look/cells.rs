//! Reads tables whose row numbers are known in advance (ports, uplinks, profiles) without a walk.

use super::TRIES;
use super::ask::Asker;
use super::table::{Read, ended};
use crate::model::GamModel;
use crate::observe::decode::{Grid, Uplinks, other_interfaces};
use crate::observe::kinds::profile;
use crate::observe::mib::{FIRST_PHYSICAL, Object, ghn, port, vlan};
use crate::observe::rows::Known;
use crate::transport::snmp::{Oid, SnmpError, Value};

/// Values of one request, some of them texts.
const MOST_VALUES: usize = 24;

/// The highest profile number.
const HIGHEST_PROFILE: u32 = 15;

/// Columns of rows that are present in all of them or in none.
struct Cells<'a> {
    what: &'a str,
    objects: &'a [&'a Object],
    numbers: Vec<u32>,
    at_once: usize,
}

/// Reads the G.hn agent's settings of its ports.
pub(super) async fn ports(asker: &Asker, model: GamModel) -> Read {
    let cells = Cells {
        what: "port",
        objects: &[&ghn::PORT_NAME, &ghn::PORT_MODE],
        numbers: ports_of(model),
        at_once: MOST_VALUES,
    };
    cells.read(asker).await
}

/// Reads the shutdown states of the G.hn ports.
pub(super) async fn shutdown(asker: &Asker, model: GamModel) -> Read {
    let cells = Cells {
        what: "interface",
        objects: &[&port::SHUTDOWN],
        numbers: ports_of(model),
        at_once: MOST_VALUES,
    };
    cells.read(asker).await
}

/// Reads what distinguishes the uplinks from the management port.
pub(super) async fn others(asker: &Asker, model: GamModel) -> Read {
    let cells = Cells {
        what: "interface",
        objects: &[&port::FORCED_SPEED, &port::MEDIA, &port::ISOLATION],
        numbers: other_interfaces(model),
        at_once: MOST_VALUES,
    };
    cells.read(asker).await
}

/// Reads the link states of all ports.
pub(super) async fn links(asker: &Asker, model: GamModel) -> Read {
    let cells = Cells {
        what: "interface",
        objects: &[&port::LINK, &port::SPEED],
        numbers: [ports_of(model), other_interfaces(model)].concat(),
        at_once: MOST_VALUES,
    };
    cells.read(asker).await
}

/// Reads the VLANs of the uplinks, for each mode.
pub(super) async fn uplinks(asker: &Asker, known: &Uplinks) -> Read {
    let mut objects = vec![
        &vlan::MODE,
        &vlan::ACCESS_VLAN,
        &vlan::TRUNK_NATIVE,
        &vlan::HYBRID_NATIVE,
    ];
    objects.extend(vlan::TRUNK_QUARTERS);
    objects.extend(vlan::HYBRID_QUARTERS);
    let cells = Cells {
        what: "uplink",
        objects: &objects,
        numbers: known.keys().copied().collect(),
        at_once: objects.len(),
    };
    cells.read(asker).await
}

pub(super) async fn profiles(asker: &Asker) -> Read {
    let cells = Cells {
        what: "profile",
        objects: &profile::COLUMNS,
        numbers: (0..=HIGHEST_PROFILE).collect(),
        at_once: MOST_VALUES,
    };
    cells.read(asker).await
}

fn ports_of(model: GamModel) -> Vec<u32> {
    let count = u32::from(model.port_count());
    (1..=count).map(|number| FIRST_PHYSICAL + number).collect()
}

impl Cells<'_> {
    async fn read(&self, asker: &Asker) -> Read {
        let mut why = String::new();
        for _ in 0..TRIES {
            let values = match self.values(asker).await {
                Ok(values) => values,
                Err(error) => return ended(error),
            };
            let mut answers = values.into_iter();
            let mut grid = Grid::default();
            let mut gap = None;
            for number in &self.numbers {
                let cells: Vec<_> = answers.by_ref().take(self.objects.len()).collect();
                let missing = cells
                    .iter()
                    .position(|cell| *cell == Ok(Value::NoSuchObject));
                if let Some(object) = missing.and_then(|place| self.objects.get(place)) {
                    return Read::Missing(format!("the agent has no {}", object.name));
                }
                let absent = |cell: &&_| **cell == Ok(Value::NoSuchInstance);
                match cells.iter().filter(absent).count() {
                    absent if absent == self.objects.len() => continue,
                    0 => {}
                    _ => gap = Some(format!("{} {number} is only partly present", self.what)),
                }
                let row = grid.rows.entry(vec![*number]).or_default();
                for (object, cell) in self.objects.iter().zip(cells) {
                    row.set(object, cell);
                }
            }
            match gap {
                None => return Read::Whole(grid),
                Some(reason) => why = reason,
            }
        }
        Read::Unread(why)
    }

    /// Returns the cells row by row. A row is never split: all cells of one answer belong together.
    async fn values(&self, asker: &Asker) -> Result<Vec<Known<Value>>, SnmpError> {
        let rows = (self.at_once / self.objects.len().max(1)).max(1);
        let chunks: Vec<Vec<Oid>> = self
            .numbers
            .chunks(rows)
            .map(|numbers| {
                let cells = numbers
                    .iter()
                    .flat_map(|number| self.objects.iter().map(|object| object.at(&[*number])));
                cells.collect()
            })
            .collect();
        let answers = asker.all_or_none(chunks, |names| async move { asker.get(&names).await });
        Ok(answers.await?.into_iter().flatten().collect())
    }
}

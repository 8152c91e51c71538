//! Reads all configuration tables, and again those that are inconsistent.

use std::collections::BTreeMap;

use super::ask::Asker;
use super::identity::First;
use super::table::Read;
use super::{TRIES, cells, health, table};
use crate::model::{ConfigSource, GamModel, Part};
use crate::observe::decode::{self, Grid, Uplinks, contradiction, unconfirmed};
use crate::observe::kinds::{endpoint, profile, subscriber};
use crate::observe::rows::{Known, ProfileRow, Rows, SystemRow, Table, UplinkRow};
use crate::observe::running_config::RunningConfig;
use crate::transport::snmp::SnmpError;

/// All tables of the configuration.
pub(super) struct Config {
    ports: Read,
    shutdown: Read,
    /// The uplinks among the interfaces of the switch, or the reason why they are not known.
    known_uplinks: Known<Uplinks>,
    uplinks: Read,
    profiles: Read,
    endpoints: Read,
    subscribers: Read,
    /// The reason why there may be more endpoints and subscribers than were read.
    doubt: Option<String>,
}

/// Reads every table once.
///
/// # Errors
///
/// Fails if the device is unreachable or was replaced.
pub(super) async fn read(asker: &Asker, model: GamModel) -> Result<Config, SnmpError> {
    let (ports, shutdown, (known_uplinks, uplinks), profiles, endpoints, subscribers) = tokio::join!(
        cells::ports(asker, model),
        cells::shutdown(asker, model),
        uplinks(asker, model),
        cells::profiles(asker),
        table::read(asker, &endpoint::LAYOUT),
        table::read(asker, &subscriber::LAYOUT),
    );
    let mut config = Config {
        ports,
        shutdown,
        known_uplinks,
        uplinks,
        profiles,
        endpoints,
        subscribers,
        doubt: None,
    };
    config.check()?;
    Ok(config)
}

/// Tells the uplinks from the management port, then reads their VLANs.
async fn uplinks(asker: &Asker, model: GamModel) -> (Known<Uplinks>, Read) {
    let others = cells::others(asker, model).await;
    let grid = match others {
        Read::Whole(grid) => grid,
        Read::Missing(ref reason) | Read::Unread(ref reason) => {
            return (Err(reason.clone()), others);
        }
        Read::Failed(ref error) => return (Err(error.to_string()), others),
    };
    match decode::uplinks_among(&grid, model) {
        Ok(known) => {
            let vlans = cells::uplinks(asker, &known).await;
            (Ok(known), vlans)
        }
        Err(reason) => {
            let reason = format!("the uplinks are unknown: {reason}");
            (Err(reason.clone()), Read::Unread(reason))
        }
    }
}

impl Config {
    /// Returns the uplinks among the interfaces of the switch; none if they are not known.
    pub(super) fn known_uplinks(&self) -> Uplinks {
        self.known_uplinks.clone().unwrap_or_default()
    }

    fn check(&mut self) -> Result<(), SnmpError> {
        let all = [
            &self.ports,
            &self.shutdown,
            &self.uplinks,
            &self.profiles,
            &self.endpoints,
            &self.subscribers,
        ];
        all.into_iter().try_for_each(|read| match read {
            Read::Failed(error) => Err(error.clone()),
            Read::Whole(_) | Read::Missing(_) | Read::Unread(_) => Ok(()),
        })
    }

    /// Compares the tables with each other, and reads those again that disagree.
    ///
    /// # Errors
    ///
    /// As `read`.
    pub(super) async fn confirm(&mut self, asker: &Asker, heard: Read) -> Result<(), SnmpError> {
        let mut heard = heard;
        for _ in 1..TRIES {
            if self.disagreement(&heard).is_none() {
                return Ok(());
            }
            (self.profiles, self.endpoints, self.subscribers, heard) = tokio::join!(
                cells::profiles(asker),
                table::read(asker, &endpoint::LAYOUT),
                table::read(asker, &subscriber::LAYOUT),
                health::confirm(asker),
            );
            self.check()?;
        }
        // A reference to a missing object makes its owner unclear. A table that lacks referenced rows is incomplete.
        self.doubt = self.doubt(&heard);
        Ok(())
    }

    fn disagreement(&self, heard: &Read) -> Option<String> {
        self.doubt(heard).or_else(|| {
            let (Read::Whole(endpoints), Read::Whole(subscribers), Read::Whole(profiles)) =
                (&self.endpoints, &self.subscribers, &self.profiles)
            else {
                return None;
            };
            contradiction(endpoints, subscribers, profiles)
        })
    }

    /// Returns the reason why endpoints and subscribers may be incomplete.
    fn doubt(&self, heard: &Read) -> Option<String> {
        let (Read::Whole(endpoints), Read::Whole(subscribers)) =
            (&self.endpoints, &self.subscribers)
        else {
            return None;
        };
        let why = match heard {
            Read::Whole(heard) => return unconfirmed(heard, endpoints, subscribers),
            Read::Missing(reason) | Read::Unread(reason) => reason.clone(),
            Read::Failed(error) => error.to_string(),
        };
        // It is unlikely that two columns are truncated at the same row, but not that both are empty. So an
        // empty table needs confirmation by the status of endpoints.
        let is_empty = endpoints.rows.is_empty() || subscribers.rows.is_empty();
        is_empty.then(|| {
            format!("the table is empty, and the status of endpoints cannot confirm it: {why}")
        })
    }

    /// Returns whether the agent lacks a configuration table.
    pub(super) fn needs_command_line(&self) -> bool {
        Part::ALL.into_iter().any(|part| self.is_missing(part))
    }

    /// Returns whether a part must come from the CLI. Profiles, endpoints and subscribers refer to each other by
    /// number, so they come from one source.
    fn is_missing(&self, part: Part) -> bool {
        let is_missing = |read: &Read| matches!(read, Read::Missing(_));
        match part {
            Part::System => false,
            Part::Uplinks => is_missing(&self.uplinks),
            Part::Ports => is_missing(&self.ports) || is_missing(&self.shutdown),
            Part::Profiles | Part::Endpoints | Part::Subscribers => {
                [&self.profiles, &self.endpoints, &self.subscribers]
                    .into_iter()
                    .any(is_missing)
            }
        }
    }

    /// Returns the rows of all parts, and the source of each part.
    pub(super) fn rows(
        &self,
        first: &First,
        model: GamModel,
        running: Option<&Result<RunningConfig, String>>,
    ) -> (Rows, BTreeMap<Part, ConfigSource>) {
        let mut rows = self.own_rows(first, model);
        let mut sources = BTreeMap::new();
        for part in Part::ALL {
            let source = match (self.is_missing(part), running) {
                (true, Some(Ok(running))) => {
                    take(&mut rows, part, &running.rows);
                    ConfigSource::RunningConfig
                }
                (true, Some(Err(reason))) => {
                    lose(&mut rows, part, reason);
                    ConfigSource::RunningConfig
                }
                (true, None) | (false, _) => ConfigSource::Snmp,
            };
            sources.insert(part, source);
        }
        (rows, sources)
    }

    fn own_rows(&self, first: &First, model: GamModel) -> Rows {
        let model_of = &first.subscriber_model;
        let mut endpoints = whole(&self.endpoints, endpoint::from_cells);
        let mut subscribers = whole(&self.subscribers, |grid| {
            subscriber::from_cells(grid, model_of)
        });
        endpoints.lost.extend(self.doubt.clone());
        subscribers.lost.extend(self.doubt.clone());
        let shutdown = lost(&self.shutdown);
        Rows {
            system: decode::system(&first.row),
            uplinks: self.uplink_rows(),
            ports: whole(&self.ports, |grid| decode::ports(grid, &shutdown, model)),
            profiles: self.profile_rows(),
            endpoints,
            subscribers,
        }
    }

    /// Returns the profiles. A device always has its built-in profile, so an empty table is incomplete.
    fn profile_rows(&self) -> Table<ProfileRow> {
        let mut profiles = whole(&self.profiles, profile::from_cells);
        if profiles.rows.is_empty() && profiles.lost.is_empty() {
            profiles.lost.push(
                "the table of profiles is empty, but every device has one built-in profile"
                    .to_owned(),
            );
        }
        profiles
    }

    fn uplink_rows(&self) -> Table<UplinkRow> {
        match &self.known_uplinks {
            Ok(known) => whole(&self.uplinks, |grid| decode::uplinks(grid, known)),
            Err(reason) => Table::unread(reason.clone()),
        }
    }
}

/// Returns the rows of a table, or the reason why there are none.
fn whole<R>(read: &Read, decode: impl FnOnce(&Grid) -> Table<R>) -> Table<R> {
    match read {
        Read::Whole(grid) => decode(grid),
        Read::Missing(reason) | Read::Unread(reason) => Table::unread(reason),
        Read::Failed(error) => Table::unread(error.to_string()),
    }
}

/// Returns a grid, which holds the reason if it was not read.
fn lost(read: &Read) -> Grid {
    match read {
        Read::Whole(grid) => grid.clone(),
        Read::Missing(_) | Read::Unread(_) | Read::Failed(_) => Grid::default(),
    }
}

/// Copies a part from another source.
fn take(rows: &mut Rows, part: Part, from: &Rows) {
    match part {
        Part::System => rows.system.clone_from(&from.system),
        Part::Uplinks => rows.uplinks.clone_from(&from.uplinks),
        Part::Ports => rows.ports.clone_from(&from.ports),
        Part::Profiles => rows.profiles.clone_from(&from.profiles),
        Part::Endpoints => rows.endpoints.clone_from(&from.endpoints),
        Part::Subscribers => rows.subscribers.clone_from(&from.subscribers),
    }
}

/// Records the reason why a part has no source: its SNMP tables are inconsistent with the others.
fn lose(rows: &mut Rows, part: Part, why: &str) {
    let reason =
        format!("the agent has no table for it, and the running-config was not read: {why}");
    match part {
        Part::System => rows.system = SystemRow::unread(&reason),
        Part::Uplinks => rows.uplinks = Table::unread(reason),
        Part::Ports => rows.ports = Table::unread(reason),
        Part::Profiles => rows.profiles = Table::unread(reason),
        Part::Endpoints => rows.endpoints = Table::unread(reason),
        Part::Subscribers => rows.subscribers = Table::unread(reason),
    }
}

//! GAM-ICFG-MIB: the configuration files in flash, and their copying, loading and deletion.

use super::interface_rows::numbered;
use super::rows::Rows;
use super::table::{
    Object, Scalars, Syntax, TRUTH, Table, Turn, clipped, column, is_true, text_of,
};
use crate::simulator::commands::{self, merge};
use crate::simulator::gam::{Configuration, ConfigurationKind, CopyEnd, CopyStatus, Gam, Request};
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Value};

const ICFG: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 101, 1];

const DEFAULT_FILE: &str = "default-config";
const STARTUP_FILE: &str = "startup-config";
/// An optional prefix of file names in flash.
const FLASH: &str = "flash:";
/// Octets of the default-config of a switch of this family (icli) and of the twin's (assumed).
const DEFAULT_FILE_BYTES: u32 = 284;
const FLASH_BYTES: u32 = 8 * 1024 * 1024;
const LONGEST_FILE_NAME: usize = 127;
const LONGEST_TIME: usize = 39;

/// `GAMIcfgReloadDefault`.
const NO_RELOAD: i32 = 0;
const RELOAD: i32 = 1;
const RELOAD_KEEP_ADDRESS: i32 = 2;

const KIND: Syntax = Syntax::OneOf(&[0, 1, 2, 3]);
const FILE_NAME: Syntax = Syntax::Text(0, LONGEST_FILE_NAME);

/// `default-config`, then `startup-config` if one was saved; the running-config is not a file.
static FILE_ROWS: Rows = Rows {
    next: |gam, after| numbered(after, 1, file_count(gam)),
    has: |gam, index| matches!(index, [file] if (1..=file_count(gam)).contains(file)),
};

static STATISTICS: Scalars = Scalars {
    base: &ICFG,
    group: &[3, 1],
    needs: None,
    scalars: &[
        column(1, |gam, _, _| Value::Gauge32(file_count(gam))),
        column(2, |gam, _, _| Value::Gauge32(total_bytes(gam))),
        column(3, |_, _, _| Value::Gauge32(FLASH_BYTES)),
        column(4, |gam, _, _| {
            Value::Gauge32(FLASH_BYTES.saturating_sub(total_bytes(gam)))
        }),
    ],
};

static FILES: Table = Table {
    base: &ICFG,
    entry: &[3, 2, 1],
    rows: &FILE_ROWS,
    needs: None,
    columns: &[
        column(2, |_, index, _| {
            Value::text(if is_default(index) {
                DEFAULT_FILE
            } else {
                STARTUP_FILE
            })
        }),
        column(3, |gam, index, _| {
            let is_default = is_default(index);
            Value::Gauge32(if is_default {
                DEFAULT_FILE_BYTES
            } else {
                startup_bytes(gam)
            })
        }),
        column(4, |gam, index, _| {
            let saved = gam.startup().filter(|_| !is_default(index));
            // Files from the factory have the earliest time of the clock [icli].
            let at = saved.map_or(Moment::default(), |saved| saved.at);
            clipped(&at.iso(), LONGEST_TIME)
        }),
        column(5, |_, index, _| {
            Value::text(if is_default(index) { "r-" } else { "rw" })
        }),
    ],
};

static COPY_STATUS: Scalars = Scalars {
    base: &ICFG,
    group: &[3, 3],
    needs: None,
    scalars: &[column(1, |gam, _, _| {
        Value::Integer(gam.copy_status().number())
    })],
};

static GLOBALS: Scalars = Scalars {
    base: &ICFG,
    group: &[4, 1],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::Integer(NO_RELOAD)).written(
            Syntax::OneOf(&[NO_RELOAD, RELOAD, RELOAD_KEEP_ADDRESS]),
            Turn::Trigger,
            reload_defaults,
        ),
        column(2, |_, _, _| Value::text("")).written(FILE_NAME, Turn::Trigger, delete),
    ],
};

static COPY: Scalars = Scalars {
    base: &ICFG,
    group: &[4, 2],
    needs: None,
    scalars: &[
        column(1, |_, _, _| Value::truth(false)).trigger(copy),
        column(2, |gam, _, _| kind(&gam.copy_plan().source)).set(KIND, |gam, _, value, _| {
            let kind = kind_of(value)?;
            gam.plan_copy(|plan| plan.source.kind = kind);
            Ok(())
        }),
        column(3, |gam, _, _| Value::text(&gam.copy_plan().source.file)).set(
            FILE_NAME,
            |gam, _, value, _| {
                let file = text_of(value)?;
                gam.plan_copy(|plan| plan.source.file = file.to_owned());
                Ok(())
            },
        ),
        column(4, |gam, _, _| kind(&gam.copy_plan().destination)).set(KIND, |gam, _, value, _| {
            let kind = kind_of(value)?;
            gam.plan_copy(|plan| plan.destination.kind = kind);
            Ok(())
        }),
        column(5, |gam, _, _| {
            Value::text(&gam.copy_plan().destination.file)
        })
        .set(FILE_NAME, |gam, _, value, _| {
            let file = text_of(value)?;
            gam.plan_copy(|plan| plan.destination.file = file.to_owned());
            Ok(())
        }),
        column(6, |gam, _, _| Value::truth(gam.copy_plan().merge)).set(
            TRUTH,
            |gam, _, value, _| {
                gam.plan_copy(|plan| plan.merge = is_true(value));
                Ok(())
            },
        ),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    [&STATISTICS, &COPY_STATUS, &GLOBALS, &COPY]
        .into_iter()
        .flat_map(Scalars::objects)
        .chain(FILES.objects())
        .collect()
}

/// One end of a copy, however it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConfigFile {
    Running,
    Startup,
    Default,
}

fn config_file(end: &CopyEnd) -> Option<ConfigFile> {
    match end.kind {
        ConfigurationKind::None => None,
        ConfigurationKind::Running => Some(ConfigFile::Running),
        ConfigurationKind::Startup => Some(ConfigFile::Startup),
        ConfigurationKind::File => file(&end.file),
    }
}

fn file(name: &str) -> Option<ConfigFile> {
    match name.strip_prefix(FLASH).unwrap_or(name) {
        STARTUP_FILE => Some(ConfigFile::Startup),
        DEFAULT_FILE => Some(ConfigFile::Default),
        _ => None,
    }
}

/// Runs the planned copy. Writing flash needs time, so it is queued for the server; loading is immediate.
///
/// Only one copy runs at a time, between two different existing files. The status of a real agent for other cases is
/// assumed.
fn copy(gam: &mut Gam, _: &[u32], value: &Value, now: Moment) -> Result<(), ErrorStatus> {
    if !is_true(value) {
        return Ok(());
    }
    let plan = gam.copy_plan().clone();
    let refused = ErrorStatus::InconsistentValue;
    if gam.copy_status() == CopyStatus::InProgress {
        return Err(refused);
    }
    match (config_file(&plan.source), config_file(&plan.destination)) {
        (Some(ConfigFile::Running), Some(ConfigFile::Startup)) => gam.request(Request::Save),
        (Some(ConfigFile::Startup), Some(ConfigFile::Running)) => {
            let saved = gam.startup().ok_or(refused)?.configuration.clone();
            let loaded = if plan.merge { merged(gam)? } else { saved };
            gam.replace_running(loaded, now);
            gam.set_copy_status(CopyStatus::Success);
        }
        (Some(ConfigFile::Default), Some(ConfigFile::Running)) if !plan.merge => {
            gam.replace_running(Configuration::factory(gam.hardware()), now);
            gam.set_copy_status(CopyStatus::Success);
        }
        _ => return Err(refused),
    }
    Ok(())
}

/// Returns the running-config with the lines of the startup-config on top; refused lines are left out, as at a prompt.
fn merged(gam: &Gam) -> Result<Configuration, ErrorStatus> {
    let text = startup_text(gam).ok_or(ErrorStatus::InconsistentValue)?;
    let mut running = gam.running().clone();
    merge(&text, &mut running, gam.hardware());
    Ok(running)
}

/// Refuses to reload defaults with a kept address (assumed). The address that a real device keeps is unknown: its
/// management VLAN is not always 1.
fn reload_defaults(gam: &mut Gam, _: &[u32], value: &Value, _: Moment) -> Result<(), ErrorStatus> {
    match value {
        Value::Integer(NO_RELOAD) => Ok(()),
        Value::Integer(RELOAD) => {
            gam.request(Request::ReloadDefaults);
            Ok(())
        }
        _ => Err(ErrorStatus::InconsistentValue),
    }
}

fn delete(gam: &mut Gam, _: &[u32], value: &Value, _: Moment) -> Result<(), ErrorStatus> {
    let name = text_of(value)?;
    if name.is_empty() {
        return Ok(());
    }
    match file(name) {
        Some(ConfigFile::Startup) if gam.startup().is_some() => {
            gam.delete_startup();
            Ok(())
        }
        _ => Err(ErrorStatus::InconsistentValue),
    }
}

fn kind(end: &CopyEnd) -> Value {
    Value::Integer(end.kind.number())
}

fn kind_of(value: &Value) -> Result<ConfigurationKind, ErrorStatus> {
    ConfigurationKind::ALL
        .into_iter()
        .find(|kind| *value == Value::Integer(kind.number()))
        .ok_or(ErrorStatus::WrongValue)
}

fn is_default(index: &[u32]) -> bool {
    index == [1]
}

fn file_count(gam: &Gam) -> u32 {
    if gam.startup().is_some() { 2 } else { 1 }
}

fn startup_text(gam: &Gam) -> Option<String> {
    let saved = gam.startup()?;
    Some(commands::text_of(gam, &saved.configuration))
}

/// Returns the length of the startup-config. A twin created with a configuration never wrote it, so its length is
/// computed.
fn startup_bytes(gam: &Gam) -> u32 {
    let bytes = match gam.startup() {
        None => 0,
        Some(saved) if saved.bytes > 0 => saved.bytes,
        Some(_) => startup_text(gam).map_or(0, |text| text.len()),
    };
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn total_bytes(gam: &Gam) -> u32 {
    DEFAULT_FILE_BYTES.saturating_add(startup_bytes(gam))
}

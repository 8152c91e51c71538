//! GAM-ICFG-MIB: the configuration files in flash, and copying, loading and deleting them.

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
/// What names a file in flash may begin with.
const FLASH: &str = "flash:";
/// Octets; the first is what a switch of this family is delivered with (icli), the second is assumed.
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

/// `default-config`, then `startup-config` once something was saved; what is running is no file.
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
            // What was there from the beginning is as old as a clock can tell [icli].
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

/// What one end of a copy is, however it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Running,
    Startup,
    Default,
}

fn place(end: &CopyEnd) -> Option<Place> {
    match end.kind {
        ConfigurationKind::None => None,
        ConfigurationKind::Running => Some(Place::Running),
        ConfigurationKind::Startup => Some(Place::Startup),
        ConfigurationKind::File => file(&end.file),
    }
}

fn file(name: &str) -> Option<Place> {
    match name.strip_prefix(FLASH).unwrap_or(name) {
        STARTUP_FILE => Some(Place::Startup),
        DEFAULT_FILE => Some(Place::Default),
        _ => None,
    }
}

/// Copies what was planned. Writing flash takes time, so that is left to whoever runs the twin; loading is at once.
///
/// One copy at a time, and only between places that are there and differ; which status a real agent answers otherwise
/// is assumed.
fn copy(gam: &mut Gam, _: &[u32], value: &Value, now: Moment) -> Result<(), ErrorStatus> {
    if !is_true(value) {
        return Ok(());
    }
    let plan = gam.copy_plan().clone();
    let refused = ErrorStatus::InconsistentValue;
    if gam.copy_status() == CopyStatus::InProgress {
        return Err(refused);
    }
    match (place(&plan.source), place(&plan.destination)) {
        (Some(Place::Running), Some(Place::Startup)) => gam.request(Request::Save),
        (Some(Place::Startup), Some(Place::Running)) => {
            let saved = gam.startup().ok_or(refused)?.configuration.clone();
            let loaded = if plan.merge { merged(gam)? } else { saved };
            gam.replace_running(loaded, now);
            gam.set_copy_status(CopyStatus::Success);
        }
        (Some(Place::Default), Some(Place::Running)) if !plan.merge => {
            gam.replace_running(Configuration::factory(gam.hardware()), now);
            gam.set_copy_status(CopyStatus::Success);
        }
        _ => return Err(refused),
    }
    Ok(())
}

/// Returns what runs with the lines of what was saved on top; lines that are not taken are left out, as at a prompt.
fn merged(gam: &Gam) -> Result<Configuration, ErrorStatus> {
    let text = startup_text(gam).ok_or(ErrorStatus::InconsistentValue)?;
    let mut running = gam.running().clone();
    merge(&text, &mut running, gam.hardware());
    Ok(running)
}

/// Which address would be kept is not known of this family (the management VLAN is not always 1): that is refused (assumed).
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
        Some(Place::Startup) if gam.startup().is_some() => {
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

/// A twin that was made with a configuration never wrote it, so nobody noted its length.
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

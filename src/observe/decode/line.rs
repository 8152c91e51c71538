//! Decodes the endpoints of a poll; what is not alive has no values, which is not unread.

use std::collections::BTreeMap;

use super::cell::{choice, counter, number, text, truth};
use super::grid::{Grid, Row};
use super::health::{STATES, ethernet_of, mac_of, port_of};
use super::poll::cell;
use super::uptime::seconds;
use crate::model::{
    EndpointState, EthernetCounters, GamModel, LineErrors, LineRates, MacAddress, Polled,
    PolledEndpoint, PortNumber, Slot,
};
use crate::observe::mib::{Object, ghn};
use crate::observe::rows::Known;

/// The columns of a line, by the number of the endpoint or by its MAC address.
pub(in crate::observe) struct LineObjects {
    /// Down, up, and the most of each.
    pub(in crate::observe) rates: [&'static Object; 4],
    pub(in crate::observe) uptime: &'static Object,
    /// Whether the row is valid, octets received and sent, errors.
    pub(in crate::observe) counted: [&'static Object; 4],
}

pub(in crate::observe) const BY_SLOT: LineObjects = LineObjects {
    rates: [
        &ghn::RATE_DOWN,
        &ghn::RATE_UP,
        &ghn::RATE_DOWN_MOST,
        &ghn::RATE_UP_MOST,
    ],
    uptime: &ghn::RATE_UPTIME,
    counted: [
        &ghn::COUNTED_VALID,
        &ghn::COUNTED_RX_OCTETS,
        &ghn::COUNTED_TX_OCTETS,
        &ghn::COUNTED_RX_ERRORS,
    ],
};

pub(in crate::observe) const BY_MAC: LineObjects = LineObjects {
    rates: [
        &ghn::LINE_DOWN_RATE,
        &ghn::LINE_UP_RATE,
        &ghn::LINE_DOWN_MOST,
        &ghn::LINE_UP_MOST,
    ],
    uptime: &ghn::LINE_UPTIME,
    counted: [
        &ghn::MAC_COUNTED_VALID,
        &ghn::MAC_COUNTED_RX_OCTETS,
        &ghn::MAC_COUNTED_TX_OCTETS,
        &ghn::MAC_COUNTED_RX_ERRORS,
    ],
};

/// The answers about endpoints; a part that was not requested is `None`.
#[derive(Debug, Default)]
pub(in crate::observe) struct LineGrids {
    /// The lines that were asked for by their addresses.
    pub(in crate::observe) macs: Option<Vec<MacAddress>>,
    pub(in crate::observe) states: Option<Known<Grid>>,
    /// By MAC address.
    pub(in crate::observe) heard: Option<Known<Grid>>,
    pub(in crate::observe) rates: Option<Known<Grid>>,
    pub(in crate::observe) uptimes: Option<Known<Grid>>,
    pub(in crate::observe) errors: Option<Known<Grid>>,
    pub(in crate::observe) counters: Option<Known<Grid>>,
    pub(in crate::observe) links: Option<Known<Grid>>,
}

/// Returns the configured endpoints, and those that are only heard.
pub(in crate::observe) fn endpoints(
    grids: &LineGrids,
    model: GamModel,
) -> Polled<Vec<PolledEndpoint>> {
    let states = match &grids.states {
        Some(Ok(states)) => states,
        Some(Err(reason)) => return Polled::unread(reason.clone()),
        None => return Polled::unread("the endpoints were not polled"),
    };
    let (rows, lost) = states.numbered("there is an endpoint");
    if let Some(reason) = lost.into_iter().next() {
        return Polled::unread(reason);
    }
    let mut configured: BTreeMap<u32, (MacAddress, &Row)> = BTreeMap::new();
    let mut unconfigured = Vec::new();
    if let Some(Ok(heard)) = &grids.heard {
        for (index, row) in &heard.rows {
            let Some(mac) = mac_of(index) else { continue };
            match number(row, &ghn::HEARD_ENDPOINT) {
                Ok(0) => unconfigured.push((mac, row)),
                Ok(slot) => {
                    configured.insert(slot, (mac, row));
                }
                Err(_) => {}
            }
        }
    }
    let mut all = Vec::new();
    for (number, row) in rows {
        let Ok(slot) = u16::try_from(number) else {
            return Polled::unread(format!("there is an endpoint with the number {number}"));
        };
        let found = configured.get(&number);
        let state = choice(row, &ghn::ENDPOINT_STATE, STATES);
        let mut one = values(grids, &BY_SLOT, &[number], state.into());
        one.slot = Some(Slot(slot));
        one.mac = found.map(|(mac, _)| *mac);
        one.port = grids.heard.as_ref().map(|heard| match (heard, found) {
            (Ok(_), Some((_, row))) => place(row, model),
            (Ok(_), None) => {
                Polled::unread(format!("the table by MAC address has no endpoint {number}"))
            }
            (Err(reason), _) => Polled::unread(reason.clone()),
        });
        all.push(one);
    }
    for (mac, row) in unconfigured {
        all.push(PolledEndpoint {
            slot: None,
            mac: Some(mac),
            state: choice(row, &ghn::HEARD_STATE, STATES).into(),
            port: Some(place(row, model)),
            rates: None,
            uptime_seconds: None,
            errors: None,
            counters: None,
            links: None,
        });
    }
    Polled::Value(all)
}

/// Returns lines by their addresses.
pub(in crate::observe) fn of_macs(
    macs: &[MacAddress],
    grids: &LineGrids,
    model: GamModel,
) -> Vec<PolledEndpoint> {
    let unasked = Err("the endpoints were not polled".to_owned());
    let heard = grids.heard.as_ref().unwrap_or(&unasked);
    let lines = macs.iter().map(|mac| {
        let index = mac.octets().map(u32::from);
        let row = heard
            .as_ref()
            .ok()
            .map(|grid| grid.rows.get(index.as_slice()));
        let state = match row {
            Some(None) => Polled::unread("the device has no such endpoint, and hears none"),
            _ => cell(heard, &index, |row| choice(row, &ghn::HEARD_STATE, STATES)),
        };
        let is_there = !matches!(row, Some(None));
        let mut one = match is_there {
            true => values(grids, &BY_MAC, &index, state),
            false => values(&LineGrids::default(), &BY_MAC, &index, state),
        };
        let slot = row
            .flatten()
            .and_then(|row| number(row, &ghn::HEARD_ENDPOINT).ok());
        one.slot = slot
            .filter(|slot| *slot != 0)
            .and_then(|slot| u16::try_from(slot).ok())
            .map(Slot);
        one.mac = Some(*mac);
        one.port = row.flatten().map(|row| place(row, model));
        one
    });
    lines.collect()
}

/// Returns the port on which an endpoint is heard.
fn place(row: &Row, model: GamModel) -> Polled<Option<PortNumber>> {
    let known = number(row, &ghn::HEARD_PORT).and_then(|interface| match interface {
        0 => Ok(None),
        interface => port_of(interface, model).map(Some).ok_or_else(|| {
            let name = ghn::HEARD_PORT.name;
            format!("{name} is interface {interface}, which is not a G.hn port")
        }),
    });
    known.into()
}

/// Returns the values of one line; none for an endpoint that is not heard.
fn values(
    grids: &LineGrids,
    objects: &LineObjects,
    index: &[u32],
    state: Polled<EndpointState>,
) -> PolledEndpoint {
    let mut one = PolledEndpoint {
        slot: None,
        mac: None,
        state,
        port: None,
        rates: None,
        uptime_seconds: None,
        errors: None,
        counters: None,
        links: None,
    };
    if !one.is_alive() {
        return one;
    }
    let [down, up, down_most, up_most] = objects.rates;
    one.rates = grids.rates.as_ref().map(|grid| LineRates {
        down_rate: cell(grid, index, |row| rate(row, down)),
        up_rate: cell(grid, index, |row| rate(row, up)),
        down_most: cell(grid, index, |row| rate(row, down_most)),
        up_most: cell(grid, index, |row| rate(row, up_most)),
    });
    one.uptime_seconds = grids.uptimes.as_ref().map(|grid| {
        cell(grid, index, |row| {
            let said = text(row, objects.uptime)?;
            seconds(&said).ok_or_else(|| {
                let name = objects.uptime.name;
                format!("{name} is `{said}`, which is not a known form of uptime")
            })
        })
    });
    one.errors = grids.errors.as_ref().map(|grid| {
        let percent = |object: &'static Object| cell(grid, index, |row| number(row, object));
        LineErrors {
            down_error_percent: percent(&ghn::DOWN_ERROR),
            down_abort_percent: percent(&ghn::DOWN_ABORT),
            up_error_percent: percent(&ghn::UP_ERROR),
            up_abort_percent: percent(&ghn::UP_ABORT),
        }
    });
    one.counters = grids.counters.as_ref().map(|grid| {
        let grid = grid.as_ref().map_err(Clone::clone);
        let counted = grid.map(|grid| {
            let rows = below(grid, index);
            rows.filter_map(|(number, row)| ethernet_counters(number, row, objects))
                .collect()
        });
        counted.into()
    });
    one.links = grids.links.as_ref().map(|grid| {
        let grid = grid.as_ref().map_err(Clone::clone);
        let links = grid.map(|grid| {
            let columns = [
                &ghn::LINK_VALID,
                &ghn::LINK_UP,
                &ghn::LINK_DUPLEX,
                &ghn::LINK_SPEED,
            ];
            below(grid, index)
                .map(|(number, row)| ethernet_of(number, row, columns))
                .collect()
        });
        links.into()
    });
    one
}

/// Returns a rate of a line that is heard. Some firmware may have zeros for an endpoint that is gone, and no line that is up has a
/// rate of zero.
fn rate(row: &Row, object: &Object) -> Known<u32> {
    match number(row, object)? {
        0 => Err(format!(
            "{} is 0, as it may be for an endpoint that is not heard any more",
            object.name
        )),
        rate => Ok(rate),
    }
}

/// Returns the rows of an endpoint's Ethernet ports.
fn below<'g>(grid: &'g Grid, index: &'g [u32]) -> impl Iterator<Item = (u32, &'g Row)> {
    let rows = grid.rows.range(index.to_vec()..);
    let rows = rows.map_while(move |(found, row)| Some((found.strip_prefix(index)?, row)));
    rows.filter_map(|(rest, row)| match rest {
        [number] => Some((*number, row)),
        _ => None,
    })
}

/// Returns the counters of an Ethernet port; none while the device marks them as not valid.
fn ethernet_counters(number: u32, row: &Row, objects: &LineObjects) -> Option<EthernetCounters> {
    let [valid, received, sent, errors] = objects.counted;
    let count = |object| match truth(row, valid) {
        Ok(_) => Polled::from(counter(row, object)),
        Err(reason) => Polled::unread(reason),
    };
    if truth(row, valid) == Ok(false) {
        return None;
    }
    Some(EthernetCounters {
        number,
        rx_octets: count(received),
        tx_octets: count(sent),
        rx_errors: count(errors),
    })
}

//! Distinguishes the uplinks from the management port by media, speed and RFC 5517 mode, never by position.

use std::collections::BTreeMap;

use super::cell::number;
use super::grid::{Grid, Row};
use super::switch::physical;
use crate::model::{GamModel, UplinkNumber};
use crate::observe::mib::{FIRST_PHYSICAL, port};
use crate::observe::rows::Known;

/// The interface of each uplink. Uplinks are numbered in the order of their interfaces, as in the CLI.
pub(in crate::observe) type Uplinks = BTreeMap<u32, UplinkNumber>;

/// The interfaces after the G.hn ports: two uplinks, a management port, and one more to see that there are no others.
const OTHERS: u32 = 4;

/// `GAMPortMedia`; the third, dual, says nothing.
const COPPER: u32 = 0;
const SFP: u32 = 1;

/// `GAMPortSpeed`; other speeds may be forced on either kind of port.
const AUTOMATIC: u32 = 5;
const FORCED_10G: u32 = 8;

/// `GAMRfc5517Mode`; the other modes say nothing.
const ISOLATED: u32 = 1;
const UPLINK: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uplink,
    Management,
}

/// Returns the interfaces that follow the G.hn ports.
pub(in crate::observe) fn other_interfaces(model: GamModel) -> Vec<u32> {
    let first = FIRST_PHYSICAL + u32::from(model.port_count()) + 1;
    (first..first + OTHERS).collect()
}

/// Returns the uplinks among the interfaces after the G.hn ports.
///
/// # Errors
///
/// Fails if one of these interfaces could be either, or if there are no or too many uplinks: a guess could take the
/// management port for an uplink.
pub(in crate::observe) fn uplinks_among(grid: &Grid, model: GamModel) -> Known<Uplinks> {
    let (rows, lost) = grid.numbered("there is an interface");
    if let Some(reason) = lost.into_iter().next() {
        return Err(reason);
    }
    let mut uplinks = Uplinks::new();
    let is_other = |interface: u32| {
        physical(interface).is_some_and(|number| number > u32::from(model.port_count()))
    };
    for (interface, row) in rows
        .into_iter()
        .filter(|(interface, _)| is_other(*interface))
    {
        if kind(interface, row)? == Kind::Uplink {
            let number = u8::try_from(uplinks.len() + 1).ok();
            let number = number.and_then(|number| UplinkNumber::new(number).ok());
            let number = number.ok_or_else(|| {
                format!("interface {interface} is one more uplink, but a GAM has at most two")
            })?;
            uplinks.insert(interface, number);
        }
    }
    if uplinks.is_empty() {
        return Err("no interface is an uplink by its media, speed and RFC 5517 mode".to_owned());
    }
    Ok(uplinks)
}

/// Returns the kind that at least two of the three values agree on, and none contradicts.
fn kind(interface: u32, row: &Row) -> Known<Kind> {
    let [media, speed, mode] = [&port::MEDIA, &port::FORCED_SPEED, &port::ISOLATION];
    let (media, speed, mode) = (number(row, media)?, number(row, speed)?, number(row, mode)?);
    let signs = [
        sign(media, SFP, COPPER),
        sign(speed, FORCED_10G, AUTOMATIC),
        sign(mode, UPLINK, ISOLATED),
    ];
    let count = |kind| signs.iter().filter(|sign| **sign == Some(kind)).count();
    match (count(Kind::Uplink), count(Kind::Management)) {
        (2.., 0) => Ok(Kind::Uplink),
        (0, 2..) => Ok(Kind::Management),
        _ => Err(format!(
            "interface {interface} may be an uplink or the management port: its media is {media}, its speed {speed} and its RFC 5517 mode {mode}"
        )),
    }
}

fn sign(value: u32, uplink: u32, management: u32) -> Option<Kind> {
    match value {
        value if value == uplink => Some(Kind::Uplink),
        value if value == management => Some(Kind::Management),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::snmp::Value;

    /// The media, speed and mode of the interfaces after four G.hn ports.
    fn uplinks_of(interfaces: &[[u32; 3]]) -> Known<Vec<(u32, u8)>> {
        let mut grid = Grid::default();
        for (number, values) in (1_000_005..).zip(interfaces) {
            let row = grid.rows.entry(vec![number]).or_default();
            let objects = [&port::MEDIA, &port::FORCED_SPEED, &port::ISOLATION];
            for (object, value) in objects.into_iter().zip(values) {
                row.set(object, Ok(Value::Integer(i64::from(*value))));
            }
        }
        let uplinks = uplinks_among(&grid, GamModel::Gam4Cx)?;
        Ok(uplinks
            .into_iter()
            .map(|(interface, uplink)| (interface, uplink.get()))
            .collect())
    }

    const UPLINK_SEEN: [u32; 3] = [1, 8, 3];
    const MANAGEMENT_SEEN: [u32; 3] = [0, 5, 1];

    #[test]
    fn the_uplink_of_a_gam_4_cx_comes_before_its_management_port_or_after_it() {
        assert_eq!(
            uplinks_of(&[UPLINK_SEEN, MANAGEMENT_SEEN]),
            Ok(vec![(1_000_005, 1)])
        );
        assert_eq!(
            uplinks_of(&[MANAGEMENT_SEEN, UPLINK_SEEN]),
            Ok(vec![(1_000_006, 1)])
        );
    }

    #[test]
    fn two_uplinks_are_numbered_in_their_order_around_a_management_port() {
        assert_eq!(
            uplinks_of(&[UPLINK_SEEN, MANAGEMENT_SEEN, UPLINK_SEEN]),
            Ok(vec![(1_000_005, 1), (1_000_007, 2)])
        );
    }

    #[test]
    fn an_uplink_with_a_slower_module_is_recognised_by_its_media_and_mode() {
        assert_eq!(
            uplinks_of(&[[1, 4, 3], MANAGEMENT_SEEN]),
            Ok(vec![(1_000_005, 1)])
        );
    }

    #[test]
    fn values_that_contradict_each_other_or_say_too_little_are_no_guess() {
        for unclear in [
            [1, 5, 3],
            [0, 8, 3],
            [1, 8, 1],
            [0, 5, 3],
            [2, 4, 3],
            [2, 9, 0],
        ] {
            let why = uplinks_of(&[UPLINK_SEEN, unclear]).unwrap_err();
            assert!(why.contains("interface 1000006 may be"), "{why}");
        }
    }

    #[test]
    fn no_uplink_and_three_uplinks_are_no_answer() {
        assert!(
            uplinks_of(&[MANAGEMENT_SEEN])
                .unwrap_err()
                .contains("no interface")
        );
        assert!(uplinks_of(&[]).unwrap_err().contains("no interface"));
        let why = uplinks_of(&[UPLINK_SEEN; 3]).unwrap_err();
        assert!(why.contains("interface 1000007 is one more"), "{why}");
    }

    #[test]
    fn g_hn_ports_and_vlan_interfaces_are_never_uplinks() {
        let mut grid = Grid::default();
        for interface in [100, 1_000_001] {
            let row = grid.rows.entry(vec![interface]).or_default();
            for (object, value) in [
                (&port::MEDIA, 1),
                (&port::FORCED_SPEED, 8),
                (&port::ISOLATION, 3),
            ] {
                row.set(object, Ok(Value::Integer(value)));
            }
        }
        assert!(uplinks_among(&grid, GamModel::Gam4Cx).is_err());
    }
}

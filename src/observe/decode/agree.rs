//! Whether tables that were read one after the other fit together.

use std::collections::BTreeSet;

use super::cell::reference;
use super::grid::Grid;
use crate::observe::mib::{Object, ghn};

/// Returns what the status of endpoints knows of the configuration and the configuration does not: then a table was cut short, or
/// somebody was at work between the two.
///
/// The other direction proves nothing: an endpoint that was removed meanwhile is missing in what was read later.
pub(in crate::observe) fn unconfirmed(
    heard: &Grid,
    endpoints: &Grid,
    subscribers: &Grid,
) -> Option<String> {
    missing(heard, &ghn::HEARD_ENDPOINT, endpoints, "endpoint")
        .or_else(|| missing(heard, &ghn::HEARD_USER, subscribers, "subscriber"))
}

/// Returns a reference that leads nowhere.
pub(in crate::observe) fn contradiction(
    endpoints: &Grid,
    subscribers: &Grid,
    profiles: &Grid,
) -> Option<String> {
    missing(subscribers, &ghn::USER_ENDPOINT, endpoints, "endpoint")
        .or_else(|| missing(subscribers, &ghn::USER_PROFILE, profiles, "profile"))
}

fn missing(from: &Grid, object: &Object, to: &Grid, what: &str) -> Option<String> {
    let there: BTreeSet<u32> = to
        .rows
        .keys()
        .filter_map(|index| match index.as_slice() {
            [number] => Some(*number),
            _ => None,
        })
        .collect();
    let numbers = from.rows.values();
    let mut numbers = numbers.filter_map(|row| reference(row, object).ok().flatten());
    let lost = numbers.find(|number| !there.contains(number))?;
    Some(format!(
        "{} refers to {what} {lost}, which the table of {what}s does not have",
        object.name
    ))
}

//! Checks that tables read one after the other are consistent.

use std::collections::BTreeSet;

use super::cell::reference;
use super::grid::Grid;
use crate::observe::kinds::subscriber;
use crate::observe::mib::{Object, ghn};

/// Returns an object that the status of endpoints refers to and the configuration lacks. Then a table was truncated, or
/// another user changed the device between the two reads.
///
/// The other direction proves nothing: an endpoint removed meanwhile is missing in the table that was read later.
pub(in crate::observe) fn unconfirmed(
    heard: &Grid,
    endpoints: &Grid,
    subscribers: &Grid,
) -> Option<String> {
    missing(heard, &ghn::HEARD_ENDPOINT, endpoints, "endpoint")
        .or_else(|| missing(heard, &ghn::HEARD_USER, subscribers, "subscriber"))
}

/// Returns a reference to a missing object.
pub(in crate::observe) fn contradiction(
    endpoints: &Grid,
    subscribers: &Grid,
    profiles: &Grid,
) -> Option<String> {
    missing(subscribers, &subscriber::ENDPOINT, endpoints, "endpoint")
        .or_else(|| missing(subscribers, &subscriber::PROFILE, profiles, "profile"))
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

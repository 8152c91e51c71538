//! Lists the columns of each table, grouped into requests, with the expected size of their cells.

use super::table::{Layout, Sized};
use crate::observe::mib::{Object, ghn};

/// Octets of a cell in an answer, name included; for texts, of a usual one. If an answer gets too long, the agent
/// answers tooBig, and the request is halved.
const NUMBER: usize = 25;
const MAC: usize = 30;
const TEXT: usize = 40;
const LONG_TEXT: usize = 44;
const QUARTER: usize = 154;

const fn number(object: &'static Object) -> Sized {
    (object, NUMBER)
}

pub(super) const ENDPOINTS: Layout = Layout {
    what: "endpoints",
    walked: [&ghn::ENDPOINT_ID, &ghn::ENDPOINT_AUTO],
    identity: (&ghn::ENDPOINT_MAC, MAC),
    groups: &[&[
        (&ghn::ENDPOINT_NAME, TEXT),
        number(&ghn::ENDPOINT_PORT),
        number(&ghn::ENDPOINT_AUTO),
    ]],
};

/// No column reports whether a subscriber has allowed VLANs, so their quarters are read for all subscribers.
pub(super) const SUBSCRIBERS: Layout = Layout {
    what: "subscribers",
    walked: [&ghn::USER_ID, &ghn::USER_TAGGED],
    identity: (&ghn::USER_NAME, TEXT),
    groups: &[
        &[
            (&ghn::USER_DESCRIPTION, LONG_TEXT),
            number(&ghn::USER_ENDPOINT),
            number(&ghn::USER_PROFILE),
            number(&ghn::USER_VLAN),
            number(&ghn::USER_TAGGED),
            number(&ghn::USER_REMAPPED),
            number(&ghn::USER_PORT_2),
            number(&ghn::USER_TRUNK),
            number(&ghn::USER_PORT),
            number(&ghn::USER_DOUBLE_TAGS),
            number(&ghn::USER_POE),
        ],
        &[
            (&ghn::USER_QUARTER_1, QUARTER),
            (&ghn::USER_QUARTER_2, QUARTER),
            (&ghn::USER_QUARTER_3, QUARTER),
            (&ghn::USER_QUARTER_4, QUARTER),
        ],
    ],
};

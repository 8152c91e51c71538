//! GAM-DHCP-RELAY-MIB and GAM-PPPOE-HELPER-MIB: whether the device sends names of subscribers upstream, and how.

use super::table::{Object, Scalars, column};
use crate::simulator::gam::{Gam, NamesSent, Part};
use crate::simulator::snmp::Value;

const DHCP: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 55, 1];
const PPPOE: [u32; 10] = [1, 3, 6, 1, 4, 1, 20095, 2001, 147, 1];

/// The policy for a message that has such information already: `replace`.
const REPLACE: i32 = 0;

/// They can be read, and not set: a twin relays nothing.
static DHCP_RELAY: Scalars = Scalars {
    base: &DHCP,
    group: &[2, 1],
    needs: Some(Part::Relays),
    scalars: &[
        column(1, |gam, _, _| is(gam, &[NamesSent::Dhcp])),
        column(3, |gam, _, _| {
            is(gam, &[NamesSent::Dhcp, NamesSent::DhcpWithoutRelay])
        }),
        column(4, |_, _, _| Value::Integer(REPLACE)),
        column(5, |_, _, _| Value::text("")),
        column(6, |_, _, _| Value::truth(false)),
    ],
};

static PPPOE_AGENT: Scalars = Scalars {
    base: &PPPOE,
    group: &[2, 1],
    needs: Some(Part::Relays),
    scalars: &[
        column(1, |gam, _, _| is(gam, &[NamesSent::Pppoe])),
        column(2, |_, _, _| Value::Integer(REPLACE)),
        column(3, |_, _, _| Value::text("")),
        column(4, |_, _, _| Value::truth(false)),
    ],
};

pub(super) fn objects() -> Vec<Object> {
    DHCP_RELAY.objects().chain(PPPOE_AGENT.objects()).collect()
}

fn is(gam: &Gam, any: &[NamesSent]) -> Value {
    Value::truth(any.contains(&gam.hardware().assumptions.names_sent))
}

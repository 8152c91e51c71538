//! Lists what goes wrong in a day: in both billing systems, and on devices.

use serde_json::{Value, json};

use crate::product::Product;

/// What is wrong with Splynx for a time; each text is one `[[fault]]`.
const SPLYNX: &[&[&str]] = &[
    &["kind = \"html\"\ntimes = 4"],
    &["kind = \"half-json\"\ntimes = 4"],
    &["kind = \"server-error\"\ntimes = 4"],
    &["kind = \"error-for-list\"\ntimes = 4"],
    &["kind = \"hook-lost\""],
    &["kind = \"empty-list\"\npath = \"internet-services\""],
    // Customers of a partner vanish, and are counted no more.
    &["kind = \"partner-lost\"\npartner = 1"],
    &["kind = \"rows-missing\"\nrows = 60\npath = \"internet-services\""],
    &["kind = \"counts-move\"\nby = 3"],
    &["kind = \"limit\"\nper_minute = 20"],
    &[
        "kind = \"unauthorized\"\ntimes = 2",
        "kind = \"token-expired\"",
    ],
    &["kind = \"ip-changed\"", "kind = \"slow\"\nmillis = 700"],
    &["kind = \"answer-lost\"\ntimes = 3"],
    &["kind = \"put-ignored\"\ntimes = 3"],
    &[
        "kind = \"hook-double\"",
        "kind = \"hook-delay\"\nseconds = 6",
    ],
    &["kind = \"hook-unsigned\""],
    &["kind = \"hook-forged\""],
    &["kind = \"slow-list\"\nmillis = 1500"],
];

/// What is wrong with Sonar for a time.
const SONAR: &[&[&str]] = &[
    &["kind = \"html\"\ntimes = 4"],
    &["kind = \"half-answer\"\ntimes = 4"],
    &["kind = \"partial-data\"\ntimes = 4"],
    &["kind = \"unreachable\"\ntimes = 4"],
    &["kind = \"webhook-never\""],
    &["kind = \"empty-list\"\nconnection = \"accounts\""],
    &["kind = \"permission-lost\"\nwhat = \"company\"\nid = 1"],
    &["kind = \"total-moves\"\nby = 2"],
    &["kind = \"account-slips\""],
    &["kind = \"nested-limit\"\nlimit = 1"],
    &["kind = \"limited\"\ntimes = 4"],
    &["kind = \"limited\"\nstatus = 200\ntimes = 4"],
    &["kind = \"unauthorized\"\ntimes = 2"],
    &["kind = \"page-info-fails\"\nconnection = \"account_services\"\ntimes = 6"],
    &["kind = \"answer-lost\"\ntimes = 3"],
    &[
        "kind = \"webhook-doubled\"",
        "kind = \"webhook-delayed\"\nseconds = 6",
    ],
    &["kind = \"webhook-reordered\"\nseconds = 5"],
    &["kind = \"webhook-forged\""],
    &["kind = \"slow\"\nmillis = 1500"],
];

/// Returns the faults of a billing system, one after the other.
pub(crate) fn of_billing(product: Product) -> &'static [&'static [&'static str]] {
    product.choose(SPLYNX, SONAR)
}

/// Returns the faults of devices, one after the other.
pub(crate) fn of_devices() -> Vec<Value> {
    vec![
        json!({"fault": "snmp-loss", "percent": 25}),
        json!({"fault": "ssh-refuse"}),
        json!({"fault": "snmp-silence"}),
        json!({"fault": "ssh-slow-line", "millis": 300}),
        json!({"fault": "snmp-delay", "millis": 150}),
        json!({"fault": "ssh-busy"}),
        json!({"fault": "ssh-trickle"}),
        json!({"fault": "ssh-drop", "at": "after", "times": 1, "matching": "ghn"}),
        json!({"fault": "snmp-duplicate", "copies": 1}),
        json!({"fault": "save-fails", "times": 1}),
    ]
}

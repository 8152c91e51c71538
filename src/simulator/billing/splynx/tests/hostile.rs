//! Tests that no request makes the twin panic, or leaves it without an answer of HTTP.

use proptest::prelude::*;

use super::{Bench, request};
use crate::simulator::billing::BillingTwin;

/// Pieces of real requests.
const KNOWN: &[&str] = &[
    "/",
    "api/2.0",
    "admin",
    "customers",
    "customer",
    "0",
    "1001",
    "internet-services",
    "--",
    "7001",
    "[",
    "]",
    "main_attributes",
    "id",
    "status",
    "=",
    "&",
    "%3E",
    "%",
    "IN",
    "BETWEEN",
    "REGEXP",
    "(a*)*b",
    "limit",
    "offset",
    "order",
    "inventory",
    "items",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "additional_attributes",
    "gam_vlan",
    "kill",
    "auth/tokens",
    "-1",
    "99999999999999999999",
    "é",
    "\u{0}",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(KNOWN).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_request_has_an_answer(
        method in proptest::sample::select(&["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"][..]),
        path in text(),
        query in text(),
        body in text(),
        authorization in proptest::option::of(text()),
    ) {
        let mut bench = Bench::new(2);
        let mut request = request(method, &format!("/api/2.0/admin/{path}"), &query, &body);
        if let Some(text) = authorization {
            request.headers[0].1 = format!("Splynx-EA ({text})");
        }
        let answer = bench.splynx.answer(&request, bench.now);
        prop_assert!((200..600).contains(&answer.status));
        if answer.status == 200 && method != "HEAD" {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok());
        }
    }
}

//! Counts requests and writes, and limits the requests of one minute.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::billing::last_minute::LastMinute;

/// What clients did.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Requests by method and module.
    requests: BTreeMap<String, u64>,
    logins: BTreeMap<&'static str, u64>,
    refused: BTreeMap<String, u64>,
    /// Successful writes by method and path.
    writes: BTreeMap<String, u64>,
    /// Successful writes that move money, by method and path.
    bills: BTreeMap<String, u64>,
    last_minute: LastMinute,
    limited: u64,
}

impl Counters {
    /// Counts a request; returns whether it is within the limit.
    pub(super) fn request(&mut self, kind: String, limit: Option<u64>, now: u64) -> bool {
        *self.requests.entry(kind).or_default() += 1;
        let is_within = self.last_minute.count(limit, now);
        self.limited += u64::from(!is_within);
        is_within
    }

    /// Returns the seconds after which the limit has room again.
    pub(super) fn wait(&self, now: u64) -> u64 {
        self.last_minute.wait(now)
    }

    pub(super) fn login(&mut self, way: &'static str) {
        *self.logins.entry(way).or_default() += 1;
    }

    pub(super) fn refusal(&mut self, status: u16, internal_code: &str) {
        let kind = format!("{status} {internal_code}");
        *self.refused.entry(kind).or_default() += 1;
    }

    pub(super) fn write(&mut self, kind: String, is_billed: bool) {
        if is_billed {
            *self.bills.entry(kind.clone()).or_default() += 1;
        }
        *self.writes.entry(kind).or_default() += 1;
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "requests": self.requests,
            "requests_total": self.requests.values().sum::<u64>(),
            "most_in_one_minute": self.last_minute.most(),
            "limited": self.limited,
            "logins": self.logins,
            "refused": self.refused,
            "writes": self.writes,
            "bills": self.bills,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_within_any_minute() {
        let mut counters = Counters::default();
        let mut ask = |now| counters.request("GET x".to_owned(), Some(2), now);
        assert!(ask(0) && ask(30) && !ask(59));
        assert!(ask(60), "the first one is a minute old");
        assert!(!ask(61));
        assert_eq!(counters.wait(61), 29);
        assert_eq!(counters.document()["limited"], 2);
        assert_eq!(counters.document()["most_in_one_minute"], 2);
        assert_eq!(counters.document()["requests"]["GET x"], 5);
    }

    #[test]
    fn a_write_that_bills_is_counted_twice() {
        let mut counters = Counters::default();
        counters.write("PUT a".to_owned(), false);
        counters.write("POST b".to_owned(), true);
        let document = counters.document();
        assert_eq!(document["writes"], json!({ "PUT a": 1, "POST b": 1 }));
        assert_eq!(document["bills"], json!({ "POST b": 1 }));
    }
}

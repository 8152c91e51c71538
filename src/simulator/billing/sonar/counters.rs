//! Counts requests, refusals, mutations and webhooks, for tests and `twin ctl`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::simulator::billing::last_minute::LastMinute;

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub requests: u64,
    /// Those that were within the limit.
    pub last_minute: LastMinute,
    pub refused_by_limit: u64,
    pub refused_token: u64,
    /// Answers with `errors`.
    pub failed: u64,
    /// Root queries by name.
    pub queries: BTreeMap<String, u64>,
    pub mutations: BTreeMap<String, u64>,
    /// Mutations that change what a customer pays: none of them may come from gamctl.
    pub billing_mutations: u64,
    pub webhooks_sent: u64,
    pub webhooks_accepted: u64,
}

impl Counters {
    pub(super) fn to_json(&self, rows: &Map<String, Value>) -> Value {
        json!({
            "requests": self.requests,
            "most_in_one_minute": self.last_minute.most(),
            "refused_by_limit": self.refused_by_limit,
            "refused_token": self.refused_token,
            "failed": self.failed,
            "queries": self.queries,
            "mutations": self.mutations,
            "writes": self.mutations.values().sum::<u64>(),
            "billing_mutations": self.billing_mutations,
            "webhooks_sent": self.webhooks_sent,
            "webhooks_accepted": self.webhooks_accepted,
            "rows": rows,
        })
    }
}

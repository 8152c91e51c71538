//! Prints the address and the login of a billing twin when it is ready, as text or JSON.

use std::path::PathBuf;

use serde::Serialize;

use crate::report::{Align, Paint, Table};

/// The one document of `--format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ReadyBilling {
    /// `sonar` or `splynx`.
    pub kind: &'static str,
    /// The address for `[billing.NAME]`, such as `http://127.0.0.1:8090`.
    pub address: String,
    pub accounts: u64,
    pub login: BillingLogin,
    /// The secret that signs webhooks, if there is a receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_secret: Option<String>,
    /// The socket of `gamctl twin ctl billing`.
    pub control: PathBuf,
}

/// The login of a billing twin: a token for Sonar, a key and its secret for Splynx.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct BillingLogin {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl ReadyBilling {
    /// Renders the table for people.
    pub(super) fn table(&self, paint: Paint) -> String {
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        let accounts = self.accounts.to_string();
        table.push(["kind", self.kind]);
        table.push(["address", &self.address]);
        table.push(["accounts", &accounts]);
        for (name, value) in [
            ("token", &self.login.token),
            ("key", &self.login.key),
            ("secret", &self.login.secret),
            ("hook secret", &self.hook_secret),
        ] {
            if let Some(value) = value {
                table.push([name, value]);
            }
        }
        table.render(paint)
    }

    /// Suggests the next commands.
    pub(super) fn next_steps(&self) -> String {
        let control = self.control.display();
        let check = match self.kind {
            "splynx" => format!("curl '{}/api/2.0/admin/api/check'", self.address),
            _ => format!("curl '{}/api/graphql'", self.address),
        };
        format!(
            "Ready; Ctrl-C stops. From another terminal:\n  {check}\n  \
             gamctl twin ctl --control {control} billing counters\n"
        )
    }
}

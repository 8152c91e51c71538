//! Prints the addresses and logins of all twins when they are ready, as text or JSON.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::credentials::{Snmp, SnmpUser, TwinLogin};
use crate::inventory::text::{AuthProtocol, PrivacyProtocol};
use crate::model::DeviceName;
use crate::report::{Align, Paint, Table};

/// The one document of `--format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct Ready {
    pub twins: Vec<ReadyTwin>,
    /// The socket of `gamctl twin ctl`.
    pub control: PathBuf,
}

/// One twin with everything needed to connect to it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ReadyTwin {
    pub name: DeviceName,
    pub address: IpAddr,
    pub ssh_port: u16,
    pub snmp_port: u16,
    pub user: String,
    pub password: String,
    /// True only if it offers nothing but old algorithms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub legacy_ssh: bool,
    /// Absent for SNMPv3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snmp_v3: Option<ReadyUser>,
    pub host_key: String,
    pub serial: String,
}

/// A user of SNMPv3, with the inventory's names of protocols.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ReadyUser {
    pub user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ReadySecret>,
    #[serde(rename = "priv", skip_serializing_if = "Option::is_none")]
    pub privacy: Option<ReadySecret>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ReadySecret {
    pub protocol: &'static str,
    pub password: String,
}

impl ReadyUser {
    fn of(user: &SnmpUser) -> Self {
        let auth = user.auth.as_ref().map(|(protocol, password)| ReadySecret {
            protocol: match protocol {
                AuthProtocol::Md5 => "md5",
                AuthProtocol::Sha => "sha",
            },
            password: password.clone(),
        });
        let privacy = user
            .privacy
            .as_ref()
            .map(|(protocol, password)| ReadySecret {
                protocol: match protocol {
                    PrivacyProtocol::Des => "des",
                    PrivacyProtocol::Aes => "aes",
                },
                password: password.clone(),
            });
        Self {
            user: user.name.clone(),
            auth,
            privacy,
        }
    }
}

/// The address and identity of a started twin.
pub(super) struct StartedTwin {
    pub ip: IpAddr,
    pub ssh_port: u16,
    pub snmp_port: u16,
    pub host_key: String,
    pub serial: String,
    pub legacy_ssh: bool,
}

impl ReadyTwin {
    pub(super) fn of(name: &DeviceName, found: StartedTwin, login: &TwinLogin) -> Self {
        let (community, snmp_v3) = match &login.snmp {
            Snmp::Community(community) => (Some(community.clone()), None),
            Snmp::User(user) => (None, Some(ReadyUser::of(user))),
        };
        Self {
            name: name.clone(),
            address: found.ip,
            ssh_port: found.ssh_port,
            snmp_port: found.snmp_port,
            user: login.user.clone(),
            password: login.password.clone(),
            legacy_ssh: found.legacy_ssh,
            community,
            snmp_v3,
            host_key: found.host_key,
            serial: found.serial,
        }
    }

    /// Renders the SNMP login in one cell: the community, or user and passwords.
    fn snmp_cell(&self) -> String {
        match (&self.community, &self.snmp_v3) {
            (Some(community), _) => community.clone(),
            (None, Some(user)) => {
                let mut cell = format!("v3 {}", user.user);
                for secret in [&user.auth, &user.privacy].into_iter().flatten() {
                    cell.push_str(&format!(" {}:{}", secret.protocol, secret.password));
                }
                cell
            }
            (None, None) => String::new(),
        }
    }

    fn ssh_example(&self) -> String {
        // OpenSSH needs these options for old firmware.
        let old = if self.legacy_ssh {
            " -o KexAlgorithms=+diffie-hellman-group14-sha1 -o HostKeyAlgorithms=+ssh-rsa"
        } else {
            ""
        };
        format!(
            "ssh -p {} -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no{old} {}@{}   # password {}",
            self.ssh_port, self.user, self.address, self.password
        )
    }

    fn snmp_example(&self) -> String {
        let host = match self.address {
            IpAddr::V4(ip) => format!("{ip}:{}", self.snmp_port),
            IpAddr::V6(ip) => format!("udp6:[{ip}]:{}", self.snmp_port),
        };
        let access = match (&self.community, &self.snmp_v3) {
            (Some(community), _) => format!("-v2c -c {community}"),
            (None, Some(user)) => user.options(),
            (None, None) => String::new(),
        };
        format!("snmpbulkwalk {access} {host} 1.3.6.1.2.1.1")
    }
}

impl ReadyUser {
    /// Returns the options for net-snmp's tools.
    fn options(&self) -> String {
        let level = match (&self.auth, &self.privacy) {
            (None, _) => "noAuthNoPriv",
            (Some(_), None) => "authNoPriv",
            (Some(_), Some(_)) => "authPriv",
        };
        let mut options = format!("-v3 -l {level} -u {}", self.user);
        let secrets = [("-a", "-A", &self.auth), ("-x", "-X", &self.privacy)];
        for (protocol_option, option, secret) in secrets {
            if let Some(ReadySecret { protocol, password }) = secret {
                let protocol = protocol.to_ascii_uppercase();
                options.push_str(&format!(
                    " {protocol_option} {protocol} {option} {password}"
                ));
            }
        }
        options
    }
}

impl Ready {
    /// Renders the table for people.
    pub(super) fn table(&self, paint: Paint) -> String {
        let mut table = Table::new([
            ("NAME", Align::Left),
            ("ADDRESS", Align::Left),
            ("SSH", Align::Right),
            ("SNMP", Align::Right),
            ("USER", Align::Left),
            ("PASSWORD", Align::Left),
            ("COMMUNITY", Align::Left),
            ("SERIAL", Align::Left),
            ("HOST KEY", Align::Left),
        ]);
        for twin in &self.twins {
            table.push([
                twin.name.as_str(),
                &twin.address.to_string(),
                &twin.ssh_port.to_string(),
                &twin.snmp_port.to_string(),
                &twin.user,
                &twin.password,
                &twin.snmp_cell(),
                &twin.serial,
                &twin.host_key,
            ]);
        }
        table.render(paint)
    }

    /// Suggests the next commands, with the first twin as the example.
    pub(super) fn next_steps(&self, inventory: Option<&Path>) -> String {
        let mut lines = Vec::new();
        if let Some(twin) = self.twins.first() {
            lines.push(twin.ssh_example());
            lines.push(twin.snmp_example());
            lines.push(format!(
                "gamctl twin ctl --control {} show {}",
                self.control.display(),
                twin.name
            ));
        }
        if let Some(folder) = inventory {
            lines.push(format!("cd {} && gamctl validate", folder.display()));
        }
        let steps: String = lines.iter().map(|line| format!("  {line}\n")).collect();
        format!("Ready; Ctrl-C stops. From another terminal:\n{steps}")
    }
}

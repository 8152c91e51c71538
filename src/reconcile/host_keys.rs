//! Requests host keys over SSH and serial numbers over SNMP from many devices; logs in to none.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Panicked, access_of, ask_many};
use crate::inventory::{DeviceObject, Inventory};
use crate::model::{Address, DeviceName, DeviceState, HostKey, Serial, chain, natural_order};
use crate::observe::identify;
use crate::secrets::Secrets;
use crate::transport::snmp::{Access, SnmpOptions};
use crate::transport::ssh::{HandshakeTimeouts, host_key_of};

/// The number of devices at once: a key exchange costs a device seconds, and this host milliseconds.
const AT_ONCE: usize = 32;

/// The timeout of a key exchange: old firmware computes for seconds.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A device to request, and its pins in the inventory.
#[derive(Debug, Clone)]
pub struct HostKeyQuestion {
    pub device: DeviceName,
    pub address: Address,
    pub pinned: Option<HostKey>,
    pub pinned_serial: Option<Serial>,
    legacy_algorithms: bool,
    /// Left out if a secret is missing: then only the key is requested.
    access: Option<Access>,
}

/// The devices to request, in natural order.
#[derive(Debug)]
pub struct HostKeyQuestions {
    pub questions: Vec<HostKeyQuestion>,
    /// Devices that are not installed, or have no address.
    pub not_asked: usize,
}

/// The keys that a device presented, and its pins in the inventory.
#[derive(Debug, Clone)]
pub struct HostKeyAnswer {
    pub device: DeviceName,
    pub address: Address,
    pub pinned: Option<HostKey>,
    pub pinned_serial: Option<Serial>,
    pub presented: Result<HostKey, HostKeyProblem>,
    /// Left out if the device does not answer over SNMP.
    pub serial: Option<Serial>,
}

/// The reason that a device presented no host key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyProblem {
    /// No answer, or one without a key; the text is that of the SSH layer.
    #[error("{error}")]
    NotPresented { error: String },
    #[error("gamctl failed while asking for its key: {error}; please report this")]
    Panicked { error: String },
}

/// Returns the questions to the selected devices of an inventory.
pub fn host_key_questions(
    inventory: &Inventory,
    secrets: &Secrets,
    is_meant: impl Fn(&DeviceObject) -> bool,
) -> HostKeyQuestions {
    // Once per credentials: a secret may come from a program.
    let doors: BTreeMap<&str, (bool, Option<Access>)> = inventory
        .credentials()
        .map(|credentials| {
            let ssh = credentials.text.ssh.as_ref();
            let is_legacy = ssh.and_then(|ssh| ssh.legacy_algorithms).unwrap_or(false);
            let access = access_of(credentials, secrets).ok();
            (credentials.id.as_str(), (is_legacy, access))
        })
        .collect();
    let mut questions = Vec::new();
    let mut not_asked = 0;
    for device in inventory.devices().filter(|device| is_meant(device)) {
        let text = &device.text;
        let is_installed = text.state != Some(DeviceState::Preprovision);
        let Some(address) = text.address.filter(|_| is_installed) else {
            not_asked += 1;
            continue;
        };
        let credentials = text.credentials.as_ref();
        let credentials = credentials.map_or("default", |name| name.as_str());
        let door = doors.get(credentials);
        questions.push(HostKeyQuestion {
            device: device.id.clone(),
            address,
            pinned: text.host_key.clone(),
            pinned_serial: text.serial.clone(),
            legacy_algorithms: door.is_some_and(|(is_legacy, _)| *is_legacy),
            access: door.and_then(|(_, access)| access.clone()),
        });
    }
    questions.sort_by(|a, b| natural_order(a.device.as_str(), b.device.as_str()));
    HostKeyQuestions {
        questions,
        not_asked,
    }
}

/// Requests the keys of all devices, many at once, and returns the answers in the order of the questions.
///
/// A device that does not answer is given up after `silence`; `seen` is called for each that is done.
pub async fn ask_host_keys(
    questions: Vec<HostKeyQuestion>,
    silence: Duration,
    mut seen: impl FnMut(&DeviceName),
) -> Vec<HostKeyAnswer> {
    let numbered = questions.clone().into_iter().enumerate();
    let asking = |_, question| async move { ask(question, silence).await };
    let asked = |number: &usize, _: &_| {
        if let Some(question) = questions.get(*number) {
            seen(&question.device);
        }
    };
    let answers = ask_many(numbered, AT_ONCE, asking, asked).await;
    let answered = questions.into_iter().zip(answers.into_values());
    answered
        .map(|(question, answer)| {
            let (presented, serial) = answer
                .unwrap_or_else(|Panicked(error)| (Err(HostKeyProblem::Panicked { error }), None));
            HostKeyAnswer {
                device: question.device,
                address: question.address,
                pinned: question.pinned,
                pinned_serial: question.pinned_serial,
                presented,
                serial,
            }
        })
        .collect()
}

async fn ask(
    question: HostKeyQuestion,
    silence: Duration,
) -> (Result<HostKey, HostKeyProblem>, Option<Serial>) {
    let address = question.address;
    let ssh = SocketAddr::new(address.ip, address.ssh_port);
    let snmp = SocketAddr::new(address.ip, address.snmp_port);
    let timeouts = HandshakeTimeouts {
        connect: silence,
        whole: TIMEOUT.max(silence),
    };
    let key = host_key_of(ssh, question.legacy_algorithms, question.pinned, timeouts);
    let serial = serial(snmp, question.access.as_ref(), silence);
    let (key, serial) = tokio::join!(key, serial);
    let presented = key.map_err(|error| HostKeyProblem::NotPresented {
        error: chain(&error),
    });
    (presented, serial)
}

/// Returns the serial number that a device reports, or `None` if it does not answer.
async fn serial(at: SocketAddr, access: Option<&Access>, silence: Duration) -> Option<Serial> {
    let options = SnmpOptions::default().with_silence(silence);
    let identified = identify(at, access?, options).await;
    identified.ok()?.0.serial
}

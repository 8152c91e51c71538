//! Looks at the devices to import: at addresses, in ranges, and by name.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::FoundDevice;
use crate::discovery::{Response, Sweep, SweepTarget, sweep};
use crate::inventory::Inventory;
use crate::model::{Address, CredentialsName, DeviceName, HostKey, NotObserved};
use crate::observe::{self, CommandLine, LookError, Target};
use crate::reconcile::{
    DeviceAccess, DeviceAccessError, Panicked, access_at, ask_many, device_access, not_observed,
};
use crate::secrets::Secrets;
use crate::transport::snmp::SnmpOptions;
use crate::transport::ssh::{HandshakeTimeouts, host_key_of};

/// Concurrent looks.
const AT_ONCE: usize = 64;

/// Timeout for a host key: old firmware computes for seconds.
const HOST_KEY_TIMEOUT: Duration = Duration::from_secs(15);

/// A device or an address to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportTarget {
    /// An address that was named, so something must answer.
    Address(Address),
    /// An address of a range, most of which are unused.
    InRange(Address),
    /// A device of the inventory.
    Device(DeviceName),
}

/// How an import accesses devices.
#[derive(Debug, Clone)]
pub struct ImportAccess {
    /// The credentials of the inventory to try on addresses, in this order; a named device has its own.
    pub credentials: Vec<CredentialsName>,
    /// Requests per second in a search for devices, at most.
    pub per_second: u32,
    /// Takes the host key that an address presents as that of the device.
    pub accepts_host_keys: bool,
    /// Returns the time now, in seconds since 1970.
    pub clock: fn() -> u64,
    /// Time until an address is given up if it does not answer at all, in a search for each set of credentials.
    pub silence: Duration,
}

/// The result of the looks of an import.
#[derive(Debug, Default)]
pub struct FoundDevices {
    pub found: Vec<FoundDevice>,
    /// Devices that were named, or answered, and have no observation.
    pub unobservable: Vec<UnobservedTarget>,
    /// Addresses of ranges where no GAM answered.
    pub silent: usize,
}

/// A target without an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnobservedTarget {
    pub target: ImportTarget,
    pub reason: NotObserved,
}

/// The reason that a target cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ImportTargetError {
    #[error("there is no device `{0}`")]
    NoDevice(DeviceName),
    #[error("`{0}` has no address")]
    NoAddress(DeviceName),
    #[error("no credentials are given for addresses; name some with `--credentials`")]
    NoCredentials,
    #[error(transparent)]
    Access(#[from] DeviceAccessError),
}

impl fmt::Display for ImportTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) | Self::InRange(address) => address.fmt(formatter),
            Self::Device(device) => device.fmt(formatter),
        }
    }
}

/// A target, with the access to it.
#[derive(Debug, Clone)]
struct Question {
    target: ImportTarget,
    address: Address,
    credentials: Option<CredentialsName>,
    device_access: DeviceAccess,
}

impl Question {
    fn is_in_range(&self) -> bool {
        matches!(self.target, ImportTarget::InRange(_))
    }
}

/// Looks at every target, many at a time. Ranges are swept first, as `gamctl discover` does it, and so are all addresses
/// if several credentials may open them.
///
/// # Errors
///
/// Fails, before any request, if the inventory and its secrets give no access to a target.
pub async fn find(
    targets: Vec<ImportTarget>,
    inventory: &Inventory,
    secrets: &Secrets,
    access: &ImportAccess,
) -> Result<FoundDevices, ImportTargetError> {
    let mut questions = Vec::new();
    for target in targets {
        questions.push(question(target, inventory, secrets, access)?);
    }
    let mut finds = FoundDevices::default();
    let answering = answering(&questions, inventory, secrets, access).await?;
    for question in &mut questions {
        if let Some(Some((name, device_access))) = answering.get(&question.address)
            && question.credentials.is_some()
        {
            question.credentials = Some(name.clone());
            question.device_access = device_access.clone();
        }
    }
    questions.retain(|question| {
        let is_silent = question.is_in_range() && !answering.contains_key(&question.address);
        finds.silent += usize::from(is_silent);
        !is_silent
    });
    let numbered = questions.clone().into_iter().enumerate();
    let look = |_, question: Question| {
        let access = access.clone();
        async move { look(&question, &access).await }
    };
    let looks = ask_many(numbered, AT_ONCE, look, |_, _| {}).await;
    // In the order in which the targets were named.
    for (question, looked) in questions.into_iter().zip(looks.into_values()) {
        let is_in_range = question.is_in_range();
        let target = question.target;
        let reason = match looked {
            Ok(Ok(found)) => {
                finds.found.push(found);
                continue;
            }
            // Another device in a range, or one that denies access, is not reported. A device that answered the sweep and is
            // silent now is.
            Ok(Err(LookError::NotAGam { .. } | LookError::NotAllowed { .. })) if is_in_range => {
                finds.silent += 1;
                continue;
            }
            Ok(Err(error)) => not_observed(&error),
            Err(Panicked(error)) => NotObserved::Panicked { error },
        };
        finds.unobservable.push(UnobservedTarget { target, reason });
    }
    Ok(finds)
}

/// The access that opened an address; `None` for something that answers and did not identify itself.
type Opened = Option<(CredentialsName, DeviceAccess)>;

/// Sweeps addresses; returns those where a GAM answers, or something that did not identify itself.
async fn answering(
    questions: &[Question],
    inventory: &Inventory,
    secrets: &Secrets,
    access: &ImportAccess,
) -> Result<BTreeMap<Address, Opened>, ImportTargetError> {
    let is_searched = |question: &&Question| {
        question.is_in_range() || (access.credentials.len() > 1 && question.credentials.is_some())
    };
    let searched: Vec<&Question> = questions.iter().filter(is_searched).collect();
    let Some(first) = searched.first() else {
        return Ok(BTreeMap::new());
    };
    let at = |address: Address, name: &CredentialsName| {
        access_at(inventory, address, name, None, secrets)
    };
    let mut credentials = Vec::new();
    for name in &access.credentials {
        credentials.push((name.clone(), at(first.address, name)?.access));
    }
    let numbers: Vec<usize> = (0..credentials.len()).collect();
    let asked = searched.iter().map(|question| SweepTarget {
        address: question.address,
        credentials: numbers.clone(),
    });
    let how = Sweep {
        credentials,
        per_second: access.per_second,
        snmp_options: SnmpOptions {
            retries: 1,
            ..SnmpOptions::default()
        }
        .with_silence(access.silence),
    };
    let mut opened = BTreeMap::new();
    for heard in sweep(asked.collect(), how, |_| {}).await {
        match heard {
            Response::Answer(answer) if answer.identity.product.is_some() => {
                let device_access = at(answer.address, &answer.credentials)?;
                opened.insert(answer.address, Some((answer.credentials, device_access)));
            }
            Response::Answer(_) => {}
            Response::Closed { address, .. } => {
                opened.insert(address, None);
            }
        }
    }
    Ok(opened)
}

fn question(
    target: ImportTarget,
    inventory: &Inventory,
    secrets: &Secrets,
    access: &ImportAccess,
) -> Result<Question, ImportTargetError> {
    let (address, credentials, device_access) = match &target {
        ImportTarget::Address(address) | ImportTarget::InRange(address) => {
            let name = access.credentials.first();
            let name = name.ok_or(ImportTargetError::NoCredentials)?;
            let device_access = access_at(inventory, *address, name, None, secrets)?;
            (*address, Some(name.clone()), device_access)
        }
        ImportTarget::Device(name) => {
            let device = inventory.device(name.as_str());
            let device = device.ok_or_else(|| ImportTargetError::NoDevice(name.clone()))?;
            let address = device.text.address;
            let address = address.ok_or_else(|| ImportTargetError::NoAddress(name.clone()))?;
            (address, None, device_access(inventory, device, secrets)?)
        }
    };
    Ok(Question {
        target,
        address,
        credentials,
        device_access: device_access.with_silence(access.silence),
    })
}

async fn look(question: &Question, access: &ImportAccess) -> Result<FoundDevice, LookError> {
    let address = question.address;
    let known = match &question.target {
        ImportTarget::Address(_) | ImportTarget::InRange(_) => None,
        ImportTarget::Device(name) => Some(name),
    };
    // Its address is its name until it reports one.
    let name = address.ip.to_string().replace(':', "-");
    let unnamed = DeviceName::new(&name).or_else(|_| DeviceName::new("unnamed"));
    let device = known.cloned().or(unnamed.ok());
    let device = device.unwrap_or_else(|| unreachable!("a word is a name"));
    let host_key = match access.accepts_host_keys && known.is_none() {
        true => presented_key(address, &question.device_access).await,
        false => None,
    };
    let mut command_line = question.device_access.command_line.clone();
    if let CommandLine::Login(login, _) = &mut command_line
        && login.host_key.is_none()
    {
        login.host_key.clone_from(&host_key);
    }
    let target = Target {
        device: &device,
        address: question.device_access.snmp,
        access: &question.device_access.access,
        snmp_options: observe::snmp_options().with_silence(question.device_access.silence),
        turns: question.device_access.turns.clone(),
        command_line,
        clock: access.clock,
    };
    let observation = observe::look(&target).await?;
    Ok(FoundDevice {
        observation,
        known: known.cloned(),
        address: Some(address),
        credentials: question.credentials.clone(),
        host_key,
        site: None,
    })
}

async fn presented_key(address: Address, device_access: &DeviceAccess) -> Option<HostKey> {
    let legacy = match &device_access.command_line {
        CommandLine::Login(login, _) => login.legacy_algorithms,
        CommandLine::None(_) => false,
    };
    let ssh = SocketAddr::new(address.ip, address.ssh_port);
    let timeouts = HandshakeTimeouts {
        connect: device_access.silence,
        whole: HOST_KEY_TIMEOUT.max(device_access.silence),
    };
    host_key_of(ssh, legacy, None, timeouts).await.ok()
}

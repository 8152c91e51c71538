//! Turns the devices of an inventory into specifications of their twins.

use anyhow::{Context, ensure};
use globset::GlobMatcher;

use super::credentials::{Keyring, TwinLogin};
use super::faults::FleetFault;
use super::listen::ListenAddress;
use super::start_from::StartFrom;
use super::{TwinArguments, faults};
use crate::cli::scope::pattern;
use crate::inventory::{DeviceObject, Inventory, nearest, resolve};
use crate::model::{DeviceName, DeviceState, VlanId, natural_order};
use crate::report::visible;
use crate::simulator::commands::SessionStart;
use crate::simulator::fault::FaultOrder;
use crate::simulator::gam::{Build, Hardware, Password, chance};
use crate::simulator::server::{TrapReceiver, TwinSettings};

/// The specification of one twin.
pub(super) struct Specification {
    pub name: DeviceName,
    pub settings: TwinSettings,
    pub faults: Vec<FaultOrder>,
    pub login: TwinLogin,
    /// A remark for the operator before the twin runs.
    pub note: Option<String>,
}

/// Returns the specification of every twin, in natural order of their names.
pub(super) fn specifications(
    arguments: &TwinArguments,
    inventory: &Inventory,
    keyring: &Keyring,
) -> anyhow::Result<Vec<Specification>> {
    let devices = chosen(&arguments.device, inventory)?;
    if let StartFrom::File(path) = &arguments.start_with {
        ensure!(
            devices.len() == 1,
            "{} is the configuration of one device, and {} are chosen; choose one with `--device`",
            path.display(),
            devices.len()
        );
    }
    let faults = match &arguments.faults {
        Some(path) => faults::read(path)?,
        None => Vec::new(),
    };
    for fault in &faults {
        ensure!(
            devices
                .iter()
                .any(|device| fault.devices.is_match(device.id.as_str())),
            "{}: the fault is for `{}`, and no twin matches that name",
            fault.place,
            visible(&fault.written)
        );
    }
    let intended = resolve(inventory);
    let management_vlan = inventory.defaults().management_vlan;
    let mut specifications = Vec::new();
    for (number, device) in devices.into_iter().enumerate() {
        let name = &device.id;
        let intended = intended.iter().find(|intended| intended.name == *name);
        let config = intended.map(|intended| &intended.config);
        let specification = Draft {
            arguments,
            device,
            place: arguments.place(number, &device.text)?,
            management_vlan,
            faults: &faults,
        }
        .specification(&config.cloned().unwrap_or_default(), keyring);
        specifications.push(specification.with_context(|| format!("device `{name}`"))?);
    }
    Ok(specifications)
}

/// Returns the devices that get a twin: all installed ones, or all that match the patterns.
fn chosen<'a>(only: &[String], inventory: &'a Inventory) -> anyhow::Result<Vec<&'a DeviceObject>> {
    let mut patterns: Vec<GlobMatcher> = Vec::new();
    for text in only {
        let pattern = pattern(text)?;
        if !inventory
            .devices()
            .any(|device| pattern.is_match(device.id.as_str()))
        {
            let near = nearest(text, inventory.devices().map(|device| device.id.as_str()));
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            anyhow::bail!("no device matches `--device {}`{hint}", visible(text));
        }
        patterns.push(pattern);
    }
    let is_chosen = |device: &&DeviceObject| match patterns.as_slice() {
        [] => device.text.state != Some(DeviceState::Preprovision),
        some => some
            .iter()
            .any(|pattern| pattern.is_match(device.id.as_str())),
    };
    let mut devices: Vec<&DeviceObject> = inventory.devices().filter(is_chosen).collect();
    devices.sort_by(|left, right| natural_order(left.id.as_str(), right.id.as_str()));
    ensure!(
        !devices.is_empty(),
        "no device of the inventory is installed: all are `preprovision`; `--device '*'` simulates these too"
    );
    Ok(devices)
}

/// A specification that is being built.
struct Draft<'a> {
    arguments: &'a TwinArguments,
    device: &'a DeviceObject,
    place: ListenAddress,
    /// The VLAN of a device that sets no other.
    management_vlan: VlanId,
    faults: &'a [FleetFault],
}

impl Draft<'_> {
    fn specification(
        self,
        intended: &crate::model::DeviceConfig,
        keyring: &Keyring,
    ) -> anyhow::Result<Specification> {
        let Self {
            arguments,
            device,
            place,
            management_vlan,
            faults,
        } = self;
        let text = &device.text;
        let management_vlan = text.management_vlan.unwrap_or(management_vlan);
        let credentials = text.credentials.as_ref();
        let credentials = credentials.map_or("default", |credentials| credentials.as_str());
        let login = keyring
            .get(credentials)
            .with_context(|| format!("there are no credentials `{credentials}`"))?;
        let model = text.model.context("`model` is missing")?;
        let seed = chance::draw(arguments.seed, &format!("device {}", device.id), 0);
        let mut hardware = Hardware::of(model, seed);
        for assumption in &arguments.assume {
            assumption.set(&mut hardware);
        }
        // Use the pinned identity, so that a gamctl that checks the pins accepts the twin.
        if let Some(serial) = &text.serial {
            hardware.serial = serial.as_str().into();
        }
        if let Some(mac) = text.mac {
            hardware.mac = mac;
        }
        let start = arguments
            .start_with
            .start(intended, management_vlan, &hardware, seed)?;
        let build = Build {
            hardware,
            firmware: arguments.firmware.into(),
            seed,
            configuration: start.configuration,
        };
        let trap_receiver = arguments.trap_to.map(|address| TrapReceiver {
            address,
            community: login.trap_community(),
        });
        let mut settings = TwinSettings {
            plugged: start.plugged,
            ip: place.ip,
            ssh_port: place.ssh_port,
            snmp_port: place.snmp_port,
            login: login.login(),
            // A device that the inventory marks as `legacy_ssh` gets a twin with the same old algorithms.
            legacy_ssh: arguments.legacy_ssh || login.legacy_ssh,
            snmp: login.agent(),
            trap_receiver,
            max_sessions: usize::from(arguments.sessions),
            session_start: SessionStart {
                banner: arguments.banner.clone().unwrap_or_default(),
                lands_unprivileged: arguments.unprivileged,
                enable_password: Password::of(&login.password),
            },
            directory: arguments.state.clone(),
            ..TwinSettings::new(build)
        };
        arguments.latency.set(&mut settings);
        let name = device.id.clone();
        let faults = faults
            .iter()
            .filter(|fault| fault.devices.is_match(name.as_str()));
        Ok(Specification {
            settings,
            faults: faults.map(|fault| fault.order.clone()).collect(),
            login: login.clone(),
            note: start.note,
            name,
        })
    }
}

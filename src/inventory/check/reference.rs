//! Checks that referenced objects exist, and that the inventory is not empty.

use foldhash::HashMap;

use crate::inventory::FileKind;
use crate::inventory::assemble::Inventory;
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::record::{SECRET_IN_INVENTORY, looks_like_a_secret};
use crate::inventory::rules::rules;
use crate::inventory::suggest;
use crate::model::ServicePlanId;

rules! {
    /// An inventory without devices describes nothing. More often a wrong folder was given, or the files are gone; an
    /// empty intention must never be taken for "remove everything".
    EMPTY_INVENTORY = "empty-inventory", Error, "there are no devices in the inventory",
    wrong: [("$", "git rm -qr devices subscribers")],
    right: [("$", "true")];

    /// `network.toml` has the schema version of the inventory and the settings of the whole network.
    NO_NETWORK_FILE = "no-network-file", Error, "there is no `network.toml`",
    wrong: [("$", "git rm -q network.toml")],
    right: [("network.toml", "schema = 1\n")];

    /// A subscriber on a device that does not exist has no service.
    UNKNOWN_DEVICE = "unknown-device", Error, "a subscriber's device does not exist",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"mapel-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")];

    /// Without its service plan a subscriber's speed is not known.
    UNKNOWN_SERVICE_PLAN = "unknown-service-plan", Error, "a service plan that does not exist",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-1000\"\nvlan = 101\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")];

    /// Without credentials a device cannot be opened. A device that names none uses `default`.
    UNKNOWN_CREDENTIALS = "unknown-credentials", Error, "credentials that do not exist",
    wrong: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\ncredentials = \"maple\"\n")],
    right: [("devices/maple.toml", "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\ncredentials = \"default\"\n")];
}

/// Suggestions are compared with every known name: beyond so many unknown names the first ones must do.
const MAX_SUGGESTIONS: usize = 100;

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    check_files(inventory, pending);
    let mut suggestions = Suggestions::default();
    check_devices(inventory, &mut suggestions, pending);
    check_service_plans(inventory, &mut suggestions, pending);
    check_credentials(inventory, &mut suggestions, pending);
}

fn check_files(inventory: &Inventory, pending: &mut Vec<Pending>) {
    if inventory.devices.is_empty() && !inventory.is_partial(FileKind::Devices) {
        let (file, message) = if inventory.files.is_empty() {
            (".", "there is no file of an inventory here")
        } else {
            ("devices.toml", "the inventory has no devices")
        };
        pending.push(
            Pending::about_missing(&EMPTY_INVENTORY, file, message)
                .hint("check the folder, or create an inventory with `gamctl init DIR`"),
        );
    }
    if inventory.networks.is_empty()
        && !inventory.is_partial(FileKind::Network)
        && !inventory.files.is_empty()
    {
        pending.push(
            Pending::about_missing(
                &NO_NETWORK_FILE,
                "network.toml",
                "there is no `network.toml`",
            )
            .hint("add one with at least `schema = 1`"),
        );
    }
}

#[derive(Default)]
struct Suggestions {
    by_name: HashMap<(FileKind, String), Option<String>>,
}

impl Suggestions {
    fn of<'a>(
        &mut self,
        kind: FileKind,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Option<String> {
        if self.by_name.len() >= MAX_SUGGESTIONS {
            return None;
        }
        self.by_name
            .entry((kind, name.to_owned()))
            .or_insert_with(|| {
                suggest::nearest(name, known).map(|near| format!("did you mean `{near}`?"))
            })
            .clone()
    }
}

fn check_devices(inventory: &Inventory, suggestions: &mut Suggestions, pending: &mut Vec<Pending>) {
    if inventory.is_partial(FileKind::Devices) {
        return;
    }
    for position in &inventory.without_device {
        let Some(object) = inventory.subscriber_at(*position) else {
            continue;
        };
        let Some(name) = &object.text.device else {
            continue;
        };
        let known = inventory.devices().map(|device| device.id.as_str());
        let hint = suggestions.of(FileKind::Devices, name.as_str(), known);
        let at = inventory.point_at_subscriber(*position).value("device");
        let message = format!("there is no device `{name}` for subscriber `{}`", object.id);
        pending.push(Pending::new(&UNKNOWN_DEVICE, at, message).maybe_hint(hint));
    }
}

fn check_service_plans(
    inventory: &Inventory,
    suggestions: &mut Suggestions,
    pending: &mut Vec<Pending>,
) {
    if inventory.is_partial(FileKind::ServicePlans) {
        return;
    }
    // A network has few service plans: the ones seen are quicker to compare with than to look up.
    let mut known: Vec<&ServicePlanId> = Vec::new();
    for position in &inventory.subscribers {
        let Some(object) = inventory.subscriber_at(*position) else {
            continue;
        };
        let Some(id) = &object.text.service_plan else {
            continue;
        };
        if known.contains(&id) {
            continue;
        }
        if inventory.service_plan(id.as_str()).is_some() {
            if known.len() < 16 {
                known.push(id);
            }
            continue;
        }
        let plans = inventory.service_plans().map(|plan| plan.id.as_str());
        let hint = suggestions.of(FileKind::ServicePlans, id.as_str(), plans);
        let at = inventory
            .point_at_subscriber(*position)
            .value("service_plan");
        let message = format!(
            "there is no service plan `{id}` for subscriber `{}`",
            object.id
        );
        pending.push(Pending::new(&UNKNOWN_SERVICE_PLAN, at, message).maybe_hint(hint));
    }
    if let Some(id) = inventory.defaults().suspension_plan
        && inventory.service_plan(id.as_str()).is_none()
        && let Some(file) = inventory.networks.first()
    {
        let known = inventory.service_plans().map(|plan| plan.id.as_str());
        let hint = suggestions.of(FileKind::ServicePlans, id.as_str(), known);
        let at = Pointer::to_file(*file)
            .key("suspension")
            .value("service_plan");
        let message = format!("there is no service plan `{id}` for the suspended");
        pending.push(Pending::new(&UNKNOWN_SERVICE_PLAN, at, message).maybe_hint(hint));
    }
}

fn check_credentials(
    inventory: &Inventory,
    suggestions: &mut Suggestions,
    pending: &mut Vec<Pending>,
) {
    if inventory.is_partial(FileKind::Credentials) {
        return;
    }
    for position in &inventory.devices {
        let Some(object) = inventory.device_at(*position) else {
            continue;
        };
        let name = object
            .text
            .credentials
            .as_ref()
            .map_or("default", |name| name.as_str());
        if inventory.has_credentials(name) {
            continue;
        }
        let at = inventory.point_at_device(*position).value("credentials");
        if looks_like_a_secret(name) {
            let message = format!(
                "`credentials` of device `{}` holds a secret where the name of credentials belongs",
                object.id
            );
            pending.push(
                Pending::new(&SECRET_IN_INVENTORY, at, message)
                    .hint("name a table of `credentials.toml`, and change the secret where it is used: git keeps it for ever")
                    .secret(),
            );
            continue;
        }
        let message = format!(
            "there are no credentials `{name}` for device `{}`",
            object.id
        );
        let known = inventory
            .credentials()
            .map(|credentials| credentials.id.as_str())
            .filter(|known| !looks_like_a_secret(known));
        let hint = suggestions
            .of(FileKind::Credentials, name, known)
            .or_else(|| Some(format!("add `[credentials.{name}]` to `credentials.toml`")));
        pending.push(Pending::new(&UNKNOWN_CREDENTIALS, at, message).maybe_hint(hint));
    }
}

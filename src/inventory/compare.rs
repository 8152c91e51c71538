//! Checks the step from one inventory to the next for changes that must not happen at once.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::FileKind;
use super::assemble::{Inventory, SubscriberObject};
use super::locate::{FileSlot, Pending, Pointer, place_pending};
use super::parse::Content;
use super::rules::rules;
use super::source::Limits;
use super::tree::TreeLimits;
use crate::model::{DeviceState, Finding, Rule, SourceLocation, SubscriberState};

rules! {
    /// A file that is gone with everything in it is rarely meant: a merge went wrong, or a sync wrote half a result.
    /// Moving objects to other files is not a loss.
    LOST_FILE = "lost-file", Error, "a file is gone, and objects that were in it are gone as well",
    wrong: [("$", "printf '[subscriber.acct-2]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:00:02\"\\nservice_plan = \"home-100\"\\nvlan = 102\\n' > subscribers/more.toml; git rm -q subscribers/maple.toml")],
    right: [("$", "git mv subscribers/maple.toml subscribers/north.toml")];

    /// The last subscriber or device of the whole inventory does not go by accident.
    EMPTIED_INVENTORY = "emptied-inventory", Error, "all devices or all subscribers are gone",
    wrong: [("subscribers/maple.toml", "# nobody any more\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")];

    /// A protected subscriber is removed in two steps, so that two people see it: first `protected` goes, in a commit of
    /// its own, then the subscriber.
    PROTECTED_REMOVED = "protected-removed", Error, "a protected subscriber is removed",
    wrong: [("$", "printf 'protected = true\\n' >> subscribers/maple.toml; cp subscribers/maple.toml more.txt; printf '[subscriber.acct-2]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:00:02\"\\nservice_plan = \"home-100\"\\nvlan = 102\\n' >> subscribers/maple.toml; git add -A; git -c user.name=a -c user.email=a@b commit -qm protect; printf '[subscriber.acct-2]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:00:02\"\\nservice_plan = \"home-100\"\\nvlan = 102\\n' > subscribers/maple.toml")],
    right: [("$", "printf '[subscriber.acct-2]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:00:02\"\\nservice_plan = \"home-100\"\\nvlan = 102\\n' >> subscribers/maple.toml; git add -A; git -c user.name=a -c user.email=a@b commit -qm more; printf '[subscriber.acct-2]\\ndevice = \"maple-a\"\\nport = 2\\nendpoint = \"00:0e:d8:00:00:02\"\\nservice_plan = \"home-100\"\\nvlan = 102\\n' > subscribers/maple.toml")];

    /// A file that could not be read at the earlier commit cannot be compared: a protected subscriber may be gone from it, and
    /// the loss would not be noticed. A person should look at what changed in that file.
    STEP_NOT_JUDGED = "step-not-judged", Warning, "a file could not be read at the commit before",
    wrong: [("$", "printf '<<<<<<< a\\n' >> policy.toml; git add -A; git -c user.name=a -c user.email=a@b commit -qm broken; : > policy.toml")],
    right: [("$", "printf '# whole\\n' >> policy.toml; git add -A; git -c user.name=a -c user.email=a@b commit -qm whole; : > policy.toml")];

    /// gamctl stops managing a device whose text is deleted: its subscribers stay configured on it, and no one looks after
    /// them. Retire it first (`state = \"retired\"`), then delete its text.
    DEVICE_DROPPED = "device-dropped", Warning, "a device is deleted without being retired",
    wrong: [("$", "printf '[device.oak-a]\\nmodel = \"GAM-12-C\"\\naddress = \"10.20.0.12\"\\n' > devices/oak.toml; git add -A; git -c user.name=a -c user.email=a@b commit -qm oak; printf '[device.elm-a]\\nmodel = \"GAM-12-C\"\\naddress = \"10.20.0.13\"\\n' > devices/oak.toml")],
    right: [("$", "printf '[device.oak-a]\\nmodel = \"GAM-12-C\"\\naddress = \"10.20.0.12\"\\nstate = \"retired\"\\n' > devices/oak.toml; git add -A; git -c user.name=a -c user.email=a@b commit -qm oak; printf '[device.elm-a]\\nmodel = \"GAM-12-C\"\\naddress = \"10.20.0.13\"\\n' > devices/oak.toml")];

    /// The same endpoint under another id is most likely the same subscriber. With `moved_from` the subscriber is moved;
    /// without, one is removed and another made, and the line is down in between.
    RENAMED_WITHOUT_MOVED_FROM = "renamed-without-moved-from", Warning, "a subscriber seems to have another id now",
    wrong: [("subscribers/maple.toml", "[subscriber.acct-9]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n")],
    right: [("subscribers/maple.toml", "[subscriber.acct-9]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nmoved_from = \"acct-1\"\n")];
}

/// Returns whether a person may overrule a rule for one validation, because the step can be meant.
pub fn is_acceptable(rule: &str) -> bool {
    [&LOST_FILE, &EMPTIED_INVENTORY]
        .iter()
        .any(|known| known.id == rule)
}

/// Returns what is wrong with going from `before` to `after`.
pub(in crate::inventory) fn compare(before: &Inventory, after: &Inventory) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pending = Vec::new();
    if !after.is_partial(FileKind::Subscribers) {
        subscribers(before, after, &mut findings, &mut pending);
    }
    if !after.is_partial(FileKind::Devices) {
        devices(before, after, &mut findings);
    }
    lost_files(before, after, &mut findings);
    not_judged(before, after, &mut findings);
    let limits = Limits::default();
    let limits = TreeLimits {
        depth: limits.toml_depth,
        keys: limits.keys,
    };
    findings.extend(place_pending(&after.files, &pending, limits));
    findings
}

fn gone(rule: &'static Rule, place: SourceLocation, message: String, hint: &str) -> Finding {
    Finding {
        rule,
        severity: rule.severity,
        place,
        message,
        hint: Some(hint.to_owned()),
        related: Vec::new(),
        is_secret: false,
    }
}

fn all_gone(count: usize, what: &str) -> String {
    match count {
        1 => format!("the only {what} is gone"),
        _ => format!("all {count} {what}s are gone"),
    }
}

/// Returns the ids of everything in a file.
fn ids(content: &Content) -> Vec<String> {
    match content {
        Content::Network(_) | Content::Policy(_) => Vec::new(),
        Content::ServicePlans(list) => list.iter().map(|object| object.id.to_string()).collect(),
        Content::Credentials(list) => list.iter().map(|object| object.id.to_string()).collect(),
        Content::Billing(list) => list.iter().map(|object| object.id.to_string()).collect(),
        Content::Devices(list) => list.iter().map(|object| object.id.to_string()).collect(),
        Content::Subscribers(list) => list.iter().map(|object| object.id.to_string()).collect(),
    }
}

fn lost_files(before: &Inventory, after: &Inventory, findings: &mut Vec<Finding>) {
    let mut lives_on = None;
    let is_there: HashSet<&str> = after.files.iter().map(|slot| &*slot.path).collect();
    for FileSlot { path, parsed } in &before.files {
        if is_there.contains(&**path) {
            continue;
        }
        let kind = match super::classify(path) {
            super::PathKind::Inventory(kind) => kind,
            super::PathKind::Foreign | super::PathKind::Suspicious(_) => continue,
        };
        if after.is_partial(kind) {
            continue;
        }
        if parsed.is_partial {
            findings.push(gone(
                &LOST_FILE,
                SourceLocation::whole(Arc::clone(path)),
                format!("the file `{path}` is gone, and what was in it could not be read"),
                "fix it first, to see which objects are removed with it",
            ));
            continue;
        }
        let lost: Vec<String> = match &parsed.content {
            // Without it the inventory has an error of its own, which is reported already.
            Content::Network(_) => continue,
            Content::Policy(_) => vec![path.to_string()],
            Content::Subscribers(list) => {
                let lives_on = lives_on.get_or_insert_with(|| subscriber_ids(before, after));
                list.iter()
                    .map(|object| object.id.as_str())
                    .filter(|id| !lives_on.contains(id))
                    .map(str::to_owned)
                    .collect()
            }
            content => {
                let known = known_ids(kind, after);
                ids(content)
                    .into_iter()
                    .filter(|id| !known.contains(id))
                    .collect()
            }
        };
        let Some(first) = lost.first() else { continue };
        let what = match (&parsed.content, lost.len()) {
            (Content::Policy(_), _) => "its settings no longer apply".to_owned(),
            (_, 1) => format!("`{first}` is gone with it"),
            (_, count) => format!("`{first}` and {} more are gone with it", count - 1),
        };
        findings.push(gone(
            &LOST_FILE,
            SourceLocation::whole(Arc::clone(path)),
            format!("the file `{path}` is gone, and {what}"),
            "if that is meant, accept it with `--accept lost-file`; removals are still limited by the policy",
        ));
    }
}

fn known_ids(kind: FileKind, inventory: &Inventory) -> HashSet<String> {
    inventory
        .files
        .iter()
        .filter(|slot| super::classify(&slot.path) == super::PathKind::Inventory(kind))
        .flat_map(|slot| ids(&slot.parsed.content))
        .collect()
}

/// Reports what could not be read before and is still there: whatever changed in it goes unseen.
fn not_judged(before: &Inventory, after: &Inventory, findings: &mut Vec<Finding>) {
    let partial = before.files.iter().filter(|slot| slot.parsed.is_partial);
    let mut paths: Vec<Arc<str>> = partial.map(|slot| Arc::clone(&slot.path)).collect();
    let is_shown = |kind: &FileKind, paths: &[Arc<str>]| {
        paths
            .iter()
            .any(|path| super::classify(path) == super::PathKind::Inventory(*kind))
    };
    for kind in &before.partial {
        if !is_shown(kind, &paths) {
            // Not even opened then: a link, a pipe, a file beyond the limits.
            paths.push(Arc::from(format!("{kind}.toml")));
        }
    }
    let is_there: HashSet<&str> = after.files.iter().map(|slot| &*slot.path).collect();
    for path in paths {
        let was_opened = before.files.iter().any(|slot| slot.path == path);
        if was_opened && !is_there.contains(&*path) {
            // Reported as lost.
            continue;
        }
        let what = if was_opened {
            format!("`{path}`")
        } else {
            format!("a file of {}", path.trim_end_matches(".toml"))
        };
        findings.push(gone(
            &STEP_NOT_JUDGED,
            SourceLocation::whole(path),
            format!(
                "{what} could not be read at the commit before, so the step in it is not checked"
            ),
            "check what changed in it; the next step is checked again",
        ));
    }
}

/// Returns the ids that live on, as they are or as the `moved_from` of a subscriber that was not there before.
fn subscriber_ids<'a>(before: &Inventory, after: &'a Inventory) -> HashSet<&'a str> {
    let was_there: HashSet<&str> = before
        .subscribers()
        .map(|object| object.id.as_str())
        .collect();
    let now = after.subscribers().map(|object| object.id.as_str());
    let moved = after
        .subscribers()
        .filter(|object| !was_there.contains(object.id.as_str()))
        .filter_map(|object| object.text.moved_from.as_ref());
    now.chain(moved.map(|id| id.as_str())).collect()
}

fn subscribers(
    before: &Inventory,
    after: &Inventory,
    findings: &mut Vec<Finding>,
    pending: &mut Vec<Pending>,
) {
    if before.subscribers.is_empty() {
        return;
    }
    if after.subscribers.is_empty() {
        let count = before.subscribers.len();
        findings.push(gone(
            &EMPTIED_INVENTORY,
            first_file(before, FileKind::Subscribers),
            all_gone(count, "subscriber"),
            "if that is meant, accept it with `--accept emptied-inventory`",
        ));
    }
    put_aside(before, after, findings);
    let lives_on = subscriber_ids(before, after);
    let removed: Vec<_> = before
        .subscribers
        .iter()
        .filter_map(|position| Some((*position, before.subscriber_at(*position)?)))
        .filter(|(_, object)| !lives_on.contains(object.id.as_str()))
        .collect();
    if removed.is_empty() {
        return;
    }
    protected(before, &removed, findings);
    renamed(before, after, &removed, pending);
}

/// Returns the first file of a kind, for what concerns the kind as a whole.
fn first_file(inventory: &Inventory, kind: FileKind) -> SourceLocation {
    let of_kind =
        |slot: &&FileSlot| super::classify(&slot.path) == super::PathKind::Inventory(kind);
    let first = inventory.files.iter().find(of_kind);
    SourceLocation::whole(first.map_or_else(|| Arc::from("."), |slot| Arc::clone(&slot.path)))
}

/// Reports protected subscribers that change from served to pending, which removes them from the device as well.
fn put_aside(before: &Inventory, after: &Inventory, findings: &mut Vec<Finding>) {
    let is_pending =
        |object: &SubscriberObject| object.text.state == Some(SubscriberState::Pending);
    let served: HashSet<&str> = before
        .subscribers()
        .filter(|object| object.text.protected == Some(true) && !is_pending(object))
        .map(|object| object.id.as_str())
        .collect();
    for position in &after.subscribers {
        let Some(object) = after.subscriber_at(*position) else {
            continue;
        };
        if is_pending(object) && served.contains(object.id.as_str()) {
            let path = after.path_of(*position);
            findings.push(gone(
                &PROTECTED_REMOVED,
                SourceLocation::whole(path),
                format!(
                    "the protected subscriber `{}` is taken off its device by `pending`",
                    object.id
                ),
                "take `protected` out in a commit of its own first",
            ));
        }
    }
}

type Removed<'a> = (super::assemble::ObjectPosition, &'a SubscriberObject);

fn protected(before: &Inventory, removed: &[Removed<'_>], findings: &mut Vec<Finding>) {
    for (position, object) in removed {
        if object.text.protected != Some(true) {
            continue;
        }
        let path = before.path_of(*position);
        findings.push(gone(
            &PROTECTED_REMOVED,
            SourceLocation::whole(path),
            format!("the protected subscriber `{}` is removed", object.id),
            "take `protected` out in a commit of its own first",
        ));
    }
}

fn renamed(
    before: &Inventory,
    after: &Inventory,
    removed: &[Removed<'_>],
    pending: &mut Vec<Pending>,
) {
    let was_there: HashSet<&str> = before
        .subscribers()
        .map(|object| object.id.as_str())
        .collect();
    let by_mac: HashMap<u64, &SubscriberObject> = removed
        .iter()
        .filter_map(|(_, object)| Some((object.text.endpoint?.to_u64(), *object)))
        .collect();
    for position in &after.subscribers {
        let Some(object) = after.subscriber_at(*position) else {
            continue;
        };
        if was_there.contains(object.id.as_str()) || object.text.moved_from.is_some() {
            continue;
        }
        let old = object
            .text
            .endpoint
            .and_then(|mac| by_mac.get(&mac.to_u64()));
        // The same endpoint on another device is more likely reused hardware.
        let Some(old) = old.filter(|old| old.text.device == object.text.device) else {
            continue;
        };
        let at: Pointer = after.point_at_subscriber(*position);
        pending.push(
            Pending::new(
                &RENAMED_WITHOUT_MOVED_FROM,
                at,
                format!("`{}` has the endpoint that `{}` had", object.id, old.id),
            )
            .hint(format!(
                "if it is the same subscriber, add `moved_from = \"{}\"`",
                old.id
            )),
        );
    }
}

fn devices(before: &Inventory, after: &Inventory, findings: &mut Vec<Finding>) {
    if !before.devices.is_empty() && after.devices.is_empty() {
        let count = before.devices.len();
        findings.push(gone(
            &EMPTIED_INVENTORY,
            first_file(before, FileKind::Devices),
            all_gone(count, "device"),
            "if that is meant, accept it with `--accept emptied-inventory`",
        ));
    }
    for position in &before.devices {
        let Some(object) = before.device_at(*position) else {
            continue;
        };
        let was_in_use = !matches!(
            object.text.state,
            Some(DeviceState::Retired | DeviceState::Preprovision)
        );
        if !was_in_use || after.device(object.id.as_str()).is_some() {
            continue;
        }
        let path = before.path_of(*position);
        findings.push(gone(
            &DEVICE_DROPPED,
            SourceLocation::whole(path),
            format!("device `{}` is deleted without having been retired", object.id),
            "gamctl stops managing it and removes nothing from it; set `state = \"retired\"`, apply, then delete it",
        ));
    }
}

//! `gamctl show … --at TIME`: shows the inventory, the last look and the last run at an earlier time.

use anyhow::bail;
use serde::Serialize;

use super::clock;
use super::explain::chapter;
use super::find::only_subscriber;
use super::format::{ShowFormat, print_shown};
use super::invocation::{Invocation, Selected};
use super::scope::did_you_mean;
use super::show::{ShownDevice, ShownSubscriber};
use super::show_line::line;
use super::show_observed::Subject;
use super::source::InventoryArguments;
use super::store_client::StoreClient;
use super::when::moment_past;
use crate::history::{AppliedCommit, AsOf, Subject as Recorded, VerifiedThen};
use crate::inventory::source::{Limits, Source, SourceError};
use crate::inventory::{
    Cache, Inventory, Reading, complete_service_plans, complete_subscriber, nearest, read,
    resolve_device,
};
use crate::model::chain;
use crate::model::{
    DeviceConfig, DeviceName, Health, Observation, Subscriber, SubscriberConfig, SubscriberId,
    subscriber_word,
};
use crate::report::{self as paper, DocumentKind, Exit, InventoryThen, LookThen, StateAt, visible};

/// The sources of a past state.
struct PastState<'a> {
    selected: &'a Selected<'a>,
    store: Option<StoreClient<'a>>,
    at: u64,
    /// The last commit that was applied on any device by then.
    applied: Option<AppliedCommit>,
    /// The present inventory.
    current: Reading,
    cache: Cache,
}

/// The inventory in force on a device.
struct InForce {
    commit: Option<String>,
    verified_at: Option<u64>,
    /// The error, if it cannot be read.
    reading: Result<Reading, String>,
}

pub(super) fn shown_at(
    what: Subject<'_>,
    time: &str,
    arguments: &InventoryArguments,
    format: ShowFormat,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    if arguments.is_of_a_revision() {
        bail!(
            "`--at` shows the inventory at the commit that was applied then; leave out `--rev`, or leave out `--at`"
        );
    }
    let selected = invocation.select(arguments.given())?;
    let terminal = &invocation.terminal;
    let store = StoreClient::if_there(&selected)?;
    let now = match &store {
        Some(store) => store.wait(store.store().clock())?,
        None => clock::seconds(),
    };
    let at = moment_past(time, now)?;
    let applied = match &store {
        Some(store) => store.wait(store.store().applied_commits(at, 1))?.pop(),
        None => None,
    };
    let past = PastState {
        selected: &selected,
        store,
        at,
        applied,
        current: selected.read(arguments.revision())?,
        cache: Cache::default(),
    };
    match what {
        Subject::Device(name) => device(&past, name, format)?,
        Subject::Subscriber(id) => subscriber(&past, id, format)?,
    }
    if past.store.is_none() {
        terminal.say("There is no store yet: nothing was applied from here.");
    }
    Ok(Exit::Done)
}

impl PastState<'_> {
    fn as_of(&self, subject: &Recorded) -> anyhow::Result<AsOf> {
        match &self.store {
            Some(store) => store.wait(store.store().as_of(subject, self.at)),
            None => Ok(AsOf::default()),
        }
    }

    /// Reads the inventory at a commit, or returns the error.
    fn reading_at(&self, commit: &str) -> Result<Reading, String> {
        let short = commit.get(..12).unwrap_or(commit);
        let cannot = |error: &SourceError| {
            format!(
                "cannot read commit {short} from this repository: {}; fetch it, then run this again",
                chain(error)
            )
        };
        let source = Source::git(&self.selected.folder, commit).map_err(|error| cannot(&error))?;
        let reading = read(&source, &Limits::default(), &self.cache);
        let reading = reading.map_err(|error| cannot(&error))?;
        match reading.has_errors() {
            false => Ok(reading),
            true => Err(format!(
                "the inventory at commit {short} has errors by the rules of this gamctl; `gamctl validate --rev {short}` shows them"
            )),
        }
    }

    /// Returns the inventory that a device was last verified against, else the last one applied on any device.
    fn in_force(&self, device: &DeviceName, verified: Option<&VerifiedThen>) -> InForce {
        let (commit, verified_at) = match (verified, &self.applied) {
            (Some(verified), _) => (verified.commit.clone(), Some(verified.at)),
            (None, applied) => (applied.as_ref().map(|applied| applied.commit.clone()), None),
        };
        let reading = match (&commit, verified_at) {
            (Some(commit), _) => self.reading_at(commit),
            (None, Some(_)) => Err(format!(
                "the inventory last applied to {device} was not committed, so its text was not recorded"
            )),
            (None, None) => Err("the store has no run by then".to_owned()),
        };
        InForce {
            commit,
            verified_at,
            reading,
        }
    }

    fn print<Said: Serialize, Observed: Serialize>(
        &self,
        kind: DocumentKind,
        state: &StateAt<Said, Observed>,
        blocks: &[String],
        format: ShowFormat,
    ) -> anyhow::Result<()> {
        let terminal = self.selected.terminal();
        let text = || state.text(blocks, terminal.paint, terminal.width);
        print_shown(kind, state, format, text, terminal)?;
        if let Some(chapter) = &state.changed {
            terminal.hint(&format!(
                "`gamctl history --run {} --device {} --detailed` shows every line of that run",
                paper::short_id(chapter.run.id),
                visible(&state.device)
            ));
        }
        Ok(())
    }
}

impl InForce {
    fn with<Said>(&self, said: Result<Said, String>) -> InventoryThen<Said> {
        let (said, unknown) = match said {
            Ok(said) => (Some(said), None),
            Err(why) => (None, Some(why)),
        };
        InventoryThen {
            commit: self.commit.clone(),
            verified_at: self.verified_at,
            said,
            unknown,
        }
    }

    /// Reports that the inventory did not have the subject then.
    fn lacks(&self, what: &str) -> String {
        let commit = self.commit.as_deref().unwrap_or_default();
        format!(
            "commit {} has no {what}",
            commit.get(..12).unwrap_or(commit)
        )
    }
}

fn device(past: &PastState<'_>, name: &str, format: ShowFormat) -> anyhow::Result<()> {
    let current = &past.current.inventory;
    let is_in_inventory_now = current.device(name).is_some();
    let Ok(device) = DeviceName::new(name) else {
        bail!("{}", no_device(current, name));
    };
    let as_of = past.as_of(&Recorded::Device(device.clone()))?;
    let in_force = past.in_force(&device, as_of.verified.as_ref());
    let then = in_force.reading.as_ref().map(|reading| &reading.inventory);
    let is_known = as_of != AsOf::default()
        || is_in_inventory_now
        || then.is_ok_and(|then| then.device(name).is_some());
    if !is_known {
        bail!("{}", no_device(current, name));
    }
    let paint = past.selected.terminal().paint;
    let mut blocks = Vec::new();
    let intended = then.ok().and_then(|then| resolve_device(then, name));
    let object = then.ok().and_then(|then| then.device(name));
    let said = match (then, &intended, object) {
        (Ok(then), Some(intended), Some(object)) => {
            let line = line(then, object);
            blocks.push(paper::device(&line, &intended.config, paint));
            Ok(ShownDevice {
                device: &intended.name,
                state: intended.state,
                model: object.text.model,
                intended: &intended.config,
            })
        }
        (Err(why), ..) => Err(why.clone()),
        (Ok(_), ..) => Err(in_force.lacks(&format!("device `{name}`"))),
    };
    let look = as_of.found.map(|found| {
        let observation = lasting(found.observation);
        blocks.push(paper::observed_device(&observation, None, paint));
        LookThen {
            since: found.since,
            until: found.until,
            confirmed: found.confirmed,
            observed: Some(observation.config),
        }
    });
    let state: StateAt<ShownDevice<'_>, DeviceConfig> = StateAt {
        about: format!("device {device}"),
        device: device.to_string(),
        at: past.at,
        is_in_inventory_now,
        inventory: in_force.with(said),
        look,
        changed: as_of.changed.map(chapter),
    };
    past.print(DocumentKind::DeviceAt, &state, &blocks, format)
}

fn subscriber(past: &PastState<'_>, id: &str, format: ShowFormat) -> anyhow::Result<()> {
    let current = &past.current.inventory;
    let is_in_inventory_now = current.subscriber(id).is_some();
    // The device that it was on then decides the commit last applied; it may be on another device now.
    let applied = past.applied.as_ref();
    let applied = applied.map(|applied| past.reading_at(&applied.commit));
    let then = match &applied {
        Some(Ok(reading)) => complete(&reading.inventory, id),
        _ => None,
    };
    let Some(whose) = then.or_else(|| complete(current, id)) else {
        // No subscriber has this id, so it may be another value of one.
        if current.subscriber(id).is_none()
            && let Some(found) = only_subscriber(current, id)?
        {
            past.selected.terminal().say(&found.remark(id));
            return subscriber(past, found.object.id(), format);
        }
        bail!("{}", no_subscriber(current, id, applied.as_ref()));
    };
    let mut objects = vec![("subscriber".to_owned(), whose.name.to_string())];
    objects.extend(
        whose
            .endpoint
            .map(|mac| ("endpoint".to_owned(), mac.to_string())),
    );
    let as_of = past.as_of(&Recorded::Objects(whose.device.clone(), objects))?;
    let in_force = past.in_force(&whose.device, as_of.verified.as_ref());
    let then = in_force.reading.as_ref().map(|reading| &reading.inventory);
    let subscriber = then.ok().and_then(|then| complete(then, id));
    let intended = then
        .ok()
        .and_then(|then| resolve_device(then, whose.device.as_str()));
    let paint = past.selected.terminal().paint;
    let mut blocks = Vec::new();
    let said = match (then, &subscriber) {
        (Err(why), _) => Err(why.clone()),
        (Ok(_), None) => Err(in_force.lacks(&format!("subscriber `{id}`"))),
        (Ok(_), Some(subscriber)) if subscriber.device != whose.device => {
            Err(in_force.lacks(&format!(
                "subscriber `{id}` on {}; it has it on {}",
                whose.device, subscriber.device
            )))
        }
        (Ok(then), Some(subscriber)) => {
            let device = intended.as_ref();
            let served = device.and_then(|device| device.config.subscribers.get(&subscriber.name));
            let plans = complete_service_plans(then);
            let plan = plans.get(subscriber.service_plan.as_str());
            blocks.push(paper::subscriber(subscriber, plan, served, paint));
            Ok(ShownSubscriber {
                subscriber,
                intended: served,
            })
        }
    };
    let look = as_of.found.map(|found| {
        let observation = lasting(found.observation);
        blocks.push(paper::observed_subscriber(&whose.name, &observation, paint));
        LookThen {
            since: found.since,
            until: found.until,
            confirmed: found.confirmed,
            observed: observation.config.subscribers.get(&whose.name).cloned(),
        }
    });
    let state: StateAt<ShownSubscriber<'_>, SubscriberConfig> = StateAt {
        about: about(&whose.id, &whose),
        device: whose.device.to_string(),
        at: past.at,
        is_in_inventory_now,
        inventory: in_force.with(said),
        look,
        changed: as_of.changed.map(chapter),
    };
    past.print(DocumentKind::SubscriberAt, &state, &blocks, format)
}

fn about(id: &SubscriberId, whose: &Subscriber) -> String {
    let Subscriber { device, name, .. } = whose;
    let word = subscriber_word(id.as_str(), name.as_str());
    format!("subscriber {word} on {device}")
}

fn complete(inventory: &Inventory, id: &str) -> Option<Subscriber> {
    inventory.subscriber(id).and_then(complete_subscriber)
}

/// Returns a look without values that change from look to look.
fn lasting(mut observation: Observation) -> Observation {
    observation.health = Health::default();
    observation.identity.uptime_seconds = None;
    observation
}

fn no_device(current: &Inventory, name: &str) -> String {
    let near = nearest(name, current.devices().map(|device| device.id.as_str()));
    format!(
        "there is no device `{}`, and the store had none by then{}",
        visible(name),
        did_you_mean(near)
    )
}

fn no_subscriber(
    current: &Inventory,
    id: &str,
    applied: Option<&Result<Reading, String>>,
) -> String {
    let subscribers = current.subscribers();
    let ids = subscribers.map(|subscriber| subscriber.id.as_str());
    let near = did_you_mean(nearest(id, ids));
    let id = visible(id);
    match applied {
        None => format!("there is no subscriber `{id}`, and nothing was applied by then{near}"),
        Some(Err(why)) => {
            format!(
                "there is no subscriber `{id}` now, and {}{near}",
                visible(why)
            )
        }
        Some(Ok(_)) => {
            format!("there is no subscriber `{id}`, neither now nor in what was applied then{near}")
        }
    }
}

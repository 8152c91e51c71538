//! Values to put into a store.

use gamctl::apply::{DeviceOutcome, Ended, Entry, Exchange, LookReason, Purpose};
use gamctl::history::{Audit, Lease, NewLedger, NewRun, RunId, Store};
use gamctl::model::{
    ConfigLine, DeviceName, DeviceState, Fingerprint, MacAddress, Observation, SubscriberName,
};
use gamctl::plan::{Census, DevicePlan, Impact, InventoryVersion, Ledger, Object, Step};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) fn device(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

pub(super) fn run() -> NewRun {
    run_of(Some("0a1b2c"))
}

pub(super) fn run_of(commit: Option<&str>) -> NewRun {
    NewRun {
        id: RunId(Uuid::now_v7()),
        verb: "apply".to_owned(),
        who: "ada@noc".to_owned(),
        inventory: InventoryVersion {
            commit: commit.map(str::to_owned),
            tree: None,
            digest: "d1".to_owned(),
        },
        is_uncommitted: commit.is_none(),
        plan: None,
        version: "0.1.0".to_owned(),
        holder: None,
    }
}

pub(super) fn subscriber(name: &str) -> SubscriberName {
    SubscriberName::new(name).unwrap()
}

pub(super) fn mac() -> MacAddress {
    "00:0e:d8:1c:95:08".parse().unwrap()
}

fn step(object: &Object, fields: &Value, impact: Impact, lines: [&str; 2]) -> Step {
    let change = json!({ "object": object, "slot": 1, "verb": "update", "fields": fields });
    let [line, inverse] = lines.map(|line| ConfigLine::new(line).unwrap());
    Step {
        subscriber_ids: gamctl::model::SubscriberIds::default(),
        change: serde_json::from_value(change).unwrap(),
        lines: vec![line],
        inverse: vec![inverse],
        cannot_undo: None,
        impact,
        effects: gamctl::plan::Effects::default(),
        because: Vec::new(),
        rolled_back: None,
    }
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "value": text })
}

const PROFILE: [&str; 2] = [
    "ghn bw-profile 1 description \"100\"",
    "ghn bw-profile 1 description \"\"",
];
const SUBSCRIBER: [&str; 2] = [
    "ghn subscriber 1 name \"apt-8\"",
    "ghn subscriber 1 name \"apt-7\"",
];
const ENDPOINT: [&str; 2] = ["ghn endpoint 1 port 2", "ghn endpoint 1 port 1"];

/// Three steps: a profile that apt-101 notices, a subscriber that gets another name, an endpoint.
pub(super) fn plan(device: &DeviceName) -> DevicePlan {
    let notices = Impact::Interrupts {
        subscribers: vec![subscriber("apt-101")],
    };
    let profile = Object::Profile("home-100".parse().unwrap());
    let renamed = Object::Subscriber(subscriber("apt-7"));
    let port = |number: u8| json!({ "type": "port", "value": number });
    let moved = json!([{ "field": "port", "from": port(1), "to": port(2) }]);
    DevicePlan {
        device: device.clone(),
        state: DeviceState::Managed,
        observed: None,
        census: Census::default(),
        steps: vec![
            step(
                &profile,
                &json!([{ "field": "description", "to": text("100") }]),
                notices,
                PROFILE,
            ),
            step(
                &renamed,
                &json!([{ "field": "name", "from": text("apt-7"), "to": text("apt-8") }]),
                Impact::None,
                SUBSCRIBER,
            ),
            step(&Object::Endpoint(mac()), &moved, Impact::None, ENDPOINT),
        ],
        refusals: Vec::new(),
        notes: Vec::new(),
        unmanaged: Vec::new(),
    }
}

pub(super) fn look(device: &DeviceName, hostname: &str) -> Observation {
    let mut look = Observation::of(device.clone());
    look.config.system.hostname = Some(hostname.parse().unwrap());
    look.taken_at = 1_700_000_000;
    look
}

pub(super) fn looked(moment: LookReason, look: &Observation) -> Entry {
    Entry::Looked {
        moment,
        fingerprint: Fingerprint::of(look),
        observation: Box::new(look.clone()),
    }
}

pub(super) fn intent(device: &DeviceName) -> Entry {
    Entry::Intent {
        purpose: Purpose::Apply,
        plan: Box::new(plan(device)),
    }
}

pub(super) fn exchange(line: &str) -> Exchange {
    Exchange {
        line: line.to_owned(),
        reply: Vec::new(),
        millis: 40,
    }
}

pub(super) fn typed(step: usize, line: &str) -> Entry {
    Entry::Sent {
        purpose: Purpose::Apply,
        step,
        exchanges: vec![exchange(line)],
        failure: None,
    }
}

pub(super) fn outcome(device: &DeviceName, ended: Ended) -> DeviceOutcome {
    DeviceOutcome {
        device: device.clone(),
        ended,
        steps: Vec::new(),
        remarks: Vec::new(),
        not_compared: Vec::new(),
        subscriber_ids: gamctl::model::SubscriberIds::default(),
        millis: 1_200,
    }
}

pub(super) fn ledger(names: &[&str], commit: &str) -> NewLedger {
    let mut ledger = Ledger::default();
    ledger
        .protected
        .extend(names.iter().map(|name| subscriber(name)));
    NewLedger {
        ledger,
        commit: Some(commit.to_owned()),
    }
}

pub(super) fn audit(what: &str) -> Audit {
    Audit {
        who: "ada@noc".to_owned(),
        verb: "adopt".to_owned(),
        subject: Some("oak".to_owned()),
        is_refused: false,
        what: what.to_owned(),
        objects: None,
        run: None,
    }
}

/// Records a whole apply of `plan`, with `ended` at its end.
pub(super) async fn applied(store: &Store, run: RunId, lease: &Lease, ended: Ended) {
    let before = look(&lease.device, "before");
    let after = look(&lease.device, "after");
    let entries = [
        looked(LookReason::Before, &before),
        intent(&lease.device),
        typed(1, "profile 1"),
        typed(2, "subscriber 1"),
        typed(3, "endpoint 1"),
        Entry::Left {
            purpose: Purpose::Apply,
        },
        looked(LookReason::After, &after),
        Entry::Verified {
            purpose: Purpose::Apply,
            fingerprint: Fingerprint::of(&after),
        },
        Entry::Saved {
            bytes: Some(4_711),
            proof: "the reply, and the file's row".to_owned(),
            exchanges: vec![exchange("copy running-config startup-config")],
        },
    ];
    for (number, entry) in (1..).zip(&entries) {
        store.record(run, lease, number, entry).await.unwrap();
    }
    let ledger = ledger(&["apt-101"], "0a1b2c");
    let outcome = outcome(&lease.device, ended);
    let done = store.finish(run, lease, 10, &outcome, Some(&ledger));
    done.await.unwrap();
}

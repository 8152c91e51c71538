//! Lists the kinds of JSON documents, each with its name, version, schema, commands and an example.

macro_rules! documents {
    ($($variant:ident = $file:literal, $version:literal, $title:literal, [$($command:literal),+], $example:literal;)*) => {
        /// A kind of JSON document.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum DocumentKind {
            $($variant,)*
        }

        impl DocumentKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the value of `schema` in the document, such as `gamctl/plan`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => concat!("gamctl/", $file),)* }
            }

            /// Returns the value of `version` in the document.
            pub fn version(self) -> u32 {
                match self { $(Self::$variant => $version,)* }
            }

            /// Returns the document in one sentence, without a full stop.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Returns the commands that print it.
            pub fn commands(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($command),+],)* }
            }

            /// Returns a command line that uses it.
            pub fn example(self) -> &'static str {
                match self { $(Self::$variant => $example,)* }
            }

            /// Returns its JSON Schema.
            pub fn schema(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../../schema/output/", $file, ".json")),)* }
            }
        }
    };
}

documents! {
    Plan = "plan", 1, "A plan: what it comes to, its totals, and the plan file itself",
        ["plan", "show plan FILE"],
        "gamctl plan --format json | jq '.totals.removed'";
    Comparison = "comparison", 1, "The differences between a reviewed plan and the present one",
        ["plan --compare"],
        "gamctl plan --compare reviewed.json --format json | jq -r '.devices[].device'";
    Run = "run", 1, "The result of a run: the outcome of each device, or why nothing was started",
        ["apply", "rollback", "plan and adopt, if refused"],
        "gamctl apply --yes --format json | jq -r '.outcomes[] | [.device, .ended] | @tsv'";
    Waves = "waves", 1, "The result of an apply in waves: the run of each wave, and why a gate did not open",
        ["apply --waves"],
        "gamctl apply --waves --yes --format json | jq '.not_started'";
    Adopt = "adopt", 1, "The objects that became owned, by device",
        ["adopt"],
        "gamctl adopt --json-to adopted.json && jq '[.adopted[].objects] | add' adopted.json";
    AdoptDrift = "adopt-drift", 1, "Drift that is written into the inventory, and drift that is left out",
        ["adopt --drift"],
        "gamctl adopt --drift --format json | jq -r '.values[] | [.device, .object, .field, .on_device] | @tsv'";
    Findings = "findings", 1, "What is wrong with the inventory",
        ["validate", "every command that reads an inventory with errors and stops"],
        "gamctl validate --format json | jq -r '.findings[] | \"\\(.file):\\(.line) \\(.rule)\"'";
    Error = "error", 1, "The error of a command that failed before it had a result",
        ["every command"],
        "gamctl plan --format json | jq -r 'select(.schema == \"gamctl/error\").error'";
    Inventory = "inventory", 1, "The devices of the inventory, with their subscribers counted",
        ["show"],
        "gamctl show --format json | jq -r '.devices[] | select(.subscribers.suspended > 0).name'";
    Device = "device", 1, "The intended configuration of a device",
        ["show device"],
        "gamctl show device maple-court-a --format json | jq '.intended.profiles'";
    Subscriber = "subscriber", 1, "A subscriber of the inventory, and its intended configuration on the device",
        ["show subscriber"],
        "gamctl show subscriber acct-1042 --format json | jq '.subscriber.vlan'";
    DeviceObserved = "device-observed", 1, "A device: intended and observed configuration, and the difference",
        ["show device --observed"],
        "gamctl show device maple-court-a --observed --format json | jq '.difference.steps | length'";
    SubscriberObserved = "subscriber-observed", 1, "A subscriber: intended and observed configuration, its line, and the difference",
        ["show subscriber --observed"],
        "gamctl show subscriber acct-1042 --observed --format json | jq -r '.line.attention[]'";
    DeviceAt = "device-at", 1, "A device at an earlier time: inventory, last look and last change",
        ["show device --at"],
        "gamctl show device maple-court-a --at 3d --format json | jq '.inventory.commit'";
    SubscriberAt = "subscriber-at", 1, "A subscriber at an earlier time: inventory, last look and last change",
        ["show subscriber --at"],
        "gamctl show subscriber acct-1042 --at 3d --format json | jq '.look.observed'";
    Observe = "observe", 1, "What looks at devices found: configuration, health, and what could not be read",
        ["observe"],
        "gamctl observe --format json | jq -r '.observations[] | [.device, .identity.firmware] | @tsv'";
    Probe = "probe", 1, "What each device answered to one request: who it is, and how it is in short",
        ["observe --probe"],
        "gamctl observe --probe --format json | jq -r '.probes[] | select(.alarms.count > 0).device'";
    Poll = "poll", 1, "What polls of devices found: states, rates, counters, errors, sensors and alarms",
        ["observe --poll"],
        "gamctl observe --poll --format json | jq -r '.polls[] | select(.alarms | type == \"array\" and length > 0).device'";
    Backup = "backup", 1, "What became of the backup of each running-config",
        ["backup"],
        "gamctl backup --format json | jq -r '.devices[] | select(.result == \"committed\").device'";
    Discover = "discover", 1, "The devices found in ranges of addresses, compared with the inventory",
        ["discover"],
        "gamctl discover 10.20.0.0/24 --format json | jq -r '.seen[] | select(.verdict == \"new\").address'";
    Find = "find", 1, "The objects that a word means, each with the command that shows more",
        ["find"],
        "gamctl find 1c:95:08 --format json | jq -r '.found[0].id'";
    Owned = "owned", 1, "The objects that gamctl owns, by device",
        ["owned"],
        "gamctl owned --format json | jq '[.devices[].not_in_inventory] | add'";
    Disown = "disown", 1, "The objects that were released",
        ["disown"],
        "gamctl disown acct-1042 --reason sold --yes --format json | jq '.devices'";
    Rename = "rename", 1, "New ids of subscribers, and the rows of the list that are wrong",
        ["rename"],
        "gamctl rename --from accounts.csv --format json | jq '.errors'";
    Import = "import", 1, "The files that were written for devices, and what could not be expressed",
        ["import"],
        "gamctl import 10.20.0.0/24 -i network --format json | jq '.left_out'";
    ImportVirtuoso = "import-virtuoso", 1, "The subscribers that a list of VIRTUOSO adds, and the rows that are not taken over",
        ["import --virtuoso"],
        "gamctl import --virtuoso list.csv --format json | jq -r '.left_out[] | \"\\(.line) \\(.problem)\"'";
    Set = "set", 1, "A change of many subscribers: the files that it changes, or why it is refused",
        ["set"],
        "gamctl set --where service_plan=home-100 state=suspended --json-to set.json";
    Sync = "sync", 1, "What billing changes in the inventory: the reading, the sum of services, changes, and what needs a person",
        ["sync"],
        "gamctl sync --format json | jq -r '.systems[].changes[].lines[]'";
    SyncCheck = "sync-check", 1, "The answers of a billing system to the probes of what the sync needs",
        ["sync check"],
        "gamctl sync check splynx --format json | jq -r '.probes[] | select(.state == \"bad\").detail'";
    SyncMap = "sync-map", 1, "Tariffs, statuses and locations of a billing system without a mapping",
        ["sync map"],
        "gamctl sync map splynx --format json | jq -r '.tariffs[] | [.id, .title] | @tsv'";
    SyncList = "sync-list", 1, "The services of one class, each with its reason",
        ["sync list"],
        "gamctl sync list quarantined --format json | jq -r '.services[] | [.service, .rule] | @tsv'";
    SyncExplain = "sync-explain", 1, "Both sides of the services of one account, and what is decided",
        ["sync explain"],
        "gamctl sync explain 1042 --format json | jq '.services[].reasons'";
    SyncResolve = "sync-resolve", 1, "The decision about a contested subscriber: the side, the keys, and the commit of a hold",
        ["sync resolve"],
        "gamctl sync resolve acct-1042 --take billing --format json | jq -r '.keys[]'";
    SyncAdopt = "sync-adopt", 1, "Subscribers from before gamctl: their links to billing, and those that stay without one",
        ["sync adopt"],
        "gamctl sync adopt splynx --format json | jq -r '.left[] | [.subscriber, .rule] | @tsv'";
    SyncPause = "sync-pause", 1, "A billing system, and its pause",
        ["sync pause", "sync resume"],
        "gamctl sync pause splynx --for 2h --reason migration --format json | jq -r '.paused.until'";
    SyncWriteBack = "sync-write-back", 1, "What is written into a billing system, and what is not and why",
        ["sync write-back"],
        "gamctl sync write-back splynx --dry-run --format json | jq -r '.writes[] | [.state, .service] | @tsv'";
    Fmt = "fmt", 1, "The files that were not in order",
        ["fmt"],
        "gamctl fmt --check --json-to fmt.json; jq -r '.changed[]' fmt.json";
    Written = "written", 1, "The files that a command wrote",
        ["init", "export --out", "man", "secret set", "secret rotate"],
        "gamctl init network --json-to written.json";
    Status = "status", 1, "The state of the service: target, rollouts, instances, and the condition of every device",
        ["status"],
        "gamctl status --format json | jq -r '.devices[] | select(.condition.needs_person).device'";
    StatusDevice = "status-device", 1, "The condition of one device",
        ["status DEVICE"],
        "gamctl status maple-court-a --format json | jq -r '.condition.sentence'";
    Rollouts = "rollouts", 1, "The rollouts of the service, newest first",
        ["rollouts"],
        "gamctl rollouts --format json | jq -r '.rollouts[] | select(.state == \"paused\").id'";
    Rollout = "rollout", 1, "A rollout, with each change of its state",
        ["rollout show"],
        "gamctl rollout show latest --format json | jq -r '.history[].state'";
    Windows = "windows", 1, "When the service may write to the devices of each site",
        ["windows"],
        "gamctl windows --format json | jq -r '.windows[] | select(.is_open | not).site'";
    History = "history", 1, "The runs, newest first",
        ["history"],
        "gamctl history --format json | jq -r '.runs[] | [.began, .verb, .result] | @tsv'";
    HistoryRun = "history-run", 1, "One run: every event on each device",
        ["history --run"],
        "gamctl history --run 0199f3a2 --format json | jq '.devices[].outcome.ended'";
    HistoryAudit = "history-audit", 1, "Who did what, and who was refused what",
        ["history --audit"],
        "gamctl history --audit --format json | jq '.entries[] | select(.is_refused)'";
    Explain = "explain", 1, "The present state of a device or subscriber, and every run that made it so",
        ["explain"],
        "gamctl explain acct-1042 --format json | jq -r '.chapters[].run.began'";
    Doctor = "doctor", 1, "The checks of what an apply needs",
        ["doctor"],
        "gamctl doctor --format json | jq '.checks[] | select(.level == \"problem\")'";
    Freeze = "freeze", 1, "A freeze that has begun",
        ["freeze"],
        "gamctl freeze --for 1h --reason storm --format json | jq -r '.until'";
    Freezes = "freezes", 1, "The freezes in force, or those that were ended",
        ["freeze --list", "thaw"],
        "gamctl freeze --list --format json | jq '.freezes | length'";
    Trust = "trust", 1, "The SSH host keys of devices, pinned and presented",
        ["trust"],
        "gamctl trust --json-to keys.json; jq -r '.host_keys[] | select(.pinned == null).device' keys.json";
    Secrets = "secrets", 1, "The secrets by name: their sources, their users and their problems; never a value",
        ["secret list", "secret check"],
        "gamctl secret check --format json | jq -r '.secrets[] | select(.problem).name'";
    SecretKey = "secret-key", 1, "The key that can open sealed values",
        ["secret init"],
        "gamctl secret init --json-to key.json";
    Twins = "twins", 1, "The simulated devices that started, with their addresses and logins",
        ["twin"],
        "gamctl twin --format json | jq -r '.twins[0].ssh_port'";
    BillingTwin = "billing-twin", 1, "The simulated billing system that started, with its address and login",
        ["twin billing"],
        "gamctl twin billing --kind splynx --format json | jq -r '.address'";
    TwinAnswer = "twin-answer", 1, "The answer of simulated devices; its names depend on the verb",
        ["twin ctl"],
        "gamctl twin ctl list --format json | jq -r '.twins[].name'";
}

//! Provides a twin with another intended configuration, and a log that checks the order of entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gamctl::apply::{
    ApplyLog, ApplyTimeouts, Ending, Entry, Exchange, Job, NotCommitted, Progress, Work,
    apply_device,
};
use gamctl::model::{
    DeviceConfig, DeviceName, DeviceState, Fingerprint, GamModel, HostKey, MacAddress, Observation,
    SubscriberName, VlanId,
};
use gamctl::observe::{CommandLine, Target, look};
use gamctl::plan::lint::lint;
use gamctl::plan::{DevicePlan, Ledger, Observed, Request, plan};
use gamctl::render::render;
use gamctl::secrets::Secret;
use gamctl::simulator::commands::{load, merge};
use gamctl::simulator::gam::{Build, Configuration, FirmwareProfile, Hardware};
use gamctl::simulator::server::{State, Twin, TwinSettings};
use gamctl::transport::snmp::{Access, SnmpOptions};
use gamctl::transport::ssh::{Fence, Login, SshTimeouts};
use tokio::sync::watch;

use crate::properties::planner::device::observed;

/// The timeout of a test.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// The first configuration of the twin: three owned subscribers, and an unmanaged one.
const AT_FIRST: &str = "\
ghn bw-profile 2 name \"home 100\" rate-downstream 106 rate-upstream 106
ghn bw-profile 3 name \"old 50\" rate-downstream 53 rate-upstream 53
ghn endpoint 1 name \"cellar left\" mac-address 00:0e:d8:1c:95:01 port 4
ghn endpoint 2 name \"attic\" mac-address 00:0e:d8:1c:95:02 port 3
ghn endpoint 3 name \"yard\" mac-address 00:0e:d8:1c:95:03 port 3
ghn endpoint 4 name \"whose\" mac-address 00:0e:d8:1c:95:04 port 2
ghn subscriber 1 name apt-101 vid 101 endpoint 1 bw-profile 2
ghn subscriber 2 name apt-102 vid 102 endpoint 2 bw-profile 3
ghn subscriber 3 name apt-103 vid 103 endpoint 3 bw-profile 2
ghn subscriber 4 name guest vid 150 endpoint 4 bw-profile 2
";

pub(super) const NEW_MAC: &str = "00:0e:d8:1c:95:05";

/// A twin with an intended configuration.
pub(super) struct Stage {
    pub(super) twin: Twin,
    device: DeviceName,
    pub(super) model: GamModel,
    pub(super) state: DeviceState,
    pub(super) intended: DeviceConfig,
    pub(super) renamed: BTreeMap<SubscriberName, SubscriberName>,
    pub(super) ledger: Ledger,
    pub(super) allows_management: bool,
    pub(super) pin: Option<MacAddress>,
    access: Access,
    pub(super) patience: SshTimeouts,
    pub(super) snmp_options: SnmpOptions,
    pub(super) timeouts: ApplyTimeouts,
    pub(super) hardware: Hardware,
    /// The running-config and startup-config at the start.
    pub(super) at_first: Configuration,
}

/// The result of an apply.
pub(super) struct ApplyRecord {
    pub(super) ending: Ending,
    pub(super) entries: Vec<Entry>,
    pub(super) plan: DevicePlan,
}

pub(crate) fn settings(firmware: FirmwareProfile) -> (TwinSettings, Configuration, Hardware) {
    let hardware = Hardware::of(GamModel::Gam4Cx, 11);
    let at_first = load(AT_FIRST, &hardware).unwrap();
    let settings = TwinSettings {
        boot_time: Duration::from_millis(150),
        save_time: Duration::from_millis(20),
        ..TwinSettings::new(Build {
            hardware: hardware.clone(),
            firmware,
            seed: 11,
            configuration: Some(at_first.clone()),
        })
    };
    (settings, at_first, hardware)
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(FirmwareProfile::default()).await
    }

    pub(super) async fn with(firmware: FirmwareProfile) -> Self {
        let (mut settings, ..) = settings(firmware);
        settings.login.password = "correct horse".to_owned();
        Self::started(settings).await
    }

    pub(super) async fn started(settings: TwinSettings) -> Self {
        let hardware = settings.build.hardware.clone();
        let twin = Twin::start(settings).await.unwrap();
        let at_first = twin.gam(|gam| gam.running().clone());
        let mut ours = without_numbers(observed(&at_first));
        ours.subscribers.retain(|name, _| name.as_str() != "guest");
        ours.endpoints.retain(|_, one| one.name.as_str() != "whose");
        ours.profiles.retain(|name, _| name.as_str() != "default");
        ours.system = Default::default();
        ours.ports.clear();
        ours.uplinks.clear();
        Self {
            device: DeviceName::new("oak").unwrap(),
            model: GamModel::Gam4Cx,
            state: DeviceState::Managed,
            intended: ours.clone(),
            renamed: BTreeMap::new(),
            ledger: Ledger::of(ours),
            allows_management: false,
            pin: None,
            access: Access::V2c {
                community: Secret::new(b"public".to_vec()),
            },
            patience: SshTimeouts {
                login: LONG,
                silence: LONG,
                reply: LONG,
                saving: LONG,
                pause: Duration::from_millis(100),
                ..SshTimeouts::default()
            },
            snmp_options: SnmpOptions {
                timeout: Duration::from_millis(400),
                retries: 3,
                silence: Duration::from_secs(60),
                rows: 48,
                in_flight: 8,
            },
            timeouts: ApplyTimeouts {
                settle: Duration::from_millis(600),
                restart: Duration::from_secs(20),
                pause: Duration::from_millis(50),
            },
            hardware,
            at_first,
            twin,
        }
    }

    /// Changes the intended configuration by CLI lines.
    pub(super) fn intend(&mut self, lines: &str) {
        let mut wanted = self.at_first.clone();
        let rejected = merge(lines, &mut wanted, &self.hardware);
        assert!(rejected.is_empty(), "{rejected:?}");
        let before = observed(&self.at_first);
        let mut after = without_numbers(observed(&wanted));
        after.subscribers.retain(|name, _| name.as_str() != "guest");
        after
            .endpoints
            .retain(|_, one| one.name.as_str() != "whose");
        after.profiles.retain(|name, _| name.as_str() != "default");
        // Fields that the lines do not name are left as they are.
        let (has, was) = (&mut after.system, &before.system);
        has.hostname = has
            .hostname
            .take()
            .filter(|now| Some(now) != was.hostname.as_ref());
        has.location = has
            .location
            .take()
            .filter(|now| Some(now) != was.location.as_ref());
        has.contact = has
            .contact
            .take()
            .filter(|now| Some(now) != was.contact.as_ref());
        after
            .ports
            .retain(|number, port| before.ports.get(number) != Some(port));
        after
            .uplinks
            .retain(|number, uplink| before.uplinks.get(number) != Some(uplink));
        self.intended = after;
    }

    pub(super) fn login(&self) -> Login {
        let credentials = self.twin.credentials();
        Login {
            address: self.twin.ssh_address(),
            user: credentials.user,
            password: Secret::new(credentials.password.into_bytes()),
            private_key: None,
            legacy_algorithms: false,
            host_key: Some(HostKey::new(&self.twin.host_key().unwrap()).unwrap()),
        }
    }

    fn target<'a>(&'a self, login: &Login) -> Target<'a> {
        Target {
            device: &self.device,
            address: self.twin.snmp_address(),
            access: &self.access,
            snmp_options: self.snmp_options,
            command_line: CommandLine::Login(Box::new(login.clone()), self.patience),
            clock: || 1_795_000_000,
        }
    }

    pub(super) fn request(&self) -> Request<'_> {
        Request {
            device: &self.device,
            state: self.state,
            model: self.model,
            serial: None,
            mac: self.pin,
            management_vlan: VlanId::DEFAULT_MANAGEMENT,
            authoritative: false,
            removes_unmanaged: false,
            intended: &self.intended,
            renamed: &self.renamed,
            ledger: Some(&self.ledger),
            allows_management: self.allows_management,
        }
    }

    pub(super) fn replan(&self, seen: &Observation) -> Result<DevicePlan, String> {
        let request = self.request();
        let plan = render(plan(&request, seen)).map_err(|failed| failed.error.to_string())?;
        match lint(&plan, seen, &request).first() {
            None => Ok(plan),
            Some(lint_error) => Err(lint_error.to_string()),
        }
    }

    /// Looks and plans, as `gamctl plan` does. This look is not what is tested, so it has time on a busy machine.
    pub(super) async fn planned(&self) -> (Observation, DevicePlan) {
        let login = self.login();
        let mut target = self.target(&login);
        target.snmp_options.timeout = Duration::from_secs(3);
        let seen = look(&target).await.unwrap();
        let mut plan = self.replan(&seen).unwrap();
        plan.observed = Some(Observed {
            sequence: seen.sequence,
            fingerprint: Fingerprint::of(&seen),
        });
        (seen, plan)
    }

    /// Looks, plans and applies.
    pub(super) async fn apply(&self) -> ApplyRecord {
        let (seen, plan) = self.planned().await;
        self.carry_out(plan, Some(&seen), How::default()).await
    }

    /// As `carry_out`, without checking the twin's log, which has lines of an earlier apply.
    pub(super) async fn twice(
        &self,
        plan: DevicePlan,
        then: Option<&Observation>,
        how: How<'_>,
    ) -> ApplyRecord {
        self.carried_out(plan, then, how, true).await
    }

    pub(super) async fn carry_out(
        &self,
        plan: DevicePlan,
        then: Option<&Observation>,
        how: How<'_>,
    ) -> ApplyRecord {
        let record = self.carried_out(plan, then, how, false).await;
        self.keeps_the_rules(&record);
        record
    }

    async fn carried_out(
        &self,
        plan: DevicePlan,
        then: Option<&Observation>,
        how: How<'_>,
        is_second: bool,
    ) -> ApplyRecord {
        let login = how.login.unwrap_or_else(|| self.login());
        let request = self.request();
        let replan = |seen: &Observation| self.replan(seen);
        let quiet = |_: Progress| {};
        let (stop, never) = watch::channel(false);
        let fence = how
            .fence
            .unwrap_or_else(|| Fence::until(Instant::now() + LONG * 10));
        let memory = Memory {
            twin: &self.twin,
            fence: fence.clone(),
            fails_at: how.fails_at,
            is_second,
            kept: Mutex::default(),
        };
        let job = Job {
            target: self.target(&login),
            login: &login,
            patience: self.patience,
            fence: &fence,
            plan: &plan,
            request: &request,
            replan: &replan,
            then,
            work: how.work.unwrap_or(Work::Steps),
            stop: how.stop.unwrap_or(never),
            timeouts: self.timeouts,
            progress: how.progress.unwrap_or(&quiet),
        };
        let ending = tokio::time::timeout(LONG, apply_device(&job, &memory))
            .await
            .unwrap();
        drop(stop);
        let entries = memory.kept.into_inner().unwrap();
        let record = ApplyRecord {
            ending,
            entries,
            plan,
        };
        self.twin.wait_until(State::is_idle, LONG).await.unwrap();
        record
    }

    pub(super) fn running(&self) -> Configuration {
        self.twin.gam(|gam| gam.running().clone())
    }

    pub(super) fn startup(&self) -> Configuration {
        let saved = self
            .twin
            .gam(|gam| gam.startup().map(|saved| saved.configuration.clone()));
        saved.unwrap_or_else(|| Configuration::factory(&self.hardware))
    }

    /// Returns the twin's first configuration with the lines of a plan applied.
    pub(super) fn after(&self, plan: &DevicePlan) -> Configuration {
        let mut running = self.at_first.clone();
        for step in &plan.steps {
            let lines: Vec<&str> = step.lines.iter().map(|line| line.text()).collect();
            let rejected = merge(&lines.join("\n"), &mut running, &self.hardware);
            assert!(rejected.is_empty(), "{rejected:?}");
        }
        running
    }

    /// Returns the configuration lines that the twin received.
    pub(super) fn config_lines(&self) -> Vec<String> {
        config_lines(&self.twin)
    }

    /// Checks the rules that hold after every fault, from the twin's log.
    fn keeps_the_rules(&self, record: &ApplyRecord) {
        let mut allowed: BTreeSet<&str> = BTreeSet::new();
        let mut allowed_before = 0;
        for entry in &record.entries {
            if let Entry::Intent { plan, .. } = entry {
                allowed_before += 1;
                allowed.extend(
                    plan.steps
                        .iter()
                        .flat_map(|step| &step.lines)
                        .map(|line| line.text()),
                );
            }
        }
        for line in self.config_lines() {
            assert!(allowed.contains(line.as_str()), "nobody intended `{line}`");
            assert!(allowed_before > 0);
        }
        for entry in &record.entries {
            let exchanges: &[Exchange] = match entry {
                Entry::Sent { exchanges, .. }
                | Entry::Saved { exchanges, .. }
                | Entry::NotSaved { exchanges, .. } => exchanges,
                _ => &[],
            };
            for exchange in exchanges {
                assert!(!format!("{exchange:?}").contains("correct horse"));
            }
        }
        assert!(!format!("{:?}", record.ending).contains("correct horse"));
    }
}

const NOT_CONFIG: [&str; 9] = [
    "",
    "enable",
    "terminal length 0",
    "terminal width 0",
    "show version",
    "show running-config",
    "configure terminal",
    "end",
    "copy running-config startup-config",
];

pub(super) fn config_lines(twin: &Twin) -> Vec<String> {
    let lines = twin.lines().into_iter().map(|logged| logged.line);
    let mut in_configuration = false;
    let mut found = Vec::new();
    for line in lines {
        match line.as_str() {
            "configure terminal" => in_configuration = true,
            "end" => in_configuration = false,
            "exit" if !in_configuration => {}
            "terminal length 0" => in_configuration = false,
            text if NOT_CONFIG.contains(&text) => {}
            _ => found.push(line),
        }
    }
    found
}

pub(super) fn without_numbers(mut config: DeviceConfig) -> DeviceConfig {
    config.profiles.values_mut().for_each(|one| one.slot = None);
    config
        .endpoints
        .values_mut()
        .for_each(|one| one.slot = None);
    config
        .subscribers
        .values_mut()
        .for_each(|one| one.slot = None);
    config
}

/// The deviations from a usual apply.
#[derive(Default)]
pub(super) struct How<'a> {
    pub(super) login: Option<Login>,
    pub(super) fence: Option<Fence>,
    /// The number of the entry that cannot be committed, and the reason.
    pub(super) fails_at: Option<(usize, NotCommitted)>,
    pub(super) work: Option<Work>,
    pub(super) stop: Option<watch::Receiver<bool>>,
    pub(super) progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

/// Keeps entries, and checks that each line was in a committed intent.
struct Memory<'a> {
    twin: &'a Twin,
    fence: Fence,
    fails_at: Option<(usize, NotCommitted)>,
    /// An earlier apply has sent lines already.
    is_second: bool,
    kept: Mutex<Vec<Entry>>,
}

impl ApplyLog for Memory<'_> {
    async fn commit(&self, entry: Entry) -> Result<(), NotCommitted> {
        let mut kept = self.kept.lock().unwrap();
        let is_intended = kept
            .iter()
            .any(|entry| matches!(entry, Entry::Intent { .. }));
        if !is_intended && !self.is_second {
            assert_eq!(
                config_lines(self.twin),
                Vec::<String>::new(),
                "before the intent"
            );
        }
        if let Some((nth, reason)) = &self.fails_at
            && kept.len() + 1 >= *nth
        {
            if *reason == NotCommitted::Fenced {
                self.fence.close();
            }
            return Err(reason.clone());
        }
        kept.push(entry);
        Ok(())
    }

    async fn commit_all(&self, entries: Vec<Entry>) -> Result<(), NotCommitted> {
        for entry in entries {
            self.commit(entry).await?;
        }
        Ok(())
    }
}

impl ApplyRecord {
    /// Returns the log, one word for each entry.
    pub(super) fn story(&self) -> String {
        let mut words: Vec<(String, usize)> = Vec::new();
        for entry in &self.entries {
            let word = match entry {
                Entry::Looked { moment, .. } => format!("looked-{}", small(moment)),
                Entry::Intent { purpose, .. } => format!("intent-{}", small(purpose)),
                Entry::Sent { failure: None, .. } => "typed".to_owned(),
                Entry::Sent { .. } => "failed".to_owned(),
                Entry::Left { .. } => "left".to_owned(),
                Entry::Verified { purpose, .. } => format!("verified-{}", small(purpose)),
                Entry::Saved { .. } => "saved".to_owned(),
                Entry::NotSaved { .. } => "not-saved".to_owned(),
                Entry::Ended { .. } => panic!("that is for the caller"),
            };
            match words.last_mut() {
                Some((last, count)) if *last == word => *count += 1,
                _ => words.push((word, 1)),
            }
        }
        let words: Vec<String> = words
            .into_iter()
            .map(|(word, count)| match count {
                1 => word,
                count => format!("{word}×{count}"),
            })
            .collect();
        words.join(" ")
    }
}

fn small(word: &impl std::fmt::Debug) -> String {
    format!("{word:?}").to_ascii_lowercase()
}

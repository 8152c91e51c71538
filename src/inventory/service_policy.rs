//! Resolves the keys of `policy.toml` that the service follows, with their defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono_tz::Tz;

use super::assemble::Inventory;
use super::record::{Fields, Share};
use super::text::{
    Author, BILLING_LANE, CommitPolicy, DRIFT_FIELDS, DriftPolicy, LaneLimitsText, LanePermission,
    LaneText, LimitText, PolicyText, SignerKey, TimeOfDay, TwoPersonCase, WavesText, Weekdays,
    WindowText,
};
use crate::model::LaneName;

/// What the service applies by itself, with defaults filled in.
///
/// Two policies are equal if the service acts the same under both; an approval is void if they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePolicy {
    /// Changes of the inventory that need no approval.
    pub commits: CommitPolicy,
    /// Treatment of drift of fields that are not in `drift_by_field`.
    pub drift: DriftPolicy,
    /// Treatment of drift by the field's name in plans, such as `subscriber.vlan`.
    pub drift_by_field: BTreeMap<&'static str, DriftPolicy>,
    pub waves: Waves,
    /// Plans that two persons must approve.
    pub two_persons: BTreeSet<TwoPersonCase>,
    /// Without any window, writes are always allowed; with one, only within the open windows of a device's site.
    pub windows: Vec<Window>,
    /// In the order of their names.
    pub lanes: Vec<Lane>,
}

/// The order in which a rollout reaches devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waves {
    /// Devices of the first wave, at least one.
    pub first: u32,
    /// The size of each following wave, as a share of the rollout's devices; the rest is the last wave.
    pub then: Vec<Share>,
    /// Time after a wave before the next one can start.
    pub settle: Duration,
}

impl Default for Waves {
    fn default() -> Self {
        Self {
            first: 1,
            then: [5, 25].into_iter().filter_map(Share::new).collect(),
            settle: Duration::from_mins(2),
        }
    }
}

/// Hours in which devices of some sites may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Patterns for [`pattern`](super::pattern); a device without a site has the site ``.
    pub sites: Vec<String>,
    /// The days on which the window opens; none if the window could not be read, so that it never does.
    pub days: Weekdays,
    /// The local time of opening.
    pub from: TimeOfDay,
    /// The local time of closing, on the next day if it is before `from`.
    pub to: TimeOfDay,
    pub zone: Tz,
}

impl Window {
    /// A window that blocks writes to every site, in the place of one that cannot be read.
    fn never() -> Self {
        Self {
            sites: vec!["*".to_owned()],
            days: Weekdays::NONE,
            from: TimeOfDay::END_OF_DAY,
            to: TimeOfDay::END_OF_DAY,
            zone: Tz::UTC,
        }
    }
}

/// What some authors may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub name: LaneName,
    pub authors: Vec<Author>,
    pub signers: Vec<SignerKey>,
    pub may: BTreeSet<LanePermission>,
    pub limits: LaneLimits,
}

/// The most that a lane may change within an hour, each limit beside those for everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneLimits {
    pub additions: LaneLimit,
    pub changes: LaneLimit,
    pub removals: LaneLimit,
    pub suspensions: LaneLimit,
    pub moves: LaneLimit,
    /// Only of the lane of the billing sync: services that a reading may have less than the one before.
    pub drop: LaneLimit,
}

/// A limit; if both are set, the smaller one applies from ten objects up. Without a number there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneLimit {
    pub count: Option<u32>,
    pub percent: Option<u32>,
}

impl ServicePolicy {
    /// Returns the treatment of drift of a field, by the kind of the object and the field as plans name them.
    pub fn drift_of(&self, kind: &str, field: &str) -> DriftPolicy {
        let name = DRIFT_FIELDS
            .iter()
            .find(|name| name.split_once('.') == Some((kind, field)));
        let by_field = name.and_then(|name| self.drift_by_field.get(name));
        by_field.copied().unwrap_or(self.drift)
    }

    /// Returns the lane of the billing sync; without one, the sync makes no commit.
    pub fn billing_lane(&self) -> Option<&Lane> {
        self.lanes
            .iter()
            .find(|lane| lane.name.as_str() == BILLING_LANE)
    }
}

impl Default for ServicePolicy {
    fn default() -> Self {
        Self {
            commits: CommitPolicy::Ask,
            drift: DriftPolicy::Report,
            drift_by_field: BTreeMap::new(),
            waves: Waves::default(),
            two_persons: BTreeSet::new(),
            windows: Vec::new(),
            lanes: Vec::new(),
        }
    }
}

/// Returns the policy of the service.
///
/// An inventory with errors is never applied. For one all the same, a value that cannot be read is the most careful one: changes
/// are asked for, drift is reported, windows stay closed, and a lane allows nothing.
pub fn service_policy(inventory: &Inventory) -> ServicePolicy {
    let Some(policy) = inventory.policy() else {
        return ServicePolicy::default();
    };
    let reconcile = policy.reconcile.as_ref();
    let by_field = policy.drift.iter().flat_map(|drift| &drift.0);
    ServicePolicy {
        commits: reconcile
            .and_then(|reconcile| reconcile.commits)
            .unwrap_or(CommitPolicy::Ask),
        drift: reconcile
            .and_then(|reconcile| reconcile.drift)
            // A field whose own word cannot be read must not be restored.
            .filter(|_| policy.drift.is_some() || policy.is_absent("drift"))
            .unwrap_or(DriftPolicy::Report),
        drift_by_field: by_field.copied().collect(),
        waves: policy.waves.as_ref().map(waves).unwrap_or_default(),
        two_persons: two_persons(policy),
        windows: windows(policy),
        lanes: policy
            .lanes
            .iter()
            .flat_map(|lanes| &lanes.0)
            .map(|(name, text)| lane(name, text))
            .collect(),
    }
}

fn waves(text: &WavesText) -> Waves {
    let default = Waves::default();
    Waves {
        first: text.first.map_or(default.first, |count| count.get()),
        then: text.then.clone().unwrap_or(default.then),
        settle: text.settle.unwrap_or(default.settle),
    }
}

fn two_persons(policy: &PolicyText) -> BTreeSet<TwoPersonCase> {
    let all = || BTreeSet::from([TwoPersonCase::Removals, TwoPersonCase::OverLimit]);
    match &policy.approval {
        Some(approval) => match &approval.two_persons {
            Some(cases) => cases.iter().copied().collect(),
            None if approval.is_absent("two_persons") => BTreeSet::new(),
            None => all(),
        },
        None if policy.is_absent("approval") => BTreeSet::new(),
        None => all(),
    }
}

fn windows(policy: &PolicyText) -> Vec<Window> {
    match &policy.windows {
        Some(windows) => windows
            .iter()
            .map(|text| window(text).unwrap_or_else(Window::never))
            .collect(),
        None if policy.is_absent("window") => Vec::new(),
        None => vec![Window::never()],
    }
}

fn window(text: &WindowText) -> Option<Window> {
    let sites = match &text.sites {
        Some(sites) => sites.iter().map(|site| site.as_str().to_owned()).collect(),
        None => text.is_absent("sites").then(|| vec!["*".to_owned()])?,
    };
    let every = text.is_absent("days").then_some(Weekdays::EVERY);
    Some(Window {
        sites,
        days: text.days.or(every)?,
        from: text.from?,
        to: text.to?,
        zone: text.zone?.0,
    })
}

fn lane(name: &LaneName, text: &LaneText) -> Lane {
    Lane {
        name: name.clone(),
        authors: text.authors.clone().unwrap_or_default(),
        signers: text.signers.clone().unwrap_or_default(),
        may: match name.as_str() {
            BILLING_LANE => LanePermission::of_billing(),
            _ => text.may.iter().flatten().copied().collect(),
        },
        limits: text.limits.as_ref().map(lane_limits).unwrap_or_default(),
    }
}

fn lane_limits(text: &LaneLimitsText) -> LaneLimits {
    let limit = |text: &Option<LimitText>| {
        let text = text.as_ref();
        LaneLimit {
            count: text.and_then(|limit| limit.count),
            percent: text.and_then(|limit| Some(limit.percent?.0)),
        }
    };
    LaneLimits {
        additions: limit(&text.additions),
        changes: limit(&text.changes),
        removals: limit(&text.removals),
        suspensions: limit(&text.suspensions),
        moves: limit(&text.moves),
        drop: limit(&text.drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::source::Limits;
    use crate::inventory::{GOOD_INVENTORY, Reading, read_texts};

    fn reading(policy: &str) -> Reading {
        let mut texts: BTreeMap<_, _> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert("policy.toml".into(), policy.into());
        read_texts(&texts, &Limits::default())
    }

    #[test]
    fn without_keys_everything_is_asked_for_and_writes_are_always_allowed() {
        let policy = service_policy(&reading("").inventory);
        assert_eq!(policy, ServicePolicy::default());
        assert_eq!(policy.waves.then.len(), 2);
        assert_eq!(
            policy,
            service_policy(&reading("[reconcile]\n[waves]\n[approval]\n").inventory)
        );
    }

    #[test]
    fn every_key_reaches_the_service() {
        let text = "\
            [reconcile]\ncommits = \"harmless\"\ndrift = \"ask\"\n\
            [drift]\n\"subscriber.vlan\" = \"restore\"\n\
            [waves]\nfirst = 2\nthen = [\"10%\"]\nsettle = \"30s\"\n\
            [approval]\ntwo_persons = [\"removals\"]\n\
            [[window]]\ndays = [\"mon\", \"wed\"]\nfrom = \"22:00\"\nto = \"04:00\"\nzone = \"Europe/Vienna\"\n\
            [lane.helpdesk]\nauthors = [\"Desk@example.net\"]\nmay = [\"subscriber.state\", \"subscriber+\"]\n\
            limits = { changes = { count = 50, percent = 3 } }\n";
        let reading = reading(text);
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        let policy = service_policy(&reading.inventory);
        assert_eq!(policy.commits, CommitPolicy::Harmless);
        assert_eq!(policy.drift_of("subscriber", "vlan"), DriftPolicy::Restore);
        assert_eq!(policy.drift_of("subscriber", "poe"), DriftPolicy::Ask);
        assert_eq!(policy.waves.first, 2);
        assert_eq!(policy.waves.then, [Share::new(10).unwrap()]);
        assert_eq!(policy.waves.settle, Duration::from_secs(30));
        assert_eq!(
            policy.two_persons,
            BTreeSet::from([TwoPersonCase::Removals])
        );
        let [window] = policy.windows.as_slice() else {
            panic!("{:?}", policy.windows)
        };
        assert_eq!(window.sites, ["*"]);
        assert!(window.days.contains(chrono::Weekday::Wed));
        assert!(!window.days.contains(chrono::Weekday::Tue));
        assert_eq!(
            (window.from.minutes(), window.to.minutes()),
            (22 * 60, 4 * 60)
        );
        assert_eq!(window.zone, Tz::Europe__Vienna);
        let [lane] = policy.lanes.as_slice() else {
            panic!("{:?}", policy.lanes)
        };
        assert!(lane.authors[0].is("desk@example.net"));
        assert_eq!(lane.may.len(), 2);
        let limit = LaneLimit {
            count: Some(50),
            percent: Some(3),
        };
        assert_eq!(lane.limits.changes, limit);
        assert_eq!(lane.limits.removals, LaneLimit::default());
    }

    #[test]
    fn the_lane_of_the_billing_sync_has_fixed_permissions_and_limits_of_its_own() {
        let text = "[lane.billing]\nauthors = [\"sync@example.net\"]\nlimits = { drop = { count = 20, percent = 2 }, additions = { count = 60 } }\n";
        let good = reading(text);
        assert!(good.findings.is_empty(), "{:?}", good.findings);
        let policy = service_policy(&good.inventory);
        let lane = policy.billing_lane().unwrap();
        assert_eq!(lane.may, LanePermission::of_billing());
        assert!(!lane.may.is_empty());
        assert_eq!(
            (lane.limits.drop.count, lane.limits.drop.percent),
            (Some(20), Some(2))
        );
        assert_eq!(lane.limits.additions.count, Some(60));
        let wide = reading(&format!("{text}may = [\"device.address\"]\n"));
        let rules: Vec<&str> = wide.findings.iter().map(|one| one.rule.id).collect();
        assert_eq!(rules, ["reserved-lane"]);
        let policy = service_policy(&wide.inventory);
        assert_eq!(
            policy.billing_lane().unwrap().may,
            LanePermission::of_billing()
        );
        assert_eq!(service_policy(&reading("").inventory).billing_lane(), None);
    }

    #[test]
    fn a_value_that_cannot_be_read_is_the_most_careful_one() {
        for (broken, is_careful) in [
            (
                "[[window]]\nfrom = \"9\"\nto = \"16:00\"\nzone = \"UTC\"\n",
                (|policy| policy.windows == [Window::never()]) as fn(&ServicePolicy) -> bool,
            ),
            ("window = 5\n", |policy| policy.windows == [Window::never()]),
            ("[reconcile]\ncommits = \"evrything\"\n", |policy| {
                policy.commits == CommitPolicy::Ask
            }),
            ("[reconcile]\ndrift = \"restor\"\n", |policy| {
                policy.drift == DriftPolicy::Report
            }),
            (
                "[reconcile]\ndrift = \"restore\"\n[drift]\n\"subscriber.vlan\" = \"reprot\"\n",
                |policy| policy.drift == DriftPolicy::Report,
            ),
            ("[approval]\ntwo_persons = [\"removal\"]\n", |policy| {
                policy.two_persons.len() == 2
            }),
            ("approval = true\n", |policy| policy.two_persons.len() == 2),
            (
                "[lane.a]\nauthors = [\"a@b\"]\nmay = [\"subscriber.vlna\"]\n",
                |policy| policy.lanes[0].may.is_empty(),
            ),
        ] {
            let reading = reading(broken);
            assert!(!reading.findings.is_empty(), "{broken}");
            assert!(is_careful(&service_policy(&reading.inventory)), "{broken}");
        }
    }
}

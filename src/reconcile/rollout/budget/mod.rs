//! Counts the effects of the last hour and the planned ones against the limits, per device, lane and fleet.
//!
//! The limits of `policy.toml` are for one apply and, in the service, for each hour: otherwise many small rollouts could do what
//! one large one may not. `plan::guard` defines what is counted; the caller counts each plan the same way and stores it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::DeviceName;
use crate::plan::{Limit, Limits};

/// An effect counts for so many seconds after it was executed.
pub const HOUR: u64 = 60 * 60;

/// A percentage applies from this number of objects, as in `plan::guard`.
const PERCENT_COUNTS_FROM: usize = 10;

/// An effect that has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountedEffect {
    Removals,
    Interruptions,
    Slower,
    Suspensions,
    Reassignments,
    /// Each device counts once in an hour, however often it is changed.
    Devices,
    /// New objects of the inventory; only lanes limit these and the next ones.
    Additions,
    /// Changed objects of the inventory.
    Changes,
    /// Subscribers that get another device or port.
    Moves,
}

impl CountedEffect {
    pub const ALL: [Self; 9] = [
        Self::Removals,
        Self::Interruptions,
        Self::Slower,
        Self::Suspensions,
        Self::Reassignments,
        Self::Devices,
        Self::Additions,
        Self::Changes,
        Self::Moves,
    ];

    /// Returns the word of the limit in `policy.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removals => "removals",
            Self::Interruptions => "interruptions",
            Self::Slower => "slower",
            Self::Suspensions => "suspensions",
            Self::Reassignments => "reassignments",
            Self::Devices => "devices",
            Self::Additions => "additions",
            Self::Changes => "changes",
            Self::Moves => "moves",
        }
    }
}

impl fmt::Display for CountedEffect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The number of objects on one device that have an effect. For `Devices` any number above 0 counts as 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectCount {
    pub device: DeviceName,
    /// The lane of the commit that caused it, if its author is in one.
    pub lane: Option<String>,
    pub effect: CountedEffect,
    pub count: usize,
}

/// An effect that was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutedEffect {
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub effect: EffectCount,
}

/// The limits of a lane by effect.
pub type LaneLimits = BTreeMap<CountedEffect, Limit>;

/// The limits of the previous commit's policy.
#[derive(Debug, Clone, Default)]
pub struct BudgetLimits {
    pub fleet: Limits,
    pub lanes: BTreeMap<String, LaneLimits>,
}

/// The sizes that percentages are of, as in `plan::guard`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BudgetSizes {
    pub subscribers: usize,
    /// Subscribers, or endpoints if there are more; for removals.
    pub households: usize,
    pub devices: usize,
    /// Households by device.
    pub on_device: BTreeMap<DeviceName, usize>,
}

/// The objects that share a budget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BudgetScope {
    Device(DeviceName),
    Lane(String),
    Fleet,
}

/// The use of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUse {
    pub scope: BudgetScope,
    pub effect: CountedEffect,
    /// Executed in the last hour.
    pub used: usize,
    pub planned: usize,
    pub limit: usize,
    /// Seconds since 1970. If the budget is exceeded: when enough of it expires for the planned effects; left out if they are
    /// more than the limit by themselves, so that a person must approve them.
    pub enough_at: Option<u64>,
}

impl BudgetUse {
    /// Returns whether the planned effects must wait. Without any, an exceeded budget stops nothing.
    pub fn is_exceeded(&self) -> bool {
        self.planned > 0 && self.used.saturating_add(self.planned) > self.limit
    }

    /// Returns the key of the limit in `policy.toml`.
    pub fn key(&self) -> String {
        let effect = self.effect;
        match &self.scope {
            BudgetScope::Device(_) => format!("limits.{effect}_per_device"),
            BudgetScope::Lane(lane) => format!("lane.{lane}.limits.{effect}"),
            BudgetScope::Fleet => format!("limits.{effect}"),
        }
    }
}

impl fmt::Display for BudgetUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scope,
            effect: _,
            used,
            planned,
            limit,
            enough_at,
        } = self;
        write!(formatter, "`{}` allows {limit} in an hour", self.key())?;
        if let BudgetScope::Device(device) = scope {
            write!(formatter, " on {device}")?;
        }
        write!(formatter, ": {used} used, {planned} planned")?;
        match enough_at {
            None if self.is_exceeded() => formatter.write_str("; waiting does not help"),
            None | Some(_) => Ok(()),
        }
    }
}

/// Returns the use of every budget with a limit: first of the fleet, then of lanes and devices by name.
///
/// The planned effects fit if none of them is exceeded.
#[must_use = "an unread budget stops nothing"]
pub fn budgets(
    executed: &[ExecutedEffect],
    planned: &[EffectCount],
    limits: &BudgetLimits,
    sizes: &BudgetSizes,
    now: u64,
) -> Vec<BudgetUse> {
    let recent = executed.iter().filter(|one| now < expires(one));
    let effects = Effects {
        recent: recent.collect(),
        planned,
    };
    let mut found = Vec::new();
    for (effect, limit) in fleet_limits(&limits.fleet) {
        found.extend(effects.measured(BudgetScope::Fleet, effect, limit, sizes));
    }
    for (lane, limits) in &limits.lanes {
        for (effect, limit) in limits {
            let scope = BudgetScope::Lane(lane.clone());
            found.extend(effects.measured(scope, *effect, *limit, sizes));
        }
    }
    let removals = CountedEffect::Removals;
    for device in effects.devices_with(removals) {
        let scope = BudgetScope::Device(device.clone());
        let limit = limits.fleet.removals_per_device;
        found.extend(effects.measured(scope, removals, limit, sizes));
    }
    found
}

/// Returns the use of a lane's limits by changes of the inventory: those accepted within the last hour, and new ones.
pub fn lane_budgets(
    lane: &str,
    limits: &LaneLimits,
    [accepted, new]: [&BTreeMap<CountedEffect, usize>; 2],
    subscribers: usize,
    now: u64,
) -> Vec<BudgetUse> {
    let uses = limits.iter().filter_map(|(effect, limit)| {
        let count = |counts: &BTreeMap<CountedEffect, usize>| counts.get(effect).copied();
        let mut one = BudgetUse {
            scope: BudgetScope::Lane(lane.to_owned()),
            effect: *effect,
            used: count(accepted).unwrap_or(0),
            planned: count(new).unwrap_or(0),
            limit: most_allowed(*limit, subscribers)?,
            enough_at: None,
        };
        // When each change was accepted within the hour is not known here: at the latest then.
        one.enough_at = (one.is_exceeded() && one.planned <= one.limit).then_some(now + HOUR);
        Some(one)
    });
    uses.collect()
}

fn fleet_limits(limits: &Limits) -> [(CountedEffect, Limit); 6] {
    let Limits {
        removals_per_device: _,
        removals,
        interruptions,
        slower,
        suspensions,
        reassignments,
        devices,
    } = *limits;
    [
        (CountedEffect::Removals, removals),
        (CountedEffect::Interruptions, interruptions),
        (CountedEffect::Slower, slower),
        (CountedEffect::Suspensions, suspensions),
        (CountedEffect::Reassignments, reassignments),
        (CountedEffect::Devices, devices),
    ]
}

fn expires(executed: &ExecutedEffect) -> u64 {
    executed.at.saturating_add(HOUR)
}

/// A used amount, and the moment at which it expires.
#[derive(Debug, Clone, Copy)]
struct Used {
    until: u64,
    count: usize,
}

/// The effects that count now.
struct Effects<'a> {
    recent: Vec<&'a ExecutedEffect>,
    planned: &'a [EffectCount],
}

impl Effects<'_> {
    fn devices_with(&self, effect: CountedEffect) -> BTreeSet<&DeviceName> {
        let recent = self.recent.iter().map(|one| &one.effect);
        let all = recent.chain(self.planned);
        let has = all.filter(|one| one.effect == effect && one.count > 0);
        has.map(|one| &one.device).collect()
    }

    /// Returns the use of one budget; `None` if it has no limit.
    fn measured(
        &self,
        scope: BudgetScope,
        effect: CountedEffect,
        limit: Limit,
        sizes: &BudgetSizes,
    ) -> Option<BudgetUse> {
        let limit = most_allowed(limit, size_of(&scope, effect, sizes))?;
        let counts = |one: &EffectCount| {
            let is_in = match &scope {
                BudgetScope::Fleet => true,
                BudgetScope::Lane(lane) => one.lane.as_ref() == Some(lane),
                BudgetScope::Device(device) => one.device == *device,
            };
            is_in && one.effect == effect && one.count > 0
        };
        let recent = self.recent.iter().filter(|one| counts(&one.effect));
        let planned = self.planned.iter().filter(|one| counts(one));
        let (mut used, planned): (Vec<Used>, usize) = if effect == CountedEffect::Devices {
            let planned: BTreeSet<&DeviceName> = planned.map(|one| &one.device).collect();
            let mut until: BTreeMap<&DeviceName, u64> = BTreeMap::new();
            // A planned device that was changed already counts once, as planned.
            for one in recent.filter(|one| !planned.contains(&one.effect.device)) {
                let last = until.entry(&one.effect.device).or_default();
                *last = expires(one).max(*last);
            }
            let used = until.into_values().map(|until| Used { until, count: 1 });
            (used.collect(), planned.len())
        } else {
            let used = recent.map(|one| Used {
                until: expires(one),
                count: one.effect.count,
            });
            (
                used.collect(),
                planned.map(|one| one.count).fold(0, usize::saturating_add),
            )
        };
        used.sort_by_key(|one| one.until);
        let mut budget = BudgetUse {
            scope,
            effect,
            used: total(&used),
            planned,
            limit,
            enough_at: None,
        };
        if budget.is_exceeded() {
            budget.enough_at = enough_at(&used, planned, limit);
        }
        Some(budget)
    }
}

fn total(used: &[Used]) -> usize {
    used.iter()
        .map(|one| one.count)
        .fold(0, usize::saturating_add)
}

/// Returns the first moment at which the used amounts leave enough for the planned ones. `used` is sorted by time.
fn enough_at(used: &[Used], planned: usize, limit: usize) -> Option<u64> {
    let room = limit.checked_sub(planned)?;
    let mut left = total(used);
    let expiring = used.iter().find(|one| {
        left = left.saturating_sub(one.count);
        left <= room
    });
    expiring.map(|one| one.until)
}

fn size_of(scope: &BudgetScope, effect: CountedEffect, sizes: &BudgetSizes) -> usize {
    match (scope, effect) {
        (BudgetScope::Device(device), _) => sizes.on_device.get(device).copied().unwrap_or(0),
        (_, CountedEffect::Removals) => sizes.households,
        (_, CountedEffect::Devices) => sizes.devices,
        _ => sizes.subscribers,
    }
}

/// Returns the most that a limit allows among so many objects, by the rule of `plan::guard`: the smaller of count and
/// percentage, which is rounded up and applies from ten objects up.
fn most_allowed(limit: Limit, of: usize) -> Option<usize> {
    let by_count = limit.count.map(to_usize);
    let percent = limit.percent.filter(|_| of >= PERCENT_COUNTS_FROM);
    let by_percent = percent.map(|percent| of.saturating_mul(to_usize(percent)).div_ceil(100));
    by_count.into_iter().chain(by_percent).min()
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

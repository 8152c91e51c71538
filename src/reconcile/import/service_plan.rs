//! Derives service plans from the profiles of subscribers.

use std::collections::BTreeMap;

use super::draft::{Draft, PlanDraft, quoted};
use super::{FoundDevice, Texts};
use crate::authoring::new_id::{Ids, slug};
use crate::inventory::text::SuspensionHow;
use crate::inventory::{Reading, complete_service_plans};
use crate::model::{
    Headroom, HeldText, Mbps, ProfileName, RateLimit, ServicePlanId, Speed, SubscriberId,
};

/// The definition of a profile, independent of the device.
type Definition = (Mbps, Mbps, Option<HeldText>);

/// Headrooms that are tried before none: what the vendor advises.
const ADVISED: [u32; 3] = [6, 7, 8];

/// Sold speeds are multiples of these, the most likely first.
const ROUND: [u32; 6] = [100, 50, 25, 20, 10, 5];

/// The service plans of everybody in a draft.
#[derive(Debug, Default)]
pub(super) struct Plans {
    pub(super) new: Vec<PlanDraft>,
    pub(super) of: BTreeMap<SubscriberId, ServicePlanId>,
    /// The plan of suspended subscribers, if `network.toml` is new and there are any.
    pub(super) suspension: Option<ServicePlanId>,
    pub(super) guesses: Vec<String>,
    /// Subscribers without a plan that can be written, with the reason.
    pub(super) unfit: Vec<(SubscriberId, String)>,
}

pub(super) fn plans(
    draft: &Draft,
    found: &[FoundDevice],
    before: &Reading,
    existing: &Texts,
) -> Plans {
    let mut plans = Plans::default();
    let mut chosen = Chosen::of(draft, found, before);
    for (id, one) in &draft.subscribers {
        let Some(rate) = rate_of(found, one.found, &one.name) else {
            continue;
        };
        match chosen.plan_for(found, one.found, rate) {
            Ok(plan) => {
                plans.of.insert(id.clone(), plan);
            }
            Err(why) => plans.unfit.push((id.clone(), why)),
        }
    }
    suspend(draft, before, existing, &mut plans);
    let used: Vec<&ServicePlanId> = plans.of.values().collect();
    plans.new = chosen
        .new
        .into_values()
        .filter(|plan| used.contains(&&plan.id))
        .collect();
    plans.guesses = chosen.guesses;
    plans
}

/// Finds the one plan of suspended subscribers; a subscriber with another plan cannot be written as suspended.
fn suspend(draft: &Draft, before: &Reading, existing: &Texts, plans: &mut Plans) {
    let suspended = |id: &SubscriberId| {
        draft
            .subscribers
            .get(id)
            .is_some_and(|one| one.is_suspended)
    };
    let defaults = before.inventory.defaults();
    let wanted = if existing.contains_key("network.toml") {
        let is_captive = defaults.suspension == SuspensionHow::Captive;
        defaults.suspension_plan.filter(|_| is_captive)
    } else {
        let mut counts: BTreeMap<&ServicePlanId, usize> = BTreeMap::new();
        for (_, plan) in plans.of.iter().filter(|(id, _)| suspended(id)) {
            *counts.entry(plan).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let most = most.map(|(plan, _)| plan.clone());
        plans.suspension.clone_from(&most);
        most
    };
    let others: Vec<SubscriberId> = plans
        .of
        .iter()
        .filter(|(id, plan)| suspended(id) && Some(*plan) != wanted.as_ref())
        .map(|(id, _)| id.clone())
        .collect();
    for id in others {
        plans.of.remove(&id);
        let why = "it is in VLAN 4094, without service, and not at the speed of the suspended";
        plans.unfit.push((id, why.to_owned()));
    }
}

fn rate_of<'a>(
    found: &'a [FoundDevice],
    place: usize,
    name: &crate::model::SubscriberName,
) -> Option<&'a RateLimit> {
    let config = &found.get(place)?.observation.config;
    Some(&config.subscribers.get(name)?.rate)
}

fn definition(found: &[FoundDevice], place: usize, name: &ProfileName) -> Option<Definition> {
    let profile = found.get(place)?.observation.config.profiles.get(name)?;
    Some((profile.down, profile.up, profile.description.clone()))
}

/// The definition of each profile name; a name has one definition in the whole network.
struct Chosen {
    meanings: BTreeMap<ProfileName, Definition>,
    known: BTreeMap<ProfileName, (ServicePlanId, Definition)>,
    unthrottled: Option<ServicePlanId>,
    headroom: Headroom,
    ids: Ids,
    new: BTreeMap<Option<ProfileName>, PlanDraft>,
    guesses: Vec<String>,
}

impl Chosen {
    fn of(draft: &Draft, found: &[FoundDevice], before: &Reading) -> Self {
        let inventory = &before.inventory;
        let mut counts: BTreeMap<(ProfileName, Definition), usize> = BTreeMap::new();
        for one in draft.subscribers.values() {
            if let Some(RateLimit::Profile(name)) = rate_of(found, one.found, &one.name)
                && let Some(definition) = definition(found, one.found, name)
            {
                *counts.entry((name.clone(), definition)).or_default() += 1;
            }
        }
        let mut meanings: BTreeMap<ProfileName, (usize, Definition)> = BTreeMap::new();
        for ((name, definition), count) in counts {
            let entry = meanings.entry(name).or_insert((0, definition.clone()));
            if count > entry.0 {
                *entry = (count, definition);
            }
        }
        let mut ids = Ids::default();
        ids.take(inventory.service_plans().map(|plan| plan.id.as_str()));
        let mut known = BTreeMap::new();
        let mut unthrottled = None;
        for plan in complete_service_plans(inventory).into_values() {
            match plan.speed {
                Speed::Unthrottled => unthrottled = Some(plan.id),
                Speed::Limited { .. } => {
                    if let Some((down, up)) = plan.speed.limiter() {
                        let definition = (down, up, plan.description.map(Into::into));
                        known.insert(plan.profile_name, (plan.id, definition));
                    }
                }
            }
        }
        Self {
            meanings: meanings
                .into_iter()
                .map(|(name, (_, definition))| (name, definition))
                .collect(),
            known,
            unthrottled,
            headroom: inventory.defaults().headroom,
            ids,
            new: BTreeMap::new(),
            guesses: Vec::new(),
        }
    }

    fn plan_for(
        &mut self,
        found: &[FoundDevice],
        place: usize,
        rate: &RateLimit,
    ) -> Result<ServicePlanId, String> {
        let RateLimit::Profile(name) = rate else {
            return Ok(match &self.unthrottled {
                Some(plan) => plan.clone(),
                None => self.make(None, "unthrottled", |_| {
                    vec![("unthrottled", "true".to_owned())]
                }),
            });
        };
        let has = definition(found, place, name).ok_or("its profile is not known")?;
        if let Some((plan, means)) = self.known.get(name) {
            return match *means == has {
                true => Ok(plan.clone()),
                false => Err(format!(
                    "service plan `{plan}` makes `{name}` {} of it, and here it is {}",
                    shown(means),
                    shown(&has)
                )),
            };
        }
        match self.meanings.get(name) {
            Some(means) if *means == has => {}
            Some(means) => {
                return Err(format!(
                    "profile `{name}` is {} here and {} for most, and a name can mean one speed only",
                    shown(&has),
                    shown(means)
                ));
            }
            None => return Err("its profile is not known".to_owned()),
        }
        let (headroom, guess) = sold(&has, self.headroom);
        if let (Some((down, up)), false) = (guess, self.new.contains_key(&Some(name.clone()))) {
            self.guesses.push(format!(
                "profile `{name}` limits to {}: taken to be sold as {down}/{up} Mbps with {} % headroom",
                shown(&has),
                headroom.percent()
            ));
        }
        let own = (headroom != self.headroom).then(|| headroom.percent().to_string());
        let (down, up) = guess.unwrap_or((has.0, has.1));
        let title = name.to_string();
        Ok(self.make(Some(name.clone()), &title, |id| {
            let mut keys = vec![("down", down.to_string()), ("up", up.to_string())];
            keys.extend(own.map(|percent| ("headroom_percent", percent)));
            let differs = (id != title).then(|| quoted(&title));
            keys.extend(differs.map(|name| ("profile_name", name)));
            let description = has.2.as_ref().map(|text| quoted(text.as_str()));
            keys.extend(description.map(|text| ("description", text)));
            keys
        }))
    }

    fn make(
        &mut self,
        key: Option<ProfileName>,
        title: &str,
        keys: impl FnOnce(&str) -> Vec<(&'static str, String)>,
    ) -> ServicePlanId {
        if let Some(plan) = self.new.get(&key) {
            return plan.id.clone();
        }
        let id = self.ids.free(&[slug(title, "plan")]);
        let keys = keys(&id);
        let id = ServicePlanId::new(&id).unwrap_or_else(|_| unreachable!("a slug is an id"));
        let plan = PlanDraft {
            id: id.clone(),
            keys,
        };
        self.new.insert(key, plan);
        id
    }
}

/// Returns the headroom under which the limiter is a rounder speed than it is itself, with that speed; else none, and the limiter is
/// what is sold.
fn sold((down, up, _): &Definition, default: Headroom) -> (Headroom, Option<(Mbps, Mbps)>) {
    let none = Headroom::new(0).unwrap_or(default);
    let mut best = (none, None);
    let mut most = roundness(*down) + roundness(*up);
    let advised = ADVISED
        .into_iter()
        .filter_map(|percent| Headroom::new(percent).ok());
    for headroom in std::iter::once(default).chain(advised) {
        let below = |limiter: Mbps| {
            let sold = limiter.get() * 100 / (100 + headroom.percent());
            (sold..=sold + 1)
                .filter_map(|speed| Mbps::new(speed).ok())
                .find(|speed| roundness(*speed) > 1 && headroom.above(*speed) == limiter)
        };
        if let (Some(down), Some(up)) = (below(*down), below(*up))
            && roundness(down) + roundness(up) > most
        {
            most = roundness(down) + roundness(up);
            best = (headroom, Some((down, up)));
        }
    }
    best
}

fn roundness(speed: Mbps) -> u32 {
    let mut round = ROUND.into_iter();
    round
        .find(|of| speed.get().is_multiple_of(*of))
        .unwrap_or(1)
}

fn shown((down, up, description): &Definition) -> String {
    match description {
        Some(text) => format!("{down}/{up} Mbps ({:?})", text.as_str()),
        None => format!("{down}/{up} Mbps"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limiter_that_is_six_percent_above_a_round_speed_is_that_speed() {
        let mbps = |speed| Mbps::new(speed).unwrap();
        let of = |down, up| {
            let (headroom, guess) = sold(&(mbps(down), mbps(up), None), Headroom::DEFAULT);
            (
                headroom.percent(),
                guess.map(|(down, up)| (down.get(), up.get())),
            )
        };
        assert_eq!(of(106, 106), (6, Some((100, 100))));
        assert_eq!(of(107, 22), (7, Some((100, 20))));
        assert_eq!(of(530, 265), (6, Some((500, 250))));
        assert_eq!(of(100, 20), (0, None));
        assert_eq!(of(101, 13), (0, None));
    }
}

//! Checks billing systems: keys that fit the product, tariffs with a service plan that exists.

use std::time::Duration;

use crate::inventory::FileKind;
use crate::inventory::assemble::{BillingObject, Inventory};
use crate::inventory::locate::{Pending, Pointer};
use crate::inventory::record::{Fields, OUT_OF_RANGE};
use crate::inventory::rules::rules;
use crate::inventory::suggest;
use crate::inventory::text::{BillingKind, StatusKey, TariffText, WriteBackFact};
use crate::model::billing::TariffId;

rules! {
    /// Sonar is opened by a token, Splynx by a key and its secret. Times of Splynx have no zone, so it must be given. Some keys
    /// exist for one of the two only. A tariff has a service plan, or it is ignored.
    BILLING_KEYS = "billing-keys", Error, "keys of a billing system that do not fit its kind or each other",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { key = { secret = \"sonar-key\" } }\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n")];

    /// The sync gives subscribers of a tariff its service plan. Without one, every sale of the tariff would be held back.
    TARIFF_PLAN_UNKNOWN = "tariff-plan-unknown", Error, "a tariff's service plan does not exist",
    wrong: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n[billing.sonar.tariff.31]\nservice_plan = \"home-1000\"\n")],
    right: [("billing.toml", "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"sonar-token\" } }\n[billing.sonar.tariff.31]\nservice_plan = \"home-100\"\n")];
}

/// The shortest time between full reads: the larger of the two systems needs that long for one.
const FULL_EVERY_AT_LEAST: Duration = Duration::from_mins(5);

pub(super) fn check(inventory: &Inventory, pending: &mut Vec<Pending>) {
    for position in &inventory.billing {
        let Some(object) = inventory.billing_at(*position) else {
            continue;
        };
        let system = System {
            inventory,
            object,
            at: inventory.point_at_billing(*position),
            is_whole: !inventory.is_partial_at(*position),
        };
        system.check_kind(pending);
        system.check_full_every(pending);
        system.check_tariffs(pending);
    }
}

/// A billing system as the rules see it.
struct System<'a> {
    inventory: &'a Inventory,
    object: &'a BillingObject,
    at: Pointer,
    /// Nothing that is missing can be in a part that could not be read.
    is_whole: bool,
}

impl System<'_> {
    fn wrong(&self, at: Pointer, message: &str, hint: &str) -> Pending {
        let name = &self.object.id;
        Pending::new(&BILLING_KEYS, at, format!("`{name}` {message}")).hint(hint)
    }

    fn check_kind(&self, pending: &mut Vec<Pending>) {
        let Some(kind) = self.object.text.kind else {
            return;
        };
        self.check_login(kind, pending);
        self.check_scope(kind, pending);
        self.check_states(kind, pending);
        let text = &self.object.text;
        if kind == BillingKind::Splynx && text.is_absent("time_zone") && self.is_whole {
            pending.push(self.wrong(
                self.at.clone(),
                "has no `time_zone`, and times of Splynx have none",
                "add the zone of its server, such as `time_zone = \"America/Chicago\"`",
            ));
        }
        if let Some(facts) = &text.write_back
            && kind == BillingKind::Splynx
            && let Some(number) = facts.iter().position(|fact| *fact == WriteBackFact::Health)
        {
            pending.push(self.wrong(
                self.at.clone().key("write_back").value(number),
                "writes back `health`, for which Splynx has no field",
                "take it out",
            ));
        }
    }

    fn check_login(&self, kind: BillingKind, pending: &mut Vec<Pending>) {
        let Some(login) = &self.object.text.login else {
            return;
        };
        let at = self.at.clone().key("login");
        let (needed, foreign, hint): (&[_], &[_], _) = match kind {
            BillingKind::Sonar => (
                &["token"],
                &["how", "key", "secret"],
                "for Sonar write `login = { token = { secret = \"sonar-token\" } }`",
            ),
            BillingKind::Splynx => (
                &["key", "secret"],
                &["token"],
                "for Splynx write `login = { key = { secret = \"splynx-key\" }, secret = { secret = \"splynx-secret\" } }`",
            ),
        };
        for key in foreign.iter().filter(|key| !login.is_absent(key)) {
            let message = format!("has `{key}` in `login`, which is of another kind");
            pending.push(self.wrong(at.clone().key(key), &message, hint));
        }
        let missing: Vec<&str> = needed
            .iter()
            .copied()
            .filter(|key| login.is_absent(key))
            .collect();
        if !missing.is_empty() && self.is_whole {
            let missing = missing.join("` and no `");
            let message = format!("has no `{missing}` in `login`");
            pending.push(self.wrong(at, &message, hint));
        }
    }

    fn check_scope(&self, kind: BillingKind, pending: &mut Vec<Pending>) {
        let Some(scope) = &self.object.text.scope else {
            return;
        };
        let (foreign, own) = match kind {
            BillingKind::Sonar => ("partners", "companies"),
            BillingKind::Splynx => ("companies", "partners"),
        };
        if !scope.is_absent(foreign) {
            pending.push(self.wrong(
                self.at.clone().key("scope").key(foreign),
                &format!("has `{foreign}` in `scope`, which is of another kind"),
                &format!("this kind of billing system has `{own}`"),
            ));
        }
    }

    fn check_states(&self, kind: BillingKind, pending: &mut Vec<Pending>) {
        let states = self.object.text.states.iter();
        for (key, _) in states.flat_map(|states| states.iter()) {
            let (is_wrong, hint) = match kind {
                BillingKind::Sonar => (
                    key.is_of_splynx(),
                    format!(
                        "write the id of an account status, or `{}`",
                        StatusKey::DELINQUENT
                    ),
                ),
                BillingKind::Splynx => (
                    !key.is_of_splynx(),
                    "write the status of customer and service, such as `\"active/stopped\"`"
                        .to_owned(),
                ),
            };
            if is_wrong {
                let at = self.at.clone().key("states").key(key.as_str());
                let message = format!("has the state `{}`, which is of another kind", key.as_str());
                pending.push(self.wrong(at, &message, &hint));
            }
        }
    }

    fn check_full_every(&self, pending: &mut Vec<Pending>) {
        let given = self.object.text.full_every;
        if given.is_some_and(|given| given < FULL_EVERY_AT_LEAST) {
            let minutes = FULL_EVERY_AT_LEAST.as_secs() / 60;
            let message = format!(
                "`full_every` of `{}` is shorter than {minutes} minutes",
                self.object.id
            );
            pending.push(
                Pending::new(&OUT_OF_RANGE, self.at.clone().value("full_every"), message).hint(
                    "changes are read each minute in any case; a full read finds what they missed",
                ),
            );
        }
    }

    fn check_tariffs(&self, pending: &mut Vec<Pending>) {
        let tariffs = self.object.text.tariffs.iter();
        for (id, text) in tariffs.flat_map(|tariffs| tariffs.iter()) {
            let at = self.at.clone().key("tariff").key(id.as_str());
            self.check_tariff(id, text, &at, pending);
        }
    }

    fn check_tariff(
        &self,
        id: &TariffId,
        text: &TariffText,
        at: &Pointer,
        pending: &mut Vec<Pending>,
    ) {
        let is_ignored = text.ignore == Some(true);
        let knows_ignore = text.ignore.is_some() || text.is_absent("ignore");
        let has_plan = !text.is_absent("service_plan");
        if is_ignored && has_plan {
            pending.push(self.wrong(
                at.clone().key("ignore"),
                &format!("ignores tariff {id} and gives it a service plan"),
                "keep one of the two",
            ));
        } else if !is_ignored && !has_plan && knows_ignore && self.is_whole {
            pending.push(self.wrong(
                at.clone(),
                &format!("gives tariff {id} no service plan"),
                "add `service_plan = \"…\"`, or `ignore = true` if it is not for GAMs",
            ));
        }
        let Some(plan) = &text.service_plan else {
            return;
        };
        let inventory = self.inventory;
        if inventory.is_partial(FileKind::ServicePlans)
            || inventory.service_plan(plan.as_str()).is_some()
        {
            return;
        }
        let known = inventory.service_plans().map(|known| known.id.as_str());
        let hint = match suggest::nearest(plan.as_str(), known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `[service_plan.{plan}]` to `service-plans.toml`"),
        };
        let message = format!(
            "there is no service plan `{plan}` for tariff {id} of `{}`",
            self.object.id
        );
        pending.push(
            Pending::new(
                &TARIFF_PLAN_UNKNOWN,
                at.clone().value("service_plan"),
                message,
            )
            .hint(hint),
        );
    }
}

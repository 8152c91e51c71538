//! Explains in one sentence why a service is classified as it is, and names the next step.

use std::fmt::Display;

use crate::report::{listed, moment};
use crate::sync::{Classification, DevicePort, NearMiss, NextStep, Reason, SyncKey, TariffProblem};

/// Returns the words of a classification.
pub fn classification(class: Classification) -> &'static str {
    match class {
        Classification::InSync => "in sync",
        Classification::Change => "to change",
        Classification::New => "to add",
        Classification::Waiting => "waiting",
        Classification::Held => "held by a person",
        Classification::Contested => "contested",
        Classification::Quarantined => "quarantined",
        Classification::Gone => "gone, in grace",
        Classification::OutOfScope => "out of scope",
    }
}

/// Returns the next step for a person.
pub fn next_step(step: NextStep) -> &'static str {
    match step {
        NextStep::Nothing => "nothing",
        NextStep::Wait => "wait; the sync goes on by itself",
        NextStep::LookAgain => {
            "run `gamctl plan` again in half a minute; `gamctl serve` looks by itself"
        }
        NextStep::MapTariff => "map the tariff; `gamctl sync map` prints the lines to paste",
        NextStep::MapStatus => "map the status; `gamctl sync map` prints the lines to paste",
        NextStep::FixBilling => "correct it in billing",
        NextStep::FixInventory => "correct the inventory",
        NextStep::CheckInstallation => "check the installation: label, port, building",
        NextStep::Resolve => "run `gamctl sync resolve ID --take billing`, or `--take inventory`",
        NextStep::ReadAgain => "run the sync again",
    }
}

fn all<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    listed(&words)
}

fn place(at: &DevicePort) -> String {
    match at.port {
        Some(port) => format!("{} port {port}", at.device),
        None => format!("{}, on an unknown port", at.device),
    }
}

fn near(near: &[NearMiss]) -> String {
    let all = near.iter().map(|one| {
        format!(
            "; `{}` may mean {}, heard on {}",
            one.written,
            one.heard,
            place(&one.at)
        )
    });
    all.collect()
}

fn two_sides(key: SyncKey, billing: &str, inventory: &str) -> String {
    let shown = |text: &str| match text {
        "" => "nothing".to_owned(),
        text => format!("`{text}`"),
    };
    let (billing, inventory) = (shown(billing), shown(inventory));
    format!("{key} is {billing} in billing and {inventory} in the inventory")
}

/// Returns why a tariff gives no service plan.
pub fn tariff_sentence(problem: &TariffProblem) -> String {
    match problem {
        TariffProblem::NotMapped => "no service plan is mapped to it".to_owned(),
        TariffProblem::PlanUnknown(plan) => {
            format!("it is mapped to {plan}, which the inventory does not have")
        }
        TariffProblem::SpeedUnknown(plan) => format!(
            "billing has no speed to compare with {plan}; set `as_sold` to `false` to skip the comparison"
        ),
        TariffProblem::Differs {
            service_plan,
            down_kbps,
            up_kbps,
        } => format!(
            "billing sells {down_kbps}/{up_kbps} kbit/s, which is not the speed of {service_plan}; all its subscribers keep what they have"
        ),
    }
}

/// Returns why a service is classified as it is.
pub fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::RecordUnreadable { reason } => format!("a record cannot be read: {reason}"),
        Reason::ListedTwice => "billing lists the same service twice".to_owned(),
        Reason::LinkedTwice { subscribers } => {
            format!("{} have the same `external`", all(subscribers))
        }
        Reason::RenumberAmbiguous {
            subscriber,
            candidates,
        } => format!(
            "the service of {subscriber} has another id now, and {} may be it",
            all(candidates)
        ),
        Reason::LoginShared { services } => format!("{} have the same login", all(services)),
        Reason::LinkAmbiguous { subscriber } => {
            format!("the account has several services, and `external` of {subscriber} names none")
        }
        Reason::StatusUnknown { word } => format!("the status `{word}` is not understood"),
        Reason::TariffMissing => "it has no tariff".to_owned(),
        Reason::TariffIgnored { tariff } => format!("tariff {tariff} is ignored"),
        Reason::Tariff { tariff, problem } => {
            format!("tariff {tariff}: {}", tariff_sentence(problem))
        }
        Reason::MacClaimedTwice {
            mac,
            items,
            accounts,
        } => format!(
            "{mac} is in {} of {}",
            match items.len() {
                0 => "services".to_owned(),
                1 => format!("item {}", all(items)),
                _ => format!("items {}", all(items)),
            },
            match accounts.len() {
                1 => format!("account {}", all(accounts)),
                _ => format!("accounts {}", all(accounts)),
            }
        ),
        Reason::ClaimAmbiguous { mac, services } => {
            format!("{mac} may belong to {}", all(services))
        }
        Reason::TwoEndpointsHeard { macs } => {
            format!("several of its endpoints are heard: {}", all(macs))
        }
        Reason::NotForGams => "neither its tariff nor its equipment is for GAMs".to_owned(),
        Reason::OtherGroup => "its account is outside of `scope`".to_owned(),
        Reason::Ended => "it ended, and has no subscriber".to_owned(),
        of_place => place_sentence(of_place),
    }
}

/// Returns the sentence of a reason about places, or of what is decided elsewhere.
fn place_sentence(reason: &Reason) -> String {
    match reason {
        Reason::HeardElsewhere { mac, at, expected } => format!(
            "{mac} is heard on {}, and billing has the customer at {expected}",
            place(at)
        ),
        Reason::PlannedElsewhere { at, expected } => format!(
            "billing plans {}, and has the customer at {expected}",
            place(at)
        ),
        Reason::HeardTwice { mac, places } => {
            format!("{mac} is heard on {}", all(places.iter().map(place)))
        }
        Reason::PortTaken {
            at,
            subscriber,
            is_answering,
        } => format!(
            "{} has {subscriber}, which {}",
            place(at),
            match is_answering {
                true => "still answers",
                false => "is silent",
            }
        ),
        Reason::PlaceClaimedTwice { at, services } => {
            format!("{} are all for {}", all(services), place(at))
        }
        Reason::EndpointInUse { mac, subscriber } => {
            format!("{mac} is the endpoint of {subscriber}")
        }
        Reason::EndpointUnmanaged { mac, at } => format!(
            "{mac} is configured on {}, and the inventory does not have it",
            place(at)
        ),
        Reason::DeviceNotManaged { device } => format!("{device} is not managed"),
        Reason::PlaceUnknown { hint } => format!(
            "billing plans `{}{}`, which is not a place of the inventory",
            hint.device,
            hint.port
                .as_ref()
                .map(|port| format!("/{port}"))
                .unwrap_or_default()
        ),
        Reason::NoVlanLeft { device } => format!("no VLAN is free on {device}"),
        Reason::VlanTaken { at, vlan } => format!("VLAN {vlan} is in use on {}", at.device),
        Reason::Moved { from, to } => format!(
            "its endpoint is heard on {}, and it is on {}",
            place(to),
            place(from)
        ),
        Reason::MovedElsewhere { from, to } => format!(
            "its endpoint is heard at another site, on {}, and it is on {}",
            place(to),
            place(from)
        ),
        Reason::NoItem => "billing has no endpoint for it".to_owned(),
        Reason::NotHeard { macs, near: misses } => format!(
            "{} {} not heard{}",
            all(macs),
            match macs.len() {
                1 => "is",
                _ => "are",
            },
            near(misses)
        ),
        Reason::HeardUnclearly { mac, at } => format!(
            "{mac} is heard on {}, not yet in two looks half a minute apart, or not lately",
            place(at)
        ),
        Reason::OldStillHeard { old, new } => {
            format!("{new} is to replace {old}, which is still heard")
        }
        of_decision => decision_sentence(of_decision),
    }
}

fn decision_sentence(reason: &Reason) -> String {
    match reason {
        Reason::Flapping { key } => {
            format!("{key} changed more than three times within a day")
        }
        Reason::IdTaken { id } => format!("{id} is the id of another subscriber"),
        Reason::CausesFinding { message, .. } => message.to_string(),
        Reason::Contested {
            key,
            billing,
            inventory,
        } => two_sides(*key, billing, inventory),
        Reason::Held {
            key,
            billing,
            inventory,
        } => format!("{}, and is held", two_sides(*key, billing, inventory)),
        Reason::SubscriberRemoved { subscriber } => {
            format!("a person removed {subscriber}, and billing still has the service")
        }
        Reason::Protected { subscriber } => {
            format!("billing has ended it, and {subscriber} is protected")
        }
        Reason::NotStarted { starts } => match starts {
            Some(day) => format!("it starts on {day}"),
            None => "it has not started".to_owned(),
        },
        Reason::SuspendedBeforeStart => "it is suspended, and never had a subscriber".to_owned(),
        Reason::Continues { service } => format!("it continues {service}, which is still live"),
        Reason::ReadIncomplete => "it is not in the reading, which is not complete".to_owned(),
        Reason::InventoryPartial => "a part of the inventory cannot be read".to_owned(),
        Reason::InGrace { since, removed_at } => format!(
            "gone since {}, removed after {}",
            moment(*since),
            moment(*removed_at)
        ),
        // Every other reason has its sentence in the functions before.
        other => other.rule().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_classification_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> = Classification::ALL
            .into_iter()
            .map(classification)
            .collect();
        assert_eq!(words.len(), Classification::ALL.len());
    }

    #[test]
    fn a_near_miss_is_suggested_with_its_place() {
        let reason = Reason::NotHeard {
            macs: ["00:0e:d8:00:00:07".parse().unwrap()].into(),
            near: vec![NearMiss {
                written: "000ED8000007".into(),
                heard: "00:0e:d8:00:00:17".parse().unwrap(),
                at: DevicePort {
                    device: crate::model::DeviceName::new("maple-a").unwrap(),
                    port: crate::model::PortNumber::new(3).ok(),
                },
            }],
        };
        assert_eq!(
            sentence(&reason),
            "00:0e:d8:00:00:07 is not heard; `000ED8000007` may mean 00:0e:d8:00:00:17, heard on maple-a port 3"
        );
    }

    #[test]
    fn a_difference_names_both_sides() {
        let reason = Reason::Contested {
            key: SyncKey::ServicePlan,
            billing: "home-500".into(),
            inventory: "".into(),
        };
        assert_eq!(
            sentence(&reason),
            "service_plan is `home-500` in billing and nothing in the inventory"
        );
    }
}

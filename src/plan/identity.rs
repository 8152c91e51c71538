//! Checks that the device that answered is the intended one.

use crate::model::Observation;

use super::factory_new;
use super::{Refusal, Request};

const HINT: &str = "check which device answers at this address; if it was replaced on purpose, change the pins in the inventory";

/// Returns the reasons that nothing may be written to the device that answered.
pub(super) fn refusals(request: &Request<'_>, observation: &Observation) -> Vec<Refusal> {
    let identity = &observation.identity;
    let device = request.device;
    let wrong = |what: &str, has: String, pinned: String| Refusal {
        rule: "wrong-device".to_owned(),
        message: format!("{device} answers with {what} {has}, and the inventory pins {pinned}"),
        hint: match factory_new::looks_new(observation) {
            true => factory_new::replaced_hint(request),
            false => HINT.to_owned(),
        },
    };
    let mut refusals = Vec::new();
    if observation.device != *device {
        refusals.push(wrong(
            "the look at",
            observation.device.to_string(),
            device.to_string(),
        ));
    }
    let (mut is_proved, mut is_open) = (false, false);
    match (request.serial, &identity.serial) {
        (Some(pin), Some(has)) if pin == has => is_proved = true,
        (Some(pin), Some(has)) => {
            refusals.push(wrong("serial number", has.to_string(), pin.to_string()));
        }
        (Some(_), None) => is_open = true,
        (None, _) => {}
    }
    match (request.mac, identity.mac) {
        (Some(pin), Some(has)) if pin == has => is_proved = true,
        (Some(pin), Some(has)) => {
            refusals.push(wrong("MAC address", has.to_string(), pin.to_string()));
        }
        (Some(_), None) => is_open = true,
        (None, _) => {}
    }
    // One pin that matches is enough, if the other one could not be read.
    if refusals.is_empty() && is_open && !is_proved {
        refusals.push(Refusal {
            rule: "identity-not-read".to_owned(),
            message: format!(
                "{device} is pinned, and neither its serial number nor its MAC address could be compared"
            ),
            hint: "look again; a device that cannot identify itself needs a pin that it can answer".to_owned(),
        });
    }
    match (identity.model, identity.product) {
        (Some(has), _) if has == request.model => {}
        (Some(has), _) => refusals.push(wrong("model", has.to_string(), request.model.to_string())),
        (None, Some(product)) => refusals.push(Refusal {
            rule: "unknown-model".to_owned(),
            message: format!(
                "{device} answers with product number {product}, which is not a GAM that gamctl knows"
            ),
            hint: HINT.to_owned(),
        }),
        (None, None) => refusals.push(Refusal {
            rule: "unknown-model".to_owned(),
            message: format!("{device} does not say which model it is"),
            hint: "look again; gamctl plans nothing for a device whose ports it does not know"
                .to_owned(),
        }),
    }
    refusals
}

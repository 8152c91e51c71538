//! Describes changes and impacts for people.

use std::borrow::Cow;

use super::super::freeze::short_run;
use super::super::{counted, listed, moment, visible};
use crate::model::SubscriberName;
use crate::plan::{
    CannotUndo, Change, Field, FieldView, Impact, Limiter, RolledBack, Shown, Step, Verb,
};

/// The number of names that are listed; further ones are only counted.
const NAMES: usize = 6;

/// Returns the object of a step with its number on the device: `subscriber acct-20001 (a01) (3)`.
pub(in crate::report) fn object(step: &Step) -> String {
    let name = step.change.object().to_string();
    let name = step.subscriber_ids.in_text(&name);
    let name = visible(&name);
    match step.change.slot() {
        Some(slot) => format!("{name} ({})", slot.0),
        None => name.into_owned(),
    }
}

/// Returns what happens to the object: `rate home-100 → home-200, VLAN 3 → 4`.
pub(in crate::report) fn what(change: &Change) -> String {
    let (object, verb) = (change.object(), change.verb());
    let fields: Vec<String> = change
        .fields()
        .iter()
        // Who comes or goes is said already.
        .filter(|view| verb == Verb::Update || !object.is_known_by(view.field))
        .filter_map(|view| match verb {
            Verb::Create => with(view.field, view.to()),
            Verb::Remove => with(view.field, view.from()),
            Verb::Update => Some(moved(view)),
        })
        .collect();
    fields.join(", ")
}

fn with(field: Field, value: Option<Shown>) -> Option<String> {
    // What is off says nothing about an object that comes or goes.
    let value = value.filter(|value| *value != Shown::Flag(false))?;
    Some(format!("{} {}", field.label(), said(field, Some(value))))
}

fn moved(view: &FieldView<'_>) -> String {
    let field = view.field;
    format!(
        "{} {} → {}",
        field.label(),
        said(field, view.from()),
        said(field, view.to())
    )
}

pub(super) fn said(field: Field, value: Option<Shown>) -> String {
    match value {
        None => field.absent().to_owned(),
        Some(Shown::Text(text)) => match visible(&text) {
            text if text.contains([' ', ',']) => format!("\"{text}\""),
            text => text.into_owned(),
        },
        Some(Shown::Name(name)) => visible(name.as_str()).into_owned(),
        Some(Shown::Flag(flag)) => if flag { "yes" } else { "no" }.to_owned(),
        Some(Shown::Word(word)) => word,
    }
}

/// Returns what a step does to people, where it does something.
pub(in crate::report) fn impact(step: &Step) -> Option<String> {
    let interrupts = |names: &[SubscriberName]| format!("interrupts {}", people(step, names));
    match &step.impact {
        Impact::None => None,
        Impact::Interrupts { subscribers } => Some(interrupts(subscribers)),
        Impact::Disconnects {
            subscribers,
            interrupts: others,
        } => {
            let mut text = format!("disconnects {}", people(step, subscribers));
            if !others.is_empty() {
                text.push_str("; ");
                text.push_str(&interrupts(others));
            }
            if shuts_port(step) {
                text.push_str("; ");
                text.push_str(SHUT_PORT);
            }
            Some(text)
        }
        Impact::TouchesManagement => Some("may cut our own way to the device".to_owned()),
    }
}

/// The effect of a shut-down port on the service of its subscribers (docs/gam.md). They count as disconnected, to be safe.
const SHUT_PORT: &str = "the device stops monitoring the port and raises no alarms for it, but configured service may go on: \
    suspend subscribers, not their port";

/// Returns whether a step shuts down a port.
fn shuts_port(step: &Step) -> bool {
    matches!(&step.change, Change::Port(_, update) if update.enabled.as_ref().is_some_and(|enabled| !enabled.to))
}

/// Returns who gets slower or faster by a step, and who is served again.
pub(in crate::report) fn effects(step: &Step) -> Vec<String> {
    let speeds = step.effects.speeds.iter().map(|speed| {
        let how = match speed.is_slower() {
            true => "slower",
            false => "faster",
        };
        let names = people(step, &speed.subscribers);
        let names = match speed.subscribers.len() {
            count if count > NAMES => format!("{} ({names})", counted(count, "subscriber")),
            _ => names,
        };
        let (from, to) = (limiter(speed.from), limiter(speed.to));
        format!("makes {names} {how}: {from} → {to}")
    });
    let restores = step.effects.restores.as_slice();
    let restores =
        (!restores.is_empty()).then(|| format!("serves {} again", people(step, restores)));
    let authentication = step.effects.authentication.as_slice();
    let authentication = (!authentication.is_empty()).then(|| {
        let names = people(step, authentication);
        format!(
            "may change the authentication of {names}: the device sends names and numbers upstream"
        )
    });
    speeds.chain(restores).chain(authentication).collect()
}

/// Returns who rolled back what a step would bring back.
pub(in crate::report) fn rolled_back(step: &Step) -> Option<String> {
    let RolledBack { run, who, at } = step.rolled_back.as_ref()?;
    let (who, run) = (visible(who), visible(short_run(run)));
    Some(format!(
        "brings back what {who} rolled back at {} (run {run})",
        moment(*at)
    ))
}

/// Returns a rate limit, down first.
fn limiter(limiter: Limiter) -> String {
    match limiter {
        Limiter::Limited { down, up } => format!("{down}/{up} Mbps"),
        Limiter::Unthrottled => "no limit".to_owned(),
        Limiter::Unread => "a limit that was not read".to_owned(),
    }
}

/// Returns the names of subscribers. The one that the line is about need not be named again.
fn people(step: &Step, subscribers: &[SubscriberName]) -> String {
    let own = match &step.change {
        Change::Subscriber(_, edit) => [Some(edit.key()), Some(edit.new_key())],
        Change::System(_)
        | Change::Uplink(..)
        | Change::Port(..)
        | Change::Profile(..)
        | Change::Endpoint(..) => [None, None],
    };
    match subscribers {
        [only] if own.contains(&Some(only)) => "it".to_owned(),
        _ => some_names(subscribers.iter().map(|name| {
            let word = step.subscriber_ids.word(name);
            Cow::Owned(visible(&word).into_owned())
        })),
    }
}

/// Returns names as a list; of many, the first ones and a count.
pub fn some_names<'a>(names: impl ExactSizeIterator<Item = Cow<'a, str>>) -> String {
    let count = names.len();
    let mut shown: Vec<String> = names.take(NAMES).map(Cow::into_owned).collect();
    if count > NAMES {
        shown.push(format!(
            "{} more",
            super::super::count::grouped(count - NAMES)
        ));
    }
    listed(&shown)
}

/// Returns why a step cannot be undone, where it cannot.
pub(super) fn cannot_undo(step: &Step) -> Option<String> {
    let had = |field: &Field| format!("the {} it had", field.label());
    let because = match step.cannot_undo.as_ref()? {
        CannotUndo::UnsafeCharacter {
            field,
            character,
            position,
        } => {
            let character = character.to_string();
            format!(
                "{} has `{}` at position {position}, which no line may hold",
                had(field),
                visible(&character)
            )
        }
        CannotUndo::TooLong {
            field,
            length,
            most,
        } => format!(
            "{} has {length} characters, and gamctl writes at most {most}",
            had(field)
        ),
        CannotUndo::LostSpaces { field } => {
            format!("{} has spaces that a command does not keep", had(field))
        }
        CannotUndo::NotAHostname { field } => {
            format!("{} is not one that gamctl writes", had(field))
        }
        CannotUndo::OutOfRange { field } => {
            format!("gamctl cannot write {}", had(field))
        }
        CannotUndo::NotKnown { field } => format!("{} is not known", had(field)),
        CannotUndo::CutsManagement { vlan } => {
            format!("undoing it would stop VLAN {vlan}, through which gamctl may reach the device")
        }
    };
    Some(format!("cannot be undone, because {because}"))
}

/// Returns what stays of a step although its lines are undone.
pub(super) fn lasting(step: &Step) -> Option<String> {
    if step.cannot_undo.is_some() {
        // Shown whether lines are shown or not.
        return None;
    }
    if step.inverse.is_empty() {
        return (!step.lines.is_empty()).then(|| "nothing undoes this".to_owned());
    }
    let Change::Port(_, update) = &step.change else {
        return None;
    };
    let name = update.name.as_ref()?;
    name.from
        .is_none()
        .then(|| "a port that has a name keeps one: undoing gives it another, not none".to_owned())
}

/// Returns "1 device" or "97 devices".
pub(super) fn on_devices(count: usize) -> String {
    counted(count, "device")
}

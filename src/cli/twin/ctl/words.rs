//! Parses words of the command line into conditions, severities and faults.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::inventory::nearest;
use crate::report::visible;
use crate::simulator::fault::FaultOrder;
use crate::simulator::gam::{AlarmCondition, Severity};

pub(super) fn condition(text: &str) -> Result<AlarmCondition, String> {
    let found = AlarmCondition::ALL
        .iter()
        .find(|condition| condition.word() == text);
    found.copied().ok_or_else(|| {
        let near = nearest(text, AlarmCondition::ALL.iter().map(|one| one.word()));
        match near {
            Some(near) => format!("there is no such condition; did you mean `{near}`?"),
            None => conditions(),
        }
    })
}

/// Lists all conditions, for the help.
pub(super) fn conditions() -> String {
    let words: Vec<&str> = AlarmCondition::ALL.iter().map(|one| one.word()).collect();
    format!("One of {}", words.join(", "))
}

pub(super) fn severity(text: &str) -> Result<Severity, String> {
    let found = Severity::ALL
        .into_iter()
        .find(|severity| severity.word().eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        "it is one of nr (not reported), na (not alarmed), mn (minor), mj (major), cr (critical)"
            .to_owned()
    })
}

/// Parses a fault from its name and its `key=value` fields.
pub(super) fn fault(name: &str, fields: &[String]) -> anyhow::Result<FaultOrder> {
    let mut object = BTreeMap::from([("fault", Value::from(name))]);
    for field in fields {
        let (key, text) = field
            .split_once('=')
            .with_context(|| format!("`{}` needs the form KEY=VALUE", visible(field)))?;
        object.insert(key, value(text));
    }
    let order = serde_json::to_value(object).and_then(serde_json::from_value);
    order.map_err(|error| no_fault(name, &error.to_string()))
}

/// Returns the names of all faults.
pub(in crate::cli) fn fault_names() -> Vec<String> {
    // The parser names all of them where it knows none of that name.
    let error = serde_json::from_value::<FaultOrder>(serde_json::json!({ "fault": "" }));
    let text = error.map_or_else(|error| error.to_string(), |_| String::new());
    let names = known_names("", &text).unwrap_or_default();
    names
        .split('`')
        .filter(|name| name.contains(char::is_alphabetic))
        .map(str::to_owned)
        .collect()
}

/// Returns the part of an error that lists all names, if the name is not one of them.
fn known_names<'a>(name: &str, error: &'a str) -> Option<&'a str> {
    let (written, all) = error
        .split_once("unknown variant")?
        .1
        .split_once("expected one of ")?;
    written.contains(&format!("`{name}`")).then_some(all)
}

/// Explains why a fault is invalid: a similar name, or the missing fields.
fn no_fault(name: &str, error: &str) -> anyhow::Error {
    let Some(all) = known_names(name, error) else {
        return anyhow!("`{}`: {error}", visible(name));
    };
    let names = all
        .split('`')
        .filter(|name| name.contains(char::is_alphabetic));
    match nearest(name, names) {
        Some(near) => anyhow!(
            "there is no fault `{}`; did you mean `{near}`?",
            visible(name)
        ),
        None => anyhow!("there is no fault `{}`; they are {all}", visible(name)),
    }
}

/// Parses a value: a number, `true` or `false`, a text in double quotes, else a plain text.
fn value(text: &str) -> Value {
    if let Ok(number) = text.parse::<u64>() {
        return Value::from(number);
    }
    match serde_json::from_str(text) {
        Ok(value @ (Value::Bool(_) | Value::String(_))) => value,
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::fault::Fault;

    #[test]
    fn fields_of_a_fault_are_what_they_look_like() {
        let fields = ["percent=30".to_owned(), "times=2".to_owned()];
        let order = fault("snmp-loss", &fields).unwrap();
        assert_eq!(order.fault, Fault::SnmpLoss { percent: 30 });
        assert_eq!(order.times, Some(2));
        for (field, prompt) in [
            ("prompt=GAM>", "GAM>"),
            ("prompt=\"5\"", "5"),
            ("prompt=a=b", "a=b"),
        ] {
            let order = fault("ssh-prompt", &[field.to_owned()]).unwrap();
            let prompt = prompt.to_owned();
            assert_eq!(order.fault, Fault::SshPrompt { prompt });
        }
    }

    #[test]
    fn an_invalid_fault_is_refused_with_the_reason() {
        let error = |name, fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
            format!("{:#}", fault(name, &fields).unwrap_err())
        };
        assert_eq!(
            error("ssh-buzy", &[]),
            "there is no fault `ssh-buzy`; did you mean `ssh-busy`?"
        );
        assert!(error("bogus", &[]).contains("they are `snmp-silence`, "));
        assert!(error("ssh-busy", &["nth"]).contains("KEY=VALUE"));
        for (fields, why) in [
            (&[][..], "`snmp-loss`: missing field `percent`"),
            (
                &["percent=many"],
                "`snmp-loss`: invalid type: string \"many\", expected a whole number",
            ),
            (
                &["percent=101"],
                "`snmp-loss`: `percent` of a fault goes from 0 to 100",
            ),
            (
                &["percnt=10"],
                "`snmp-loss`: unknown field `percnt`, expected `percent`",
            ),
        ] {
            assert_eq!(error("snmp-loss", fields), why);
        }
        assert!(error("ssh-stall", &["stage=late"]).contains("`kex`"));
    }

    #[test]
    fn conditions_and_severities_are_found_by_their_words() {
        assert_eq!(condition("los"), Ok(AlarmCondition::Los));
        assert!(condition("lso").unwrap_err().contains("`los`"));
        assert_eq!(severity("CR"), Ok(Severity::Cr));
        assert!(severity("bad").is_err());
    }
}

//! Defines why a row of a VIRTUOSO list is not taken over, in words with the next step.

use std::fmt;
use std::net::IpAddr;

use super::cell::CellError;
use super::column::{Column, column_names};
use crate::model::{Address, DeviceName, ServicePlanId, SubscriberId};

/// A row that is not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutRow {
    pub line: usize,
    pub problem: RowProblem,
}

/// Why a row is not taken over. No cell is repeated that may be about a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    #[error("{}", empty(*.0))]
    Empty(Column),
    #[error("`{column}`: {why}")]
    Cell { column: Column, why: CellError },
    #[error(
        "the inventory cannot express {}; the subscriber stays on the device, unmanaged",
        column_names(.0).join(" and ")
    )]
    Inexpressible(Vec<Column>),
    #[error(
        "neither `{}` nor `{}` names its device",
        Column::System,
        Column::Address
    )]
    NoDevice,
    #[error("{}", unknown_system(.name.as_deref(), .nearest.as_deref()))]
    UnknownSystem {
        /// Left out where it is not the name of a device.
        name: Option<String>,
        nearest: Option<String>,
    },
    #[error(
        "no device of the inventory has the address {0}; import it first with `gamctl import {0}`"
    )]
    UnknownAddress(IpAddr),
    #[error("its device can be {}; write the name of one as `{}`", listed(.0), Column::System)]
    SeveralDevices(Vec<DeviceName>),
    #[error(
        "its device `{device}` has the address {inventory} in the inventory and {list} in the list; correct the wrong one"
    )]
    OtherAddress {
        device: DeviceName,
        inventory: Address,
        list: IpAddr,
    },
    #[error("{}", unknown_profile(.name.as_deref(), .nearest.as_ref()))]
    UnknownProfile {
        /// Left out where it cannot be the name of a profile.
        name: Option<String>,
        nearest: Option<ServicePlanId>,
    },
    #[error(
        "it is unthrottled, and no service plan is; add one with `unthrottled = true` to service-plans.toml"
    )]
    NothingUnthrottled,
    #[error(
        "its profile can be of the service plans {}; write the id of one as `{}`",
        listed(.0),
        Column::ServicePlan
    )]
    SeveralServicePlans(Vec<ServicePlanId>),
    #[error(
        "there is no service plan `{0}`; add it to service-plans.toml, or correct `{column}`",
        column = Column::ServicePlan
    )]
    UnknownServicePlan(ServicePlanId),
    #[error(
        "`{}` and `{}` name different service plans; correct one",
        Column::Profile,
        Column::ServicePlan
    )]
    OtherServicePlan,
    #[error(
        "it has no port; fill in `{}`, or give `--default-port auto` to let devices find their endpoints",
        Column::Port
    )]
    NoPort,
    #[error(
        "it is in VLAN 4094, without service, so that its own VLAN is not in the list; add it by hand with `state = \"suspended\"`"
    )]
    Unserved,
    #[error("{} the same endpoint; an endpoint has one subscriber", lines_have(.0))]
    EndpointTwice(Vec<usize>),
    #[error("{} the same name on this device; a name is given once", lines_have(.0))]
    NameTwice(Vec<usize>),
    #[error("{} the same id; an id is given once", lines_have(.0))]
    IdTwice(Vec<usize>),
    #[error(
        "the id `{0}` is that of another subscriber; change it in `{column}`",
        column = Column::Id
    )]
    IdTaken(SubscriberId),
    #[error(
        "its name is that of `{by_name}` and its endpoint that of `{by_endpoint}`; change one of them first"
    )]
    TwoSubscribers {
        by_name: SubscriberId,
        by_endpoint: SubscriberId,
    },
    #[error("`{id}` of the inventory differs, and is not changed: {}; use `gamctl set {id}`, or correct the list", different_keys(.differences))]
    Differs {
        id: SubscriberId,
        differences: Vec<Difference>,
    },
    /// The inventory would have an error with it.
    #[error("{message}{} ({rule})", .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
    Finding {
        rule: &'static str,
        message: String,
        hint: Option<String>,
    },
}

/// A key in which a row and a subscriber of the inventory differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: &'static str,
    /// The value of the inventory and that of the list; left out where they may be about a person.
    pub values: Option<(String, String)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &str| match value.is_empty() {
            true => "none".to_owned(),
            false => format!("`{value}`"),
        };
        formatter.write_str(self.key)?;
        match &self.values {
            Some((inventory, list)) => {
                write!(
                    formatter,
                    " is {}, in the list {}",
                    shown(inventory),
                    shown(list)
                )
            }
            None => Ok(()),
        }
    }
}

fn empty(column: Column) -> String {
    match column {
        Column::Profile => {
            "it has no profile; fill in its name or `Unthrottled`, because gamctl assumes none"
                .to_owned()
        }
        column => format!("`{column}` is empty; fill it in"),
    }
}

fn unknown_system(name: Option<&str>, nearest: Option<&str>) -> String {
    let Some(name) = name else {
        return format!("`{}` is not the name of a device", Column::System);
    };
    match nearest {
        Some(nearest) => format!(
            "no device of the inventory is `{name}` by its name or `hostname`; did you mean `{nearest}`?"
        ),
        None => format!(
            "no device of the inventory is `{name}` by its name or `hostname`; import it first with `gamctl import ADDRESS`"
        ),
    }
}

fn unknown_profile(name: Option<&str>, nearest: Option<&ServicePlanId>) -> String {
    let Some(name) = name else {
        return format!("`{}` is not the name of a profile", Column::Profile);
    };
    match nearest {
        Some(nearest) => format!(
            "no service plan makes the profile `{name}`; did you mean `{nearest}`? Write it as its `profile_name` if it is that one"
        ),
        None => format!(
            "no service plan makes the profile `{name}`; add one to service-plans.toml with its speed and `profile_name = \"{name}\"`"
        ),
    }
}

fn listed(names: &[impl std::fmt::Display]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn lines_have(others: &[usize]) -> String {
    let numbers: Vec<String> = others.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [one] => format!("line {one} has"),
        _ => format!("lines {} have", numbers.join(", ")),
    }
}

fn different_keys(differences: &[Difference]) -> String {
    let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
    all.join(", ")
}

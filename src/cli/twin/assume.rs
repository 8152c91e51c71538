//! `--assume ports=management-first`: parses what a twin takes for granted where the family's documents are unclear.

use crate::simulator::gam::{Hardware, PortLayout};

/// An answer to an open question about the device. docs/gam.md lists the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assumption {
    Ports(PortLayout),
}

impl Assumption {
    pub(super) fn set(self, hardware: &mut Hardware) {
        match self {
            Self::Ports(layout) => hardware.layout = layout,
        }
    }
}

/// Parses one assumption.
pub(super) fn assumption(text: &str) -> Result<Assumption, String> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        format!("`{text}` needs the form NAME=VALUE, such as `ports=management-first`")
    })?;
    match (name, value) {
        ("ports", "uplinks-first") => Ok(Assumption::Ports(PortLayout::UplinksFirst)),
        ("ports", "management-first") => Ok(Assumption::Ports(PortLayout::ManagementFirst)),
        ("ports", "alike") => Ok(Assumption::Ports(PortLayout::Alike)),
        ("ports", _) => Err(format!(
            "unknown value `{value}`; `ports` is `uplinks-first`, `management-first` or `alike`"
        )),
        _ => Err(format!("unknown assumption `{name}`; there is `ports`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_assumption_names_those_that_there_are() {
        let why = |text| assumption(text).unwrap_err();
        assert_eq!(
            assumption("ports=alike"),
            Ok(Assumption::Ports(PortLayout::Alike))
        );
        assert_eq!(
            why("colour=red"),
            "unknown assumption `colour`; there is `ports`"
        );
        assert!(why("ports=up").contains("`uplinks-first`, `management-first` or `alike`"));
        assert!(why("ports").contains("NAME=VALUE"));
    }
}

//! Models the CLI modes that gamctl enters, and the prompts they show.

use super::prompt::Prompt;
use crate::model::Lead;

/// The CLI mode of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Exec,
    Configuration,
    /// Interface mode of an uplink.
    Interface,
}

/// The prompt expected after a line was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Prompt(Prompt),
    /// The prompt of this mode, with a host name that only the device knows.
    AnyName(Mode),
}

impl Mode {
    /// Returns the part of the prompt between the host name and the `#`.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Exec => "",
            Self::Configuration => "(config)",
            Self::Interface => "(config-if)",
        }
    }

    /// Returns the mode after a line; `None` if the line is not valid in this mode.
    pub(super) fn after(self, lead: &Lead) -> Option<Self> {
        match (self, lead) {
            (Self::Exec, _) | (Self::Configuration, Lead::WithinInterface | Lead::Out) => None,
            (Self::Interface, Lead::WithinInterface) | (Self::Configuration, Lead::Interface) => {
                Some(Self::Interface)
            }
            // Another command in the mode of an interface leaves it (the family's, docs/gam.md).
            (Self::Interface, Lead::Interface) => Some(Self::Interface),
            (
                Self::Configuration | Self::Interface,
                Lead::Configuration | Lead::Renamed(_) | Lead::NameTaken,
            )
            | (Self::Interface, Lead::Out) => Some(Self::Configuration),
        }
    }
}

impl Next {
    /// Returns the text after the expected prompt on the same line.
    pub(super) fn begins<'a>(&self, line: &'a str) -> Option<&'a str> {
        match self {
            Self::Prompt(next) => next.begins(line),
            Self::AnyName(_) => {
                let (prompt, rest) = line.split_once('#')?;
                self.stands(&format!("{prompt}#")).map(|_| rest)
            }
        }
    }

    /// Returns the prompt in a line, if it is the expected one.
    pub(super) fn stands(&self, line: &str) -> Option<Prompt> {
        let prompt = Prompt::guess(line)?;
        let is_it = match self {
            Self::Prompt(next) => *next == prompt,
            Self::AnyName(mode) => prompt.host_in(*mode).is_some_and(is_host_name),
        };
        is_it.then_some(prompt)
    }
}

/// Returns whether a device can have this name. Names that gamctl assigns are shorter (docs/gam.md).
fn is_host_name(name: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.bytes().all(is_inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ConfigLine;

    #[test]
    fn a_line_has_its_place() {
        let after = |mode: Mode, text: &str| mode.after(ConfigLine::new(text).unwrap().leads_to());
        for text in ["ghn port 1 mode siso", "hostname x", "no hostname"] {
            assert_eq!(after(Mode::Exec, text), None);
            assert_eq!(after(Mode::Configuration, text), Some(Mode::Configuration));
            assert_eq!(after(Mode::Interface, text), Some(Mode::Configuration));
        }
        let interface = "interface 10GigabitEthernet 1/1";
        assert_eq!(after(Mode::Configuration, interface), Some(Mode::Interface));
        for (text, there) in [
            ("switchport trunk allowed vlan 5", Mode::Interface),
            ("exit", Mode::Configuration),
        ] {
            assert_eq!(after(Mode::Interface, text), Some(there));
            assert_eq!(after(Mode::Configuration, text), None);
            assert_eq!(after(Mode::Exec, text), None);
        }
    }
}

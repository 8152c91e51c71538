//! Recognises the prompt of a device in its output, for `reply` and `reply_check`.

use super::mode::Mode;

/// The privilege of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privilege {
    /// `>`
    User,
    /// `#`
    Privileged,
}

impl Privilege {
    fn mark(self) -> char {
        match self {
            Self::User => '>',
            Self::Privileged => '#',
        }
    }
}

/// A device's prompt: its host name as shown, and the privilege.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prompt {
    host: String,
    pub(super) privilege: Privilege,
}

/// Longer than the longest host name (docs/gam.md) plus a mode.
const LONGEST: usize = 120;

impl Prompt {
    /// Returns a prompt that matches no line.
    pub(super) fn unknown() -> Self {
        Self {
            host: String::new(),
            privilege: Privilege::User,
        }
    }

    /// Returns the prompt of a privileged mode.
    pub(super) fn of(host: &str, mode: Mode) -> Self {
        Self {
            host: format!("{host}{}", mode.suffix()),
            privilege: Privilege::Privileged,
        }
    }

    /// Returns the host name, if the prompt is one of this mode.
    pub(super) fn host_in(&self, mode: Mode) -> Option<&str> {
        self.host
            .strip_suffix(mode.suffix())
            .filter(|_| self.privilege == Privilege::Privileged)
    }

    /// Returns the line on a terminal after this text was entered at the prompt.
    pub(super) fn with(&self, text: &str) -> String {
        let mark = self.privilege.mark();
        format!("{}{mark} {text}", self.host)
    }

    /// Returns the prompt that a line would be, whether it is one or not.
    pub(super) fn guess(line: &str) -> Option<Self> {
        let line = line.trim();
        let (host, privilege) = match line.strip_suffix('#') {
            Some(host) => (host, Privilege::Privileged),
            None => (line.strip_suffix('>')?, Privilege::User),
        };
        if host.is_empty() || host.len() > LONGEST {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            privilege,
        })
    }

    /// Returns the prompt in a line, if it belongs to this device.
    pub(super) fn of_same_host(&self, line: &str) -> Option<Self> {
        Self::guess(line).filter(|prompt| prompt.host == self.host)
    }

    /// Returns the text after this prompt, if the line starts with it.
    pub(super) fn begins<'a>(&self, line: &'a str) -> Option<&'a str> {
        line.trim_start()
            .strip_prefix(self.host.as_str())?
            .strip_prefix(self.privilege.mark())
    }

    /// Returns whether the prompt has a letter or digit: a banner's rulers do not.
    pub(super) fn is_name_like(&self) -> bool {
        self.host.chars().any(char::is_alphanumeric)
    }
}

/// Finds the prompt after an empty line was entered: it is shown twice, with nothing after it.
pub(super) fn repeated(lines: &[String], current: &str) -> Option<Prompt> {
    let now = Prompt::guess(current)?;
    let before = lines.iter().rev().find(|line| !line.trim().is_empty())?;
    (Prompt::guess(before)? == now).then_some(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_anchored_to_the_whole_host_name() {
        let prompt = Prompt::guess("GAM-4.b_(x)# ").unwrap();
        assert!(prompt.of_same_host("GAM-4.b_(x)#").is_some());
        assert!(prompt.of_same_host("GAM-4.b_(x)>").is_some());
        for other in ["GAM-4.b_(x)(config)#", "b_(x)#", "description #", "#", ""] {
            assert_eq!(prompt.of_same_host(other), None, "{other}");
        }
    }

    #[test]
    fn a_prompt_is_believed_when_it_comes_twice() {
        let lines = |lines: &[&str]| {
            lines
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>()
        };
        assert!(repeated(&lines(&["Authorised use only #", "GAM#"]), "GAM# ").is_some());
        assert!(repeated(&lines(&["Authorised use only #"]), "GAM# ").is_none());
        assert!(repeated(&lines(&["GAM#"]), "GAM").is_none());
        assert!(repeated(&lines(&["GAM>"]), "GAM# ").is_none());
    }
}

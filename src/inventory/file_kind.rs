//! Classifies paths: which files belong to an inventory, and which objects each may hold.

use std::fmt;

/// The kind of objects in a file, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `network.toml`
    Network,
    /// `policy.toml`
    Policy,
    /// `service-plans.toml` or `service-plans/**/*.toml`
    ServicePlans,
    /// `credentials.toml` or `credentials/**/*.toml`
    Credentials,
    /// `billing.toml` or `billing/**/*.toml`
    Billing,
    /// `devices.toml` or `devices/**/*.toml`
    Devices,
    /// `subscribers.toml` or `subscribers/**/*.toml`
    Subscribers,
}

impl FileKind {
    pub const ALL: [Self; 7] = [
        Self::Network,
        Self::Policy,
        Self::ServicePlans,
        Self::Credentials,
        Self::Billing,
        Self::Devices,
        Self::Subscribers,
    ];

    /// Returns the name of its file without `.toml`, which is also the name of its folder.
    pub fn stem(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Policy => "policy",
            Self::ServicePlans => "service-plans",
            Self::Credentials => "credentials",
            Self::Billing => "billing",
            Self::Devices => "devices",
            Self::Subscribers => "subscribers",
        }
    }

    /// Returns the top-level table of its objects (`[subscriber.acct-1042]`), if it holds objects.
    pub fn object_table(self) -> Option<&'static str> {
        match self {
            Self::Network | Self::Policy => None,
            Self::ServicePlans => Some("service_plan"),
            Self::Credentials => Some("credentials"),
            Self::Billing => Some("billing"),
            Self::Devices => Some("device"),
            Self::Subscribers => Some("subscriber"),
        }
    }

    /// Returns whether the kind may be split over a folder.
    pub fn may_be_split(self) -> bool {
        self.object_table().is_some()
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.stem())
    }
}

/// The meaning of a path to the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathKind {
    /// A file of the inventory.
    Inventory(FileKind),
    /// Something else that may be there: a README, a hidden file, another project's folder.
    Foreign,
    /// A likely mistake: it looks like an inventory file and is not read; the text has the reason and the fix.
    Suspicious(String),
}

/// Returns the meaning of `path` to the inventory; `path` is relative to its root and has `/` between its parts.
pub fn classify(path: &str) -> PathKind {
    let (top, rest) = match path.split_once('/') {
        Some((top, rest)) => (top, Some(rest)),
        None => (path, None),
    };
    if path.split('/').any(|part| part.starts_with('.')) {
        return PathKind::Foreign;
    }
    match rest {
        None => classify_top(top),
        Some(rest) => classify_inner(top, rest),
    }
}

fn classify_top(name: &str) -> PathKind {
    let Some(stem) = name.strip_suffix(".toml") else {
        return match wrong_ending(name) {
            Some(stem) if FileKind::ALL.iter().any(|kind| kind.stem() == stem) => {
                PathKind::Suspicious(format!("name it `{stem}.toml` to have it read"))
            }
            Some(_) | None => PathKind::Foreign,
        };
    };
    if let Some(kind) = FileKind::ALL.into_iter().find(|kind| kind.stem() == stem) {
        return PathKind::Inventory(kind);
    }
    // Program settings and the settings of common tools live beside an inventory.
    if matches!(stem, "gamctl" | "taplo" | "typos" | "deny" | "rustfmt") {
        return PathKind::Foreign;
    }
    PathKind::Suspicious(match nearest(stem) {
        Some(kind) => format!("did you mean `{kind}.toml`?"),
        None => "devices go into `devices/`, subscribers into `subscribers/`".to_owned(),
    })
}

fn classify_inner(folder: &str, rest: &str) -> PathKind {
    let kind = FileKind::ALL.into_iter().find(|kind| kind.stem() == folder);
    let file = rest.rsplit('/').next().unwrap_or(rest);
    match kind {
        Some(kind) if kind.may_be_split() => {
            if file.ends_with(".toml") {
                PathKind::Inventory(kind)
            } else if let Some(stem) = wrong_ending(file) {
                PathKind::Suspicious(format!("name it `{stem}.toml` to have it read"))
            } else {
                PathKind::Foreign
            }
        }
        Some(kind) if file.ends_with(".toml") => {
            PathKind::Suspicious(format!("this kind is one file, `{kind}.toml`, at the top"))
        }
        None if file.ends_with(".toml") => match nearest(folder) {
            Some(kind) if kind.may_be_split() => {
                PathKind::Suspicious(format!("did you mean the folder `{kind}/`?"))
            }
            Some(_) | None => PathKind::Foreign,
        },
        Some(_) | None => PathKind::Foreign,
    }
}

/// Returns the stem of a name that ends almost like a TOML file's.
fn wrong_ending(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    matches!(
        ending.as_str(),
        "toml" | "tml" | "tolm" | "tmol" | "toml~" | "yaml" | "yml" | "json"
    )
    .then_some(stem)
}

fn nearest(stem: &str) -> Option<FileKind> {
    FileKind::ALL
        .into_iter()
        .map(|kind| (strsim::damerau_levenshtein(stem, kind.stem()), kind))
        .filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_what_a_file_holds() {
        for (path, kind) in [
            ("network.toml", FileKind::Network),
            ("service-plans.toml", FileKind::ServicePlans),
            ("billing.toml", FileKind::Billing),
            ("billing/splynx.toml", FileKind::Billing),
            ("devices/maple.toml", FileKind::Devices),
            ("devices/north/maple.toml", FileKind::Devices),
            ("subscribers.toml", FileKind::Subscribers),
        ] {
            assert_eq!(classify(path), PathKind::Inventory(kind), "{path}");
        }
    }

    #[test]
    fn a_path_that_looks_misspelled_is_reported() {
        for path in [
            "networks.toml",
            "devices/a.tml",
            "devices/a.TOML",
            "subscriber/a.toml",
            "device/a.toml",
            "network/a.toml",
            "devices/a.toml~",
            "maple.toml",
            "devices/a.yaml",
            "policy.TOML",
        ] {
            assert!(matches!(classify(path), PathKind::Suspicious(_)), "{path}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_neither_read_nor_reported() {
        for path in [
            "README.md",
            ".github/workflows/ci.toml",
            "devices/README.md",
            "devices/.gitkeep",
            "scripts/x.toml",
            "gamctl.toml",
            "devices/.old/a.toml",
        ] {
            assert_eq!(classify(path), PathKind::Foreign, "{path}");
        }
    }
}

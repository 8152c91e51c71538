//! Selects the devices that a command is about: by name, site and label, with patterns.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use globset::GlobMatcher;

use crate::inventory::{self, DeviceObject, ScopeError, ScopeMatcher, nearest};
use crate::model::{DeviceName, FreezeScope};
use crate::report::visible;

/// The devices that a command is about; without any of these, all.
#[derive(Debug, clap::Args)]
pub(super) struct ScopeArguments {
    /// Only devices whose name matches, such as `maple-*`
    #[arg(long, value_name = "PATTERN", help_heading = "Scope")]
    device: Vec<String>,

    /// Only devices at sites that match
    #[arg(long, value_name = "PATTERN", help_heading = "Scope")]
    site: Vec<String>,

    /// Only devices with this label; several must all match
    #[arg(long, value_name = "KEY=PATTERN", help_heading = "Scope")]
    label: Vec<String>,

    /// Leave out devices whose name matches
    #[arg(long, value_name = "PATTERN", help_heading = "Scope")]
    exclude: Vec<String>,
}

/// Patterns of device names, for commands that need no other scope.
#[derive(Debug, clap::Args)]
pub(super) struct DeviceArguments {
    /// Only devices whose name matches, such as `maple-*`
    #[arg(long, value_name = "PATTERN")]
    device: Vec<String>,
}

/// Compiled patterns of device names, at least one.
#[derive(Debug)]
pub(super) struct DevicePatterns {
    texts: Vec<String>,
    patterns: Vec<GlobMatcher>,
}

/// A compiled scope that devices are matched against.
#[derive(Debug)]
pub(super) struct Scope(ScopeMatcher);

impl DeviceArguments {
    /// Returns the patterns, if any was given.
    pub(super) fn patterns(&self) -> anyhow::Result<Option<DevicePatterns>> {
        match self.device.is_empty() {
            true => Ok(None),
            false => DevicePatterns::of(&self.device).map(Some),
        }
    }
}

impl DevicePatterns {
    pub(super) fn of(texts: &[String]) -> anyhow::Result<Self> {
        let patterns = texts.iter().map(|text| pattern(text));
        Ok(Self {
            texts: texts.to_vec(),
            patterns: patterns.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Returns whether a device has a name that matches.
    pub(super) fn has(&self, device: &DeviceName) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| pattern.is_match(device.as_str()))
    }

    /// Returns the matches among devices, or an error that names the patterns.
    pub(super) fn among<'a>(
        &self,
        devices: impl IntoIterator<Item = &'a DeviceName>,
    ) -> anyhow::Result<BTreeSet<&'a DeviceName>> {
        let known: BTreeSet<&DeviceName> = devices.into_iter().collect();
        let found: BTreeSet<&DeviceName> = known
            .iter()
            .copied()
            .filter(|name| self.has(name))
            .collect();
        if found.is_empty() {
            let known = known.iter().map(|name| name.as_str());
            let near = match self.texts.as_slice() {
                [one] => nearest(one, known),
                _ => None,
            };
            bail!("there is no device `{self}`{}", did_you_mean(near));
        }
        Ok(found)
    }
}

impl std::fmt::Display for DevicePatterns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&visible(&self.texts.join("`, `")))
    }
}

impl ScopeArguments {
    /// Returns whether no device is left out.
    pub(super) fn is_everything(&self) -> bool {
        let all = [&self.device, &self.site, &self.label, &self.exclude];
        all.iter().all(|patterns| patterns.is_empty())
    }

    /// Returns the scope as data, as it is stored.
    pub(super) fn patterns(&self) -> anyhow::Result<FreezeScope> {
        let label = |text: &String| {
            let (key, value) = text.split_once('=').with_context(|| {
                format!("`--label {}` needs the form KEY=PATTERN", visible(text))
            })?;
            Ok((key.to_owned(), value.to_owned()))
        };
        Ok(FreezeScope {
            devices: self.device.clone(),
            sites: self.site.clone(),
            labels: self
                .label
                .iter()
                .map(label)
                .collect::<anyhow::Result<_>>()?,
            excluded: self.exclude.clone(),
        })
    }

    pub(super) fn scope(&self) -> anyhow::Result<Scope> {
        let matcher = ScopeMatcher::of(&self.patterns()?).map_err(unreadable)?;
        Ok(Scope(matcher))
    }
}

/// Compiles a pattern: `*` is anything, `?` one character, `[a-c]` one of these, `{a,b}` either.
pub(super) fn pattern(text: &str) -> anyhow::Result<GlobMatcher> {
    inventory::pattern(text).map_err(unreadable)
}

fn unreadable(why: ScopeError) -> anyhow::Error {
    let ScopeError { pattern, because } = why;
    anyhow::anyhow!(because).context(format!("invalid pattern `{}`", visible(&pattern)))
}

impl Scope {
    pub(super) fn has(&self, device: &DeviceObject) -> bool {
        self.0.has_device(device)
    }

    /// Returns whether a device that left the inventory is in scope: only its name is known.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.0.has(name, None, [])
    }
}

/// Returns the end of a refusal: the word that was probably meant.
pub(super) fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

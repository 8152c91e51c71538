//! Selects the devices that a command is about: by name, site and label, with patterns.

use anyhow::Context;
use globset::GlobMatcher;

use crate::inventory::{self, DeviceObject, ScopeError, ScopeMatcher};
use crate::model::FreezeScope;
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

/// A compiled scope that devices are matched against.
#[derive(Debug)]
pub(super) struct Scope(ScopeMatcher);

impl ScopeArguments {
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

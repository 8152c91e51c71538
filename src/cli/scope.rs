//! Which devices a command is about: by name, site and label, with patterns.

use anyhow::Context;
use globset::{Glob, GlobMatcher};

use crate::inventory::DeviceObject;
use crate::report::visible;

/// Which devices a command is about; without any of these, all.
#[derive(Debug, clap::Args)]
pub(super) struct ScopeArguments {
    /// Only devices whose name matches, such as `maple-*`
    #[arg(long, value_name = "PATTERN", help_heading = "Scope")]
    device: Vec<String>,

    /// Only devices at sites that match
    #[arg(long, value_name = "PATTERN", help_heading = "Scope")]
    site: Vec<String>,

    /// Only devices with this label; all of several must be there
    #[arg(long, value_name = "KEY=PATTERN", help_heading = "Scope")]
    label: Vec<String>,

    /// Not the devices whose name matches
    #[arg(long, value_name = "PATTERN", help_heading = "Scope")]
    exclude: Vec<String>,
}

/// A scope, ready to be asked.
#[derive(Debug)]
pub(super) struct Scope {
    devices: Vec<GlobMatcher>,
    sites: Vec<GlobMatcher>,
    labels: Vec<(String, GlobMatcher)>,
    excluded: Vec<GlobMatcher>,
}

impl ScopeArguments {
    /// Returns the words that `of_words` takes.
    pub(super) fn words(&self) -> Vec<String> {
        let each = |option: &str, values: &[String]| -> Vec<String> {
            let values = values.iter();
            values.map(|value| format!("--{option}={value}")).collect()
        };
        let mut words = each("device", &self.device);
        words.extend(each("site", &self.site));
        words.extend(each("label", &self.label));
        words.extend(each("exclude", &self.exclude));
        words
    }

    /// Reads a scope as it was kept.
    pub(super) fn of_words(words: &[String]) -> anyhow::Result<Self> {
        let mut scope = Self {
            device: Vec::new(),
            site: Vec::new(),
            label: Vec::new(),
            exclude: Vec::new(),
        };
        for word in words {
            let (option, value) = word
                .split_once('=')
                .with_context(|| format!("`{}` is no scope", visible(word)))?;
            let values = match option {
                "--device" => &mut scope.device,
                "--site" => &mut scope.site,
                "--label" => &mut scope.label,
                "--exclude" => &mut scope.exclude,
                _ => anyhow::bail!("`{}` is no scope", visible(word)),
            };
            values.push(value.to_owned());
        }
        Ok(scope)
    }

    pub(super) fn scope(&self) -> anyhow::Result<Scope> {
        let patterns = |texts: &[String]| {
            texts
                .iter()
                .map(|text| pattern(text))
                .collect::<anyhow::Result<Vec<_>>>()
        };
        let label = |text: &String| {
            let (key, value) = text.split_once('=').with_context(|| {
                format!("`--label {}` needs the form KEY=PATTERN", visible(text))
            })?;
            Ok((key.to_owned(), pattern(value)?))
        };
        Ok(Scope {
            devices: patterns(&self.device)?,
            sites: patterns(&self.site)?,
            labels: self
                .label
                .iter()
                .map(label)
                .collect::<anyhow::Result<_>>()?,
            excluded: patterns(&self.exclude)?,
        })
    }
}

/// Returns the pattern of a text: `*` is anything, `?` one character, `[a-c]` one of these, `{a,b}` either.
pub(super) fn pattern(text: &str) -> anyhow::Result<GlobMatcher> {
    let glob = Glob::new(text).with_context(|| format!("`{}` is not a pattern", visible(text)))?;
    Ok(glob.compile_matcher())
}

impl Scope {
    pub(super) fn has(&self, device: &DeviceObject) -> bool {
        let any = |patterns: &[GlobMatcher], text: &str| {
            patterns.iter().any(|pattern| pattern.is_match(text))
        };
        let name = device.id.as_str();
        let site = device.text.site.as_ref().map_or("", |site| site.as_str());
        let has_label = |key: &str, pattern: &GlobMatcher| {
            let labels = device.text.labels.iter().flat_map(|labels| labels.iter());
            labels
                .into_iter()
                .any(|(known, value)| known.as_str() == key && pattern.is_match(value.as_str()))
        };
        (self.devices.is_empty() || any(&self.devices, name))
            && (self.sites.is_empty() || any(&self.sites, site))
            && self
                .labels
                .iter()
                .all(|(key, pattern)| has_label(key, pattern))
            && !any(&self.excluded, name)
    }
}

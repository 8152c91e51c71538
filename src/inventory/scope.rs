//! Matches devices against the patterns of a scope: `*` is anything, `?` one character, `[a-c]` a range.

use globset::{Glob, GlobMatcher};

use super::DeviceObject;
use crate::model::FreezeScope;

/// Why a scope cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a pattern: {because}")]
pub struct ScopeError {
    /// As it was written.
    pub pattern: String,
    pub because: String,
}

/// The patterns of a scope, compiled.
#[derive(Debug, Clone)]
pub struct ScopeMatcher {
    devices: Vec<GlobMatcher>,
    sites: Vec<GlobMatcher>,
    labels: Vec<(String, GlobMatcher)>,
    excluded: Vec<GlobMatcher>,
}

impl ScopeMatcher {
    /// Compiles the patterns of a scope.
    ///
    /// # Errors
    ///
    /// `ScopeError` if one of them cannot be read. `freezes` lets a freeze with such a scope block every device.
    pub fn of(scope: &FreezeScope) -> Result<Self, ScopeError> {
        let labels = scope.labels.iter();
        Ok(Self {
            devices: patterns(&scope.devices)?,
            sites: patterns(&scope.sites)?,
            labels: labels
                .map(|(key, value)| Ok((key.clone(), pattern(value)?)))
                .collect::<Result<_, _>>()?,
            excluded: patterns(&scope.excluded)?,
        })
    }

    /// Returns whether a device is in the scope. A device without a site has the site ``.
    pub fn has<'a>(
        &self,
        name: &str,
        site: Option<&str>,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        let any = |patterns: &[GlobMatcher], text: &str| {
            patterns.iter().any(|pattern| pattern.is_match(text))
        };
        let labels: Vec<(&str, &str)> = labels.into_iter().collect();
        let has_label = |key: &str, pattern: &GlobMatcher| {
            let mut labels = labels.iter();
            labels.any(|(known, value)| *known == key && pattern.is_match(value))
        };
        (self.devices.is_empty() || any(&self.devices, name))
            && (self.sites.is_empty() || any(&self.sites, site.unwrap_or_default()))
            && self
                .labels
                .iter()
                .all(|(key, pattern)| has_label(key, pattern))
            && !any(&self.excluded, name)
    }

    /// Returns whether a device of an inventory is in the scope.
    pub fn has_device(&self, device: &DeviceObject) -> bool {
        let labels = device.text.labels.iter().flat_map(|labels| labels.iter());
        self.has(
            device.id.as_str(),
            device.text.site.as_ref().map(|site| site.as_str()),
            labels.map(|(key, value)| (key.as_str(), value.as_str())),
        )
    }
}

/// Returns whether a freeze with this scope holds a device. One that cannot be read holds every device: better too much than too little.
pub fn freezes(scope: &FreezeScope, device: &DeviceObject) -> bool {
    ScopeMatcher::of(scope).map_or(true, |scope| scope.has_device(device))
}

/// Compiles a pattern.
pub fn pattern(text: &str) -> Result<GlobMatcher, ScopeError> {
    let glob = Glob::new(text).map_err(|why| ScopeError {
        pattern: text.to_owned(),
        because: why.to_string(),
    })?;
    Ok(glob.compile_matcher())
}

fn patterns(texts: &[String]) -> Result<Vec<GlobMatcher>, ScopeError> {
    texts.iter().map(|text| pattern(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(devices: &[&str], sites: &[&str], labels: &[(&str, &str)]) -> FreezeScope {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let labels = labels.iter();
        FreezeScope {
            devices: texts(devices),
            sites: texts(sites),
            labels: labels
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            excluded: vec!["*-spare".to_owned()],
        }
    }

    #[test]
    fn a_device_is_in_a_scope_by_name_site_and_all_labels_unless_it_is_excluded() {
        let labels = [("tier", "gold"), ("ring", "2")];
        for (scope, name, is_in) in [
            (scope(&[], &[], &[]), "maple-a", true),
            (scope(&[], &[], &[]), "maple-spare", false),
            (scope(&["oak-*", "maple-?"], &[], &[]), "maple-a", true),
            (scope(&["oak-*"], &[], &[]), "maple-a", false),
            (scope(&[], &["maple-*"], &[]), "maple-a", true),
            (scope(&[], &["oak"], &[]), "maple-a", false),
            (scope(&[], &[], &[("tier", "g*")]), "maple-a", true),
            (
                scope(&[], &[], &[("tier", "g*"), ("ring", "3")]),
                "maple-a",
                false,
            ),
            (scope(&[], &[], &[("floor", "*")]), "maple-a", false),
        ] {
            let matcher = ScopeMatcher::of(&scope).unwrap();
            assert_eq!(
                matcher.has(name, Some("maple-court"), labels),
                is_in,
                "{scope:?}"
            );
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let why = ScopeMatcher::of(&scope(&["maple-["], &[], &[])).unwrap_err();
        assert_eq!(
            why.to_string(),
            "`maple-[` is not a pattern: error parsing glob 'maple-[': unclosed character class; missing ']'"
        );
    }
}

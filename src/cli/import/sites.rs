//! `--assign-site NAME=RANGE`: assigns sites to devices by their addresses.

use anyhow::{Context, bail, ensure};

use crate::discovery::{AddressRange, RangeError};
use crate::model::{Address, SiteName};
use crate::report::visible;

/// The sites by range of addresses.
#[derive(Debug, Default)]
pub(super) struct Sites(Vec<(SiteName, AddressRange)>);

impl Sites {
    /// Parses the arguments; ranges of different sites must not overlap.
    pub(super) fn of(arguments: &[String]) -> anyhow::Result<Self> {
        let mut sites = Self::default();
        for text in arguments {
            let shown = visible(text).into_owned();
            let Some((name, range)) = text.split_once('=') else {
                bail!(
                    "`--assign-site {shown}` needs the form NAME=RANGE, such as `maple=10.20.0.0/26`"
                );
            };
            let name = SiteName::new(name)
                .with_context(|| format!("cannot use `--assign-site {shown}`"))?;
            let range: Result<AddressRange, RangeError> = range.parse();
            let range = range.with_context(|| format!("cannot use `--assign-site {shown}`"))?;
            for (other, known) in &sites.0 {
                ensure!(
                    *other == name || !known.overlaps(&range),
                    "`--assign-site {shown}` overlaps with the addresses of site {other}"
                );
            }
            sites.0.push((name, range));
        }
        Ok(sites)
    }

    /// Returns the site of an address.
    pub(super) fn of_address(&self, address: Address) -> Option<SiteName> {
        let mut sites = self.0.iter();
        let (name, _) = sites.find(|(_, range)| range.contains(address))?;
        Some(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(arguments: &[&str]) -> anyhow::Result<Sites> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        Sites::of(&arguments)
    }

    #[test]
    fn an_address_is_at_the_site_of_its_range_whatever_its_ports() {
        let sites = sites(&[
            "maple=10.20.0.0/26",
            "oak=10.20.1.1-10.20.1.9",
            "maple=10.20.9.9",
        ]);
        let sites = sites.unwrap();
        let of = |text: &str| {
            let site = sites.of_address(text.parse().unwrap());
            site.map_or_else(String::new, |site| site.to_string())
        };
        assert_eq!(of("10.20.0.62"), "maple");
        assert_eq!(of("10.20.9.9:2222/1161"), "maple");
        assert_eq!(
            (of("10.20.1.9"), of("10.20.1.10")),
            ("oak".to_owned(), String::new())
        );
    }

    #[test]
    fn a_range_that_is_none_and_two_sites_for_one_address_are_refused() {
        for (arguments, part) in [
            (&["maple"][..], "NAME=RANGE"),
            (&["maple=x"], "not a range"),
            (&["=10.0.0.1"], "cannot use"),
            (&["maple=10.0.0.0/24", "oak=10.0.0.7"], "overlaps"),
        ] {
            let error = format!("{:#}", sites(arguments).unwrap_err());
            assert!(error.contains(part), "{arguments:?}: {error}");
        }
    }
}

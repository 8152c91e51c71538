//! Lists the 27 GAM models with their number of ports and their medium.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::port::{PortMode, PortNumber};

/// The highest number of endpoints on one coax port, which they share through splitters.
pub const ENDPOINTS_PER_COAX_PORT: usize = 16;

/// The wire between a GAM and its endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// C models: coax, many endpoints a port.
    Coax,
    /// M models: telephone pairs, one endpoint a port.
    Copper,
}

impl Medium {
    /// Returns the highest number of endpoints on one port.
    pub fn endpoints_per_port(self) -> usize {
        match self {
            Self::Coax => ENDPOINTS_PER_COAX_PORT,
            Self::Copper => 1,
        }
    }

    /// Returns whether a port of this medium can run in `mode`.
    pub fn allows(self, mode: PortMode) -> bool {
        match mode {
            PortMode::Coax => self == Self::Coax,
            PortMode::Mimo | PortMode::Siso => self == Self::Copper,
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Coax => "coax",
            Self::Copper => "copper",
        })
    }
}

/// A model name that no GAM has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no GAM model has this name")]
pub struct UnknownModel;

macro_rules! models {
    ($($variant:ident = $number:literal, $name:literal, $ports:literal, $medium:ident;)*) => {
        /// A model of GAM, as in its `sysObjectID`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum GamModel {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl GamModel {
            /// Every model, in the order of the vendor's product numbers.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns the last number of the model's `sysObjectID`, 1.3.6.1.4.1.20095.2000.1.N.
            pub fn product_number(self) -> u32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// Returns the number of G.hn ports.
            pub fn port_count(self) -> u8 {
                match self { $(Self::$variant => $ports,)* }
            }

            pub fn medium(self) -> Medium {
                match self { $(Self::$variant => Medium::$medium,)* }
            }
        }
    };
}

models! {
    Gam4Mrx = 1, "GAM-4-MRX", 4, Copper;
    Gam4Crx = 2, "GAM-4-CRX", 4, Coax;
    Gam4CrxLc = 3, "GAM-4-CRX-LC", 4, Coax;
    Gam4CrxOpti = 4, "GAM-4-CRX-OPTI", 4, Coax;
    Gam4MrxLc = 5, "GAM-4-MRX-LC", 4, Copper;
    Gam4MrxOpti = 6, "GAM-4-MRX-OPTI", 4, Copper;
    Gam8Mrx = 7, "GAM-8-MRX", 8, Copper;
    Gam8MrxLc = 8, "GAM-8-MRX-LC", 8, Copper;
    Gam8MrxOpti = 9, "GAM-8-MRX-OPTI", 8, Copper;
    Gam8Crx = 10, "GAM-8-CRX", 8, Coax;
    Gam8CrxLc = 11, "GAM-8-CRX-LC", 8, Coax;
    Gam8CrxOpti = 12, "GAM-8-CRX-OPTI", 8, Coax;
    Gam12M = 13, "GAM-12-M", 12, Copper;
    Gam12C = 14, "GAM-12-C", 12, Coax;
    Gam24M = 15, "GAM-24-M", 24, Copper;
    Gam24C = 16, "GAM-24-C", 24, Coax;
    Gam4Mx = 17, "GAM-4-MX", 4, Copper;
    Gam4Cx = 18, "GAM-4-CX", 4, Coax;
    Gam8Mx = 19, "GAM-8-MX", 8, Copper;
    Gam8Cx = 20, "GAM-8-CX", 8, Coax;
    Gam8MvxA = 21, "GAM-8-MVX-A", 8, Copper;
    Gam8MvxG = 22, "GAM-8-MVX-G", 8, Copper;
    Gam8MdvxA = 23, "GAM-8-MDVX-A", 8, Copper;
    Gam8MdvxG = 24, "GAM-8-MDVX-G", 8, Copper;
    Gam4MrxLbe = 25, "GAM-4-MRX-LBE", 4, Copper;
    Gam8MrxLbe = 26, "GAM-8-MRX-LBE", 8, Copper;
    Gam12MLbe = 27, "GAM-12-M-LBE", 12, Copper;
}

impl GamModel {
    /// Returns the model behind the last number of a `sysObjectID`.
    pub fn from_product_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|model| model.product_number() == number)
    }

    pub fn has_port(self, port: PortNumber) -> bool {
        port.get() <= self.port_count()
    }

    /// Returns the highest number of endpoints on the whole device.
    pub fn endpoint_capacity(self) -> usize {
        usize::from(self.port_count()) * self.medium().endpoints_per_port()
    }
}

impl fmt::Display for GamModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for GamModel {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        Self::ALL
            .into_iter()
            .find(|model| model.as_str() == name)
            .ok_or(UnknownModel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_27_models_numbered_without_a_gap() {
        let numbers: Vec<u32> = GamModel::ALL.iter().map(|m| m.product_number()).collect();
        assert_eq!(numbers, (1..=27).collect::<Vec<_>>());
    }

    #[test]
    fn the_model_name_gives_port_count_and_medium() {
        for model in GamModel::ALL {
            let mut parts = model.as_str().split('-').skip(1);
            assert_eq!(parts.next(), Some(model.port_count().to_string().as_str()));
            let letter = parts.next().and_then(|part| part.chars().next());
            let expected = match model.medium() {
                Medium::Coax => 'C',
                Medium::Copper => 'M',
            };
            assert_eq!(letter, Some(expected), "{model}");
            assert_eq!(model.as_str().parse(), Ok(model));
        }
    }

    #[test]
    fn the_largest_device_serves_384() {
        assert_eq!(GamModel::Gam24C.endpoint_capacity(), 384);
        assert_eq!(GamModel::Gam24M.endpoint_capacity(), 24);
    }
}

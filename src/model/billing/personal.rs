//! Wraps personal data from billing: it cannot be printed, stored or compared by accident.

use std::fmt;

use zeroize::Zeroizing;

/// A name, an address or another text about a person.
///
/// It has no `Display`, no `Serialize` and no equality, so that no log, commit, error or store can contain it. Only a
/// terminal shows it, where a person asked for it.
#[derive(Clone, Default)]
pub struct Personal(Zeroizing<String>);

impl Personal {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text, for a terminal on which a person asked for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Personal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_does_not_print_itself() {
        let name = Personal::new("Ngozi Okafor".to_owned());
        assert!(!format!("{name:?}").contains("Okafor"));
        assert_eq!(name.reveal(), "Ngozi Okafor");
    }
}

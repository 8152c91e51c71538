//! Names gamctl's own fields in Sonar: service metadata with place, VLAN and state.

use crate::model::billing::WrittenBack;

/// One of gamctl's own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnField {
    Place,
    Vlan,
    State,
}

impl OwnField {
    pub const ALL: [Self; 3] = [Self::Place, Self::Vlan, Self::State];

    /// Returns its name in Sonar.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Place => "gam_place",
            Self::Vlan => "gam_vlan",
            Self::State => "gam_state",
        }
    }

    /// Returns the field with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Returns its value among those that were written back.
    pub fn value(self, written: &WrittenBack) -> Option<&str> {
        let value = match self {
            Self::Place => &written.place,
            Self::Vlan => &written.vlan,
            Self::State => &written.state,
        };
        value.as_deref()
    }

    pub(super) fn set(self, written: &mut WrittenBack, value: &str) {
        let slot = match self {
            Self::Place => &mut written.place,
            Self::Vlan => &mut written.vlan,
            Self::State => &mut written.state,
        };
        *slot = Some(value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name_and_keeps_its_value() {
        for field in OwnField::ALL {
            assert_eq!(OwnField::named(field.as_str()), Some(field));
            let mut written = WrittenBack::default();
            assert_eq!(field.value(&written), None);
            field.set(&mut written, "x");
            assert_eq!(field.value(&written), Some("x"));
            let set = OwnField::ALL
                .iter()
                .filter(|field| field.value(&written).is_some());
            assert_eq!(set.count(), 1);
        }
        assert_eq!(OwnField::named("place"), None);
    }
}

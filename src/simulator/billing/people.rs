//! Invents the people of a simulated ISP: names, buildings, units and endpoints, repeatable by seed.

use crate::simulator::gam::chance::draw;

/// The number of units in a building, all of them sold before the next building is started.
const UNITS_PER_BUILDING: u64 = 48;
const UNITS_PER_FLOOR: u64 = 8;

const GIVEN: &[&str] = &[
    "Ngozi", "Per", "Marta", "Tomás", "Aiko", "Søren", "Leila", "Dmitri", "Hana", "Kofi", "Inês",
    "Ravi", "Zofia", "Malik", "Élodie", "Bram", "Yusuf", "Greta", "Nuria", "Otto", "Priya",
    "Silas", "Thandi", "Ulla", "Viktor", "Wen", "Ximena", "Yara", "Zeno", "Amara", "Björn",
    "Chiara",
];

const FAMILY: &[&str] = &[
    "Okafor",
    "Lindqvist",
    "O'Hara",
    "Nakagawa",
    "Castelo",
    "Petrov",
    "van der Berg",
    "Haddad",
    "Kowalczyk",
    "Mensah",
    "Fitzroy",
    "Banerjee",
    "Quispe",
    "Schäfer",
    "Dubois",
    "Eriksen",
    "Jankovic",
    "Ferreira",
    "Abara",
    "Moreau",
    "Takeda",
    "Novak",
    "Silva",
    "Ibrahim",
    "Larsen",
    "Garnier",
    "Romero",
    "Wójcik",
    "Keller",
    "Ansah",
    "Bianchi",
    "Tran",
];

/// Names of buildings, each with the street it is in.
const BUILDINGS: &[(&str, &str)] = &[
    ("Maple Court", "12 Maple Court"),
    ("Cedar House", "40 Cedar Street"),
    ("Harbour View", "3 Quay Lane"),
    ("Linden Terrace", "77 Linden Avenue"),
    ("Old Mill", "9 Mill Lane"),
    ("Aspen Tower", "1 Aspen Square"),
    ("Birch Row", "128 Birch Row"),
    ("Orchard Park", "55 Orchard Drive"),
];

/// Characters that people paste into a name: an IOS help key, a bell, an escape, and marks that turn the text around.
const HOSTILE: &[&str] = &[
    "?",
    "\u{7}",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{2066}",
    "\r\n",
    "\0",
];

/// One customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub given: String,
    pub family: String,
    pub email: String,
    /// In the range that North America keeps for fiction.
    pub phone: String,
    pub building: Building,
    /// Such as `Apt 101`.
    pub unit: String,
}

impl Person {
    /// Returns the name as a list of customers has it: `Okafor, Ngozi`.
    pub fn listed_name(&self) -> String {
        format!("{}, {}", self.family, self.given)
    }
}

/// One building with many units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Building {
    /// Counts from 0.
    pub number: u64,
    pub name: String,
    pub street: String,
    pub city: &'static str,
    /// The state, by two letters.
    pub state: &'static str,
    pub zip: String,
}

/// The people of one ISP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    seed: u64,
    /// One of this many has characters in name and unit that break careless programs; 0 is none.
    hostile_every: u64,
}

impl People {
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            hostile_every: 0,
        }
    }

    /// Gives one of so many people a `?`, a control character or a bidirectional mark in name and unit.
    #[must_use]
    pub const fn with_hostile_text(self, every: u64) -> Self {
        Self {
            hostile_every: every,
            ..self
        }
    }

    /// Returns the person with this number. Two numbers never have the same unit, email address or endpoint.
    pub fn person(&self, number: u64) -> Person {
        let hostile = self.hostile(number);
        let given = self.choose(GIVEN, "given", number);
        let family = self.choose(FAMILY, "family", number);
        let within = number % UNITS_PER_BUILDING;
        let unit = (within / UNITS_PER_FLOOR + 1) * 100 + within % UNITS_PER_FLOOR + 1;
        Person {
            given: format!("{given}{hostile}"),
            family: family.to_owned(),
            email: format!("customer-{number}@example.net"),
            phone: format!(
                "512-555-{:04}",
                100 + draw(self.seed, "phone", number) % 100
            ),
            building: self.building(number / UNITS_PER_BUILDING),
            unit: format!("Apt {unit}{hostile}"),
        }
    }

    /// Returns the building with this number.
    pub fn building(&self, number: u64) -> Building {
        let length = u64::try_from(BUILDINGS.len()).unwrap_or(1);
        let (name, street) = usize::try_from(number % length)
            .ok()
            .and_then(|index| BUILDINGS.get(index))
            .copied()
            .unwrap_or_default();
        let name = match number / length {
            0 => name.to_owned(),
            round => format!("{name} {}", round + 1),
        };
        let street = match number / length {
            0 => street.to_owned(),
            round => format!("{street}, Block {}", round + 1),
        };
        Building {
            number,
            name,
            street,
            city: "Austin",
            state: "TX",
            zip: format!("787{:02}", 1 + number % 58),
        }
    }

    /// Returns the number of buildings that so many people live in.
    pub const fn buildings(people: u64) -> u64 {
        people.div_ceil(UNITS_PER_BUILDING)
    }

    /// Returns the MAC address of an endpoint; no two of the first sixteen million are equal.
    pub fn mac(&self, number: u64) -> [u8; 6] {
        // An odd factor permutes the numbers below a power of two.
        let low = number
            .wrapping_mul(0x5b_d1e5)
            .wrapping_add(draw(self.seed, "mac", 0));
        let [_, _, _, _, _, a, b, c] = low.to_be_bytes();
        [0x00, 0x0e, 0xd8, a, b, c]
    }

    fn hostile(&self, number: u64) -> &'static str {
        match self.hostile_every {
            0 => "",
            every if draw(self.seed, "hostile", number).is_multiple_of(every) => {
                self.choose(HOSTILE, "mark", number)
            }
            _ => "",
        }
    }

    fn choose(&self, from: &'static [&'static str], purpose: &str, number: u64) -> &'static str {
        let length = u64::try_from(from.len()).unwrap_or(1).max(1);
        usize::try_from(draw(self.seed, purpose, number) % length)
            .ok()
            .and_then(|index| from.get(index))
            .copied()
            .unwrap_or_default()
    }
}

/// Formats a MAC address in upper case with colons: `00:0E:D8:1C:95:08`.
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02X}")).join(":")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_invents_the_same_people_and_another_one_others() {
        let names = |seed| -> Vec<String> {
            (0..20)
                .map(|number| People::new(seed).person(number).listed_name())
                .collect()
        };
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
    }

    #[test]
    fn no_two_people_share_a_unit_or_an_endpoint() {
        let people = People::new(3);
        let mut units = BTreeSet::new();
        let mut macs = BTreeSet::new();
        for number in 0..5000 {
            let person = people.person(number);
            assert!(units.insert((person.building.street, person.unit)));
            assert!(macs.insert(people.mac(number)));
        }
        assert_eq!(People::buildings(5000), 105);
        assert_eq!(people.person(4999).building.number, 104);
    }

    #[test]
    fn hostile_characters_appear_when_asked_for_only() {
        let is_plain = |people: &People, number| {
            let person = people.person(number);
            let text = person.given + &person.unit;
            text.chars()
                .all(|sign| sign.is_alphanumeric() || " '".contains(sign))
        };
        let plain = People::new(5);
        assert!((0..1000).all(|number| is_plain(&plain, number)));
        let hostile = plain.with_hostile_text(10);
        let marked = (0..1000)
            .filter(|number| !is_plain(&hostile, *number))
            .count();
        assert!((50..200).contains(&marked), "{marked}");
    }

    #[test]
    fn a_mac_address_is_written_in_upper_case_with_colons() {
        assert_eq!(
            mac_text([0x00, 0x0e, 0xd8, 0x1c, 0x95, 0x08]),
            "00:0E:D8:1C:95:08"
        );
    }
}

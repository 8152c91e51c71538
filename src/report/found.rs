//! Renders the objects that a search found: the values that match, the place, the command that shows more.

use serde::Serialize;

use super::{Paint, visible};

/// An object that a search found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FoundLine {
    /// `device`, `subscriber`, `service plan` or `endpoint`.
    pub kind: &'static str,
    pub id: String,
    /// The device that it is on; left out for devices and service plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// One phrase, such as `maple-court-a port 1, VLAN 101, home-100, active`.
    pub state: String,
    /// The closest first.
    pub matches: Vec<MatchLine>,
    /// Left out: the inventory does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<FoundPlace>,
    /// The command that shows more; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The name on the device, if it is not the id; part of `state` for programs.
    #[serde(skip)]
    pub name: Option<String>,
}

impl FoundLine {
    /// Returns a line with nothing but its object.
    pub fn of(kind: &'static str, id: String) -> Self {
        Self {
            kind,
            id,
            device: None,
            state: String::new(),
            matches: Vec::new(),
            place: None,
            command: None,
            name: None,
        }
    }

    /// Returns whether a value is the word, and does not only contain it.
    pub fn is_whole(&self) -> bool {
        self.matches.iter().any(|one| one.is_whole)
    }
}

/// A value that matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MatchLine {
    pub field: &'static str,
    pub value: String,
    /// The value is the word, and does not only contain it.
    pub is_whole: bool,
}

/// The line of the inventory with the first matching value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FoundPlace {
    pub file: String,
    pub line: u32,
}

/// Renders found objects, each in at most three lines.
pub fn found_objects(found: &[FoundLine], paint: Paint) -> String {
    let mut text = String::new();
    for one in found {
        let name = one
            .name
            .as_deref()
            .map_or_else(String::new, |name| format!(" ({})", visible(name)));
        text.push_str(&format!(
            "{} {}{name}: {}\n",
            one.kind,
            paint.bold(&visible(&one.id)),
            visible(&one.state)
        ));
        // The head has the id.
        let values = one.matches.iter().filter(|one| one.field != "id");
        let values = values.map(|one| format!("{} {}", one.field, visible(&one.value)));
        let place = one.place.as_ref();
        let place = place.map(|place| format!("{}:{}", visible(&place.file), place.line));
        let facts: Vec<String> = values.chain(place).collect();
        if !facts.is_empty() {
            text.push_str(&format!("  {}\n", facts.join(", ")));
        }
        if let Some(command) = &one.command {
            text.push_str(&format!("  {}\n", paint.dim(&visible(command))));
        }
    }
    text
}

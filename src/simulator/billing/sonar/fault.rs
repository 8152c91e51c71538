//! Defines the faults of the instance, and decides which of them a request or a webhook meets.

use serde::Deserialize;

use super::query::View;
use crate::simulator::billing::http::FaultError;

/// One way in which the system, or the way to it, is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Connections inside others have at most so many rows without a paginator.
    NestedLimit {
        limit: usize,
    },
    /// `total_count` grows with every page that is read.
    TotalMoves {
        #[serde(default = "one")]
        by: usize,
    },
    /// An account moves from page 2 to page 1 while later pages are read.
    AccountSlips {},
    /// `page_info` of a connection is an error.
    PageInfoFails {
        connection: String,
    },
    /// Pages with more rows get no answer in time.
    Timeout {
        over: u64,
        #[serde(default = "two_minutes")]
        millis: u64,
    },
    /// A proxy answers with a page for people.
    Html {
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// Status 200 with `errors` and a part of the data.
    PartialData {},
    /// The limit is reached, whatever was counted.
    Limited {
        #[serde(default = "too_many_requests")]
        status: u16,
    },
    /// The token is not accepted.
    Unauthorized {},
    /// The instance is older: a type lacks a field. Holds for every request.
    FieldMissing {
        #[serde(rename = "type")]
        on: String,
        field: String,
    },
    /// A field has a word that no description has.
    UnknownEnum {
        #[serde(rename = "type")]
        on: String,
        field: String,
        #[serde(default = "mystery")]
        value: String,
    },
    /// `Int64Bit` is a number.
    IdsAsNumbers {},
    /// Accounts with this status, company or type are no longer visible.
    PermissionLost {
        what: Group,
        id: u64,
    },
    /// A field is null, as without a permission.
    NullField {
        #[serde(rename = "type")]
        on: String,
        field: String,
    },
    /// A root query or a mutation is an entry of `errors`, as without a permission.
    Forbidden {
        field: String,
    },
    /// A root query returns nothing.
    EmptyList {
        connection: String,
    },
    /// Webhooks are sent so much later.
    WebhookDelayed {
        seconds: u64,
    },
    /// Webhooks are sent so many extra times.
    WebhookDoubled {
        #[serde(default = "one")]
        copies: usize,
    },
    /// Webhooks are late by up to so much, so that they overtake each other.
    WebhookReordered {
        #[serde(default = "three_seconds")]
        seconds: u64,
    },
    /// With every webhook comes one about an object that does not exist.
    WebhookForged {},
    /// Webhooks are lost.
    WebhookNever {},
    /// Writes answer `success: false`, or an error if they answer with an object.
    WriteRefused {},
    /// Writes answer as usual and change nothing.
    WriteIgnored {},
    /// Writes are carried out and their answer is lost.
    AnswerLost {},
    /// The connection is cut in the middle of an answer.
    HalfAnswer {},
    /// No answer, and nothing is carried out.
    Unreachable {},
    Slow {
        millis: u64,
    },
    /// The clock of the instance. Holds for every request.
    ClockOff {
        seconds: i64,
    },
}

/// A column by which accounts are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    Status,
    Company,
    Type,
}

/// Something that a fault may meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Occasion<'a> {
    Request {
        is_write: bool,
        /// Of each root query: its name, page and rows of a page.
        pages: &'a [(String, u64, u64)],
    },
    Webhook,
}

/// The faults that are set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Faults {
    active: Vec<Active>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Active {
    fault: Fault,
    /// Occasions that pass before the first one is met.
    after: u64,
    times: Option<u64>,
    seen: u64,
}

/// A fault that an occasion meets, and how often it has been met.
pub(super) type Met = (Fault, u64);

impl Faults {
    /// Reads `[[fault]]` tables.
    pub(super) fn read(tables: Vec<toml::Table>) -> Result<Self, FaultError> {
        let mut active = Vec::new();
        for (at, mut table) in tables.into_iter().enumerate() {
            let number = at + 1;
            let invalid = |problem: String| FaultError::Invalid { number, problem };
            let mut count = |name: &str| match table.remove(name) {
                None => Ok(None),
                Some(value) => value
                    .as_integer()
                    .and_then(|count| u64::try_from(count).ok())
                    .map(Some)
                    .ok_or_else(|| invalid(format!("`{name}` is not a count"))),
            };
            let (after, times) = (count("after")?.unwrap_or(0), count("times")?);
            if !table.contains_key("kind") {
                return Err(FaultError::NoKind { number });
            }
            let fault = Fault::deserialize(toml::Value::Table(table))
                .map_err(|error| invalid(error.message().to_owned()))?;
            active.push(Active {
                fault,
                after,
                times,
                seen: 0,
            });
        }
        Ok(Self { active })
    }

    /// Returns the faults that hold without an occasion.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Fault> {
        self.active.iter().map(|active| &active.fault)
    }

    /// Returns the faults that this occasion meets, and counts it for each of them.
    pub(super) fn meet(&mut self, occasion: &Occasion<'_>) -> Vec<Met> {
        let mut met = Vec::new();
        for active in &mut self.active {
            if !active.fault.concerns(occasion) {
                continue;
            }
            active.seen += 1;
            let count = active.seen.saturating_sub(active.after);
            if count > 0 && active.times.is_none_or(|times| count <= times) {
                met.push((active.fault.clone(), count));
            }
        }
        met
    }
}

impl Fault {
    fn concerns(&self, occasion: &Occasion<'_>) -> bool {
        match (self, occasion) {
            (
                Self::WebhookDelayed { .. }
                | Self::WebhookDoubled { .. }
                | Self::WebhookReordered { .. }
                | Self::WebhookForged {}
                | Self::WebhookNever {},
                occasion,
            ) => matches!(occasion, Occasion::Webhook),
            (_, Occasion::Webhook) => false,
            (
                Self::WriteRefused {} | Self::WriteIgnored {} | Self::AnswerLost {},
                Occasion::Request { is_write, .. },
            ) => *is_write,
            (Self::Timeout { over, .. }, Occasion::Request { pages, .. }) => {
                pages.iter().any(|(_, _, rows)| rows > over)
            }
            (Self::AccountSlips {}, Occasion::Request { pages, .. }) => pages
                .iter()
                .any(|(name, page, _)| name == "accounts" && *page > 1),
            (Self::EmptyList { connection }, Occasion::Request { pages, .. }) => {
                pages.iter().any(|(name, _, _)| name == connection)
            }
            (
                Self::TotalMoves { .. } | Self::PartialData {} | Self::NestedLimit { .. },
                Occasion::Request { pages, .. },
            ) => !pages.is_empty(),
            (_, Occasion::Request { .. }) => true,
        }
    }

    /// Changes what a request sees of the instance.
    pub fn distort(&self, count: u64, view: &mut View) {
        match self {
            Self::NestedLimit { limit } => view.nested_page = *limit,
            Self::TotalMoves { by } => {
                let earlier = usize::try_from(count - 1).unwrap_or(usize::MAX);
                view.total_off_by = by.saturating_mul(earlier);
            }
            Self::AccountSlips {} => view.account_slips = true,
            Self::PageInfoFails { connection } => {
                view.page_info_fails.insert(connection.clone());
            }
            Self::UnknownEnum { on, field, value } => {
                let other = (on.clone(), field.clone(), value.clone());
                view.other_values.push(other);
            }
            Self::IdsAsNumbers {} => view.ids_as_numbers = true,
            Self::PermissionLost { what, id } => {
                let column = match what {
                    Group::Status => "account_status_id",
                    Group::Company => "company_id",
                    Group::Type => "account_type_id",
                };
                view.hidden_accounts.push((column.to_owned(), *id));
            }
            Self::NullField { on, field } => {
                view.null_fields.insert((on.clone(), field.clone()));
            }
            Self::EmptyList { connection } => {
                view.empty.insert(connection.clone());
            }
            Self::Forbidden { field } => {
                view.forbidden.insert(field.clone());
            }
            _ => {}
        }
    }
}

fn one() -> usize {
    1
}

fn three_seconds() -> u64 {
    3
}

fn two_minutes() -> u64 {
    120_000
}

fn bad_gateway() -> u16 {
    502
}

fn too_many_requests() -> u16 {
    429
}

fn mystery() -> String {
    "MYSTERY".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Faults, FaultError> {
        let mut file: toml::Table = text.parse().unwrap();
        let tables = file.remove("fault").unwrap().as_array().unwrap().clone();
        Faults::read(
            tables
                .into_iter()
                .map(|table| table.as_table().unwrap().clone())
                .collect(),
        )
    }

    const READ: Occasion<'static> = Occasion::Request {
        is_write: false,
        pages: &[],
    };

    #[test]
    fn a_fault_begins_after_some_occasions_and_ends_after_some_times() {
        let mut faults = read("[[fault]]\nkind = \"unauthorized\"\nafter = 2\ntimes = 1").unwrap();
        let met: Vec<usize> = (0..4).map(|_| faults.meet(&READ).len()).collect();
        assert_eq!(met, [0, 0, 1, 0]);
    }

    #[test]
    fn only_writes_meet_faults_of_writes_and_only_webhooks_those_of_webhooks() {
        let mut faults =
            read("[[fault]]\nkind = \"write-refused\"\n[[fault]]\nkind = \"webhook-never\"")
                .unwrap();
        let write = Occasion::Request {
            is_write: true,
            pages: &[],
        };
        assert_eq!(faults.meet(&READ), []);
        assert_eq!(faults.meet(&write), [(Fault::WriteRefused {}, 1)]);
        assert_eq!(
            faults.meet(&Occasion::Webhook),
            [(Fault::WebhookNever {}, 1)]
        );
    }

    #[test]
    fn a_fault_that_is_not_known_is_refused_with_its_number() {
        let kind = read("[[fault]]\nkind = \"html\"\n[[fault]]\nkind = \"htlm\"").unwrap_err();
        assert!(kind.to_string().starts_with("fault 2: "), "{kind}");
        for text in [
            "[[fault]]\ntimes = 1",
            "[[fault]]\nkind = \"html\"\ntimes = -1",
            "[[fault]]\nkind = \"html\"\nstatsu = 503",
            "[[fault]]\nkind = \"nested-limit\"",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

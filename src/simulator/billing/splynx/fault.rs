//! Defines the faults of a Splynx twin, and selects those that a request or a hook triggers.

use serde::Deserialize;
use serde_json::json;

use super::cell::Dialect;
use super::refusal::ValidationForm;
use crate::simulator::billing::FaultError;

/// One kind of fault. Variants have braces even when empty, so that a misspelt field is refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum FaultKind {
    // Answers.
    /// An HTML page instead of an answer.
    Html {
        #[serde(default = "ok")]
        status: u16,
    },
    /// Half of the body, then the connection is cut.
    HalfJson {},
    ServerError {
        #[serde(default = "internal")]
        status: u16,
    },
    /// One answer 401 in the middle; the token stays good.
    Unauthorized {},
    /// All present tokens are refused from now on, each with its own code; a new login helps.
    IpChanged {},
    UserAgentChanged {},
    TokenBanned {},
    TokenExpired {},
    Slow {
        millis: u64,
    },
    /// An answer that was carried out is lost with its connection.
    AnswerLost {},
    // Lists.
    SlowList {
        millis: u64,
    },
    /// An error object where an array belongs.
    ErrorForList {
        #[serde(default = "ok")]
        status: u16,
    },
    EmptyList {
        /// Whether HEAD counts none either.
        #[serde(default = "yes")]
        counted: bool,
    },
    /// The last rows of a list are missing.
    RowsMissing {
        #[serde(default = "one")]
        rows: u64,
        /// Whether HEAD misses them too, as after the loss of a partner.
        #[serde(default = "yes")]
        counted: bool,
    },
    /// HEAD counts another number each time.
    CountsMove {
        #[serde(default = "one")]
        by: u64,
    },
    /// Conditions on a column have no effect; without one, no condition has.
    FiltersIgnored {
        #[serde(default)]
        column: Option<String>,
    },
    // Writes.
    /// A PUT answers 202 and changes nothing.
    PutIgnored {},
    /// A write is refused with 422.
    WriteRefused {
        #[serde(default = "status_field")]
        field: String,
    },
    /// The message inside a new ticket is dropped.
    TicketMessageIgnored {},
    // The instance.
    Dialect {
        dialect: Dialect,
    },
    /// The form and the language of answers 422.
    Validation {
        #[serde(default)]
        form: ValidationForm,
        #[serde(default)]
        french: bool,
    },
    /// A module answers 405 on each verb.
    ModuleOff {
        module: String,
    },
    /// The key has no permission for a module.
    Forbidden {
        module: String,
    },
    /// The key lost a partner: its rows vanish.
    PartnerLost {
        partner: u64,
    },
    /// The clock is in another zone.
    Clock {
        minutes_ahead: i64,
    },
    /// More requests within a minute are refused with 429.
    Limit {
        per_minute: u64,
    },
    /// An older version without `access_device`.
    NoAccessDevice {},
    /// A version in which services have `updated_at`.
    ServicesUpdatedAt {},
    /// OPTIONS answers a flat array.
    OptionsFlat {},
    /// Lists have no archived and no hidden services unless asked for by their status.
    ArchivedLeftOut {},
    // Data.
    /// Two items have one MAC address.
    SameMac {
        #[serde(default)]
        items: Option<[u64; 2]>,
    },
    /// An item belongs to a customer and to no service.
    ItemWithoutService {
        #[serde(default)]
        item: Option<u64>,
    },
    /// MAC addresses of items are written in five notations.
    MacNotations {},
    /// A customer is in no list, and its services are.
    UnlistedCustomer {
        #[serde(default)]
        customer: Option<u64>,
    },
    /// The additional fields of gamctl are not defined.
    FieldsUndefined {},
    // Hooks.
    /// Hooks are forms instead of JSON.
    HookForm {},
    HookDouble {},
    HookDelay {
        seconds: u64,
    },
    HookLost {},
    /// A save that is refused is announced with `result: failed`.
    HookFailed {},
    HookPing {},
    HookUnsigned {},
    /// The signature is made with another secret.
    HookForged {},
}

/// The event that triggers a fault, and that its `after` and `times` count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Any request.
    Request,
    /// A request with an access token.
    TokenUse,
    /// A GET of a list.
    List,
    /// A HEAD of a list.
    Count,
    /// A GET or a HEAD of a list.
    Search,
    /// POST, PUT or DELETE.
    Write,
    Put,
    Hook,
    /// None: the fault holds as long as it is set.
    Standing,
    /// It changes data when it is set.
    Set,
}

impl FaultKind {
    fn event(&self) -> Event {
        match self {
            Self::Html { .. }
            | Self::HalfJson {}
            | Self::ServerError { .. }
            | Self::Unauthorized {}
            | Self::Slow { .. } => Event::Request,
            Self::IpChanged {}
            | Self::UserAgentChanged {}
            | Self::TokenBanned {}
            | Self::TokenExpired {} => Event::TokenUse,
            Self::SlowList { .. } | Self::ErrorForList { .. } => Event::List,
            Self::CountsMove { .. } => Event::Count,
            Self::EmptyList { .. } | Self::RowsMissing { .. } | Self::FiltersIgnored { .. } => {
                Event::Search
            }
            Self::AnswerLost {} | Self::WriteRefused { .. } => Event::Write,
            Self::PutIgnored {} => Event::Put,
            Self::HookDouble {}
            | Self::HookDelay { .. }
            | Self::HookLost {}
            | Self::HookFailed {}
            | Self::HookUnsigned {}
            | Self::HookForged {} => Event::Hook,
            Self::TicketMessageIgnored {}
            | Self::Dialect { .. }
            | Self::Validation { .. }
            | Self::ModuleOff { .. }
            | Self::Forbidden { .. }
            | Self::PartnerLost { .. }
            | Self::Clock { .. }
            | Self::Limit { .. }
            | Self::NoAccessDevice {}
            | Self::ServicesUpdatedAt {}
            | Self::OptionsFlat {}
            | Self::ArchivedLeftOut {}
            | Self::HookForm {} => Event::Standing,
            Self::SameMac { .. }
            | Self::ItemWithoutService { .. }
            | Self::MacNotations {}
            | Self::UnlistedCustomer { .. }
            | Self::FieldsUndefined {}
            | Self::HookPing {} => Event::Set,
        }
    }

    /// Returns whether the fault happens only once by default.
    fn is_single(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized {}
                | Self::IpChanged {}
                | Self::UserAgentChanged {}
                | Self::TokenBanned {}
                | Self::TokenExpired {}
                | Self::AnswerLost {}
                | Self::PutIgnored {}
                | Self::WriteRefused { .. }
                | Self::HookFailed {}
        )
    }
}

/// A fault that is set, with its limits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// Its word, for counters.
    word: String,
    /// The number of times it happens.
    times: Option<u64>,
    /// The number of events that pass before.
    after: u64,
    /// Only requests with this text in their path count.
    path: String,
    /// Only requests with this method count.
    method: Option<String>,
    seen: u64,
    struck: u64,
}

/// All faults of one twin.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Reads `[[fault]]` tables.
    pub(super) fn read(tables: Vec<toml::Table>) -> Result<Self, FaultError> {
        let faults = tables.into_iter().enumerate();
        let faults: Result<Vec<Fault>, FaultError> = faults
            .map(|(place, table)| fault(table, place + 1))
            .collect();
        faults.map(Self)
    }

    /// Counts an event, and returns the faults that it triggers.
    pub(super) fn strike(&mut self, event: Event, method: &str, path: &str) -> Vec<FaultKind> {
        let mut struck = Vec::new();
        for fault in &mut self.0 {
            let is_concerned = fault.kind.event() == event
                && path.contains(&fault.path)
                && fault.method.as_deref().is_none_or(|one| one == method);
            if is_concerned && fault.strikes() {
                struck.push(fault.kind.clone());
            }
        }
        struck
    }

    /// Returns the faults that hold as long as they are set.
    pub(super) fn standing(&self) -> impl Iterator<Item = &FaultKind> {
        self.of(Event::Standing)
    }

    /// Returns the faults that change data when they are set.
    pub(super) fn set(&self) -> impl Iterator<Item = &FaultKind> {
        self.of(Event::Set)
    }

    fn of(&self, event: Event) -> impl Iterator<Item = &FaultKind> {
        let kinds = self.0.iter().map(|fault| &fault.kind);
        kinds.filter(move |kind| kind.event() == event)
    }

    /// Returns the error for a fault with a value that makes no sense.
    pub(super) fn invalid(&self, kind: &FaultKind, problem: String) -> FaultError {
        let place = self.0.iter().position(|fault| fault.kind == *kind);
        FaultError::Invalid {
            number: place.map_or(1, |place| place + 1),
            problem,
        }
    }

    /// Returns each fault with its number of events, for tests.
    pub(super) fn counters(&self) -> serde_json::Value {
        let faults = self
            .0
            .iter()
            .map(|fault| json!({ "kind": fault.word, "seen": fault.seen, "struck": fault.struck }));
        faults.collect()
    }
}

impl Fault {
    fn strikes(&mut self) -> bool {
        self.seen += 1;
        let most = self.times.or(self.kind.is_single().then_some(1));
        let is_due = self.seen > self.after && most.is_none_or(|most| self.struck < most);
        self.struck += u64::from(is_due);
        is_due
    }
}

fn fault(mut table: toml::Table, number: usize) -> Result<Fault, FaultError> {
    let invalid = |problem: String| FaultError::Invalid { number, problem };
    let Some(word) = table.get("kind") else {
        return Err(FaultError::NoKind { number });
    };
    let word = word.as_str().unwrap_or_default().to_owned();
    let mut count = |name: &str| match table.remove(name) {
        None => Ok(None),
        Some(value) => match value.as_integer().map(u64::try_from) {
            Some(Ok(count)) => Ok(Some(count)),
            _ => Err(invalid(format!("`{name}` is a whole number"))),
        },
    };
    let (times, after) = (count("times")?, count("after")?);
    let mut text = |name: &str| match table.remove(name) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(format!("`{name}` is a text"))),
    };
    let (path, method) = (text("path")?, text("method")?);
    let kind = FaultKind::deserialize(toml::Value::Table(table))
        .map_err(|error| invalid(error.message().to_owned()))?;
    let has_limits = times.is_some() || after.is_some() || path.is_some() || method.is_some();
    if has_limits && matches!(kind.event(), Event::Standing | Event::Set) {
        return Err(invalid(format!(
            "`{word}` holds as long as it is set; it has no `times`, `after`, `path` or `method`"
        )));
    }
    Ok(Fault {
        kind,
        word,
        times,
        after: after.unwrap_or(0),
        path: path.unwrap_or_default(),
        method: method.map(|method| method.to_ascii_uppercase()),
        seen: 0,
        struck: 0,
    })
}

fn ok() -> u16 {
    200
}

fn internal() -> u16 {
    500
}

fn yes() -> bool {
    true
}

fn one() -> u64 {
    1
}

fn status_field() -> String {
    "status".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        fault: Vec<toml::Table>,
    }

    fn read(text: &str) -> Result<Faults, FaultError> {
        let file: File = toml::from_str(text).unwrap();
        Faults::read(file.fault)
    }

    #[test]
    fn a_fault_happens_after_some_events_and_as_often_as_it_was_set_to() {
        let text =
            "[[fault]]\nkind = \"html\"\nafter = 1\ntimes = 2\npath = \"items\"\nmethod = \"get\"";
        let mut faults = read(text).unwrap();
        let mut strikes = |method, path| !faults.strike(Event::Request, method, path).is_empty();
        assert!(!strikes("GET", "admin/inventory/items"));
        assert!(!strikes("GET", "admin/tariffs/internet"));
        assert!(!strikes("HEAD", "admin/inventory/items"));
        assert!(strikes("GET", "admin/inventory/items"));
        assert!(strikes("GET", "admin/inventory/items"));
        assert!(!strikes("GET", "admin/inventory/items"));
    }

    #[test]
    fn a_token_is_banned_once_by_default() {
        let mut faults = read("[[fault]]\nkind = \"token-banned\"").unwrap();
        assert_eq!(faults.strike(Event::List, "GET", ""), []);
        assert_eq!(
            faults.strike(Event::TokenUse, "GET", ""),
            [FaultKind::TokenBanned {}]
        );
        assert_eq!(faults.strike(Event::TokenUse, "GET", ""), []);
    }

    #[test]
    fn an_invalid_fault_is_refused_with_its_number() {
        for (text, why) in [
            (
                "[[fault]]\nkind = \"html\"\n[[fault]]\ntimes = 2",
                "fault 2 has no `kind`",
            ),
            (
                "[[fault]]\nkind = \"htlm\"",
                "fault 1: unknown variant `htlm`",
            ),
            (
                "[[fault]]\nkind = \"html\"\nstaus = 5",
                "unknown field `staus`",
            ),
            (
                "[[fault]]\nkind = \"html\"\ntimes = \"2\"",
                "`times` is a whole number",
            ),
            (
                "[[fault]]\nkind = \"html\"\nmethod = 2",
                "`method` is a text",
            ),
            (
                "[[fault]]\nkind = \"options-flat\"\ntimes = 2",
                "as long as it is set",
            ),
            ("[[fault]]\nkind = \"slow-list\"", "missing field `millis`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

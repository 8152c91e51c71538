//! Translates the state of an account into the status of its services, with the ISP's overrides.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::NaiveDate;
use compact_str::CompactString;

use crate::model::billing::{GoneCause, PendingCause, ServiceStatus, SuspendedCause};

/// The key of the setting for accounts that have not paid.
pub const DELINQUENT: &str = "delinquent";

/// The word of a service whose account shows no status, for example because of missing permissions.
const NO_STATUS: &str = "no-status";

/// The meaning that the ISP gives to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateMeaning {
    Served,
    Suspended,
    Pending,
    Gone,
}

/// The states that the ISP chose, over the table of this module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SonarStates {
    /// By the id of the account status.
    pub statuses: BTreeMap<CompactString, StateMeaning>,
    /// For an account that would be served, and has not paid.
    pub delinquent: Option<StateMeaning>,
}

/// An error in the setting `states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatesError {
    #[error("write the id of an account status, or `delinquent`")]
    Key,
    #[error("write `served`, `suspended`, `pending` or `gone`")]
    Meaning,
}

impl FromStr for StateMeaning {
    type Err = StatesError;

    fn from_str(text: &str) -> Result<Self, StatesError> {
        match text {
            "served" => Ok(Self::Served),
            "suspended" => Ok(Self::Suspended),
            "pending" => Ok(Self::Pending),
            "gone" => Ok(Self::Gone),
            _ => Err(StatesError::Meaning),
        }
    }
}

/// The part of an account that decides about its services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountState {
    pub(super) status: Option<AccountStatus>,
    pub(super) is_delinquent: bool,
    pub(super) is_archived: bool,
    /// The first day; a lead has none.
    pub(super) activation_date: Option<NaiveDate>,
}

/// A status as an account has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountStatus {
    pub(super) id: CompactString,
    /// `None` if the row could not be read.
    pub(super) activates: Option<bool>,
}

impl SonarStates {
    /// Adds an entry of the setting: the id of a status or `delinquent`, and its meaning.
    pub fn set(&mut self, key: &str, meaning: &str) -> Result<(), StatesError> {
        let meaning = meaning.parse()?;
        if key == DELINQUENT {
            self.delinquent = Some(meaning);
        } else if key.parse::<u64>().is_ok() {
            self.statuses.insert(key.into(), meaning);
        } else {
            return Err(StatesError::Key);
        }
        Ok(())
    }

    /// Returns the status of the services of an account.
    pub(super) fn status_of(&self, account: &AccountState, today: NaiveDate) -> ServiceStatus {
        if account.is_archived {
            return ServiceStatus::Gone {
                cause: GoneCause::Archived,
            };
        }
        let Some(status) = &account.status else {
            return ServiceStatus::Unknown {
                word: CompactString::const_new(NO_STATUS),
            };
        };
        let base = match (self.statuses.get(&status.id), status.activates) {
            (Some(mapped), _) => mapped.status(),
            (None, Some(true)) => ServiceStatus::Served,
            (None, Some(false)) => not_activated(account.activation_date, today),
            (None, None) => ServiceStatus::Unknown {
                word: status.id.clone(),
            },
        };
        match (base, account.is_delinquent) {
            (ServiceStatus::Served, true) => self.delinquent(),
            (base, _) => base,
        }
    }

    /// Returns the status of a service that would be served, of an account that has not paid.
    fn delinquent(&self) -> ServiceStatus {
        let not_paid = ServiceStatus::Suspended {
            cause: SuspendedCause::NotPaid,
        };
        match self.delinquent {
            None | Some(StateMeaning::Suspended) => not_paid,
            Some(mapped) => mapped.status(),
        }
    }
}

/// Returns the status where the account's does not activate services.
fn not_activated(activation_date: Option<NaiveDate>, today: NaiveDate) -> ServiceStatus {
    match activation_date {
        None => ServiceStatus::Pending {
            cause: PendingCause::Lead,
        },
        Some(date) if date > today => ServiceStatus::Pending {
            cause: PendingCause::NotStarted,
        },
        Some(_) => ServiceStatus::Suspended {
            cause: SuspendedCause::Inactive,
        },
    }
}

impl StateMeaning {
    fn status(self) -> ServiceStatus {
        match self {
            Self::Served => ServiceStatus::Served,
            Self::Suspended => ServiceStatus::Suspended {
                cause: SuspendedCause::Setting,
            },
            Self::Pending => ServiceStatus::Pending {
                cause: PendingCause::Setting,
            },
            Self::Gone => ServiceStatus::Gone {
                cause: GoneCause::Setting,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn today() -> NaiveDate {
        day("2026-11-20")
    }

    fn account(activates: Option<bool>) -> AccountState {
        AccountState {
            status: Some(AccountStatus {
                id: "2".into(),
                activates,
            }),
            is_delinquent: false,
            is_archived: false,
            activation_date: Some(day("2026-03-01")),
        }
    }

    fn status(account: &AccountState) -> ServiceStatus {
        SonarStates::default().status_of(account, today())
    }

    fn suspended(cause: SuspendedCause) -> ServiceStatus {
        ServiceStatus::Suspended { cause }
    }

    fn pending(cause: PendingCause) -> ServiceStatus {
        ServiceStatus::Pending { cause }
    }

    #[test]
    fn the_setting_has_ids_of_statuses_and_delinquent() {
        let mut states = SonarStates::default();
        for (key, meaning) in [("3", "suspended"), ("4", "gone"), ("delinquent", "served")] {
            states.set(key, meaning).unwrap();
        }
        assert_eq!(states.statuses["4"], StateMeaning::Gone);
        assert_eq!(states.delinquent, Some(StateMeaning::Served));
        assert_eq!(states.set("active", "served"), Err(StatesError::Key));
        assert_eq!(states.set("3", "off"), Err(StatesError::Meaning));
    }

    #[test]
    fn a_status_that_activates_is_served() {
        assert_eq!(status(&account(Some(true))), ServiceStatus::Served);
    }

    #[test]
    fn an_active_account_that_has_not_paid_is_suspended() {
        let mut account = account(Some(true));
        account.is_delinquent = true;
        assert_eq!(status(&account), suspended(SuspendedCause::NotPaid));
    }

    #[test]
    fn a_status_that_does_not_activate_suspends_an_account_that_was_active() {
        let mut account = account(Some(false));
        assert_eq!(status(&account), suspended(SuspendedCause::Inactive));
        account.is_delinquent = true;
        assert_eq!(status(&account), suspended(SuspendedCause::Inactive));
    }

    #[test]
    fn an_account_that_never_was_active_is_a_lead() {
        let mut account = account(Some(false));
        account.activation_date = None;
        assert_eq!(status(&account), pending(PendingCause::Lead));
    }

    #[test]
    fn an_account_that_becomes_active_later_has_not_started() {
        let mut account = account(Some(false));
        account.activation_date = Some(day("2026-11-21"));
        assert_eq!(status(&account), pending(PendingCause::NotStarted));
        account.activation_date = Some(today());
        assert_eq!(status(&account), suspended(SuspendedCause::Inactive));
    }

    #[test]
    fn an_archived_account_is_gone_whatever_its_status() {
        for activates in [None, Some(false), Some(true)] {
            let mut account = account(activates);
            account.is_archived = true;
            let states = SonarStates {
                statuses: BTreeMap::from([("2".into(), StateMeaning::Served)]),
                delinquent: Some(StateMeaning::Served),
            };
            let gone = ServiceStatus::Gone {
                cause: GoneCause::Archived,
            };
            assert_eq!(states.status_of(&account, today()), gone);
        }
    }

    #[test]
    fn a_missing_status_and_an_unreadable_row_are_unknown() {
        let unknown = |word: &str| ServiceStatus::Unknown { word: word.into() };
        let mut account = account(None);
        assert_eq!(status(&account), unknown("2"));
        account.is_delinquent = true;
        assert_eq!(status(&account), unknown("2"));
        account.status = None;
        assert_eq!(status(&account), unknown("no-status"));
    }

    #[test]
    fn the_isp_maps_a_status_to_any_state() {
        for (mapped, expected) in [
            (StateMeaning::Served, ServiceStatus::Served),
            (StateMeaning::Suspended, suspended(SuspendedCause::Setting)),
            (StateMeaning::Pending, pending(PendingCause::Setting)),
            (
                StateMeaning::Gone,
                ServiceStatus::Gone {
                    cause: GoneCause::Setting,
                },
            ),
        ] {
            let states = SonarStates {
                statuses: BTreeMap::from([("2".into(), mapped)]),
                delinquent: None,
            };
            for activates in [None, Some(false), Some(true)] {
                let status = states.status_of(&account(activates), today());
                assert_eq!(status, expected);
            }
        }
    }

    #[test]
    fn the_isp_decides_what_delinquency_means() {
        let mut account = account(Some(true));
        account.is_delinquent = true;
        for (mapped, expected) in [
            (StateMeaning::Served, ServiceStatus::Served),
            (StateMeaning::Suspended, suspended(SuspendedCause::NotPaid)),
            (StateMeaning::Pending, pending(PendingCause::Setting)),
        ] {
            let states = SonarStates {
                statuses: BTreeMap::new(),
                delinquent: Some(mapped),
            };
            assert_eq!(states.status_of(&account, today()), expected);
        }
    }

    #[test]
    fn a_status_that_is_mapped_to_served_still_needs_to_be_paid() {
        let mut account = account(Some(false));
        account.is_delinquent = true;
        let states = SonarStates {
            statuses: BTreeMap::from([("2".into(), StateMeaning::Served)]),
            delinquent: None,
        };
        let status = states.status_of(&account, today());
        assert_eq!(status, suspended(SuspendedCause::NotPaid));
    }
}

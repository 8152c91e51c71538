//! Translates the state of an account into the status of its services, with the ISP's overrides.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use compact_str::CompactString;

use crate::inventory::text::{StatusKey, StatusSetting};
use crate::model::billing::{GoneCause, PendingCause, ServiceStatus, SuspendedCause};

/// The key of the setting for accounts that have not paid.
pub const DELINQUENT: &str = StatusKey::DELINQUENT;

/// The word of a service whose account shows no status, for example because of missing permissions.
const NO_STATUS: &str = "no-status";

/// The states that the ISP chose, over the table of this module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SonarStates {
    /// By the id of the account status.
    pub statuses: BTreeMap<CompactString, StatusSetting>,
    /// For an account that would be served, and has not paid.
    pub delinquent: Option<StatusSetting>,
}

/// An error in a key of the setting `states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the id of an account status, or `delinquent`")]
pub struct StatesError;

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
    pub fn set(&mut self, key: &str, meaning: StatusSetting) -> Result<(), StatesError> {
        if key == DELINQUENT {
            self.delinquent = Some(meaning);
        } else if key.parse::<u64>().is_ok() {
            self.statuses.insert(key.into(), meaning);
        } else {
            return Err(StatesError);
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
            (Some(mapped), _) => chosen(*mapped),
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
            None | Some(StatusSetting::Suspended) => not_paid,
            Some(mapped) => chosen(mapped),
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

/// Returns the status of a service whose state the ISP chose.
fn chosen(setting: StatusSetting) -> ServiceStatus {
    match setting {
        StatusSetting::Served => ServiceStatus::Served,
        StatusSetting::Suspended => ServiceStatus::Suspended {
            cause: SuspendedCause::Setting,
        },
        StatusSetting::Pending => ServiceStatus::Pending {
            cause: PendingCause::Setting,
        },
        StatusSetting::Gone => ServiceStatus::Gone {
            cause: GoneCause::Setting,
        },
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
        for (key, meaning) in [
            ("3", StatusSetting::Suspended),
            ("4", StatusSetting::Gone),
            (DELINQUENT, StatusSetting::Served),
        ] {
            states.set(key, meaning).unwrap();
        }
        assert_eq!(states.statuses["4"], StatusSetting::Gone);
        assert_eq!(states.delinquent, Some(StatusSetting::Served));
        let refused = states.set("active", StatusSetting::Served);
        assert_eq!(refused, Err(StatesError));
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
                statuses: BTreeMap::from([("2".into(), StatusSetting::Served)]),
                delinquent: Some(StatusSetting::Served),
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
            (StatusSetting::Served, ServiceStatus::Served),
            (StatusSetting::Suspended, suspended(SuspendedCause::Setting)),
            (StatusSetting::Pending, pending(PendingCause::Setting)),
            (
                StatusSetting::Gone,
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
            (StatusSetting::Served, ServiceStatus::Served),
            (StatusSetting::Suspended, suspended(SuspendedCause::NotPaid)),
            (StatusSetting::Pending, pending(PendingCause::Setting)),
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
            statuses: BTreeMap::from([("2".into(), StatusSetting::Served)]),
            delinquent: None,
        };
        let status = states.status_of(&account, today());
        assert_eq!(status, suspended(SuspendedCause::NotPaid));
    }
}

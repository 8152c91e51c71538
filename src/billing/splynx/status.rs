//! Derives the status of a service from both statuses and its dates.

use chrono::NaiveDate;
use compact_str::format_compact;

use super::settings::{StateMeaning, StateTable};
use crate::model::billing::{GoneCause, PendingCause, ServiceStatus, SuspendedCause};

/// All statuses of services that are known; an instance may have others.
pub(super) const SERVICE_STATUSES: &[&str] = &[
    "active", "stopped", "disabled", "hidden", "pending", "archived",
];

const CUSTOMER_STATUSES: &[&str] = &["new", "active", "blocked", "disabled"];

/// The words and dates of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowState<'r> {
    pub(super) customer: &'r str,
    pub(super) service: &'r str,
    pub(super) start: Option<NaiveDate>,
    /// The last day.
    pub(super) end: Option<NaiveDate>,
}

impl RowState<'_> {
    pub(super) fn starts_later(&self, today: NaiveDate) -> bool {
        self.start.is_some_and(|start| start > today)
    }

    fn has_ended(&self, today: NaiveDate) -> bool {
        self.end.is_some_and(|end| end < today)
    }

    /// Returns the status on a day: by the ISP's table, else by the built-in one.
    pub(super) fn status(&self, today: NaiveDate, states: &StateTable) -> ServiceStatus {
        match states.meaning(self.customer, self.service) {
            Some(StateMeaning::Served) => self.by_date(today, ServiceStatus::Served),
            Some(StateMeaning::Suspended) => suspended(SuspendedCause::Setting),
            Some(StateMeaning::Pending) => pending(PendingCause::Setting),
            Some(StateMeaning::Gone) => gone(GoneCause::Setting),
            None => self.built_in(today),
        }
    }

    fn built_in(&self, today: NaiveDate) -> ServiceStatus {
        let is_known =
            SERVICE_STATUSES.contains(&self.service) && CUSTOMER_STATUSES.contains(&self.customer);
        if !is_known {
            // The pair is the key under which the settings can name its meaning.
            let word = format_compact!("{}/{}", self.customer, self.service);
            return ServiceStatus::Unknown { word };
        }
        match (self.customer, self.service) {
            (_, "archived" | "hidden") => gone(GoneCause::Archived),
            ("disabled", _) => gone(GoneCause::Disabled),
            (_, "disabled") => match self.end {
                Some(end) if end < today => gone(GoneCause::Ended),
                Some(_) => suspended(SuspendedCause::Inactive),
                // It is still billed, so a person has to look.
                None => suspended(SuspendedCause::NoEndDate),
            },
            ("new", _) => self.by_date(today, pending(PendingCause::Lead)),
            ("blocked", _) => self.by_date(today, suspended(SuspendedCause::NotPaid)),
            (_, "stopped") => self.by_date(today, suspended(SuspendedCause::Paused)),
            (_, "pending") => self.by_date(today, pending(PendingCause::NotStarted)),
            _ => self.by_date(today, ServiceStatus::Served),
        }
    }

    /// Returns a status that counts within the dates of the row.
    fn by_date(&self, today: NaiveDate, status: ServiceStatus) -> ServiceStatus {
        if self.has_ended(today) {
            gone(GoneCause::Ended)
        } else if self.starts_later(today) && !matches!(status, ServiceStatus::Pending { .. }) {
            pending(PendingCause::NotStarted)
        } else {
            status
        }
    }
}

fn suspended(cause: SuspendedCause) -> ServiceStatus {
    ServiceStatus::Suspended { cause }
}

fn pending(cause: PendingCause) -> ServiceStatus {
    ServiceStatus::Pending { cause }
}

fn gone(cause: GoneCause) -> ServiceStatus {
    ServiceStatus::Gone { cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    const TODAY: &str = "2026-11-20";

    fn status_of(
        customer: &str,
        service: &str,
        start: &str,
        end: &str,
        states: &StateTable,
    ) -> ServiceStatus {
        let row = RowState {
            customer,
            service,
            start: day(start),
            end: day(end),
        };
        row.status(day(TODAY).unwrap(), states)
    }

    fn status(customer: &str, service: &str, start: &str, end: &str) -> ServiceStatus {
        status_of(customer, service, start, end, &StateTable::default())
    }

    const PAST: &str = "2026-11-19";
    const LATER: &str = "2026-11-21";
    const ANY: [&str; 6] = [
        "active", "stopped", "disabled", "hidden", "pending", "archived",
    ];

    #[test]
    fn an_active_service_of_an_active_customer_is_served_within_its_dates() {
        for (start, end) in [
            ("", ""),
            (PAST, ""),
            (TODAY, ""),
            (PAST, TODAY),
            ("", LATER),
        ] {
            assert_eq!(
                status("active", "active", start, end),
                ServiceStatus::Served
            );
        }
        let ended = gone(GoneCause::Ended);
        assert_eq!(status("active", "active", PAST, PAST), ended);
    }

    #[test]
    fn a_service_that_starts_later_or_is_pending_is_pending() {
        let not_started = pending(PendingCause::NotStarted);
        assert_eq!(status("active", "active", LATER, ""), not_started);
        assert_eq!(status("active", "pending", LATER, ""), not_started);
        assert_eq!(status("active", "pending", PAST, ""), not_started);
        assert_eq!(status("active", "stopped", LATER, ""), not_started);
        assert_eq!(status("blocked", "pending", LATER, ""), not_started);
    }

    #[test]
    fn a_stopped_service_of_an_active_customer_is_paused() {
        let paused = suspended(SuspendedCause::Paused);
        assert_eq!(status("active", "stopped", PAST, ""), paused);
    }

    #[test]
    fn every_live_service_of_a_blocked_customer_is_not_paid() {
        for service in ["active", "stopped", "pending"] {
            let not_paid = suspended(SuspendedCause::NotPaid);
            assert_eq!(status("blocked", service, PAST, ""), not_paid, "{service}");
        }
    }

    #[test]
    fn every_service_of_a_disabled_customer_is_gone() {
        for service in ANY {
            for end in ["", PAST, LATER] {
                let status = status("disabled", service, PAST, end);
                assert!(
                    matches!(status, ServiceStatus::Gone { .. }),
                    "{service} {end}"
                );
            }
        }
        assert_eq!(
            status("disabled", "stopped", PAST, ""),
            gone(GoneCause::Disabled)
        );
    }

    #[test]
    fn every_live_service_of_a_new_customer_is_pending() {
        for service in ["active", "stopped", "pending"] {
            assert_eq!(
                status("new", service, "", ""),
                pending(PendingCause::Lead),
                "{service}"
            );
        }
    }

    #[test]
    fn an_ended_archived_or_hidden_service_is_gone_whatever_the_customer() {
        for customer in ["new", "active", "blocked", "disabled"] {
            for service in ["archived", "hidden"] {
                assert_eq!(status(customer, service, "", ""), gone(GoneCause::Archived));
            }
        }
        for customer in ["new", "active", "blocked"] {
            assert_eq!(
                status(customer, "disabled", "", PAST),
                gone(GoneCause::Ended)
            );
        }
    }

    #[test]
    fn a_disabled_service_without_an_end_is_suspended_and_named() {
        for customer in ["new", "active", "blocked"] {
            let no_end = suspended(SuspendedCause::NoEndDate);
            assert_eq!(status(customer, "disabled", PAST, ""), no_end, "{customer}");
        }
        assert_eq!(
            status("active", "disabled", PAST, LATER),
            suspended(SuspendedCause::Inactive)
        );
    }

    #[test]
    fn an_unknown_word_on_either_side_is_unknown() {
        for (customer, service) in [
            ("active", "frozen"),
            ("vip", "active"),
            ("vip", "archived"),
            ("disabled", "frozen"),
            ("Active", "active"),
        ] {
            let word = format_compact!("{customer}/{service}");
            assert_eq!(
                status(customer, service, "", ""),
                ServiceStatus::Unknown { word }
            );
        }
    }

    #[test]
    fn the_settings_outrank_the_table_and_dates_still_count() {
        let states = |pair: &str, meaning: &str| {
            StateTable::new([(pair.parse().unwrap(), meaning.parse().unwrap())].into())
        };
        let frozen = states("*/frozen", "served");
        assert_eq!(
            status_of("active", "frozen", "", "", &frozen),
            ServiceStatus::Served
        );
        assert_eq!(
            status_of("active", "frozen", LATER, "", &frozen),
            pending(PendingCause::NotStarted)
        );
        assert_eq!(
            status_of("active", "frozen", "", PAST, &frozen),
            gone(GoneCause::Ended)
        );
        let stopped = states("active/stopped", "gone");
        assert_eq!(
            status_of("active", "stopped", "", "", &stopped),
            gone(GoneCause::Setting)
        );
        let lead = states("new/active", "suspended");
        assert_eq!(
            status_of("new", "active", "", "", &lead),
            suspended(SuspendedCause::Setting)
        );
    }
}

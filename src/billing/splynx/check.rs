//! Asks an instance what it can do, what the key may do, and whether the settings fit.

use chrono::NaiveDateTime;
use compact_str::CompactString;
use serde_json::Value;

use super::super::error::{BillingError, BillingProblem};
use super::super::http::HttpAnswer;
use super::super::json::{self, Record, ShapeError};
use super::super::limiter::Priority;
use super::answer::not_json;
use super::client::{Call, SplynxClient, absent_if_off};
use super::endpoint::{API_CHECK, CHANGES, CUSTOMERS, Endpoint, READ, SERVICES};
use super::page::{Page, read_page};
use super::query::Query;
use super::row::is_dropped;
use super::settings::LoginWay;
use crate::billing::OwnField;
use crate::model::billing::Collection;

/// The latest that the newest entry of the log may be by this host's clock, in seconds.
const MOST_AHEAD: i64 = 300;

/// The answers of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplynxCheck {
    /// Signatures where tokens were wanted: this instance issues none.
    pub login: LoginWay,
    pub lists: Vec<CheckedList>,
    pub id_typing: Option<IdTyping>,
    pub service_fields: Result<ServiceFields, BillingError>,
    /// Whether pages by id work for all services; `None` with fewer than two services.
    pub pages_by_id: Result<Option<bool>, BillingError>,
    /// Whether a filter that matches nothing returns nothing.
    pub filters: Result<bool, BillingError>,
    /// Whether services can be searched by `updated_at`.
    pub service_updates: Result<bool, BillingError>,
    pub clock: Result<ClockCheck, BillingError>,
    /// The partners of the settings that the key may not see.
    pub hidden_partners: Result<Vec<CompactString>, BillingError>,
    /// The endpoint models of the settings that are no products.
    pub unknown_models: Result<Vec<CompactString>, BillingError>,
}

/// One list, read with a limit of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedList {
    pub path: &'static str,
    pub permission: &'static str,
    pub access: ListAccess,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListAccess {
    Readable,
    Forbidden,
    /// The module is switched off.
    Off,
    Failed(BillingError),
}

/// The type of ids in the first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdTyping {
    Numbers,
    Texts,
}

/// The fields that services have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFields {
    /// Older versions have no link to an access device.
    pub access_device: bool,
    pub port_id: bool,
    /// gamctl's own fields that are not defined; a write to them would be dropped without an error.
    pub undefined: Vec<&'static str>,
    /// Fields of the settings that are not defined for services; they may be defined for customers.
    pub undefined_settings: Vec<CompactString>,
}

/// The newest entry of the log against this host's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockCheck {
    /// The log is empty or switched off.
    Unknown,
    Fits,
    /// The newest entry lies in the future by so many seconds: the zone of the settings is wrong, or a clock.
    Ahead {
        seconds: u64,
    },
}

impl SplynxClient {
    /// Checks an instance. An error means that it cannot be reached or does not accept the login.
    pub async fn check(&self) -> Result<SplynxCheck, BillingError> {
        self.check_login().await?;
        let mut lists = Vec::new();
        for endpoint in READ {
            let access = self.check_list(*endpoint).await;
            lists.push(CheckedList {
                path: endpoint.path,
                permission: endpoint.permission,
                access,
            });
        }
        Ok(SplynxCheck {
            login: self.session().way(),
            lists,
            id_typing: self.check_typing().await,
            service_fields: self.service_fields().await,
            pages_by_id: self.check_pages().await,
            filters: self.check_filters().await,
            service_updates: self.check_updates().await,
            clock: self.check_clock().await,
            hidden_partners: self.hidden_partners().await,
            unknown_models: self.unknown_products().await,
        })
    }

    async fn check_login(&self) -> Result<(), BillingError> {
        let query = Query::default().flag("checkAuth");
        let call = Call::list(API_CHECK, query, Priority::Hint);
        match self.call(&call, |_| Ok(())).await {
            Err(error)
                if matches!(
                    error.problem,
                    BillingProblem::Unreachable(_) | BillingProblem::Unauthorized(_)
                ) =>
            {
                Err(error)
            }
            // Whatever else it answers, the lists show whether the key is good.
            _ => Ok(()),
        }
    }

    /// Reads the ids of a list.
    async fn ids(&self, endpoint: Endpoint, query: Query) -> Result<Page<()>, BillingError> {
        let call = Call::list(endpoint, query, Priority::Hint);
        self.call(&call, |answer| {
            read_page(answer, endpoint, Collection::Statuses, |_| Ok(()))
        })
        .await
    }

    async fn check_list(&self, endpoint: Endpoint) -> ListAccess {
        let query = match endpoint == SERVICES || endpoint == CHANGES {
            true => Query::default().greater("id", "0"),
            false => Query::default(),
        };
        match self.ids(endpoint, query.limit(1)).await {
            Ok(_) => ListAccess::Readable,
            Err(error) => match error.problem {
                BillingProblem::Forbidden { .. } => ListAccess::Forbidden,
                BillingProblem::ModuleOff { .. } => ListAccess::Off,
                _ => ListAccess::Failed(error),
            },
        }
    }

    async fn check_typing(&self) -> Option<IdTyping> {
        let call = Call::list(CUSTOMERS, Query::default().limit(1), Priority::Hint);
        let typing = self.call(&call, |answer| {
            let value = json::parse(&answer.body, is_dropped).map_err(|_| not_json(answer))?;
            Ok(match value.get(0).and_then(|first| first.get("id")) {
                Some(Value::Number(_)) => Some(IdTyping::Numbers),
                Some(Value::String(_)) => Some(IdTyping::Texts),
                _ => None,
            })
        });
        typing.await.ok().flatten()
    }

    /// Asks which fields services have: a write to a field that is not defined would be dropped without an error.
    pub async fn service_fields(&self) -> Result<ServiceFields, BillingError> {
        let call = Call::options(SERVICES, SERVICES.path);
        let (native, additional) = self.call(&call, read_fields).await?;
        let settings = [&self.settings.place_field, &self.settings.unit_field];
        let undefined_settings = settings.into_iter().flatten();
        Ok(ServiceFields {
            access_device: native.iter().any(|name| name == "access_device"),
            port_id: native.iter().any(|name| name == "port_id"),
            undefined: OwnField::ALL
                .map(OwnField::as_str)
                .into_iter()
                .filter(|name| !additional.iter().any(|one| one == name))
                .collect(),
            undefined_settings: undefined_settings
                .filter(|name| !additional.contains(name))
                .cloned()
                .collect(),
        })
    }

    async fn check_pages(&self) -> Result<Option<bool>, BillingError> {
        let page = |last: u64, limit: usize| {
            let query = Query::default()
                .greater("id", &last.to_string())
                .sorted_by_id()
                .limit(limit);
            self.ids(SERVICES, query)
        };
        let both = page(0, 2).await?.ids;
        let &[first, second] = both.as_slice() else {
            return Ok(None);
        };
        let (one, other) = (page(0, 1).await?.ids, page(first, 1).await?.ids);
        Ok(Some(one == [first] && other == [second]))
    }

    async fn check_filters(&self) -> Result<bool, BillingError> {
        let nothing = self
            .ids(CUSTOMERS, Query::default().equal("id", "-1").limit(1))
            .await?;
        Ok(nothing.length == 0)
    }

    async fn check_updates(&self) -> Result<bool, BillingError> {
        let future = "2100-01-01 00:00:00";
        let query = Query::default().at_least("updated_at", future).limit(1);
        match self.ids(SERVICES, query).await {
            Ok(nothing) => Ok(nothing.length == 0),
            Err(error) => match error.problem {
                BillingProblem::Refused { .. } | BillingProblem::Rejected { .. } => Ok(false),
                _ => Err(error),
            },
        }
    }

    async fn check_clock(&self) -> Result<ClockCheck, BillingError> {
        let query = Query::default().greater("id", "0").newest_first().limit(1);
        let call = Call::list(CHANGES, query, Priority::Hint);
        let newest = self.call(&call, |answer| {
            read_page(answer, CHANGES, Collection::Statuses, read_moment)
        });
        let newest = absent_if_off(newest.await)?;
        let newest = newest.and_then(|page| page.rows.into_iter().flatten().max());
        let Some(newest) = newest else {
            return Ok(ClockCheck::Unknown);
        };
        let ahead = (newest - self.server_time()).num_seconds();
        Ok(match u64::try_from(ahead) {
            Ok(seconds) if ahead > MOST_AHEAD => ClockCheck::Ahead { seconds },
            _ => ClockCheck::Fits,
        })
    }
}

fn read_moment(record: &Record<'_>) -> Result<Option<NaiveDateTime>, ShapeError> {
    let (day, time) = (record.date("date")?, record.filled_text("time")?);
    let time = time.and_then(|time| time.parse().ok());
    Ok(day.zip(time).map(|(day, time)| day.and_time(time)))
}

/// Reads the names of a record's fields: native ones and additional ones.
fn read_fields(
    answer: &HttpAnswer,
) -> Result<(Vec<CompactString>, Vec<CompactString>), BillingProblem> {
    let value = json::parse(&answer.body, |_| false).map_err(|_| not_json(answer))?;
    // Some versions answer with one flat list of all fields.
    if let Some(flat) = value.as_array() {
        let names: Result<Vec<_>, _> = flat.iter().map(name).collect();
        let names = names.map_err(BillingProblem::Shape)?;
        return Ok((names.clone(), names));
    }
    let record = Record::of(&value, "").map_err(BillingProblem::Shape)?;
    let names = |key: &str| -> Result<Vec<_>, ShapeError> {
        match record.has(key) {
            true => record
                .list(key)?
                .into_iter()
                .map(|(field, _)| name(field))
                .collect(),
            false => Ok(Vec::new()),
        }
    };
    let native = names("attributes").map_err(BillingProblem::Shape)?;
    Ok((
        native,
        names("additional_attributes").map_err(BillingProblem::Shape)?,
    ))
}

fn name(field: &Value) -> Result<CompactString, ShapeError> {
    Record::of(field, "")?.word("name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Result<(Vec<CompactString>, Vec<CompactString>), BillingProblem> {
        read_fields(&HttpAnswer::for_test(200, body, &[]))
    }

    #[test]
    fn both_forms_of_a_description_are_read() {
        let (native, additional) = fields(
            r#"{"attributes":[{"name":"id"},{"name":"port_id"}],"additional_attributes":[{"name":"gam_place","title":"GAM place"}]}"#,
        )
        .unwrap();
        assert_eq!(
            (native, additional),
            (
                vec!["id".into(), "port_id".into()],
                vec!["gam_place".into()]
            )
        );
        let (native, additional) = fields(r#"[{"name":"id"},{"name":"gam_place"}]"#).unwrap();
        assert_eq!(native, additional);
        assert_eq!(fields("{\"attributes\":[]}"), Ok((Vec::new(), Vec::new())));
        for body in ["<html>", "{\"attributes\":{}}", "[{}]", "17"] {
            assert!(fields(body).is_err(), "{body}");
        }
    }
}

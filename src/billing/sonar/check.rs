//! Checks an instance before the first sync: rights, fields, totals, statuses, clock, webhook.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use compact_str::CompactString;
use serde_json::{Value, json};

use super::answer::read_answer;
use super::client::{SonarClient, is_query_error};
use super::list::List;
use super::lookups::{SonarLookups, SonarTable};
use super::own_field::OwnField;
use super::page_walk::Page;
use super::query::{self, Asked, Query, SonarFeatures};
use super::registration::WebhookState;
use super::states::{AccountState, AccountStatus};
use super::token::TokenEnd;
use crate::billing::json::{Record, ShapeError};
use crate::billing::{BillingError, BillingProblem, Priority};
use crate::model::billing::{ServiceStatus, TariffId};

const ME: &str = "query Me { me { id super_admin } }";

const TYPES: &str = "
query Types {
  service: __type(name: \"AccountService\") { fields { name } }
  own: __type(name: \"UninventoriedMacAddress\") { fields { name } }
}";

/// The needs of the settings in the inventory.
#[derive(Debug, Clone, Default)]
pub struct CheckWishes<'w> {
    /// Tariffs that are mapped, for which gamctl's own fields have to be defined.
    pub tariffs: BTreeSet<TariffId>,
    /// The URL of gamctl's webhook, if there is one.
    pub webhook: Option<&'w str>,
}

/// The user that the token acts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SonarUser {
    pub id: CompactString,
    /// It may do everything; a user of its own with the least rights is better.
    pub is_super_admin: bool,
}

/// The meaning of an account status that the settings do not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedStatus {
    pub id: CompactString,
    pub name: CompactString,
    /// Of a service of an account that was active once.
    pub meaning: ServiceStatus,
}

/// The result of all checks. One that fails stops no other.
#[derive(Debug)]
pub struct SonarCheck {
    pub user: Result<SonarUser, BillingError>,
    pub token_end: TokenEnd,
    /// By how many seconds their clock is ahead of this host's; none without a valid `Date` header.
    pub clock_ahead: Option<i64>,
    /// Rows of each small table.
    pub tables: BTreeMap<SonarTable, Result<usize, BillingError>>,
    /// Whether accounts can be read, and with which totals.
    pub accounts: Result<SonarFeatures, BillingError>,
    /// Lists whose totals the instance cannot compute: a reading is never proved complete while there is one.
    pub without_totals: Vec<&'static str>,
    pub unmapped_statuses: Vec<UnmappedStatus>,
    /// Mapped tariffs for which fields are not defined: nothing is written back for them.
    pub undefined_fields: BTreeMap<TariffId, Vec<OwnField>>,
    /// None if there is no webhook to check.
    pub webhook: Option<Result<WebhookState, BillingError>>,
    /// The small tables as far as they were read, to map tariffs and statuses.
    pub lookups: SonarLookups,
}

impl SonarClient {
    /// Checks the instance; `now` is seconds since 1970.
    pub async fn check(&self, wishes: &CheckWishes<'_>, now: u64) -> SonarCheck {
        self.forget_refusals();
        let (user, clock_ahead) = self.ask_user(now).await;
        // Without an introspection the optional fields stay out, and nothing else is lost.
        let _learned = self.learn_fields().await;
        let mut lookups = SonarLookups::default();
        let mut tables = BTreeMap::new();
        for table in SonarTable::ALL {
            let read = self.read_table(table, Priority::Hint, &mut lookups).await;
            tables.insert(table, read.map(|()| lookups.rows(table)));
        }
        let webhook = match wishes.webhook {
            None => None,
            Some(url) => Some(self.webhook_state(url).await),
        };
        let accounts = self.ask_one_account().await;
        SonarCheck {
            user,
            token_end: TokenEnd::of(&self.settings().token),
            clock_ahead,
            tables,
            accounts,
            without_totals: self.roots_without_totals(),
            unmapped_statuses: self.unmapped_statuses(&lookups),
            undefined_fields: undefined_fields(&lookups, &wishes.tariffs),
            webhook,
            lookups,
        }
    }

    /// Asks who the token is, and reads the clock of the instance from the same answer.
    async fn ask_user(&self, now: u64) -> (Result<SonarUser, BillingError>, Option<i64>) {
        let query = Query {
            name: "me",
            text: ME.to_owned(),
            variables: json!({}),
        };
        let mut attempts = self.channel().read(Priority::Hint, query.name);
        let mut clock_ahead = None;
        loop {
            let turn = match attempts.begin().await {
                Ok(turn) => turn,
                Err(error) => return (Err(error), clock_ahead),
            };
            let answer = self.exchange(&attempts, &query).await;
            let result = answer.and_then(|answer| {
                clock_ahead = answer.header("date").and_then(|date| ahead(date, now));
                let data = read_answer(answer.status, &answer.body);
                let user = data.and_then(|data| read_user(&data).map_err(BillingProblem::Shape));
                user.map_err(|problem| attempts.error(problem))
            });
            if let Some(result) = attempts.end(turn, result).await {
                return (result, clock_ahead);
            }
        }
    }

    /// Learns which optional fields the instance has, once.
    ///
    /// # Errors
    ///
    /// Fails if the request fails. An instance that does not describe itself has none of them.
    pub async fn learn_fields(&self) -> Result<(), BillingError> {
        let query = Query {
            name: "__type",
            text: TYPES.to_owned(),
            variables: json!({}),
        };
        match self.ask(Priority::Hint, &query).await {
            Ok(data) => {
                self.remember_fields(has_field(&data, "own", "account_service_id"));
                Ok(())
            }
            Err(error) if is_query_error(&error) => {
                self.remember_fields(false);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for one account with everything, and returns which totals came with it.
    async fn ask_one_account(&self) -> Result<SonarFeatures, BillingError> {
        let list = List {
            root: "accounts",
            priority: Priority::Hint,
            query: &|page, features| query::accounts(Asked::Everything, page, features),
        };
        let page = Page { number: 1, size: 1 };
        self.read_this_page(&list, page).await?;
        Ok(self.features("accounts"))
    }

    fn unmapped_statuses(&self, lookups: &SonarLookups) -> Vec<UnmappedStatus> {
        let states = &self.settings().states;
        let unmapped = lookups
            .statuses
            .iter()
            .filter(|(id, _)| !states.statuses.contains_key(*id));
        let with_meaning = unmapped.map(|(id, row)| {
            let account = AccountState {
                status: Some(AccountStatus {
                    id: id.clone(),
                    activates: Some(row.activates),
                }),
                is_delinquent: false,
                is_archived: false,
                activation_date: Some(NaiveDate::MIN),
            };
            UnmappedStatus {
                id: id.clone(),
                name: row.name.clone(),
                meaning: states.status_of(&account, NaiveDate::MAX),
            }
        });
        with_meaning.collect()
    }
}

fn undefined_fields(
    lookups: &SonarLookups,
    tariffs: &BTreeSet<TariffId>,
) -> BTreeMap<TariffId, Vec<OwnField>> {
    let undefined = tariffs.iter().map(|tariff| {
        let fields = OwnField::ALL.into_iter();
        let fields = fields.filter(|field| lookups.own_field(tariff, *field).is_none());
        (tariff.clone(), fields.collect::<Vec<_>>())
    });
    undefined.filter(|(_, fields)| !fields.is_empty()).collect()
}

fn read_user(data: &Value) -> Result<SonarUser, ShapeError> {
    let data = Record::of(data, "")?;
    let me = data.optional("me")?;
    let me = me.ok_or_else(|| data.wrong("me", "an object"))?;
    Ok(SonarUser {
        id: me.id("id")?,
        is_super_admin: me.flag("super_admin")? == Some(true),
    })
}

/// Returns whether a type that was asked for under an alias has a field.
fn has_field(data: &Value, alias: &str, name: &str) -> bool {
    let fields = data.get(alias).and_then(|kind| kind.get("fields"));
    let mut fields = fields.and_then(Value::as_array).into_iter().flatten();
    fields.any(|field| field.get("name").and_then(Value::as_str) == Some(name))
}

/// Returns by how many seconds a `Date` header is ahead of `now`.
fn ahead(date: &str, now: u64) -> Option<i64> {
    let theirs = DateTime::parse_from_rfc2822(date).ok()?.timestamp();
    theirs.checked_sub(i64::try_from(now).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::sonar::lookups::MetadataField;

    #[test]
    fn the_clock_is_compared_by_the_date_header() {
        let now = 1_795_183_389;
        assert_eq!(ahead("Fri, 20 Nov 2026 14:03:09 GMT", now), Some(0));
        assert_eq!(ahead("Fri, 20 Nov 2026 13:03:09 GMT", now), Some(-3600));
        assert_eq!(ahead("yesterday", now), None);
    }

    #[test]
    fn a_field_is_there_only_if_the_instance_lists_it() {
        let data = json!({"own": {"fields": [{"name": "id"}, {"name": "account_service_id"}]}, "service": null});
        assert!(has_field(&data, "own", "account_service_id"));
        assert!(!has_field(&data, "service", "account_service_id"));
        for data in [
            json!({}),
            json!({"own": null}),
            json!({"own": {"fields": null}}),
            json!({"own": {"fields": ["account_service_id"]}}),
        ] {
            assert!(!has_field(&data, "own", "account_service_id"), "{data}");
        }
    }

    #[test]
    fn fields_that_are_not_defined_are_named_by_tariff() {
        let (one, two) = (TariffId::new("31").unwrap(), TariffId::new("32").unwrap());
        let mut lookups = SonarLookups::default();
        for (id, field) in [
            ("3", OwnField::Place),
            ("4", OwnField::Vlan),
            ("5", OwnField::State),
        ] {
            let field = MetadataField {
                name: field.as_str().into(),
                tariff: one.clone(),
            };
            lookups.metadata.insert(id.into(), field);
        }
        let undefined = undefined_fields(&lookups, &BTreeSet::from([one, two.clone()]));
        assert_eq!(undefined, BTreeMap::from([(two, OwnField::ALL.to_vec())]));
    }

    #[test]
    fn the_user_is_read_without_a_name() {
        let user = read_user(&json!({"me": {"id": 7, "super_admin": true, "name": "Ngozi"}}));
        let user = user.unwrap();
        assert!(user.is_super_admin);
        assert_eq!(user.id, "7");
        assert!(read_user(&json!({"me": null})).is_err());
    }
}

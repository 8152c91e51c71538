//! Stores the classification of each service as of the last run, and lists services by class or account.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::parts::{AT_ONCE, each};
use super::stored_base::service_key;
use crate::history::error::Fault;
use crate::history::run::{Conditions, most};
use crate::history::session::{Bind, Row, Session};
use crate::history::version::CLASSIFICATION;
use crate::history::{Store, StoreError};
use crate::model::SubscriberId;
use crate::model::billing::{AccountId, BillingName};
use crate::sync::{Classification, ClassifiedService, Reason, ServiceKey};

/// The services that a run classified.
#[derive(Debug, Clone, Copy)]
pub enum ClassifiedScope<'a> {
    /// The rows of all others are removed.
    Everything,
    /// The rows of other accounts stay.
    Accounts(&'a BTreeSet<AccountId>),
}

/// A service with its classification, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassifiedRow {
    pub service: ServiceKey,
    pub subscriber: Option<SubscriberId>,
    pub class: Classification,
    /// The weightiest first.
    pub reasons: Vec<Reason>,
    /// The time since which class and rule are the same, in seconds since 1970.
    pub since: u64,
}

/// Selects services; an empty filter selects all.
#[derive(Debug, Clone, Default)]
pub struct ServiceFilter {
    pub class: Option<Classification>,
    pub account: Option<AccountId>,
    pub subscriber: Option<SubscriberId>,
    /// Only those after this one, for the next page.
    pub after: Option<ServiceKey>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    reasons: Vec<Reason>,
    since: u64,
}

const COLUMNS: &str = "select account, service, subscriber, class, content from billing_service";

impl Store {
    /// Lists services in the order of account and service, at most so many.
    pub async fn classified_services(
        &self,
        system: &BillingName,
        filter: &ServiceFilter,
        at_most: u32,
    ) -> Result<Vec<ClassifiedRow>, StoreError> {
        self.within("list classified services", || async {
            let mut session = self.read().await?;
            let mut conditions = Conditions::default();
            conditions.add("system = ?", Bind::Text(system.as_str()));
            if let Some(class) = filter.class {
                conditions.add("class = ?", Bind::Text(class.as_str()));
            }
            if let Some(account) = &filter.account {
                conditions.add("account = ?", Bind::Text(account.as_str()));
            }
            if let Some(subscriber) = &filter.subscriber {
                conditions.add("subscriber = ?", Bind::Text(subscriber.as_str()));
            }
            if let Some(after) = &filter.after {
                conditions.binds.push(Bind::Text(after.account.as_str()));
                let row = format!("(account, service) > (${}, ?)", conditions.binds.len());
                conditions.add(&row, Bind::Text(after.service.as_str()));
            }
            let sql = format!(
                "{COLUMNS} {} order by account, service {}",
                conditions.sql(),
                most(at_most)
            );
            let rows = session.rows(&sql, &conditions.binds).await?;
            rows.iter().map(row_of).collect()
        })
        .await
    }

    /// Returns the number of services in each class.
    pub async fn classification_counts(
        &self,
        system: &BillingName,
    ) -> Result<BTreeMap<Classification, u64>, StoreError> {
        self.within("count classified services", || async {
            let mut session = self.read().await?;
            let sql = "select class, count(*) as services from billing_service where system = $1 group by class";
            let rows = session.rows(sql, &[Bind::Text(system.as_str())]).await?;
            let counts = rows
                .iter()
                .map(|row| Ok((class_of(&row.text("class")?)?, row.count("services")?)));
            counts.collect::<Result<_, Fault>>()
        })
        .await
    }
}

/// Replaces the classifications of a scope; rows that are the same are not written.
pub(super) async fn put_classified(
    session: &mut Session,
    system: &BillingName,
    scope: ClassifiedScope<'_>,
    services: &[ClassifiedService],
) -> Result<(), Fault> {
    let mut before = BTreeMap::new();
    for row in stored(session, system, scope).await? {
        let row = row_of(&row)?;
        before.insert(row.service.clone(), row);
    }
    let mut changed = Vec::new();
    for service in services {
        let row = ClassifiedRow {
            service: service.service.clone(),
            subscriber: service.subscriber.clone(),
            class: service.classification,
            reasons: service.reasons.clone(),
            since: service.since,
        };
        // A service that billing lists twice has one row.
        match before.remove(&row.service) {
            Some(stored) if stored == row => {}
            _ => changed.push(row),
        }
    }
    changed.sort_by(|one, other| one.service.cmp(&other.service));
    changed.dedup_by(|one, other| one.service == other.service);
    let gone: Vec<&ServiceKey> = before.keys().collect();
    delete(session, system, &gone).await?;
    insert(session, system, &changed).await
}

async fn stored(
    session: &mut Session,
    system: &BillingName,
    scope: ClassifiedScope<'_>,
) -> Result<Vec<Row>, Fault> {
    let system = Bind::Text(system.as_str());
    let ClassifiedScope::Accounts(accounts) = scope else {
        let sql = format!("{COLUMNS} where system = $1");
        return session.rows(&sql, &[system]).await;
    };
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|account| json!({ "account": account.as_str() }))
        .collect();
    let sql = format!(
        "{COLUMNS} where system = $1 and account in (select e.value->>'account' from {})",
        each(session, 2)
    );
    let accounts = Bind::Document(Value::Array(accounts));
    session.rows(&sql, &[system, accounts]).await
}

async fn delete(
    session: &mut Session,
    system: &BillingName,
    services: &[&ServiceKey],
) -> Result<(), Fault> {
    let sql = format!(
        "delete from billing_service where system = $1 and (account, service) in ( \
        select e.value->>'account', e.value->>'service' from {})",
        each(session, 2)
    );
    for services in services.chunks(AT_ONCE) {
        let rows = services
            .iter()
            .map(|key| json!({ "account": key.account.as_str(), "service": key.service.as_str() }));
        let rows = Bind::Document(Value::Array(rows.collect()));
        let binds = [Bind::Text(system.as_str()), rows];
        session.execute(&sql, &binds).await?;
    }
    Ok(())
}

async fn insert(
    session: &mut Session,
    system: &BillingName,
    services: &[ClassifiedRow],
) -> Result<(), Fault> {
    let sql = format!(
        "insert into billing_service (system, account, service, subscriber, class, content) \
        select $1, e.value->>'account', e.value->>'service', e.value->>'subscriber', e.value->>'class', \
        e.value->'content' from {} where true \
        on conflict (system, account, service) do update set subscriber = excluded.subscriber, \
        class = excluded.class, content = excluded.content",
        each(session, 2)
    );
    for services in services.chunks(AT_ONCE) {
        let rows = services.iter().map(|row| {
            let content = Content {
                reasons: row.reasons.clone(),
                since: row.since,
            };
            Ok(json!({
                "account": row.service.account.as_str(),
                "service": row.service.service.as_str(),
                "subscriber": row.subscriber.as_ref().map(SubscriberId::as_str),
                "class": row.class.as_str(),
                "content": CLASSIFICATION.stored(&content)?,
            }))
        });
        let rows: Vec<Value> = rows.collect::<Result<_, serde_json::Error>>()?;
        let binds = [
            Bind::Text(system.as_str()),
            Bind::Document(Value::Array(rows)),
        ];
        session.execute(&sql, &binds).await?;
    }
    Ok(())
}

fn class_of(word: &str) -> Result<Classification, Fault> {
    let mut classes = Classification::ALL.into_iter();
    let class = classes.find(|class| class.as_str() == word);
    class.ok_or_else(|| Fault::Broken(format!("the class {word:?} in it is unknown")))
}

fn row_of(row: &Row) -> Result<ClassifiedRow, Fault> {
    let content: Content = CLASSIFICATION.restored(row.document("content")?)?;
    let subscriber = row.maybe_text("subscriber")?;
    let subscriber = subscriber.map(|id| SubscriberId::new(&id)).transpose();
    Ok(ClassifiedRow {
        service: service_key(&format!(
            "{}/{}",
            row.text("account")?,
            row.text("service")?
        ))?,
        subscriber: subscriber.map_err(|error| super::invalid(&error))?,
        class: class_of(&row.text("class")?)?,
        reasons: content.reasons,
        since: content.since,
    })
}

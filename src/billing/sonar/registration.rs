//! Registers gamctl's webhook in Sonar, and tests that it arrives.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde_json::{Value, json};

use super::client::SonarClient;
use super::connection::Connection;
use super::mutation::{ModelEvent, Mutation};
use super::query::Query;
use crate::billing::json::{Record, ShapeError};
use crate::billing::{BillingError, BillingProblem, Priority};

/// The name of the webhook in Sonar.
const NAME: &str = "gamctl";

/// The models whose changes concern services, where the instance has them.
const MODELS: [&str; 7] = [
    "Account",
    "AccountService",
    "InventoryItem",
    "InventoryModelFieldData",
    "UninventoriedMacAddress",
    "DataServiceDetail",
    "Address",
];

/// The events that matter, where the instance has them.
const EVENTS: [&str; 5] = ["CREATED", "UPDATED", "DELETED", "ATTACHED", "DETACHED"];

const ENDPOINTS: &str = "
query Endpoints($page: Paginator!) {
  webhook_endpoints(paginator: $page) { entities { id endpoint enabled } }
}";

/// It is not a connection with pages.
const LEGAL_EVENTS: &str = "
query LegalEvents {
  webhook_model_events { entities { model events } }
}";

/// The webhook as Sonar has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookState {
    Missing,
    /// It has an earlier token, which the service refuses by now.
    OtherToken {
        endpoint: CompactString,
    },
    Disabled {
        endpoint: CompactString,
    },
    Enabled {
        endpoint: CompactString,
    },
}

/// The result of a test webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTest {
    /// The status that Sonar got; success is 200 only.
    pub status: Option<u64>,
    pub is_success: bool,
}

impl SonarClient {
    /// Returns whether a webhook with this URL is registered. The URL has a token, and is in no error.
    ///
    /// # Errors
    ///
    /// Fails if the request fails.
    pub async fn webhook_state(&self, url: &str) -> Result<WebhookState, BillingError> {
        let query = Query {
            name: "webhook_endpoints",
            text: ENDPOINTS.to_owned(),
            variables: json!({"page": {"page": 1, "records_per_page": 100}}),
        };
        let data = self.ask(Priority::WriteBack, &query).await?;
        let state = read_state(&data, url);
        state.map_err(|why| self.error(query.name, BillingProblem::Shape(why)))
    }

    /// Registers a webhook with this URL, or updates the one that is there; returns its id.
    ///
    /// # Errors
    ///
    /// Fails if a request fails.
    pub async fn register_webhook(&self, url: &str) -> Result<CompactString, BillingError> {
        let query = Query {
            name: "webhook_model_events",
            text: LEGAL_EVENTS.to_owned(),
            variables: json!({}),
        };
        let data = self.ask(Priority::WriteBack, &query).await?;
        let events = wanted_events(&data);
        let events = events.map_err(|why| self.error(query.name, BillingProblem::Shape(why)))?;
        let state = self.webhook_state(url).await?;
        let name = NAME;
        let sent = match &state {
            WebhookState::Missing => {
                let create = Mutation::CreateWebhook {
                    name,
                    url,
                    events: &events,
                };
                self.send(&create).await
            }
            WebhookState::OtherToken { endpoint }
            | WebhookState::Disabled { endpoint }
            | WebhookState::Enabled { endpoint } => {
                let update = Mutation::UpdateWebhook {
                    endpoint,
                    name,
                    url,
                    events: &events,
                };
                self.send(&update).await
            }
        };
        if let Err(error) = sent
            && !error.may_have_taken_effect()
        {
            return Err(error);
        }
        match self.webhook_state(url).await? {
            WebhookState::Enabled { endpoint } => Ok(endpoint),
            WebhookState::Missing
            | WebhookState::OtherToken { .. }
            | WebhookState::Disabled { .. } => {
                let code = Some(CompactString::const_new("not registered"));
                let status = 200;
                Err(self.error(
                    "createWebhookEndpoint",
                    BillingProblem::Refused { status, code },
                ))
            }
        }
    }

    /// Makes Sonar send a test webhook.
    ///
    /// # Errors
    ///
    /// Fails if the request fails; a webhook that did not arrive is a result.
    pub async fn test_webhook(&self, endpoint: &str) -> Result<WebhookTest, BillingError> {
        let test = Mutation::TestWebhook { endpoint };
        let name = test.name();
        let query = test.query().ok_or_else(|| {
            let field = Some(CompactString::const_new("id"));
            self.error(name, BillingProblem::Rejected { field })
        })?;
        let data = self.change(&query).await?;
        let read = read_test(&data, name);
        read.map_err(|why| self.error(name, BillingProblem::Shape(why)))
    }
}

fn read_state(data: &Value, url: &str) -> Result<WebhookState, ShapeError> {
    let connection = Connection::read(&Record::of(data, "")?, "webhook_endpoints")?;
    let mut state = WebhookState::Missing;
    for (value, path) in connection.entities {
        let endpoint = Record::of(value, path)?;
        let Some(found) = endpoint.text("endpoint")? else {
            continue;
        };
        let id = endpoint.id("id")?;
        if found != url {
            if is_of_same_hook(&found, url) && state == WebhookState::Missing {
                state = WebhookState::OtherToken { endpoint: id };
            }
            continue;
        }
        if endpoint.flag("enabled")? == Some(true) {
            return Ok(WebhookState::Enabled { endpoint: id });
        }
        state = WebhookState::Disabled { endpoint: id };
    }
    Ok(state)
}

/// Returns whether two addresses differ in their token only, which is behind the last `/`.
fn is_of_same_hook(found: &str, url: &str) -> bool {
    let before = |text: &str| text.rsplit_once('/').map(|(before, _)| before.to_owned());
    before(found).is_some() && before(found) == before(url)
}

/// Returns the events to subscribe to: those that matter, among those that the instance has.
fn wanted_events(data: &Value) -> Result<Vec<ModelEvent>, ShapeError> {
    let connection = Connection::read(&Record::of(data, "")?, "webhook_model_events")?;
    let mut wanted = BTreeSet::new();
    for (value, path) in connection.entities {
        let legal = Record::of(value, path)?;
        let model = legal.word("model")?;
        if !MODELS.contains(&model.as_str()) {
            continue;
        }
        for (event, _) in legal.list("events")? {
            // A word that is not known here is none that matters.
            if let Some(event) = event.as_str().filter(|event| EVENTS.contains(event)) {
                wanted.insert(ModelEvent {
                    model: model.clone(),
                    event: event.into(),
                });
            }
        }
    }
    Ok(wanted.into_iter().collect())
}

fn read_test(data: &Value, name: &str) -> Result<WebhookTest, ShapeError> {
    let data = Record::of(data, "")?;
    let test = data.optional(name)?;
    let test = test.ok_or_else(|| data.wrong(name, "an object"))?;
    Ok(WebhookTest {
        status: test.number("status_code")?,
        is_success: test.flag("success")? == Some(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://gamctl.isp.example/hooks/billing/sonar/t0ken";

    #[test]
    fn a_webhook_is_known_by_its_url() {
        let state = |entities: Value| {
            let data = json!({"webhook_endpoints": {"entities": entities}});
            read_state(&data, URL).unwrap()
        };
        let other = json!({"id": "1", "endpoint": "https://other.example/", "enabled": true});
        assert_eq!(state(json!([])), WebhookState::Missing);
        assert_eq!(state(json!([other])), WebhookState::Missing);
        let disabled = json!({"id": "2", "endpoint": URL, "enabled": false});
        let endpoint = CompactString::new("2");
        assert_eq!(
            state(json!([other, disabled])),
            WebhookState::Disabled { endpoint }
        );
        let earlier = json!({"id": "4", "endpoint": URL.replace("t0ken", "0ld"), "enabled": true});
        let endpoint = CompactString::new("4");
        assert_eq!(
            state(json!([other, earlier])),
            WebhookState::OtherToken { endpoint }
        );
        assert!(matches!(
            state(json!([earlier, disabled])),
            WebhookState::Disabled { .. }
        ));
        let another = json!({"id": "5", "endpoint": URL.replace("sonar", "east"), "enabled": true});
        assert_eq!(state(json!([another])), WebhookState::Missing);
        let enabled = json!({"id": "3", "endpoint": URL, "enabled": true});
        let endpoint = CompactString::new("3");
        assert_eq!(
            state(json!([disabled, enabled])),
            WebhookState::Enabled { endpoint }
        );
    }

    #[test]
    fn only_events_that_the_instance_has_are_subscribed_to() {
        let data = json!({"webhook_model_events": {"entities": [
            {"model": "Account", "events": ["UPDATED", "CREATED", "MERGED"]},
            {"model": "Invoice", "events": ["CREATED"]},
            {"model": "Address", "events": []}]}});
        let events = wanted_events(&data).unwrap();
        let events: Vec<_> = events
            .iter()
            .map(|event| (event.model.as_str(), event.event.as_str()))
            .collect();
        assert_eq!(events, [("Account", "CREATED"), ("Account", "UPDATED")]);
    }

    #[test]
    fn a_test_that_did_not_arrive_is_a_result() {
        let data = json!({"generateTestWebhook": {"success": false, "status_code": 502}});
        let test = read_test(&data, "generateTestWebhook").unwrap();
        assert_eq!((test.is_success, test.status), (false, Some(502)));
        assert!(read_test(&json!({"generateTestWebhook": null}), "generateTestWebhook").is_err());
    }
}

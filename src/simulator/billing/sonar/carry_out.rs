//! Carries out one request of the instance: plans it, lets faults interfere, reads or writes, answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::answer;
use super::fault::{Fault, Met, Occasion};
use super::graphql::parse;
use super::query::{Executor, GraphError, Outcome, Plan, Planned, View, plan};
use super::request::Asked;
use super::schema::{Schema, Source};
use super::twin::SonarTwin;
use super::write::{Writer, bills, perform};
use crate::simulator::billing::http::{Delivery, HttpAnswer};

/// The plan of a request, or the errors that the whole request has.
type Planning<'s> = Result<Plan<'s>, Vec<GraphError>>;

impl SonarTwin {
    /// Answers a request that has the right address and token.
    pub(super) fn answer_asked(&mut self, asked: &Asked, now: u64) -> HttpAnswer {
        let clock = self.clock(now);
        let schema = Arc::clone(&self.schema);
        let planning: Planning<'_> = parse(&asked.query)
            .map_err(|error| vec![GraphError::from(error)])
            .and_then(|document| {
                plan(
                    &schema,
                    &document,
                    asked.operation.as_deref(),
                    &asked.variables,
                )
            });
        let pages = planning.as_ref().map(Plan::pages).unwrap_or_default();
        let met = self.faults.meet(&Occasion::Request {
            is_write: planning.as_ref().is_ok_and(Plan::is_write),
            pages: &pages,
        });
        if let Some(refusal) = self.refusal(&met, clock) {
            return refusal;
        }
        let mut body = match planning {
            Ok(plan) => self.carry_out(&schema, &plan, &met, now),
            Err(errors) => json!({"errors": list(&errors)}),
        };
        self.counters.failed += u64::from(body.get("errors").is_some());
        if met.iter().any(|(fault, _)| fault == &Fault::PartialData {}) {
            answer::in_part(&mut body);
        }
        let mut reply = answer::json(200, &body, clock);
        for (fault, _) in &met {
            match fault {
                Fault::Slow { millis } => reply.delay = Duration::from_millis(*millis),
                Fault::HalfAnswer {} => reply.delivery = Delivery::Half,
                Fault::AnswerLost {} => reply.delivery = Delivery::Nothing,
                _ => {}
            }
        }
        reply
    }

    /// Returns the answer of a fault that keeps the request from being carried out.
    fn refusal(&self, met: &[Met], clock: u64) -> Option<HttpAnswer> {
        met.iter().find_map(|(fault, _)| match fault {
            Fault::Unreachable {} => Some(HttpAnswer {
                delivery: Delivery::Nothing,
                ..answer::html(502, "Bad Gateway", clock)
            }),
            Fault::Timeout { millis, .. } => Some(HttpAnswer {
                delay: Duration::from_millis(*millis),
                ..answer::html(504, "Gateway Time-out", clock)
            }),
            Fault::Html { status } => Some(answer::html(*status, "Error", clock)),
            Fault::Limited { status } => Some(answer::limited(*status, self.access.limit(), clock)),
            Fault::Unauthorized {} => Some(answer::unauthenticated(clock)),
            _ => None,
        })
    }

    fn carry_out(&mut self, schema: &Schema, plan: &Plan<'_>, met: &[Met], now: u64) -> Value {
        let mut view = View::default();
        for (fault, count) in met {
            fault.distort(*count, &mut view);
        }
        let (mut data, mut errors) = (Map::new(), Vec::new());
        for planned in &plan.fields {
            let name = planned.field.name.to_owned();
            let value = if view.forbidden.contains(&name) {
                Err(GraphError {
                    path: vec![json!(planned.key)],
                    ..GraphError::at("You do not have permission to do this.", planned.at)
                })
            } else if plan.is_write() {
                *self.counters.mutations.entry(name).or_default() += 1;
                self.mutate(schema, planned, &view, met, now)
            } else {
                *self.counters.queries.entry(name).or_default() += 1;
                Executor::new(schema, &self.db, &view, &self.model_events).query(planned)
            };
            let value = value.unwrap_or_else(|error| {
                errors.push(error);
                Value::Null
            });
            data.insert(planned.key.clone(), value);
        }
        match errors.is_empty() {
            true => json!({"data": data}),
            false => json!({"data": data, "errors": list(&errors)}),
        }
    }

    fn mutate(
        &mut self,
        schema: &Schema,
        planned: &Planned<'_>,
        view: &View,
        met: &[Met],
        now: u64,
    ) -> Result<Value, GraphError> {
        let name = planned.field.name;
        let has = |wanted: &Fault| met.iter().any(|(fault, _)| fault == wanted);
        if planned.field.source == Source::Typename {
            return Ok(json!("Mutation"));
        }
        self.counters.billing_mutations += u64::from(bills(name, &planned.arguments));
        if has(&Fault::WriteRefused {}) {
            return self.refuse_write(schema, planned, view);
        }
        let before = has(&Fault::WriteIgnored {}).then(|| self.db.clone());
        let outcome = self.perform(planned, before.is_some(), now);
        let value = outcome
            .and_then(|outcome| {
                Executor::new(schema, &self.db, view, &self.model_events).outcome(planned, &outcome)
            })
            .map_err(|error| GraphError {
                at: error.at.or(Some(planned.at)),
                path: vec![json!(planned.key)],
                ..error
            });
        if let Some(before) = before {
            self.db = before;
        }
        value
    }

    /// Writes, and queues webhooks unless the write is going to be undone.
    fn perform(
        &mut self,
        planned: &Planned<'_>,
        is_ignored: bool,
        now: u64,
    ) -> Result<Outcome, GraphError> {
        let name = planned.field.name;
        let clock = self.clock(now);
        if name == "generateTestWebhook" {
            let id = planned.arguments.get("id").and_then(Value::as_u64);
            let known = id.filter(|id| self.db.row("WebhookEndpoint", *id).is_some());
            let id = known.ok_or_else(|| GraphError::new("No WebhookEndpoint was found."))?;
            return Ok(Outcome::Plain(self.webhooks.test(id, &mut self.db, now)));
        }
        let mut writer = Writer::new(&mut self.db, clock);
        let outcome = perform(name, &planned.arguments, &mut writer)?;
        let happened = std::mem::take(&mut writer.happened);
        if is_ignored {
            return Ok(outcome);
        }
        self.announce(&happened, now);
        let input = planned.arguments.get("input");
        let is_enabled = input.and_then(|input| input.get("enabled")) == Some(&json!(true));
        if let Outcome::Row("WebhookEndpoint", id) = outcome
            && is_enabled
        {
            self.webhooks.head(id, now);
        }
        Ok(outcome)
    }

    fn refuse_write(
        &self,
        schema: &Schema,
        planned: &Planned<'_>,
        view: &View,
    ) -> Result<Value, GraphError> {
        const MESSAGE: &str = "The request could not be completed.";
        if planned.field.kind.name() != "SuccessResponse" {
            return Err(GraphError {
                path: vec![json!(planned.key)],
                ..GraphError::at(MESSAGE, planned.at)
            });
        }
        let refused = Outcome::Plain(json!({"success": false, "message": MESSAGE}));
        Executor::new(schema, &self.db, view, &self.model_events).outcome(planned, &refused)
    }
}

fn list(errors: &[GraphError]) -> Vec<Value> {
    errors.iter().map(GraphError::to_json).collect()
}

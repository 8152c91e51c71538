//! Sends the requests of one system in turn, retries reads, and spares a failing system.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compact_str::CompactString;
use tokio::time::{Instant, sleep};

use super::circuit::{Circuit, retry_pause};
use super::error::{BillingError, BillingProblem, Unreachable};
use super::http::{HttpAnswer, HttpClient, HttpClientError, HttpRequest};
use super::limiter::{Priority, RequestRate};
use super::turns::{HeldTurn, Turns};
use crate::model::billing::BillingName;

/// The settings of a channel.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// The name in the inventory.
    pub system: BillingName,
    pub rate: RequestRate,
    pub retries: Retries,
}

/// How often a read is tried. A write is tried once, and a read decides whether it took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    pub tries: u32,
    /// The pause after the first failure; it doubles with each further one.
    pub first_pause: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            tries: 3,
            first_pause: Duration::from_secs(1),
        }
    }
}

/// The way to one billing system, shared by all tasks of this process.
#[derive(Debug, Clone)]
pub struct Channel {
    system: BillingName,
    retries: Retries,
    http: HttpClient,
    turns: Turns,
    circuit: Arc<Mutex<Circuit>>,
    started: Instant,
}

impl Channel {
    pub fn new(settings: &ChannelSettings) -> Result<Self, HttpClientError> {
        Ok(Self {
            system: settings.system.clone(),
            retries: settings.retries,
            http: HttpClient::new()?,
            turns: Turns::new(settings.rate),
            circuit: Arc::default(),
            started: Instant::now(),
        })
    }

    pub fn system(&self) -> &BillingName {
        &self.system
    }

    /// Begins a read, which may be sent several times.
    pub fn read(&self, priority: Priority, request: impl Into<CompactString>) -> Attempts<'_> {
        self.attempts(priority, request.into(), self.retries.tries)
    }

    /// Begins a write, which is sent once.
    pub fn write(&self, priority: Priority, request: impl Into<CompactString>) -> Attempts<'_> {
        self.attempts(priority, request.into(), 1)
    }

    fn attempts(&self, priority: Priority, request: CompactString, left: u32) -> Attempts<'_> {
        Attempts {
            channel: self,
            priority,
            request,
            left,
            failures: 0,
            asks_for_ability: false,
        }
    }

    /// Returns how long every request has failed.
    pub fn failing_for(&self) -> Option<Duration> {
        let since = self.circuit().failing_since()?;
        Some(self.now().saturating_sub(since))
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The attempts of one request.
///
/// ```text
/// loop {
///     let turn = attempts.begin().await?;
///     let result = …; // attempts.send(request), then read the answer
///     if let Some(result) = attempts.end(turn, result).await {
///         return result;
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Attempts<'c> {
    channel: &'c Channel,
    priority: Priority,
    request: CompactString,
    left: u32,
    failures: u32,
    asks_for_ability: bool,
}

impl Attempts<'_> {
    /// Lets a refusal, even a server error, be an answer: this version may not have what is asked for.
    pub fn asking_for_ability(self) -> Self {
        Self {
            asks_for_ability: true,
            ..self
        }
    }

    /// Waits for a turn; an error if the system is spared at the moment.
    pub async fn begin(&self) -> Result<HeldTurn, BillingError> {
        let open = |wait| self.error(unreachable(Unreachable::CircuitOpen { wait }));
        let channel = self.channel;
        // A request that would not be sent needs no turn.
        if let Some(wait) = channel.circuit().wait(channel.now()) {
            return Err(open(wait));
        }
        let turn = channel.turns.wait(self.priority).await;
        let admitted = channel.circuit().admit(channel.now());
        admitted.map(|()| turn).map_err(open)
    }

    /// Sends one request.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, BillingError> {
        let answer = self.channel.http.send(request).await;
        answer.map_err(|why| self.error(unreachable(why)))
    }

    /// Makes the error of this request.
    pub fn error(&self, problem: BillingProblem) -> BillingError {
        BillingError {
            system: self.channel.system.clone(),
            request: self.request.clone(),
            problem,
        }
    }

    /// Notes the result of one attempt; returns it if there is no further attempt, else pauses.
    pub async fn end<T>(
        &mut self,
        turn: HeldTurn,
        result: Result<T, BillingError>,
    ) -> Option<Result<T, BillingError>> {
        let channel = self.channel;
        drop(turn);
        let error = match result {
            Ok(value) => {
                channel.circuit().succeed();
                return Some(Ok(value));
            }
            Err(error) => error,
        };
        let is_answer = self.asks_for_ability && is_refused_by_program(&error.problem);
        match error.counts_against_system() && !is_answer {
            true => channel.circuit().fail(channel.now()),
            false => channel.circuit().succeed(),
        }
        if let BillingProblem::Limited { wait } = error.problem {
            channel.turns.pause(wait);
        }
        self.left = self.left.saturating_sub(1);
        self.failures += 1;
        if self.left == 0 || is_answer || !error.retry_helps() {
            return Some(Err(error));
        }
        // The limit of the system has paused the queue already.
        if !matches!(error.problem, BillingProblem::Limited { .. }) {
            let first = channel.retries.first_pause;
            sleep(retry_pause(first, self.failures, random())).await;
        }
        None
    }
}

/// Returns whether the program itself refused a request, and not a gateway before it.
fn is_refused_by_program(problem: &BillingProblem) -> bool {
    match problem {
        BillingProblem::Refused { status, .. } => !matches!(status, 502..=504),
        _ => false,
    }
}

fn unreachable(why: Unreachable) -> BillingProblem {
    BillingProblem::Unreachable(why)
}

fn random() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1
}

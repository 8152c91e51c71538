//! Logs in to Splynx by token, by a signature for each request, or by basic login.

use std::sync::{Arc, MutexGuard, PoisonError};

use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::super::address::Address;
use super::super::channel::{Attempts, Channel};
use super::super::error::{BillingError, BillingProblem, Unauthorized};
use super::super::http::{HttpLimits, HttpRequest};
use super::super::limiter::Priority;
use super::answer::{Failure, not_json};
use super::endpoint::TOKENS;
use super::nonce::{NonceStore, Nonces};
use super::settings::{LoginWay, SplynxLogin};
use super::signature::{Signed, Tokens, basic_header, sign};

/// The login to one instance, shared by all requests.
pub(super) struct Session {
    login: SplynxLogin,
    nonces: Nonces,
    clock: fn() -> u64,
    /// Never held while a request is sent: others have their turn and need it.
    state: std::sync::Mutex<State>,
    logging_in: Mutex<()>,
    /// Signed requests are sent one after the other: the server refuses a number below the last.
    signing: Arc<Mutex<()>>,
}

struct State {
    way: LoginWay,
    tokens: Option<(Tokens, Instant)>,
    /// Counts logins, so that one ended session makes one new login.
    number: u64,
}

/// The proof of one request. Dropped when its answer is there.
pub(super) struct Credential {
    pub(super) header: HeaderValue,
    /// The login that it belongs to, if it was one by token.
    pub(super) number: Option<u64>,
    _signing: Option<OwnedMutexGuard<()>>,
}

/// An address with the path of the API.
#[derive(Debug, Clone)]
pub(super) struct Api(pub(super) Address);

impl Api {
    pub(super) fn url(&self, path: &str, query: &str) -> reqwest::Url {
        self.0.join(&format!("api/2.0/admin/{path}"), query)
    }
}

impl Session {
    pub(super) fn new(login: SplynxLogin, nonces: Arc<dyn NonceStore>, clock: fn() -> u64) -> Self {
        let state = State {
            way: login.how,
            tokens: None,
            number: 0,
        };
        Self {
            login,
            nonces: Nonces::new(nonces),
            clock,
            state: std::sync::Mutex::new(state),
            logging_in: Mutex::default(),
            signing: Arc::default(),
        }
    }

    /// Returns the way in which requests are proved now.
    pub(super) fn way(&self) -> LoginWay {
        self.state().way
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether no login is needed before a request.
    fn is_ready(&self) -> bool {
        let state = self.state();
        let is_valid = |(_, ends): &(Tokens, Instant)| Instant::now() < *ends;
        state.way != LoginWay::Token || state.tokens.as_ref().is_some_and(is_valid)
    }

    /// Logs in if there is no valid token. It takes a turn of its own.
    pub(super) async fn prepare(
        &self,
        channel: &Channel,
        api: &Api,
        priority: Priority,
    ) -> Result<(), BillingError> {
        if self.is_ready() {
            return Ok(());
        }
        let _logging_in = self.logging_in.lock().await;
        // Another request may have logged in meanwhile.
        if self.is_ready() {
            return Ok(());
        }
        let old = self.state().tokens.take();
        let renewed = match old {
            Some((tokens, _)) => self.renew(channel, api, priority, &tokens).await?,
            None => None,
        };
        let tokens = match renewed {
            Some(tokens) => Some(tokens),
            None => self.log_in(channel, api, priority).await?,
        };
        let mut state = self.state();
        match tokens {
            Some(tokens) => {
                let ends = Instant::now() + tokens.life;
                state.tokens = Some((tokens, ends));
                state.number += 1;
            }
            None => state.way = LoginWay::Signature,
        }
        Ok(())
    }

    /// Forgets the token of a login that the server has ended.
    pub(super) fn forget(&self, number: u64) {
        let mut state = self.state();
        if state.number == number {
            state.tokens = None;
        }
    }

    /// Returns the proof for one request, right before it is sent.
    pub(super) async fn credential(
        &self,
        attempts: &Attempts<'_>,
    ) -> Result<Credential, BillingError> {
        let (number, ready) = self.ready_header();
        let (header, signing) = match ready {
            Some(header) => (header, None),
            None => {
                let signing = Arc::clone(&self.signing).lock_owned().await;
                (self.sign(attempts).await?.header(), Some(signing))
            }
        };
        let header =
            header.ok_or_else(|| attempts.error(unauthorized(Unauthorized::SecretCharacters)))?;
        Ok(Credential {
            header,
            number,
            _signing: signing,
        })
    }

    /// Returns the number of the login and its header; no header if each request has its own.
    fn ready_header(&self) -> (Option<u64>, Option<Option<HeaderValue>>) {
        let state = self.state();
        match (state.way, &state.tokens) {
            (LoginWay::Token, Some((tokens, _))) => (Some(state.number), Some(tokens.header())),
            (LoginWay::Basic, _) => (None, Some(basic_header(&self.login))),
            (LoginWay::Signature | LoginWay::Token, _) => (None, None),
        }
    }

    async fn sign(&self, attempts: &Attempts<'_>) -> Result<Signed, BillingError> {
        let nonce = self.nonces.next((self.clock)()).await;
        let nonce = nonce
            .map_err(|why| attempts.error(unauthorized(Unauthorized::NonceNotStored(why.0))))?;
        sign(&self.login, nonce)
            .ok_or_else(|| attempts.error(unauthorized(Unauthorized::SecretCharacters)))
    }

    /// Logs in with a signature; `None` if this instance issues no tokens.
    async fn log_in(
        &self,
        channel: &Channel,
        api: &Api,
        priority: Priority,
    ) -> Result<Option<Tokens>, BillingError> {
        let mut attempts = channel.read(priority, "POST auth/tokens");
        loop {
            let turn = attempts.begin().await?;
            let result = self.try_login(&attempts, api).await;
            if let Some(result) = attempts.end(turn, result).await {
                return result;
            }
        }
    }

    async fn try_login(
        &self,
        attempts: &Attempts<'_>,
        api: &Api,
    ) -> Result<Option<Tokens>, BillingError> {
        let _signing = self.signing.lock().await;
        let body = self.sign(attempts).await?.body();
        let request = HttpRequest {
            method: Method::POST,
            url: api.url(TOKENS.path, ""),
            authorization: None,
            body: Some(body),
            limits: HttpLimits::WRITE,
        };
        let answer = attempts.send(request).await?;
        if answer.is_success() {
            let tokens = Tokens::read(&answer.body, (self.clock)());
            return tokens.map(Some).map_err(|shape| {
                attempts.error(match shape {
                    Some(shape) => BillingProblem::Shape(shape),
                    None => not_json(&answer),
                })
            });
        }
        let failure = Failure::read(answer.status, &answer.body);
        if failure.is_absent() {
            return Ok(None);
        }
        let problem = match answer.status {
            400 | 401 | 403 | 422 => unauthorized(failure.unauthorized()),
            _ => failure.problem(TOKENS, &answer),
        };
        Err(attempts.error(problem))
    }

    /// Renews a token; `None` if the server does not renew it, so that a new login is needed.
    async fn renew(
        &self,
        channel: &Channel,
        api: &Api,
        priority: Priority,
        tokens: &Tokens,
    ) -> Result<Option<Tokens>, BillingError> {
        // The renewal token is used up by the first attempt, so it is sent once.
        let mut attempts = channel.write(priority, "GET auth/tokens");
        let turn = attempts.begin().await?;
        let request = HttpRequest {
            method: Method::GET,
            url: api.url(&format!("{}/{}", TOKENS.path, tokens.refresh_path()), ""),
            authorization: None,
            body: None,
            limits: HttpLimits::WRITE,
        };
        let answer = attempts.send(request).await;
        let renewed = answer.map(|answer| match answer.is_success() {
            true => Tokens::read(&answer.body, (self.clock)()).ok(),
            false => None,
        });
        attempts
            .end(turn, renewed)
            .await
            .unwrap_or(Ok(None))
            .or(Ok(None))
    }
}

fn unauthorized(why: Unauthorized) -> BillingProblem {
    BillingProblem::Unauthorized(why)
}

//! Sends queries to one Sonar instance, and remembers which of them the instance can answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use reqwest::header::HeaderValue;
use reqwest::{Method, Url};
use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::read_answer;
use super::delta_root::{AskedRoot, DeltaRoot, RootAccess};
use super::query::{Query, SonarFeatures};
use super::settings::SonarSettings;
use crate::billing::{
    Attempts, BillingError, BillingProblem, Channel, ChannelSettings, HttpAnswer, HttpClientError,
    HttpLimits, HttpRequest, Priority, Unauthorized, Unreachable,
};
use crate::secrets::Secret;

/// A client of one Sonar instance.
#[derive(Debug)]
pub struct SonarClient {
    channel: Channel,
    url: Url,
    /// `None` if the token cannot be sent.
    authorization: Option<HeaderValue>,
    limits: HttpLimits,
    settings: SonarSettings,
    features: Mutex<KnownFeatures>,
}

/// The features of an instance, as far as they are known.
#[derive(Debug, Default)]
struct KnownFeatures {
    /// `None` until the instance was asked.
    uninventoried_service: Option<bool>,
    /// By root: an instance may fail to count one connection and not another.
    totals: BTreeMap<&'static str, SonarFeatures>,
    /// The access to changes of a root, if it is not with its total.
    roots: BTreeMap<DeltaRoot, RootAccess>,
}

impl SonarClient {
    /// Makes a client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Fails if TLS cannot be set up on this host.
    pub fn new(settings: SonarSettings) -> Result<Self, HttpClientError> {
        let channel = Channel::new(&ChannelSettings {
            system: settings.name.clone(),
            rate: settings.rate,
            retries: settings.retries,
        })?;
        Ok(Self {
            channel,
            url: settings.address.url(),
            authorization: bearer(&settings.token),
            limits: HttpLimits {
                time: settings.timeout,
                ..HttpLimits::QUERY
            },
            settings,
            features: Mutex::default(),
        })
    }

    pub fn settings(&self) -> &SonarSettings {
        &self.settings
    }

    /// Returns the way to the instance, for its state.
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Sends a read, again after a pause if that may help.
    pub(super) async fn ask(
        &self,
        priority: Priority,
        query: &Query,
    ) -> Result<Value, BillingError> {
        let attempts = self.channel.read(priority, query.name);
        self.carry_out(attempts, query).await
    }

    /// Sends a read once.
    pub(super) async fn ask_once(
        &self,
        priority: Priority,
        query: &Query,
    ) -> Result<Value, BillingError> {
        let attempts = self.channel.write(priority, query.name);
        self.carry_out(attempts, query).await
    }

    /// Sends a mutation, once: where its answer is lost, a read decides whether it took effect.
    pub(super) async fn change(&self, mutation: &Query) -> Result<Value, BillingError> {
        let attempts = self.channel.write(Priority::WriteBack, mutation.name);
        self.carry_out(attempts, mutation).await
    }

    async fn carry_out(
        &self,
        mut attempts: Attempts<'_>,
        query: &Query,
    ) -> Result<Value, BillingError> {
        loop {
            let turn = attempts.begin().await?;
            let result = self.exchange(&attempts, query).await;
            let result = result.and_then(|answer| {
                let data = read_answer(answer.status, &answer.body);
                data.map_err(|problem| attempts.error(problem))
            });
            if let Some(result) = attempts.end(turn, result).await {
                return result;
            }
        }
    }

    pub(super) async fn exchange(
        &self,
        attempts: &Attempts<'_>,
        query: &Query,
    ) -> Result<HttpAnswer, BillingError> {
        let Some(authorization) = self.authorization.clone() else {
            let wrong = Unauthorized::SecretCharacters;
            return Err(attempts.error(BillingProblem::Unauthorized(wrong)));
        };
        let request = HttpRequest {
            method: Method::POST,
            url: self.url.clone(),
            authorization: Some(authorization),
            body: Some(query.body()),
            limits: self.limits,
        };
        attempts.send(request).await
    }

    /// Makes an error of a request that was answered.
    pub(super) fn error(&self, request: &'static str, problem: BillingProblem) -> BillingError {
        BillingError {
            system: self.settings.name.clone(),
            request: CompactString::const_new(request),
            problem,
        }
    }

    /// Returns what the instance can answer when this root is asked for.
    pub(super) fn features(&self, root: &'static str) -> SonarFeatures {
        let known = self.known();
        let totals = known.totals.get(root).copied();
        SonarFeatures {
            uninventoried_service: known.uninventoried_service.unwrap_or(false),
            ..totals.unwrap_or(SonarFeatures::UNKNOWN)
        }
    }

    /// Remembers with which totals a root was answered.
    pub(super) fn remember_totals(&self, root: &'static str, features: SonarFeatures) {
        self.known().totals.insert(root, features);
    }

    /// Returns the roots that were answered without all totals.
    pub(super) fn roots_without_totals(&self) -> Vec<&'static str> {
        let known = self.known();
        let totals = known.totals.iter();
        let missing = totals.filter(|(_, totals)| !totals.root_totals || !totals.nested_totals);
        missing.map(|(root, _)| *root).collect()
    }

    /// Remembers the fields of newer instances.
    pub(super) fn remember_fields(&self, uninventoried_service: bool) {
        self.known().uninventoried_service = Some(uninventoried_service);
    }

    pub(super) fn knows_fields(&self) -> bool {
        self.known().uninventoried_service.is_some()
    }

    /// Returns the roots that can be asked for changes, as far as is known.
    pub(super) fn asked_roots(&self) -> Vec<AskedRoot> {
        let known = self.known();
        let roots = DeltaRoot::ALL.into_iter();
        let roots = roots.filter_map(|root| match known.roots.get(&root) {
            None | Some(RootAccess::Counted) => Some(AskedRoot {
                root,
                is_counted: true,
            }),
            Some(RootAccess::Uncounted) => Some(AskedRoot {
                root,
                is_counted: false,
            }),
            Some(RootAccess::Refused) => None,
        });
        roots.collect()
    }

    /// Returns the roots that cannot be asked for changes.
    pub(super) fn blind_roots(&self) -> Vec<DeltaRoot> {
        let known = self.known();
        let refused = known.roots.iter();
        let refused = refused.filter(|(_, access)| **access == RootAccess::Refused);
        refused.map(|(root, _)| *root).collect()
    }

    /// Remembers how a root can be asked for changes.
    pub(super) fn remember_root(&self, root: DeltaRoot, access: RootAccess) {
        self.known().roots.insert(root, access);
    }

    /// Asks for everything again: an instance that could not count may have been repaired, a permission added.
    pub(super) fn forget_refusals(&self) {
        let mut known = self.known();
        known.totals.clear();
        known.roots.clear();
    }

    fn known(&self) -> MutexGuard<'_, KnownFeatures> {
        self.features.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether there was no answer in time, so that less should be asked for.
pub(super) fn is_timeout(error: &BillingError) -> bool {
    matches!(
        error.problem,
        BillingProblem::Unreachable(Unreachable::Timeout { .. })
    )
}

/// Returns whether the instance answered, and refused the query itself or a part of it.
pub(super) fn is_query_error(error: &BillingError) -> bool {
    matches!(
        error.problem,
        BillingProblem::Refused { status: 200, .. } | BillingProblem::Forbidden { .. }
    )
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    let token = token.reveal().trim_ascii();
    if token.is_empty() {
        return None;
    }
    let mut header = Zeroizing::new(b"Bearer ".to_vec());
    header.extend_from_slice(token);
    let mut header = HeaderValue::from_bytes(&header).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(token: &[u8]) -> Option<HeaderValue> {
        bearer(&Secret::new(token.to_vec()))
    }

    #[test]
    fn a_token_is_sent_as_bearer_and_does_not_print_itself() {
        let header = header(b" abc.def.ghi\n").unwrap();
        assert_eq!(header.as_bytes(), b"Bearer abc.def.ghi");
        assert!(!format!("{header:?}").contains("abc"));
    }

    #[test]
    fn a_token_with_a_line_break_inside_is_not_sent() {
        assert_eq!(header(b"abc\r\nX-Other: 1"), None);
        assert_eq!(header(b" "), None);
    }
}

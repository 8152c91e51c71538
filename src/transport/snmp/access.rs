//! Defines the credentials of an SNMP agent and the timeouts and limits of its requests.

use std::time::Duration;

use crate::secrets::Secret;

/// The credentials for an agent: a community, or an SNMP 3 user.
#[derive(Debug, Clone)]
pub enum Access {
    V2c {
        community: Secret,
    },
    V3 {
        user: String,
        auth: Option<Auth>,
        privacy: Option<Privacy>,
    },
}

/// The authentication of an SNMP 3 user.
#[derive(Debug, Clone)]
pub struct Auth {
    pub protocol: AuthProtocol,
    pub password: Secret,
}

/// The encryption of SNMP 3 traffic.
#[derive(Debug, Clone)]
pub struct Privacy {
    pub protocol: PrivacyProtocol,
    pub password: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthProtocol {
    Md5,
    Sha1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivacyProtocol {
    Des,
    Aes128,
}

/// The longest wait before a retry.
const LONGEST: Duration = Duration::from_secs(600);

/// The number of times that the wait doubles.
const MOST_DOUBLINGS: u32 = 6;

/// The number of retries that share the time of a silent agent; further ones get no shorter share.
const MOST_RETRIES: u32 = 100;

/// The default of `SnmpOptions::silence`.
pub const SILENCE: Duration = Duration::from_secs(5);

/// Timeouts, retries and limits of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnmpOptions {
    /// Time before the first retry; it doubles with each retry, with some jitter.
    pub timeout: Duration,
    /// Retries of one request.
    pub retries: u32,
    /// Time until an agent that has not answered any request is given up, retries included. One that has answered is
    /// given the whole time of `timeout` and `retries`: it may be busy.
    pub silence: Duration,
    /// The highest number of rows in one request.
    pub rows: u32,
    /// The highest number of requests to one device that wait for an answer at the same time. A session begins with few and
    /// sends more while answers stay quick.
    pub in_flight: usize,
}

impl Default for SnmpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(1000),
            retries: 3,
            silence: SILENCE,
            rows: 25,
            in_flight: 4,
        }
    }
}

impl SnmpOptions {
    /// Returns these options with another time until a silent agent is given up. A longer one than the default also gives
    /// more time to an agent that has answered.
    pub fn with_silence(self, silence: Duration) -> Self {
        let share = u32::try_from(SILENCE.as_millis() / self.timeout.as_millis().max(1));
        let timeout = silence / share.unwrap_or(1).max(1);
        Self {
            timeout: self.timeout.max(timeout),
            silence,
            ..self
        }
    }

    /// Returns the time until a request is given up, without jitter.
    pub(super) fn whole_wait(&self, has_answered: bool) -> Duration {
        let attempts = 0..=self.retries.min(MOST_RETRIES);
        attempts
            .map(|attempt| self.wait(attempt, has_answered))
            .sum()
    }

    /// Returns the time to wait for an answer to this attempt, without jitter: it doubles each time.
    pub(super) fn wait(&self, attempt: u32, has_answered: bool) -> Duration {
        let usual = self.timeout.min(LONGEST) * (1 << attempt.min(MOST_DOUBLINGS));
        if has_answered {
            return usual.min(LONGEST);
        }
        // The attempts share the time in the same proportions: 1, 2, 4, … parts of their sum.
        let parts: u32 = (0..=self.retries.min(MOST_RETRIES))
            .map(|attempt| 1 << attempt.min(MOST_DOUBLINGS))
            .sum();
        let share = (self.silence / parts).saturating_mul(1 << attempt.min(MOST_DOUBLINGS));
        share.min(usual).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_agent_is_given_up_in_five_seconds_and_one_that_answered_gets_fifteen() {
        let options = SnmpOptions::default();
        let whole = |options: SnmpOptions, has_answered| options.whole_wait(has_answered);
        assert!(whole(options, false) <= Duration::from_secs(5));
        assert_eq!(whole(options, true), Duration::from_secs(15));
        let hurried = options.with_silence(Duration::from_secs(2));
        assert!(whole(hurried, false) <= Duration::from_secs(2));
        assert_eq!(whole(hurried, true), Duration::from_secs(15));
        let patient = options.with_silence(Duration::from_secs(30));
        let silent = whole(patient, false);
        assert!(silent <= Duration::from_secs(30) && silent > Duration::from_secs(29));
        assert_eq!(whole(patient, true), Duration::from_secs(90));
    }

    #[test]
    fn short_timeouts_stay_short_and_no_number_of_retries_overflows() {
        let brief = SnmpOptions {
            timeout: Duration::from_millis(20),
            retries: 1,
            ..SnmpOptions::default()
        };
        assert_eq!(brief.wait(0, false), Duration::from_millis(20));
        assert_eq!(brief.wait(1, false), Duration::from_millis(40));
        let odd = SnmpOptions {
            timeout: Duration::MAX,
            retries: u32::MAX,
            silence: Duration::MAX,
            ..SnmpOptions::default()
        };
        assert!(odd.wait(u32::MAX, false) <= LONGEST);
        assert_eq!(odd.wait(u32::MAX, true), LONGEST);
    }
}

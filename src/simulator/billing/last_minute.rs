//! Counts the requests of the last minute, whenever it began, and remembers the highest number.

use std::collections::VecDeque;

const MINUTE: u64 = 60;

/// The requests of one client within the last minute.
#[derive(Debug, Default)]
pub(super) struct LastMinute {
    /// Seconds, each with its requests.
    recent: VecDeque<(u64, u64)>,
    most: u64,
}

impl LastMinute {
    /// Counts a request, unless there were so many within the last minute; returns whether it was counted.
    pub(super) fn count(&mut self, limit: Option<u64>, now: u64) -> bool {
        while self
            .recent
            .front()
            .is_some_and(|(second, _)| second + MINUTE <= now)
        {
            self.recent.pop_front();
        }
        let before: u64 = self.recent.iter().map(|(_, count)| count).sum();
        if limit.is_some_and(|limit| before >= limit) {
            return false;
        }
        match self.recent.back_mut() {
            Some((second, count)) if *second >= now => *count += 1,
            _ => self.recent.push_back((now, 1)),
        }
        self.most = self.most.max(before + 1);
        true
    }

    /// Returns the seconds after which the limit has room again.
    pub(super) fn wait(&self, now: u64) -> u64 {
        let oldest = self.recent.front().map_or(now, |(second, _)| *second);
        (oldest + MINUTE).saturating_sub(now).max(1)
    }

    /// Returns the highest number of requests within any minute so far.
    pub(super) fn most(&self) -> u64 {
        self.most
    }
}

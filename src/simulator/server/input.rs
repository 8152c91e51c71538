//! What was typed in a session and not looked at yet.

use std::future::Future;

use russh::{ChannelMsg, ChannelReadHalf};

/// What is typed ahead beyond this is lost, as on a terminal whose buffer is full: the bytes of a thousand long lines.
const MOST_TYPED: usize = 1 << 20;

/// How much the session is given at a time: each key can print a page of help, and all of them are looked at under one lock.
pub(super) const MOUTHFUL: usize = 256;

/// The keys of one session. As long as this is there somebody has to read it: a channel that nobody reads stops its whole connection for good.
pub(super) struct Input {
    /// Gone once nothing comes any more: what a client sends after its end must not wait for a reader either.
    channel: Option<ChannelReadHalf>,
    typed: Vec<u8>,
}

impl Input {
    pub(super) fn new(channel: ChannelReadHalf) -> Self {
        Self {
            channel: Some(channel),
            typed: Vec::new(),
        }
    }

    /// Waits for keys; nothing comes any more once this returns `false`.
    pub(super) async fn more(&mut self) -> bool {
        while let Some(channel) = &mut self.channel {
            match channel.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    if self.typed.len() + data.len() <= MOST_TYPED {
                        self.typed.extend_from_slice(&data);
                    }
                    return true;
                }
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => self.channel = None,
                Some(_) => {}
            }
        }
        false
    }

    /// Returns keys that were typed, if there are any.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        if self.typed.is_empty() {
            return None;
        }
        let rest = self.typed.split_off(self.typed.len().min(MOUTHFUL));
        Some(std::mem::replace(&mut self.typed, rest))
    }

    /// Collects keys while something else takes its time: the connection must be read, or nothing can be written to it either.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _has_more = self.more(), if self.channel.is_some() => {}
            }
        }
    }
}

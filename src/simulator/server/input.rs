//! What was typed in a session and not looked at yet.

use std::future::Future;

use russh::{ChannelMsg, ChannelReadHalf};

/// What is typed ahead beyond this is lost, as on a terminal whose buffer is full: the bytes of a thousand long lines.
const MOST_TYPED: usize = 1 << 20;

/// How much the session is given at a time.
const MOUTHFUL: usize = 4096;

/// The keys of one session.
pub(super) struct Input {
    channel: ChannelReadHalf,
    typed: Vec<u8>,
    has_ended: bool,
}

impl Input {
    pub(super) fn new(channel: ChannelReadHalf) -> Self {
        Self {
            channel,
            typed: Vec::new(),
            has_ended: false,
        }
    }

    /// Waits for keys; nothing comes any more once this returns `false`.
    pub(super) async fn more(&mut self) -> bool {
        while !self.has_ended {
            match self.channel.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    if self.typed.len() + data.len() <= MOST_TYPED {
                        self.typed.extend_from_slice(&data);
                    }
                    return true;
                }
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => self.has_ended = true,
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
                _has_more = self.more(), if !self.has_ended => {}
            }
        }
    }
}

//! Buffers the keys of a session that are not processed yet.

use std::future::Future;

use russh::{ChannelMsg, ChannelReadHalf};

/// Keys beyond this limit are lost, as on a terminal with a full buffer: a thousand long lines.
const MOST_TYPED: usize = 1 << 20;

/// The keys processed in one turn. Each key can print a page of help, and the whole turn holds one lock.
pub(super) const MOUTHFUL: usize = 256;

/// The keys of one session. It must be read as long as it exists: an unread channel blocks its whole connection for
/// good.
pub(super) struct Input {
    /// `None` after the client's end of input: later data must not wait for a reader either.
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

    /// Waits for keys; returns `false` at the end of the input.
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

    /// Returns buffered keys, if there are any.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        if self.typed.is_empty() {
            return None;
        }
        let rest = self.typed.split_off(self.typed.len().min(MOUTHFUL));
        Some(std::mem::replace(&mut self.typed, rest))
    }

    /// Collects keys during another operation: while the connection is not read, nothing can be written to it either.
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

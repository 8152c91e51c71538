//! Records a sent line and the device's reply for the apply log, with secrets masked.

/// A line and the reply to it, with secrets masked and control bytes escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub line: String,
    /// The reply, including unsolicited messages; of a long reply only the end.
    pub reply: Vec<String>,
    /// Time from the line's first byte to the prompt, or to the failure.
    pub millis: u64,
}

/// A configuration that the device reports as saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The reported size.
    pub bytes: u64,
    pub exchange: Exchange,
}

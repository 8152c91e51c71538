//! What was typed to change something and what the device said to it, fit to be kept.

/// A line and the reply to it; secrets in it are masked, control bytes are visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub line: String,
    /// What the device said, messages on its own account included; of a long reply the end.
    pub reply: Vec<String>,
    /// From the line's first byte to the prompt, or to what went wrong.
    pub millis: u64,
}

/// A configuration that the device says it has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// How large it is.
    pub bytes: u64,
    pub exchange: Exchange,
}

//! What a management station sees of the twin: one file per MIB.

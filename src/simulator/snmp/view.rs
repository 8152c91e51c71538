//! Defines the interface between the agent and its objects.

use super::{Oid, Value};

/// Objects in the order of a walk.
pub trait View {
    /// Returns the value of exactly this instance, `NoSuchObject` or `NoSuchInstance`.
    fn get(&self, oid: &[u32]) -> Value;

    /// Returns the first instance after this name, if there is one.
    fn next(&self, after: &[u32]) -> Option<(Oid, Value)>;

    /// Writes either all of these or none.
    fn set(&mut self, bindings: &[(Oid, Value)]) -> Result<(), SetRefused>;
}

/// The binding at which a SET failed, counted from one, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetRefused {
    pub index: usize,
    pub status: ErrorStatus,
}

/// `error-status` of a response (RFC 3416 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorStatus {
    NoError = 0,
    TooBig = 1,
    NoSuchName = 2,
    BadValue = 3,
    ReadOnly = 4,
    GenErr = 5,
    NoAccess = 6,
    WrongType = 7,
    WrongLength = 8,
    WrongEncoding = 9,
    WrongValue = 10,
    NoCreation = 11,
    InconsistentValue = 12,
    ResourceUnavailable = 13,
    CommitFailed = 14,
    UndoFailed = 15,
    AuthorizationError = 16,
    NotWritable = 17,
    InconsistentName = 18,
}

//! Defines errors of the store: unreachable, fenced, restored, too new, or broken.

use std::io;

use crate::model::DeviceName;

/// The reason that an operation of the store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It is unreachable or did not answer in time. The operation may have taken effect, and can be repeated.
    #[error("the store {store} could not {doing}: {because}")]
    Away {
        store: String,
        doing: &'static str,
        because: String,
    },
    /// Its disk is full, or nearly. Nothing was stored; retry after freeing space.
    #[error(
        "the disk of the store {store} is full, so it could not {doing}: {because}; free some space, then run it again"
    )]
    Full {
        store: String,
        doing: &'static str,
        because: String,
    },
    /// A document in it was written by a later gamctl.
    #[error(
        "the store {store} has a {what} of version {has}, and this gamctl knows versions up to {knows}; use the gamctl that wrote it, or a later one"
    )]
    NewerDocument {
        store: String,
        /// Such as `look`.
        what: &'static str,
        has: u64,
        knows: u64,
    },
    /// The lease of the write is not the present one.
    #[error("lost the lease on {device}: {}", fenced(*epoch, *stores))]
    Fenced {
        device: DeviceName,
        epoch: i64,
        /// The epoch in the store; left out: it has no lease.
        stores: Option<i64>,
    },
    /// Another instance of the service leads the task of the write.
    #[error("this instance no longer leads the task `{task}`: another one took it over")]
    NotLeader { task: String },
    /// It lacks data that was written to it before.
    #[error(
        "the store {store} lacks data written to it before ({missing}): it was restored to an older state, such as a backup"
    )]
    Rewound { store: String, missing: String },
    /// Another value is stored in the same place.
    #[error("the store {store} already has another value: {what}")]
    Conflict { store: String, what: String },
    #[error(
        "the store {store} has schema version {has}, and this gamctl knows versions up to {knows}; use the gamctl that wrote it, or a later one"
    )]
    NewerSchema { store: String, has: i64, knows: i64 },
    /// Its schema has migrations that this program does not have.
    #[error(
        "the store {store} has a schema unknown to this gamctl: {what}; use the gamctl that created it, or restore a backup"
    )]
    ForeignSchema { store: String, what: String },
    /// The database finds its own file damaged.
    #[error(
        "the store {store} is damaged, so it could not {doing}: {because}; restore a backup of it, or see \"The store is lost\" in docs/operating.md"
    )]
    Damaged {
        store: String,
        doing: &'static str,
        because: String,
    },
    #[error("the store {store} could not {doing}: {because}")]
    Broken {
        store: String,
        doing: &'static str,
        because: String,
    },
}

fn fenced(epoch: i64, stores: Option<i64>) -> String {
    match stores {
        Some(stores) if stores > epoch => {
            format!("another process took it over (lease {stores}, this one had {epoch})")
        }
        Some(stores) if stores == epoch => format!(
            "lease {epoch} belongs to another process in the store, which was restored to an older state, such as a backup"
        ),
        Some(stores) => format!(
            "the store has lease {stores}, older than lease {epoch} of this process: it was restored to an older state, such as a backup"
        ),
        None => format!(
            "the store has no lease, and this process has {epoch}: it was restored to an older state, such as a backup"
        ),
    }
}

impl StoreError {
    /// Returns whether a retry may help, with no known fault.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Full { .. })
    }

    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced { .. })
    }
}

/// A database error, before the operation is named.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Away(String),
    /// The connection broke before the answer: retry at once.
    Lost(String),
    /// Nothing accepts connections at its address.
    Refusing,
    /// Its disk has no free space.
    Full(String),
    /// A document is of a later version.
    Newer {
        what: &'static str,
        has: u64,
        knows: u64,
    },
    /// The trigger of `entry` found another lease.
    Fenced,
    /// A required entry, run or lease is missing.
    Rewound,
    /// Another value is in its place.
    Another(String),
    /// A constraint rejected it.
    Refused(String),
    /// The database finds its own file damaged.
    Damaged(String),
    Broken(String),
    /// Already a complete error.
    Said(Box<StoreError>),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Said(Box::new(error))
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(format!("a document in it cannot be read: {error}"))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full(error.to_string()),
            _ => Self::Away(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // The server closed the connection between two messages.
            sqlx::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => Self::Refusing,
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => Self::Lost(error.to_string()),
            sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Away(error.to_string())
            }
            sqlx::Error::PoolTimedOut => Self::Away("no connection became free in time".to_owned()),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                of_database(&code, database.message())
            }
            _ => Self::Broken(error.to_string()),
        }
    }
}

fn of_database(code: &str, message: &str) -> Fault {
    match message {
        "gamctl: fenced" => return Fault::Fenced,
        "gamctl: rewound" => return Fault::Rewound,
        _ => {}
    }
    let is_postgres = code.len() == 5;
    if is_postgres {
        return match code {
            "23503" => Fault::Rewound,
            _ if code.starts_with("23") => Fault::Refused(message.to_owned()),
            // A conflict with another transaction; a transaction of this process that was suspended too long; or a lock
            // held by another suspended process. The server's timeouts run while this process is suspended, its own do
            // not.
            "40001" | "40P01" | "25P03" | "55P03" | "57014" | "57P01" | "57P02" => {
                Fault::Lost(message.to_owned())
            }
            _ if code.starts_with("08") => Fault::Lost(message.to_owned()),
            "53100" => Fault::Full(message.to_owned()),
            _ if code.starts_with("XX00") && code != "XX000" => Fault::Damaged(message.to_owned()),
            "25006" | "3D000" => Fault::Away(message.to_owned()),
            _ if ["28", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class)) =>
            {
                Fault::Away(message.to_owned())
            }
            _ => Fault::Broken(format!("{message} ({code})")),
        };
    }
    // The lowest eight bits of SQLite's extended codes are the primary one.
    let number: u32 = code.parse().unwrap_or_default();
    match (number, number & 0xff) {
        (787, _) => Fault::Rewound,
        // Full, or no space for the index of the write-ahead log.
        (4874, _) | (_, 13) => Fault::Full(message.to_owned()),
        (_, 19) => Fault::Refused(message.to_owned()),
        // Malformed, or not a database at all.
        (_, 11 | 26) => Fault::Damaged(message.to_owned()),
        // Busy, locked, read-only, interrupted, input/output, cannot be opened, permission.
        (_, 5 | 6 | 8 | 9 | 10 | 14 | 3) => Fault::Away(message.to_owned()),
        _ => Fault::Broken(format!("{message} ({code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_distinguished_from_one_that_may_not_be_read() {
        for (code, is_damaged) in [("26", true), ("11", true), ("XX001", true), ("14", false)] {
            let fault = of_database(code, "file is not a database");
            assert_eq!(
                matches!(fault, Fault::Damaged(_)),
                is_damaged,
                "{code}: {fault:?}"
            );
        }
    }

    #[test]
    fn a_full_disk_is_distinguished_from_an_unreachable_store() {
        for (code, is_full) in [
            ("53100", true),
            ("13", true),
            ("4874", true),
            ("53300", false),
            ("10", false),
        ] {
            let fault = of_database(code, "no");
            assert_eq!(
                matches!(fault, Fault::Full(_)),
                is_full,
                "{code}: {fault:?}"
            );
        }
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(Fault::from(full), Fault::Full(_)));
    }
}

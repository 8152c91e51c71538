//! Why the store did not do what it was asked: away, fenced, put back, too new, or broken.

use std::io;

use crate::model::DeviceName;

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or did not answer in time. What was asked may have been done: it can be asked again.
    #[error("the store {store} failed to {doing}: {because}")]
    Away {
        store: String,
        doing: &'static str,
        because: String,
    },
    /// Its disk is full, or nearly. Nothing was stored; it can be asked again once there is room.
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
    /// The lease that was written under is not the store's.
    #[error("lost the lease on {device}: {}", fenced(*ours, *stores))]
    Fenced {
        device: DeviceName,
        ours: i64,
        /// The epoch that the store has; left out: it knows of no lease.
        stores: Option<i64>,
    },
    /// It does not have what was written to it before.
    #[error(
        "the store {store} lacks data written to it before ({missing}): it was restored to an older state, such as a backup"
    )]
    Rewound { store: String, missing: String },
    /// Something else stands where this should.
    #[error("the store {store} already has another value: {what}")]
    Conflict { store: String, what: String },
    #[error(
        "the store {store} has schema version {has}, and this gamctl knows versions up to {knows}; use the gamctl that wrote it, or a later one"
    )]
    NewerSchema { store: String, has: i64, knows: i64 },
    /// Its schema was not made by the migrations that this program has.
    #[error(
        "the store {store} has a schema unknown to this gamctl: {what}; use the gamctl that created it, or restore a backup"
    )]
    ForeignSchema { store: String, what: String },
    #[error("the store {store} failed to {doing}: {because}")]
    Broken {
        store: String,
        doing: &'static str,
        because: String,
    },
}

fn fenced(ours: i64, stores: Option<i64>) -> String {
    match stores {
        Some(stores) if stores > ours => {
            format!("another process took it over (lease {stores}, this one had {ours})")
        }
        Some(stores) if stores == ours => format!(
            "lease {ours} belongs to another process in the store, which was restored to an older state, such as a backup"
        ),
        Some(stores) => format!(
            "the store has lease {stores}, older than lease {ours} of this process: it was restored to an older state, such as a backup"
        ),
        None => format!(
            "the store has no lease, and this process has {ours}: it was restored to an older state, such as a backup"
        ),
    }
}

impl StoreError {
    /// Says whether asking again later may help, and nothing is known to be wrong.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Full { .. })
    }

    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced { .. })
    }
}

/// What went wrong in the database, before it is said which operation it was.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Away(String),
    /// The connection broke before the answer was there: it can be asked again at once.
    Lost(String),
    /// There is no room on its disk.
    Full(String),
    /// A document is of a later version.
    Newer {
        what: &'static str,
        has: u64,
        knows: u64,
    },
    /// The trigger of `entry` found another lease.
    Fenced,
    /// An entry, a run or a lease that must be there is not.
    Rewound,
    /// Something else has its place.
    Another(String),
    /// A constraint does not let it in.
    Refused(String),
    Broken(String),
    /// Already said in full.
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
            // The server went away between two messages.
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
            // In each other's way; ended because this process was suspended in the middle of a transaction; or locked out,
            // such as by another process that was. The server's deadlines pass while this process is suspended, its own do not.
            "40001" | "40P01" | "25P03" | "55P03" | "57014" | "57P01" | "57P02" => {
                Fault::Lost(message.to_owned())
            }
            _ if code.starts_with("08") => Fault::Lost(message.to_owned()),
            "53100" => Fault::Full(message.to_owned()),
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
    // SQLite's extended codes have the primary one in the lowest eight bits.
    let number: u32 = code.parse().unwrap_or_default();
    match (number, number & 0xff) {
        (787, _) => Fault::Rewound,
        // Full, or no room for the index of what is not folded into the file yet.
        (4874, _) | (_, 13) => Fault::Full(message.to_owned()),
        (_, 19) => Fault::Refused(message.to_owned()),
        // Busy, locked, read-only, interrupted, input/output, cannot be opened, permission.
        (_, 5 | 6 | 8 | 9 | 10 | 14 | 3) => Fault::Away(message.to_owned()),
        _ => Fault::Broken(format!("{message} ({code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_store_that_is_away() {
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

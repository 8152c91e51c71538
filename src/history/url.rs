//! Parses the URL of a store, a Postgres server or an SQLite file. Never prints its password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// The URL of a store. `Display` omits the password.
#[derive(Clone)]
pub struct StoreUrl(Backend);

#[derive(Clone)]
enum Backend {
    Postgres {
        shown: String,
        options: Box<PgConnectOptions>,
    },
    Sqlite(PathBuf),
}

/// The reason that a text is not a store's URL. It never quotes the text, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    #[error("invalid URL of a store; it must start with `postgres://` or `sqlite://`")]
    Scheme,
    #[error(
        "`sqlite://` must be followed by the path of a file, such as `sqlite:///var/lib/gamctl/store.db`"
    )]
    NoPath,
    #[error(
        "invalid URL after `postgres://`; write it as `user:password@host:port/database`, with special characters escaped, such as `%40`"
    )]
    Postgres,
}

impl StoreUrl {
    /// Parses `postgres://…`, `postgresql://…` or `sqlite://PATH`.
    pub fn parse(text: &str) -> Result<Self, StoreUrlError> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err(StoreUrlError::NoPath),
                path => Ok(Self::sqlite(path)),
            };
        }
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or(StoreUrlError::Scheme)?;
        let options = PgConnectOptions::from_str(text).map_err(|_| StoreUrlError::Postgres)?;
        Ok(Self(Backend::Postgres {
            shown: format!("postgres://{}", without_password(rest)),
            options: Box::new(options),
        }))
    }

    /// Returns the store in a file.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self(Backend::Sqlite(path.into()))
    }

    /// Returns the file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Backend::Sqlite(path) => Some(path),
            Backend::Postgres { .. } => None,
        }
    }

    pub(super) fn postgres(&self) -> Option<&PgConnectOptions> {
        match &self.0 {
            Backend::Postgres { options, .. } => Some(options),
            Backend::Sqlite(_) => None,
        }
    }
}

/// Returns the printable part of a URL without its scheme: no password, and no option except the path of a socket.
fn without_password(rest: &str) -> String {
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = match place.split_once('/') {
        // A password with an unencoded `/` must not be printed in part.
        Some((authority, database)) if !database.contains('@') => (authority, Some(database)),
        Some(_) | None => (place, None),
    };
    let mut shown = match authority.rsplit_once('@') {
        Some((person, host)) => {
            let user = person.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        None => authority.to_owned(),
    };
    if let Some(database) = database {
        shown.push('/');
        shown.push_str(database);
    }
    if let Some(host) = options
        .split('&')
        .find(|option| option.starts_with("host="))
    {
        shown.push('?');
        shown.push_str(host);
    }
    shown
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::Postgres { shown, .. } => formatter.write_str(shown),
            Backend::Sqlite(path) => write!(formatter, "sqlite://{}", path.display()),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (text, shown) in [
            (
                "postgres://gam:CANARY@db.example:5433/gamctl?sslmode=require",
                "postgres://gam@db.example:5433/gamctl",
            ),
            (
                "postgresql://gam@localhost/gamctl?host=/run/pg&password=CANARY",
                "postgres://gam@localhost/gamctl?host=/run/pg",
            ),
            (
                "postgres://db.example/gamctl",
                "postgres://db.example/gamctl",
            ),
        ] {
            let url = StoreUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("CANARY"));
        }
        for wrong in [
            "postgres://gam:CANARY@db:notaport/x",
            "mysql://gam:CANARY@db",
            "sqlite://",
        ] {
            let why = StoreUrl::parse(wrong).unwrap_err();
            assert!(!format!("{why} {why:?}").contains("CANARY"));
        }
    }

    #[test]
    fn a_password_with_signs_that_should_have_been_encoded_does_not_spill() {
        for text in [
            "postgres://gam:CAN@CANARY@db/x",
            "postgres://gam:a/CANARY@db/x",
            "postgres://gam:a?CANARY@db/x",
        ] {
            match StoreUrl::parse(text) {
                Ok(url) => assert!(!url.to_string().contains("CANARY"), "{url}"),
                Err(why) => assert!(!why.to_string().contains("CANARY")),
            }
        }
    }
}

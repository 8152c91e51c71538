//! Reads the entry of the startup-config's file, to verify a save.

use super::Target;
use super::ask::Asker;
use crate::observe::decode::{Grid, StartupFile, startup_file};
use crate::observe::mib::{Object, icfg};

const COLUMNS: [&Object; 3] = [&icfg::FILE_NAME, &icfg::FILE_BYTES, &icfg::FILE_MODIFIED];

/// Returns the startup-config's file; `None` if there is none.
///
/// # Errors
///
/// Fails with a reason for the operator, also if the agent lacks the table.
pub async fn look_at_startup(target: &Target<'_>) -> Result<Option<StartupFile>, String> {
    let session = target.session().await;
    let session = session.map_err(|error| error.to_string())?;
    let asker = Asker::new(session, target.snmp_options.in_flight);
    let columns = asker.columns(&COLUMNS.map(Object::oid)).await;
    let columns = columns.map_err(|error| error.to_string())?;
    let files = Grid::of(&COLUMNS, &columns);
    if files.rows.is_empty() {
        // default-config always exists, so an empty table means that the agent lacks it.
        return Err(format!("the agent has no {}", icfg::FILE_NAME.name));
    }
    startup_file(&files)
}

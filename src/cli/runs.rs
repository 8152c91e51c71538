//! Finds a run by how its number begins, as people copy it.

use anyhow::{bail, ensure};

use crate::history::{Filter, RunSummary, Store};
use crate::report::visible;

/// Fewer digits than these fit too many.
const SHORTEST: usize = 4;

/// Returns the one run whose number is, or begins with, what was typed.
pub(super) async fn run_named(store: &Store, named: &str) -> anyhow::Result<RunSummary> {
    let wanted = named.trim().to_ascii_lowercase();
    ensure!(
        wanted.len() >= SHORTEST
            && wanted
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
        "`{}` is no run: give at least {SHORTEST} digits of its number, as `gamctl history` shows it",
        visible(named)
    );
    let filter = Filter {
        most: 10_000,
        ..Filter::default()
    };
    let runs = store.runs(&filter).await?;
    // The end of a number tells more: runs of one hour begin alike.
    let mut found = runs.into_iter().filter(|summary| {
        let id = summary.run.id.0.to_string();
        id.starts_with(&wanted) || id.ends_with(&wanted)
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!(
            "there is no run `{}`; `gamctl history` lists them",
            visible(named)
        ),
        (Some(one), Some(other)) => bail!(
            "`{}` fits several runs, such as {} and {}; give more of it",
            visible(named),
            one.run.id.0,
            other.run.id.0
        ),
    }
}

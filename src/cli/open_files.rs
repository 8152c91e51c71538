//! Checks that this process may open enough files, before threads start that panic without them.

use std::fs::File;
use std::io;

use anyhow::Context;

/// The open files that any command may need: sockets of the runtime, the store and its journal, an inventory and a
/// device.
const NEEDED: usize = 24;

/// The advice for a limit that is too low.
pub(super) const HINT: &str =
    "raise the limit of open files: `ulimit -n 1024`, or `LimitNOFILE=` of the service";

/// Opens a few files for a moment. tokio panics if it cannot open its pipe for signals, and SQLite does not report why
/// it cannot open its file.
pub(super) fn check() -> anyhow::Result<()> {
    let mut opened = Vec::with_capacity(NEEDED);
    for _ in 0..NEEDED {
        match File::open("/dev/null") {
            Ok(file) => opened.push(file),
            Err(error) if is_limit(&error) => {
                let left = opened.len();
                return Err(error).with_context(|| {
                    format!("gamctl needs {NEEDED} open files, and the limit leaves {left}")
                });
            }
            // Without `/dev/null` the limit cannot be tested.
            Err(_) => break,
        }
    }
    Ok(())
}

/// Returns whether an operation failed because too many files are open.
pub(super) fn is_cause(error: &anyhow::Error) -> bool {
    let mut chain = error.chain();
    chain.any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_limit))
}

fn is_limit(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

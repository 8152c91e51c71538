//! `--faults FILE`: reads the faults of a billing twin; the twin itself judges each.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    #[serde(default)]
    fault: Vec<toml::Table>,
}

/// Far more than a person writes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the `[[fault]]` tables of a file.
pub(in crate::cli::twin) fn read(path: &Path) -> anyhow::Result<Vec<toml::Table>> {
    let shown = path.display();
    let failed = || format!("failed to read the faults {shown}");
    let size = std::fs::metadata(path).with_context(failed)?.len();
    ensure!(
        size <= MAX_BYTES,
        "the faults {shown} are larger than {MAX_BYTES} bytes; check that it is the right file"
    );
    let text = std::fs::read_to_string(path).with_context(failed)?;
    parse(&text, &shown.to_string())
}

fn parse(text: &str, path: &str) -> anyhow::Result<Vec<toml::Table>> {
    let file: FaultFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            bail!("{path}:{line}: {}", error.message());
        }
    };
    ensure!(
        !file.fault.is_empty(),
        "{path} has no fault; add one with `[[fault]]`"
    );
    Ok(file.fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_faults_is_read_table_by_table() {
        let text = "[[fault]]\nkind = \"html\"\n\n[[fault]]\nkind = \"slow\"\nmillis = 5\n";
        let faults = parse(text, "faults.toml").unwrap();
        assert_eq!(faults.len(), 2);
        assert_eq!(faults[1]["millis"].as_integer(), Some(5));
    }

    #[test]
    fn an_error_is_reported_with_its_line() {
        for (text, why) in [
            ("", "has no fault"),
            ("\n[[fautl]]\n", "faults.toml:2: "),
            ("[[fault]]\nkind = \n", "faults.toml:2: "),
        ] {
            let error = format!("{:#}", parse(text, "faults.toml").unwrap_err());
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

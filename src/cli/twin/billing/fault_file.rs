//! `--faults FILE`: reads the faults of a billing twin; the twin itself judges each.

use std::path::Path;

use serde::Deserialize;

use crate::cli::twin::fault_text;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    #[serde(default)]
    fault: Vec<toml::Table>,
}

/// Reads the `[[fault]]` tables of a file.
pub(in crate::cli::twin) fn read(path: &Path) -> anyhow::Result<Vec<toml::Table>> {
    parse(&fault_text::text(path)?, &path.display().to_string())
}

fn parse(text: &str, path: &str) -> anyhow::Result<Vec<toml::Table>> {
    let file: FaultFile = fault_text::toml(text, path)?;
    fault_text::not_empty(file.fault, path)
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

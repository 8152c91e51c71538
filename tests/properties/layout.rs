//! How an inventory is written changes nothing: files, order, headers, quotes, notations, line ends.

use std::fs;
use std::process::Command;

use gamctl::inventory::resolve;
use proptest::prelude::*;

use super::write::{Texts, plain, varied};
use super::{dice, listed, reading_of, resolved, shown, tried, valid_inventory};

/// Returns what the program shows for every device, in every format.
fn shown_by_the_program(texts: &Texts, names: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in texts {
        let path = folder.path().join(&**path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.as_bytes()).unwrap();
    }
    let mut outputs = Vec::new();
    for name in names {
        for format in ["text", "json", "toml"] {
            let output = Command::new(env!("CARGO_BIN_EXE_gamctl"))
                .args(["show", "device", name, "--format", format, "-i"])
                .arg(folder.path())
                .env_clear()
                .current_dir(folder.path())
                .output()
                .unwrap();
            let talk = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && talk.is_empty(), "{name}: {talk}");
            outputs.push(String::from_utf8(output.stdout).unwrap());
        }
    }
    outputs
}

proptest! {
    #![proptest_config(tried(60))]

    #[test]
    fn an_inventory_resolves_to_the_same_bytes_however_it_is_written(
        spec in valid_inventory(), mut dice in dice::dice(1500),
    ) {
        let texts = varied(&spec, &mut dice);
        let reading = reading_of(&texts);
        prop_assert_eq!(listed(&reading), "", "{}", shown(&texts));
        prop_assert_eq!(resolved(&reading), resolved(&reading_of(&plain(&spec))), "{}", shown(&texts));
    }
}

proptest! {
    // Each try starts the program a dozen times, so a failure is hardly shrunk.
    #![proptest_config(ProptestConfig { max_shrink_iters: 20, ..tried(2) })]

    #[test]
    fn the_program_shows_the_same_bytes_however_an_inventory_is_written(
        spec in valid_inventory(), mut dice in dice::dice(1500),
    ) {
        let texts = varied(&spec, &mut dice);
        let devices = resolve(&reading_of(&texts).inventory);
        let names: Vec<String> = devices.iter().take(2).map(|device| device.name.to_string()).collect();
        prop_assert_eq!(shown_by_the_program(&texts, &names), shown_by_the_program(&plain(&spec), &names));
    }
}

//! Holds the example inventory of the demonstration inside the program.

/// The example has a billing system at an address of its own. The demonstration connects another one later.
const BILLING: &str = "billing.toml";

/// The line that links an object with a record of that billing system.
const LINK: &str = "external = ";

/// Returns the files without the billing system.
pub(super) fn files() -> impl Iterator<Item = (&'static str, String)> {
    let files = FILES.iter().filter(|(path, _)| *path != BILLING);
    files.map(|(path, text)| {
        let lines = text.lines().filter(|line| !line.starts_with(LINK));
        (*path, lines.map(|line| format!("{line}\n")).collect())
    })
}

/// Every file of the inventory.
const FILES: &[(&str, &str)] = &[
    (
        "README.md",
        include_str!("../../../inventory.example/README.md"),
    ),
    (
        "credentials.toml",
        include_str!("../../../inventory.example/credentials.toml"),
    ),
    (
        "billing.toml",
        include_str!("../../../inventory.example/billing.toml"),
    ),
    (
        "network.toml",
        include_str!("../../../inventory.example/network.toml"),
    ),
    (
        "policy.toml",
        include_str!("../../../inventory.example/policy.toml"),
    ),
    (
        "service-plans.toml",
        include_str!("../../../inventory.example/service-plans.toml"),
    ),
    (
        "devices/birch-street.toml",
        include_str!("../../../inventory.example/devices/birch-street.toml"),
    ),
    (
        "devices/maple-court.toml",
        include_str!("../../../inventory.example/devices/maple-court.toml"),
    ),
    (
        "subscribers/birch-street.toml",
        include_str!("../../../inventory.example/subscribers/birch-street.toml"),
    ),
    (
        "subscribers/maple-court.toml",
        include_str!("../../../inventory.example/subscribers/maple-court.toml"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn no_file_of_the_example_is_missing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory.example");
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let path = path.strip_prefix(&root).unwrap();
                    found.push(path.to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        let mut known: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        known.sort_unstable();
        assert_eq!(found, known);
    }
}

//! Holds the commented files of a new inventory, for `init` and `import`.

use crate::inventory::{FileKind, json_schema};

/// The files of a new inventory; comments in each explain it.
pub const TEMPLATE: &[(&str, &str)] = &[
    ("README.md", include_str!("template/README.md")),
    ("network.toml", include_str!("template/network.toml")),
    ("policy.toml", include_str!("template/policy.toml")),
    (
        "service-plans.toml",
        include_str!("template/service-plans.toml"),
    ),
    (
        "credentials.toml",
        include_str!("template/credentials.toml"),
    ),
    ("billing.toml", include_str!("template/billing.toml")),
    (
        "devices/example-site.toml",
        include_str!("template/devices.toml"),
    ),
    (
        "subscribers/example-site.toml",
        include_str!("template/subscribers.toml"),
    ),
];

/// Returns the text of a template file, empty for a path that the template does not have.
pub fn template(path: &str) -> &'static str {
    let file = TEMPLATE.iter().find(|(known, _)| *known == path);
    file.map_or("", |(_, text)| text)
}

/// Returns the JSON Schemas for editors, by their paths.
pub fn editor_schemas() -> Vec<(String, String)> {
    let schemas = FileKind::ALL.map(|kind| (format!(".schema/{kind}.json"), json_schema(kind)));
    schemas.into_iter().collect()
}

/// Returns the line that names the JSON Schema of a file, for editors.
pub fn schema_line(path: &str, kind: FileKind) -> String {
    let up = "../".repeat(path.matches('/').count());
    let here = if up.is_empty() { "./" } else { "" };
    format!("#:schema {here}{up}.schema/{kind}.json\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{PathKind, classify};

    #[test]
    fn every_file_of_the_template_names_its_schema() {
        for (path, text) in TEMPLATE {
            if let PathKind::Inventory(kind) = classify(path) {
                assert!(text.starts_with(&schema_line(path, kind)), "{path}");
            }
        }
    }
}

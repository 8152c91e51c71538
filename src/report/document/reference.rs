//! Renders `docs/json.md`: every kind of document with its commands, its names and an example.

use std::fmt::Write as _;

use serde_json::Value;

use super::DocumentKind;

const INTRODUCTION: &str = "\
# JSON documents

A command with `--format json` prints exactly one document to stdout, however it ends, and nothing else; with `--json-to FILE`
any command writes it to a file, beside its usual output. Messages go to stderr. The exit code is the same as without JSON.

Every document begins with

```json
{
  \"schema\": \"gamctl/find\",
  \"version\": 1,
```

and each kind has a JSON Schema (draft 2020-12): in `schema/output/` of this repository, and as `gamctl schema gamctl/find`
prints it. It is generated from the types that are printed.

- Choose by `schema` before you read anything else: a command that fails gives `gamctl/error`, one that finds errors in the
  inventory gives `gamctl/findings`.
- `version` grows when a name goes or changes its meaning. New names can come without that, so ignore names that you do not
  know. A schema is of one release and refuses names that this release does not have.
- Times are texts in RFC 3339, in UTC: `2026-11-21T16:32:05Z`. Two exceptions are older than this rule: the plan file (also
  below `plan` of `gamctl/plan`), whose id covers every byte, and the steps that other documents take over from it, have
  seconds since 1970.
- Lists have a name; no document is a bare list. A name that does not apply is left out, or `null` where the schema has that.
- No document has a secret, except for the logins of simulated devices (`gamctl/twins`). Names and descriptions of
  subscribers are in many of them.

The plan file of `gamctl plan --out` has a schema of its own, `gamctl schema plan`. `--format sarif`, `github` and `gitlab` of
`validate` have the forms that those systems define.

";

/// Returns the page.
pub fn json_reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("| schema | version | printed by |\n| --- | --- | --- |\n");
    for kind in DocumentKind::ALL {
        let commands = commands(*kind);
        let name = kind.name();
        let anchor = anchor(name);
        let _written = writeln!(
            page,
            "| [`{name}`](#{anchor}) | {} | {commands} |",
            kind.version()
        );
    }
    for kind in DocumentKind::ALL {
        page.push_str(&section(*kind));
    }
    page
}

/// Returns the anchor that forges give to a heading.
fn anchor(name: &str) -> String {
    name.replace('/', "")
}

/// Returns the commands in code marks; a phrase that is not a command stays as it is.
fn commands(kind: DocumentKind) -> String {
    let is_phrase = |command: &str| command.contains(',') || command.starts_with("every");
    let commands = kind
        .commands()
        .iter()
        .map(|command| match is_phrase(command) {
            true => (*command).to_owned(),
            false => format!("`{command}`"),
        });
    commands.collect::<Vec<_>>().join(", ")
}

fn section(kind: DocumentKind) -> String {
    let mut text = format!(
        "\n## {}\n\n{}. Printed by {}.\n\n",
        kind.name(),
        kind.title(),
        commands(kind)
    );
    let schema: Value = serde_json::from_str(kind.schema()).unwrap_or_default();
    let required = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, rule) in properties.into_iter().flatten() {
        if name == "schema" || name == "version" {
            continue;
        }
        let mut facts = vec![form(rule)];
        if !required(name) {
            facts.push("can be left out".to_owned());
        }
        let described = rule.get("description").and_then(Value::as_str);
        let described = described.map_or_else(String::new, |text| format!(": {text}"));
        let _written = writeln!(text, "- `{name}` ({}){described}", facts.join(", "));
    }
    let _written = write!(text, "\n```sh\n{}\n```\n", kind.example());
    text
}

/// Returns the form of a value, such as `list of text`.
fn form(rule: &Value) -> String {
    let known = |key: &str| rule.get(key).and_then(Value::as_str);
    if let Some(name) = known("$ref") {
        return name.trim_start_matches("#/$defs/").to_owned();
    }
    match (rule.get("type"), known("format")) {
        (Some(Value::String(one)), Some("date-time")) if one == "string" => "time".to_owned(),
        (Some(Value::String(one)), _) => match one.as_str() {
            "array" => {
                let items = rule.get("items").map_or_else(|| "any".to_owned(), form);
                format!("list of {items}")
            }
            "string" => "text".to_owned(),
            "integer" => "number".to_owned(),
            "boolean" => "true or false".to_owned(),
            other => other.to_owned(),
        },
        (Some(Value::Array(types)), _) => {
            let types = types.iter().filter_map(Value::as_str);
            let types: Vec<&str> = types.collect();
            types
                .join(" or ")
                .replace("string", "text")
                .replace("integer", "number")
        }
        _ if rule.get("anyOf").is_some() || rule.get("oneOf").is_some() => {
            let alternatives = rule
                .get("anyOf")
                .or(rule.get("oneOf"))
                .and_then(Value::as_array);
            let forms: Vec<String> = alternatives.into_iter().flatten().map(form).collect();
            forms.join(" or ")
        }
        _ if rule.get("const").is_some() || rule.get("enum").is_some() => "text".to_owned(),
        _ => "any".to_owned(),
    }
}

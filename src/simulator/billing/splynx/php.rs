//! Renders the body of a hook as PHP does: JSON with escaped slashes, or a form with brackets.

use super::brackets::encode;

/// A value of PHP, with the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Php {
    Null,
    Text(String),
    List(Vec<Self>),
    /// Without entries it is an empty list, as PHP cannot tell one from a map.
    Map(Vec<(String, Self)>),
}

impl Php {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// Renders JSON as `json_encode` does: slashes escaped, everything beyond ASCII as `\u….`
    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Text(text) => quote(text, out),
            Self::List(values) => {
                let mut before = "[";
                for value in values {
                    out.push_str(before);
                    before = ",";
                    value.write_json(out);
                }
                out.push_str(if values.is_empty() { "[]" } else { "]" });
            }
            Self::Map(entries) if entries.is_empty() => out.push_str("[]"),
            Self::Map(entries) => {
                let mut before = '{';
                for (key, value) in entries {
                    out.push(before);
                    before = ',';
                    quote(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// Renders a form as `http_build_query` does: null and empty maps are left out.
    pub(super) fn form(&self) -> String {
        let mut pairs = Vec::new();
        self.write_form("", &mut pairs);
        pairs.join("&")
    }

    fn write_form(&self, name: &str, pairs: &mut Vec<String>) {
        match self {
            Self::Null => {}
            Self::Text(text) => pairs.push(format!("{}={}", encode(name), encode(text))),
            Self::List(values) => {
                for (place, value) in values.iter().enumerate() {
                    value.write_form(&format!("{name}[{place}]"), pairs);
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    let name = match name.is_empty() {
                        true => key.clone(),
                        false => format!("{name}[{key}]"),
                    };
                    value.write_form(&name, pairs);
                }
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' | '/' => {
                out.push('\\');
                out.push(sign);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(sign),
            _ => {
                for unit in sign.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn example() -> Php {
        Php::map([
            ("type", Php::text("event")),
            (
                "data",
                Php::map([
                    ("model", Php::text("models\\common\\customers\\Customers")),
                    (
                        "attributes",
                        Php::map([("name", Php::text("Søren / \u{1F3E0}"))]),
                    ),
                    ("attributes_additional", Php::map([])),
                    ("errors", Php::List(vec![Php::text("no")])),
                    ("extra", Php::Null),
                ]),
            ),
        ])
    }

    #[test]
    fn json_has_escaped_slashes_and_lists_for_empty_maps() {
        let text = example().json();
        assert!(text.contains(r#""models\\common\\customers\\Customers""#));
        assert!(text.contains(r"S\u00f8ren \/ \ud83c\udfe0"), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["data"]["attributes"]["name"], "Søren / \u{1F3E0}");
        assert_eq!(read["data"]["attributes_additional"], json!([]));
        assert_eq!(read["data"]["errors"], json!(["no"]));
        assert_eq!(read["data"]["extra"], Value::Null);
    }

    #[test]
    fn a_form_has_brackets_and_no_null() {
        assert_eq!(
            example().form(),
            "type=event&data%5Bmodel%5D=models%5Ccommon%5Ccustomers%5CCustomers&\
             data%5Battributes%5D%5Bname%5D=S%C3%B8ren+%2F+%F0%9F%8F%A0&data%5Berrors%5D%5B0%5D=no"
        );
    }
}

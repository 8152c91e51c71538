//! Builds the bracketed search parameters of Splynx, which ignores a wrong nesting.

use std::fmt::Write as _;

use compact_str::CompactString;

/// The search of one request: filters, order and size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(CompactString, CompactString)>);

impl Query {
    fn with(mut self, name: String, value: impl Into<CompactString>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    pub(super) fn equal(self, field: &str, value: &str) -> Self {
        self.with(format!("main_attributes[{field}]"), value)
    }

    fn compared(self, field: &str, operator: &'static str, value: &str) -> Self {
        self.with(format!("main_attributes[{field}][0]"), operator)
            .with(format!("main_attributes[{field}][1]"), value)
    }

    pub(super) fn greater(self, field: &str, value: &str) -> Self {
        self.compared(field, ">", value)
    }

    pub(super) fn at_least(self, field: &str, value: &str) -> Self {
        self.compared(field, ">=", value)
    }

    pub(super) fn any_of<'v>(self, field: &str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let listed = self.with(format!("main_attributes[{field}][0]"), "IN");
        let values = values.into_iter().enumerate();
        values.fold(listed, |query, (at, value)| {
            query.with(format!("main_attributes[{field}][1][{at}]"), value)
        })
    }

    pub(super) fn sorted_by_id(self) -> Self {
        self.with("order[id]".to_owned(), "ASC")
    }

    pub(super) fn newest_first(self) -> Self {
        self.with("order[id]".to_owned(), "DESC")
    }

    pub(super) fn limit(self, limit: usize) -> Self {
        self.with("limit".to_owned(), limit.to_string())
    }

    /// Returns a parameter that is not part of a search.
    pub(super) fn flag(self, name: &str) -> Self {
        self.with(name.to_owned(), "1")
    }

    /// Encodes it for a URL.
    pub(super) fn encoded(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(&encoded(name));
            text.push('=');
            text.push_str(&encoded(value));
        }
        text
    }
}

/// Encodes a text for a part of a URL: all but letters, digits and `-_.~`.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                // Writing to a text does not fail.
                let _written = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// Decodes a form: names and values, in order; `None` if it is not one.
pub(super) fn decoded_form(body: &str) -> Option<Vec<(String, String)>> {
    let pairs = body.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok();
                let is_hex = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let digits = digits.filter(is_hex)?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn readable(query: &Query) -> String {
        decoded(&query.encoded()).unwrap()
    }

    #[test]
    fn operators_and_values_are_numbered() {
        let query = Query::default()
            .greater("id", "7000")
            .sorted_by_id()
            .limit(500);
        assert_eq!(
            readable(&query),
            "main_attributes[id][0]=>&main_attributes[id][1]=7000&order[id]=ASC&limit=500"
        );
        assert!(
            query
                .encoded()
                .starts_with("main_attributes%5Bid%5D%5B0%5D=%3E&")
        );
        let query = Query::default().any_of("status", ["active", "stopped"]);
        assert_eq!(
            readable(&query),
            "main_attributes[status][0]=IN&main_attributes[status][1][0]=active&main_attributes[status][1][1]=stopped"
        );
        let query = Query::default().equal("status", "a&b=c");
        assert!(query.encoded().ends_with("=a%26b%3Dc"));
    }

    #[test]
    fn a_form_is_decoded_and_half_an_escape_is_none() {
        let form = decoded_form("type=event&data%5Bcustomer_id%5D=1042&a[b]=c+d").unwrap();
        let names: Vec<_> = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("type", "event"),
                ("data[customer_id]", "1042"),
                ("a[b]", "c d")
            ]
        );
        for wrong in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%+1"] {
            assert_eq!(decoded_form(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_again(text in ".{0,40}") {
            prop_assert_eq!(decoded(&encoded(&text)), Some(text));
        }
    }
}

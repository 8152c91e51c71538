//! Parses query strings and forms with PHP's brackets, such as `main_attributes[id][0]=%3E`.

/// PHP's own limit on the number of parameters; the rest is dropped in silence.
const MOST_PARAMETERS: usize = 1000;

/// PHP's own limit on nested brackets.
const DEEPEST: usize = 64;

/// A value of a query string: a text, or what the brackets after a name make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Map(Entries),
}

/// Values by name, in the order of the query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Entries(Vec<(String, Node)>);

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Map(_) => None,
        }
    }

    pub(super) fn map(&self) -> Option<&Entries> {
        match self {
            Self::Text(_) => None,
            Self::Map(map) => Some(map),
        }
    }
}

impl Entries {
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, node)| node)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// Returns the place of a value, which is an empty text if it is new.
    fn entry(&mut self, name: String) -> Option<&mut Node> {
        let place = self.0.iter().position(|(known, _)| *known == name);
        let place = place.unwrap_or_else(|| {
            self.0.push((name, Node::Text(String::new())));
            self.0.len() - 1
        });
        self.0.get_mut(place).map(|(_, node)| node)
    }

    fn next_number(&self) -> u64 {
        let numbers = self.iter().filter_map(|(key, _)| key.parse::<u64>().ok());
        numbers.max().map_or(0, |highest| highest.saturating_add(1))
    }
}

/// Parses a raw query string; a later value of the same name replaces an earlier one.
pub(super) fn parse(query: &str) -> Entries {
    let mut root = Entries::default();
    for part in query.split('&').take(MOST_PARAMETERS) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = decode(name);
        let (first, keys) = keys(&name);
        if !first.is_empty() {
            insert(&mut root, first, &keys, decode(value));
        }
    }
    root
}

/// Splits `main_attributes[id][0]` into its name and its keys.
fn keys(name: &str) -> (String, Vec<String>) {
    let (first, mut rest) = match name.split_once('[') {
        Some((first, rest)) if rest.contains(']') => (first, rest),
        _ => return (name.to_owned(), Vec::new()),
    };
    let mut keys = Vec::new();
    while keys.len() < DEEPEST {
        let Some((key, after)) = rest.split_once(']') else {
            break;
        };
        keys.push(key.to_owned());
        match after.strip_prefix('[') {
            Some(next) => rest = next,
            None => break,
        }
    }
    (first.to_owned(), keys)
}

fn insert(map: &mut Entries, name: String, keys: &[String], value: String) {
    let name = match name.is_empty() {
        // `[]` counts up, as PHP does.
        true => map.next_number().to_string(),
        false => name,
    };
    let Some(node) = map.entry(name) else {
        return;
    };
    let Some((first, rest)) = keys.split_first() else {
        *node = Node::Text(value);
        return;
    };
    if let Node::Text(_) = node {
        *node = Node::Map(Entries::default());
    }
    if let Node::Map(inner) = node {
        insert(inner, first.clone(), rest, value);
    }
}

/// Decodes `%3E` and `+`; anything else stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        match (octet, hexadecimal(after)) {
            (b'%', Some(decoded)) => {
                octets.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => octets.push(b' '),
            (other, _) => octets.push(*other),
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Reads two hexadecimal digits at the start.
fn hexadecimal(octets: &[u8]) -> Option<u8> {
    let digit = |place: usize| char::from(*octets.get(place)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// Encodes a text as PHP's `urlencode` does.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(char::from(octet));
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{octet:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(query: &str, keys: &[&str]) -> Option<String> {
        let root = Node::Map(parse(query));
        let found = keys
            .iter()
            .try_fold(&root, |node: &Node, key| node.map()?.get(key))?;
        found.text().map(str::to_owned)
    }

    #[test]
    fn brackets_are_read_raw_and_encoded() {
        for query in [
            "main_attributes[id][0]=>&main_attributes[id][1]=7000",
            "main_attributes%5Bid%5D%5B0%5D=%3E&main_attributes%5bid%5d%5b1%5d=7000",
            "limit=5&main_attributes[id][0]=%3E&main_attributes[id][1]=7000&&",
        ] {
            let of = |key| at(query, &["main_attributes", "id", key]);
            assert_eq!(of("0").as_deref(), Some(">"), "{query}");
            assert_eq!(of("1").as_deref(), Some("7000"), "{query}");
        }
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one_and_empty_brackets_count_up() {
        assert_eq!(at("limit=5&limit=7", &["limit"]).as_deref(), Some("7"));
        assert_eq!(at("a=1&a[b]=2", &["a", "b"]).as_deref(), Some("2"));
        let list = "s[1][]=active&s[1][]=stopped";
        assert_eq!(at(list, &["s", "1", "1"]).as_deref(), Some("stopped"));
    }

    #[test]
    fn a_plus_is_a_space_and_half_an_escape_stays() {
        assert_eq!(decode("2026-11-20+08%3A00%3a00"), "2026-11-20 08:00:00");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%C3%A9"), "é");
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for text in [
            "",
            "data[attributes][status]",
            "models\\common\\Customers",
            "é & =+%",
        ] {
            assert_eq!(decode(&encode(text)), text);
        }
    }

    #[test]
    fn a_bracket_that_never_closes_is_part_of_the_name() {
        assert_eq!(at("a[b=1", &["a[b"]).as_deref(), Some("1"));
        let deep = format!("a{}=1", "[x]".repeat(1000));
        assert!(parse(&deep).get("a").is_some());
    }
}

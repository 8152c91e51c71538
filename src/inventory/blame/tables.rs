//! Compares the table of one object in two versions of a file, without parsing the files.

/// A part of TOML that hides where a table ends, or how a name is spelled.
const UNCLEAR: [&str; 4] = ["\"\"\"", "'''", "\\u", "\\U"];

/// Returns whether an object is known to be written in the same way in both versions of a file, or in neither.
///
/// Returns false also if that would need a parser: the object is not written as `[table.id]`, or is named elsewhere.
pub(super) fn is_same_table(before: &str, after: &str, table: &str, id: &str) -> bool {
    let header = format!("[{table}.{id}]");
    let (Some(before), Some(after)) = (own(before, &header, id), own(after, &header, id)) else {
        return false;
    };
    before == after
}

/// Returns the text of an object's table, empty if the file does not name it; `None` if it is unknown.
fn own<'t>(text: &'t str, header: &str, id: &str) -> Option<&'t str> {
    let mut named = words(text, id);
    let Some(first) = named.next() else {
        return Some("");
    };
    if UNCLEAR.iter().any(|part| text.contains(part)) {
        return None;
    }
    let line = text.get(..first)?.rfind('\n').map_or(0, |end| end + 1);
    let table = text.get(line..)?;
    let rest = table.strip_prefix(header)?;
    let inner = rest.find("\n[").unwrap_or(rest.len());
    let end = line + header.len() + inner;
    // The next name may be a table within this one, or a reference to it.
    named
        .all(|at| at < end)
        .then(|| text.get(line..end))
        .flatten()
}

/// Returns where an id stands as a word of its own.
fn words<'t>(text: &'t str, id: &'t str) -> impl Iterator<Item = usize> {
    let is_part = |character: char| character.is_alphanumeric() || "-_".contains(character);
    text.match_indices(id).filter_map(move |(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let after = text.get(at + id.len()..)?.chars().next();
        (!before.is_some_and(is_part) && !after.is_some_and(is_part)).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# x\n[subscriber.a-1]\nvlan = 1\n\n[subscriber.a-10]\nvlan = 10\n";

    fn is_same(after: &str) -> bool {
        is_same_table(FILE, after, "subscriber", "a-1")
    }

    #[test]
    fn a_change_of_another_table_does_not_concern_an_object() {
        assert!(is_same(FILE));
        assert!(is_same(&FILE.replace("vlan = 10", "vlan = 11")));
        assert!(is_same(&format!("[subscriber.b]\nvlan = 7\n{FILE}")));
        assert!(is_same_table(FILE, "", "subscriber", "b"));
    }

    #[test]
    fn a_change_of_the_own_table_or_an_unclear_one_is_compared_by_the_parser() {
        assert!(!is_same(&FILE.replace("vlan = 1\n", "vlan = 2\n")));
        assert!(!is_same(&FILE.replace("[subscriber.a-1]\nvlan = 1\n", "")));
        assert!(!is_same(
            &FILE.replace("[subscriber.a-1]", "[subscriber.\"a-1\"]")
        ));
        assert!(!is_same(&format!("{FILE}moved_from = \"a-1\"\n")));
        assert!(!is_same(
            &FILE.replace("vlan = 1\n", "vlan = 1\nx = \"\"\"\n[y\n\"\"\"\n")
        ));
        assert!(!is_same(&format!(
            "{FILE}\n[subscriber.a-1.external]\nsystem = \"s\"\n"
        )));
        let inline = "subscriber = { a-1 = { vlan = 1 } }\n";
        assert!(!is_same_table(inline, inline, "subscriber", "a-1"));
    }
}

//! Suggests the nearest known word for a mistyped one.

/// Returns the known word nearest to `word`, where one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A word with more than a third of its letters wrong is another word.
    let tolerance = (word.chars().count() / 3).max(1);
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= tolerance && *candidate != word)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the hint for a mistyped word: the nearest one, else the known ones where they are few.
pub(in crate::inventory) fn hint(word: &str, known: &[&str]) -> Option<String> {
    if let Some(nearest) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    match known {
        [] => None,
        [only] => Some(format!("only `{only}` is known here")),
        [first @ .., last] if known.len() <= 24 => {
            Some(format!("known are `{}` and `{last}`", first.join("`, `")))
        }
        _ => None,
    }
}

/// Returns the hint for a mistyped field such as `subscriber.vlna`: fields of the same kind are compared, without the kind.
pub(in crate::inventory) fn field_hint(word: &str, known: &[&str]) -> Option<String> {
    let (kind, name) = word.split_once('.')?;
    let names: Vec<&str> = known
        .iter()
        .filter_map(|field| field.strip_prefix(kind)?.strip_prefix('.'))
        .collect();
    match nearest(name, names.iter().copied()) {
        Some(name) => Some(format!("did you mean `{kind}.{name}`?")),
        None if names.is_empty() => None,
        None => Some(format!("`{kind}` has `{}`", names.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_compared_without_its_kind() {
        let known = ["subscriber.vlan", "subscriber.poe", "port.name"];
        let hint = |word| field_hint(word, &known);
        let expected = "did you mean `subscriber.vlan`?";
        assert_eq!(hint("subscriber.vlna").as_deref(), Some(expected));
        let expected = "`subscriber` has `vlan`, `poe`";
        assert_eq!(hint("subscriber.name").as_deref(), Some(expected));
        assert_eq!(hint("device.vlan"), None);
        assert_eq!(hint("vlan"), None);
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["vlan", "port", "service_plan", "state"];
        assert_eq!(nearest("serivce_plan", known), Some("service_plan"));
        assert_eq!(nearest("VLAN", known), Some("vlan"));
        assert_eq!(nearest("colour", known), None);
    }
}

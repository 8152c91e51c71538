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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["vlan", "port", "service_plan", "state"];
        assert_eq!(nearest("serivce_plan", known), Some("service_plan"));
        assert_eq!(nearest("VLAN", known), Some("vlan"));
        assert_eq!(nearest("colour", known), None);
    }
}

//! Formats numbers and lists for sentences: "1 file", "2 340 subscribers", "a, b and c".

/// Returns a number with its noun, in the plural unless there is exactly one.
pub fn counted(number: usize, singular: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {singular}{ending}", grouped(number))
}

/// Returns the parts as one phrase, with commas and an "and" before the last.
pub fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns the digits in groups of three: a quarter million is easily misread as twenty-five thousand.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(counted(0, "error"), "0 errors");
        assert_eq!(counted(1, "error"), "1 error");
        assert_eq!(counted(2, "service plan"), "2 service plans");
    }

    #[test]
    fn large_numbers_are_in_groups_of_three() {
        assert_eq!(counted(999, "device"), "999 devices");
        assert_eq!(counted(2340, "device"), "2 340 devices");
        assert_eq!(counted(1_234_567, "device"), "1 234 567 devices");
    }

    #[test]
    fn the_last_of_a_list_has_an_and() {
        let parts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&parts), "a, b and c");
        assert_eq!(listed(&parts[..2]), "a and b");
        assert_eq!(listed(&parts[..1]), "a");
        assert_eq!(listed(&[]), "");
    }
}

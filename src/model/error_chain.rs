//! Formats an error with all of its causes on one line.

/// Returns an error and its causes, separated by colons.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read the plan")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn an_error_is_followed_by_its_causes() {
        let cause = std::io::Error::other("the disk is full");
        assert_eq!(
            chain(&Outer(cause)),
            "cannot read the plan: the disk is full"
        );
    }
}

//! Applies faults to the text of a reply.

/// Removes refusals from a reply, with the `^` above them.
pub(super) fn without_errors(reply: &[u8]) -> Vec<u8> {
    reply
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !is_error(line.trim_ascii()))
        .flatten()
        .copied()
        .collect()
}

fn is_error(line: &[u8]) -> bool {
    line == b"^" || line.starts_with(b"% ")
}

/// Inserts a line into a reply: after the last line end of its first half.
pub(super) fn with_line_inside(reply: &[u8], line: &str) -> Vec<u8> {
    let (before, after) = split_inside(reply);
    [before, line.as_bytes(), b"\r\n", after].concat()
}

/// Splits a reply in two: at a line end in its first half if there is one, otherwise at the start.
pub(super) fn split_inside(reply: &[u8]) -> (&[u8], &[u8]) {
    let middle = reply.len().div_ceil(2);
    let first_half = reply.get(..middle).unwrap_or(reply);
    let end = first_half.iter().rposition(|byte| *byte == b'\n');
    let end = end.map(|at| at + 1);
    reply
        .split_at_checked(end.unwrap_or(0))
        .unwrap_or((reply, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_are_removed() {
        let reply = b"           ^\r\n% Invalid word detected at '^' marker.\r\nGAM# ";
        assert_eq!(without_errors(reply), b"GAM# ");
        let reply = b"a 50% share\r\n%LINK-3-UPDOWN\r\nGAM# ";
        assert_eq!(without_errors(reply), reply);
    }

    #[test]
    fn a_line_breaks_in_between_two_others() {
        assert_eq!(
            with_line_inside(b"one\r\ntwo\r\nGAM# ", "log"),
            b"one\r\nlog\r\ntwo\r\nGAM# "
        );
        assert_eq!(with_line_inside(b"GAM# ", "log"), b"log\r\nGAM# ");
        assert_eq!(with_line_inside(b"", "log"), b"log\r\n");
    }
}

//! Matches texts against SQL patterns: `LIKE` with `%` and `_`, and a small `REGEXP`.

/// Bounds the work from one place of a text, and with it the depth of the recursion.
const MOST_STEPS: u32 = 1500;

/// The signs of a text that a regular expression sees; columns that are searched are shorter.
const MOST_SIGNS: usize = 200;

/// Returns whether a text is like a pattern, without regard to case, as MySQL's usual collation has it.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let (mut at, mut of) = (0, 0);
    // The last `%`, and the place in the text that it reaches to.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('%') => {
                star = Some((of, at));
                of += 1;
            }
            Some(sign) if *sign == '_' || text.get(at) == Some(sign) => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((place, reach)) => {
                    star = Some((place, reach + 1));
                    (of, at) = (place + 1, reach + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(of).all(|sign| *sign == '%')
}

/// An element of a regular expression.
#[derive(Debug, Clone)]
enum Element {
    Sign(char),
    Any,
    Class(Vec<(char, char)>, bool),
    Start,
    End,
    /// Alternatives in parentheses.
    Group(Vec<Vec<Repeated>>),
}

/// An element, and the least and the most times that it occurs.
#[derive(Debug, Clone)]
struct Repeated {
    element: Element,
    least: u32,
    most: u32,
}

/// A regular expression with `^ $ . [] () | * + ?`; `None` where it is not one.
#[derive(Debug, Clone)]
pub(super) struct Regexp(Vec<Vec<Repeated>>);

impl Regexp {
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let signs: Vec<char> = pattern.to_lowercase().chars().collect();
        let mut at = 0;
        let alternatives = alternatives(&signs, &mut at, 0)?;
        (at == signs.len()).then_some(Self(alternatives))
    }

    /// Returns whether any part of a text matches, without regard to case.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().take(MOST_SIGNS).collect();
        (0..=text.len()).any(|start| {
            let mut steps = MOST_STEPS;
            self.0
                .iter()
                .any(|one| sequence(one, &text, start, &mut steps, &mut |_, _| true))
        })
    }
}

fn alternatives(signs: &[char], at: &mut usize, depth: u8) -> Option<Vec<Vec<Repeated>>> {
    // Recursion in a parser of untrusted text has a bound.
    if depth > 16 {
        return None;
    }
    let mut all = vec![Vec::new()];
    while let Some(sign) = signs.get(*at) {
        *at += 1;
        let element = match sign {
            '|' => {
                all.push(Vec::new());
                continue;
            }
            ')' => {
                *at -= 1;
                break;
            }
            '(' => {
                let group = alternatives(signs, at, depth + 1)?;
                if signs.get(*at) != Some(&')') {
                    return None;
                }
                *at += 1;
                Element::Group(group)
            }
            '[' => class(signs, at)?,
            '.' => Element::Any,
            '^' => Element::Start,
            '$' => Element::End,
            '\\' => {
                let escaped = signs.get(*at)?;
                *at += 1;
                Element::Sign(*escaped)
            }
            '*' | '+' | '?' => return None,
            other => Element::Sign(*other),
        };
        let (least, most) = match signs.get(*at) {
            Some('*') => (0, u32::MAX),
            Some('+') => (1, u32::MAX),
            Some('?') => (0, 1),
            _ => (1, 1),
        };
        if (least, most) != (1, 1) {
            *at += 1;
        }
        all.last_mut()?.push(Repeated {
            element,
            least,
            most,
        });
    }
    Some(all)
}

fn class(signs: &[char], at: &mut usize) -> Option<Element> {
    let is_negated = signs.get(*at) == Some(&'^');
    *at += usize::from(is_negated);
    let mut ranges = Vec::new();
    loop {
        let first = *signs.get(*at)?;
        *at += 1;
        if first == ']' && !ranges.is_empty() {
            return Some(Element::Class(ranges, is_negated));
        }
        let last = match (signs.get(*at), signs.get(*at + 1)) {
            (Some('-'), Some(last)) if *last != ']' => {
                *at += 2;
                *last
            }
            _ => first,
        };
        ranges.push((first, last));
    }
}

/// Called with the place after a match; returns whether the rest matches too.
type Rest<'a> = &'a mut dyn FnMut(usize, &mut u32) -> bool;

fn sequence(
    elements: &[Repeated],
    text: &[char],
    at: usize,
    steps: &mut u32,
    rest: Rest<'_>,
) -> bool {
    match elements.split_first() {
        None => rest(at, steps),
        Some((first, others)) => repeat(first, 0, text, at, steps, &mut |after, steps| {
            sequence(others, text, after, steps, rest)
        }),
    }
}

fn repeat(
    one: &Repeated,
    count: u32,
    text: &[char],
    at: usize,
    steps: &mut u32,
    rest: Rest<'_>,
) -> bool {
    let Some(left) = steps.checked_sub(1) else {
        return false;
    };
    *steps = left;
    if count < one.most {
        let more = element(&one.element, text, at, steps, &mut |after, steps| {
            // An empty match repeated would never end.
            (after > at || count < one.least) && repeat(one, count + 1, text, after, steps, rest)
        });
        if more {
            return true;
        }
    }
    count >= one.least && rest(at, steps)
}

fn element(element: &Element, text: &[char], at: usize, steps: &mut u32, rest: Rest<'_>) -> bool {
    let sign = text.get(at);
    match element {
        Element::Start => at == 0 && rest(at, steps),
        Element::End => at == text.len() && rest(at, steps),
        Element::Any => sign.is_some() && rest(at + 1, steps),
        Element::Sign(expected) => sign == Some(expected) && rest(at + 1, steps),
        Element::Class(ranges, is_negated) => {
            let is_in = |sign: &char| {
                ranges
                    .iter()
                    .any(|(low, high)| (low..=high).contains(&sign))
            };
            sign.is_some_and(|sign| is_in(sign) != *is_negated) && rest(at + 1, steps)
        }
        Element::Group(alternatives) => alternatives
            .iter()
            .any(|one| sequence(one, text, at, steps, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_has_any_text_for_a_percent_sign_and_one_sign_for_an_underscore() {
        for (text, pattern, is_match) in [
            ("Home 500", "home%", true),
            ("Home 500", "%50_", true),
            ("Home 500", "ome", false),
            ("Home 500", "%o%0%", true),
            ("aab", "%ab", true),
            ("", "%", true),
            ("", "_", false),
            ("ab", "a", false),
        ] {
            assert_eq!(is_like(text, pattern), is_match, "{text} like {pattern}");
        }
    }

    #[test]
    fn a_regular_expression_matches_any_part_of_a_text() {
        for (text, pattern, is_match) in [
            ("000ED81C9508", "^000ed8", true),
            ("000ED81C9508", "^[0-9a-f]+$", true),
            ("00:0E:D8", "^[0-9a-f]+$", false),
            ("00:0E:D8", "[^0-9a-f]", true),
            ("active", "^(active|stopped)$", true),
            ("inactive", "^(active|stopped)$", false),
            ("aaab", "a*ab$", true),
            ("ac", "ab?c", true),
            ("a.c", r"a\.c", true),
            ("abc", r"a\.c", false),
            ("x", "", true),
        ] {
            let regexp = Regexp::parse(pattern).unwrap();
            assert_eq!(regexp.is_match(text), is_match, "{text} ~ {pattern}");
        }
    }

    #[test]
    fn a_broken_or_a_bad_expression_matches_nothing_and_ends() {
        for broken in ["(", ")", "[", "[]", "*a", "a**", "\\"] {
            assert!(Regexp::parse(broken).is_none(), "{broken}");
        }
        let bad = Regexp::parse("(a*)*(a*)*(a*)*b").unwrap();
        assert!(!bad.is_match(&"a".repeat(60)));
    }
}

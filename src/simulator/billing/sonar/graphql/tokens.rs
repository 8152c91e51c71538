//! Divides the text of a GraphQL request into tokens with their positions.

use std::iter::Peekable;
use std::str::Chars;

use super::document::{Position, SyntaxError};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Sign(char),
    /// `...`
    Spread,
    Name(String),
    Int(i64),
    Float(f64),
    Text(String),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Position,
}

/// Returns all tokens, the last one `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        at: Position { line: 1, column: 1 },
    };
    let mut found = Vec::new();
    loop {
        reader.skip_ignored();
        let at = reader.at;
        let kind = reader.token(at)?;
        let is_end = kind == TokenKind::End;
        found.push(Token { kind, at });
        if is_end {
            return Ok(found);
        }
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    at: Position,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let sign = self.rest.next()?;
        if sign == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Some(sign)
    }

    fn skip_ignored(&mut self) {
        while let Some(sign) = self.rest.peek().copied() {
            match sign {
                '#' => {
                    while self.rest.peek().is_some_and(|sign| *sign != '\n') {
                        self.next();
                    }
                }
                ' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}' => {
                    self.next();
                }
                _ => return,
            }
        }
    }

    fn token(&mut self, at: Position) -> Result<TokenKind, SyntaxError> {
        let Some(sign) = self.rest.peek().copied() else {
            return Ok(TokenKind::End);
        };
        match sign {
            '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => {
                self.next();
                Ok(TokenKind::Sign(sign))
            }
            '.' => {
                let dots = self.take(|sign| sign == '.');
                match dots.len() {
                    3 => Ok(TokenKind::Spread),
                    _ => Err(unexpected('.', at)),
                }
            }
            '"' => self.text(at),
            '-' | '0'..='9' => self.number(at),
            'A'..='Z' | 'a'..='z' | '_' => Ok(TokenKind::Name(
                self.take(|sign| sign.is_ascii_alphanumeric() || sign == '_'),
            )),
            other => Err(unexpected(other, at)),
        }
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(sign) = self.rest.peek().copied().filter(|sign| is_part(*sign)) {
            taken.push(sign);
            self.next();
        }
        taken
    }

    fn number(&mut self, at: Position) -> Result<TokenKind, SyntaxError> {
        let text = self.take(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign));
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let is_padded = digits.len() > 1
            && digits.starts_with('0')
            && digits.bytes().all(|sign| sign.is_ascii_digit());
        let number = match text.parse::<i64>() {
            Ok(number) => Some(TokenKind::Int(number)),
            Err(_) if text.contains(['.', 'e', 'E']) => {
                text.parse::<f64>().ok().map(TokenKind::Float)
            }
            Err(_) => None,
        };
        match number {
            Some(number) if !is_padded => Ok(number),
            _ => Err(problem(format!("Invalid number \"{text}\""), at)),
        }
    }

    fn text(&mut self, at: Position) -> Result<TokenKind, SyntaxError> {
        self.next();
        if self.rest.peek() == Some(&'"') {
            self.next();
            if self.rest.peek() != Some(&'"') {
                return Ok(TokenKind::Text(String::new()));
            }
            self.next();
            return self.block(at);
        }
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(TokenKind::Text(text)),
                Some('\\') => text.push(self.escaped(at)?),
                Some('\n') | None => return Err(problem("Unterminated string.".to_owned(), at)),
                Some(sign) => text.push(sign),
            }
        }
    }

    fn escaped(&mut self, at: Position) -> Result<char, SyntaxError> {
        let invalid = || problem("Invalid character escape sequence.".to_owned(), at);
        Ok(match self.next().ok_or_else(invalid)? {
            sign @ ('"' | '\\' | '/') => sign,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.code_unit().ok_or_else(invalid)?;
                let units = if (0xd800..0xdc00).contains(&first) {
                    let is_pair = self.next() == Some('\\') && self.next() == Some('u');
                    let second = self.code_unit().filter(|_| is_pair);
                    vec![first, second.ok_or_else(invalid)?]
                } else {
                    vec![first]
                };
                let mut signs = char::decode_utf16(units);
                signs.next().and_then(Result::ok).ok_or_else(invalid)?
            }
            _ => return Err(invalid()),
        })
    }

    fn code_unit(&mut self) -> Option<u16> {
        let digits: Option<String> = (0..4).map(|_| self.next()).collect();
        u16::from_str_radix(&digits?, 16).ok()
    }

    /// Reads a block string. Its common indentation is removed, and blank lines at both ends.
    fn block(&mut self, at: Position) -> Result<TokenKind, SyntaxError> {
        let mut raw = String::new();
        while !raw.ends_with("\"\"\"") || raw.ends_with("\\\"\"\"") {
            let sign = self
                .next()
                .ok_or_else(|| problem("Unterminated string.".to_owned(), at))?;
            raw.push(sign);
        }
        let raw = raw.strip_suffix("\"\"\"").unwrap_or(&raw);
        let raw = raw.replace("\\\"\"\"", "\"\"\"");
        let blank = |line: &&str| line.trim().is_empty();
        let indent = raw
            .lines()
            .skip(1)
            .filter(|line| !blank(line))
            .map(|line| {
                line.chars()
                    .take_while(|sign| " \t".contains(*sign))
                    .count()
            })
            .min()
            .unwrap_or(0);
        let lines: Vec<String> = raw
            .lines()
            .enumerate()
            .map(|(number, line)| match number {
                0 => line.to_owned(),
                _ => line.chars().skip(indent).collect(),
            })
            .collect();
        let first = lines.iter().position(|line| !blank(&line.as_str()));
        let last = lines.iter().rposition(|line| !blank(&line.as_str()));
        let kept = match (first, last) {
            (Some(first), Some(last)) => lines.get(first..=last).unwrap_or_default(),
            _ => &[],
        };
        Ok(TokenKind::Text(kept.join("\n")))
    }
}

fn unexpected(sign: char, at: Position) -> SyntaxError {
    problem(
        format!("Cannot parse the unexpected character \"{sign}\"."),
        at,
    )
}

fn problem(problem: String, at: Position) -> SyntaxError {
    SyntaxError { problem, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        let tokens = tokens(text).unwrap();
        tokens.into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_position_counts_lines_and_characters_from_one() {
        let tokens = tokens("{\n  é: x # ignored\n\ty }").unwrap_err();
        assert_eq!(tokens.at, Position { line: 2, column: 3 });
        let found = super::tokens("{\n  a\n}").unwrap();
        assert_eq!(found[1].at, Position { line: 2, column: 3 });
        assert_eq!(found[2].at, Position { line: 3, column: 1 });
    }

    #[test]
    fn numbers_and_texts_are_read_with_their_escapes() {
        assert_eq!(
            kinds(r#"-7 1.5e3 "a\n\u00e9\ud83d\ude00" "" "#),
            [
                TokenKind::Int(-7),
                TokenKind::Float(1500.0),
                TokenKind::Text("a\né😀".to_owned()),
                TokenKind::Text(String::new()),
                TokenKind::End
            ]
        );
        assert_eq!(
            kinds("\"\"\"\n    one\n      two\n    \"\"\"")[0],
            TokenKind::Text("one\n  two".to_owned())
        );
    }

    #[test]
    fn a_text_without_an_end_and_a_padded_number_are_errors() {
        for text in [
            "\"a",
            "\"\"\"a",
            "\"a\nb\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "007",
            "1x",
            "..",
            "%",
        ] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}

//! A small scanner of Rust source for the architecture test: words and marks with their lines, and the paths they make.

use std::collections::BTreeMap;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// `::`, or any other single character.
    Mark,
    /// A string or character literal; its content is dropped.
    Text,
}

/// One token of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// Returns the tokens of `source` without comments, lifetimes and the content of literals.
pub(crate) fn scan(source: &str) -> Vec<Token> {
    let mut scanner = Scanner {
        chars: source.chars().collect(),
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    while scanner.step() {}
    scanner.tokens
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek(0)?;
        self.at += 1;
        self.line += usize::from(character == '\n');
        Some(character)
    }

    fn push(&mut self, line: usize, kind: Kind, text: impl Into<String>) {
        let text = text.into();
        self.tokens.push(Token { line, kind, text });
    }

    fn step(&mut self) -> bool {
        let line = self.line;
        let Some(character) = self.peek(0) else {
            return false;
        };
        match (character, self.peek(1)) {
            ('/', Some('/')) => {
                while self.peek(0).is_some_and(|c| c != '\n') && self.next().is_some() {}
            }
            ('/', Some('*')) => self.skip_block_comment(),
            ('"', _) => self.text(line),
            ('\'', _) => self.quote(line),
            (':', Some(':')) => {
                self.at += 2;
                self.push(line, Kind::Mark, "::");
            }
            (c, _) if c.is_alphanumeric() || c == '_' => self.word(line),
            (c, _) => {
                self.next();
                if !c.is_whitespace() {
                    self.push(line, Kind::Mark, c);
                }
            }
        }
        true
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0usize;
        while let Some(character) = self.next() {
            match (character, self.peek(0)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => continue,
            }
            self.next();
            if depth == 0 {
                return;
            }
        }
    }

    fn text(&mut self, line: usize) {
        self.next();
        while let Some(character) = self.next() {
            match character {
                '\\' => {
                    self.next();
                }
                '"' => break,
                _ => {}
            }
        }
        self.push(line, Kind::Text, "");
    }

    /// A character literal, or a lifetime, which is dropped.
    fn quote(&mut self, line: usize) {
        self.next();
        let is_escape = self.peek(0) == Some('\\');
        if !is_escape && self.peek(1) != Some('\'') {
            return; // The lifetime's name goes by as a word that begins no path.
        }
        self.next();
        if is_escape {
            self.next();
        }
        while self.next().is_some_and(|character| character != '\'') {}
        self.push(line, Kind::Text, "");
    }

    fn word(&mut self, line: usize) {
        let mut word = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
            self.at += 1;
        }
        let is_raw = matches!(word.as_str(), "r" | "br" | "cr");
        match self.peek(0) {
            Some('"') if matches!(word.as_str(), "b" | "c") => self.text(line),
            Some('\'') if word == "b" => self.quote(line),
            Some('"' | '#') if is_raw && self.raw_text(line) => {}
            Some('#') if word == "r" => {
                self.at += 1; // `r#type` is the word `type`.
                self.word(line);
            }
            _ => self.push(line, Kind::Word, word),
        }
    }

    /// Reads the rest of `r##"…"##`; returns whether there was one.
    fn raw_text(&mut self, line: usize) -> bool {
        let hashes = (0..).take_while(|i| self.peek(*i) == Some('#')).count();
        if self.peek(hashes) != Some('"') {
            return false;
        }
        self.at += hashes + 1;
        while let Some(character) = self.next() {
            if character == '"' && (0..hashes).all(|i| self.peek(i) == Some('#')) {
                self.at += hashes;
                break;
            }
        }
        self.push(line, Kind::Text, "");
        true
    }
}

/// Splits off the items that are compiled for tests only; returns the other tokens, and how many lines those items have.
pub(crate) fn production(tokens: &[Token]) -> (Vec<Token>, usize) {
    let mut kept = Vec::new();
    let mut test_lines = 0;
    let mut at = 0;
    while at < tokens.len() {
        match attribute_end(tokens, at) {
            Some(end) if is_cfg_test(&tokens[at..end]) => {
                let end = item_end(tokens, end);
                test_lines += tokens[end - 1].line - tokens[at].line + 1;
                at = end;
            }
            Some(end) => {
                kept.extend_from_slice(&tokens[at..end]);
                at = end;
            }
            None => {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    (kept, test_lines)
}

/// Returns the end of the outer attribute that begins at `at`.
fn attribute_end(tokens: &[Token], at: usize) -> Option<usize> {
    let opens = tokens.get(at)?.is("#") && tokens.get(at + 1)?.is("[");
    opens.then(|| group_end(tokens, at + 1))
}

fn is_cfg_test(attribute: &[Token]) -> bool {
    let has = |word: &str| attribute.iter().any(|token| token.is(word));
    attribute.get(2).is_some_and(|token| token.is("cfg")) && has("test") && !has("not")
}

/// Returns the end of the bracketed group that opens at `at`.
pub(crate) fn group_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        if ["(", "[", "{"].iter().any(|mark| token.is(mark)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|mark| token.is(mark)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return index + 1;
            }
        }
    }
    tokens.len()
}

/// Returns the end of the item that begins at `at`, further attributes included.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while let Some(end) = attribute_end(tokens, at) {
        at = end;
    }
    while let Some(token) = tokens.get(at) {
        if token.is(";") {
            return at + 1;
        } else if token.is("{") {
            return group_end(tokens, at);
        } else if token.is("}") {
            return at;
        }
        at = if token.is("(") || token.is("[") {
            group_end(tokens, at)
        } else {
            at + 1
        };
    }
    at
}

/// Returns the names of the modules that are declared with a file of their own.
pub(crate) fn declared_modules(tokens: &[Token]) -> Vec<String> {
    tokens
        .windows(3)
        .filter(|w| w[0].is("mod") && w[1].kind == Kind::Word && w[2].is(";"))
        .map(|w| w[1].text.clone())
        .collect()
}

/// A path as written at one place, from `crate` or an outer crate down as far as this file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathSeen {
    pub(crate) line: usize,
    /// The last one is `*` for a glob import.
    pub(crate) segments: Vec<String>,
    /// The name that a `use` line gives to it, `*` for all names in it.
    pub(crate) name: Option<String>,
    /// It is in a `use` line with `pub`, which hands it on.
    pub(crate) is_re_export: bool,
}

/// Returns every path in the tokens of the file that is the module `module` (`["plan", "order"]`).
///
/// `self`, `super` and what the file's own `use` lines have named are resolved.
pub(crate) fn paths(tokens: &[Token], module: &[String]) -> Vec<PathSeen> {
    let mut reader = PathReader {
        tokens,
        at: 0,
        depth: 0,
        inner: Vec::new(),
        names: BTreeMap::new(),
        seen: Vec::new(),
    };
    while reader.at < tokens.len() {
        reader.step(module);
    }
    let names = reader.names;
    let mut seen = reader.seen;
    for path in &mut seen {
        // A name may stand for a path that begins with another name; a circle ends after a few turns.
        for _ in 0..4 {
            match names.get(&path.segments[0]) {
                Some(full) if full[0] != path.segments[0] => {
                    path.segments.splice(0..1, full.iter().cloned());
                }
                _ => break,
            }
        }
    }
    seen
}

struct PathReader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// Inline modules around the place, with the depth of their braces.
    inner: Vec<(String, usize)>,
    /// What `use` lines have named, and what for.
    names: BTreeMap<String, Vec<String>>,
    seen: Vec<PathSeen>,
}

impl PathReader<'_> {
    fn is(&self, ahead: usize, text: &str) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|token| token.is(text))
    }

    fn step(&mut self, module: &[String]) {
        let token = &self.tokens[self.at];
        if token.is("{") {
            self.depth += 1;
            self.at += 1;
        } else if token.is("}") {
            self.depth = self.depth.saturating_sub(1);
            while self
                .inner
                .last()
                .is_some_and(|(_, depth)| *depth > self.depth)
            {
                self.inner.pop();
            }
            self.at += 1;
        } else if token.is("mod") {
            let name = if self.is(1, "$") { 2 } else { 1 };
            if self.is(name + 1, "{") {
                let name = self.tokens[self.at + name].text.clone();
                self.inner.push((name, self.depth + 1));
            }
            self.at += name + 1;
        } else if token.is("use") && !self.is(1, "<") {
            let is_re_export = self.is_behind_pub();
            let first = self.seen.len();
            self.at += 1;
            self.use_tree(module, &[]);
            for path in self.seen.iter_mut().skip(first) {
                path.is_re_export = is_re_export;
            }
        } else if token.kind == Kind::Word {
            let line = token.line;
            let segments = self.plain_path();
            self.see(module, line, segments);
        } else {
            self.at += 1;
            // What follows `>::` or `].` belongs to a type that this scanner does not know.
            if token.is("::")
                && self
                    .tokens
                    .get(self.at.wrapping_sub(2))
                    .is_some_and(|t| t.is(">"))
            {
                self.at += 1;
            }
        }
    }

    /// Returns whether `pub` or `pub(…)` stands before the current token.
    fn is_behind_pub(&self) -> bool {
        let before = &self.tokens[..self.at];
        let word = match before.last() {
            Some(last) if last.is(")") => before
                .iter()
                .rposition(|token| token.is("("))
                .and_then(|open| before[..open].last()),
            last => last,
        };
        word.is_some_and(|word| word.is("pub"))
    }

    /// Reads `a::b::c` and moves behind it.
    fn plain_path(&mut self) -> Vec<String> {
        let mut segments = vec![self.tokens[self.at].text.clone()];
        self.at += 1;
        while self.is(0, "::")
            && let Some(next) = self
                .tokens
                .get(self.at + 1)
                .filter(|t| t.kind == Kind::Word)
        {
            segments.push(next.text.clone());
            self.at += 2;
        }
        segments
    }

    /// Reads one branch of a `use` line: `a::{b, c as d, e::*}`.
    fn use_tree(&mut self, module: &[String], before: &[String]) {
        if self.is(0, "::") {
            self.at += 1;
        }
        let mut segments = before.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        if self
            .tokens
            .get(self.at)
            .is_some_and(|token| token.kind == Kind::Word)
        {
            segments.extend(self.plain_path());
            if self.is(0, "::") {
                self.at += 1;
            }
        }
        if self.is(0, "{") {
            let end = group_end(self.tokens, self.at);
            self.at += 1;
            while self.at + 1 < end {
                let begin = self.at;
                self.use_tree(module, &segments);
                if self.is(0, ",") || self.at == begin {
                    self.at += 1;
                }
            }
            self.at = end;
            return;
        }
        if self.is(0, "*") {
            self.at += 1;
            segments.push("*".to_owned());
        } else if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        let mut name = segments.last().cloned().unwrap_or_default();
        if self.is(0, "as") {
            name.clone_from(&self.tokens[self.at + 1].text);
            self.at += 2;
        } else if !self.is(0, ",") && !self.is(0, "}") && !self.is(0, ";") {
            self.at += 1; // A macro's `$name` or another thing that is no path.
        }
        if let Some(full) = self.see(module, line, segments) {
            if let Some(seen) = self.seen.last_mut() {
                seen.name = Some(name.clone());
            }
            if name != "*" && name != "_" {
                self.names.insert(name, full);
            }
        }
    }

    /// Records a path, made absolute; returns it.
    fn see(
        &mut self,
        module: &[String],
        line: usize,
        mut segments: Vec<String>,
    ) -> Option<Vec<String>> {
        let mut here: Vec<String> = std::iter::once("crate".to_owned())
            .chain(module.iter().cloned())
            .chain(self.inner.iter().map(|(name, _)| name.clone()))
            .collect();
        let ups = segments
            .iter()
            .skip_while(|s| *s == "self")
            .take_while(|s| *s == "super")
            .count();
        if ups > 0 || segments.first().is_some_and(|first| first == "self") {
            segments.retain(|segment| segment != "self" && segment != "super");
            here.truncate(here.len().saturating_sub(ups).max(1));
            here.append(&mut segments);
            segments = here;
        }
        if segments.is_empty() {
            return None;
        }
        self.seen.push(PathSeen {
            line,
            segments: segments.clone(),
            name: None,
            is_re_export: false,
        });
        Some(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        scan(source)
            .into_iter()
            .filter(|token| token.kind == Kind::Word)
            .map(|token| token.text)
            .collect()
    }

    fn absolute(source: &str, module: &str) -> Vec<String> {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        paths(&production(&scan(source)).0, &module)
            .into_iter()
            .map(|path| path.segments.join("::"))
            .filter(|path| path.contains("::"))
            .collect()
    }

    #[test]
    fn comments_and_literals_hide_what_they_say() {
        let source = r###"
            a // std::fs
            /* std::fs /* nested */ still */ b
            "std::fs \" std" c r#"std " fs"# d b"x" e '"' f '\'' g b'"' h '\u{61}' i
            r"\" j br##"x"# y"## k
        "###;
        assert_eq!(
            words(source),
            ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]
        );
    }

    #[test]
    fn a_lifetime_opens_no_character_literal() {
        assert_eq!(
            words("fn f<'a>(x: &'a str) { g('x') }"),
            ["fn", "f", "a", "x", "a", "str", "g"]
        );
    }

    #[test]
    fn lines_are_counted_through_comments_and_texts() {
        let tokens = scan("/*\n*/ \"\n\n\" x\ny");
        let lines: Vec<usize> = tokens.iter().map(|token| token.line).collect();
        assert_eq!(lines, [2, 4, 5]);
    }

    #[test]
    fn test_items_are_left_out_and_what_follows_is_kept() {
        let source = "a; #[cfg(test)] use b::{c}; #[cfg(test)] #[allow(x)] mod t { d } e; #[cfg(not(test))] f;";
        let (kept, _) = production(&scan(source));
        let kept: Vec<&str> = kept
            .iter()
            .filter(|t| t.kind == Kind::Word)
            .map(|t| t.text.as_str())
            .collect();
        assert_eq!(kept, ["a", "e", "cfg", "not", "test", "f"]);
    }

    #[test]
    fn the_lines_of_test_items_are_counted_blank_ones_too() {
        let (_, lines) = production(&scan("a;\n#[cfg(test)]\nmod t {\n\n // x\n b\n}\nc;\n"));
        assert_eq!(lines, 6);
    }

    #[test]
    fn use_lines_are_spread_out() {
        assert_eq!(
            absolute(
                "use crate::{model::{A, B as C}, plan::*}; use std::{fs, io::{self, Read}};",
                "x"
            ),
            [
                "crate::model::A",
                "crate::model::B",
                "crate::plan::*",
                "std::fs",
                "std::io",
                "std::io::Read"
            ]
        );
    }

    #[test]
    fn a_path_through_an_imported_name_is_seen_whole() {
        assert_eq!(
            absolute("use std::time as t; fn f() { t::Instant::now() }", "x"),
            ["std::time", "std::time::Instant::now"]
        );
    }

    #[test]
    fn super_climbs_out_of_inline_modules_first() {
        let source = "mod word { use super::super::a; mod $x { pub(in super::super) fn f() {} } } use super::b;";
        assert_eq!(
            absolute(source, "model::port"),
            ["crate::model::a", "crate::model::port", "crate::model::b"]
        );
    }

    #[test]
    fn a_use_line_with_pub_hands_on_what_it_names() {
        let source =
            "pub use a::{B, c::D as E}; pub(in crate::x) use f::G; use h::*; fn i() { j::k() }";
        let seen: Vec<(Option<String>, bool)> = paths(&scan(source), &[])
            .into_iter()
            .filter(|path| path.segments.len() > 1)
            .map(|path| (path.name, path.is_re_export))
            .collect();
        let name = |name: &str| Some(name.to_owned());
        let expected = [
            (name("B"), true),
            (name("E"), true),
            (None, false),
            (name("G"), true),
            (name("*"), false),
            (None, false),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_declared_module_is_one_with_a_file() {
        assert_eq!(
            declared_modules(&scan("mod a; pub mod b; mod c { }")),
            ["a", "b"]
        );
    }
}

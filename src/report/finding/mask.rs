//! Finds the parts of a TOML file that may be secrets, however broken the file is.
//!
//! It works on tokens, not on a parsed document: findings also show files that do not parse. If a text can be read in
//! two ways, the reading that hides more applies.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

use super::login::{login, login_in_value};
use super::nesting::{FrameKind, Nesting};
use super::sensitive::{
    Disclosure, SensitiveKeys, is_credentials_file, is_secret_name, speaks_of_secrets,
};
use crate::inventory::{looks_like_a_key, looks_like_a_secret};

/// Returns the byte ranges of `text` that must not be shown, sorted and disjoint.
pub(super) fn masks(path: &str, text: &str) -> Vec<Range<usize>> {
    let mut scan = Scan {
        text,
        in_credentials: is_credentials_file(path),
        judge: SensitiveKeys::default(),
        nesting: Nesting::new(),
        masks: Vec::new(),
        last_word: None,
        last_kind: None,
        line: Line::default(),
        first_long_string: None,
        ends_in_long_string: false,
    };
    for token in Source::new(text).lex() {
        scan.token(&token);
    }
    scan.finish()
}

struct Scan<'t> {
    text: &'t str,
    in_credentials: bool,
    judge: SensitiveKeys<'t>,
    nesting: Nesting<'t>,
    masks: Vec<Range<usize>>,
    /// The last string or atom, which becomes a key if `=` follows.
    last_word: Option<&'t str>,
    /// The last token that is neither space, comment nor newline.
    last_kind: Option<TokenKind>,
    line: Line,
    /// The start of the first string over several lines.
    first_long_string: Option<usize>,
    ends_in_long_string: bool,
}

/// The parts of the present line so far.
#[derive(Default)]
struct Line {
    start: usize,
    has_mask: bool,
    /// From here on the line is hidden.
    hidden_from: Option<usize>,
    /// Words that are neither a key nor a value.
    first_stray: Option<usize>,
    /// Words that no `=` has followed yet.
    first_unsettled: Option<usize>,
}

impl<'t> Scan<'t> {
    fn token(&mut self, token: &Token) {
        let kind = token.kind();
        let span = token.span().start()..token.span().end();
        match kind {
            TokenKind::Whitespace => return,
            // A lone carriage return does not end a line on the terminal.
            TokenKind::Newline if self.text.get(span.clone()) == Some("\r") => return,
            TokenKind::Newline | TokenKind::Eof => return self.end_line(&span),
            TokenKind::Comment => return self.comment(&span),
            TokenKind::Dot => {}
            TokenKind::Equals => {
                self.line.first_unsettled = None;
                self.nesting.equals(self.last_word);
            }
            TokenKind::LeftSquareBracket => {
                self.settle();
                self.nesting.open_square();
            }
            TokenKind::LeftCurlyBracket => {
                self.settle();
                self.nesting.open(FrameKind::Inline);
            }
            TokenKind::RightSquareBracket => {
                self.settle();
                self.nesting.close_square();
            }
            TokenKind::RightCurlyBracket => {
                self.settle();
                self.nesting.close(FrameKind::Inline);
            }
            TokenKind::Comma => {
                self.settle();
                self.nesting.comma();
            }
            TokenKind::LiteralString
            | TokenKind::BasicString
            | TokenKind::MlLiteralString
            | TokenKind::MlBasicString
            | TokenKind::Atom => self.word(kind, &span),
        }
        self.last_kind = Some(kind);
    }

    fn word(&mut self, kind: TokenKind, span: &Range<usize>) {
        let Some(word) = self.text.get(span.clone()) else {
            return;
        };
        self.last_word = Some(word);
        if matches!(kind, TokenKind::MlLiteralString | TokenKind::MlBasicString) {
            // An inventory has no values over several lines: either it is the text of a key, or a quote is missing.
            self.first_long_string.get_or_insert(span.start);
            self.ends_in_long_string |= span.end == self.text.len();
            return self.hide(span.start + 3..span.end.saturating_sub(3));
        }
        if !self.nesting.is_value() {
            self.nesting.key(word);
            self.name_of_credentials(kind, word, span);
            self.line.first_unsettled.get_or_insert(span.start);
            return;
        }
        let disclosure = self.disclosure();
        if kind == TokenKind::Atom {
            if disclosure != Disclosure::Show && !matches!(word, "true" | "false") {
                // A value without quotes ends at the point that its author had in mind, which is unknown.
                self.line.hidden_from.get_or_insert(span.start);
            }
            return;
        }
        let (content, inner) = unquoted(word, span);
        let is_shown = match disclosure {
            Disclosure::Show => {
                // A secret is most easily entered by mistake as the name of credentials.
                let is_misplaced = looks_like_a_secret(content) && self.is_last_key("credentials");
                !looks_like_a_key(content) && !is_misplaced
            }
            Disclosure::ShowSecretName => is_secret_name(content),
            Disclosure::Mask => false,
        };
        if !is_shown {
            self.hide(inner);
        } else if let Some(login) = login_in_value(content, || self.is_last_key("address")) {
            self.hide(inner.start..inner.start + login);
        }
    }

    /// Hides a key of credentials that is not a plain word: its author may have entered a secret there.
    fn name_of_credentials(&mut self, kind: TokenKind, word: &str, span: &Range<usize>) {
        if kind == TokenKind::Atom && !looks_like_a_secret(word) {
            return;
        }
        let path = || self.nesting.path().unwrap_or_default();
        if self.in_credentials || path().contains(&"credentials") {
            self.hide(unquoted(word, span).1);
        }
    }

    fn is_last_key(&self, key: &str) -> bool {
        let path = self.nesting.path().unwrap_or_default();
        path.last()
            .is_some_and(|last| last.trim_matches(['"', '\'']) == key)
    }

    fn disclosure(&mut self) -> Disclosure {
        match self.nesting.path() {
            Some(path) => self.judge.disclosure(&path, self.in_credentials),
            None => Disclosure::Mask,
        }
    }

    /// Treats words without a following `=` as strays, unless they are a table's name.
    fn settle(&mut self) {
        let unsettled = self.line.first_unsettled.take();
        if !self.nesting.is_in(FrameKind::Header) {
            self.line.first_stray = self.line.first_stray.or(unsettled);
        }
    }

    fn hide(&mut self, span: Range<usize>) {
        self.line.has_mask = true;
        if span.start < span.end {
            self.masks.push(span);
        }
    }

    fn comment(&mut self, span: &Range<usize>) {
        let text = self.text.get(span.clone()).unwrap_or_default();
        // `password = #1-of-many` is a comment to TOML, but not to its author.
        let is_value = self.last_kind == Some(TokenKind::Equals);
        if self.in_credentials
            || self.line.has_mask
            || self.line.hidden_from.is_some()
            || speaks_of_secrets(text)
            || (is_value && self.disclosure() != Disclosure::Show)
        {
            self.hide(span.start + 1..span.end);
        }
    }

    fn end_line(&mut self, newline: &Range<usize>) {
        self.settle();
        self.nesting.close_header();
        let next = Line {
            start: newline.end,
            ..Line::default()
        };
        let line = std::mem::replace(&mut self.line, next);
        let end = newline.start;
        let text = self.text.get(line.start..end).unwrap_or_default();
        if let Some(stray) = line.first_stray
            && (self.in_credentials || line.has_mask || speaks_of_secrets(text))
        {
            self.masks.push(stray..end);
        }
        if let Some(from) = line.hidden_from {
            self.masks.push(from..end);
        }
        if let Some(login) = login(text) {
            self.masks
                .push(line.start + login.start..line.start + login.end);
        }
        // After a `=` the value may have slipped to the next line.
        if self.last_kind != Some(TokenKind::Equals) {
            self.nesting.forget_key();
        }
    }

    fn finish(mut self) -> Vec<Range<usize>> {
        // A missing quote swaps text and code in everything that follows.
        if self.ends_in_long_string
            && let Some(start) = self.first_long_string
        {
            self.masks.push(start + 3..self.text.len());
        }
        self.masks.sort_by_key(|mask| (mask.start, mask.end));
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(self.masks.len());
        for mask in self.masks {
            match apart.last_mut() {
                Some(last) if mask.start <= last.end => last.end = mask.end.max(last.end),
                Some(_) | None => apart.push(mask),
            }
        }
        apart
    }
}

/// Returns the text between the quotes, even if the second is missing.
fn unquoted<'t>(word: &'t str, span: &Range<usize>) -> (&'t str, Range<usize>) {
    let mut inner = span.start + 1..span.end;
    let mut content = word.strip_prefix(['"', '\'']).unwrap_or(word);
    if let Some(closed) = content.strip_suffix(['"', '\'']) {
        content = closed;
        inner.end -= 1;
    }
    (content, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, text: &str) -> String {
        let mut shown = text.to_owned();
        for mask in masks(path, text).into_iter().rev() {
            shown.replace_range(mask, "****");
        }
        shown
    }

    #[test]
    fn a_value_that_is_not_secret_is_shown() {
        let text = "[subscriber.private-4] # Oak St\nname = 'apt' # tenant\nvlan = 101\n\
            external = { system = \"sonar\", account = \"1\" }\nlist = [\n  \"a\", # b\n]\n\
            authoritative = true\nvlan 100\nx = nonsense\n";
        assert_eq!(shown("subscribers/a.toml", text), text);
    }

    #[test]
    fn credentials_keep_references_and_open_keys() {
        let text = r#"[credentials.default]
snmp = { version = "3", user = "u", auth = { protocol = "sha", password = { secret = "gam-auth" } } }
ssh = { user = 'u', password = 'CANARY', legacy_algorithms = false } # CANARY
note = "CANARY"
secret = "CANARY"
other = CANARY
CANARY: CANARY
"#;
        let expected = r#"[credentials.default]
snmp = { version = "3", user = "u", auth = { protocol = "sha", password = { secret = "gam-auth" } } }
ssh = { user = 'u', password = '****', legacy_algorithms = false } #****
note = "****"
secret = "****"
other = ****
****
"#;
        assert_eq!(shown("credentials.toml", text), expected);
    }

    #[test]
    fn a_canary_never_sings_however_the_file_is_broken() {
        for text in [
            "password = \"CANARY\"",
            "password = 'CANARY",
            "password = \"a\" CANARY",
            "password = 'it's CANARY'",
            "password = CANARY # CANARY",
            "password = #CANARY",
            "pasword = #CANARY",
            "password = a=CANARY",
            "password = a\rCANARY",
            "password = \"a\", \"CANARY\"",
            "password = [\n  \"a\",\n  \"CANARY\",\n]",
            "password =\n\n\"CANARY\"",
            "password = { secret = \"CANARY and more\" }",
            "password = \"\"\"\nCANARY\n\"\"\"",
            "password: CANARY",
            "password \"CANARY\"",
            "secret = \"CANARY\"",
            "[device.a]\nsecret = \"CANARY\"",
            "x.password.y = \"CANARY\"",
            "[device.a.password]\nvalue = \"CANARY\"",
            "[x.password\nvalue = \"CANARY\"",
            "[credentials.a]\nvalue = \"CANARY\"",
            "credentials = { a = { value = \"CANARY\" } }",
            "x = [ 1,\npassword = \"CANARY\"\n",
            "x = { a = 1\npassword = \"CANARY\"\n",
            "a = 1, password = \"CANARY\"",
            "a = { b = \"c\", password = { \"CANARY\" } }",
            "# old password: CANARY",
            "a = 1 # psk CANARY",
            "note = \"\"\"\nCANARY\n",
            "x = '''\nkey = '''\nCANARY\n'''\n",
            "address = \"ssh://admin:CANARY@10.0.0.1\"",
            "address = \"ssh://admin:p@CANARY@10.0.0.1\"",
            "address = ssh://CANARY@10.0.0.1",
            "name = \"ghp_0123456789CANARY0123456789\"",
            "address = \"admin:CANARY@10.20.0.11\"",
            "address = \"admin:CAN CANARY@10.20.0.11\"",
            "address = \"admin:p@CANARY@10.20.0.11\" # mail ann@example.org, see https://example.org",
            "address = admin:CANARY@10.20.0.11",
            "address = \"CANARY@10.20.0.11\"",
            "name = \"admin:CANARY@10.20.0.11\"",
            "snmp_comunity = \"CANARY\"",
            "snmpComunity = \"CANARY\"",
            "ssh_pwd = \"CANARY\"",
            "credentials = \"CANARY-hunter2\"",
            "[credentials.\"CANARY\"]",
            "[credentials.CANARY-hunter2]",
            "credentials = { \"CANARY\" = 1 }",
        ] {
            let shown = shown("devices/a.toml", text);
            assert!(!shown.contains("CANARY"), "{text}\n=>\n{shown}");
        }
    }

    #[test]
    fn beyond_the_deepest_nesting_everything_is_hidden() {
        for open in ["{ a = ", "[", "[{ a = "] {
            let text = format!("x = {} ] }} \"CANARY\"", open.repeat(40));
            assert!(!shown("devices/a.toml", &text).contains("CANARY"), "{open}");
        }
        let text = format!("{}password = \"CANARY\"", "a.".repeat(40));
        assert!(!shown("devices/a.toml", &text).contains("CANARY"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_masked(text in "([\\[\\]{}=,.#'\"\n\r é]|'''|\"\"\"|password|x){0,60}") {
            let masks = masks("devices/a.toml", &text);
            proptest::prop_assert!(masks.is_sorted_by(|left, right| left.end < right.start));
            proptest::prop_assert!(masks.iter().all(|mask| text.get(mask.clone()).is_some()));
        }
    }
}

//! Tracks the key that each TOML token belongs to, even in files with unbalanced brackets.

/// Deeper than any inventory; with a bound, a hostile file costs no more than its length.
const MAX_DEPTH: usize = 32;

/// The table header and the open brackets at one position of a file.
pub(super) struct Nesting<'t> {
    header: Vec<&'t str>,
    /// Never empty: the first one is the document.
    frames: Vec<Frame<'t>>,
    /// The number of open brackets beyond the bound.
    too_deep: usize,
}

/// An open bracket, or the document itself.
struct Frame<'t> {
    kind: FrameKind,
    /// The key that is being read, or whose value is.
    path: Vec<&'t str>,
    is_value: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Document,
    /// `[table]`
    Header,
    Array,
    /// `{ key = value }`
    Inline,
}

impl<'t> Nesting<'t> {
    pub(super) fn new() -> Self {
        Self {
            header: Vec::new(),
            frames: vec![Frame::new(FrameKind::Document)],
            too_deep: 0,
        }
    }

    /// Returns whether the next word is a value and not part of a key.
    pub(super) fn is_value(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.is_value)
    }

    /// Returns the key that a value belongs to, with its tables from the top of the file, unless nested too deeply.
    pub(super) fn path(&self) -> Option<Vec<&'t str>> {
        let keys = self.frames.iter().flat_map(|frame| &frame.path);
        let path: Vec<&str> = self.header.iter().chain(keys).copied().collect();
        (self.too_deep == 0 && path.len() <= MAX_DEPTH).then_some(path)
    }

    /// Adds a part of a key.
    pub(super) fn key(&mut self, word: &'t str) {
        if let Some(frame) = self.frames.last_mut()
            && frame.path.len() <= MAX_DEPTH
        {
            frame.path.push(word);
        }
    }

    /// Handles a `=` after `last_word`.
    pub(super) fn equals(&mut self, last_word: Option<&'t str>) {
        // The presumed value is a key after all, as after a surplus comma or a missing bracket.
        if self.is_value()
            && let Some(word) = last_word
        {
            self.key(word);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.is_value = true;
        }
    }

    pub(super) fn comma(&mut self) {
        if self.is_in(FrameKind::Inline) {
            self.forget_key();
        }
    }

    pub(super) fn open_square(&mut self) {
        let is_at_start = self.frames.last().is_some_and(|frame| {
            frame.kind == FrameKind::Document && !frame.is_value && frame.path.is_empty()
        });
        if is_at_start {
            self.open(FrameKind::Header);
        } else if !self.is_in(FrameKind::Header) {
            self.open(FrameKind::Array);
        }
    }

    pub(super) fn open(&mut self, kind: FrameKind) {
        if self.frames.len() < MAX_DEPTH {
            self.frames.push(Frame::new(kind));
        } else {
            self.too_deep += 1;
        }
    }

    pub(super) fn close_square(&mut self) {
        if !self.close_header() {
            self.close(FrameKind::Array);
        }
    }

    /// Closes the innermost bracket of this kind and those left open inside it.
    pub(super) fn close(&mut self, kind: FrameKind) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if let Some(index) = self.frames.iter().rposition(|frame| frame.kind == kind) {
            self.frames.truncate(index);
        }
    }

    /// Returns whether a header was open; its content is then the table of the following keys.
    pub(super) fn close_header(&mut self) -> bool {
        let is_header = self.is_in(FrameKind::Header);
        if is_header && let Some(frame) = self.frames.pop() {
            self.header = frame.path;
        }
        is_header
    }

    /// Handles the end of a line or of a value: a key follows, or in an array the next value.
    pub(super) fn forget_key(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            *frame = Frame::new(frame.kind);
        }
    }

    pub(super) fn is_in(&self, kind: FrameKind) -> bool {
        self.frames.last().is_some_and(|frame| frame.kind == kind)
    }
}

impl Frame<'_> {
    fn new(kind: FrameKind) -> Self {
        Self {
            kind,
            path: Vec::new(),
            is_value: kind == FrameKind::Array,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_belongs_to_its_key_its_brackets_and_its_table() {
        let mut nesting = Nesting::new();
        nesting.open_square();
        nesting.key("device");
        nesting.key("a");
        nesting.close_square();
        nesting.key("ssh");
        nesting.equals(None);
        nesting.open(FrameKind::Inline);
        nesting.key("users");
        nesting.equals(None);
        nesting.open_square();
        assert!(nesting.is_value());
        assert_eq!(nesting.path().unwrap(), ["device", "a", "ssh", "users"]);
        nesting.close_square();
        nesting.comma();
        assert!(!nesting.is_value());
        assert_eq!(nesting.path().unwrap(), ["device", "a", "ssh"]);
    }

    #[test]
    fn a_bracket_that_nothing_opened_closes_nothing() {
        let mut nesting = Nesting::new();
        nesting.key("a");
        nesting.close_square();
        nesting.close(FrameKind::Inline);
        assert_eq!(nesting.path().unwrap(), ["a"]);
    }

    #[test]
    fn too_many_brackets_or_keys_have_no_path() {
        let mut nesting = Nesting::new();
        for _ in 0..MAX_DEPTH {
            nesting.open(FrameKind::Inline);
        }
        assert_eq!(nesting.path(), None);
        nesting.close(FrameKind::Inline);
        assert!(nesting.path().is_some());
        for _ in 0..1000 {
            nesting.key("a");
        }
        assert_eq!(nesting.path(), None);
    }
}

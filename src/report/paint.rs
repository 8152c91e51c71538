//! Colours text if wanted; every text is complete without colour.

/// Colour on or off.
///
/// The caller has checked the terminal and `NO_COLOR`. Painted text has already been made safe, so these are the only
/// escape sequences of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    #[default]
    Plain,
    Color,
}

// The sixteen colours of every terminal, so that the operator's theme applies.
const BOLD: &str = "1";
const DIM: &str = "2";
const BOLD_RED: &str = "1;31";
const GREEN: &str = "32";
const RED: &str = "31";
const YELLOW: &str = "33";
const BOLD_YELLOW: &str = "1;33";
const BOLD_CYAN: &str = "1;36";

impl Paint {
    /// Paints errors and failures.
    pub fn error(self, text: &str) -> String {
        self.wrap(BOLD_RED, text)
    }

    /// Paints warnings.
    pub fn warning(self, text: &str) -> String {
        self.wrap(BOLD_YELLOW, text)
    }

    /// Paints notes and hints.
    pub fn note(self, text: &str) -> String {
        self.wrap(BOLD_CYAN, text)
    }

    /// Paints the frame of the text: line numbers, bars, pointers.
    pub fn dim(self, text: &str) -> String {
        self.wrap(DIM, text)
    }

    /// Paints the most important text.
    pub fn bold(self, text: &str) -> String {
        self.wrap(BOLD, text)
    }

    /// Paints an added object.
    pub fn added(self, text: &str) -> String {
        self.wrap(GREEN, text)
    }

    /// Paints a removed object.
    pub fn removed(self, text: &str) -> String {
        self.wrap(RED, text)
    }

    /// Paints a changed value.
    pub fn changed(self, text: &str) -> String {
        self.wrap(YELLOW, text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Color if !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain | Self::Color => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: [fn(Paint, &str) -> String; 8] = [
        Paint::error,
        Paint::warning,
        Paint::note,
        Paint::dim,
        Paint::bold,
        Paint::added,
        Paint::removed,
        Paint::changed,
    ];

    #[test]
    fn plain_text_stays_as_it_is() {
        for paint in EVERY {
            assert_eq!(paint(Paint::Plain, "text"), "text");
        }
    }

    #[test]
    fn colour_begins_before_the_text_and_ends_after_it() {
        assert_eq!(Paint::Color.added("+ x"), "\u{1b}[32m+ x\u{1b}[0m");
        for paint in EVERY {
            let painted = paint(Paint::Color, "text");
            assert!(painted.starts_with("\u{1b}["), "{painted:?}");
            assert!(painted.ends_with("mtext\u{1b}[0m"), "{painted:?}");
        }
    }

    #[test]
    fn nothing_is_painted_as_nothing() {
        assert_eq!(Paint::Color.error(""), "");
    }
}

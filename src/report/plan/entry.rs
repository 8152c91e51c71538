//! Defines one entry of a shown plan: an object or a remark, with its details and lines.

/// One entry of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The device of the entry; printed once for consecutive entries.
    pub under: Option<String>,
    pub sign: Sign,
    pub head: String,
    pub below: Vec<String>,
    /// The lines that would be sent.
    pub lines: Vec<String>,
    pub undo: Vec<String>,
    /// The values that the undo lines do not restore.
    pub remark: Option<String>,
    /// The number of objects that it represents.
    pub weight: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sign {
    #[default]
    None,
    Create,
    Update,
    Remove,
    Wrong,
}

impl Sign {
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Create => "+ ",
            Self::Update => "~ ",
            Self::Remove => "- ",
            Self::Wrong => "! ",
        }
    }
}

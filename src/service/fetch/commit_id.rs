//! Holds the full id of a commit.

use std::fmt;

/// The full id of a commit, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

impl CommitId {
    /// Returns the id in `text`; nothing for an abbreviated id, a branch, or an id of a SHA-256 repository.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_full = text.len() == 40 && text.bytes().all(is_hex);
        is_full.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<git2::Oid> for CommitId {
    fn from(id: git2::Oid) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_id_is_one() {
        let full = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(CommitId::parse(full).unwrap().as_str(), full);
        let upper = full.to_uppercase();
        let long = format!("{full}{}", "0".repeat(24));
        for text in ["", "main", "0123456", &upper, &long, "--all"] {
            assert_eq!(CommitId::parse(text), None, "{text}");
        }
    }
}

//! Parses git's report on the signatures of commits; only a good signature by a listed signer passes.

use super::command::SIGNATURE_FIELDS;
use super::commit_id::CommitId;

/// git's verdict on a signature, `%G?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureResult {
    /// `G`: good, by a listed signer.
    Good,
    /// `B`
    Bad,
    /// `U`: good, by a key that is not listed.
    UnknownSigner,
    /// `X`
    Expired,
    /// `Y`
    ExpiredKey,
    /// `R`
    RevokedKey,
    /// `E`: the signature cannot be checked.
    NotChecked,
    /// `N`: not signed, or signed in another way than with ssh.
    None,
}

impl SignatureResult {
    fn parse(letter: &str) -> Option<Self> {
        Some(match letter {
            "G" => Self::Good,
            "B" => Self::Bad,
            "U" => Self::UnknownSigner,
            "X" => Self::Expired,
            "Y" => Self::ExpiredKey,
            "R" => Self::RevokedKey,
            "E" => Self::NotChecked,
            "N" => Self::None,
            _ => return None,
        })
    }

    /// Returns what is wrong, for a sentence that begins with the commit.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Good => "is signed by a listed signer",
            Self::Bad => "has a signature that does not match its content",
            Self::UnknownSigner => {
                "is signed with a key that is not listed, or not for the commit's date"
            }
            Self::Expired => "has an expired signature",
            Self::ExpiredKey => "is signed with an expired key",
            Self::RevokedKey => "is signed with a revoked key",
            Self::NotChecked => "has a signature that cannot be checked",
            Self::None => "has no ssh signature",
        }
    }
}

/// A commit with the result of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCommit {
    pub id: CommitId,
    pub result: SignatureResult,
    /// The principal of the allowed signers that the key belongs to; nothing without a good signature.
    pub signer: Option<String>,
    /// The fingerprint of the key, where there is one.
    pub key: Option<String>,
    pub author: String,
    pub email: String,
    pub subject: String,
}

/// The report of git cannot be parsed, or does not cover the commits that were asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureReportError {
    #[error("git printed a report on signatures that gamctl cannot parse: {0}")]
    Format(&'static str),
    #[error("git reported nothing on the signature of commit {0}")]
    Missing(CommitId),
    #[error("git reported on commit {0}, which is not between the target and the candidate")]
    Unexpected(CommitId),
}

/// Returns the commits of a report, which must be about `expected` and nothing else, in the order of `expected`.
pub(super) fn parse_report(
    report: &[u8],
    expected: &[CommitId],
) -> Result<Vec<SignedCommit>, SignatureReportError> {
    use SignatureReportError::{Format, Missing, Unexpected};
    let mut by_id = std::collections::BTreeMap::new();
    let mut fields: Vec<&[u8]> = report.split(|byte| *byte == 0).collect();
    if fields.pop().is_some_and(|rest| !rest.is_empty()) {
        return Err(Format("it does not end with a NUL byte"));
    }
    let commits = fields.chunks_exact(SIGNATURE_FIELDS.len());
    if !commits.remainder().is_empty() {
        return Err(Format("a field is missing"));
    }
    for commit in commits {
        let commit = parse_commit(commit)?;
        if let Some(twice) = by_id.insert(commit.id.clone(), commit) {
            return Err(Unexpected(twice.id));
        }
    }
    let mut sorted = Vec::new();
    for id in expected {
        sorted.push(by_id.remove(id).ok_or_else(|| Missing(id.clone()))?);
    }
    match by_id.into_keys().next() {
        Some(id) => Err(Unexpected(id)),
        None => Ok(sorted),
    }
}

fn parse_commit(fields: &[&[u8]]) -> Result<SignedCommit, SignatureReportError> {
    use SignatureReportError::Format;
    let [id, result, signer, key, author, email, subject] = fields else {
        return Err(Format("a field is missing"));
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let exact = |bytes: &'_ [u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
    let id = exact(id).and_then(|id| CommitId::parse(&id));
    let result = exact(result).and_then(|letter| SignatureResult::parse(&letter));
    let result = result.ok_or(Format("a result is not one of G, B, U, X, Y, R, E and N"))?;
    // A lane may be granted to a signer, so a name that is not UTF-8 must not become one that is.
    let signer = exact(signer).ok_or(Format("a signer is not UTF-8"))?;
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let is_good = result == SignatureResult::Good;
    let signer = filled(signer).filter(|_| is_good);
    if is_good && signer.is_none() {
        return Err(Format("a good signature has no signer"));
    }
    Ok(SignedCommit {
        id: id.ok_or(Format("an id is not the full id of a commit"))?,
        result,
        signer,
        key: filled(text(key)),
        author: text(author),
        email: text(email),
        subject: text(subject),
    })
}

/// Returns the first commit in the order of history whose signature does not pass; `commits` has the newest first.
pub(super) fn first_unsigned(commits: &[SignedCommit]) -> Option<&SignedCommit> {
    let mut oldest_first = commits.iter().rev();
    oldest_first.find(|commit| commit.result != SignatureResult::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: &str) -> CommitId {
        CommitId::parse(&digit.repeat(40)).unwrap()
    }

    fn line(digit: &str, letter: &str, signer: &str) -> String {
        let id = digit.repeat(40);
        format!("{id}\0{letter}\0{signer}\0SHA256:x\0Ann\0ann@example.net\0subject G\n\0")
    }

    #[test]
    fn only_g_passes_and_the_oldest_other_one_is_reported() {
        for letter in ["B", "U", "X", "Y", "R", "E", "N"] {
            let report = [
                line("c", "G", "ann"),
                line("b", letter, ""),
                line("a", letter, "ann"),
            ];
            let expected = [id("c"), id("b"), id("a")];
            let commits = parse_report(report.concat().as_bytes(), &expected).unwrap();
            let bad = first_unsigned(&commits).unwrap();
            assert_eq!((&bad.id, &bad.signer), (&id("a"), &None), "{letter}");
        }
        let report = line("a", "G", "ann");
        let commits = parse_report(report.as_bytes(), &[id("a")]).unwrap();
        assert_eq!(first_unsigned(&commits), None);
        assert_eq!(commits[0].signer.as_deref(), Some("ann"));
        assert_eq!(parse_report(b"", &[]), Ok(Vec::new()));
    }

    #[test]
    fn a_report_on_other_commits_or_in_another_form_is_an_error() {
        use SignatureReportError::{Format, Missing, Unexpected};
        let good = line("a", "G", "ann");
        let parse =
            |report: &str, ids: &[CommitId]| parse_report(report.as_bytes(), ids).unwrap_err();
        assert_eq!(parse("", &[id("a")]), Missing(id("a")));
        assert_eq!(parse(&good, &[]), Unexpected(id("a")));
        assert_eq!(
            parse(&format!("{good}{good}"), &[id("a")]),
            Unexpected(id("a"))
        );
        for wrong in [
            good.trim_end_matches('\0').to_owned(),
            format!("{good}x\0"),
            line("a", "", "ann"),
            line("a", "g", "ann"),
            line("a", "GG", "ann"),
            line("a", "G", ""),
            line("x", "G", "ann"),
            good.replacen('a', "A", 40),
        ] {
            assert!(matches!(parse(&wrong, &[id("a")]), Format(_)), "{wrong:?}");
        }
        let not_text = [line("a", "G", "an").as_bytes(), b"\xff"].concat();
        assert!(parse_report(&not_text, &[id("a")]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_report_panics_and_none_makes_a_commit_signed_that_is_not_reported(report: Vec<u8>) {
            let parsed = parse_report(&report, &[id("a")]);
            proptest::prop_assert!(parsed.is_err());
        }
    }
}

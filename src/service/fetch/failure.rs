//! Classifies a failed `git fetch` by its messages, and masks what they may reveal.
//!
//! git has one exit code for nearly everything, so its English messages decide. A message that is not known is reported as
//! it is.

/// The cause of a failed fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureCause {
    Unreachable,
    HostKeyChanged,
    HostKeyUnknown,
    /// The certificate of the server is not accepted.
    Certificate,
    AuthenticationRefused,
    NoSuchBranch,
    NoSuchRepository,
    /// The repository belongs to another user of this host, and git refuses to read it.
    OwnedByAnother,
    /// The repository is a shallow clone, and lacks the history that the checks need.
    Shallow,
    /// The server wants gamctl to continue at another address.
    Redirected,
    /// The objects that arrived are damaged, incomplete or malformed.
    CorruptObjects,
    DiskFull,
    Other,
}

/// Parts of messages and their meaning. The first row that matches wins, so the rows of a consequence come last: after a
/// refused login git also prints that it could not read from the repository.
const MESSAGES: &[(&str, FailureCause)] = &[
    ("No space left on device", FailureCause::DiskFull),
    ("Out of diskspace", FailureCause::DiskFull),
    ("Disk quota exceeded", FailureCause::DiskFull),
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        FailureCause::HostKeyChanged,
    ),
    ("Host key verification failed", FailureCause::HostKeyUnknown),
    ("couldn't find remote ref", FailureCause::NoSuchBranch),
    ("detected dubious ownership", FailureCause::OwnedByAnother),
    ("shallow update not allowed", FailureCause::Shallow),
    ("shallow roots are not allowed", FailureCause::Shallow),
    ("Permission denied (", FailureCause::AuthenticationRefused),
    ("Authentication failed", FailureCause::AuthenticationRefused),
    (
        "could not read Username",
        FailureCause::AuthenticationRefused,
    ),
    (
        "could not read Password",
        FailureCause::AuthenticationRefused,
    ),
    (
        "Too many authentication failures",
        FailureCause::AuthenticationRefused,
    ),
    ("returned error: 401", FailureCause::AuthenticationRefused),
    ("returned error: 403", FailureCause::AuthenticationRefused),
    ("SSL certificate", FailureCause::Certificate),
    ("SSL CA cert", FailureCause::Certificate),
    ("server certificate", FailureCause::Certificate),
    ("error setting certificate", FailureCause::Certificate),
    (
        "no alternative certificate subject name",
        FailureCause::Certificate,
    ),
    ("returned error: 301", FailureCause::Redirected),
    ("returned error: 302", FailureCause::Redirected),
    ("returned error: 303", FailureCause::Redirected),
    ("returned error: 307", FailureCause::Redirected),
    ("returned error: 308", FailureCause::Redirected),
    (
        "does not appear to be a git repository",
        FailureCause::NoSuchRepository,
    ),
    ("not a git repository", FailureCause::NoSuchRepository),
    ("returned error: 404", FailureCause::NoSuchRepository),
    ("Repository not found", FailureCause::NoSuchRepository),
    ("' not found", FailureCause::NoSuchRepository),
    ("fsck error", FailureCause::CorruptObjects),
    ("index-pack failed", FailureCause::CorruptObjects),
    ("invalid index-pack output", FailureCause::CorruptObjects),
    ("unresolved deltas", FailureCause::CorruptObjects),
    (
        "possible repository corruption",
        FailureCause::CorruptObjects,
    ),
    (
        "remote did not send all necessary objects",
        FailureCause::CorruptObjects,
    ),
    (
        "did not send all necessary objects",
        FailureCause::CorruptObjects,
    ),
    ("is corrupt", FailureCause::CorruptObjects),
    ("bad object", FailureCause::CorruptObjects),
    ("Could not resolve host", FailureCause::Unreachable),
    ("Name or service not known", FailureCause::Unreachable),
    (
        "Temporary failure in name resolution",
        FailureCause::Unreachable,
    ),
    ("Connection refused", FailureCause::Unreachable),
    ("Connection timed out", FailureCause::Unreachable),
    ("Connection reset", FailureCause::Unreachable),
    ("Connection closed by", FailureCause::Unreachable),
    ("No route to host", FailureCause::Unreachable),
    ("Network is unreachable", FailureCause::Unreachable),
    ("Failed to connect", FailureCause::Unreachable),
    ("Could not connect", FailureCause::Unreachable),
    ("Operation too slow", FailureCause::Unreachable),
    ("returned error: 5", FailureCause::Unreachable),
    ("early EOF", FailureCause::Unreachable),
    ("the remote end hung up", FailureCause::Unreachable),
    (
        "Could not read from remote repository",
        FailureCause::Unreachable,
    ),
    ("unable to access", FailureCause::Unreachable),
];

/// Returns the cause of a failure from what git, ssh and the server printed.
pub(super) fn cause_of(said: &str) -> FailureCause {
    let known = MESSAGES.iter().find(|(part, _)| said.contains(part));
    known.map_or(FailureCause::Other, |(_, cause)| *cause)
}

/// The characters of git's messages that are shown.
const SHOWN: usize = 600;

/// Returns messages for display: on one line, safe for a terminal, without logins in addresses and without `secrets`.
pub(super) fn masked(said: &[u8], secrets: &[&str]) -> String {
    let mut text = String::from_utf8_lossy(said).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "****");
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // ssh prints its warnings within lines of this character.
    let lines = lines.filter(|line| !line.chars().all(|character| character == '@'));
    let joined = lines.map(without_logins).collect::<Vec<_>>().join(" · ");
    let visible = |character: &char| crate::model::hazard_on_a_terminal(*character).is_none();
    let mut shown: String = joined.chars().filter(visible).take(SHOWN).collect();
    if joined.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}

/// Replaces the login of every address in a line.
fn without_logins(line: &str) -> String {
    let mut parts = line.split("://");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("://");
        let end = part.find(['/', ' ', '\'', '"']).unwrap_or(part.len());
        let (authority, rest) = part.split_at_checked(end).unwrap_or((part, ""));
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                text.push_str("****@");
                text.push_str(host);
            }
            None => text.push_str(authority),
        }
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_and_not_its_consequence() {
        for (said, cause) in [
            (
                "git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                FailureCause::AuthenticationRefused,
            ),
            (
                "@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
                FailureCause::HostKeyChanged,
            ),
            (
                "No ED25519 host key is known for host and you have requested strict checking.\nHost key verification failed.\n",
                FailureCause::HostKeyUnknown,
            ),
            (
                "fatal: couldn't find remote ref refs/heads/x",
                FailureCause::NoSuchBranch,
            ),
            (
                "fatal: write error: No space left on device\nfatal: index-pack failed",
                FailureCause::DiskFull,
            ),
            (
                "fatal: sha1 file 'objects/pack/tmp_idx_x' write error. Out of diskspace\nfatal: fetch-pack: invalid index-pack output",
                FailureCause::DiskFull,
            ),
            (
                "ssh: connect to host 127.0.0.1 port 1: Connection refused\nfatal: Could not read from remote repository.",
                FailureCause::Unreachable,
            ),
            ("fatal: something new", FailureCause::Other),
            ("", FailureCause::Other),
        ] {
            assert_eq!(cause_of(said), cause, "{said}");
        }
    }

    #[test]
    fn messages_show_no_login_and_no_escape() {
        let said = b"remote: see https://user:hunter2@host/x and ssh://git@h\n\nfatal: token-77 \x1b[31mred\n";
        assert_eq!(
            masked(said, &["token-77", ""]),
            "remote: see https://****@host/x and ssh://****@h · fatal: **** [31mred"
        );
        let long = masked("x".repeat(5_000).as_bytes(), &[]);
        assert_eq!(long.chars().count(), SHOWN + 1);
        assert_eq!(masked(b"\xff\n@@@@@\n", &[]), "\u{fffd}");
    }
}

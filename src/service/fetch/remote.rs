//! Checks the address, branch and access settings of the repository that is fetched from.
//!
//! All of it ends in the arguments of `git` and `ssh`. Nothing that either could take for an option, a command or a
//! second value gets through.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::secrets::Secret;

/// The repository and branch to follow, and the files that protect the connection. The paths of files are absolute: `git`
/// runs in the root folder.
#[derive(Debug, Clone)]
pub struct RemoteSettings {
    pub url: RemoteUrl,
    pub branch: BranchName,
    /// The inventory's folder in the repository, relative; empty for its root.
    pub folder: PathBuf,
    /// The allowed signers, in the format of `ssh-keygen`; left out: signatures are not required.
    pub signers: Option<PathBuf>,
    /// The host keys that are accepted; needed for ssh.
    pub known_hosts: Option<PathBuf>,
    /// The certificate authorities that are accepted for https; left out: those of the system.
    pub ca_file: Option<PathBuf>,
    /// The private key for ssh; left out: the default keys of the user.
    pub ssh_key: Option<PathBuf>,
    /// The login for https; left out: the repository needs none.
    pub login: Option<HttpLogin>,
}

/// A user and password, or token, for https.
#[derive(Debug, Clone)]
pub struct HttpLogin {
    pub user: String,
    pub password: Secret,
}

/// The protocol of an address, in git's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Ssh,
    Https,
    /// A repository on this host.
    File,
}

impl Protocol {
    /// Returns the name in `protocol.NAME.allow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Https => "https",
            Self::File => "file",
        }
    }
}

/// The address of a repository: safe as an argument of `git`, and without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    text: String,
    protocol: Protocol,
}

/// The reason why an address is refused. None of the messages repeats it: it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoteUrlError {
    #[error("the git url is empty")]
    Empty,
    #[error(
        "the git url names a program (`NAME::…`), which git would run; use ssh, https or a path"
    )]
    TransportHelper,
    #[error(
        "gamctl does not fetch over the protocol of the git url; use ssh://, https://, file:/// or a path"
    )]
    Protocol,
    #[error("the git url contains a control character or an invisible one")]
    Character,
    #[error(
        "a part of the git url starts with `-`, which git or ssh would read as an option; write a path as `./-name`"
    )]
    Option,
    #[error(
        "the git url contains a login; remove it and name the password as a secret: `login = {{ user = \"…\", password = {{ secret = \"…\" }} }}` under `[git]`, or use an ssh key"
    )]
    EmbeddedLogin,
    #[error("the git url contains `?` or `#`, which are not part of a repository's address")]
    Query,
    #[error("the host of the git url is missing or invalid")]
    Host,
    #[error("the user of the git url is invalid")]
    User,
    #[error("the port of the git url is not a number from 1 to 65535")]
    Port,
    #[error("the git url has no path to a repository")]
    Path,
    #[error("the git url names a file of another host; use ssh, https or a path of this host")]
    FileHost,
    #[error("the path in the git url is not UTF-8; rename the folder")]
    NotText,
}

impl RemoteUrl {
    /// Returns the checked address; a relative path starts at `home`, the folder of the settings.
    pub fn parse(text: &str, home: &Path) -> Result<Self, RemoteUrlError> {
        if text.is_empty() {
            return Err(RemoteUrlError::Empty);
        }
        let is_hazard = |character| crate::model::hazard_on_a_terminal(character).is_some();
        if text.chars().any(is_hazard) {
            return Err(RemoteUrlError::Character);
        }
        if text.starts_with('-') {
            return Err(RemoteUrlError::Option);
        }
        if is_transport_helper(text) {
            return Err(RemoteUrlError::TransportHelper);
        }
        let protocol = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => with_scheme(scheme, rest)?,
            _ => match text.split_once(':') {
                // As in git: a colon before the first slash ends a host.
                Some((host, path)) if !host.contains('/') => scp_like(host, path)?,
                _ => return Self::local(&home.join(text)),
            },
        };
        Ok(Self {
            text: text.to_owned(),
            protocol,
        })
    }

    fn local(path: &Path) -> Result<Self, RemoteUrlError> {
        let path = std::path::absolute(path).map_err(|_| RemoteUrlError::Path)?;
        Ok(Self {
            text: path.to_str().ok_or(RemoteUrlError::NotText)?.to_owned(),
            protocol: Protocol::File,
        })
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the folder of a repository on this host.
    pub fn local_path(&self) -> Option<PathBuf> {
        if self.protocol != Protocol::File {
            return None;
        }
        Some(match self.text.strip_prefix("file://") {
            // git decodes `%20` in an address, and not in a path.
            Some(path) => PathBuf::from(percent_decoded(path)?),
            None => PathBuf::from(&self.text),
        })
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

/// Returns whether git would run `git-remote-NAME` for it.
fn is_transport_helper(text: &str) -> bool {
    text.split_once("::")
        .is_some_and(|(name, _)| name.bytes().all(is_scheme_byte))
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_scheme_byte)
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

fn with_scheme(scheme: &str, rest: &str) -> Result<Protocol, RemoteUrlError> {
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    match scheme {
        "ssh" => {
            if let Some(login) = login {
                check_user(login)?;
            }
            check_host_and_port(host)?;
            check_path(path.trim_start_matches('/'))?;
            Ok(Protocol::Ssh)
        }
        "https" => {
            if login.is_some() {
                return Err(RemoteUrlError::EmbeddedLogin);
            }
            if rest.contains(['?', '#']) {
                return Err(RemoteUrlError::Query);
            }
            check_host_and_port(host)?;
            check_path(path.trim_start_matches('/'))?;
            Ok(Protocol::Https)
        }
        "file" => {
            if !authority.is_empty() {
                return Err(RemoteUrlError::FileHost);
            }
            let decoded = percent_decoded(path).ok_or(RemoteUrlError::NotText)?;
            if decoded.chars().any(char::is_control) {
                return Err(RemoteUrlError::Character);
            }
            check_path(decoded.trim_start_matches('/'))?;
            Ok(Protocol::File)
        }
        _ => Err(RemoteUrlError::Protocol),
    }
}

fn scp_like(host: &str, path: &str) -> Result<Protocol, RemoteUrlError> {
    // `user:password@host:path`: for git the user would be the host.
    let first = path.split('/').next().unwrap_or_default();
    if !host.contains('@') && first.contains('@') {
        return Err(RemoteUrlError::EmbeddedLogin);
    }
    let host = match host.rsplit_once('@') {
        Some((login, host)) => {
            check_user(login)?;
            host
        }
        None => host,
    };
    check_host(host)?;
    check_path(path)?;
    Ok(Protocol::Ssh)
}

fn check_user(login: &str) -> Result<(), RemoteUrlError> {
    if login.contains(':') {
        return Err(RemoteUrlError::EmbeddedLogin);
    }
    if login.starts_with('-') {
        return Err(RemoteUrlError::Option);
    }
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte);
    match !login.is_empty() && login.bytes().all(is_fine) {
        true => Ok(()),
        false => Err(RemoteUrlError::User),
    }
}

fn check_host_and_port(text: &str) -> Result<(), RemoteUrlError> {
    // The colons of an IPv6 address are inside its brackets.
    let after_brackets = text.rfind(']').map_or(0, |at| at + 1);
    let tail = text.get(after_brackets..).unwrap_or_default();
    let Some((_, port)) = tail.split_once(':') else {
        return check_host(text);
    };
    let host = text
        .strip_suffix(port)
        .and_then(|host| host.strip_suffix(':'));
    check_host(host.unwrap_or_default())?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if is_number => Ok(()),
        _ => Err(RemoteUrlError::Port),
    }
}

fn check_host(host: &str) -> Result<(), RemoteUrlError> {
    if host.starts_with('-') {
        return Err(RemoteUrlError::Option);
    }
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_fine = match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_host_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(is_host_byte)
        }
    };
    match is_fine {
        true => Ok(()),
        false => Err(RemoteUrlError::Host),
    }
}

/// Checks the path on the other host, without the slash that ends the host.
fn check_path(path: &str) -> Result<(), RemoteUrlError> {
    if path.starts_with('-') {
        return Err(RemoteUrlError::Option);
    }
    match path.is_empty() {
        true => Err(RemoteUrlError::Path),
        false => Ok(()),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// The name of a branch, without `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchName(String);

/// The reason why a text is not the name of a branch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid branch `{0}`; give the name of one branch, such as `main`")]
pub struct BranchNameError(String);

impl BranchName {
    /// Returns the name if git accepts it for a branch; `refs/heads/` in front of it is dropped.
    pub fn parse(text: &str) -> Result<Self, BranchNameError> {
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        match name != "HEAD" && is_branch_name(name) {
            true => Ok(Self(name.to_owned())),
            false => Err(BranchNameError(text.escape_default().to_string())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the full name of the ref.
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The rules of `git check-ref-format`. A `*` would fetch every branch that matches, a `:` would name another target.
fn is_branch_name(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && !part.ends_with(['.'])
            && !part.ends_with(".lock")
    };
    let is_bad = |character: char| {
        character.is_control()
            || " ~^:?*[\\".contains(character)
            || crate::model::hazard_on_a_terminal(character).is_some()
    };
    name.len() <= 200
        && name.split('/').all(is_part)
        && !name.contains("..")
        && !name.contains("@{")
        && name != "@"
        && !name.chars().any(is_bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RemoteUrl, RemoteUrlError> {
        RemoteUrl::parse(text, Path::new("/etc/gamctl"))
    }

    #[test]
    fn addresses_of_every_allowed_kind_are_accepted() {
        for (text, protocol) in [
            ("ssh://git@git.example.net/isp/network.git", Protocol::Ssh),
            (
                "ssh://git@git.example.net:2222/isp/network.git",
                Protocol::Ssh,
            ),
            ("ssh://[2001:db8::1]:22/srv/git/network.git", Protocol::Ssh),
            ("git@git.example.net:isp/network.git", Protocol::Ssh),
            ("git.example.net:network.git", Protocol::Ssh),
            ("https://git.example.net/isp/network.git", Protocol::Https),
            ("https://git.example.net:8443/isp/network", Protocol::Https),
            ("file:///srv/git/network.git", Protocol::File),
            ("/srv/git/net work.git", Protocol::File),
        ] {
            let url = parse(text).unwrap();
            assert_eq!((url.as_str(), url.protocol()), (text, protocol));
        }
    }

    #[test]
    fn a_relative_path_starts_at_the_settings() {
        let url = parse("../network").unwrap();
        assert_eq!(url.as_str(), "/etc/gamctl/../network");
        assert_eq!(parse("./-x").unwrap().as_str(), "/etc/gamctl/-x");
        assert_eq!(
            parse("/a%20b").unwrap().local_path().unwrap(),
            Path::new("/a%20b")
        );
        let url = parse("file:///a%20b").unwrap();
        assert_eq!(url.local_path().unwrap(), Path::new("/a b"));
        assert_eq!(parse("git@host:x").unwrap().local_path(), None);
    }

    #[test]
    fn programs_options_logins_and_hidden_characters_are_refused() {
        use RemoteUrlError as Error;
        for (text, error) in [
            ("", Error::Empty),
            ("ext::sh -c touch% /tmp/x", Error::TransportHelper),
            ("fd::17/foo", Error::TransportHelper),
            ("::/srv/git", Error::TransportHelper),
            ("file::/srv/git", Error::TransportHelper),
            ("http://git.example.net/x", Error::Protocol),
            ("git://git.example.net/x", Error::Protocol),
            ("ext://x", Error::Protocol),
            ("FILE:///srv/x", Error::Protocol),
            ("--upload-pack=touch /tmp/x", Error::Option),
            ("ssh://-oProxyCommand=touch/x", Error::Option),
            ("-oProxyCommand=touch:x", Error::Option),
            ("git@-oProxyCommand=touch:x", Error::Option),
            ("-u@host:x", Error::Option),
            ("ssh://host/-x", Error::Option),
            ("host:-x", Error::Option),
            ("ssh://git:password@host/x", Error::EmbeddedLogin),
            ("git:password@host:x", Error::EmbeddedLogin),
            ("https://user:password@host/x", Error::EmbeddedLogin),
            ("https://ghp_token@host/x", Error::EmbeddedLogin),
            ("https://host/x?token=secret", Error::Query),
            ("https:///x", Error::Host),
            ("ssh://ho st/x", Error::Host),
            ("ssh://[::1/x", Error::Host),
            ("ssh://host:0/x", Error::Port),
            ("ssh://host:+22/x", Error::Port),
            ("ssh://host:/x", Error::Port),
            ("ssh://host", Error::Path),
            ("ssh://host/", Error::Path),
            ("host:", Error::Path),
            ("file://host/x", Error::FileHost),
            ("file:///x%0ay", Error::Character),
            ("/srv/\u{202e}x", Error::Character),
            ("ssh://host/x\ny", Error::Character),
            ("git@host:x\0y", Error::Character),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn no_message_repeats_the_address() {
        for text in [
            "https://user:hunter2@host/x",
            "git:hunter2@host:x",
            "hunter2://x",
        ] {
            assert!(!parse(text).unwrap_err().to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_branch_is_one_branch() {
        for name in ["main", "feature/x", "größe", "a-b_c.d"] {
            assert_eq!(BranchName::parse(name).unwrap().as_str(), name);
        }
        let full = BranchName::parse("refs/heads/main").unwrap();
        assert_eq!(full.full(), "refs/heads/main");
        for name in [
            "",
            "HEAD",
            "@",
            "*",
            "a*",
            "a:b",
            "+a",
            "-a",
            "a/-b",
            "a..b",
            "a b",
            "a/",
            "/a",
            "a//b",
            ".a",
            "a.lock",
            "a@{1}",
            "a^",
            "a~1",
            "a?",
            "a[",
            "a\\b",
            "a\nb",
            "refs/heads/",
        ] {
            let parsed = BranchName::parse(name);
            // A plus in the name is legal in git, and harmless after `refs/heads/`.
            assert_eq!(parsed.is_ok(), name == "+a", "{name}");
        }
    }
}

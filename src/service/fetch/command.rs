//! Builds the arguments and environment of `git`, so that only gamctl's settings decide what it does.
//!
//! A repository, a server, the user's configuration and the environment are all possible attackers: each could name a
//! program to run. So the environment is empty but for what is listed here, no configuration file but the mirror's own is
//! read, only the protocol of the address is allowed, and hooks, helpers and submodules are switched off.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::commit_id::CommitId;
use super::remote::{Protocol, RemoteSettings};

/// The ref of the mirror that `git fetch` writes. gamctl removes it before each fetch: after a refusal of the update, such
/// as for a shallow repository, git still reports success.
pub(super) const INCOMING_REF: &str = "refs/gamctl/incoming";

/// The ref of the mirror that holds the last fetched commit that passed every check of the fetch.
pub(super) const CANDIDATE_REF: &str = "refs/gamctl/candidate";

/// The branch of the mirror on which a commit is built before it is pushed.
pub(super) const OUTGOING_BRANCH: &str = "gamctl-outgoing";

/// The ref of the mirror that keeps the target's objects when the branch no longer contains it.
pub(super) const TARGET_REF: &str = "refs/gamctl/target";

/// Blobs above this size are hashed in pieces, so that a compressed gigabyte of zeros is not held in memory. Twice the
/// largest file of an inventory that is read.
const BIG_FILE: &str = "core.bigFileThreshold=32m";

/// The seconds that ssh waits for a connection, and that a transfer over https may stand still: well below the deadline,
/// so that the error names the cause.
const CONNECT_SECONDS: u8 = 15;

/// The format of a signature's report: the full id, the result, the signer, the key, the author and the subject.
pub(super) const SIGNATURE_FIELDS: [&str; 7] = ["%H", "%G?", "%GS", "%GF", "%an", "%ae", "%s"];

/// A `git` command: its arguments, and its whole environment.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct GitCommand {
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(&'static str, OsString)>,
}

impl std::fmt::Debug for GitCommand {
    /// Leaves the values of the environment out: one may be a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.environment.iter().map(|(name, _)| *name).collect();
        formatter
            .debug_struct("GitCommand")
            .field("arguments", &self.arguments)
            .field("environment", &names)
            .finish()
    }
}

/// The reason why no command can be built from the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error(
        "no known_hosts for the git server; write its host key with `ssh-keyscan HOST > known_hosts`, compare the fingerprint, and name the file as `known_hosts` under `[git]`"
    )]
    NoKnownHosts,
    #[error("ssh cannot be given the path {}: it contains `\"`, `\\`, `$` or a line break; rename it", .0.display())]
    Path(PathBuf),
    #[error("the git login contains a line break or a NUL byte")]
    Login,
}

/// Returns the command that makes an empty bare repository.
pub(super) fn init(mirror: &Path, path: &OsStr) -> GitCommand {
    let mut command = GitCommand::new(path);
    // No template: it could bring hooks.
    command.add([
        "init",
        "--quiet",
        "--bare",
        "--template=",
        "--object-format=sha1",
    ]);
    command.add(["--initial-branch=gamctl", "--"]);
    command.arguments.push(mirror.into());
    command
}

/// Returns the command that prints the version of git.
pub(super) fn version(path: &OsStr) -> GitCommand {
    let mut command = GitCommand::new(path);
    command.add(["--version"]);
    command
}

/// Returns the command that prints the commit of the remote branch, and fetches nothing.
pub(super) fn list_branch(
    remote: &RemoteSettings,
    path: &OsStr,
) -> Result<GitCommand, CommandError> {
    let mut command = GitCommand::new(path);
    // It runs in the root folder, which could be a repository with a configuration of its own: none is read.
    command.environment.push(("GIT_DIR", "/dev/null".into()));
    command.isolate();
    command.reach(remote)?;
    command.add(["ls-remote", "--quiet", "--refs", "--"]);
    command.add([remote.url.as_str(), &remote.branch.full()]);
    Ok(command)
}

/// Returns the command that fetches the branch into the incoming ref, and nothing else.
pub(super) fn fetch(
    remote: &RemoteSettings,
    mirror: &Path,
    path: &OsStr,
) -> Result<GitCommand, CommandError> {
    let mut command = GitCommand::in_mirror(mirror, path);
    command.allow(remote);
    for setting in [
        "fetch.fsckObjects=true",
        "transfer.fsckObjects=true",
        // Packs are synced to the disk as a whole; a loose object may be truncated after a power cut.
        "fetch.unpackLimit=1",
        "core.fsync=all",
        "fetch.recurseSubmodules=false",
        "submodule.recurse=false",
        "fetch.writeCommitGraph=false",
        "fetch.showForcedUpdates=false",
        "transfer.bundleURI=false",
        "gc.auto=0",
        "maintenance.auto=false",
        BIG_FILE,
    ] {
        command.set(setting);
    }
    command.log_in(remote)?;
    command.add(["fetch", "--quiet", "--force", "--no-tags", "--no-prune"]);
    command.add(["--no-recurse-submodules", "--no-write-fetch-head"]);
    command.add(["--no-auto-maintenance", "--"]);
    command.add([remote.url.as_str()]);
    command.add([format!("+{}:{INCOMING_REF}", remote.branch.full())]);
    Ok(command)
}

/// Returns the command that moves the remote branch to a commit of the mirror, if it is at an ancestor of it.
pub(super) fn push(
    remote: &RemoteSettings,
    commit: &CommitId,
    mirror: &Path,
    path: &OsStr,
) -> Result<GitCommand, CommandError> {
    let mut command = GitCommand::in_mirror(mirror, path);
    command.reach(remote)?;
    for setting in [
        "push.recurseSubmodules=no",
        "push.gpgSign=false",
        "push.negotiate=false",
        "pack.threads=1",
        BIG_FILE,
    ] {
        command.set(setting);
    }
    // Without `+` or `--force`, the server refuses whatever is not a fast-forward.
    command.add(["push", "--quiet", "--porcelain", "--no-verify"]);
    command.add(["--no-follow-tags", "--"]);
    command.add([remote.url.as_str()]);
    command.add([format!("{commit}:{}", remote.branch.full())]);
    Ok(command)
}

/// Returns the command that reports the signature of every commit of `candidate` that `target` does not contain; without
/// a target, of the candidate alone.
pub(super) fn signatures(
    mirror: &Path,
    signers: &Path,
    target: Option<&CommitId>,
    candidate: &CommitId,
    path: &OsStr,
) -> GitCommand {
    let mut command = GitCommand::in_mirror(mirror, path);
    command.set("gpg.format=ssh");
    command.set_path("gpg.ssh.allowedSignersFile", signers);
    for setting in [
        // Cannot be executed, so a signature of these kinds is never good.
        "gpg.program=/dev/null",
        "gpg.openpgp.program=/dev/null",
        "gpg.x509.program=/dev/null",
        "gpg.ssh.program=ssh-keygen",
        "log.showSignature=false",
        "log.mailmap=false",
        "i18n.logOutputEncoding=UTF-8",
    ] {
        command.set(setting);
    }
    command.add([
        "log",
        "-z",
        "--no-color",
        "--no-decorate",
        "--no-notes",
        "--no-mailmap",
    ]);
    command.add([format!(
        "--format=tformat:{}",
        SIGNATURE_FIELDS.join("%x00")
    )]);
    match target {
        Some(target) => command.add([format!("{target}..{candidate}")]),
        None => command.add(["--max-count=1", candidate.as_str()]),
    }
    command.add(["--"]);
    command
}

/// Returns the command that merges all packs into one and keeps every object, reachable or not.
pub(super) fn repack(mirror: &Path, path: &OsStr) -> GitCommand {
    let mut command = GitCommand::in_mirror(mirror, path);
    command.set("pack.threads=1");
    command.set("core.fsync=all");
    command.set("repack.writeBitmaps=false");
    command.set(BIG_FILE);
    command.add(["repack", "-a", "-d", "-k", "-q"]);
    command
}

impl GitCommand {
    fn new(path: &OsStr) -> Self {
        let environment = [
            ("PATH", path),
            // Messages are read, so they must be in English.
            ("LC_ALL", OsStr::new("C")),
            // git and curl would look for settings and logins in a home; without the variable, in that of the user.
            ("HOME", OsStr::new("/dev/null")),
            ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            ("GIT_CONFIG_GLOBAL", OsStr::new("/dev/null")),
            ("GIT_ATTR_NOSYSTEM", OsStr::new("1")),
            ("GIT_TERMINAL_PROMPT", OsStr::new("0")),
            ("GIT_ASKPASS", OsStr::new("")),
            ("GIT_NO_REPLACE_OBJECTS", OsStr::new("1")),
            ("GIT_OPTIONAL_LOCKS", OsStr::new("0")),
        ];
        Self {
            arguments: Vec::new(),
            environment: environment
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        }
    }

    fn in_mirror(mirror: &Path, path: &OsStr) -> Self {
        let mut command = Self::new(path);
        let mut git_dir = OsString::from("--git-dir=");
        git_dir.push(mirror);
        command.arguments.push(git_dir);
        command.isolate();
        command
    }

    /// Switches off everything by which a configuration could start a program.
    fn isolate(&mut self) {
        for setting in [
            "core.hooksPath=/dev/null",
            "core.askPass=",
            "core.fsmonitor=false",
            "core.commitGraph=false",
            "core.attributesFile=/dev/null",
            "core.excludesFile=/dev/null",
            "credential.helper=",
        ] {
            self.set(setting);
        }
    }

    /// Lets the command contact the remote, with its login.
    fn reach(&mut self, remote: &RemoteSettings) -> Result<(), CommandError> {
        self.allow(remote);
        self.log_in(remote)
    }

    /// Allows the protocol of the remote alone.
    fn allow(&mut self, remote: &RemoteSettings) {
        let protocol = remote.url.protocol();
        self.set("protocol.allow=never");
        self.set(&format!("protocol.{}.allow=always", protocol.name()));
        self.set("protocol.version=2");
        self.set("transfer.credentialsInUrl=die");
    }

    fn log_in(&mut self, remote: &RemoteSettings) -> Result<(), CommandError> {
        match remote.url.protocol() {
            Protocol::Ssh => self.ssh(remote),
            Protocol::Https => self.https(remote),
            // The other end reads a repository of this host, and must not fetch what that one lacks from elsewhere.
            Protocol::File => {
                self.environment.push(("GIT_NO_LAZY_FETCH", "1".into()));
                Ok(())
            }
        }
    }

    fn add<T: Into<OsString>>(&mut self, arguments: impl IntoIterator<Item = T>) {
        self.arguments.extend(arguments.into_iter().map(Into::into));
    }

    fn set(&mut self, setting: &str) {
        self.add(["-c", setting]);
    }

    fn set_path(&mut self, key: &str, path: &Path) {
        let mut setting = OsString::from(format!("{key}="));
        setting.push(path);
        self.add(["-c".into(), setting]);
    }

    fn ssh(&mut self, remote: &RemoteSettings) -> Result<(), CommandError> {
        let known_hosts = remote
            .known_hosts
            .as_deref()
            .ok_or(CommandError::NoKnownHosts)?;
        let mut words = vec![
            // No configuration: it could name a command to run, or another host.
            "ssh -F /dev/null".to_owned(),
            "-oBatchMode=yes".to_owned(),
            "-oStrictHostKeyChecking=yes".to_owned(),
            "-oGlobalKnownHostsFile=/dev/null".to_owned(),
            shell_quoted(&ssh_path("UserKnownHostsFile", known_hosts)?),
            "-oUpdateHostKeys=no".to_owned(),
            "-oVerifyHostKeyDNS=no".to_owned(),
            "-oForwardAgent=no".to_owned(),
            "-oClearAllForwardings=yes".to_owned(),
            "-oPermitLocalCommand=no".to_owned(),
            "-oProxyCommand=none".to_owned(),
            "-oControlPath=none".to_owned(),
            format!("-oConnectTimeout={CONNECT_SECONDS}"),
        ];
        if let Some(key) = &remote.ssh_key {
            words.push("-oIdentitiesOnly=yes".to_owned());
            words.push(shell_quoted(&ssh_path("IdentityFile", key)?));
        }
        self.environment
            .push(("GIT_SSH_COMMAND", words.join(" ").into()));
        // The kind is known; otherwise git would find it out by running `ssh -G`.
        self.environment.push(("GIT_SSH_VARIANT", "ssh".into()));
        Ok(())
    }

    fn https(&mut self, remote: &RemoteSettings) -> Result<(), CommandError> {
        for setting in [
            "http.sslVerify=true",
            "http.followRedirects=false",
            "http.proxy=",
            "http.delegation=none",
            "http.lowSpeedLimit=1",
        ] {
            self.set(setting);
        }
        self.set(&format!("http.lowSpeedTime={CONNECT_SECONDS}"));
        if let Some(ca_file) = &remote.ca_file {
            self.set_path("http.sslCAInfo", ca_file);
        }
        if let Some(login) = &remote.login {
            // The password is in the environment, not in an argument: other users see those.
            let password = std::str::from_utf8(login.password.reveal());
            let password = password.map_err(|_| CommandError::Login)?;
            if [login.user.as_str(), password]
                .iter()
                .any(|part| part.contains(['\n', '\r', '\0']))
            {
                return Err(CommandError::Login);
            }
            self.set(
                r#"credential.helper=!f() { printf 'username=%s\npassword=%s\n' "$GAMCTL_GIT_USER" "$GAMCTL_GIT_PASSWORD"; }; f"#,
            );
            self.environment
                .push(("GAMCTL_GIT_USER", login.user.as_str().into()));
            self.environment
                .push(("GAMCTL_GIT_PASSWORD", password.into()));
        }
        Ok(())
    }
}

/// Returns an option of ssh with a path: ssh splits at spaces outside of quotes, and replaces `%h` and `${NAME}`.
fn ssh_path(option: &str, path: &Path) -> Result<String, CommandError> {
    let refused = || CommandError::Path(path.to_owned());
    let text = path.to_str().ok_or_else(refused)?;
    if text.contains(['"', '\\', '$', '\n', '\r', '\0']) {
        return Err(refused());
    }
    Ok(format!("-o{option}=\"{}\"", text.replace('%', "%%")))
}

/// Returns a word that a shell leaves as it is: git runs ssh through one.
fn shell_quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;
    use crate::service::fetch::remote::{BranchName, HttpLogin, RemoteUrl};

    fn remote(url: &str) -> RemoteSettings {
        RemoteSettings {
            url: RemoteUrl::parse(url, Path::new("/")).unwrap(),
            branch: BranchName::parse("main").unwrap(),
            folder: PathBuf::new(),
            signers: None,
            known_hosts: Some("/etc/gam ctl's/known_hosts".into()),
            ca_file: None,
            ssh_key: None,
            login: None,
        }
    }

    fn built(remote: &RemoteSettings) -> GitCommand {
        fetch(
            remote,
            Path::new("/var/lib/gamctl/mirror"),
            OsStr::new("/usr/bin"),
        )
        .unwrap()
    }

    fn text(command: &GitCommand) -> String {
        let words = command.arguments.iter().map(|word| word.to_str().unwrap());
        words.collect::<Vec<_>>().join(" ")
    }

    fn variable<'a>(command: &'a GitCommand, name: &str) -> Option<&'a str> {
        let found = command.environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.to_str().unwrap())
    }

    #[test]
    fn only_the_protocol_of_the_address_is_allowed() {
        for (url, protocol) in [
            ("ssh://git@host/x", "ssh"),
            ("git@host:x", "ssh"),
            ("https://host/x", "https"),
            ("/srv/x", "file"),
        ] {
            let text = text(&built(&remote(url)));
            let allowed: Vec<_> = text.matches(".allow=always").collect();
            assert_eq!(allowed.len(), 1, "{text}");
            assert!(text.contains(&format!("-c protocol.{protocol}.allow=always")));
            assert!(text.contains("-c protocol.allow=never"));
        }
    }

    #[test]
    fn one_branch_is_fetched_under_full_names_and_nothing_else() {
        let text = text(&built(&remote("git@host:x")));
        let (options, names) = text.split_once(" -- ").unwrap();
        assert_eq!(names, "git@host:x +refs/heads/main:refs/gamctl/incoming");
        for option in [
            "--no-tags",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--git-dir=/var/lib/gamctl/mirror",
        ] {
            assert!(options.contains(option), "{options}");
        }
        for setting in [
            "fetch.fsckObjects=true",
            "transfer.fsckObjects=true",
            "core.hooksPath=/dev/null",
            "gc.auto=0",
            "maintenance.auto=false",
            "core.askPass=",
            "credential.helper=",
        ] {
            assert!(options.contains(&format!("-c {setting}")), "{setting}");
        }
    }

    #[test]
    fn a_branch_is_listed_with_the_same_protections_as_it_is_fetched() {
        for url in ["git@host:x", "https://host/x", "/srv/x"] {
            let remote = remote(url);
            let (listed, fetched) = (
                list_branch(&remote, OsStr::new("/usr/bin")).unwrap(),
                built(&remote),
            );
            let line = text(&listed);
            assert!(line.ends_with(&format!(
                "ls-remote --quiet --refs -- {url} refs/heads/main"
            )));
            for variable in &fetched.environment {
                assert!(listed.environment.contains(variable), "{}", variable.0);
            }
            let text = text(&fetched);
            let settings = text.split(" -c ").skip(1);
            let settings = settings.map(|rest| rest.split(' ').next().unwrap());
            // What concerns objects and the mirror has no meaning for a list.
            let of_objects = [
                "fetch",
                "core.fsync",
                "core.big",
                "submodule",
                "gc",
                "maintenance",
                "transfer.f",
                "transfer.b",
            ];
            for setting in
                settings.filter(|one| !of_objects.iter().any(|start| one.starts_with(start)))
            {
                assert!(
                    line.contains(&format!("-c {setting}")),
                    "{setting} in {line}"
                );
            }
        }
    }

    #[test]
    fn the_environment_has_no_configuration_and_no_prompt() {
        let command = built(&remote("https://host/x"));
        for (name, value) in [
            ("PATH", "/usr/bin"),
            ("HOME", "/dev/null"),
            ("LC_ALL", "C"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", ""),
        ] {
            assert_eq!(variable(&command, name), Some(value), "{name}");
        }
        assert_eq!(variable(&command, "GIT_SSH_COMMAND"), None);
    }

    #[test]
    fn ssh_accepts_only_the_host_keys_of_the_file() {
        let mut remote = remote("git@host:x");
        let command = built(&remote);
        let ssh = variable(&command, "GIT_SSH_COMMAND").unwrap();
        assert!(ssh.starts_with("ssh -F /dev/null -oBatchMode=yes -oStrictHostKeyChecking=yes "));
        assert!(
            ssh.contains(r#"'-oUserKnownHostsFile="/etc/gam ctl'\''s/known_hosts"'"#),
            "{ssh}"
        );
        assert!(!ssh.contains("IdentityFile"));
        remote.ssh_key = Some("/etc/100%/key".into());
        let command = built(&remote);
        let ssh = variable(&command, "GIT_SSH_COMMAND").unwrap();
        assert!(
            ssh.ends_with(r#"-oIdentitiesOnly=yes '-oIdentityFile="/etc/100%%/key"'"#),
            "{ssh}"
        );
        remote.known_hosts = None;
        let built = |remote: &RemoteSettings| fetch(remote, Path::new("/m"), OsStr::new("/bin"));
        assert_eq!(built(&remote), Err(CommandError::NoKnownHosts));
        for path in ["/a\"b", "/a\\b", "/${HOME}", "/a\nb"] {
            remote.known_hosts = Some(path.into());
            assert_eq!(built(&remote), Err(CommandError::Path(path.into())));
        }
    }

    #[test]
    fn a_password_is_in_no_argument_and_not_printed() {
        let mut remote = remote("https://host/x");
        let login = |password: &str| HttpLogin {
            user: "gamctl".to_owned(),
            password: Secret::new(password.as_bytes().to_vec()),
        };
        remote.login = Some(login("hunter2"));
        remote.ca_file = Some("/etc/ca file.pem".into());
        let command = built(&remote);
        assert!(!text(&command).contains("hunter2"));
        assert!(text(&command).contains("-c http.sslCAInfo=/etc/ca file.pem"));
        assert!(text(&command).contains("-c http.followRedirects=false"));
        assert!(!format!("{command:?} {remote:?}").contains("hunter2"));
        assert_eq!(variable(&command, "GAMCTL_GIT_PASSWORD"), Some("hunter2"));
        remote.login = Some(login("hunter2\nurl=https://other"));
        let refused = fetch(&remote, Path::new("/m"), OsStr::new("/bin"));
        assert_eq!(refused, Err(CommandError::Login));
    }

    #[test]
    fn signatures_are_checked_by_ssh_keygen_alone() {
        let id = |digit: &str| CommitId::parse(&digit.repeat(40)).unwrap();
        let (target, candidate) = (id("a"), id("b"));
        let build = |target| {
            signatures(
                Path::new("/m"),
                Path::new("/s"),
                target,
                &candidate,
                OsStr::new("/bin"),
            )
        };
        let all = text(&build(Some(&target)));
        assert!(
            all.ends_with(&format!(" {target}..{candidate} --")),
            "{all}"
        );
        assert!(all.contains("-c gpg.ssh.allowedSignersFile=/s"));
        for program in ["gpg.program", "gpg.openpgp.program", "gpg.x509.program"] {
            assert!(
                all.contains(&format!("-c {program}=/dev/null")),
                "{program}"
            );
        }
        let first = text(&build(None));
        assert!(
            first.ends_with(&format!(" --max-count=1 {candidate} --")),
            "{first}"
        );
    }
}

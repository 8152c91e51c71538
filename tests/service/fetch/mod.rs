//! Fetches with the real `git` from repositories on this host, and judges what arrived.

mod hostile;
mod hostile_content;
mod judged;
mod mirrored;
mod over_ssh;
mod signed;

use std::path::{Path, PathBuf};
use std::time::Duration;

use gamctl::inventory::Cache;
use gamctl::inventory::source::Limits;
use gamctl::service::fetch::{
    AuthoredStep, BranchName, CandidateError, CandidateOptions, CommitId, FetchError, Fetched,
    GitProgram, Mirror, RemoteSettings, RemoteUrl, Verdict, judge_candidate,
};

use crate::world::World;

/// The deadline of a fetch on a busy machine.
const LONG: Duration = Duration::from_secs(120);

/// A repository that is followed, and the mirror of it.
struct Bed {
    world: World,
    mirror: Mirror,
    remote: RemoteSettings,
    cache: Cache,
}

impl Bed {
    fn of(world: World) -> Self {
        let mirror = Mirror::open_or_create(&world.beside("state/mirror"), git()).unwrap();
        let remote = remote(world.root().to_str().unwrap());
        Self {
            world,
            mirror,
            remote,
            cache: Cache::default(),
        }
    }

    fn good() -> Self {
        Self::of(World::good())
    }

    fn try_fetch(&self) -> Result<Fetched, FetchError> {
        self.mirror.fetch(&self.remote, LONG)
    }

    fn fetch(&self) -> CommitId {
        self.try_fetch().unwrap().commit
    }

    /// Commits what was written, fetches it, and judges it against `target`.
    fn push(&self, target: &CommitId) -> Verdict<String> {
        self.world.commit_all("next");
        self.judge(Some(target), &self.fetch())
    }

    fn judge(&self, target: Option<&CommitId>, candidate: &CommitId) -> Verdict<String> {
        self.judge_with(target, candidate, |_| {}).unwrap()
    }

    fn judge_with(
        &self,
        target: Option<&CommitId>,
        candidate: &CommitId,
        change: impl FnOnce(&mut CandidateOptions<'_, String>),
    ) -> Result<Verdict<String>, CandidateError> {
        let limits = Limits::default();
        let mut options = CandidateOptions {
            folder: Path::new(""),
            signers: self.remote.signers.as_deref(),
            lanes: None,
            recent: None,
            accepted_rules: &[],
            accepts_smaller_fleet: false,
            accepted_history: None,
            limits: &limits,
            cache: &self.cache,
        };
        change(&mut options);
        judge_candidate(&self.mirror, target, candidate, &options)
    }

    fn head(&self) -> CommitId {
        CommitId::parse(&self.world.head()).unwrap()
    }

    fn add_subscriber(&self, id: &str, vlan: u16) {
        let text = format!(
            "[subscriber.{id}]\ndevice = \"maple-a\"\nport = {}\nendpoint = \"00:0e:d8:00:01:{:02x}\"\nservice_plan = \"home-100\"\nvlan = {vlan}\n",
            vlan % 20 + 2,
            vlan % 256
        );
        self.world.write(&format!("subscribers/{id}.toml"), text);
    }
}

pub(super) fn git() -> GitProgram {
    let path = std::env::vars_os()
        .find(|(name, _)| name == "PATH")
        .unwrap()
        .1;
    GitProgram::in_path(path.into_string().unwrap())
}

pub(super) fn remote(url: &str) -> RemoteSettings {
    RemoteSettings {
        url: RemoteUrl::parse(url, Path::new("/")).unwrap(),
        branch: BranchName::parse("main").unwrap(),
        folder: PathBuf::new(),
        signers: None,
        known_hosts: None,
        ca_file: None,
        ssh_key: None,
        login: None,
    }
}

/// Returns an executable script that notes that it ran, and the note.
fn canary(world: &World, at: &Path) -> PathBuf {
    let note = world.beside("canary");
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::fs::write(at, format!("#!/bin/sh\necho ran >> {}\n", note.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(at, mode).unwrap();
    note
}

fn is_acceptable(verdict: &Verdict<String>, count: usize) -> bool {
    matches!(verdict, Verdict::Acceptable { commits } if commits.len() == count)
}

fn patterns(step: &AuthoredStep) -> Vec<String> {
    step.changed.keys.iter().map(|key| key.pattern()).collect()
}

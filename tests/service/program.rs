//! Runs `gamctl serve` as a process of its own on one twin, with a webhook and with logs as JSON.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use gamctl::history::{BranchState, Filter};
use gamctl::model::MacAddress;
use serde_json::Value;

use super::client::{Answer, request, signature};
use crate::crash::judge::writings;
use crate::crash::site::{Flat, Running, Site};

/// Far longer than anything takes, because other tests run at the same time.
const LONG: Duration = Duration::from_secs(60);

pub(super) const SECRET: &str = "shared with the forge alone";

/// What neither a log nor a trace may have: secrets, lines, and addresses of persons.
pub(super) const NEVER_WRITTEN: [&str; 6] = [
    SECRET,
    "correct horse",
    "public",
    "ghn ",
    "copy running-config",
    "@example.org",
];

/// The program, with everything that it works on.
pub(super) struct ServeProgram {
    pub(super) site: Site,
    log: PathBuf,
    running: Option<Running>,
    pub(super) listen: SocketAddr,
    pub(super) metrics: SocketAddr,
}

impl ServeProgram {
    /// Starts it with these further lines of `gamctl.toml`, and waits until it is ready.
    pub(super) fn start(settings: &str) -> Self {
        let mut site = Site::with(1);
        let secret = site.secrets().join("hook");
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        let settings = format!(
            "{}\n[git]\nevery = \"1h\"\nwebhook = {{ secret = \"hook\" }}\n\n\
            [serve]\nlisten = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\nlook = \"1s\"\n\n{settings}",
            site.world.read("gamctl.toml")
        );
        site.world.write("gamctl.toml", settings);
        let policy = site.world.read("policy.toml");
        let automatic = "[reconcile]\ncommits = \"everything\"\n[waves]\nsettle = \"0s\"\n";
        site.world
            .write("policy.toml", format!("{policy}\n{automatic}"));
        site.world.commit_all("policy");
        intend(&mut site, 101);
        let log = site.world.beside("serve.log");
        let path = log.to_str().unwrap();
        let (mut command, said) = site.command(&["serve", "--log", "json", "--log-file", path]);
        let child: Child = command.env("GAMCTL_LOG", "debug").spawn().unwrap();
        let running = Running::of(child, said.clone());
        running.has_said("gamctl serve is ready: http://");
        let said = fs::read_to_string(said).unwrap();
        let address = |before: &str| -> SocketAddr {
            let (_, rest) = said.split_once(before).unwrap();
            let end = rest.find(|sign: char| !"0123456789.:".contains(sign));
            rest[..end.unwrap_or(rest.len())].parse().unwrap()
        };
        let mut program = Self {
            listen: address("ready: http://"),
            metrics: address("metrics at http://"),
            site,
            log,
            running: Some(running),
        };
        program.waits_for("the first commit", |program| program.is_saved(101));
        program
    }

    /// Commits another VLAN of the one subscriber.
    pub(super) fn intend(&mut self, vlan: u16) {
        intend(&mut self.site, vlan);
    }

    /// Returns whether the device was sent this VLAN, and saved after it.
    pub(super) fn is_saved(&self, vlan: u16) -> bool {
        let sent = writings(self.site.twin(0));
        let wanted = vlan.to_string();
        let is_sent = sent
            .iter()
            .flat_map(|writing| &writing.lines)
            .any(|line| line.contains(&wanted));
        is_sent && self.store_is_idle()
    }

    /// Returns whether every rollout is over.
    fn store_is_idle(&self) -> bool {
        let store = self.site.store();
        let open = self.site.runtime.block_on(store.open_rollouts()).unwrap();
        open.is_empty()
    }

    /// Returns the ids of all runs in the store.
    pub(super) fn stored_runs(&self) -> BTreeSet<String> {
        let store = self.site.store();
        let filter = Filter {
            most: u32::MAX,
            ..Filter::default()
        };
        let runs = self.site.runtime.block_on(store.runs(&filter)).unwrap();
        runs.iter().map(|run| run.run.id.0.to_string()).collect()
    }

    #[track_caller]
    pub(super) fn waits_for(&mut self, what: &str, is_it: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LONG;
        while !is_it(self) {
            assert!(Instant::now() < end, "never {what}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Sends a signed webhook, with further headers.
    pub(super) fn hook(&self, headers: &str) -> Answer {
        let body = "{\"ref\":\"refs/heads/main\"}";
        let headers = format!("{headers}{}", signature(SECRET.as_bytes(), body));
        let path = "/hooks/git/inventory?token=in-the-query";
        request(self.listen, "POST", path, &headers, body)
    }

    /// Returns the branch as the service last saw it.
    pub(super) fn branch(&self) -> BranchState {
        let store = self.site.store();
        self.site.runtime.block_on(store.branch_state()).unwrap()
    }

    /// Ends it at once, as `kill -9` does.
    pub(super) fn kill(&mut self) {
        let mut running = self.running.take().unwrap();
        running.child.kill().unwrap();
        running.child.wait().unwrap();
    }

    /// Ends it in good order.
    pub(super) fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.signal("-TERM");
        running.ended().exits(0);
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Returns the lines of the log, each of which must be a JSON object.
    pub(super) fn events(&self) -> Vec<Value> {
        let log = self.log();
        let parsed = log.lines().map(|line| {
            let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            assert!(event.is_object(), "{line}");
            event
        });
        parsed.collect()
    }
}

impl Drop for ServeProgram {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ended = running.child.kill();
            let _ended = running.child.wait();
        }
    }
}

/// Commits the one subscriber with this VLAN, and plugs its endpoint in.
fn intend(site: &mut Site, vlan: u16) {
    let mut flat = Flat::new(1, 0, "home-100");
    flat.vlan = vlan;
    let [high, low] = flat.endpoint.to_be_bytes();
    let mac: MacAddress = format!("00:0e:d8:1c:{high:02x}:{low:02x}").parse().unwrap();
    site.twin(0).plug(mac, flat.port);
    site.intend(vec![flat]);
}

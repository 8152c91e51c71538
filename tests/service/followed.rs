//! Runs the service on a repository of this host: commits arrive without the timer, and a stop ends a running `git`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gamctl::config::{GitSettings, ServeSettings};
use gamctl::history::{AcceptedHistory, BranchState, Store, StoreUrl, Timeouts};
use gamctl::reconcile::StoreLocation;
use gamctl::reconcile::run::{LEASE, RunOptions};
use gamctl::secrets::SecretSources;
use gamctl::service::fetch::RemoteSettings;
use gamctl::service::{Intervals, Opening, Service, ServiceSettings, SlotLimits, Timing};
use tokio::sync::watch;

use super::fetch::{git, remote};
use crate::world::World;

/// No test waits for the timer of the fetch.
const TIMER: Duration = Duration::from_secs(3600);

/// Writes an inventory whose only device is not installed yet, so that nothing is looked at.
fn write_inventory(world: &World, folder: &str) {
    let credentials = "[credentials.default]\n\
        snmp = { version = \"2c\", community = { secret = \"snmp\" } }\n\
        ssh = { user = \"admin\", password = { secret = \"ssh\" } }\n";
    world.write(&format!("{folder}network.toml"), "schema = 1\n");
    world.write(&format!("{folder}credentials.toml"), credentials);
    world.write(
        &format!("{folder}devices/later.toml"),
        "[device.later]\nmodel = \"GAM-12-M\"\nstate = \"preprovision\"\n",
    );
}

#[allow(clippy::disallowed_methods, reason = "the clock of the service")]
/// The true time: an instance whose clock differs from the store's leads nothing.
fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn opening(world: &World, remote: RemoteSettings) -> Opening {
    let state = world.beside("state");
    Opening {
        settings: ServiceSettings {
            git: GitSettings::default(),
            serve: ServeSettings {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                metrics: None,
                ..ServeSettings::default()
            },
            state: state.clone(),
            syncs: false,
            webhook: None,
            who: "test@host".to_owned(),
            clock: || seconds() * 1000,
            seconds,
            queue_limits: SlotLimits::default(),
            intervals: Intervals::default(),
            timing: Timing {
                fetch: TIMER,
                ..Timing::default()
            },
            run_options: RunOptions::of_service,
            traces: None,
        },
        location: StoreLocation {
            url: StoreUrl::sqlite(state.join("gamctl.db")),
            state,
        },
        secrets: SecretSources::default(),
        remote,
        git: git(),
        lease: LEASE,
    }
}

/// A service that runs, and a look into its store.
struct Following {
    service: Service,
    stopping: watch::Sender<bool>,
    store: Store,
}

impl Following {
    async fn start(opening: Opening) -> Self {
        let (stopping, stop) = watch::channel(false);
        let location = opening.location.clone();
        let service = Service::start(opening, seconds, stop).await;
        let store = location.open_to_read(Timeouts::default()).await.unwrap();
        Self {
            service: service.unwrap(),
            stopping,
            store,
        }
    }

    /// Follows a repository of this host.
    async fn local(world: &World, folder: &str) -> Self {
        let mut remote = remote(world.root().to_str().unwrap());
        remote.folder = PathBuf::from(folder);
        Self::start(opening(world, remote)).await
    }

    async fn has_target(&self, commit: &str) {
        for _ in 0..3_000 {
            let target = self.store.target().await.unwrap();
            if target.is_some_and(|target| target.commit == commit) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let state = self.store.branch_state().await.unwrap();
        panic!("{commit} is not the target: {state:?}");
    }

    async fn holds(&self, commit: &str) -> BranchState {
        for _ in 0..3_000 {
            let state = self.store.branch_state().await.unwrap();
            if state
                .held
                .as_ref()
                .is_some_and(|held| held.commit == commit)
            {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{commit} is not held");
    }

    async fn is_halted(&self) {
        for _ in 0..3_000 {
            let state = self.store.branch_state().await.unwrap();
            if state.halted.is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the rewritten history is not noticed");
    }

    /// Waits until the instance serves a target with so many devices.
    async fn looks_after(&self, devices: u64) {
        for _ in 0..3_000 {
            let instances = self.store.instances().await.unwrap();
            if instances.iter().map(|one| one.report.devices).sum::<u64>() == devices {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let instances = self.store.instances().await.unwrap();
        panic!("another number of devices than {devices}: {instances:?}");
    }

    async fn is_ready(&self) {
        for _ in 0..3_000 {
            if readiness(self.service.listen).await == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not ready");
    }

    async fn stop(self) -> BranchState {
        self.stopping.send(true).unwrap();
        assert!(!self.service.run().await);
        self.store.branch_state().await.unwrap()
    }
}

/// Returns the status of the answer to `/readyz`.
async fn readiness(address: SocketAddr) -> u16 {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let request = "GET /readyz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap();
        status.parse().unwrap()
    });
    asked.await.unwrap()
}

#[tokio::test]
async fn a_commit_in_a_local_repository_becomes_the_target_before_the_next_fetch() {
    let world = World::empty();
    write_inventory(&world, "");
    let first = world.commit_all("first");
    let following = Following::local(&world, "").await;
    following.has_target(&first).await;
    world.write("README.md", "second");
    let second = world.commit_all("second");
    following.has_target(&second).await;
    // From then on the ref is in another file.
    world.git(&["pack-refs", "--all"]);
    world.write("README.md", "third");
    let third = world.commit_all("third");
    following.has_target(&third).await;
    // As a server receives it.
    let clone = world.beside("clone");
    world.git(&["config", "receive.denyCurrentBranch", "ignore"]);
    world.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    world.git_in(&clone, &["commit", "-q", "--allow-empty", "-m", "fourth"]);
    world.git_in(&clone, &["push", "-q", "origin", "main"]);
    following.has_target(&world.head()).await;
    let state = following.stop().await;
    assert_eq!((state.error, state.held, state.halted), (None, None, None));
}

#[tokio::test]
async fn an_inventory_below_the_root_of_its_repository_is_followed() {
    let world = World::empty();
    world.write("README.md", "not an inventory");
    write_inventory(&world, "network/");
    let first = world.commit_all("first");
    let following = Following::local(&world, "network").await;
    following.has_target(&first).await;
    following.is_ready().await;
    // A change elsewhere in the repository is a new target with the same inventory.
    world.write("devices/x.toml", "[device.x]\nmodel = \"odd\"\n");
    let second = world.commit_all("second");
    following.has_target(&second).await;
    world.write("network/devices/x.toml", "[device.x]\nmodel = \"odd\"\n");
    let third = world.commit_all("third");
    following.holds(&third).await;
    following.has_target(&second).await;
    following.stop().await;
}

#[tokio::test]
async fn a_target_that_a_person_put_back_is_served_by_those_who_served_the_later_one() {
    let world = World::empty();
    write_inventory(&world, "");
    let device = |name: &str, number: u8, state: &str| {
        let path = format!("devices/{name}.toml");
        let text = format!(
            "[device.{name}]\nmodel = \"GAM-12-M\"\naddress = \"127.0.0.{number}\"\nstate = \"{state}\"\ntest_bed = true\n"
        );
        world.write(&path, &text);
    };
    device("one", 1, "observe");
    device("two", 2, "preprovision");
    let first = world.commit_all("first");
    let following = Following::local(&world, "").await;
    following.has_target(&first).await;
    following.looks_after(1).await;
    device("two", 2, "observe");
    let second = world.commit_all("second");
    following.has_target(&second).await;
    following.looks_after(2).await;
    world.git(&["reset", "-q", "--hard", &first]);
    following.is_halted().await;
    let accepted = AcceptedHistory {
        target: second,
        candidate: first.clone(),
        who: "alice".to_owned(),
        reason: "it was wrong".to_owned(),
    };
    // As `gamctl` of a person does it.
    let opening = opening(&world, remote(world.root().to_str().unwrap()));
    let store = opening.location.open().await.unwrap();
    store.accept_history(&accepted).await.unwrap();
    // SQLite gives no hints: an event of the repository triggers the fetch instead of the timer.
    world.git(&["pack-refs", "--all"]);
    following.has_target(&first).await;
    following.looks_after(1).await;
    following.stop().await;
}

#[tokio::test]
async fn a_stop_ends_a_fetch_whose_server_never_answers() {
    let world = World::empty();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/x.git", listener.local_addr().unwrap());
    let opening = opening(&world, remote(&url));
    let git = opening.git.clone();
    let following = Following::start(opening).await;
    let mut connection = tokio::task::spawn_blocking(move || listener.accept().unwrap().0)
        .await
        .unwrap();
    let state = following.stop().await;
    assert!(git.stop.is_stopped());
    // The other end is gone.
    let mut received = Vec::new();
    let _ended = connection.read_to_end(&mut received);
    // An interrupted fetch says nothing about the branch.
    assert_eq!((state.error, state.failing_since), (None, None));
}

#[tokio::test]
async fn what_is_stored_about_a_hostile_commit_does_not_drive_a_terminal() {
    let world = World::empty();
    write_inventory(&world, "");
    let first = world.commit_all("first");
    let following = Following::local(&world, "").await;
    following.has_target(&first).await;
    world.write(
        "devices/odd\u{1b}[2J.toml",
        "[device.\"a\\u001b[2J\\u202e\"]\n",
    );
    world.write("devices/x.toml", "[device.x]\nmodel = \"\\u001b[2J\"\n");
    let hostile = world.commit_all("hostile \u{1b}[2J");
    let state = following.holds(&hostile).await;
    let held = state.held.unwrap();
    assert_eq!(held.word, "invalid");
    assert!(!held.findings.is_empty());
    for text in held.findings.iter().chain([&held.sentence]) {
        assert!(
            !text.contains(|letter: char| letter.is_control() || letter == '\u{202e}'),
            "{text:?}"
        );
    }
    following.stop().await;
}

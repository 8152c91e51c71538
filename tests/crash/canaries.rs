//! Uses distinctive secrets in every command, and searches for them in all output and files.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gamctl::history::Filter;
use gamctl::simulator::commands::running_config;
use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::gam::{Assumptions, StoredPasswords};
use gamctl::simulator::server::SnmpSettings;
use gamctl::simulator::snmp::{Access, Authentication, Community, Privacy, User};

use super::site::{Flat, Keys, LONG, Site};
use super::two::is_at_line;
use crate::postgres::Cluster;

const PASSWORD: &str = "SshCanary7Zq";
const COMMUNITY: &str = "SnmpCanary8Wx";
const AUTH: &str = "AuthCanary9Vy2";
const PRIV: &str = "PrivCanary6Ut4";
const DATABASE: &str = "StoreCanary5Ts";
/// Secrets that only the running-configs of the devices have.
const DEVICE_COMMUNITY: &str = "DeviceCanary3Rr";
const ANNOUNCEMENT: &str = "AnnounceCanary2Qq";

fn keys() -> Keys {
    let user = User::private(
        "gamctl",
        Access::Read,
        (Authentication::Sha1, AUTH),
        (Privacy::Aes, PRIV),
    );
    Keys {
        key: None,
        password: PASSWORD.to_owned(),
        snmp: SnmpSettings {
            communities: vec![Community {
                name: COMMUNITY.to_owned(),
                access: Access::Read,
            }],
            users: vec![user.unwrap()],
            ..SnmpSettings::default()
        },
        credentials: "[credentials.default]\n\
            snmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\n\
            ssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n\
            [credentials.outdoor]\n\
            snmp = { version = \"3\", user = \"gamctl\", auth = { protocol = \"sha\", secret = \"out-auth\" }, priv = { protocol = \"aes\", secret = \"out-priv\" } }\n\
            ssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n"
            .to_owned(),
        secrets: Vec::new(),
        of_the_last: Some("outdoor"),
    }
}

/// A reply that contains a secret.
fn wrong() -> String {
    format!("% Wrong: {PASSWORD} and community {COMMUNITY}, or {PASSWORD}{PASSWORD}")
}

fn flats(plan: &'static str) -> Vec<Flat> {
    let first = (1..=3).map(|number| Flat::new(number, 0, plan));
    let second = (11..=12).map(|number| Flat::new(number, 1, plan));
    first.chain(second).collect()
}

impl Site {
    fn seal(&self, name: &str, value: &str) {
        let (mut command, _) = self.command(&["-v", "--log=trace", "secret", "set", name]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let typed = child.stdin.take().unwrap().write_all(value.as_bytes());
        typed.unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn commit_sealed(&self) {
        self.run(&["-v", "--log=trace", "secret", "init"]).exits(0);
        for (name, value) in [
            ("gam-snmp", COMMUNITY),
            ("gam-ssh", PASSWORD),
            ("out-auth", AUTH),
            ("out-priv", PRIV),
        ] {
            self.seal(name, value);
        }
        self.world.commit_all("sealed");
    }

    fn key_file(&self) -> PathBuf {
        self.world.beside("home/.config/gamctl/identity.txt")
    }

    /// Gives the devices running-configs with secrets, their own password in base64 among them.
    fn configure_secrets(&self) {
        let url =
            format!("http://device:{ANNOUNCEMENT}@192.0.2.9:8080/device/announcement/request");
        for twin in self.twins.values() {
            let assumptions = Assumptions {
                passwords: StoredPasswords::Base64,
                ..Assumptions::default()
            };
            twin.change(|gam, now| gam.assume(assumptions, now));
            for line in [
                format!("snmp-server community v2c {DEVICE_COMMUNITY} rw"),
                format!("controller announcement url 1 {url}"),
            ] {
                let said = twin.edit_line(&line);
                assert!(!said.contains('%'), "{said}");
            }
            let text = twin.gam(running_config);
            // Without the last signs, which also encode padding.
            let password = base64(PASSWORD.as_bytes())[..PASSWORD.len()].to_owned();
            for secret in [password.as_str(), DEVICE_COMMUNITY, ANNOUNCEMENT] {
                assert!(text.contains(secret), "{text}");
            }
            twin.change(|gam, now| gam.save(text.len(), now));
        }
    }

    /// Runs every command, with and without faults.
    fn does_everything(&mut self, faults: Vec<FaultOrder>) {
        self.commit_sealed();
        self.configure_secrets();
        self.intend(flats("home-100"));
        for arguments in [
            &["secret", "list"][..],
            &["secret", "check", "--format", "json"],
            &["secret", "rotate"],
            &["doctor", "--format", "json"],
            &["doctor", "--json-to", "doctor.json"],
            &["validate", "--format", "json"],
            &["trust"],
            &["observe", "--save", "looks"],
            &["observe", "--format", "json"],
            &["backup"],
            &["backup", "--diff"],
            &["backup", "--format", "json"],
        ] {
            let said = self.run(&[&["-v", "--log=trace"], arguments].concat());
            assert!(
                said.status.code() != Some(1),
                "{arguments:?}: {}",
                said.text
            );
        }
        self.world.git(&["checkout", "-q", "."]);
        let plan = self.world.beside("plan.json");
        let plan = plan.to_str().unwrap();
        self.run(&["-v", "--log=trace", "plan", "--out", plan])
            .exits(2);
        self.is_never_an_argument(plan);
        self.fails_by(faults);
        self.intend(flats("home-500"));
        let moved = self.world.beside("moved.json");
        let moved = moved.to_str().unwrap();
        self.run(&["-v", "--log=trace", "plan", "--out", moved])
            .exits(2);
        self.twin(0).edit_line("ghn subscriber 1 vid 999");
        self.run(&["-v", "--log=trace", "apply", moved, "--yes"])
            .exits(7);
        self.dies_at("line-answered:2");
        self.time_passes();
        self.run(&["-v", "--log=trace", "apply", "--yes"]).exits(0);
        self.run(&["-v", "--log=trace", "rollback", "--to", "HEAD~1", "--yes"])
            .exits(0);
        let rollback = self.a_run();
        for arguments in [
            &["history"][..],
            &["history", "--audit"],
            &["history", "--run", &self.a_run(), "--lines"],
            &["history", "--format", "json"],
            &["explain", "apt-1"],
            &["explain", "oak-0", "--lines", "--format", "json"],
            &["freeze", "--for", "1h", "--reason", "a test"],
            &["apply", "--yes"],
            &["thaw", "--all"],
            &["adopt"],
            &["apply", "--yes", "--format", "json"],
            &["show", "subscriber", "apt-1"],
        ] {
            let said = self.run(&[&["-v", "--log=trace"], arguments].concat());
            assert!(
                said.status.code() != Some(1),
                "{arguments:?}: {}",
                said.text
            );
        }
        self.run(&[
            "-v",
            "--log=trace",
            "apply",
            "--yes",
            "--reapply",
            &rollback,
        ])
        .exits(0);
        self.is_done();
    }

    fn a_run(&self) -> String {
        let store = self.store();
        let runs = self.runtime.block_on(store.runs(&Filter::default()));
        self.runtime.block_on(store.close());
        runs.unwrap()[0].run.id.0.to_string()
    }

    /// Applies a plan, and reads the arguments of the process as any user of the machine could.
    fn is_never_an_argument(&self, plan: &str) {
        let slow = FaultOrder::new(Fault::SshSlowLine { millis: 200 });
        self.twin(0).set_fault(slow.matching("ghn"));
        let running = self.start(&["-v", "--log=trace", "apply", plan, "--yes"], None);
        is_at_line(self, self.twin(0), 2);
        let seen = fs::read(format!("/proc/{}/cmdline", running.child.id())).unwrap();
        assert!(String::from_utf8_lossy(&seen).contains("apply"));
        fs::write(self.world.beside("cmdline"), seen).unwrap();
        running.ended().exits(0);
        self.twin(0).clear_faults();
    }

    /// Faults in which devices reply with secrets, each in another way.
    fn fails_by(&mut self, faults: Vec<FaultOrder>) {
        let other = ["home-300", "home-500"];
        for (number, fault) in faults.into_iter().enumerate() {
            self.intend(flats(other[number % 2]));
            for twin in self.twins.values() {
                twin.set_fault(fault.clone());
            }
            let said = self.run(&["-v", "--log=trace", "apply", "--yes"]);
            let is_told = said
                .status
                .code()
                .is_some_and(|code| [0, 1, 5, 6].contains(&code));
            assert!(is_told, "{fault:?}: {}", said.text);
            for twin in self.twins.values() {
                twin.clear_faults();
            }
            self.run(&["-v", "--log=trace", "apply", "--yes"]).exits(0);
        }
    }

    /// Returns every file that was written, except the two places of secrets.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let folders = [self.world.beside(""), self.state.clone()];
        let mut folders: Vec<PathBuf> = folders.into();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    // Git packs its objects; the log has them unpacked.
                    folders.extend((!path.ends_with(".git")).then_some(path));
                } else if path != self.key_file() {
                    let bytes = fs::read(&path).unwrap();
                    files.push((path, bytes));
                }
            }
        }
        let backups = self.state.join("backups");
        let kept = self.world.git_in(&backups, &["log", "-p", "--all"]);
        files.push((PathBuf::from("git log of the backups"), kept.into_bytes()));
        let log = self.world.git(&["log", "-p", "--all"]);
        files.push((PathBuf::from("git log"), log.into_bytes()));
        files
    }

    /// Searches for every canary in all of it.
    fn has_no_canary(&self, more: Vec<(PathBuf, Vec<u8>)>) {
        let files: Vec<_> = self.files().into_iter().chain(more).collect();
        assert_eq!(self.canaries_in(&files), Vec::<String>::new());
        // The replies of devices are recorded, so there was something to find.
        for written in [
            "% Wrong: ***",
            "username admin privilege 15 password ***",
            "snmp-server community ***",
            "http://***@192.0.2.9:8080/",
            "ghn subscriber 1",
            "SNMP binding",
            "SSH reply",
        ] {
            assert!(
                files.iter().any(|(_, bytes)| holds(bytes, written)),
                "`{written}` is nowhere"
            );
        }
        let planted = format!("{{\"reply\":\"{}\"}}", base64(AUTH.as_bytes()));
        fs::write(self.state.join("planted"), planted).unwrap();
        let found = self.canaries_in(&self.files());
        assert!(!found.is_empty(), "what is planted is found");
        assert!(
            found.iter().all(|one| one.ends_with("planted")),
            "{found:?}"
        );
    }

    fn canaries_in(&self, files: &[(PathBuf, Vec<u8>)]) -> Vec<String> {
        let key = fs::read_to_string(self.key_file()).unwrap();
        let key = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY"));
        let canaries = [
            PASSWORD,
            COMMUNITY,
            AUTH,
            PRIV,
            DATABASE,
            DEVICE_COMMUNITY,
            ANNOUNCEMENT,
            key.unwrap(),
        ];
        let found: Vec<String> = canaries
            .iter()
            .flat_map(|canary| forms(canary))
            .flat_map(|form| {
                let in_these = files.iter().filter(|(_, bytes)| holds(bytes, &form));
                let in_these = in_these.map(|(path, _)| format!("{form} in {}", path.display()));
                in_these.collect::<Vec<_>>()
            })
            .collect();
        found
    }
}

/// Returns a secret in plain and encoded forms, at any offset in a longer text.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![secret.to_owned(), hex.to_uppercase(), hex];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend(secret.bytes());
        let text = base64(&bytes);
        // The first and last signs also encode the bytes before and after.
        let first = [0, 2, 3][before];
        let whole = bytes.len() * 8 / 6;
        let inner = text[first..whole].to_owned();
        forms.push(inner.replace('+', "-").replace('/', "_"));
        forms.push(inner);
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0_usize, |number, at| {
            (number << 8) | usize::from(three.get(at).copied().unwrap_or(0))
        });
        for sign in (0..4).rev() {
            text.push(char::from(SIGNS[(number >> (6 * sign)) & 63]));
        }
    }
    text
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn every_form_of_a_secret_is_found() {
    assert_eq!(base64(b"light w"), "bGlnaHQgdwAA");
    for around in ["", "x", "xy", "xyz"] {
        let text = format!("{around}{PASSWORD}{around}");
        let packed = base64(text.as_bytes());
        assert!(
            forms(PASSWORD)
                .iter()
                .any(|form| holds(packed.as_bytes(), form)),
            "{packed}"
        );
        assert!(
            forms(PASSWORD)
                .iter()
                .any(|form| holds(text.as_bytes(), form))
        );
    }
}

#[test]
fn no_secret_is_in_any_output_or_file() {
    let mut site = Site::opened_by(2, &keys(), 600);
    let line = |fault| FaultOrder::new(fault).matching("ghn").nth(1);
    site.does_everything(vec![
        line(Fault::SshError { text: wrong() }),
        line(Fault::SshQuestion {
            text: format!("Is {PASSWORD} right? (y/n) "),
        }),
        Fault::SshLogLine { text: wrong() }.into(),
        FaultOrder::new(Fault::SshPrompt {
            prompt: format!("{PASSWORD}#"),
        })
        .matching("configure"),
        Fault::SaveFails {}.into(),
        Fault::SshAuthFail {}.into(),
        Fault::SshHostKey {}.into(),
    ]);
    let database = fs::read(site.state.join("gamctl.db")).unwrap();
    assert!(
        holds(&database, "% Wrong: ***"),
        "the store has what was said"
    );
    site.has_no_canary(Vec::new());
}

#[test]
fn no_secret_is_in_a_server_nor_in_the_journal() {
    let mut site = Site::opened_by(2, &keys(), 600);
    let cluster = Cluster::own(&["synchronous_commit = on"]);
    let database = site.runtime.block_on(cluster.database());
    let url = cluster.url(&database).to_string();
    // It accepts every password.
    site.url = Some(url.replace("gam@", &format!("gam:{DATABASE}@")));
    // Lines before that one are rolled back.
    let wrong_at = |nth| {
        FaultOrder::new(Fault::SshError { text: wrong() })
            .matching("ghn")
            .nth(nth)
    };
    site.does_everything(vec![wrong_at(2)]);
    site.intend(flats("home-100"));
    let twin = site.twin(0);
    let slow = FaultOrder::new(Fault::SshSlowLine { millis: 300 });
    twin.set_fault(slow.matching("ghn"));
    twin.set_fault(wrong_at(3));
    let running = site.start(
        &["-v", "--log=trace", "apply", "--yes", "--at-once", "1"],
        None,
    );
    let lines = site.runtime.block_on(async {
        let before = twin.lines().len();
        let is_on = |state: &gamctl::simulator::server::State| {
            let new = state.lines.iter().skip(before);
            new.filter(|logged| logged.line.starts_with("ghn ")).count() >= 2
        };
        twin.wait_until(is_on, LONG).await
    });
    lines.unwrap();
    cluster.stop();
    let said = running.ended();
    assert!(
        said.status.code().is_some_and(|code| code != 0),
        "{}",
        said.text
    );
    site.run(&["-v", "--log=trace", "apply", "--yes"]).exits(1);
    site.run(&["-v", "--log=trace", "doctor"]).exits(1);
    assert!(fs::metadata(site.state.join("journal")).unwrap().len() > 0);
    cluster.start();
    let rows = site.runtime.block_on(everything_in(&cluster, &database));
    site.has_no_canary(vec![(Path::new("Postgres").to_path_buf(), rows)]);
}

/// Returns all rows of all tables as text.
async fn everything_in(cluster: &Cluster, database: &str) -> Vec<u8> {
    let mut connection = cluster.connect(database).await;
    let tables =
        "select table_name::text from information_schema.tables where table_schema = 'public'";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut all = Vec::new();
    for table in tables {
        let sql = sqlx::AssertSqlSafe(format!("select t::text from {table} as t"));
        let rows: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for row in rows {
            // A document is in quotes that are doubled.
            all.extend_from_slice(row.replace("\"\"", "\"").as_bytes());
            all.push(b'\n');
        }
    }
    all
}

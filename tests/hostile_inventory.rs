//! An inventory that somebody cloned and did not write: what its settings, links and repositories cannot make gamctl do.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::world::World;

const CANARY: &str = "CANARY-of-a-private-file";

/// The attacker's repository, the victim's home with a private file in it, and the address that waits for what is in it.
struct Attack {
    world: World,
    listener: UdpSocket,
}

impl Attack {
    fn new() -> Self {
        let world = World::empty();
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        world.write("network.toml", "schema = 1\n");
        world.write(
            "credentials.toml",
            "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"private\" } }\n\
            ssh = { user = \"admin\", password = { secret = \"private\" } }\n",
        );
        world.write(
            "devices/box.toml",
            format!(
                "[device.box]\nmodel = \"GAM-24-C\"\naddress = \"127.0.0.1:1/{port}\"\ntest_bed = true\n"
            ),
        );
        let attack = Self { world, listener };
        fs::create_dir_all(attack.private().join("sealed")).unwrap();
        fs::write(attack.private().join("private"), CANARY).unwrap();
        attack
    }

    /// A folder of the victim, beside the clone.
    fn private(&self) -> PathBuf {
        self.world.beside("victim")
    }

    /// Commits what the attacker wrote, and clones it as the victim does.
    fn cloned(&self) -> PathBuf {
        self.world.commit_all("hostile");
        let clone = self.world.beside("clone");
        if clone.exists() {
            fs::remove_dir_all(&clone).unwrap();
        }
        self.world
            .git(&["clone", "-q", ".", clone.to_str().unwrap()]);
        clone
    }

    fn start(&self, folder: &Path, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gamctl"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GAMCTL_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(folder)
            .env("HOME", self.world.beside("home"))
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.start(folder, arguments).wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    /// Nothing was sent to the attacker's address.
    fn heard_nothing(&self) {
        self.listener.set_nonblocking(true).unwrap();
        let heard = self.listener.recv(&mut [0; 2048]);
        assert_eq!(heard.unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    /// Nothing was made or changed beside the clone.
    fn wrote_nothing(&self) {
        let mut names: Vec<String> = fs::read_dir(self.private())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["private", "sealed"]);
        assert_eq!(
            fs::read_to_string(self.private().join("private")).unwrap(),
            CANARY
        );
        let sealed = fs::read_dir(self.private().join("sealed")).unwrap();
        assert_eq!(sealed.count(), 0);
    }
}

fn link(to: &Path, at: PathBuf) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

#[test]
fn settings_of_a_cloned_inventory_reach_no_file_and_no_store_outside_of_it() {
    let attack = Attack::new();
    let private = attack.private();
    link(Path::new("../victim"), attack.world.root().join("link"));
    for settings in [
        format!("[secrets]\ndirectory = \"{}\"\n", private.display()),
        "[secrets]\ndirectory = \"../victim\"\n".to_owned(),
        "[secrets]\ndirectory = \"link\"\n".to_owned(),
        "[secrets]\nidentity = \"../victim/key.txt\"\n".to_owned(),
        "[inventory]\npath = \"../victim\"\n".to_owned(),
        "[store]\nstate = \"../victim\"\n".to_owned(),
        "[store]\nstate = \"link\"\n".to_owned(),
        "[store]\nurl = \"postgres://127.0.0.1/gamctl\"\n".to_owned(),
        format!(
            "[store]\nurl = \"sqlite://{}/gamctl.db\"\n",
            private.display()
        ),
    ] {
        attack.world.write("gamctl.toml", &settings);
        let clone = attack.cloned();
        for command in [
            &["observe"][..],
            &["plan"],
            &["apply", "--yes"],
            &["secret", "init"],
            &["history"],
            &["doctor"],
        ] {
            let (code, said) = attack.run(&clone, command);
            assert_eq!(code, Some(1), "{settings}{command:?}: {said}");
            assert!(
                said.contains("outside of the inventory") && said.contains("--config"),
                "{settings}{command:?}: {said}"
            );
            assert!(!said.contains(CANARY), "{said}");
        }
        let elsewhere = attack.world.beside("elsewhere");
        fs::create_dir_all(&elsewhere).unwrap();
        let (code, said) = attack.run(&elsewhere, &["plan", clone.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{settings}: {said}");
    }
    attack.heard_nothing();
    attack.wrote_nothing();
}

/// The attack works where the victim says that the settings are their own: what is tried above is no straw man.
#[test]
fn settings_of_a_cloned_inventory_do_not_choose_where_traces_go() {
    let attack = Attack::new();
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    collector.set_nonblocking(true).unwrap();
    let address = collector.local_addr().unwrap();
    let settings = format!("[telemetry]\notlp = \"http://{address}\"\n");
    attack.world.write("gamctl.toml", settings);
    let clone = attack.cloned();
    attack.run(&clone, &["plan", "--timeout", "1s"]);
    let (code, said) = attack.run(&clone, &["serve", "--check"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("`[telemetry]` is used only from settings that you name"),
        "{said}"
    );
    assert_eq!(
        collector.accept().unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    // As named settings they are used.
    let (_, said) = attack.run(
        &clone,
        &["--config", "gamctl.toml", "plan", "--timeout", "1s"],
    );
    assert!(collector.accept().is_ok(), "{said}");
}

#[test]
fn a_settings_file_that_is_named_may_be_in_any_folder() {
    let attack = Attack::new();
    attack
        .world
        .write("gamctl.toml", "[secrets]\ndirectory = \"../victim\"\n");
    let clone = attack.cloned();
    let mut child = attack.start(&clone, &["--config", "gamctl.toml", "observe"]);
    let waiting = attack
        .listener
        .set_read_timeout(Some(Duration::from_secs(60)));
    waiting.unwrap();
    let mut datagram = [0; 2048];
    let length = attack.listener.recv(&mut datagram);
    child.kill().unwrap();
    child.wait().unwrap();
    let heard = String::from_utf8_lossy(&datagram[..length.unwrap()]).into_owned();
    assert!(heard.contains(CANARY), "{heard:?}");
}

#[test]
fn links_of_a_cloned_inventory_are_neither_read_nor_written_through() {
    let attack = Attack::new();
    let root = attack.world.root();
    link(Path::new("../victim/sealed"), root.join("sealed"));
    link(Path::new("../victim"), root.join("subscribers"));
    let clone = attack.cloned();
    let (code, said) = attack.run(&clone, &["secret", "init"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is a link"), "{said}");
    let (_, said) = attack.run(&clone, &["observe"]);
    assert!(!said.contains(CANARY), "{said}");
    for command in [&["validate"][..], &["secret", "list"]] {
        let (code, said) = attack.run(&clone, command);
        assert_ne!(code, Some(0), "{command:?}: {said}");
    }
    attack.heard_nothing();
    attack.wrote_nothing();

    // A list of keys that is a link is not read either: an error could show what is in it.
    fs::remove_file(root.join("sealed")).unwrap();
    fs::create_dir(root.join("sealed")).unwrap();
    link(
        Path::new("../../victim/private"),
        root.join("sealed/recipients.txt"),
    );
    let clone = attack.cloned();
    for command in [&["secret", "init"][..], &["secret", "rotate"]] {
        let (code, said) = attack.run(&clone, command);
        assert_eq!(code, Some(1), "{command:?}: {said}");
        assert!(!said.contains(CANARY), "{said}");
    }
    attack.wrote_nothing();
}

#[test]
fn settings_that_are_a_link_are_not_read() {
    let attack = Attack::new();
    link(
        Path::new("../victim/private"),
        attack.world.root().join("gamctl.toml"),
    );
    let clone = attack.cloned();
    let (code, said) = attack.run(&clone, &["validate"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("a link to outside its folder") && !said.contains(CANARY),
        "{said}"
    );
}

#[test]
fn a_repository_hidden_in_a_clone_runs_no_program() {
    let attack = Attack::new();
    let root = attack.world.root();
    attack.world.commit_all("first");
    attack.world.git(&["clone", "-q", "--bare", ".", "inner"]);
    let inner = root.join("inner");
    let run = format!("touch {}", attack.private().join("run").display());
    for (key, value) in [
        ("core.fsmonitor", &*run),
        ("core.hooksPath", "hooks"),
        ("core.worktree", attack.private().to_str().unwrap()),
        ("core.bare", "false"),
        ("filter.x.clean", &run),
        ("filter.x.smudge", &run),
    ] {
        attack.world.git_in(&inner, &["config", key, value]);
    }
    for name in ["pre-commit", "post-commit", "post-index-change"] {
        attack.world.write(
            &format!("inner/hooks/{name}"),
            format!("#!/bin/sh\n{run}\n"),
        );
    }
    attack.world.write("inner/refs/heads/.keep", "");
    attack.world.write(".gitattributes", "* filter=x\n");
    attack.world.git(&["pack-refs", "--all"]);
    let clone = attack.cloned();
    let inner = clone.join("inner");
    fs::create_dir_all(inner.join("refs/heads")).unwrap();
    for command in [
        &["validate", "--rev", "HEAD", "inner"][..],
        &["show", "--rev", "HEAD", "-i", "inner", "device", "box"],
        &[
            "set",
            "-i",
            "inner",
            "--commit",
            "acct-1",
            "state=suspended",
        ],
        &["plan", "--rev", "HEAD", "inner"],
    ] {
        let _whatever = attack.run(&clone, command);
    }
    let _in_it = attack.run(&inner, &["plan", "--rev", "HEAD"]);
    attack.wrote_nothing();
}

#[test]
fn texts_of_a_cloned_inventory_do_not_drive_the_terminal() {
    let attack = Attack::new();
    attack
        .world
        .write("gamctl.toml", "[\"in\\u001b[2Jventory\"]\nx = 1\n");
    attack
        .world
        .write("devices/odd\u{1b}[2J.toml", "[device.\"a\\u001b[2J\"]\n");
    let clone = attack.cloned();
    let (_, said) = attack.run(&clone, &["validate"]);
    assert!(!said.contains('\u{1b}'), "{said:?}");
    fs::remove_file(clone.join("gamctl.toml")).unwrap();
    let (code, said) = attack.run(&clone, &["validate"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn too_few_open_files_are_reported_and_nothing_panics() {
    let attack = Attack::new();
    let clone = attack.cloned();
    let program = env!("CARGO_BIN_EXE_gamctl");
    for limit in [5, 6, 7, 8, 10, 14, 20] {
        for command in ["apply --allow-uncommitted --yes", "observe", "history"] {
            // The shell needs some itself, so it becomes the program.
            let script = format!("ulimit -n {limit}; exec '{program}' {command}");
            let output = attack.world.run(&clone, "/bin/sh", &["-c", &script]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{limit} {command}: {said}");
            assert!(
                said.contains("open files") && said.contains("ulimit -n"),
                "{limit} {command}: {said}"
            );
        }
    }
}

#[test]
fn a_plan_that_could_not_be_written_is_refused_before_any_device_is_asked() {
    let attack = Attack::new();
    let clone = attack.cloned();
    fs::write(
        clone.join("gamctl.toml"),
        "[secrets]\ndirectory = \"secrets\"\n",
    )
    .unwrap();
    fs::create_dir(clone.join("secrets")).unwrap();
    fs::write(clone.join("secrets/private"), "public").unwrap();
    for (out, why) in [
        ("absent/plan.json", "there is no folder absent"),
        ("network.toml/plan.json", "there is no folder network.toml"),
        ("devices", "it is a folder"),
    ] {
        let (code, said) = attack.run(&clone, &["plan", "--out", out]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(why), "{said}");
    }
    attack.heard_nothing();
}

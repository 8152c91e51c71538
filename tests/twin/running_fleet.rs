//! Runs `gamctl twin` as a process of its own, from its first line to its exit code.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::world::World;

/// The time limit of any operation in a test.
const LONG: Duration = Duration::from_secs(20);

/// Twins that run until they are stopped or dropped.
pub(super) struct RunningFleet {
    child: Child,
    folder: TempDir,
    /// The document of `--json`.
    pub(super) ready: Value,
}

pub(super) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory.example")
}

fn gamctl(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamctl"));
    for name in ["GAMCTL_CONFIG", "GAMCTL_INVENTORY", "GAMCTL_BRANCH"] {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .current_dir(folder)
        // No name and no address of whoever runs the tests.
        .env("HOME", folder)
        // Where the control socket goes if nothing says otherwise: gone with the test.
        .env("TMPDIR", folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("XDG_CONFIG_HOME");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env_remove(format!("GIT_{role}_NAME"))
            .env_remove(format!("GIT_{role}_EMAIL"));
    }
    command
}

impl RunningFleet {
    /// Starts twins of the example, and returns when they report that they are ready.
    pub(super) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    pub(super) fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        Self::start_of(&example(), folder, arguments)
    }

    /// Starts twins of any inventory.
    pub(super) fn start_of(inventory: &Path, folder: TempDir, arguments: &[&str]) -> Self {
        let mut all = vec!["twin", "--inventory", inventory.to_str().unwrap(), "--json"];
        if !arguments.contains(&"--start-with") {
            all.extend(["--start-with", "intended"]);
        }
        all.extend(arguments);
        let mut child = gamctl(folder.path(), &all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut documents = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>();
        let Some(Ok(ready)) = documents.next() else {
            let mut talk = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut talk)
                .unwrap();
            panic!("no twins: {talk}");
        };
        Self {
            child,
            folder,
            ready,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn twins(&self) -> &[Value] {
        self.ready["twins"].as_array().unwrap()
    }

    pub(super) fn control(&self) -> &Path {
        Path::new(self.ready["control"].as_str().unwrap())
    }

    /// Runs any command of gamctl in a folder beneath the fleet's.
    pub(super) fn gamctl(&self, folder: &str, arguments: &[&str]) -> Output {
        gamctl(&self.folder().join(folder), arguments)
            .output()
            .unwrap()
    }

    /// Runs `gamctl twin ctl` and returns what it printed, with its exit code.
    pub(super) fn ctl(&self, arguments: &[&str]) -> (String, i32) {
        let control = self.control().to_str().unwrap().to_owned();
        let mut all = vec!["twin", "ctl", "--control", &control];
        all.extend(arguments);
        let output = self.gamctl("", &all);
        let text = [output.stdout, output.stderr].concat();
        (
            String::from_utf8(text).unwrap(),
            output.status.code().unwrap(),
        )
    }

    /// Runs `gamctl twin ctl … --json`, which must succeed.
    pub(super) fn ask(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let (text, code) = self.ctl(&all);
        assert_eq!(code, 0, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Stops it as a service manager would, and returns its exit code.
    pub(super) fn stop(mut self) -> (i32, TempDir) {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(killed.success());
        let code = self.child.wait().unwrap().code().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (code, folder)
    }
}

impl Drop for RunningFleet {
    fn drop(&mut self) {
        // One that stopped already is gone.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn address(twin: &Value, port: &str) -> SocketAddr {
    let ip = twin["address"].as_str().unwrap().parse().unwrap();
    let port = twin[port].as_u64().unwrap();
    SocketAddr::new(ip, u16::try_from(port).unwrap())
}

/// Connects to a twin's SSH port and returns the first line.
pub(super) fn ssh_opening(twin: &Value) -> String {
    let stream = TcpStream::connect(address(twin, "ssh_port")).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

/// Reads a twin's name, 1.3.6.1.2.1.1.5.0, over SNMPv2c, and returns the answer's datagram.
///
/// Asks again where no answer comes: a slow agent drops what its queue does not hold.
pub(super) fn snmp_answer(twin: &Value) -> Vec<u8> {
    let community = twin["community"].as_str().unwrap().as_bytes();
    let name = [
        0x30, 0x0c, 0x06, 0x08, 0x2b, 6, 1, 2, 1, 1, 5, 0, 0x05, 0x00,
    ];
    let mut request = vec![2, 1, 7, 2, 1, 0, 2, 1, 0, 0x30, 14];
    request.extend(name);
    let mut message = vec![2, 1, 1, 4, u8::try_from(community.len()).unwrap()];
    message.extend(community);
    message.extend([0xa0, u8::try_from(request.len()).unwrap()]);
    message.extend(request);
    let mut datagram = vec![0x30, u8::try_from(message.len()).unwrap()];
    datagram.extend(message);
    let to = address(twin, "snmp_port");
    let socket = UdpSocket::bind((to.ip(), 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let mut answer = [0; 1500];
    for _ in 0..LONG.as_secs() {
        socket.send_to(&datagram, to).unwrap();
        if let Ok(length) = socket.recv(&mut answer) {
            return answer[..length].to_vec();
        }
    }
    panic!("{to} does not answer")
}

/// Sends datagrams to a twin's agent that are not SNMP.
pub(super) fn snmp_noise(twin: &Value, count: usize) {
    let to = address(twin, "snmp_port");
    let socket = UdpSocket::bind((to.ip(), 0)).unwrap();
    for _ in 0..count {
        socket.send_to(b"noise", to).unwrap();
    }
}

/// Runs git in a folder, isolated from this machine's settings.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    World::without_repository().git_in(folder, arguments)
}

//! Runs the twins of an inventory in a process of their own, and talks to their control socket.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Running twins; they end when this is dropped.
pub(crate) struct RunningTwins {
    process: Child,
    /// What they print when they are ready: names, addresses, passwords.
    pub(crate) ready: Value,
}

impl RunningTwins {
    /// Starts twins that are as an inventory says, and writes an inventory that leads to them.
    pub(crate) fn start(inventory: &Path, written: &Path, latency: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_gamctl"))
            .args(["twin", "--json", "--from", "intended", "--latency", latency])
            .arg("--inventory")
            .arg(inventory)
            .arg("--write-inventory")
            .arg(written)
            .stdout(Stdio::piped())
            // Where and how to reach them is for people; a failure shows in the missing document.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut text = String::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            text.push_str(&line);
            text.push('\n');
            if line == "}" {
                break;
            }
        }
        let ready = serde_json::from_str(&text).unwrap();
        Self { process, ready }
    }

    /// Sends a request to the control socket, and returns the answer.
    pub(crate) fn ask(&self, request: &Value) -> Value {
        let control = self.ready["control"].as_str().unwrap();
        let mut stream = UnixStream::connect(control).unwrap();
        stream.write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(!answer.contains("\"refused\""), "{request}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for RunningTwins {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _gone = self.process.wait();
    }
}

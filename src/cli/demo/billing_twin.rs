//! Starts a simulated Sonar beside the demonstration, and stores the secrets that open it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;
use uuid::Uuid;

use super::program::own;

/// The account of the first customer: subscribers of the example have lower numbers.
pub(super) const ACCOUNT: &str = "3001";

/// The names of the secrets.
pub(super) const TOKEN: &str = "sonar-token";
pub(super) const HOOK: &str = "sonar-hook";

/// The running billing twin.
pub(super) struct BillingProcess(Child);

impl BillingProcess {
    pub(super) fn end(mut self) {
        // An error means that it has already exited.
        let _ended = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// Starts a billing system without customers, stores its secrets in the inventory's folder, and returns its address.
pub(super) fn start(root: &Path, inventory: &Path) -> anyhow::Result<(BillingProcess, String)> {
    let messages = root.join("billing.log");
    let log = File::create(&messages)
        .with_context(|| format!("failed to write {}", messages.display()))?;
    let mut child = own()?
        .args(["twin", "billing", "--kind", "sonar", "--accounts", "0"])
        .args(["--first-account", ACCOUNT, "--format", "json", "--control"])
        .arg(inventory.join("billing.sock"))
        // Ctrl-C is for the demonstration.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("failed to start the billing twin")?;
    let prepared = ready(&mut child).and_then(|ready| prepare(&ready, inventory));
    let process = BillingProcess(child);
    match prepared {
        Ok(address) => Ok((process, address)),
        Err(error) => {
            process.end();
            let shown = messages.display();
            Err(error.context(format!("the billing twin did not start; see {shown}")))
        }
    }
}

/// Stores the secrets of the twin, and returns its address.
fn prepare(ready: &Value, inventory: &Path) -> anyhow::Result<String> {
    let text = |pointer: &str| {
        let text = ready.pointer(pointer).and_then(Value::as_str);
        text.context("it printed another document")
    };
    let secrets = inventory.join("secrets");
    write_private(&secrets.join(TOKEN), text("/login/token")?)?;
    write_private(&secrets.join(HOOK), &Uuid::now_v7().simple().to_string())?;
    Ok(text("/address")?.to_owned())
}

/// Reads the document that the twin prints when it is ready.
fn ready(child: &mut Child) -> anyhow::Result<Value> {
    let output = child.stdout.take().context("it has no output")?;
    let mut document = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.context("failed to read its output")?;
        document.push_str(&line);
        if line == "}" {
            return serde_json::from_str(&document).context("it printed no document");
        }
    }
    ensure!(!document.is_empty(), "it printed nothing");
    anyhow::bail!("it printed half a document")
}

/// Writes a file that only the owner can read.
fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    let written = opened.and_then(|mut file| writeln!(file, "{text}"));
    written.with_context(|| format!("failed to write {}", file.display()))
}

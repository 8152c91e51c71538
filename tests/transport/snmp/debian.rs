//! Tests our session and net-snmp's programs against net-snmp's agent; run by `tests/outside/run`.

use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};

use gamctl::secrets::Secret;
use gamctl::transport::snmp::{
    Access, Auth, AuthProtocol, Cell, Column, Privacy, PrivacyProtocol, Session, SnmpError,
    SnmpOptions, Value,
};

use super::{LONG, PATIENT, oid};

const SYSTEM: &[u32] = &[1, 3, 6, 1, 2, 1, 1];
const INTERFACES: &[u32] = &[1, 3, 6, 1, 2, 1, 2];
const AUTH: &str = "correct-horse";
const HIDE: &str = "battery-staple";

/// Debian's agent on a port of its own, stopped when this is dropped.
struct Agent {
    process: Child,
    addresses: [SocketAddr; 2],
    _directory: tempfile::TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Every user: a name, and the names of the protocols in net-snmp and here.
fn users() -> Vec<(String, Access, Vec<String>)> {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let mut users = Vec::new();
    for (auth, auth_name) in [(AuthProtocol::Md5, "MD5"), (AuthProtocol::Sha1, "SHA")] {
        for privacy in [
            None,
            Some((PrivacyProtocol::Des, "DES")),
            Some((PrivacyProtocol::Aes128, "AES")),
        ] {
            let user = format!("u{auth_name}{}", privacy.map_or("", |(_, name)| name));
            let level = if privacy.is_some() {
                "authPriv"
            } else {
                "authNoPriv"
            };
            let mut options =
                words(&["-v3", "-u", &user, "-l", level, "-a", auth_name, "-A", AUTH]);
            if let Some((_, name)) = privacy {
                options.extend(words(&["-x", name, "-X", HIDE]));
            }
            let access = Access::V3 {
                user: user.clone(),
                auth: Some(Auth {
                    protocol: auth,
                    password: secret(AUTH),
                }),
                privacy: privacy.map(|(protocol, _)| Privacy {
                    protocol,
                    password: secret(HIDE),
                }),
            };
            users.push((user, access, options));
        }
    }
    users
}

async fn start() -> Agent {
    let directory = tempfile::tempdir().unwrap();
    let free = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut text = String::from(
        "rocommunity public\nrocommunity6 public\nsysName outside\nsysLocation a closet\n",
    );
    for (user, _, options) in users() {
        let of = |option: &str| {
            let at = options.iter().position(|word| word == option);
            at.map_or("", |at| options[at + 1].as_str())
        };
        let (auth, privacy) = (of("-a"), of("-x"));
        let hide = if privacy.is_empty() { "" } else { HIDE };
        writeln!(
            text,
            "createUser {user} {auth} {AUTH} {privacy} {hide}\nrouser {user} auth"
        )
        .unwrap();
    }
    let configuration = directory.path().join("snmpd.conf");
    std::fs::write(&configuration, text).unwrap();
    let process = Command::new("snmpd")
        .args(["-f", "-Lf"])
        .arg(directory.path().join("log"))
        .arg("-C")
        .arg("-c")
        .arg(&configuration)
        .arg(format!("udp:127.0.0.1:{port},udp6:[::1]:{port}"))
        .env("SNMP_PERSISTENT_DIR", directory.path())
        .stdin(Stdio::null())
        .spawn()
        .expect("snmpd is installed");
    let addresses = ["127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}").parse().unwrap());
    let agent = Agent {
        process,
        addresses,
        _directory: directory,
    };
    let until = std::time::Instant::now() + LONG;
    for address in agent.addresses {
        while !has_come_up(address).await {
            assert!(
                std::time::Instant::now() < until,
                "snmpd does not answer at {address}"
            );
        }
    }
    agent
}

async fn has_come_up(address: SocketAddr) -> bool {
    let session = Session::open(address, &super::public(), PATIENT)
        .await
        .unwrap();
    session.get(&[oid(SYSTEM).join(&[5, 0])]).await.is_ok()
}

/// Returns the output of `snmpbulkwalk` for a subtree, one line for each name.
fn walked(address: SocketAddr, options: &[String], root: &[u32]) -> Vec<String> {
    let host = match address {
        SocketAddr::V4(_) => format!("udp:{address}"),
        SocketAddr::V6(_) => format!("udp6:{address}"),
    };
    let output = Command::new("snmpbulkwalk")
        .args(options)
        // Numbers for names and enumerations, hexadecimal for all text, no MIBs to know better by.
        .args(["-m", "", "-OnqUtex", "-Cr25", &host, &oid(root).to_string()])
        .output()
        .expect("snmpbulkwalk is installed");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Long text goes on in further lines.
    let text = text.replace("\n.", "\u{0}.").replace('\n', " ");
    let lines = text
        .split('\u{0}')
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines
        .map(|words| words.join(" ").replace("\" ", "\"").replace(" \"", "\""))
        .collect()
}

/// Prints a value as `snmpbulkwalk` would.
fn printed(column: &Column, cell: &Cell) -> String {
    let value = match &cell.value {
        Value::Integer(number) => number.to_string(),
        Value::Bytes(bytes) | Value::Opaque(bytes) => {
            let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("\"{}\"", bytes.join(" "))
        }
        Value::Oid(oid) => format!(".{oid}"),
        Value::IpAddress([a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
        Value::Counter32(number) | Value::Unsigned32(number) | Value::TimeTicks(number) => {
            number.to_string()
        }
        Value::Counter64(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let line = format!(".{} {value}", column.oid.join(&cell.index));
    line.replace(" \"", "\"")
}

/// Removes everything from a line that changes over time: the time, and traffic counters.
fn lasting(line: &str) -> &str {
    let moves = |column: u32| line.starts_with(&format!(".1.3.6.1.2.1.2.2.1.{column}."));
    if line.starts_with(".1.3.6.1.2.1.1.3.") || (10..=20).any(moves) {
        return line.split(' ').next().unwrap();
    }
    line
}

fn agree(columns: &[Column], theirs: &[Vec<String>]) -> usize {
    let mut compared = 0;
    for (column, theirs) in columns.iter().zip(theirs) {
        let ours: Vec<String> = column
            .cells
            .iter()
            .map(|cell| printed(column, cell))
            .collect();
        let ours: Vec<&str> = ours.iter().map(|line| lasting(line)).collect();
        let theirs: Vec<&str> = theirs.iter().map(|line| lasting(line)).collect();
        assert_eq!(ours, theirs);
        compared += ours.len();
    }
    compared
}

#[tokio::test]
#[ignore = "needs Debian's snmpd and snmp: tests/outside/run"]
async fn we_read_the_same_from_debians_agent_as_snmpbulkwalk() {
    let agent = start().await;
    let roots = [oid(SYSTEM), oid(INTERFACES)];
    let public = ["-v2c", "-c", "public"].map(str::to_owned).to_vec();
    let mut ways = vec![("2c".to_owned(), super::public(), public)];
    ways.extend(users());
    for address in agent.addresses {
        for (user, access, options) in &ways {
            let theirs = [SYSTEM, INTERFACES].map(|root| walked(address, options, root));
            for rows in [1, 3, 25, 1000] {
                let options = SnmpOptions { rows, ..PATIENT };
                let session = Session::open(address, access, options).await.unwrap();
                let columns = session.columns(&roots).await;
                let columns = columns.unwrap_or_else(|error| panic!("{user} {rows}: {error}"));
                let compared = agree(&columns, &theirs);
                assert!(compared > 40, "{compared}");
                let values = session
                    .get(&[oid(SYSTEM).join(&[6, 0]), oid(SYSTEM).join(&[77, 0])])
                    .await;
                assert_eq!(
                    values.unwrap(),
                    [Value::Bytes(b"a closet".to_vec()), Value::NoSuchObject]
                );
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs Debian's snmpd and snmp: tests/outside/run"]
async fn refusals_of_debians_agent_are_named() {
    let agent = start().await;
    let of = |user: &str, auth: &str, hide: Option<&str>| Access::V3 {
        user: user.to_owned(),
        auth: Some(Auth {
            protocol: AuthProtocol::Sha1,
            password: Secret::new(auth.as_bytes().to_vec()),
        }),
        privacy: hide.map(|hide| Privacy {
            protocol: PrivacyProtocol::Aes128,
            password: Secret::new(hide.as_bytes().to_vec()),
        }),
    };
    let hurried = SnmpOptions {
        timeout: std::time::Duration::from_millis(200),
        retries: 1,
        ..PATIENT
    };
    let refusal = async |access: Access| {
        let session = Session::open(agent.addresses[0], &access, hurried)
            .await
            .unwrap();
        session.get(&[oid(SYSTEM).join(&[5, 0])]).await.unwrap_err()
    };
    let error = refusal(of("nobody", AUTH, None)).await;
    assert!(matches!(error, SnmpError::UnknownUser { .. }), "{error}");
    let error = refusal(of("uSHAAES", "correct-house", Some(HIDE))).await;
    assert!(matches!(error, SnmpError::WrongDigest { .. }), "{error}");
    let error = refusal(of("uSHA", AUTH, Some(HIDE))).await;
    assert!(
        matches!(error, SnmpError::UnsupportedSecurityLevel { .. }),
        "{error}"
    );
    let error = refusal(of("uSHAAES", AUTH, Some("battery-stapler"))).await;
    assert!(error.to_string().contains("privacy password"), "{error}");
}

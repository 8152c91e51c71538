//! Checks whether the service can listen on an address, or whether a service answers there already.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::report::{Check, Level, visible};

const AREA: &str = "service";

/// The time for an answer on this host.
const LIMIT: Duration = Duration::from_secs(5);

/// The bytes of an answer that are read: enough for its head and its first line.
const MOST_BYTES: u64 = 8 << 10;

/// The start of the metrics of every gamctl, in the order of their names.
const OWN_METRICS: &str = "# HELP gamctl_";

/// Checks the address for health checks and webhooks.
pub(super) async fn public(address: SocketAddr) -> Check {
    let Some(answer) = taken(address, "/livez").await else {
        return free(address);
    };
    match answer {
        Ok(answer) if answer.status == 200 && answer.body == "live\n" => {
            Check::ok(AREA, format!("a gamctl serve answers on {address}: live"))
        }
        // Only gamctl gives an answer to this path an id and a reason.
        Ok(answer) if answer.status == 503 && answer.is_own => Check::of(
            AREA,
            Level::Problem,
            format!(
                "a gamctl serve answers on {address}: {}",
                visible(answer.body.trim())
            ),
            "restart it; keep its log and report it as a fault of gamctl",
        ),
        other => foreign(address, other.map(|_| ())),
    }
}

/// Checks the address for metrics.
pub(super) async fn metrics(address: SocketAddr) -> Check {
    let Some(answer) = taken(address, "/metrics").await else {
        return free(address);
    };
    match answer {
        Ok(answer) if answer.status == 200 && answer.body.starts_with(OWN_METRICS) => {
            Check::ok(AREA, format!("metrics of a gamctl serve at {address}"))
        }
        other => foreign(address, other.map(|_| ())),
    }
}

fn free(address: SocketAddr) -> Check {
    Check::ok(AREA, format!("can listen on {address}"))
}

fn foreign(address: SocketAddr, answer: Result<(), String>) -> Check {
    let what = match answer {
        Ok(()) => format!("another program listens on {address}"),
        Err(why) => format!("cannot listen on {address}: {why}"),
    };
    let next = "name another address or port under `[serve]`, or stop that program";
    Check::of(AREA, Level::Problem, what, next)
}

/// An answer over HTTP.
struct Answer {
    status: u16,
    /// It has the header that gamctl adds.
    is_own: bool,
    body: String,
}

/// Returns what is at an address that cannot be listened on; `None` if it is free.
async fn taken(address: SocketAddr, path: &str) -> Option<Result<Answer, String>> {
    let Err(error) = TcpListener::bind(address).await else {
        return None;
    };
    if error.kind() != std::io::ErrorKind::AddrInUse {
        return Some(Err(error.to_string()));
    }
    let answer = timeout(LIMIT, ask(reachable(address), path)).await;
    Some(match answer {
        Ok(Ok(Some(answer))) => Ok(answer),
        Ok(Ok(None) | Err(_)) | Err(_) => {
            Err("another program has it, which does not answer as gamctl does".to_owned())
        }
    })
}

/// Returns the address at which this host reaches a listener on all of its addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn ask(address: SocketAddr, path: &str) -> std::io::Result<Option<Answer>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut octets = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut octets).await?;
    Ok(parsed(&String::from_utf8_lossy(&octets)))
}

fn parsed(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let mut names = head.lines().filter_map(|line| line.split_once(':'));
    Some(Answer {
        status,
        is_own: names.any(|(name, _)| name.eq_ignore_ascii_case("x-request-id")),
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_in_its_parts() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\nX-Request-Id: 1\r\n\r\nstopping\n";
        let answer = parsed(answer).unwrap();
        assert_eq!((answer.status, answer.is_own), (503, true));
        assert_eq!(answer.body, "stopping\n");
        for other in [
            "",
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 ok\r\n\r\n",
            "HTTP/1.1 200",
        ] {
            assert!(parsed(other).is_none(), "{other}");
        }
    }
}

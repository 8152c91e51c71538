//! A client that asks for one value at a time, and is to be answered whatever others do.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gamctl::simulator::server::Twin;
use tokio::net::UdpSocket;

use super::Tally;
use super::datagrams::{integer, tagged};

/// How long one try waits, and how often it is made: what floods the socket's buffer drops others' requests too.
const TRY: Duration = Duration::from_secs(1);
const TRIES: u32 = 10;

/// How the answers came.
pub(crate) struct Asked {
    times: Vec<Duration>,
    repeats: u32,
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |part: usize| self.times[(self.times.len() - 1) * part / 1000];
        write!(
            out,
            "{} questions, all answered; median {:?}, 99.9 % within {:?}, {} asked again",
            self.times.len(),
            at(500),
            at(999),
            self.repeats
        )
    }
}

/// Asks every 20 ms until it is over.
pub(crate) async fn ask(twin: Arc<Twin>, tally: Arc<Tally>) -> Result<Asked, String> {
    let mut asked = Asked {
        times: Vec::new(),
        repeats: 0,
    };
    while tally.goes_on() {
        let (time, repeats) = once(twin.snmp_address()).await?;
        asked.times.push(time);
        asked.repeats += repeats;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    asked.times.sort();
    Ok(asked)
}

/// Asks for the uptime; returns how long the try that succeeded took, and how many did not.
pub(crate) async fn once(address: SocketAddr) -> Result<(Duration, u32), String> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address).await.unwrap();
    let name = tagged(6, &[43, 6, 1, 2, 1, 1, 3, 0]);
    let binding = tagged(0x30, &[name, vec![5, 0]].concat());
    let bindings = tagged(0x30, &binding);
    let pdu = [integer(4711), integer(0), integer(0), bindings].concat();
    let message = [tagged(2, &[1]), tagged(4, b"public"), tagged(0xa0, &pdu)].concat();
    let request = tagged(0x30, &message);
    let mut buffer = vec![0; 2000];
    for repeats in 0..TRIES {
        let start = Instant::now();
        let _sent = socket.send(&request).await;
        if let Ok(Ok(length)) = tokio::time::timeout(TRY, socket.recv(&mut buffer)).await {
            // TimeTicks, at the end.
            let is_uptime = buffer[..length]
                .windows(9)
                .any(|bytes| bytes == [6, 8, 43, 6, 1, 2, 1, 1, 3]);
            return match is_uptime {
                true => Ok((start.elapsed(), repeats)),
                false => Err("an answer to something else".to_owned()),
            };
        }
    }
    Err(format!("no answer in {TRIES} tries of {TRY:?}"))
}

//! Serves a simulated Sonar instance on a port of this host, one request a connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use gamctl::billing::sonar::{SonarAddress, SonarClient, SonarSettings};
use gamctl::model::billing::BillingName;
use gamctl::secrets::Secret;
use gamctl::simulator::billing::sonar::{SonarSettings as TwinSettings, SonarTwin};
use gamctl::simulator::billing::{BillingTwin, Delivery, HttpAnswer, HttpRequest, Operation};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// 20 November 2026.
pub(super) const NOW: u64 = 1_795_183_389;

/// Serves answers that no simulator gives, and returns the address of the server.
pub(super) async fn scripted(
    answer: impl Fn(&HttpRequest) -> HttpAnswer + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, from)) = listener.accept().await {
            if let Ok(Some(request)) = receive(&mut stream, from).await {
                let _closed = send(&mut stream, &answer(&request)).await;
            }
        }
    });
    address
}

/// A running instance; it ends with the test.
pub(super) struct Instance {
    twin: Arc<Mutex<SonarTwin>>,
    now: Arc<AtomicU64>,
    address: SocketAddr,
    token: String,
    task: JoinHandle<()>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Instance {
    pub(super) async fn start(accounts: u64) -> Self {
        let settings = TwinSettings {
            accounts,
            hostile_every: 7,
            requests_per_minute: 100_000,
            token_expires: Some(NOW + 86_400),
            ..TwinSettings::default()
        };
        let twin = SonarTwin::new(settings, NOW);
        let token = twin.token().to_owned();
        let (twin, now) = (Arc::new(Mutex::new(twin)), Arc::new(AtomicU64::new(NOW)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(serve(listener, Arc::clone(&twin), Arc::clone(&now)));
        Self {
            twin,
            now,
            address,
            token,
            task,
        }
    }

    pub(super) fn settings(&self) -> SonarSettings {
        settings(self.address, &self.token)
    }

    pub(super) fn client(&self) -> SonarClient {
        SonarClient::new(self.settings()).unwrap()
    }

    /// Lets time pass.
    pub(super) fn pass(&self, seconds: u64) -> u64 {
        self.now.fetch_add(seconds, Ordering::SeqCst) + seconds
    }

    /// Sets faults, written as `[[fault]]` tables.
    pub(super) fn faults(&self, text: &str) {
        let mut file: toml::Table = text.parse().unwrap();
        let faults = file.remove("fault");
        let tables = faults.iter().flat_map(|faults| faults.as_array().unwrap());
        let tables = tables.map(|table| table.as_table().unwrap().clone());
        self.twin().set_faults(tables.collect()).unwrap();
    }

    /// Carries out what a person in the office does.
    pub(super) fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        let now = self.now.load(Ordering::SeqCst);
        self.twin().operate(&operation, now).unwrap()
    }

    pub(super) fn counter(&self, name: &str) -> Value {
        self.twin().counters()[name].clone()
    }

    pub(super) fn twin(&self) -> MutexGuard<'_, SonarTwin> {
        self.twin.lock().unwrap()
    }

    /// Returns the ids of rows with this value in a column.
    pub(super) fn ids(&self, table: &str, is_wanted: impl Fn(&SonarTwin, u64) -> bool) -> Vec<u64> {
        let twin = self.twin();
        let mut ids = twin.ids(table);
        ids.retain(|id| is_wanted(&twin, *id));
        ids
    }
}

/// Returns settings for a server on this host, without pauses that a test would wait for.
pub(super) fn settings(address: SocketAddr, token: &str) -> SonarSettings {
    let address = SonarAddress::parse(&format!("http://{address}")).unwrap();
    let token = Secret::new(token.as_bytes().to_vec());
    let mut settings = SonarSettings::new(BillingName::new("sonar").unwrap(), address, token);
    settings.rate.per_minute = 100_000;
    settings.retries.first_pause = Duration::from_millis(10);
    settings
}

/// Returns a stored id as a number.
pub(super) fn stored_id(twin: &SonarTwin, table: &str, id: u64, column: &str) -> Option<u64> {
    let value = twin.stored(table, id, column);
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| value.as_u64().map(|id| id.to_string()))?
        .parse()
        .ok()
}

async fn serve(listener: TcpListener, twin: Arc<Mutex<SonarTwin>>, now: Arc<AtomicU64>) {
    while let Ok((stream, from)) = listener.accept().await {
        let (twin, now) = (Arc::clone(&twin), now.load(Ordering::SeqCst));
        tokio::spawn(async move {
            let _closed = answer(stream, from, &twin, now).await;
        });
    }
}

async fn answer(
    mut stream: TcpStream,
    from: SocketAddr,
    twin: &Mutex<SonarTwin>,
    now: u64,
) -> std::io::Result<()> {
    let Some(request) = receive(&mut stream, from).await? else {
        return Ok(());
    };
    let answer = twin.lock().unwrap().answer(&request, now);
    if answer.delay > Duration::ZERO {
        tokio::time::sleep(answer.delay).await;
    }
    send(&mut stream, &answer).await
}

async fn receive(stream: &mut TcpStream, from: SocketAddr) -> std::io::Result<Option<HttpRequest>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(HttpRequest {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: bytes.split_off(end),
        from: from.ip(),
    }))
}

async fn send(stream: &mut TcpStream, answer: &HttpAnswer) -> std::io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {} Answer\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let length = answer.body.len();
    bytes.extend_from_slice(
        format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes(),
    );
    let body = match answer.delivery {
        Delivery::Whole => &answer.body[..],
        Delivery::Half => &answer.body[..length / 2],
        Delivery::Nothing => return Ok(()),
    };
    bytes.extend_from_slice(body);
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    stream.shutdown().await
}

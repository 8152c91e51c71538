//! Tests of the server of billing twins over loopback: limits, cuts, delays, webhooks, the control socket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::billing_control::{BillingAnswer, BillingRequest};
use super::{BillingServer, BillingServerSettings, Control};
use crate::simulator::base64;
use crate::simulator::billing::splynx::{HookSettings, Splynx, SplynxSettings};
use crate::simulator::billing::{BillingTwin, Operation};

const TARIFFS: &str = "/api/2.0/admin/tariffs/internet";

async fn server(hook: Option<String>, latency: Duration) -> BillingServer {
    let settings = SplynxSettings {
        accounts: 5,
        seed: 1,
        key: "K".to_owned(),
        secret: "S".to_owned(),
        hook: hook.map(|url| HookSettings {
            url,
            secret: "H".to_owned(),
        }),
        minutes_ahead: 0,
        hostile_every: 0,
    };
    let mut twin = Splynx::new(settings, 1_795_183_389);
    let unsecure = r#"{"do":"edit","path":"key/unsecure","value":true}"#;
    let unsecure: Operation = serde_json::from_str(unsecure).unwrap();
    twin.operate(&unsecure, 1_795_183_389).unwrap();
    let settings = BillingServerSettings {
        latency,
        ..BillingServerSettings::default()
    };
    BillingServer::start(Box::new(twin), settings)
        .await
        .unwrap()
}

/// Sends a request over a connection of its own, and returns everything that came.
async fn send(server: &BillingServer, method: &str, path: &str, body: &str) -> String {
    let basic = base64::encode(b"K:S");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    raw(server, request.as_bytes()).await
}

async fn raw(server: &BillingServer, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // A cut connection may end with a reset.
    let _ended = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn faults(server: &BillingServer, text: &str) {
    let table: toml::Table = toml::from_str(text).unwrap();
    server.set_faults(vec![table]).unwrap();
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_request_is_answered_over_http() {
    let server = server(None, Duration::ZERO).await;
    let answer = send(&server, "GET", &format!("{TARIFFS}?limit=1"), "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let list: Value = serde_json::from_str(body(&answer)).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1);
    let count = send(&server, "HEAD", TARIFFS, "").await;
    assert!(count.starts_with("HTTP/1.1 204 "), "{count}");
    assert!(
        count.to_lowercase().contains("\r\nx-total-count: 6\r\n"),
        "{count}"
    );
    let path = "/api/2.0/admin/customers/customer/0/internet-services--7001";
    let put = send(&server, "PUT", path, r#"{"port_id":"7"}"#).await;
    assert!(put.starts_with("HTTP/1.1 202 "), "{put}");
    assert_eq!(server.counters()["most_at_once"], 1);
    server.stop().await;
}

#[tokio::test]
async fn half_an_answer_ends_with_a_cut_and_a_lost_one_has_no_byte() {
    let server = server(None, Duration::ZERO).await;
    let whole = send(&server, "GET", TARIFFS, "").await;
    faults(&server, "kind = \"half-json\"");
    let half = send(&server, "GET", TARIFFS, "").await;
    assert!(half.starts_with("HTTP/1.1 200 OK\r\n"), "{half}");
    let length = format!("content-length: {}\r\n", body(&whole).len());
    assert!(half.to_lowercase().contains(&length), "{half}");
    assert_eq!(body(&half).len(), body(&whole).len() / 2);
    assert!(body(&whole).starts_with(body(&half)));
    faults(&server, "kind = \"answer-lost\"");
    let path = "/api/2.0/admin/customers/customer/0/internet-services--7001";
    assert_eq!(send(&server, "PUT", path, r#"{"port_id":"9"}"#).await, "");
    let read = send(&server, "GET", path, "").await;
    assert!(read.contains(r#""port_id":"9""#), "{read}");
}

#[tokio::test]
async fn answers_are_late_and_counted_at_the_same_time() {
    let server = Arc::new(server(None, Duration::from_millis(300)).await);
    let began = Instant::now();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let server = Arc::clone(&server);
        asking.spawn(async move { send(&server, "GET", TARIFFS, "").await });
    }
    while let Some(answer) = asking.join_next().await {
        assert!(answer.unwrap().starts_with("HTTP/1.1 200 "));
    }
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(server.counters()["most_at_once"], 3);
}

#[tokio::test]
async fn a_body_that_is_too_long_ends_the_connection() {
    let server = server(None, Duration::ZERO).await;
    let long = "x".repeat((1 << 20) + 1);
    let answer = send(&server, "POST", TARIFFS, &long).await;
    assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
    assert!(send(&server, "GET", TARIFFS, "").await.contains("200 OK"));
}

// The paused clock moves to the time limit as soon as nothing else happens.
#[tokio::test(start_paused = true)]
async fn a_header_that_is_too_long_or_does_not_end_closes_the_connection() {
    let server = server(None, Duration::ZERO).await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(80 << 10));
    for header in [long.as_str(), "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let answer = raw(&server, header.as_bytes()).await;
        assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
    }
}

/// Receives one request, and answers with a status.
async fn receive(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut received = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).await.unwrap();
        received.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&received).into_owned();
        let complete = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap_or("0");
            let length = length.split("\r\n").next().unwrap_or("0");
            body.len() >= length.parse().unwrap_or(0)
        });
        if complete || count == 0 {
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return text;
        }
    }
}

#[tokio::test]
async fn a_change_sends_a_signed_webhook_and_its_status_is_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?x=1", listener.local_addr().unwrap());
    let server = server(Some(url), Duration::ZERO).await;
    for (status, counted) in [("200 OK", "delivered"), ("500 No", "retried")] {
        let block = format!(r#"{{"do":"edit","path":"accounts/1001/phone","value":"{counted}"}}"#);
        server
            .operate(&serde_json::from_str(&block).unwrap())
            .unwrap();
        let received = receive(&listener, status).await;
        assert!(
            received.starts_with("POST /hooks?x=1 HTTP/1.1\r\n"),
            "{received}"
        );
        assert!(received.contains("\r\nx-splynx-signature: "), "{received}");
        assert!(received.contains(counted), "{received}");
        let waiting = async {
            while server.counters()["hooks"][counted] != json!(1) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_control_socket_sells_sets_faults_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("billing.sock");
    let control = Control::bind(&path).await.unwrap();
    let server = Arc::new(server(None, Duration::ZERO).await);
    let serving = tokio::spawn(async move { control.serve_billing(server).await });
    let (reader, mut writer) = UnixStream::connect(&path).await.unwrap().into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut ask = async |request: &BillingRequest| {
        let line = serde_json::to_string(request).unwrap() + "\n";
        writer.write_all(line.as_bytes()).await.unwrap();
        let line = lines.next_line().await.unwrap().unwrap();
        serde_json::from_str::<BillingAnswer>(&line).unwrap()
    };
    let operate = |text: &str| BillingRequest::Operate {
        operation: serde_json::from_str(text).unwrap(),
    };
    let sold = ask(&operate(r#"{"do":"sell","tariff":31}"#)).await;
    assert!(matches!(sold, BillingAnswer::Done(sold) if sold["account"] == 1006));
    let refused = ask(&operate(r#"{"do":"block","account":1}"#)).await;
    let reason = "account 1 does not exist".to_owned();
    assert_eq!(refused, BillingAnswer::Refused(reason));
    let fault: toml::Table = toml::from_str("kind = \"html\"\ntimes = 2").unwrap();
    let faults = BillingRequest::Faults {
        faults: vec![fault],
    };
    assert_eq!(ask(&faults).await, BillingAnswer::FaultsSet(1));
    let counters = ask(&BillingRequest::Counters {}).await;
    assert!(matches!(counters, BillingAnswer::Counters(all) if all["faults"][0]["kind"] == "html"));
    serving.abort();
}

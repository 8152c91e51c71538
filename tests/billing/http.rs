//! Tests one HTTPS request: no redirect, no unknown issuer, limits, nothing secret in errors.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gamctl::billing::{Address, HttpClient, HttpLimits, HttpRequest, Unreachable};
use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const LIMITS: HttpLimits = HttpLimits {
    time: Duration::from_secs(30),
    most_bytes: 1000,
};

/// Answers one request with some bytes, and hands over what was sent.
async fn server(answer: Vec<u8>) -> (SocketAddr, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sent, received) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).await.unwrap();
            request.extend_from_slice(&part[..length]);
        }
        drop(sent.send(String::from_utf8(request).unwrap()));
        // The client may have hung up at the limit.
        drop(stream.write_all(&answer).await);
        drop(stream.shutdown().await);
    });
    (address, received)
}

fn request(address: SocketAddr, limits: HttpLimits) -> HttpRequest {
    let address = Address::parse(&format!("http://{address}")).unwrap();
    HttpRequest {
        method: Method::GET,
        url: address.join("api/canary-path", "a=%3E"),
        authorization: Some(HeaderValue::from_static("Basic canary-login")),
        body: None,
        limits,
    }
}

async fn failure(answer: Vec<u8>) -> Unreachable {
    let (address, _sent) = server(answer).await;
    let client = HttpClient::new().unwrap();
    let Err(failure) = client.send(request(address, LIMITS)).await else {
        panic!("it succeeded");
    };
    assert!(!format!("{failure:?} {failure}").contains("canary"));
    failure
}

#[tokio::test]
async fn a_request_names_the_program_and_asks_for_json() {
    let (address, sent) =
        server(b"HTTP/1.1 204 No Content\r\nX-total-count: 7\r\n\r\n".to_vec()).await;
    let client = HttpClient::new().unwrap();
    let answer = client.send(request(address, LIMITS)).await.unwrap();
    assert_eq!(
        (answer.status, answer.header("x-total-count")),
        (204, Some("7"))
    );
    let sent = sent.await.unwrap().to_lowercase();
    assert!(
        sent.starts_with("get /api/canary-path?a=%3e http/1.1\r\n"),
        "{sent}"
    );
    for line in [
        "user-agent: gamctl",
        "accept: application/json",
        "authorization: basic canary-login",
    ] {
        assert!(sent.contains(&format!("\r\n{line}\r\n")), "{sent}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, mut sent) = server(Vec::new()).await;
    let answer =
        format!("HTTP/1.1 302 Found\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        failure(answer.into_bytes()).await,
        Unreachable::Redirect { status: 302 }
    );
    assert!(sent.try_recv().is_err(), "the login left for another host");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_at_its_limit() {
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.extend(vec![b' '; 2000]);
    let most_bytes = LIMITS.most_bytes;
    assert_eq!(failure(endless).await, Unreachable::TooLarge { most_bytes });
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2".to_vec();
    assert_eq!(failure(half).await, Unreachable::Interrupted);
    assert_eq!(failure(Vec::new()).await, Unreachable::Interrupted);
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = HttpLimits {
        time: Duration::from_millis(50),
        ..LIMITS
    };
    let client = HttpClient::new().unwrap();
    let silent = client.send(request(address, limits)).await;
    assert_eq!(
        silent.err(),
        Some(Unreachable::Timeout { after: limits.time })
    );
    drop(listener);
    let nobody = client.send(request(address, LIMITS)).await;
    assert_eq!(nobody.err(), Some(Unreachable::Connect));
}

#[tokio::test]
async fn a_certificate_that_no_trusted_issuer_signed_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(Arc::new(tls())).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut stream);
        let mut request = [0; 1000];
        let received = stream.read(&mut request).unwrap_or(0);
        drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"));
        received
    });
    let mut request = request(address, LIMITS);
    request.url = Address::parse(&format!("https://{address}"))
        .unwrap()
        .join("x", "");
    let refused = HttpClient::new().unwrap().send(request).await;
    assert_eq!(refused.err(), Some(Unreachable::Certificate));
    assert_eq!(served.join().unwrap(), 0, "no byte of the request was sent");
}

fn tls() -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(octets(KEY));
    builder
        .with_single_cert(vec![octets(CERTIFICATE).into()], key.into())
        .unwrap()
}

fn octets(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A certificate for 127.0.0.1 that signed itself.
const CERTIFICATE: &str = "308201853082012ca003020102021425ed1f4890b357d037c8cdf694ec5a24484f1ed2300a06082a8648ce3d040302300f31\
    0d300b06035504030c047477696e3020170d3236313133303039303230305a180f32313236313130363039303230305a300f\
    310d300b06035504030c047477696e3059301306072a8648ce3d020106082a8648ce3d030107034200047c997206a38372ee\
    5bdf04500ee60a7dc6ae009fc34a7d1fff10322f144a1694c6f4f25d255a6b33b4473b22c90ce1a8a8bcf4fc01a90a4f561e\
    3b5d6158b1b4a3643062301d0603551d0e041604141d97f32f8f5c8a0c6833ad9ac407d8be80be87eb301f0603551d230418\
    301680141d97f32f8f5c8a0c6833ad9ac407d8be80be87eb300f0603551d130101ff040530030101ff300f0603551d110408\
    300687047f000001300a06082a8648ce3d0403020347003044022057a21a8bbd2210c21810abb894f495eeef7f416851483c\
    a24bfcaff1488b2db6022025e28afbb7f9bbc3f807ed3fd769dc6745284979f9ab8b132391f194f1686be3";

/// Its key, which protects nothing.
const KEY: &str = "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420d1154addf2ecd3196b62623171b1\
    35ac265035393bffbd8f3456e1286a9597bfa144034200047c997206a38372ee5bdf04500ee60a7dc6ae009fc34a7d1fff10\
    322f144a1694c6f4f25d255a6b33b4473b22c90ce1a8a8bcf4fc01a90a4f561e3b5d6158b1b4";

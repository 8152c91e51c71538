//! Collects traces over OTLP/HTTP as an OpenTelemetry collector does, in a thread of its own.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

/// The requests to a collector: the content type and the body of each.
type Requests = Arc<Mutex<Vec<(String, Bytes)>>>;

/// A collector that runs until the test ends.
pub(super) struct TraceCollector {
    pub(super) address: SocketAddr,
    accepted: Requests,
}

impl TraceCollector {
    /// Starts one that answers the first requests with 503, which asks for another attempt.
    pub(super) fn start(busy: usize) -> Self {
        let (sends, address) = channel();
        let accepted = Requests::default();
        let keeps = accepted.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let left = Arc::new(Mutex::new(busy));
                let accept = move |headers: HeaderMap, body: Bytes| {
                    let (keeps, left) = (keeps.clone(), left.clone());
                    async move {
                        let mut left = left.lock().unwrap();
                        if *left > 0 {
                            *left -= 1;
                            return StatusCode::SERVICE_UNAVAILABLE;
                        }
                        let kind = headers["content-type"].to_str().unwrap().to_owned();
                        keeps.lock().unwrap().push((kind, body));
                        StatusCode::OK
                    }
                };
                let routes = Router::new().route("/v1/traces", post(accept));
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                sends.send(listener.local_addr().unwrap()).unwrap();
                axum::serve(listener, routes).await.unwrap();
            });
        });
        Self {
            address: address.recv().unwrap(),
            accepted,
        }
    }

    /// Returns everything that was accepted, as text.
    pub(super) fn text(&self) -> String {
        let accepted = self.accepted.lock().unwrap();
        let texts = accepted.iter().map(|(kind, body)| {
            assert_eq!(kind, "application/json");
            String::from_utf8(body.to_vec()).unwrap()
        });
        texts.collect::<Vec<String>>().join("\n")
    }

    /// Returns all spans, in the order in which they came.
    pub(super) fn spans(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        for line in self.text().lines() {
            let document: Value = serde_json::from_str(line).unwrap();
            let resources = document["resourceSpans"].as_array().unwrap();
            for resource in resources {
                let service = &resource["resource"]["attributes"][0];
                assert_eq!(service["key"], "service.name");
                assert_eq!(service["value"]["stringValue"], "gamctl");
                for scope in resource["scopeSpans"].as_array().unwrap() {
                    spans.extend(scope["spans"].as_array().unwrap().iter().cloned());
                }
            }
        }
        spans
    }
}

//! Tests `sync check --register-hook`: registered once, proved by a webhook that arrives, and the token is never shown.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::isp::{Answer, Isp};
use super::product::Product;

const TOKEN: &str = "canary-0123456789abcdef";

/// A receiver that knows one path, as the service does.
struct Receiver {
    address: SocketAddr,
    /// The first line of each request.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut first = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                reader.read_line(&mut first).unwrap();
                let mut line = String::from("x");
                while !line.trim_end().is_empty() {
                    line.clear();
                    reader.read_line(&mut line).unwrap();
                }
                let is_known = first.contains(&format!("/hooks/billing/isp/{TOKEN} "));
                let status = if is_known { "200 OK" } else { "404 Not Found" };
                seen.lock().unwrap().push(first.trim_end().to_owned());
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                // A client may be gone.
                let _unheard = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, requests }
    }

    fn methods(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let methods = requests.iter().map(|line| line.split(' ').next().unwrap());
        methods.map(str::to_owned).collect()
    }
}

/// An ISP whose settings name the public address and the secret of webhooks.
async fn isp(kind: Product, public: &str, token: &str) -> Isp {
    let isp = Isp::with_customers(kind, 0).await;
    let world = &isp.world;
    let sync = match public {
        "" => String::new(),
        public => format!("[sync]\npublic_url = \"{public}\"\n"),
    };
    world.write(
        "gamctl.toml",
        format!("[inventory]\npath = \".\"\n\n[secrets]\ndirectory = \"secrets\"\n\n{sync}"),
    );
    world.write("secrets/billing-hook", format!("{token}\n"));
    let folder = world.root().join("secrets");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let file = folder.join("billing-hook");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    let billing = world.read("billing.toml").replace(
        "requests_per_minute",
        "hook = { secret = \"billing-hook\" }\nrequests_per_minute",
    );
    world.write("billing.toml", billing);
    isp
}

const CHECK: [&str; 4] = ["--config", "gamctl.toml", "sync", "check"];

/// Registers the webhook; whatever is said, it is not the token.
fn register(isp: &Isp) -> Answer {
    let answer = isp.gamctl(&[&CHECK[..], &["--register-hook"]].concat());
    let all = format!("{}{}", answer.result, answer.messages);
    assert!(!all.contains(TOKEN), "{all}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_registered_at_sonar_once_and_one_arrives() {
    let receiver = Receiver::start();
    let isp = isp(
        Product::Sonar,
        &format!("http://{}", receiver.address),
        TOKEN,
    )
    .await;
    isp.gamctl(&CHECK).expect(0).shows("not registered; run");
    register(&isp)
        .expect(0)
        .shows("registered now: http://127.0.0.1:")
        .shows("/hooks/billing/isp/TOKEN")
        .shows("arrived at the service");
    register(&isp).expect(0).shows("registered before");
    isp.gamctl(&["history", "--audit"])
        .expect(0)
        .shows("registered the webhook");
    let counters = isp.counters();
    let mutations = &counters["mutations"];
    assert_eq!(mutations["createWebhookEndpoint"], json!(1), "{counters}");
    assert!(receiver.methods().contains(&"POST".to_owned()));
    let checked = isp.gamctl(&CHECK);
    checked.expect(0).shows("registered");
    assert!(
        !checked.result.contains("not registered"),
        "{}",
        checked.result
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_replaces_the_address_at_sonar() {
    let receiver = Receiver::start();
    let public = format!("http://{}", receiver.address);
    let isp = isp(Product::Sonar, &public, "canary-an-earlier-token").await;
    register(&isp).expect(6).shows("the status 404");
    let file = isp.world.root().join("secrets/billing-hook");
    fs::write(file, TOKEN).unwrap();
    isp.gamctl(&CHECK).expect(0).shows("another token");
    register(&isp)
        .expect(0)
        .shows("with the new token now")
        .shows("arrived at the service");
    let counters = isp.counters();
    assert_eq!(counters["mutations"]["createWebhookEndpoint"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_arrive_is_a_problem() {
    for kind in Product::BOTH {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        let public = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        let isp = isp(kind, &public, TOKEN).await;
        register(&isp)
            .expect(6)
            .shows(kind.choose("cannot connect; check", "Sonar got no answer; check"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn for_splynx_a_person_is_told_what_to_enter_and_gamctl_sends_the_ping() {
    let receiver = Receiver::start();
    let public = format!("http://{}", receiver.address);
    let isp = isp(Product::Splynx, &public, TOKEN).await;
    register(&isp)
        .expect(0)
        .shows("Config → Integrations → Hooks")
        .shows("/hooks/billing/isp/TOKEN")
        .shows("the value of the secret `billing-hook`")
        .shows("a ping of gamctl arrived");
    assert_eq!(receiver.methods(), ["POST"]);
    assert_eq!(isp.counters()["writes"], json!({}), "nothing is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_a_secret_or_named_settings_nothing_is_sent() {
    let public = "https://gamctl.isp.example";
    for kind in Product::BOTH {
        let nowhere = isp(kind, "", TOKEN).await;
        register(&nowhere).expect(1).shows("set `public_url`");
        let found = isp(kind, public, TOKEN).await;
        let answer = found.gamctl(&["sync", "check", "--register-hook"]);
        answer.expect(1).shows("gamctl --config gamctl.toml");
        let short = isp(kind, public, "canary-short").await;
        let answer = register(&short);
        answer.expect(1).shows("fewer than 16 characters");
        assert!(!answer.messages.contains("canary-short"));
        let unnamed = isp(kind, public, TOKEN).await;
        let billing = unnamed.world.read("billing.toml");
        let without = billing.replace("hook = { secret = \"billing-hook\" }\n", "");
        unnamed.world.write("billing.toml", without);
        register(&unnamed)
            .expect(1)
            .shows("has no secret for webhooks");
        for isp in [nowhere, found, short, unnamed] {
            let counters = isp.counters();
            let requests = &counters[kind.choose("requests_total", "requests")];
            assert_eq!(*requests, json!(0), "{counters}");
        }
    }
}

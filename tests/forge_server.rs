//! Keeps the comments of one pull request, as the interfaces of GitHub, Forgejo and GitLab do, over HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A server that runs until the test's process ends.
pub(crate) struct ForgeServer {
    address: SocketAddr,
    comments: Arc<Mutex<BTreeMap<u64, String>>>,
}

impl ForgeServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let comments = Arc::new(Mutex::new(BTreeMap::from([(
            1,
            "Somebody else's comment".to_owned(),
        )])));
        let shared = Arc::clone(&comments);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &shared);
            }
        });
        Self { address, comments }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the comments that were posted.
    pub(crate) fn comments(&self) -> Vec<String> {
        let comments = self.comments.lock().unwrap();
        comments.values().skip(1).cloned().collect()
    }
}

fn answer(stream: &TcpStream, comments: &Mutex<BTreeMap<u64, String>>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        head.iter().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let has_token = head.iter().any(|line| line.ends_with("CANARY-token"));
    assert!(has_token, "{head:?}");
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (method, rest) = head[0].split_once(' ').unwrap();
    let path = rest.split([' ', '?']).next().unwrap();
    let mut comments = comments.lock().unwrap();
    let answer = match method {
        "GET" => {
            let all = comments.iter();
            Value::Array(
                all.map(|(id, body)| json!({ "id": id, "body": body }))
                    .collect(),
            )
        }
        "POST" => {
            let id = comments.len() as u64 + 1;
            comments.insert(id, comment(&body));
            json!({ "id": id })
        }
        "PATCH" | "PUT" => {
            let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
            let before = comments.insert(id, comment(&body));
            assert!(before.is_some_and(|before| before.starts_with("<!-- gamctl-plan -->")));
            json!({ "id": id })
        }
        other => panic!("{other}"),
    };
    let text = answer.to_string();
    let length = text.len();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
    .unwrap();
}

/// Returns the comment of a request: JSON, or a form with `body`.
fn comment(body: &[u8]) -> String {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        return fields["body"].as_str().unwrap().to_owned();
    }
    let form = std::str::from_utf8(body).unwrap();
    let encoded = form.strip_prefix("body=").unwrap();
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

//! Keeps the comments of one pull request, as the interfaces of GitHub, Forgejo and GitLab do, over HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

/// The number of the person behind the token of a job on GitLab.
const JOB_USER: u64 = 42;

/// The comments on one page of GitHub and GitLab.
const PAGE: usize = 100;

/// A server that runs until the test's process ends.
pub(crate) struct ForgeServer {
    address: SocketAddr,
    state: Arc<Mutex<ForgeState>>,
}

#[derive(Default)]
struct ForgeState {
    comments: BTreeMap<u64, Comment>,
    /// The pull request of merged commits: its number and its last commit.
    merged: Option<(u64, String)>,
}

#[derive(Clone)]
struct Comment {
    body: String,
    /// A job posted it.
    is_ours: bool,
}

impl ForgeServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(ForgeState::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &shared);
            }
        });
        let forge = Self { address, state };
        forge.comment_of_another_person("Somebody else's comment");
        forge
    }

    fn state(&self) -> MutexGuard<'_, ForgeState> {
        self.state.lock().unwrap()
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn comment_of_another_person(&self, body: &str) {
        self.state().add(body.to_owned(), false);
    }

    /// Makes every commit one that came with a pull request.
    pub(crate) fn merge(&self, number: u64, head: &str) {
        self.state().merged = Some((number, head.to_owned()));
    }

    fn bodies(&self, is_ours: bool) -> Vec<String> {
        let state = self.state();
        let comments = state.comments.values();
        let comments = comments.filter(|comment| comment.is_ours == is_ours);
        comments.map(|comment| comment.body.clone()).collect()
    }

    /// Returns the comments that jobs posted.
    pub(crate) fn comments(&self) -> Vec<String> {
        self.bodies(true)
    }

    pub(crate) fn comments_of_others(&self) -> Vec<String> {
        self.bodies(false)
    }
}

impl ForgeState {
    fn add(&mut self, body: String, is_ours: bool) -> u64 {
        let id = self.comments.len() as u64 + 1;
        self.comments.insert(id, Comment { body, is_ours });
        id
    }

    /// Returns a page of comments; Forgejo returns all at once.
    fn page(&self, kind: &Kind, query: &str) -> Value {
        let number = |name: &str| -> Option<usize> {
            let mut fields = query.split('&').filter_map(|field| field.split_once('='));
            let (_, value) = fields.find(|(field, _)| *field == name)?;
            value.parse().ok()
        };
        let page = number("page").unwrap_or(1);
        let (skip, take) = match kind {
            Kind::Forgejo => (0, usize::MAX),
            Kind::GitHub | Kind::GitLab => {
                let size = number("per_page").unwrap_or(20).min(PAGE);
                ((page - 1) * size, size)
            }
        };
        let comments = self.comments.iter().skip(skip).take(take);
        let comments = comments.map(|(id, comment)| {
            let login = match (comment.is_ours, kind) {
                (false, _) => "mallory",
                (true, Kind::Forgejo) => "forgejo-actions",
                (true, Kind::GitHub | Kind::GitLab) => "github-actions[bot]",
            };
            let author = if comment.is_ours { JOB_USER } else { 7 };
            json!({
                "id": id,
                "body": comment.body,
                "user": { "login": login },
                "author": { "id": author },
            })
        });
        Value::Array(comments.collect())
    }

    /// Returns the pull requests of a commit.
    fn pulls(&self) -> Vec<Value> {
        let merged = self.merged.iter();
        let merged = merged.map(|(number, head)| {
            json!({
                "number": number,
                "iid": number,
                "merged_at": "2026-11-20T10:00:00Z",
                "state": "merged",
                "sha": head,
                "head": { "sha": head },
            })
        });
        merged.collect()
    }
}

/// A kind of forge, known by the way in which it is given the token.
enum Kind {
    GitHub,
    Forgejo,
    GitLab,
}

impl Kind {
    fn of(head: &[String]) -> Self {
        let line = head.iter().find(|line| line.ends_with("CANARY-token"));
        let line = line.unwrap_or_else(|| panic!("{head:?}"));
        match () {
            () if line.starts_with("PRIVATE-TOKEN: ") => Self::GitLab,
            () if line.starts_with("Authorization: token ") => Self::Forgejo,
            () => Self::GitHub,
        }
    }
}

fn answer(stream: &TcpStream, state: &Mutex<ForgeState>) {
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
    let kind = Kind::of(&head);
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (method, rest) = head[0].split_once(' ').unwrap();
    let target = rest.split(' ').next().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let last = path.rsplit('/').next().unwrap();
    let mut state = state.lock().unwrap();
    let (status, answer) = match (method, last) {
        ("GET", "user") => ("200 OK", json!({ "id": JOB_USER })),
        ("GET", "pulls" | "merge_requests") => ("200 OK", Value::Array(state.pulls())),
        ("GET", "pull") => match state.pulls().pop() {
            Some(pull) => ("200 OK", pull),
            None => ("404 Not Found", json!({ "message": "not found" })),
        },
        ("GET", "comments" | "notes") => ("200 OK", state.page(&kind, query)),
        ("POST", "comments" | "notes") => {
            let id = state.add(comment(&body), true);
            ("201 Created", json!({ "id": id }))
        }
        ("PATCH" | "PUT", id) => {
            let id: u64 = id.parse().unwrap();
            let edited = Comment {
                body: comment(&body),
                is_ours: true,
            };
            let before = state.comments.insert(id, edited).unwrap();
            assert!(before.is_ours, "{}", before.body);
            assert!(before.body.starts_with("<!-- gamctl-plan -->"));
            ("200 OK", json!({ "id": id }))
        }
        other => panic!("{other:?}"),
    };
    let text = answer.to_string();
    let length = text.len();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
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

//! Serves the control socket of a fleet: a file for its owner only, one line of JSON each way.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::Fleet;
use super::control_answer::answer;
use super::control_protocol::{Answer, LONGEST_REQUEST, Request};

/// The highest number of simultaneous clients.
const MOST_CLIENTS: usize = 32;

/// The longest silence of a client.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The pause after the host ran out of files or memory.
const BREATH: Duration = Duration::from_millis(50);

/// The reason why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("{} is the control socket of running twins; stop them, or give another path with `--control`", .0.display())]
    InUse(PathBuf),
    #[error("{} exists and is not a socket; give another path with `--control`", .0.display())]
    NoSocket(PathBuf),
    #[error("cannot create the control socket {}; give a shorter or another path with `--control`", .0.display())]
    Bind(PathBuf, #[source] io::Error),
}

/// A listening control socket. Dropping it removes its file.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    listener: UnixListener,
}

impl Control {
    /// Creates the socket, and replaces one that a killed fleet left behind. Needs a tokio runtime.
    pub async fn bind(path: &Path) -> Result<Self, ControlError> {
        let failed = |source| ControlError::Bind(path.to_owned(), source);
        match std::fs::symlink_metadata(path) {
            Ok(metadata) if !metadata.file_type().is_socket() => {
                return Err(ControlError::NoSocket(path.to_owned()));
            }
            Ok(_) if UnixStream::connect(path).await.is_ok() => {
                return Err(ControlError::InUse(path.to_owned()));
            }
            Ok(_) => std::fs::remove_file(path).map_err(failed)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        let control = Self {
            path: path.to_owned(),
            listener,
        };
        // No client is accepted before this returns.
        let owner_only = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, owner_only).map_err(failed)?;
        Ok(control)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers requests to a fleet until it is dropped.
    pub async fn serve(&self, fleet: Arc<Fleet>) {
        self.serve_lines(move |request| match request {
            Ok(request) => encoded(&answered(&fleet, request)),
            Err(refused) => encoded(&Answer::Refused(refused)),
        })
        .await;
    }

    /// Answers lines of JSON until it is dropped. `answer` gets a request, or the reason why a line is not one.
    pub(super) async fn serve_lines<F>(&self, answer: F)
    where
        F: Fn(Result<&[u8], String>) -> Vec<u8> + Clone + Send + 'static,
    {
        let mut clients = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                Some(_) = clients.join_next() => continue,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if clients.len() < MOST_CLIENTS => {
                    clients.spawn(client(stream, answer.clone()));
                }
                Ok(too_many) => drop(too_many),
                Err(_) => tokio::time::sleep(BREATH).await,
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // If removing fails, the next fleet detects a stale socket.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Answers one client until it disconnects, is silent for too long, or exceeds the length of a request.
async fn client<F>(stream: UnixStream, answer: F)
where
    F: Fn(Result<&[u8], String>) -> Vec<u8>,
{
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(LONGEST_REQUEST).unwrap_or(u64::MAX);
        let mut limited = (&mut reader).take(limit);
        let read = tokio::time::timeout(IDLE_TIMEOUT, limited.read_until(b'\n', &mut line)).await;
        match read {
            Ok(Ok(count)) if count > 0 => {}
            _ => return,
        }
        let mut text = answer(
            line.strip_suffix(b"\n")
                .ok_or_else(|| format!("a request is a line of at most {LONGEST_REQUEST} bytes")),
        );
        let is_over = !line.ends_with(b"\n");
        text.push(b'\n');
        let written = tokio::time::timeout(IDLE_TIMEOUT, writer.write_all(&text)).await;
        if is_over || !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}

/// Returns the JSON of an answer.
pub(super) fn encoded<T: serde::Serialize>(answer: &T) -> Vec<u8> {
    serde_json::to_vec(answer).unwrap_or_default()
}

fn answered(fleet: &Fleet, request: &[u8]) -> Answer {
    match serde_json::from_slice::<Request>(request) {
        Ok(request) => answer(fleet, request),
        Err(error) => Answer::Refused(format!("invalid request: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("twin.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let control = Control::bind(&path).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            Control::bind(&path).await,
            Err(ControlError::InUse(_))
        ));
        drop(control);
        assert!(!path.exists());
        std::fs::write(&path, "mine").unwrap();
        assert!(matches!(
            Control::bind(&path).await,
            Err(ControlError::NoSocket(_))
        ));
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }

    #[tokio::test]
    async fn an_invalid_request_is_refused_and_one_too_long_ends_the_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("twin.sock");
        let control = Control::bind(&path).await.unwrap();
        let serving = tokio::spawn(async move { control.serve(Arc::default()).await });
        let stream = UnixStream::connect(&path).await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer
            .write_all(b"{\"do\":\"list\"}\nnonsense\n{\"do\":\"reboot\",\"device\":\"a\"}\n")
            .await
            .unwrap();
        for expected in ["twins", "invalid request", "no twin `a`"] {
            let line = lines.next_line().await.unwrap().unwrap();
            assert!(line.contains(expected), "{line}");
        }
        let long = vec![b'x'; LONGEST_REQUEST + 1];
        writer.write_all(&long).await.unwrap();
        let line = lines.next_line().await.unwrap().unwrap();
        assert!(line.contains("at most"), "{line}");
        // Unread data may make the close a reset.
        assert!(!matches!(lines.next_line().await, Ok(Some(_))));
        serving.abort();
    }
}

//! Stands between the instances and their Postgres server: passes bytes on, later or not at all.

use std::io::{Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What happens to the bytes on the way.
#[derive(Default)]
struct Manners {
    /// Each piece of the server's answers is held back so long.
    millis: AtomicU64,
    /// A connection that asks for notifications is cut, as a pooler may do.
    refuses_listen: AtomicBool,
    refused: AtomicUsize,
    is_over: AtomicBool,
}

/// A way to the server that a test controls.
pub(super) struct Wire {
    pub(super) address: SocketAddr,
    manners: Arc<Manners>,
}

impl Wire {
    /// `socket` is the file of the server.
    pub(super) fn to(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let manners = Arc::new(Manners::default());
        let (socket, shared) = (socket.to_owned(), manners.clone());
        thread::spawn(move || accept(&listener, &socket, &shared));
        Self { address, manners }
    }

    pub(super) fn delays(&self, each: Duration) {
        let millis = u64::try_from(each.as_millis()).unwrap();
        self.manners.millis.store(millis, Ordering::SeqCst);
    }

    pub(super) fn refuses_listen(&self) {
        self.manners.refuses_listen.store(true, Ordering::SeqCst);
    }

    /// Returns how many connections were cut because they asked for notifications.
    pub(super) fn refused(&self) -> usize {
        self.manners.refused.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.manners.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, socket: &PathBuf, manners: &Arc<Manners>) {
    for client in listener.incoming() {
        if manners.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { return };
        // A server that is down refuses, and so does the wire.
        let Ok(server) = UnixStream::connect(socket) else {
            continue;
        };
        let (up, down) = (manners.clone(), manners.clone());
        let (client_up, server_up) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            questions(client_up, server_up, &up);
        });
        thread::spawn(move || answers(server, client, &down));
    }
}

fn questions(mut client: TcpStream, mut server: UnixStream, manners: &Manners) {
    let mut piece = [0; 16 << 10];
    while let Ok(length @ 1..) = client.read(&mut piece) {
        let piece = &piece[..length];
        let asks = || piece.windows(7).any(|word| word == b"LISTEN ");
        if manners.refuses_listen.load(Ordering::SeqCst) && asks() {
            manners.refused.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if server.write_all(piece).is_err() {
            break;
        }
    }
    let _ended = (
        server.shutdown(Shutdown::Both),
        client.shutdown(Shutdown::Both),
    );
}

fn answers(mut server: UnixStream, mut client: TcpStream, manners: &Manners) {
    let mut piece = [0; 16 << 10];
    while let Ok(length @ 1..) = server.read(&mut piece) {
        let millis = manners.millis.load(Ordering::SeqCst);
        thread::sleep(Duration::from_millis(millis));
        if client.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ended = (
        server.shutdown(Shutdown::Both),
        client.shutdown(Shutdown::Both),
    );
}

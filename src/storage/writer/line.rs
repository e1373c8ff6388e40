//! A line to a database that can be cut at the worst moment: when the commit is on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// On which side of the database the line breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cut {
    /// The commit never arrives.
    Before,
    /// The commit arrives and its answer does not.
    After,
}

/// A proxy in front of a database.
pub(super) struct Line {
    pub(super) url: String,
    cut: watch::Sender<Option<Cut>>,
    refusals: Arc<AtomicUsize>,
}

impl Line {
    pub(super) async fn to(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (user, rest) = rest.split_once('@').unwrap();
        let (address, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();

        let (cut, _) = watch::channel(None);
        let refusals = Arc::new(AtomicUsize::new(0));
        tokio::spawn(listen(listener, address.to_owned(), cut.clone(), Arc::clone(&refusals)));
        Self { url: format!("{scheme}://{user}@127.0.0.1:{port}/{database}"), cut, refusals }
    }

    /// The next commit breaks the line, and as many connections after it fail.
    pub(super) fn break_at_commit(&self, cut: Cut, refusals: usize) {
        self.refusals.store(refusals, Ordering::SeqCst);
        self.cut.send_replace(Some(cut));
    }

    pub(super) fn is_whole(&self) -> bool {
        self.cut.borrow().is_none() && self.refusals.load(Ordering::SeqCst) == 0
    }
}

async fn listen(
    listener: TcpListener,
    address: String,
    cut: watch::Sender<Option<Cut>>,
    refusals: Arc<AtomicUsize>,
) {
    while let Ok((near, _)) = listener.accept().await {
        let waiting = |left: usize| left.checked_sub(1);
        if cut.borrow().is_none()
            && refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, waiting).is_ok()
        {
            continue;
        }
        let far = TcpStream::connect(&address).await.unwrap();
        tokio::spawn(carry(near, far, cut.clone()));
    }
}

async fn carry(near: TcpStream, far: TcpStream, cut: watch::Sender<Option<Cut>>) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let mut question = vec![0; 65536];
    let mut answer = vec![0; 65536];
    loop {
        tokio::select! {
            read = from_near.read(&mut question) => {
                let asked = &question[..read.unwrap_or(0)];
                if asked.is_empty() { return }
                let is_commit = asked.trim_ascii_end().strip_suffix(b"\0").unwrap_or(asked).ends_with(b"COMMIT");
                match is_commit.then(|| cut.send_replace(None)).flatten() {
                    Some(Cut::Before) => return,
                    Some(Cut::After) => {
                        to_far.write_all(asked).await.unwrap();
                        let _ = from_far.read(&mut answer).await;
                        return;
                    }
                    None => to_far.write_all(asked).await.unwrap(),
                }
            }
            read = from_far.read(&mut answer) => {
                let answered = &answer[..read.unwrap_or(0)];
                if answered.is_empty() || to_near.write_all(answered).await.is_err() { return }
            }
        }
    }
}

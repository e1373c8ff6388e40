//! What a connection is waiting for, and since when: the time limits that hyper does not have.
//!
//! *Why:* hyper's header-read timeout also ends connections that merely rest between requests. The
//! two need different limits: a head that has begun must end within seconds, whereas a proxy that
//! reuses a connection at the moment of our closing it must answer 502 to a POST.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Limits;

#[derive(Clone, Copy)]
enum Awaits {
    /// The rest of a request's head, or the first one's beginning.
    Head(Instant),
    /// Another request.
    Request(Instant),
    /// Our own answers to so many requests.
    Answers(usize),
}

/// Shared by a connection's socket, its requests, and whoever watches its time.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<Awaits>>);

/// What the time limits say of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// No request has come for long: it may be closed politely.
    Idle,
    /// A head that has begun does not end.
    Stalled,
}

impl Activity {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Mutex::new(Awaits::Head(Instant::now()))))
    }

    pub(super) fn judge(&self, limits: &Limits) -> Verdict {
        match *self.awaits() {
            Awaits::Head(since) if since.elapsed() >= limits.header_timeout => Verdict::Stalled,
            Awaits::Request(since) if since.elapsed() >= limits.idle_timeout => Verdict::Idle,
            _ => Verdict::Fine,
        }
    }

    /// A request has arrived; it is under way until the guard is dropped.
    pub(super) fn request(&self) -> UnderWay {
        let mut awaits = self.awaits();
        let others = match *awaits {
            Awaits::Answers(others) => others,
            Awaits::Head(_) | Awaits::Request(_) => 0,
        };
        *awaits = Awaits::Answers(others + 1);
        drop(awaits);
        UnderWay(self.clone())
    }

    fn has_read(&self) {
        let mut awaits = self.awaits();
        if matches!(*awaits, Awaits::Request(_)) {
            *awaits = Awaits::Head(Instant::now());
        }
    }

    /// An answer that is long in being taken keeps its connection.
    fn has_written(&self) {
        let mut awaits = self.awaits();
        if matches!(*awaits, Awaits::Request(_)) {
            *awaits = Awaits::Request(Instant::now());
        }
    }

    fn awaits(&self) -> MutexGuard<'_, Awaits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request under way.
pub(super) struct UnderWay(Activity);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut awaits = self.0.awaits();
        *awaits = match *awaits {
            Awaits::Answers(requests) if requests > 1 => Awaits::Answers(requests - 1),
            _ => Awaits::Request(Instant::now()),
        };
    }
}

/// A socket whose traffic is noted.
pub(super) struct Noted<S> {
    pub(super) socket: S,
    pub(super) activity: Activity,
    /// Whether bytes are the beginning of a request, as in HTTP/1; in HTTP/2 they may be a ping.
    pub(super) reads_heads: bool,
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(context, buffer))?;
        if self.reads_heads && buffer.filled().len() > before {
            self.activity.has_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(context, bytes))?;
        self.activity.has_written();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(context, bytes))?;
        self.activity.has_written();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

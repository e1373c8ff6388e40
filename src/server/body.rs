//! The body of a request, bounded in size and in time while it is read.
//!
//! *Why not poem's `SizeLimit`:* it looks at `Content-Length` alone, and answers 411 to every GET.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use poem::error::ReadBodyError;
use poem::http::StatusCode;
use tokio::time::Sleep;

/// Why a body was not read to its end. Travels as the source of an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRefused {
    TooLarge { limit: u64 },
    TooSlow { limit: Duration },
}

impl BodyRefused {
    /// The refusal that lies beneath an error of an extractor, which says only 400 by itself.
    pub fn of(error: &poem::Error) -> Option<Self> {
        let mut error = match error.downcast_ref()? {
            ReadBodyError::Io(error) => error,
            _ => return None,
        };
        loop {
            let inner = error.get_ref()?;
            if let Some(refused) = inner.downcast_ref() {
                return Some(*refused);
            }
            // poem wraps each error of a body once more.
            error = inner.downcast_ref()?;
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        }
    }
}

impl fmt::Display for BodyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Self::TooSlow { limit } => write!(f, "the body took longer than {limit:?} to arrive"),
        }
    }
}

impl std::error::Error for BodyRefused {}

impl From<BodyRefused> for io::Error {
    fn from(refused: BodyRefused) -> Self {
        Self::other(refused)
    }
}

/// A body that fails with [`BodyRefused`] instead of yielding more.
pub(super) struct Bounded {
    inner: BoxBody<Bytes, io::Error>,
    size: u64,
    left: u64,
    time: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl Bounded {
    /// At most `size` bytes, all of them within `time` from now.
    pub(super) fn new(inner: BoxBody<Bytes, io::Error>, size: u64, time: Duration) -> Self {
        let deadline = Box::pin(tokio::time::sleep(time));
        Self { inner, size, left: size, time, deadline }
    }

    fn refused(&self) -> BodyRefused {
        BodyRefused::TooLarge { limit: self.size }
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // A length that is announced is refused before a byte of it is asked for.
        if self.inner.size_hint().lower() > self.left {
            return Poll::Ready(Some(Err(self.refused().into())));
        }
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(BodyRefused::TooSlow { limit: self.time }.into())));
        }
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)?) else {
            return Poll::Ready(None);
        };
        let length = frame.data_ref().map_or(0, Bytes::len);
        match self.left.checked_sub(u64::try_from(length).unwrap_or(u64::MAX)) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => Poll::Ready(Some(Err(self.refused().into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

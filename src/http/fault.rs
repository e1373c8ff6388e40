//! What went wrong on our side, and how each listener hears of it.
//!
//! A refusal is not a fault: refusals are answers. A fault is logged once, here, under the reference that the page or the JSON shows.

use std::time::Duration;

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use crate::identity;
use crate::protocol::{Code, Error};
use crate::{jose, keys, seal, storage};

use super::cookies::Visitor;
use super::pages;
use super::provider::Provider;

/// A failure of something that we depend on.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Storage(#[from] storage::Fault),
    #[error(transparent)]
    Seal(#[from] seal::Fault),
    #[error(transparent)]
    Jose(#[from] jose::Fault),
    #[error(transparent)]
    Keys(#[from] keys::Fault),
    #[error(transparent)]
    Identity(#[from] identity::Fault),
    #[error(transparent)]
    Page(#[from] pages::Fault),
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0} does not open with the master key")]
    Undecipherable(&'static str),
    /// A backend cannot say whether the person is still there.
    #[error("the identity backend is unavailable")]
    Backend { retry_after: Duration },
}

/// How long to wait before another try, unless something better is known.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl Fault {
    /// Whether waiting may help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Storage(fault) => fault.is_unavailable(),
            Self::Keys(keys::Fault::Storage(fault)) => fault.is_unavailable(),
            Self::Identity(fault) => fault.is_unavailable(),
            Self::Backend { .. } => true,
            Self::Keys(_)
            | Self::Seal(_)
            | Self::Jose(_)
            | Self::Page(_)
            | Self::Json(_)
            | Self::Undecipherable(_) => false,
        }
    }

    pub fn status(&self) -> StatusCode {
        if self.is_temporary() {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }

    /// How long to wait before another try, where one may help.
    pub fn retry_after(&self) -> Option<HeaderValue> {
        let wait = match self {
            Self::Backend { retry_after } => *retry_after,
            _ => RETRY_AFTER,
        };
        self.is_temporary().then(|| retry_after(wait))
    }

    /// What a client is told: nothing of our insides.
    pub fn error(&self) -> Error {
        if self.is_temporary() {
            Code::TemporarilyUnavailable.because("the server cannot answer now; try again later")
        } else {
            Code::ServerError.because("the server failed")
        }
    }
}

/// Why a handler ends early: with an answer that is already known, or by a fault.
pub enum Halt {
    Answer(Box<Response>),
    Fault(Fault),
}

impl Halt {
    /// Ends with this answer.
    pub fn with(response: Response) -> Self {
        Self::Answer(Box::new(response))
    }
}

impl<F: Into<Fault>> From<F> for Halt {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// An error as OAuth JSON (RFC 6749 §5.2; RFC 7009 §2.2.1).
pub fn json(status: StatusCode, error: &Error) -> Response {
    let body = serde_json::json!({
        "error": error.code.as_str(),
        "error_description": error.description,
    });
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body.to_string())
}

/// Whole seconds, rounded up.
pub fn retry_after(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1000).min(u128::from(u32::MAX)) as u64)
}

impl Provider {
    /// The answer of a machine endpoint. Where nobody has decided yet who may read it, it says nothing about any client, and pages of
    /// every registered origin may: an application can then tell "try again later" from a broken network.
    pub async fn machine(&self, result: Result<Response, Halt>, visitor: &Visitor) -> Response {
        let mut response = match result {
            Ok(response) => response,
            Err(Halt::Answer(response)) => *response,
            Err(Halt::Fault(fault)) => failure(&fault, &visitor.reference),
        };
        if !response.headers().contains_key(header::VARY) {
            self.allow_any_registered_origin(&mut response, visitor).await;
        }
        response
    }
}

fn failure(fault: &Fault, reference: &str) -> Response {
    tracing::error!(reference, %fault, "fault");
    let mut error = fault.error();
    error.description = format!("{} [{reference}]", error.description);
    let mut response = json(fault.status(), &error);
    response.headers_mut().extend(fault.retry_after().map(|wait| (header::RETRY_AFTER, wait)));
    response
}

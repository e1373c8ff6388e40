//! What an endpoint answers, as the document describes it.
//!
//! Handlers make their responses themselves, for cookies, policies and redirects are more than a typed body can say; the type
//! parameter names the table of answers that the document shows.

use std::marker::PhantomData;

use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Binary, Payload};
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;

use super::token::OAuthError;

/// The answers of an endpoint, in groups, as many endpoints share the later ones.
pub trait Answers {
    const ANSWERS: &'static [&'static [Documentation]];
}

/// One answer.
pub struct Documentation {
    pub status: u16,
    pub description: &'static str,
    pub content: Option<Content>,
    pub headers: &'static [Header],
}

/// A header of an answer that readers of the document will want.
pub struct Header {
    name: &'static str,
    meaning: &'static str,
    /// Whether it is always there.
    required: bool,
}

impl Header {
    pub const fn always(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, required: true }
    }

    pub const fn sometimes(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, required: false }
    }
}

/// The body of an answer.
pub struct Content {
    media_type: &'static str,
    schema_ref: fn() -> MetaSchemaRef,
    register: fn(&mut Registry),
}

impl Content {
    pub const fn json<T: Type>() -> Self {
        Self { media_type: "application/json", schema_ref: T::schema_ref, register: T::register }
    }

    pub const HTML: Self = Self {
        media_type: "text/html",
        schema_ref: String::schema_ref,
        register: String::register,
    };
    /// A file of any type.
    pub const ANY: Self = Self {
        media_type: "*/*",
        schema_ref: <Binary<Vec<u8>> as Payload>::schema_ref,
        register: <Binary<Vec<u8>> as Payload>::register,
    };
    pub const ERROR: Self = Self::json::<OAuthError>();
}

pub const NO_STORE: Header = Header::always("Cache-Control", "`no-store`.");
const RETRY_AFTER: Header =
    Header::always("Retry-After", "Seconds until it is worth trying again.");

impl Documentation {
    pub const fn new(status: u16, description: &'static str, content: Content) -> Self {
        Self { status, description, content: Some(content), headers: &[] }
    }

    pub const fn empty(status: u16, description: &'static str) -> Self {
        Self { status, description, content: None, headers: &[] }
    }

    /// JSON that nobody may keep.
    pub const fn json<T: Type>(status: u16, description: &'static str) -> Self {
        Self::new(status, description, Content::json::<T>()).with(&[NO_STORE])
    }

    pub const fn error(status: u16, description: &'static str) -> Self {
        Self::new(status, description, Content::ERROR).with(&[NO_STORE])
    }

    pub const fn page(status: u16, description: &'static str) -> Self {
        Self::new(status, description, Content::HTML).with(&[NO_STORE])
    }

    pub const fn redirect(description: &'static str) -> Self {
        const HEADERS: &[Header] =
            &[Header::always("Location", "Where the browser goes next."), NO_STORE];
        Self::empty(303, description).with(HEADERS)
    }

    /// An answer that may be different in a while.
    pub const fn later(self) -> Self {
        self.with(&[NO_STORE, RETRY_AFTER])
    }

    pub const fn with(mut self, headers: &'static [Header]) -> Self {
        self.headers = headers;
        self
    }
}

/// A request that had waited too long, or nobody to ask.
pub const RESTARTED: Documentation =
    Documentation::redirect("To the authorization endpoint, which decides anew.");

/// The answer for the client, where the person has just ended the request.
pub const ANSWERED: Documentation = Documentation::page(
    200,
    "The answer for the client, as a page that posts it to the redirect URI (`response_mode=form_post`).",
);

/// A page that nobody of ours led to.
pub const ELSEWHERE: Documentation =
    Documentation::page(400, "The page was not begun in this browser, or its request is faulty.");

/// What every page may answer.
pub const PAGE_FAULTS: &[Documentation] = &[
    Documentation::page(500, "The server failed. The page shows the reference of the log's entry."),
    Documentation::page(503, "The server cannot answer now.").later(),
];

/// What every page answers to a body that it cannot read.
pub const PAGE_BODY: &[Documentation] = &[
    Documentation::page(408, "The body took too long to arrive."),
    Documentation::page(413, "The body is too large."),
    Documentation::page(415, "The body is not `application/x-www-form-urlencoded`."),
];

/// What every machine endpoint may answer.
pub const FAULTS: &[Documentation] = &[
    Documentation::error(
        500,
        "`server_error`: the server failed. `error_description` holds the reference of the log's entry.",
    ),
    Documentation::error(
        503,
        "`temporarily_unavailable`: the server, or the identity backend, cannot answer now.",
    )
    .later(),
];

/// What every machine endpoint answers to a body that it cannot read.
pub const BODY: &[Documentation] = &[
    Documentation::error(408, "`invalid_request`: the body took too long to arrive."),
    Documentation::error(413, "`invalid_request`: the body is too large."),
    Documentation::error(
        415,
        "`invalid_request`: the body is not `application/x-www-form-urlencoded`.",
    ),
];

/// A response that is one of `D`'s answers.
pub struct Answer<D> {
    response: Response,
    documented_by: PhantomData<D>,
}

impl<D> From<Response> for Answer<D> {
    fn from(response: Response) -> Self {
        Self { response, documented_by: PhantomData }
    }
}

impl<D: Send> IntoResponse for Answer<D> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<D: Answers> ApiResponse for Answer<D> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: answers::<D>().map(meta).collect() }
    }

    fn register(registry: &mut Registry) {
        answers::<D>()
            .filter_map(|answer| answer.content.as_ref())
            .for_each(|content| (content.register)(registry));
    }
}

fn answers<D: Answers>() -> impl Iterator<Item = &'static Documentation> {
    D::ANSWERS.iter().copied().flatten()
}

fn meta(answer: &Documentation) -> MetaResponse {
    let content = answer.content.iter().map(|content| MetaMediaType {
        content_type: content.media_type,
        schema: (content.schema_ref)(),
    });
    let headers = answer.headers.iter().map(|header| MetaHeader {
        name: header.name.to_owned(),
        description: Some(header.meaning.to_owned()),
        required: header.required,
        deprecated: false,
        schema: String::schema_ref(),
    });
    MetaResponse {
        description: answer.description,
        status: Some(answer.status),
        status_range: None,
        content: content.collect(),
        headers: headers.collect(),
    }
}

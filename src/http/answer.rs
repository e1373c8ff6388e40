//! What an endpoint answers, as the document describes it.
//!
//! Handlers make their responses themselves, for cookies, policies and redirects are more than a typed body can say; the type
//! parameter names the table of answers that the document shows.

use std::marker::PhantomData;

use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;

/// The answers of a group of endpoints.
pub trait Answers {
    const ANSWERS: &'static [Documentation];
}

/// One answer.
pub struct Documentation {
    pub status: u16,
    pub description: &'static str,
    pub content: Option<Content>,
    /// Names and meanings of headers.
    pub headers: &'static [(&'static str, &'static str)],
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

    pub const fn of(media_type: &'static str) -> Self {
        Self { media_type, schema_ref: String::schema_ref, register: String::register }
    }

    pub const HTML: Self = Self::of("text/html");
}

impl Documentation {
    pub const fn new(status: u16, description: &'static str, content: Content) -> Self {
        Self { status, description, content: Some(content), headers: &[] }
    }

    pub const fn empty(status: u16, description: &'static str) -> Self {
        Self { status, description, content: None, headers: &[] }
    }

    pub const fn page(status: u16, description: &'static str) -> Self {
        Self::new(status, description, Content::HTML)
    }

    pub const fn redirect(description: &'static str) -> Self {
        Self {
            status: 303,
            description,
            content: None,
            headers: &[("Location", "Where the browser goes next.")],
        }
    }

    pub const fn with(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }
}

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
        MetaResponses { responses: D::ANSWERS.iter().map(meta).collect() }
    }

    fn register(registry: &mut Registry) {
        D::ANSWERS
            .iter()
            .filter_map(|answer| answer.content.as_ref())
            .for_each(|content| (content.register)(registry));
    }
}

fn meta(answer: &Documentation) -> MetaResponse {
    let content = answer.content.iter().map(|content| MetaMediaType {
        content_type: content.media_type,
        schema: (content.schema_ref)(),
    });
    let headers = answer.headers.iter().map(|(name, meaning)| MetaHeader {
        name: (*name).to_owned(),
        description: Some((*meaning).to_owned()),
        required: false,
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

//! The document that describes every endpoint, and its rendering at `/docs`.

mod docs;
mod document;
mod security;

use std::sync::Arc;

use poem::Response;
use poem::http::header;
use poem_openapi::types::Any;
use poem_openapi::{OpenApi, Tags};
use serde_json::{Map, Value};

use super::answer::{Answer, Answers, Content, Documentation, Header};

pub use document::Document;

/// What the endpoints are for; the document lists them under these headings.
#[derive(Tags)]
pub enum Tag {
    /// Where applications send people, who come back with a code or tokens.
    Authorization,
    /// Where applications get, use and give back tokens.
    Tokens,
    /// Where applications send people to sign out.
    #[oai(rename = "Sign-out")]
    SignOut,
    /// What there is, and the keys that tokens are verified with.
    Discovery,
    /// What people see. Their forms work without scripts; every sealed field comes from the page before.
    Pages,
    /// This document.
    Documentation,
    /// For whoever runs the server.
    Operations,
}

/// The document and its rendering.
#[derive(Clone)]
pub struct Described(Arc<Rendered>);

struct Rendered {
    json: String,
    docs: docs::Docs,
}

impl Described {
    pub fn new(document: &Document) -> Self {
        Self(Arc::new(Rendered { json: document.text(), docs: docs::Docs::new() }))
    }
}

/// The document itself.
struct Json;

impl Answers for Json {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::new(200, "The document.", Content::json::<Any<Map<String, Value>>>())
            .with(&[KEPT])]];
}

/// The rendered document.
struct Page;

impl Answers for Page {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::new(200, "The document, to read and to try.", Content::HTML)
            .with(&[KEPT])]];
}

const KEPT: Header = Header::always("Cache-Control", "How long it may be kept.");
const CACHE: &str = "public, max-age=300";

#[OpenApi(tag = "Tag::Documentation")]
impl Described {
    /// This document
    ///
    /// The endpoints of this very server, for programs that read or generate code from OpenAPI.
    #[oai(path = "/openapi.json", method = "get", operation_id = "openapi")]
    async fn json(&self) -> Answer<Json> {
        Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, CACHE)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .body(self.0.json.clone())
            .into()
    }

    /// This document as a page
    ///
    /// Rendered by swagger-ui, which comes from this server as well.
    #[oai(path = "/docs", method = "get", operation_id = "docs")]
    async fn html(&self) -> Answer<Page> {
        let docs = &self.0.docs;
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CACHE_CONTROL, CACHE)
            .header(header::CONTENT_SECURITY_POLICY, &docs.policy)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::REFERRER_POLICY, "no-referrer")
            .body(docs.html.clone())
            .into()
    }
}

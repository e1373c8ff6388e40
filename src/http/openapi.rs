//! The document that describes every endpoint, made from the code that serves them, and its rendering at `/docs`.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use poem::Response;
use poem::http::header;
use poem_openapi::types::Any;
use poem_openapi::{OpenApi, OpenApiService, Webhook};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Answers, Content, Documentation};

/// The name of the one argument that stands for a whole query ([`super::form::Query`]).
const PARAMETERS: &str = "parameters";

/// The document, and which methods each path knows.
#[derive(Clone)]
pub struct Document {
    pub value: Value,
}

impl Document {
    /// The document of all services together.
    pub fn of<A: OpenApi, W: Webhook>(service: &OpenApiService<A, W>, issuer: &str) -> Self {
        let mut value: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
        let schemas = value.pointer("/components/schemas").cloned().unwrap_or_default();
        if let Some(paths) = value.get_mut("paths").and_then(Value::as_object_mut) {
            for operation in operations(paths) {
                spread_query(operation, &schemas);
            }
        }
        secure(&mut value, issuer);
        Self { value }
    }

    /// Pretty, with a line end: as it is committed.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.value).unwrap_or_default();
        text.push('\n');
        text
    }

    /// `Allow` of each path (RFC 9110 §10.2.1).
    pub fn allowed(&self) -> BTreeMap<String, String> {
        let paths = self.value.get("paths").and_then(Value::as_object);
        let methods = |item: &Value| {
            let names = item.as_object().into_iter().flat_map(Map::keys);
            names.map(|name| name.to_ascii_uppercase()).collect::<Vec<_>>().join(", ")
        };
        paths.into_iter().flatten().map(|(path, item)| (path.clone(), methods(item))).collect()
    }
}

fn operations(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = paths.values_mut().filter_map(Value::as_object_mut);
    items.flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

/// Replaces the argument that stands for a whole query by a parameter for each of its fields.
fn spread_query(operation: &mut Map<String, Value>, schemas: &Value) {
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
        return;
    };
    let spread = parameters.drain(..).flat_map(|parameter| {
        let whole = parameter.get("name").and_then(Value::as_str) == Some(PARAMETERS);
        let schema = parameter.pointer("/schema/$ref").and_then(Value::as_str);
        let schema =
            schema.and_then(|path| path.rsplit('/').next()).and_then(|name| schemas.get(name));
        match schema.filter(|_| whole) {
            Some(schema) => fields(schema),
            None => vec![parameter],
        }
    });
    *parameters = spread.collect();
}

fn fields(schema: &Value) -> Vec<Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let field = |(name, property): (&String, &Value)| {
        let mut property = property.clone();
        let description = property.as_object_mut().and_then(|object| object.remove("description"));
        json!({
            "name": name,
            "in": "query",
            "description": description,
            "required": false,
            "schema": property,
        })
    };
    properties.into_iter().flatten().map(field).collect()
}

/// How clients prove who they are, and which operations ask for it. poem-openapi would tie this to its own extractors, which forgive
/// too much.
fn secure(document: &mut Value, issuer: &str) {
    let schemes = json!({
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": "Client id and secret, each form-encoded (RFC 6749 §2.3.1). Clients registered for `client_secret_post` or \
                `none` use the body instead.",
        },
        "accessToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token (RFC 6750).",
        },
        "openId": {
            "type": "openIdConnect",
            "openIdConnectUrl": format!("{issuer}/.well-known/openid-configuration"),
        },
    });
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".to_owned(), schemes);
    }
    for (path, method, requirement) in [
        ("/oauth2/token", "post", json!([{ "client": [] }, {}])),
        ("/oauth2/revoke", "post", json!([{ "client": [] }, {}])),
        ("/oauth2/userinfo", "get", json!([{ "accessToken": [] }])),
        ("/oauth2/userinfo", "post", json!([{ "accessToken": [] }, {}])),
    ] {
        let operation = document.get_mut("paths").and_then(|paths| paths.get_mut(path));
        let operation = operation.and_then(|item| item.get_mut(method));
        if let Some(operation) = operation.and_then(Value::as_object_mut) {
            operation.insert("security".to_owned(), requirement);
        }
    }
}

/// The document and its rendering, which exist once everything else is described.
#[derive(Clone, Default)]
pub struct Described(Arc<OnceLock<Rendered>>);

struct Rendered {
    json: String,
    html: String,
}

/// The pages of swagger-ui bring their scripts and styles inline.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

impl Described {
    /// Renders the document of a service.
    pub fn fill<A: OpenApi, W: Webhook>(
        &self,
        service: &OpenApiService<A, W>,
        document: &Document,
    ) {
        let json = document.text();
        // The rendering holds the document as the framework makes it; ours stands in.
        let html = service.swagger_ui_html().replace(&service.spec(), &json.replace("</", "<\\/"));
        let html = html.replacen("<html ", "<!doctype html><html lang=\"en\" ", 1);
        self.0.get_or_init(|| Rendered { json, html });
    }
}

impl Answers for Described {
    const ANSWERS: &'static [Documentation] =
        &[Documentation::new(200, "The document.", Content::json::<Any<Map<String, Value>>>())];
}

/// The rendered document.
struct Docs;

impl Answers for Docs {
    const ANSWERS: &'static [Documentation] =
        &[Documentation::page(200, "The document, to read and to try.")];
}

#[OpenApi]
impl Described {
    /// This document
    #[oai(path = "/openapi.json", method = "get", operation_id = "openapi")]
    async fn json(&self) -> Answer<Self> {
        let text = self.0.get().map(|rendered| rendered.json.clone()).unwrap_or_default();
        Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "public, max-age=300")
            .body(text)
            .into()
    }

    /// This document as pages
    #[oai(path = "/docs", method = "get", operation_id = "docs")]
    async fn html(&self) -> Answer<Docs> {
        let html = self.0.get().map(|rendered| rendered.html.clone()).unwrap_or_default();
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::REFERRER_POLICY, "no-referrer")
            .body(html)
            .into()
    }
}

//! The document of all endpoints, made from their types: neither a configuration nor anything that could serve is needed.
//!
//! The framework describes paths, forms and answers; what it has no words for is added here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::marker::PhantomData;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::{LicenseObject, OpenApi, OpenApiService, ServerObject};
use serde_json::{Map, Value, json};

use super::security::secure;

/// The name of the one argument that stands for a whole query ([`super::super::form::Query`]).
const PARAMETERS: &str = "parameters";

/// Objects that may have members which the document does not name.
const OPEN: [&str; 4] = ["Jwk", "JwkSet", "ProviderMetadata", "UserInfo"];

/// Operations of the operations address, which is not the issuer's.
const OPERATIONS: [&str; 2] = ["/health/ready", "/metrics"];

const ABOUT: &str = "\
Signs people in to applications, by OAuth 2.0 (RFC 6749) and OpenID Connect. Clients that know these need no more than the issuer: \
everything else stands in `/.well-known/openid-configuration`.

- Parameters are read as RFC 6749 §3.1 says: one without a value counts as omitted, one given twice is an error, an unknown one is ignored.
- Errors of endpoints for applications are JSON (`OAuthError`), those for people are pages. Each answer has the header `X-Request-Id`, and \
the log holds the same id.
- Every other method is answered 405 with `Allow`, every other path 404. HEAD is known wherever GET is.
- Pages of other origins may read discovery, keys and this document; token, userinfo and revocation endpoint only those of the client's \
registered origins. No endpoint for applications reads a cookie.
";

/// The document.
#[derive(Clone)]
pub struct Document {
    value: Value,
}

impl Document {
    /// The document of an issuer with these scopes, each with its description.
    pub fn new(issuer: &str, scopes: &BTreeMap<String, String>) -> Self {
        type Everything = super::super::Everything;
        let described = Described::<Everything>(PhantomData);
        let service = OpenApiService::new(described, "Vestibule", env!("CARGO_PKG_VERSION"))
            .description(ABOUT)
            .license(
                LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"),
            )
            .server(ServerObject::new(issuer).description("The issuer"));
        let mut value: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
        let schemas = value.pointer("/components/schemas").cloned().unwrap_or_default();
        if let Some(paths) = value.get_mut("paths").and_then(Value::as_object_mut) {
            for operation in operations(paths) {
                spread_query(operation, &schemas);
            }
            for path in OPERATIONS {
                let item = paths.get_mut(path).and_then(Value::as_object_mut);
                for operation in item.into_iter().flat_map(Map::values_mut) {
                    merge(operation, json!({ "servers": [operations_server()] }));
                }
            }
        }
        for name in OPEN {
            if let Some(schema) = value.pointer_mut(&format!("/components/schemas/{name}")) {
                merge(schema, json!({ "additionalProperties": true }));
            }
        }
        secure(&mut value, issuer, scopes);
        prune(&mut value);
        Self { value }
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Pretty, with a line end: as it is committed.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.value)
    }

    /// `Allow` of each path (RFC 9110 §10.2.1).
    pub fn allowed(&self) -> BTreeMap<String, String> {
        let paths = self.value.get("paths").and_then(Value::as_object);
        let methods = |item: &Value| {
            let names = item.as_object().into_iter().flat_map(Map::keys);
            let head = item.get("get").map(|_| "HEAD".to_owned());
            let names = names.map(|name| name.to_ascii_uppercase()).chain(head);
            names.collect::<Vec<_>>().join(", ")
        };
        paths.into_iter().flatten().map(|(path, item)| (path.clone(), methods(item))).collect()
    }
}

/// An API that is described and not served.
struct Described<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for Described<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn operations(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = paths.values_mut().filter_map(Value::as_object_mut);
    items.flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

/// Adds members to an object.
pub(super) fn merge(value: &mut Value, members: Value) {
    if let (Some(object), Value::Object(members)) = (value.as_object_mut(), members) {
        object.extend(members);
    }
}

fn operations_server() -> Value {
    json!({
        "url": "http://{operations}",
        "description": "The operations address, which only the operator's own programs should reach.",
        "variables": {
            "operations": {
                "default": "127.0.0.1:9180",
                "description": "`server.operations` of the configuration.",
            },
        },
    })
}

/// Replaces the argument that stands for a whole query by a parameter for each of its fields.
fn spread_query(operation: &mut Map<String, Value>, schemas: &Value) {
    let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
        return;
    };
    let spread = parameters.drain(..).flat_map(|parameter| {
        let whole = parameter.get("name").and_then(Value::as_str) == Some(PARAMETERS);
        let schema = parameter.pointer("/schema/$ref").and_then(Value::as_str);
        let schema = schema.and_then(|path| schemas.get(last(path)));
        match schema.filter(|_| whole) {
            Some(schema) => fields(schema),
            None => vec![parameter],
        }
    });
    *parameters = spread.collect();
}

fn fields(schema: &Value) -> Vec<Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let field = |(name, property): (&String, &Value)| {
        let mut property = property.clone();
        let description = property.as_object_mut().and_then(|object| object.remove("description"));
        // A reference that had a description beside it.
        let alone = property.get("allOf").and_then(Value::as_array).and_then(|all| all.first());
        if let Some(alone) = alone.cloned() {
            property = alone;
        }
        json!({
            "name": name,
            "in": "query",
            "description": description,
            "required": required.is_some_and(|names| names.contains(&json!(name))),
            "schema": property,
        })
    };
    properties.into_iter().flatten().map(field).collect()
}

/// Takes out the schemas that nothing refers to any more.
fn prune(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        references(document, &mut used);
        let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
        let Some(schemas) = schemas else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(path) = object.get("$ref").and_then(Value::as_str) {
                used.insert(last(path).to_owned());
            }
            object.values().for_each(|value| references(value, used));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, used)),
        _ => {}
    }
}

/// The name at the end of a reference.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        Document::new("https://op.example", &BTreeMap::new()).value
    }

    #[test]
    fn every_operation_says_what_it_is_and_when_it_fails() {
        let mut document = document();
        let mut ids = BTreeSet::new();
        for operation in operations(document["paths"].as_object_mut().unwrap()) {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{id}");
            assert!(ids.insert(id));
        }
        assert!(ids.len() > 20);
    }

    #[test]
    fn every_parameter_and_field_has_its_meaning() {
        let mut document = document();
        for operation in operations(document["paths"].as_object_mut().unwrap()) {
            for parameter in
                operation.get("parameters").and_then(Value::as_array).into_iter().flatten()
            {
                assert!(parameter["description"].is_string(), "{parameter}");
                assert_ne!(parameter["name"], PARAMETERS);
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(property["description"].is_string(), "{name}.{field}");
            }
        }
    }

    #[test]
    fn nothing_is_defined_that_is_not_used() {
        let document = document();
        let mut used = BTreeSet::new();
        references(&document, &mut used);
        let defined = document["components"]["schemas"].as_object().unwrap();
        assert_eq!(defined.keys().cloned().collect::<BTreeSet<_>>(), used);
    }

    #[test]
    fn methods_that_a_path_knows_include_head() {
        let allowed = Document::new("https://op.example", &BTreeMap::new()).allowed();
        assert_eq!(allowed["/login"], "GET, POST, HEAD");
        assert_eq!(allowed["/oauth2/token"], "POST");
    }
}

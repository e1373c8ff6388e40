//! The endpoints and pages: the only code that knows poem, and the place where protocol, storage and identity meet.
//!
//! Each file is one endpoint or page, always in the order *load, decide, store, reply*. Files do not call each other's handlers: a page ends
//! by returning to the authorization endpoint. Whatever no handler answers (an unknown path, another method, a body too large) is
//! given its shape by `shape.rs`.

pub mod access;
pub mod answer;
pub mod assets;
pub mod authorize;
pub mod browser;
pub mod choice;
pub mod clients;
pub mod consent;
pub mod cookies;
pub mod cors;
pub mod discovery;
pub mod end_session;
pub mod fault;
pub mod form;
pub mod home;
pub mod interaction;
pub mod issuance;
pub mod login;
pub mod observe;
pub mod openapi;
pub mod opening;
pub mod operations;
pub mod pages;
pub mod pending;
pub mod provider;
pub mod proxy;
pub mod revocation;
pub mod shape;
pub mod standing;
pub mod token;
pub mod userinfo;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route};
use poem_openapi::OpenApiService;

use fault::Fault;
use openapi::{Described, Document};
use provider::Provider;

/// Everything that the public address answers.
pub fn endpoint(
    provider: &Arc<Provider>,
) -> Result<impl Endpoint<Output = Response> + use<>, Fault> {
    let described = Described::default();
    let service = OpenApiService::new(
        (
            authorize::Authorization(provider.clone()),
            login::Login(provider.clone()),
            consent::Consent(provider.clone()),
            choice::Choice(provider.clone()),
            token::Token(provider.clone()),
            userinfo::Userinfo(provider.clone()),
            revocation::Revocation(provider.clone()),
            end_session::EndSession(provider.clone()),
            discovery::Discovery::new(provider.clone())?,
            home::Home(provider.clone()),
            described.clone(),
            operations::Live,
        ),
        "Vestibule",
        env!("CARGO_PKG_VERSION"),
    );
    let document = Document::of(&service, &provider.issuer);
    described.fill(&service, &document);
    let shape = shape::Shape::new(provider.clone(), &document);
    let observe = observe::Observe::new(
        proxy::Proxies::new(provider.config.server.trusted_proxies.clone()),
        shape::rescue(provider.clone()),
    );
    let routes = Route::new().at("/assets/*name", provider.pages.assets()).nest("/", service);
    Ok(routes.with(shape).with(cors::Cors(provider.clone())).with(observe))
}

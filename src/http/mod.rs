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
pub mod credentials;
pub mod discovery;
pub mod end_session;
pub mod entry;
pub mod fault;
pub mod form;
pub mod home;
pub mod interaction;
pub mod issuance;
pub mod login;
pub mod observe;
pub mod offer;
pub mod openapi;
pub mod opening;
pub mod operations;
pub mod pages;
pub mod password;
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

/// The described endpoints of the public address.
type Public = (
    authorize::Authorization,
    login::Login,
    password::Password,
    consent::Consent,
    choice::Choice,
    token::Token,
    userinfo::Userinfo,
    revocation::Revocation,
    end_session::EndSession,
    discovery::Discovery,
    home::Home,
    Described,
    assets::Assets,
    operations::Live,
);

/// All endpoints, whatever address they are on.
type Everything = (Public, operations::Operations);

/// Everything that the public address answers.
pub fn endpoint(
    provider: &Arc<Provider>,
) -> Result<impl Endpoint<Output = Response> + use<>, Fault> {
    let document = Document::new(&provider.issuer, &provider.scopes);
    let endpoints: Public = (
        authorize::Authorization(provider.clone()),
        login::Login(provider.clone()),
        password::Password(provider.clone()),
        consent::Consent(provider.clone()),
        choice::Choice(provider.clone()),
        token::Token(provider.clone()),
        userinfo::Userinfo(provider.clone()),
        revocation::Revocation(provider.clone()),
        end_session::EndSession(provider.clone()),
        discovery::Discovery::new(provider.clone())?,
        home::Home(provider.clone()),
        Described::new(&document),
        provider.pages.assets(),
        operations::Live,
    );
    let service = OpenApiService::new(endpoints, "", "");
    let shape = shape::Shape::new(provider.clone(), &document);
    let observe = observe::Observe::new(
        proxy::Proxies::new(provider.config.server.trusted_proxies.clone()),
        shape::rescue(provider.clone()),
    );
    let routes = Route::new().nest("/", service);
    Ok(routes.with(shape).with(cors::Cors(provider.clone())).with(observe))
}

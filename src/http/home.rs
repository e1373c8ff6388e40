//! What stands at `/`: who is signed in here, and where to go.

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::OpenApi;

use super::answer::{Answer, Answers, Documentation, PAGE_FAULTS};
use super::cookies::Visitor;
use super::fault::Halt;
use super::openapi::Tag;
use super::pages;
use super::provider::Provider;

pub struct Home(pub Arc<Provider>);

impl Answers for Home {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::page(200, "The page.")], PAGE_FAULTS];
}

#[OpenApi(tag = "Tag::Pages")]
impl Home {
    /// Start page
    ///
    /// Who is signed in at this browser, and where to go.
    #[oai(path = "/", method = "get", operation_id = "home")]
    async fn home(&self, visitor: Visitor) -> Answer<Self> {
        let result = self.answer(&visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Home {
    async fn answer(&self, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let seat = provider.seat(visitor, provider.now()).await?;
        let person = seat.map(|seat| provider.person(&seat)).transpose()?;
        let demo = provider.demo.clone();
        Ok(provider.pages.show(StatusCode::OK, &pages::Home { person, demo })?)
    }
}

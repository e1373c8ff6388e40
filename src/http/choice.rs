//! The page on which the End-User chooses an account (`prompt=select_account`, OIDC Core §3.1.2.1).

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::{Enum, Object, OpenApi};

use crate::protocol::Parameters;
use crate::seal::Purpose;
use crate::storage::sessions;

use super::answer::{Answer, Answers, Documentation, ELSEWHERE, PAGE_BODY, PAGE_FAULTS, RESTARTED};
use super::browser::application;
use super::cookies::Visitor;
use super::fault::Halt;
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::offer;
use super::openapi::Tag;
use super::pages;
use super::provider::Provider;

/// What the page is shown for.
#[derive(Object)]
pub struct ChoiceQuery {
    /// The authorization request that waits, sealed.
    pending: String,
}

/// What the page sends.
#[derive(Object)]
pub struct ChoiceForm {
    /// The authorization request that waits, sealed.
    pending: String,
    /// Whose account was shown, sealed.
    shown: Option<String>,
    /// `continue` with the account shown, or `other` to log in as somebody else.
    answer: Option<ChoiceAnswer>,
}

/// Which account the person wants.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum ChoiceAnswer {
    Continue,
    Other,
}

pub struct Choice(pub Arc<Provider>);

/// Answers to whoever comes to the page.
struct Asked;

impl Answers for Asked {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::page(200, "The page."), RESTARTED, ELSEWHERE], PAGE_FAULTS];
}

/// Answers to the form.
struct Submitted;

impl Answers for Submitted {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            Documentation::redirect("Back to the authorization endpoint, or to the login page."),
            ELSEWHERE,
        ],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Pages")]
impl Choice {
    /// Account choice page
    ///
    /// Asks whether to go on as whoever is signed in. The authorization endpoint leads here.
    #[oai(path = "/choice", method = "get", operation_id = "choicePage")]
    async fn show(&self, parameters: Query<ChoiceQuery>, visitor: Visitor) -> Answer<Asked> {
        let result = self.ask(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Choose an account
    ///
    /// Goes on with this account, or logs in with another.
    #[oai(path = "/choice", method = "post", operation_id = "choose")]
    async fn submit(&self, form: Form<ChoiceForm>, visitor: Visitor) -> Answer<Submitted> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Choice {
    async fn ask(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let interaction = Interaction::open(provider, parameters, visitor, now).await?;
        let Some(seat) = provider.seat(visitor, now).await? else {
            return Ok(interaction.resume(provider, visitor)?);
        };
        let page = pages::Choice {
            hidden: vec![
                interaction.field(provider, visitor)?,
                offer::field(provider, Purpose::ChoiceForm, &interaction, &seat, &())?,
            ],
            application: application(interaction.client()),
            person: provider.person(&seat)?,
        };
        Ok(provider.pages.show(StatusCode::OK, &page)?)
    }

    async fn answer(&self, form: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let interaction = Interaction::open(provider, form, visitor, now).await?;
        if form.all("answer").next() == Some("other") {
            return Ok(provider.go("/login", &interaction.pending, visitor)?);
        }
        let seat = provider.seat(visitor, now).await?;
        if let Some(seat) = seat
            && let Some(()) =
                offer::read(provider, Purpose::ChoiceForm, form, &interaction, &seat, now)
        {
            let request_id = &interaction.pending.id;
            sessions::choose(&provider.storage, &seat.row.cookie_hash, request_id).await?;
        }
        Ok(interaction.resume(provider, visitor)?)
    }
}

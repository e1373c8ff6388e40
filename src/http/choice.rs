//! The page on which the End-User chooses an account (`prompt=select_account`, OIDC Core §3.1.2.1).

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};

use crate::protocol::Parameters;
use crate::seal::Purpose;
use crate::storage::sessions;

use super::answer::{Answer, Answers, Documentation};
use super::browser::application;
use super::cookies::{Cookie, Visitor};
use super::fault::Halt;
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::pages::{self, Field};
use super::pending::PENDING;
use super::provider::Provider;

/// What the page is shown for.
#[derive(Object)]
pub struct ChoiceQuery {
    /// The authorization request that waits, sealed.
    pending: Option<String>,
}

/// What the page sends.
#[derive(Object)]
pub struct ChoiceForm {
    /// The authorization request that waits, sealed.
    pending: Option<String>,
    /// Whose account was shown, sealed.
    shown: Option<String>,
    /// `continue` with the account shown, or `other` to log in as somebody else.
    answer: Option<String>,
}

/// The name of the sealed field.
const SHOWN: &str = "shown";

/// What the page offered.
#[derive(Serialize, Deserialize)]
struct Shown {
    request: String,
    sid: String,
    account_id: String,
}

pub struct Choice(pub Arc<Provider>);

impl Answers for Choice {
    const ANSWERS: &'static [Documentation] = &[
        Documentation::page(200, "The page."),
        Documentation::redirect("Back to the authorization endpoint, or to the login page."),
        Documentation::page(
            400,
            "The page was not begun in this browser, or its request is faulty.",
        ),
        Documentation::page(413, "The request is too large."),
        Documentation::page(415, "The body is not `application/x-www-form-urlencoded`."),
        Documentation::page(500, "The server failed."),
        Documentation::page(503, "The server cannot answer now."),
    ];
}

#[OpenApi]
impl Choice {
    /// Account choice page
    #[oai(path = "/choice", method = "get", operation_id = "choicePage")]
    async fn show(&self, parameters: Query<ChoiceQuery>, visitor: Visitor) -> Answer<Self> {
        let result = self.ask(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Choose an account
    #[oai(path = "/choice", method = "post", operation_id = "choose")]
    async fn submit(&self, form: Form<ChoiceForm>, visitor: Visitor) -> Answer<Self> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Choice {
    async fn ask(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let sealed = parameters.all(PENDING).next();
        let interaction = Interaction::open(provider, sealed, visitor, now).await?;
        let Some(seat) = provider.seat(visitor, now).await? else {
            return Ok(interaction.resume(provider, visitor)?);
        };
        let shown = Shown {
            request: interaction.pending.id.clone(),
            sid: seat.row.sid.clone(),
            account_id: seat.account.id.clone(),
        };
        let expires_at = now.plus(provider.config.lifetimes.pending_request);
        let browser = provider.cookies.read(visitor, Cookie::Browser);
        let page = pages::Choice {
            hidden: vec![
                Field::new(PENDING, interaction.pending.seal(provider, browser)?),
                Field::new(SHOWN, provider.sealer.seal(Purpose::ChoiceForm, &shown, expires_at)?),
            ],
            application: application(interaction.client()),
            person: provider.person(&seat)?,
        };
        Ok(provider.pages.show(StatusCode::OK, &page)?)
    }

    async fn answer(&self, form: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let sealed = form.all(PENDING).next();
        let interaction = Interaction::open(provider, sealed, visitor, now).await?;
        if form.all("answer").next() == Some("other") {
            return Ok(provider.go("/login", &interaction.pending, visitor)?);
        }
        let shown = form.all(SHOWN).next().unwrap_or_default();
        let shown = provider.sealer.open::<Shown>(Purpose::ChoiceForm, shown).ok();
        let shown = shown.and_then(|shown| shown.at(now).ok());
        if let (Some(shown), Some(seat)) = (shown, provider.seat(visitor, now).await?)
            && shown.request == interaction.pending.id
            && shown.sid == seat.row.sid
            && shown.account_id == seat.account.id
        {
            sessions::choose(&provider.storage, &seat.row.cookie_hash, &shown.request).await?;
        }
        Ok(interaction.resume(provider, visitor)?)
    }
}

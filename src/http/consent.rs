//! The consent page.
//!
//! What is recorded is what was shown: the form carries it sealed, with the session and the account that it was shown to.

use std::sync::Arc;

use poem::Response;
use poem::http::StatusCode;
use poem_openapi::{Enum, Object, OpenApi};
use serde::{Deserialize, Serialize};

use crate::protocol::scope::{OFFLINE_ACCESS, OPENID};
use crate::protocol::{Code, Parameters, Scope, Timestamp};
use crate::seal::Purpose;
use crate::storage::{consent, consents};

use super::answer::{
    ANSWERED, Answer, Answers, Documentation, ELSEWHERE, PAGE_BODY, PAGE_FAULTS, RESTARTED,
};
use super::browser::{Seat, application};
use super::cookies::Visitor;
use super::fault::{Fault, Halt};
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::offer;
use super::openapi::Tag;
use super::pages;
use super::provider::Provider;

/// What the consent page is shown for.
#[derive(Object)]
pub struct ConsentQuery {
    /// The authorization request that waits, sealed.
    pending: String,
}

/// What the consent page sends.
#[derive(Object)]
pub struct ConsentForm {
    /// The authorization request that waits, sealed.
    pending: String,
    /// What was shown, sealed.
    shown: Option<String>,
    /// Anything but `allow` denies.
    answer: Option<ConsentAnswer>,
}

/// What the person says to what was shown.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum ConsentAnswer {
    Allow,
    Deny,
}

/// What the page asked for.
#[derive(Serialize, Deserialize)]
struct Shown {
    scope: Scope,
    claims: Vec<String>,
}

pub struct Consent(pub Arc<Provider>);

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
            ANSWERED,
            Documentation::redirect("Back to the authorization endpoint, or to the client."),
            ELSEWHERE,
        ],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Pages")]
impl Consent {
    /// Consent page
    ///
    /// Shows what the application asks for. The authorization endpoint leads here.
    #[oai(path = "/consent", method = "get", operation_id = "consentPage")]
    async fn show(&self, parameters: Query<ConsentQuery>, visitor: Visitor) -> Answer<Asked> {
        let result = self.ask(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Allow or deny
    ///
    /// Records what was shown and allowed.
    #[oai(path = "/consent", method = "post", operation_id = "consent")]
    async fn submit(&self, form: Form<ConsentForm>, visitor: Visitor) -> Answer<Submitted> {
        let result = self.answer(&form.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Consent {
    async fn ask(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let interaction = Interaction::open(provider, parameters, visitor, now).await?;
        let Some(seat) = provider.seat(visitor, now).await? else {
            return Ok(interaction.resume(provider, visitor)?);
        };
        Ok(self.render(&interaction, &seat, visitor)?)
    }

    async fn answer(&self, form: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let interaction = Interaction::open(provider, form, visitor, now).await?;
        let Some(seat) = provider.seat(visitor, now).await? else {
            return Ok(interaction.resume(provider, visitor)?);
        };
        let shown = offer::read(provider, Purpose::ConsentForm, form, &interaction, &seat, now);
        let Some(shown) = shown else { return Ok(interaction.resume(provider, visitor)?) };
        if form.all("answer").next() != Some("allow") {
            let error = Code::AccessDenied.because("the End-User denied");
            return Ok(interaction.refuse(provider, &error, visitor)?);
        }
        self.record(&interaction, &seat, &shown, now).await?;
        Ok(interaction.resume(provider, visitor)?)
    }

    /// What was agreed to before stays agreed to, also what another tab is agreeing to now.
    async fn record(
        &self,
        interaction: &Interaction,
        seat: &Seat,
        shown: &Shown,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let storage = &self.0.storage;
        let (account_id, client_id) = (&seat.account.id, &interaction.client().client_id);
        loop {
            let before = consents::find(storage, account_id, client_id).await?;
            let (mut scope, mut claims) = (shown.scope.clone(), shown.claims.clone());
            if let Some(before) = &before {
                scope = scope.union(&Scope::from(before.scope.clone()));
                claims.extend(serde_json::from_str::<Vec<String>>(&before.claims)?);
                claims.sort_unstable();
                claims.dedup();
            }
            let row = consent::Model {
                account_id: account_id.clone(),
                client_id: client_id.clone(),
                scope: scope.to_string(),
                claims: serde_json::to_string(&claims)?,
                answered: interaction.pending.id.clone(),
                granted_at: now,
            };
            if consents::put(storage, row, before.as_ref()).await? {
                return Ok(());
            }
        }
    }

    fn render(
        &self,
        interaction: &Interaction,
        seat: &Seat,
        visitor: &Visitor,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let request = &interaction.request;
        let mut claims: Vec<String> = request.claims().names().map(str::to_owned).collect();
        claims.sort_unstable();
        claims.dedup();
        let shown = Shown { scope: request.scope().clone(), claims: claims.clone() };
        // Offline access has a paragraph of its own.
        let mut names: Vec<&str> =
            request.scope().iter().filter(|name| *name != OFFLINE_ACCESS).collect();
        names.sort_by_key(|name| *name != OPENID);
        let scopes = names.into_iter().map(|name| pages::Scope {
            name: name.to_owned(),
            description: provider.scopes.get(name).cloned(),
        });
        let page = pages::Consent {
            hidden: vec![
                interaction.field(provider, visitor)?,
                offer::field(provider, Purpose::ConsentForm, interaction, seat, &shown)?,
            ],
            application: application(interaction.client()),
            person: provider.person(seat)?,
            scopes: scopes.collect(),
            claims,
            offline: request.scope().contains(OFFLINE_ACCESS),
        };
        Ok(provider.pages.show(StatusCode::OK, &page)?)
    }
}

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
use super::cookies::{Cookie, Visitor};
use super::fault::{Fault, Halt};
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::openapi::Tag;
use super::pages::{self, Field};
use super::pending::PENDING;
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

/// The name of the sealed field.
const SHOWN: &str = "shown";

/// What the page asked for, and whom.
#[derive(Serialize, Deserialize)]
struct Shown {
    request: String,
    sid: String,
    account_id: String,
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
        let sealed = parameters.all(PENDING).next();
        let interaction = Interaction::open(provider, sealed, visitor, now).await?;
        let Some(seat) = provider.seat(visitor, now).await? else {
            return Ok(interaction.resume(provider, visitor)?);
        };
        Ok(self.render(&interaction, &seat, visitor, now)?)
    }

    async fn answer(&self, form: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let sealed = form.all(PENDING).next();
        let interaction = Interaction::open(provider, sealed, visitor, now).await?;
        let shown = form.all(SHOWN).next().unwrap_or_default();
        let shown = provider.sealer.open::<Shown>(Purpose::ConsentForm, shown).ok();
        let shown = shown.and_then(|shown| shown.at(now).ok());
        let seat = provider.seat(visitor, now).await?;
        let (Some(shown), Some(seat)) = (shown, seat) else {
            return Ok(interaction.resume(provider, visitor)?);
        };
        // Another session has to be asked anew.
        if shown.request != interaction.pending.id
            || shown.sid != seat.row.sid
            || shown.account_id != seat.account.id
        {
            return Ok(interaction.resume(provider, visitor)?);
        }
        if form.all("answer").next() != Some("allow") {
            let error = Code::AccessDenied.because("the End-User denied");
            return Ok(interaction.refuse(provider, &error, visitor)?);
        }
        self.record(&interaction, shown, now).await?;
        Ok(interaction.resume(provider, visitor)?)
    }

    /// What was agreed to before stays agreed to.
    async fn record(
        &self,
        interaction: &Interaction,
        shown: Shown,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let storage = &self.0.storage;
        let client_id = &interaction.client().client_id;
        let before = consents::find(storage, &shown.account_id, client_id).await?;
        let (scope, mut claims) = match before {
            None => (shown.scope, shown.claims),
            Some(before) => {
                let mut claims: Vec<String> = serde_json::from_str(&before.claims)?;
                claims.extend(shown.claims);
                (shown.scope.union(&Scope::from(before.scope)), claims)
            }
        };
        claims.sort_unstable();
        claims.dedup();
        let row = consent::Model {
            account_id: shown.account_id,
            client_id: client_id.clone(),
            scope: scope.to_string(),
            claims: serde_json::to_string(&claims)?,
            answered: shown.request,
            granted_at: now,
        };
        Ok(consents::put(storage, row).await?)
    }

    fn render(
        &self,
        interaction: &Interaction,
        seat: &Seat,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let browser = provider.cookies.read(visitor, Cookie::Browser);
        let request = &interaction.request;
        let mut claims: Vec<String> = request.claims().names().map(str::to_owned).collect();
        claims.sort_unstable();
        claims.dedup();
        let shown = Shown {
            request: interaction.pending.id.clone(),
            sid: seat.row.sid.clone(),
            account_id: seat.account.id.clone(),
            scope: request.scope().clone(),
            claims: claims.clone(),
        };
        let expires_at = now.plus(provider.config.lifetimes.pending_request);
        let scopes = request.scope().iter().filter(|name| ![OPENID, OFFLINE_ACCESS].contains(name));
        let scopes = scopes.map(|name| pages::Scope {
            name: name.to_owned(),
            description: provider.scopes.get(name).cloned(),
        });
        let page = pages::Consent {
            hidden: vec![
                Field::new(PENDING, interaction.pending.seal(provider, browser)?),
                Field::new(SHOWN, provider.sealer.seal(Purpose::ConsentForm, &shown, expires_at)?),
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

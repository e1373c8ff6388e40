//! The authorization endpoint (RFC 6749 §3.1; OIDC Core §3.1.2, §3.2.2, §3.3.2): load, decide, reply.
//!
//! Every page that the End-User is sent to ends by coming back here, where everything is decided anew.

mod parameters;

use std::sync::Arc;

use poem::Response;
use poem_openapi::OpenApi;

use crate::protocol::authorization::{Decision, Facts};
use crate::protocol::code::{self, Code};
use crate::protocol::session::{Consent, Session};
use crate::protocol::{self, Parameters, Scope, Timestamp, id_token};
use crate::seal::Purpose;
use crate::secret;
use crate::storage::{account, consents};

use super::answer::{Answer, Answers, Documentation, PAGE_BODY, PAGE_FAULTS};
use super::browser::{Seat, see_other};
use super::cookies::Visitor;
use super::fault::{Fault, Halt};
use super::form::{Form, Query};
use super::interaction::Interaction;
use super::issuance::{Bound, Issuance};
use super::openapi::Tag;
use super::pending::{Found, PENDING, Pending};
use super::provider::Provider;
use parameters::AuthorizationParameters;

pub struct Authorization(pub Arc<Provider>);

const SHOWN: Documentation = Documentation::page(
    400,
    "An error that is for the End-User, as client or redirect URI are in doubt.",
);

/// Answers to a request.
struct Asked;

impl Answers for Asked {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            Documentation::page(
                200,
                "The answer, as a page that posts it to the redirect URI (`response_mode=form_post`).",
            ),
            Documentation::redirect(
                "The answer, in query or fragment of the redirect URI: `code`, `access_token`, `token_type`, `expires_in`, `scope`, \
                 `id_token`, `state`, `iss` as asked; or `error`, `error_description`, `state`, `iss`. Or the next page for the \
                 End-User.",
            ),
            SHOWN,
        ],
        PAGE_FAULTS,
    ];
}

/// Answers to a request that was posted.
struct Posted;

impl Answers for Posted {
    const ANSWERS: &'static [&'static [Documentation]] = &[
        &[
            Documentation::redirect(
                "To this endpoint by GET, with the request sealed. Or, if the request is too long for that, the error in query or \
                 fragment of the redirect URI.",
            ),
            Documentation::page(
                200,
                "That error, as a page that posts it to the redirect URI (`response_mode=form_post`).",
            ),
            SHOWN,
        ],
        PAGE_BODY,
        PAGE_FAULTS,
    ];
}

#[OpenApi(tag = "Tag::Authorization")]
impl Authorization {
    /// Ask for authorization
    ///
    /// Logs the End-User in and asks for their consent where needed, and answers to the redirect URI
    /// (RFC 6749 §4.1.1, §4.2.1; OIDC Core §3.1.2.1).
    #[oai(path = "/oauth2/authorize", method = "get", operation_id = "authorize")]
    async fn authorize(
        &self,
        parameters: Query<AuthorizationParameters>,
        visitor: Visitor,
    ) -> Answer<Asked> {
        let result = self.answer(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }

    /// Ask for authorization by POST
    ///
    /// Answered by a redirect to the same endpoint, so that the session's cookie comes along.
    #[oai(path = "/oauth2/authorize", method = "post", operation_id = "authorizeByPost")]
    async fn authorize_by_post(
        &self,
        parameters: Form<AuthorizationParameters>,
        visitor: Visitor,
    ) -> Answer<Posted> {
        let result = self.to_get(&parameters.parameters, &visitor).await;
        self.0.page(result, &visitor).into()
    }
}

impl Authorization {
    async fn to_get(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let pending = Pending::new(parameters, self.0.now());
        if parameters.within(protocol::authorization::LIMIT).is_err() {
            // Too long for a URL. GET would refuse it, and so does this, to whoever GET would tell.
            Interaction::load(&self.0, pending.clone(), visitor).await?;
        }
        let sealed = pending.seal(&self.0, None)?;
        Ok(see_other(&format!("/oauth2/authorize?{PENDING}={sealed}")))
    }

    async fn answer(&self, parameters: &Parameters, visitor: &Visitor) -> Result<Response, Halt> {
        let provider = &*self.0;
        let now = provider.now();
        let pending = match parameters.all(PENDING).next() {
            None => Pending::new(parameters, now),
            Some(sealed) => match Pending::open(provider, sealed, visitor, now) {
                Found::Current(pending) => pending,
                Found::Unbound(pending) | Found::Expired(pending) | Found::Elsewhere(pending) => {
                    pending.anew(now)
                }
                Found::Nothing => {
                    return Ok(super::interaction::elsewhere(provider, visitor));
                }
            },
        };
        let interaction = Interaction::load(provider, pending, visitor).await?;
        let (endpoint, registered) = (interaction.endpoint.clone(), interaction.registered.clone());
        match self.decide(interaction, visitor, now).await {
            Ok(response) => Ok(response),
            // From here on there is a client to tell, even of what we failed in.
            Err(fault) => {
                tracing::error!(reference = visitor.reference, %fault, "fault");
                let reply = endpoint.refuse(&fault.error(), &visitor.reference);
                Ok(provider.leave(reply, &registered.client)?)
            }
        }
    }

    /// Loads what the world holds, and does what the core decides.
    async fn decide(
        &self,
        interaction: Interaction,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let hint = match self.hint(&interaction) {
            Ok(hint) => hint,
            Err(error) => return interaction.refuse(provider, &error, visitor),
        };
        let seat = provider.seat(visitor, now).await?;
        let consent = self.consent(&interaction, seat.as_ref()).await?;
        let facts = Facts { session: seat.as_ref().map(Seat::session), consent, hint };
        match interaction.request.decide(facts) {
            Decision::LogIn => provider.go("/login", &interaction.pending, visitor),
            Decision::ChooseAccount => provider.go("/choice", &interaction.pending, visitor),
            Decision::AskConsent => provider.go("/consent", &interaction.pending, visitor),
            Decision::Refuse(error) => interaction.refuse(provider, &error, visitor),
            Decision::Grant { session, scope } => {
                let account = seat.map(|seat| seat.account);
                let granting = Granting { session, scope, account };
                self.grant(interaction, &granting, visitor, now)
            }
        }
    }

    /// The subject of `id_token_hint`, if one was given.
    fn hint(&self, interaction: &Interaction) -> Result<Option<String>, protocol::Error> {
        let Some(token) = interaction.request.id_token_hint() else { return Ok(None) };
        let hint = self.0.hint(token, Some(&interaction.registered)).ok_or_else(|| {
            protocol::Code::InvalidRequest
                .because("id_token_hint is not an ID Token of this issuer")
        })?;
        Ok(Some(hint.subject))
    }

    /// What whoever is logged in has agreed to.
    async fn consent(
        &self,
        interaction: &Interaction,
        seat: Option<&Seat>,
    ) -> Result<Option<Consent>, Fault> {
        let Some(seat) = seat else { return Ok(None) };
        let client_id = &interaction.client().client_id;
        let row = consents::find(&self.0.storage, &seat.account.id, client_id).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Consent {
            scope: Scope::from(row.scope),
            claims: serde_json::from_str(&row.claims)?,
            answered: row.answered,
        }))
    }

    /// Makes what was asked for. Nothing is stored: a code and a front-channel token stand for themselves.
    fn grant(
        &self,
        interaction: Interaction,
        granting: &Granting,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let provider = &*self.0;
        let Granting { session, scope, account } = granting;
        let Interaction { registered, request, .. } = &interaction;
        let client = &registered.client;
        let response_type = request.response_type();
        let issuance = Issuance {
            registered,
            subject: &session.subject,
            authentication: &session.authentication,
            scope,
            claims: request.claims(),
            bound: Bound::Session(&session.sid),
        };
        let code =
            response_type.code.then(|| self.code(&interaction, granting, now)).transpose()?;
        if code.as_ref().is_some_and(|code| code.len() > code::LIMIT) {
            let reason = "claims, nonce or scope are too long to fit into a code";
            let error = protocol::Code::InvalidRequest.because(reason);
            return interaction.refuse(provider, &error, visitor);
        }
        let access_token = response_type.token.then(|| issuance.access_token(provider, now));
        let access_token = access_token.transpose()?;
        let mut granted = Vec::new();
        if response_type.id_token {
            let mut id_token = issuance.id_token(provider, now);
            id_token.nonce = request.nonce();
            let hash =
                |value: &str| id_token::half_hash(client.id_token_signed_response_alg, value);
            id_token.at_hash = access_token.as_ref().map(|issued| hash(&issued.token));
            id_token.c_hash = code.as_deref().map(hash);
            let issued = response_type.token || response_type.code;
            id_token.person = issuance.of_id_token(provider, account.as_ref(), issued)?;
            granted.push(("id_token", issuance.sign(provider, &id_token, now)?));
        }
        if let Some(issued) = access_token {
            granted.extend([
                ("access_token", issued.token),
                ("token_type", "Bearer".to_owned()),
                ("expires_in", issued.expires_in.as_secs().to_string()),
            ]);
            granted.extend(request.differing(scope).map(|scope| ("scope", scope.to_string())));
        }
        granted.extend(code.map(|code| ("code", code)));
        tracing::info!(
            reference = visitor.reference,
            client_id = client.client_id,
            account_id = session.account_id,
            %response_type,
            "authorization granted"
        );
        let Interaction { registered, endpoint, .. } = interaction;
        provider.leave(endpoint.grant(granted), &registered.client)
    }
}

impl Authorization {
    /// A code: what was granted, sealed.
    fn code(
        &self,
        interaction: &Interaction,
        granting: &Granting,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let Interaction { registered, endpoint, request, .. } = interaction;
        let Granting { session, scope, .. } = granting;
        let client_id = &registered.client.client_id;
        let content = Code::new(request, client_id, endpoint, session, scope, secret::id());
        let expires_at = now.plus(self.0.config.lifetimes.code);
        Ok(self.0.sealer.seal(Purpose::Code, &content, expires_at)?)
    }
}

/// What was decided, and whose it is.
struct Granting {
    session: Session,
    scope: Scope,
    account: Option<account::Model>,
}

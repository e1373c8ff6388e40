//! Scope granted ⊆ consented ⊆ allowed, from the request to the tokens.

use std::time::Duration;

use proptest::prelude::*;

use super::{Case, almost_good, facts, many, scopes};
use crate::protocol::authorization::Decision;
use crate::protocol::samples::{
    NOW, VERIFIER, authenticated, endpoint, parameters, policy, validate,
};
use crate::protocol::scope::{OFFLINE_ACCESS, OPENID};
use crate::protocol::token::Redemption;
use crate::protocol::token::authorization_code::{self, Judgement};
use crate::protocol::{Client, Scope, code};

proptest! {
    #![proptest_config(many())]

    #[test]
    fn no_scope_is_granted_that_was_not_asked_for_allowed_and_consented_to(
        Case { client, parameters: sent } in almost_good(),
        facts in facts(),
        allowed_later in scopes(),
    ) {
        let Ok(request) = validate(&sent, &client) else { return Ok(()) };
        let text = sent.get("scope").unwrap().unwrap_or_default();
        let asked = Scope::parse(text, client.scope_delimiter).unwrap();
        for above in [&asked, &client.scope, &policy().scopes] {
            prop_assert!(request.scope().is_subset(above));
        }
        prop_assert!(request.scope() == &asked || asked.contains(OPENID));
        prop_assert_eq!(request.differing(request.scope()).is_some(), request.scope() != &asked);
        let prompt = sent.get("prompt").unwrap().unwrap_or_default();
        if request.scope().contains(OFFLINE_ACCESS) {
            prop_assert!(request.response_type().code);
            prop_assert!(client.is_trusted() || prompt.contains("consent"));
        }

        let consent = facts.consent.clone();
        let Decision::Grant { session, scope } = request.decide(facts) else { return Ok(()) };
        prop_assert!(scope.is_subset(request.scope()));
        let consented = consent.is_some_and(|consent| {
            scope.is_subset(&consent.scope)
                && (client.is_identifiable() || consent.answered == request.id())
        });
        prop_assert!(consented || client.is_trusted() && !prompt.contains("consent"));

        let endpoint = endpoint(&sent, &client).unwrap();
        let code = code::Code::new(&request, "app", &endpoint, &session, &scope, "g".to_owned());
        // A challenge that was spoiled into another good one is met by a verifier that nobody has.
        if code.challenge.as_ref().is_some_and(|challenge| !challenge.is_met_by(VERIFIER)) {
            return Ok(());
        }
        let later = Client { scope: allowed_later.clone(), ..client };
        let Judgement::Honour(grant) = redeem(&code, &later) else {
            prop_assert!(false, "a code with all its bindings is honoured");
            return Ok(());
        };
        prop_assert!(grant.scope.is_subset(&scope) && grant.scope.is_subset(&allowed_later));
        prop_assert_eq!(grant.offline, grant.scope.contains(OFFLINE_ACCESS));
    }
}

/// Redeems a code as its own client would.
fn redeem(code: &code::Code, client: &Client) -> Judgement {
    let mut sent = vec![("grant_type", "authorization_code"), ("code", "sealed")];
    sent.extend(code.redirect_uri.as_deref().map(|uri| ("redirect_uri", uri)));
    sent.extend(code.challenge.as_ref().map(|_| ("code_verifier", VERIFIER)));
    let Ok(Redemption::AuthorizationCode(redemption)) =
        Redemption::read(&parameters(&sent), &authenticated(client))
    else {
        unreachable!()
    };
    let expires_at = NOW.plus(Duration::from_secs(60));
    let facts =
        authorization_code::Facts { code: Some(code), expires_at, redeemed: false, alive: true };
    redemption.judge(client, &facts, NOW)
}

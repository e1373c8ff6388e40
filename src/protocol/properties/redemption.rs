//! What is redeemed once is never redeemed again. The stores are modelled, the judgements are the product's.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{many, scopes};
use crate::protocol::samples::{
    CALLBACK, NOW, VERIFIER, ask, authenticated, endpoint, parameters, scope, session, validate,
    web,
};
use crate::protocol::token::{Grant, Redemption, authorization_code, refresh_token};
use crate::protocol::{Client, Timestamp, code};

/// One presentation of the code, each part right or wrong.
#[derive(Clone, Debug)]
struct Presentation {
    client_id: &'static str,
    redirect_uri: &'static str,
    code_verifier: &'static str,
    after: Duration,
    alive: bool,
}

const WRONG_VERIFIER: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

fn presentation() -> impl Strategy<Value = Presentation> {
    let mostly =
        |right, wrong: &'static [&'static str]| prop_oneof![4 => Just(right), 1 => select(wrong)];
    (
        mostly("app", &["other"]),
        mostly(CALLBACK, &["", "https://app.example/cb/", "https://evil.example"]),
        mostly(VERIFIER, &["", WRONG_VERIFIER]),
        0..100_000_u64,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(client_id, redirect_uri, code_verifier, after, alive)| Presentation {
            client_id,
            redirect_uri,
            code_verifier,
            after: Duration::from_millis(after),
            alive,
        })
}

/// A code, made with or without the parameters that bind it.
fn code(with_redirect_uri: bool, with_challenge: bool) -> code::Code {
    let mut changes = vec![("scope", "profile")];
    if !with_redirect_uri {
        changes.push(("redirect_uri", ""));
    }
    if !with_challenge {
        changes.extend([("code_challenge", ""), ("code_challenge_method", "")]);
    }
    let parameters = ask(&changes);
    let request = validate(&parameters, &web()).unwrap();
    let endpoint = endpoint(&parameters, &web()).unwrap();
    code::Code::new(&request, "app", &endpoint, &session("alice"), request.scope(), "g".to_owned())
}

fn judge_code(
    code: &code::Code,
    redeemed: bool,
    presented: &Presentation,
) -> authorization_code::Judgement {
    let client = Client { client_id: presented.client_id.to_owned(), ..web() };
    let sent = parameters(&[
        ("grant_type", "authorization_code"),
        ("code", "sealed"),
        ("redirect_uri", presented.redirect_uri),
        ("code_verifier", presented.code_verifier),
    ]);
    let Ok(Redemption::AuthorizationCode(redemption)) =
        Redemption::read(&sent, &authenticated(&client))
    else {
        unreachable!()
    };
    let expires_at = NOW.plus(Duration::from_secs(60));
    let facts = authorization_code::Facts {
        code: Some(code),
        expires_at,
        redeemed,
        alive: presented.alive,
    };
    redemption.judge(&client, &facts, NOW.plus(presented.after))
}

/// A refresh token of the family, as its rows say.
struct Row {
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    successor: Option<usize>,
}

const LIFE: Duration = Duration::from_secs(60);

fn grant() -> Grant {
    Grant {
        grant_id: "g".to_owned(),
        account_id: "a".to_owned(),
        client_id: "app".to_owned(),
        sid: None,
        offline: true,
        scope: scope("openid profile offline_access"),
        claims: Default::default(),
        authentication: session("alice").authentication,
    }
}

fn judge_refresh(
    client: &Client,
    facts: &refresh_token::Facts<'_>,
    asked: &str,
    now: Timestamp,
) -> refresh_token::Judgement {
    let client = authenticated(client);
    let sent =
        parameters(&[("grant_type", "refresh_token"), ("refresh_token", "r"), ("scope", asked)]);
    let Ok(Redemption::RefreshToken(redemption)) = Redemption::read(&sent, &client) else {
        unreachable!()
    };
    redemption.judge(&client, facts, now)
}

proptest! {
    #![proptest_config(many())]

    // CO1, CO2, PK1, PK2
    #[test]
    fn a_code_honoured_once_is_never_honoured_again(
        with_redirect_uri in any::<bool>(),
        with_challenge in any::<bool>(),
        presentations in prop::collection::vec(presentation(), 1..9),
    ) {
        let code = code(with_redirect_uri, with_challenge);
        let mut redeemed = false;
        for presented in presentations {
            let holds = |held: bool, value: &str, right: &str| value == if held { right } else { "" };
            let bound = presented.client_id == "app"
                && holds(with_redirect_uri, presented.redirect_uri, CALLBACK)
                && holds(with_challenge, presented.code_verifier, VERIFIER);
            let in_time = presented.after < Duration::from_secs(60) && presented.alive;
            match judge_code(&code, redeemed, &presented) {
                authorization_code::Judgement::Honour(_) => {
                    prop_assert!(bound && in_time && !redeemed);
                    redeemed = true;
                }
                authorization_code::Judgement::Revoke(..) => prop_assert!(bound && redeemed),
                authorization_code::Judgement::Refuse(_) => {
                    prop_assert!(!bound || !redeemed && !in_time);
                }
            }
        }
    }

    // RT1, RT2, RT3
    #[test]
    fn a_refresh_token_has_one_successor_and_its_reuse_ends_the_family(
        steps in prop::collection::vec(
            (any::<Index>(), any::<bool>(), 0..20_000_u64, prop::bool::weighted(0.1)),
            1..20,
        ),
    ) {
        let grant = grant();
        let mut now = NOW;
        let mut revoked = false;
        let mut rows = vec![Row { expires_at: now.plus(LIFE), used_at: None, successor: None }];
        for (which, newest, passed, stranger) in steps {
            now = now.plus(Duration::from_millis(passed));
            let at = if newest { rows.len() - 1 } else { which.index(rows.len()) };
            let successor_used = rows[at].successor.is_some_and(|next| rows[next].used_at.is_some());
            let used = rows[at].used_at.map(|at| refresh_token::Use { at, successor_used });
            let expires_at = rows[at].expires_at;
            let facts =
                refresh_token::Facts { grant: (!revoked).then_some(&grant), expires_at, used };
            let client = Client {
                client_id: if stranger { "other" } else { "app" }.to_owned(),
                ..web()
            };
            match judge_refresh(&client, &facts, "", now) {
                refresh_token::Judgement::Honour(_) => {
                    prop_assert!(!revoked && !stranger && used.is_none() && now < expires_at);
                    rows[at].used_at = Some(now);
                    rows[at].successor = Some(rows.len());
                    rows.push(Row { expires_at: now.plus(LIFE), used_at: None, successor: None });
                }
                refresh_token::Judgement::Repeat(_) => {
                    let graceful = |used: refresh_token::Use| {
                        now.millis() - used.at.millis() <= 10_000 && !used.successor_used
                    };
                    prop_assert!(!revoked && !stranger && used.is_some_and(graceful));
                }
                refresh_token::Judgement::Revoke(..) => {
                    prop_assert!(!revoked && !stranger && used.is_some());
                    revoked = true;
                }
                refresh_token::Judgement::Refuse(_) => {
                    prop_assert!(revoked || stranger || used.is_none() && now >= expires_at);
                }
            }
        }
    }

    #[test]
    fn refresh_never_widens_the_scope(
        given in scopes(),
        allowed in scopes(),
        asked in prop::collection::vec(scopes(), 1..4),
        used in any::<bool>(),
    ) {
        let grant = Grant { scope: given.clone(), ..grant() };
        let client = Client { scope: allowed.clone(), ..web() };
        let used = used.then_some(refresh_token::Use { at: NOW, successor_used: false });
        let facts = refresh_token::Facts { grant: Some(&grant), expires_at: NOW.plus(LIFE), used };
        for asked in asked {
            match judge_refresh(&client, &facts, &asked.to_string(), NOW) {
                refresh_token::Judgement::Honour(scope) | refresh_token::Judgement::Repeat(scope) => {
                    prop_assert!(scope.is_subset(&given) && scope.is_subset(&allowed));
                    prop_assert!(asked.is_empty() || scope.is_subset(&asked));
                }
                refresh_token::Judgement::Refuse(_) => prop_assert!(!asked.is_subset(&given)),
                refresh_token::Judgement::Revoke(..) => prop_assert!(false, "nothing was reused"),
            }
        }
    }
}

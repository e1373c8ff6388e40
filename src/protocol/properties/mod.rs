//! What holds whatever is sent.
//!
//! The generators start from a good request and spoil up to three parameters, since one that is wrong everywhere is refused at
//! the first check and tries nothing behind it. Each property was seen to fail on a planted bug before it was believed.

mod authorization;
mod discovery;
mod redemption;
mod scope;
mod text;

use std::fmt;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::Config;

use super::authorization::Facts;
use super::claims_request::ClaimsRequest;
use super::samples::{self, CHALLENGE, ID, NOW, native, spa, web};
use super::scope::Delimiter;
use super::session::{Consent, Session};
use super::{Client, Parameters, Scope, Timestamp};

/// A client, and a request that is almost good for it.
#[derive(Clone)]
struct Case {
    client: Client,
    parameters: Parameters,
}

/// With the values, which [`Parameters`] keep to themselves.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} asks {}", self.client, self.parameters.encode())
    }
}

/// Clients of every kind that the checks tell apart.
fn clients() -> Vec<Client> {
    let several = ["https://app.example", "https://app.example:8443/cb?tenant=7"];
    let local = vec!["http://127.0.0.1/cb".to_owned()];
    vec![
        web(),
        spa(),
        native(),
        Client { scope_delimiter: Delimiter::Comma, ..web() },
        Client { trusted: true, ..web() },
        Client {
            redirect_uris: several.map(str::to_owned).to_vec(),
            first_redirect_uri_is_default: true,
            ..web()
        },
        Client { redirect_uris: local, trusted: true, ..spa() },
        Client { scope: samples::scope("openid api internal"), default_max_age: Some(60), ..web() },
    ]
}

/// What a request may hold beside what every good one holds.
const MORE: &[(&str, &str)] = &[
    ("prompt", "none"),
    ("prompt", "login"),
    ("prompt", "consent"),
    ("prompt", "select_account"),
    ("prompt", "login consent select_account"),
    ("max_age", "0"),
    ("max_age", "60"),
    ("max_age", "86400"),
    ("response_mode", "query"),
    ("response_mode", "fragment"),
    ("response_mode", "form_post"),
    ("claims", r#"{"id_token": {"sub": {"value": "alice"}}}"#),
    ("claims", r#"{"userinfo": {"sub": {"values": ["alice", "bob"]}, "groups": null}}"#),
    ("claims", r#"{"id_token": {"acr": {"essential": true, "value": "urn:mfa"}}}"#),
    ("claims", r#"{"id_token": {"acr": {"essential": true}, "auth_time": null}}"#),
    ("acr_values", "urn:mfa urn:pwd"),
    ("display", "popup"),
    ("login_hint", "alice"),
    ("ui_locales", "de en"),
    ("state", " a&b=c%20+<\"'>\u{fc} "),
    ("scope", "openid profile email phone offline_access unheard-of"),
    ("scope", "openid api internal"),
    ("scope", "profile"),
    ("scope", "openid,profile,email"),
    ("scope", ""),
];

/// What some parser somewhere takes for something else.
const NASTY: &[&str] = &[
    "",
    " ",
    "none",
    "none login",
    "code token",
    "id_token",
    "query",
    "0",
    "-1",
    "99999999999999999999",
    "*",
    "openid\u{a0}email",
    "a\r\nLocation: https://evil.example",
    "\0",
    "\u{fffd}",
    "\u{202e}",
    "{\"id_token\": {\"sub\": {\"value\": \"mallory\"}}}",
    "{\"userinfo\": []}",
    "https://evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example\\@evil.example/cb",
    "https://app.example/cb/../evil",
    "https://app.example/cb?code=x",
    "https://app.example/cb#code=x",
    "//evil.example",
    "javascript:alert(1)",
    "http://127.0.0.1:51004/cb",
    "http://127.0.0.1:80@evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost/cb",
    "http://[::1]:9/cb?x=1",
    "com.example.tool:/cb",
    "com.example.tool://evil.example",
];

/// What turns a good redirect URI into another one, depending on where it stands.
const PIECES: &[&str] = &[
    "@",
    "/",
    ":",
    ".",
    "\\",
    "%",
    "?",
    "#",
    "&",
    ";",
    "*",
    "a",
    "A",
    " ",
    "\t",
    ":80",
    ":51004",
    ":0",
    "@evil.example",
    ":80@evil.example",
    ".evil.example",
    "/..",
    "/%2e%2e",
    "..;/",
    "evil.example/",
    "?code=x",
    "#@",
    "javascript:",
    "\0",
    "\u{ad}",
    "\u{ff0e}",
];

const NAMES: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "claims",
    "acr_values",
    "id_token_hint",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "registration",
    "display",
    "unknown",
];

/// One way to spoil a request.
#[derive(Clone, Debug)]
enum Spoil {
    Remove(Index),
    Repeat(Index),
    Replace(Index, String),
    /// Another character within a value, or one more.
    Alter(Index, Index, char, bool),
    /// A piece more within the redirect URI, where it matters most.
    ExtendRedirectUri(Index, &'static str),
    Add(String, String),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let index = any::<Index>;
    let value = || prop_oneof![3 => select(NASTY).prop_map(str::to_owned), 1 => ".{0,40}"];
    let character = || prop_oneof![3 => select(r"@:/\.?#%&;,*[]0aA ".chars().collect::<Vec<_>>()), 1 => any::<char>()];
    let name = prop_oneof![9 => select(NAMES).prop_map(str::to_owned), 1 => ".{0,9}"];
    prop_oneof![
        index().prop_map(Spoil::Remove),
        index().prop_map(Spoil::Repeat),
        (index(), value()).prop_map(|(at, value)| Spoil::Replace(at, value)),
        (index(), index(), character(), any::<bool>())
            .prop_map(|(at, place, character, more)| Spoil::Alter(at, place, character, more)),
        (index(), select(PIECES)).prop_map(|(place, piece)| Spoil::ExtendRedirectUri(place, piece)),
        (name, value()).prop_map(|(name, value)| Spoil::Add(name, value)),
    ]
}

type Pairs = Vec<(String, String)>;

impl Spoil {
    fn apply(self, pairs: &mut Pairs) {
        if pairs.is_empty() {
            return;
        }
        match self {
            Self::Remove(at) => drop(pairs.remove(at.index(pairs.len()))),
            Self::Repeat(at) => pairs.push(at.get(pairs).clone()),
            Self::Replace(at, value) => at.get_mut(pairs).1 = value,
            Self::Alter(at, place, character, more) => {
                alter(&mut at.get_mut(pairs).1, place, character, more);
            }
            Self::ExtendRedirectUri(place, piece) => {
                if let Some((_, uri)) = pairs.iter_mut().find(|(name, _)| name == "redirect_uri") {
                    let places: Vec<usize> = uri.char_indices().map(|(at, _)| at).collect();
                    let end = uri.len();
                    uri.insert_str(*place.get(&[places, vec![end]].concat()), piece);
                }
            }
            Self::Add(name, value) => pairs.push((name, value)),
        }
    }
}

fn alter(text: &mut String, place: Index, character: char, more: bool) {
    let mut characters: Vec<char> = text.chars().collect();
    let at = place.index(characters.len() + 1);
    if more || at == characters.len() {
        characters.insert(at, character);
    } else {
        characters[at] = character;
    }
    *text = characters.into_iter().collect();
}

fn almost_good() -> impl Strategy<Value = Case> {
    let more = subsequence(MORE, 0..5);
    let spoils = prop::collection::vec(spoil(), 0..=3);
    (select(clients()), any::<Index>(), any::<Index>(), more, spoils).prop_map(
        |(client, response_type, redirect_uri, more, spoils)| {
            let response_types: Vec<_> = client.response_types.iter().collect();
            let scope = match client.scope_delimiter {
                Delimiter::Space => "openid profile",
                Delimiter::Comma => "openid,profile",
            };
            let mut pairs: Pairs = Vec::new();
            let good = [
                ("client_id", "app"),
                ("redirect_uri", redirect_uri.get(&client.redirect_uris).as_str()),
                ("response_type", &*response_type.get(&response_types).to_string()),
                ("scope", scope),
                ("state", "s"),
                ("nonce", "n"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ];
            for (name, value) in more.into_iter().chain(good) {
                if pairs.iter().all(|(known, _)| known != name) {
                    pairs.push((name.to_owned(), value.to_owned()));
                }
            }
            spoils.into_iter().for_each(|spoil| spoil.apply(&mut pairs));
            Case { client, parameters: pairs.into_iter().collect() }
        },
    )
}

/// The cases are cheap, and a bug in a corner is missed by few.
fn many() -> Config {
    Config::with_cases(2048)
}

fn people() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("alice"), 1 => Just("bob")]
}

/// Someone's session, which may have answered this request or another.
fn session() -> impl Strategy<Value = Session> {
    let acr = select(vec![None, Some("urn:pwd"), Some("urn:mfa")]);
    let answered = || select(vec!["r0", ID]);
    (people(), -90_000_000..90_000_000_i64, acr, answered(), prop::option::of(answered())).prop_map(
        |(subject, age, acr, login_answered, choice_answered)| {
            let mut session = samples::session(subject);
            session.authentication.auth_time = Timestamp::from_millis(NOW.millis() - age);
            session.authentication.acr = acr.map(str::to_owned);
            session.login_answered = login_answered.to_owned();
            session.choice_answered = choice_answered.map(str::to_owned);
            session
        },
    )
}

const SCOPES: &[&str] = &["openid", "profile", "email", "phone", "api", "offline_access"];

fn scopes() -> impl Strategy<Value = Scope> {
    subsequence(SCOPES, 0..=SCOPES.len()).prop_map(|names| names.into_iter().collect())
}

fn consent() -> impl Strategy<Value = Consent> {
    let claims = subsequence(&["groups", "name"][..], 0..=2);
    (scopes(), claims, select(vec!["r0", ID])).prop_map(|(scope, claims, answered)| Consent {
        scope,
        claims: claims.into_iter().map(str::to_owned).collect(),
        answered: answered.to_owned(),
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    use prop::option::weighted;
    (weighted(0.8, session()), weighted(0.8, consent()), weighted(0.2, people())).prop_map(
        |(session, consent, hint)| Facts { session, consent, hint: hint.map(str::to_owned) },
    )
}

/// The values of `acr` without which the request must fail.
fn demanded_acr(claims: &ClaimsRequest) -> Option<&[serde_json::Value]> {
    let demand = claims.id_token.get("acr").filter(|demand| demand.essential)?;
    (!demand.values.is_empty()).then_some(demand.values.as_slice())
}

//! The parameters of an authorization request, as the document shows them. They are read by `protocol::authorization`.

use poem_openapi::{Enum, Object};

/// The parameters of an authorization request.
#[derive(Object)]
pub(super) struct AuthorizationParameters {
    /// The client that asks. Required.
    client_id: Option<String>,
    /// What is asked for: `code`, `token` and `id_token` in any combination and order, separated by spaces. Required.
    #[oai(validator(pattern = "^(code|id_token|token)( (code|id_token|token)){0,2}$"))]
    response_type: Option<String>,
    /// How the answer travels: in the query by default for `code`, else in the fragment. A token never travels in a query.
    response_mode: Option<ResponseMode>,
    /// Where the answer goes: byte for byte one of the registered URIs. Required with the scope `openid`, or if several are registered.
    redirect_uri: Option<String>,
    /// What is asked for, separated by spaces; `openid` makes it an OpenID Connect request.
    scope: Option<String>,
    /// Echoed in the answer.
    state: Option<String>,
    /// Goes into the ID Token. Required whenever one comes from this endpoint.
    nonce: Option<String>,
    /// PKCE (RFC 7636): `BASE64URL(SHA256(code_verifier))`. Required of public clients that ask for a code.
    #[oai(validator(pattern = "^[A-Za-z0-9._~-]{43,128}$"))]
    code_challenge: Option<String>,
    /// How the challenge was made. `plain`, which is what omission means, is refused unless configured.
    code_challenge_method: Option<CodeChallengeMethod>,
    /// What the End-User is to be asked: `none`, or any of `login`, `consent` and `select_account`, separated by spaces.
    #[oai(validator(
        pattern = "^(none|(login|consent|select_account)( (login|consent|select_account))*)$"
    ))]
    prompt: Option<String>,
    /// The oldest login that will do, in seconds.
    max_age: Option<u64>,
    /// Whom the client expects; fills in the login page.
    login_hint: Option<String>,
    /// An ID Token of the person whom the client expects, even an expired one.
    id_token_hint: Option<String>,
    /// Languages that the End-User prefers (BCP 47), best first, separated by spaces.
    ui_locales: Option<String>,
    /// Languages for claims (BCP 47), best first, separated by spaces.
    claims_locales: Option<String>,
    /// Authentication contexts that the client would like, best first, separated by spaces.
    acr_values: Option<String>,
    /// How the End-User's device shows pages.
    display: Option<Display>,
    /// Claims asked for one by one: a JSON object with the members `userinfo` and `id_token` (OIDC Core §5.5).
    claims: Option<String>,
    /// Not supported: answered with `request_not_supported`.
    request: Option<String>,
    /// Not supported: answered with `request_uri_not_supported`.
    request_uri: Option<String>,
    /// Not supported: answered with `registration_not_supported`.
    registration: Option<String>,
    /// A request that waits for the End-User, as our own pages pass it on. It stands for all other parameters, and they are ignored.
    pending: Option<String>,
}

/// How the answer travels to the client.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// How `code_challenge` was made from `code_verifier`.
#[derive(Enum)]
enum CodeChallengeMethod {
    S256,
    #[oai(rename = "plain")]
    Plain,
}

/// How the End-User's device shows pages.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum Display {
    Page,
    Popup,
    Touch,
    Wap,
}

//! An authorization response as the application receives it, and all that must hold for every one.

use std::collections::BTreeMap;

use url::Url;

use super::app::Request;
use super::id_token::Claims;

/// A success or an error, whichever way it came.
#[derive(Clone, Debug)]
pub struct Answer {
    request: Request,
    parameters: BTreeMap<String, String>,
}

/// A code with what it is bound to, ready to be redeemed. Stories that cheat change its fields.
#[derive(Clone, Debug)]
pub struct Code {
    pub value: String,
    pub redirect_uri: Option<String>,
    pub verifier: Option<String>,
    /// What the ID Token will have to say.
    pub nonce: Option<String>,
}

/// What may stand in a response.
const SUCCESS: &[&str] = &[
    "code",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "id_token",
    "state",
    "iss",
    "session_state",
];
const FAILURE: &[&str] = &["error", "error_description", "error_uri", "state", "iss"];

impl Answer {
    /// Reads the URL, or the form, to which the browser was sent; says what is wrong with it.
    pub(super) fn read(
        request: Request,
        url: &Url,
        posted: Option<&[(String, String)]>,
    ) -> Result<Self, String> {
        let mode = mode(&request);
        let pairs: Vec<(String, String)> = match mode {
            "form_post" => posted.ok_or("the response is not posted")?.to_vec(),
            _ if posted.is_some() => return Err(format!("posted, but the mode is {mode}")),
            "query" => own_query(&request, url),
            _ => url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
        };
        if !request
            .get("redirect_uri")
            .unwrap_or(request.app.redirect_uri())
            .starts_with(before(url))
        {
            return Err(format!("{url} is not the redirect URI"));
        }
        if mode != "query"
            && (!own_query(&request, url).is_empty()
                || (mode == "form_post" && url.fragment().is_some()))
        {
            return Err(format!("{mode}, yet the URL carries something: {url}"));
        }
        if mode == "query" && url.fragment().is_some() {
            return Err(format!("a query response with a fragment: {url}"));
        }
        let parameters: BTreeMap<_, _> = pairs.iter().cloned().collect();
        if parameters.len() != pairs.len() {
            return Err(format!("a parameter is repeated: {pairs:?}"));
        }
        let answer = Self { request, parameters };
        answer.holds().map(|()| answer)
    }

    fn holds(&self) -> Result<(), String> {
        let failed = self.get("error").is_some();
        let known = if failed { FAILURE } else { SUCCESS };
        if let Some(stray) = self.parameters.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!(
                "{stray} does not belong into this response: {:?}",
                self.parameters
            ));
        }
        if self.get("state") != self.request.get("state") {
            return Err(format!(
                "state: sent {:?}, received {:?}",
                self.request.get("state"),
                self.get("state")
            ));
        }
        if self.get("iss") != Some(self.request.app.issuer()) {
            return Err(format!("iss {:?} (RFC 9207)", self.get("iss")));
        }
        if failed {
            let description = self.get("error_description").unwrap_or_default();
            let plain = description
                .bytes()
                .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\');
            return plain.then_some(()).ok_or_else(|| format!("error_description {description:?}"));
        }
        for (name, word) in [("code", "code"), ("access_token", "token"), ("id_token", "id_token")]
        {
            if self.get(name).is_some() != self.request.asks_for(word) {
                return Err(format!(
                    "{name} is there or missing against the response type: {:?}",
                    self.parameters
                ));
            }
        }
        if self.get("code").is_some_and(|code| code.len() < 22) {
            return Err("a code of less than 128 bits".to_owned());
        }
        if self.get("access_token").is_some() {
            let lifetime = self.get("expires_in").and_then(|seconds| seconds.parse::<u32>().ok());
            if self.get("token_type") != Some("Bearer")
                || lifetime.is_none_or(|seconds| seconds == 0)
            {
                return Err(format!("token_type or expires_in: {:?}", self.parameters));
            }
        }
        Ok(())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    fn demand(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.parameters))
    }

    pub fn code(&self) -> Code {
        Code {
            value: self.demand("code").to_owned(),
            redirect_uri: self.request.get("redirect_uri").map(str::to_owned),
            verifier: self.request.verifier.clone(),
            nonce: self.request.get("nonce").map(str::to_owned),
        }
    }

    pub fn error(&self) -> String {
        self.demand("error").to_owned()
    }

    /// The access token of the front channel.
    pub fn access_token(&self) -> &str {
        self.demand("access_token")
    }

    /// The ID Token of the front channel as it came.
    pub fn raw_id_token(&self) -> &str {
        self.demand("id_token")
    }

    /// The ID Token of the front channel, verified: `nonce`, and the mandatory hashes of what came with
    /// it (OIDC Core §3.2.2.9, §3.3.2.11).
    pub async fn id_token(&self) -> Claims {
        let claims = self.request.app.verify(self.raw_id_token()).await;
        claims.says_nonce(self.request.get("nonce"));
        for (hash, name) in [("at_hash", "access_token"), ("c_hash", "code")] {
            match self.get(name) {
                Some(value) => assert_eq!(claims[hash], claims.hash(value), "{hash} of {name}"),
                None => assert!(claims.get(hash).is_none(), "{hash} without {name}"),
            }
        }
        claims
    }
}

/// `response_mode`, or the default of the response type.
fn mode(request: &Request) -> &str {
    let front_channel = request.asks_for("token") || request.asks_for("id_token");
    match request.get("response_mode") {
        // "response_mode=query" is never honoured for tokens.
        Some("query") if front_channel => "fragment",
        Some(mode @ ("query" | "fragment" | "form_post")) => mode,
        _ if front_channel => "fragment",
        _ => "query",
    }
}

/// The query without what the redirect URI brought along itself.
fn own_query(request: &Request, url: &Url) -> Vec<(String, String)> {
    let registered =
        Url::parse(request.get("redirect_uri").unwrap_or(request.app.redirect_uri())).ok();
    let mut kept: Vec<(String, String)> = registered
        .map(|registered| registered.query_pairs().into_owned().collect())
        .unwrap_or_default();
    let pairs = url.query_pairs().into_owned();
    pairs
        .filter(|pair| match kept.iter().position(|known| known == pair) {
            Some(at) => {
                kept.remove(at);
                false
            }
            None => true,
        })
        .collect()
}

/// The URL up to its query or fragment.
fn before(url: &Url) -> &str {
    url.as_str().split(['?', '#']).next().unwrap_or_default()
}

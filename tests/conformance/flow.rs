//! One of the ways to sign in: a response type, and the mode in which the answer travels.

use serde_json::{Map, Value};

use crate::support::{Answer, App, Arrival, Claims, Op, Registration, Request, Tokens};

#[derive(Clone, Copy, Debug)]
pub struct Flow {
    response_type: &'static str,
    response_mode: Option<&'static str>,
}

/// What an application has in hand at the end.
pub struct SignedIn {
    app: App,
    pub answer: Answer,
    /// From the token endpoint, if there was a code.
    pub tokens: Option<Tokens>,
    /// The ID Token: of the front channel if there is one, else of the token endpoint.
    pub id_token: Claims,
}

impl Flow {
    pub const fn of(response_type: &'static str) -> Self {
        Self { response_type, response_mode: None }
    }

    /// With `response_mode=form_post`.
    pub const fn posted(self) -> Self {
        Self { response_mode: Some("form_post"), ..self }
    }

    /// Whether the response type holds this word.
    pub fn has(self, word: &str) -> bool {
        self.response_type.split(' ').any(|known| known == word)
    }

    /// Whether an access token is issued anywhere on the way.
    pub fn has_access_token(self) -> bool {
        self.has("code") || self.has("token")
    }

    pub fn registration(self) -> Registration {
        Registration::web().response_types(&[self.response_type])
    }

    /// A provider, and an application registered for this flow.
    pub async fn begin(self) -> (Op, App) {
        let op = Op::start().await;
        let app = op.app(self.registration()).await;
        (op, app)
    }

    pub fn request(self, app: &App) -> Request {
        let request = app.request();
        match self.response_mode {
            Some(mode) => request.with("response_mode", mode),
            None => request,
        }
    }

    /// Reads the answer, redeems a code, and verifies all that came, as every module of the suite does.
    pub async fn finish(self, app: &App, arrival: &Arrival) -> SignedIn {
        let answer = arrival.answer();
        let front = if self.has("id_token") { Some(answer.id_token().await) } else { None };
        let tokens =
            if self.has("code") { Some(app.redeem(&answer.code()).await.tokens()) } else { None };
        let back = match &tokens {
            Some(tokens) => Some(tokens.id_token().await),
            None => None,
        };
        if let (Some(front), Some(back)) = (&front, &back) {
            assert_eq!((&front["iss"], &front["sub"]), (&back["iss"], &back["sub"]));
        }
        let id_token = front.or(back).expect("an ID Token");
        let signed_in = SignedIn { app: app.clone(), answer, tokens, id_token };
        for access_token in signed_in.access_tokens() {
            assert_eq!(
                app.userinfo(access_token).await.success()["sub"],
                signed_in.id_token["sub"]
            );
        }
        signed_in
    }

    /// Signs in as alice with a fresh browser.
    pub async fn sign_in(self, op: &Op, app: &App, request: Request) -> SignedIn {
        self.finish(app, &op.browser().authorize(request).through("alice").await).await
    }
}

impl SignedIn {
    /// All access tokens, those of the front channel first.
    pub fn access_tokens(&self) -> Vec<&str> {
        let front = self.answer.get("access_token");
        front
            .into_iter()
            .chain(self.tokens.as_ref().map(|tokens| tokens.access_token.as_str()))
            .collect()
    }

    /// The ID Token as it came.
    pub fn raw_id_token(&self) -> &str {
        let back = self.tokens.as_ref().and_then(|tokens| tokens.raw_id_token.as_deref());
        self.answer.get("id_token").or(back).expect("an ID Token")
    }

    pub fn access_token(&self) -> &str {
        self.access_tokens().first().expect("an access token")
    }

    /// The claims about the person, from where this flow gives them: userinfo, or the ID Token where
    /// there is no access token.
    pub async fn person(&self) -> Map<String, Value> {
        match self.access_tokens().first() {
            Some(token) => self.app.userinfo(token).await.success().as_object().unwrap().clone(),
            None => self.id_token.members().clone(),
        }
    }
}

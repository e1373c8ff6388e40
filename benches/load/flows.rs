//! What is measured: one call of each flow, as an application makes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Anyhow;
use crate::browser::Session;
use crate::provider::{Provider, REDIRECT_URI};
use crate::wire::Wire;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Discovery,
    Implicit,
    Code,
    Refresh,
}

impl Flow {
    pub const ALL: [Self; 4] = [Self::Discovery, Self::Implicit, Self::Code, Self::Refresh];

    pub fn title(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Implicit => "implicit id_token token",
            Self::Code => "code, token, userinfo",
            Self::Refresh => "refresh",
        }
    }

    /// Whether each call makes an ID Token (RS256) and an access token (ES256).
    pub fn signs(self) -> bool {
        self != Self::Discovery
    }
}

/// One connection that calls one flow again and again.
pub struct Caller {
    wire: Wire,
    flow: Flow,
    /// Header lines, made once.
    cookie: String,
    authorization: String,
    client_id: String,
    refresh_token: String,
}

impl Caller {
    pub async fn ready(provider: &Provider, session: &Session, flow: Flow) -> Anyhow<Self> {
        let credentials = format!("{}:{}", provider.client_id, provider.client_secret);
        let mut caller = Self {
            wire: Wire::connect(provider.address).await?,
            flow,
            cookie: session.header(),
            authorization: format!("Authorization: Basic {}\r\n", STANDARD.encode(credentials)),
            client_id: provider.client_id.clone(),
            refresh_token: String::new(),
        };
        if flow == Flow::Refresh {
            let tokens = caller.redeem().await?;
            caller.refresh_token = field(&tokens, "refresh_token")?.to_owned();
        }
        Ok(caller)
    }

    pub async fn call(&mut self) -> Anyhow<()> {
        match self.flow {
            Flow::Discovery => self.discover().await,
            Flow::Implicit => self.front_channel().await,
            Flow::Code => {
                let tokens = self.redeem().await?;
                self.ask_userinfo(field(&tokens, "access_token")?).await
            }
            Flow::Refresh => self.refresh().await,
        }
    }

    async fn discover(&mut self) -> Anyhow<()> {
        self.wire.get("/.well-known/openid-configuration", "").await?.expect("200").map(|_| ())
    }

    async fn front_channel(&mut self) -> Anyhow<()> {
        let path = authorization(&self.client_id, "id_token+token");
        let answer = self.wire.get(&path, &self.cookie).await?;
        let fragment = answer.location()?;
        if fragment.contains("id_token=") && fragment.contains("access_token=") {
            return Ok(());
        }
        Err(format!("no tokens in {fragment}").into())
    }

    /// The answer of the token endpoint.
    async fn redeem(&mut self) -> Anyhow<String> {
        let path = authorization(&self.client_id, "code");
        let answer = self.wire.get(&path, &self.cookie).await?;
        let location = answer.location()?;
        let (_, rest) = location.split_once("code=").ok_or(format!("no code in {location}"))?;
        let code = rest.split('&').next().unwrap_or(rest);
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}");
        let answer = self.wire.post("/oauth2/token", &self.authorization, &form).await?;
        Ok(answer.expect("200")?.body)
    }

    async fn ask_userinfo(&mut self, access_token: &str) -> Anyhow<()> {
        let header = format!("Authorization: Bearer {access_token}\r\n");
        self.wire.get("/oauth2/userinfo", &header).await?.expect("200").map(|_| ())
    }

    async fn refresh(&mut self) -> Anyhow<()> {
        let form = format!("grant_type=refresh_token&refresh_token={}", self.refresh_token);
        let answer = self.wire.post("/oauth2/token", &self.authorization, &form).await?;
        let tokens = answer.expect("200")?.body;
        self.refresh_token = field(&tokens, "refresh_token")?.to_owned();
        Ok(())
    }
}

pub fn authorization(client_id: &str, response_type: &str) -> String {
    format!(
        "/oauth2/authorize?response_type={response_type}&client_id={client_id}&redirect_uri={REDIRECT_URI}\
         &scope=openid+profile+email&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj"
    )
}

/// A text member of a JSON object, without parsing all of it. Tokens need no unescaping.
fn field<'a>(json: &'a str, name: &str) -> Anyhow<&'a str> {
    let missing = || format!("no {name} in {json}");
    let (_, rest) = json.split_once(&format!("\"{name}\":")).ok_or_else(missing)?;
    Ok(rest
        .trim_start()
        .strip_prefix('"')
        .and_then(|text| text.split('"').next())
        .ok_or_else(missing)?)
}

//! The flags of `client add`, and the registration that they describe.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use url::Url;

use crate::cli::failure::Failure;
use crate::protocol::client::{
    AccessTokenFormat, ApplicationType, AuthMethod, GrantType, Lifetimes, SecretHash,
};
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::{Delimiter, OFFLINE_ACCESS, Scope};
use crate::protocol::{Algorithm, Client};

#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  A web application that keeps a secret:
    vestibule client add \"Wiki\" --redirect-uri https://wiki.example/callback

  A single-page application with code and PKCE, which may also ask for tokens in the fragment:
    vestibule client add \"Shop\" --public --redirect-uri https://shop.example/ \\
        --response-type code --response-type \"id_token token\" --logout-redirect-uri https://shop.example/

  A mobile application:
    vestibule client add \"Phone\" --public --native --redirect-uri com.example.app:/callback \\
        --scope \"openid offline_access\"

The secret of a confidential client is printed once and cannot be shown again.")]
pub(in crate::cli) struct Registration {
    /// Name that people see on the login and consent pages
    pub(in crate::cli) name: String,
    /// Client id; random, if not given
    #[arg(long)]
    pub(in crate::cli) id: Option<String>,
    /// Where answers may go, compared letter by letter (repeatable)
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub(in crate::cli) redirect_uris: Vec<String>,
    /// Where people may go after signing out (repeatable)
    #[arg(long = "logout-redirect-uri", value_name = "URI")]
    logout_redirect_uris: Vec<String>,
    /// Allowed response type, such as "code" or "id_token token" (repeatable)
    #[arg(long = "response-type", value_name = "WORDS", default_value = "code")]
    response_types: Vec<ResponseType>,
    /// Keeps no secret: a browser or a device runs it
    #[arg(long, conflicts_with = "confidential")]
    public: bool,
    /// Keeps a secret (the default)
    #[arg(long)]
    confidential: bool,
    /// How a confidential client sends its secret
    #[arg(long, value_name = "METHOD", value_enum, default_value_t = SecretBy::Basic, conflicts_with = "public")]
    secret_by: SecretBy,
    /// Runs on a device: loopback redirect URIs with any port, private-use schemes (RFC 8252)
    #[arg(long)]
    native: bool,
    /// Ask no consent; only for clients that authenticate or have https redirect URIs alone
    #[arg(long)]
    trusted: bool,
    /// Everything that it may ever be granted, with spaces between; it may ask for no other claims than these stand for
    #[arg(long, default_value = "openid profile email")]
    scope: String,
    /// Give refresh tokens that end with the session; those that outlive it need the scope offline_access
    #[arg(long)]
    refresh_tokens: bool,
    /// Demand PKCE although the client is confidential
    #[arg(long)]
    require_pkce: bool,
    /// Signature of its ID Tokens
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    id_token_alg: Algorithm,
    /// Form of its access tokens
    #[arg(long, value_enum, default_value_t = Form::Jwt)]
    access_token: Form,
    /// Signature of its access tokens, if they are JWTs
    #[arg(long, value_name = "ALG", default_value = "ES256")]
    access_token_alg: Algorithm,
    /// Audience of its access tokens; the issuer, if not given (repeatable)
    #[arg(long, value_name = "URI")]
    audience: Vec<String>,
    /// Origin of pages that may call us; those of the redirect URIs, if not given (repeatable)
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Seconds after which a person must log in again, if the application does not say
    #[arg(long, value_name = "SECONDS")]
    default_max_age: Option<u64>,
    /// A lifetime of its own in seconds, such as access_token=600; also front_channel_token, id_token,
    /// refresh_idle, refresh_absolute (repeatable)
    #[arg(long = "lifetime", value_name = "NAME=SECONDS")]
    lifetimes: Vec<String>,
    /// Picture for the login page
    #[arg(long, value_name = "URL")]
    logo_uri: Option<Url>,
    /// Its privacy policy
    #[arg(long, value_name = "URL")]
    policy_uri: Option<Url>,
    /// Its terms of service
    #[arg(long, value_name = "URL")]
    tos_uri: Option<Url>,
    /// For old software: scopes are delimited by commas
    #[arg(long)]
    comma_scopes: bool,
    /// For old software: a request without redirect_uri goes to the first of several
    #[arg(long)]
    first_redirect_uri_is_default: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SecretBy {
    /// In the Authorization header
    Basic,
    /// In the body
    Post,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Jwt,
    Opaque,
}

impl Registration {
    pub(in crate::cli) fn is_public(&self) -> bool {
        self.public
    }

    /// The client, if these flags describe one that may be registered.
    pub(in crate::cli) fn client(
        self,
        client_id: String,
        secret: Option<SecretHash>,
    ) -> Result<Client, Failure> {
        let delimiter = if self.comma_scopes { Delimiter::Comma } else { Delimiter::Space };
        let scope = Scope::parse(&self.scope, Delimiter::Space)
            .map_err(|wrong| Failure::new(wrong.description))?;
        let native = self.native;
        let client = Client {
            client_id,
            application_type: if native { ApplicationType::Native } else { ApplicationType::Web },
            grant_types: self.grant_types(&scope)?,
            token_endpoint_auth_method: self.auth_method(),
            client_name: self.name,
            logo_uri: self.logo_uri,
            policy_uri: self.policy_uri,
            tos_uri: self.tos_uri,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.logout_redirect_uris,
            origins: (!self.origins.is_empty()).then_some(self.origins),
            response_types: self.response_types.into_iter().collect(),
            scope,
            scope_delimiter: delimiter,
            secret,
            trusted: self.trusted,
            first_redirect_uri_is_default: self.first_redirect_uri_is_default,
            require_pkce: self.require_pkce,
            id_token_signed_response_alg: self.id_token_alg,
            access_token_format: match self.access_token {
                Form::Jwt => AccessTokenFormat::Jwt,
                Form::Opaque => AccessTokenFormat::Opaque,
            },
            access_token_signed_response_alg: self.access_token_alg,
            audience: self.audience,
            default_max_age: self.default_max_age,
            refresh_tokens_end_with_session: self.refresh_tokens,
            lifetimes: lifetimes(&self.lifetimes)?,
            disabled: false,
        };
        client.validate().map_err(|wrong| Failure::new(wrong.description))?;
        Ok(client)
    }

    /// The grants that the response types and the wish for refresh tokens need.
    fn grant_types(&self, scope: &Scope) -> Result<BTreeSet<GrantType>, Failure> {
        let mut grant_types = BTreeSet::new();
        if self.response_types.iter().any(|kind| kind.code) {
            grant_types.insert(GrantType::AuthorizationCode);
            if self.refresh_tokens || scope.contains(OFFLINE_ACCESS) {
                grant_types.insert(GrantType::RefreshToken);
            }
        } else if self.refresh_tokens || scope.contains(OFFLINE_ACCESS) {
            return Err(Failure::new(
                "--refresh-tokens and the scope offline_access need a --response-type with code",
            ));
        }
        if self.response_types.iter().any(|kind| kind.is_front_channel()) {
            grant_types.insert(GrantType::Implicit);
        }
        Ok(grant_types)
    }

    fn auth_method(&self) -> AuthMethod {
        match (self.public, self.secret_by) {
            (true, _) => AuthMethod::None,
            (false, SecretBy::Basic) => AuthMethod::ClientSecretBasic,
            (false, SecretBy::Post) => AuthMethod::ClientSecretPost,
        }
    }
}

fn lifetimes(given: &[String]) -> Result<Lifetimes, Failure> {
    let mut lifetimes = Lifetimes::default();
    for pair in given {
        let wrong = || {
            Failure::new(format!(
                "--lifetime {pair} must be NAME=SECONDS with front_channel_token, access_token, id_token, \
                 refresh_idle or refresh_absolute as its name"
            ))
        };
        let (name, seconds) = pair.split_once('=').ok_or_else(wrong)?;
        let seconds =
            seconds.parse().ok().filter(|seconds: &u64| *seconds > 0).ok_or_else(wrong)?;
        let lifetime = match name {
            "front_channel_token" => &mut lifetimes.front_channel_token,
            "access_token" => &mut lifetimes.access_token,
            "id_token" => &mut lifetimes.id_token,
            "refresh_idle" => &mut lifetimes.refresh_idle,
            "refresh_absolute" => &mut lifetimes.refresh_absolute,
            _ => return Err(wrong()),
        };
        // Signing keys stay published for a day after they signed last.
        if name.ends_with("token") && seconds > 86_400 {
            return Err(Failure::new(format!(
                "--lifetime {pair}: a token lives for a day (86400) at most"
            )));
        }
        *lifetime = Some(seconds);
    }
    Ok(lifetimes)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        registration: Registration,
    }

    fn client(flags: &str) -> Result<Client, Failure> {
        let words = flags.split(' ').map(|word| word.replace('_', " ").replace('~', "_"));
        let line = Line::try_parse_from(["add".to_owned()].into_iter().chain(words))?;
        let secret = (!line.registration.is_public()).then(|| SecretHash::of("secret"));
        line.registration.client("id".to_owned(), secret)
    }

    #[test]
    fn a_client_is_confidential_and_uses_codes_unless_told_otherwise() {
        let client = client("Wiki --redirect-uri https://wiki.example/callback").unwrap();
        assert_eq!(client.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(client.response_types, BTreeSet::from([ResponseType::CODE]));
        assert_eq!(client.grant_types, BTreeSet::from([GrantType::AuthorizationCode]));
        assert_eq!(client.scope.to_string(), "email openid profile");
    }

    #[test]
    fn grant_types_follow_from_response_types_and_scope() {
        let shop = client(
            "Shop --public --redirect-uri https://shop.example/ --response-type code --response-type token_id~token",
        )
        .unwrap();
        assert_eq!(
            shop.grant_types,
            BTreeSet::from([GrantType::AuthorizationCode, GrantType::Implicit])
        );
        let phone =
            client("P --redirect-uri https://p.example/ --scope openid_offline~access").unwrap();
        assert!(phone.allows(GrantType::RefreshToken) && !phone.refresh_tokens_end_with_session);
        let wiki = client("W --redirect-uri https://w.example/ --refresh-tokens").unwrap();
        assert!(wiki.allows(GrantType::RefreshToken) && wiki.refresh_tokens_end_with_session);
    }

    #[test]
    fn lifetimes_are_seconds_by_name() {
        let client =
            client("W --redirect-uri https://w.example/ --lifetime access~token=600").unwrap();
        assert_eq!(client.lifetimes.access_token, Some(600));
    }

    #[test]
    fn what_may_not_be_registered_is_refused() {
        for (flags, told) in [
            ("X", "redirect_uris is empty"),
            ("X --redirect-uri http://x.example/", "use https"),
            ("X --redirect-uri https://x.example/#a", "fragment"),
            ("X --redirect-uri com.example:/cb", "its scheme is not allowed"),
            (
                "X --redirect-uri https://x.example/ --public --trusted --redirect-uri http://127.0.0.1/",
                "can be trusted",
            ),
            (
                "X --redirect-uri https://x.example/ --public --id-token-alg HS256",
                "HS256 needs a confidential client",
            ),
            (
                "X --redirect-uri https://x.example/ --access-token-alg HS256",
                "never signed with a client_secret",
            ),
            (
                "X --redirect-uri com.example:/cb --native --public --response-type token",
                "never gets front-channel",
            ),
            (
                "X --redirect-uri https://x.example/ --response-type token --refresh-tokens",
                "need a --response-type with code",
            ),
            ("X --redirect-uri https://x.example/ --response-type password", "response type"),
            (
                "X --redirect-uri https://x.example/ --id-token-alg none",
                "unknown signature algorithm",
            ),
            ("X --redirect-uri https://x.example/ --lifetime code=1", "must be NAME=SECONDS"),
            (
                "X --redirect-uri https://x.example/ --lifetime id~token=86401",
                "for a day (86400) at most",
            ),
            (
                "X --redirect-uri https://x.example/ --lifetime access~token=0",
                "must be NAME=SECONDS",
            ),
            ("X --public --confidential --redirect-uri https://x.example/", "cannot be used with"),
        ] {
            let failure = client(flags).expect_err(flags).to_string();
            assert!(failure.contains(told), "{flags}\n{failure}");
        }
    }
}

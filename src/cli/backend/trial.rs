//! `vestibule backend try`: one person, step by step.
//!
//! Nothing that it prints is a secret: the plugin tells its steps without any, and the password that
//! was typed is never read here.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use vestibule_plugin::{Identity, PasswordWarning, Rehearsed, Username};

use super::super::answer::Answer;
use super::super::failure::Failure;
use super::super::surroundings::Surroundings;
use super::Stage;
use super::elsewhere::{self, Elsewhere};
use super::refusal::Decoded;
use super::steps::{self, pairs};
use crate::config::write_duration;
use crate::identity::rehearsals::{self, AbsentClaim, Candidate, Told};
use crate::identity::{BackendSettings, normalise};

#[derive(Args)]
#[command(after_help = "\
Without --password-prompt the person is only looked for. With it they are logged in as on the login
page; a wrong password then counts at the backend's own lockout, though not at Vestibule's.

Passwords are asked for at the terminal, or read from standard input, a line for each: the one to bind
with first. They are never printed, and never taken from the command line.

--url goes to another host than the configured one. The stored password of the account that searches
is sent to no other scheme, host, port or encryption than it is configured for.

Examples:
  vestibule backend try staff --user alice
  vestibule backend try staff --user alice --password-prompt
  vestibule --config new.toml backend try staff --user alice --url ldaps://dc3.example --bind-password-prompt")]
pub(in crate::cli) struct Arguments {
    /// Name of the backend
    name: String,
    /// User name, as it is typed on the login page
    #[arg(long, value_name = "USERNAME")]
    user: String,
    /// Ask for the person's password, and log them in with it
    #[arg(long)]
    password_prompt: bool,
    /// Host to ask instead of the configured ones
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Encryption to use instead of the configured one: tls, starttls or plaintext
    #[arg(long, value_name = "WORD")]
    security: Option<String>,
    /// Ask for the password of the account that searches, instead of using the stored one
    #[arg(long)]
    bind_password_prompt: bool,
}

/// A rehearsal that has ended, and what it means for the installation.
struct Trial<'a> {
    settings: &'a BackendSettings,
    username: Username,
    /// The backends that are asked about the name, in order.
    asked: Vec<&'a str>,
    with_password: bool,
    rehearsed: Rehearsed,
    /// The claims of whoever was found.
    told: Option<Told>,
}

pub(super) async fn run(
    arguments: Arguments,
    stage: &Stage<'_>,
    surroundings: &mut Surroundings,
) -> Result<Answer, Failure> {
    let Arguments { name, user, password_prompt, url, security, bind_password_prompt } = arguments;
    let configured = stage.named(&name)?;
    let elsewhere = Elsewhere {
        url: url.as_deref(),
        security: security.as_deref(),
        secrets: rehearsals::secrets(&configured.kind),
        asks_bind_password: bind_password_prompt,
    };
    let mut settings = elsewhere.apply(configured)?;
    let username =
        normalise(&user).map_err(|wrong| Failure::new(format!("--user {user:?}: {wrong}")))?;
    let asked = rehearsals::asked_about(&stage.settings, &username)?;
    let input = &mut surroundings.input;
    if bind_password_prompt {
        let password = input.present_password("the account that searches")?;
        elsewhere::with_bind_password(&mut settings, &password);
    }
    let password = if password_prompt {
        input.warn("A wrong password counts at the backend's own lockout.");
        Some(input.present_password(username.as_str())?)
    } else {
        None
    };
    let candidate: Candidate = stage.open(&settings, surroundings).await?;
    let rehearsed = candidate.rehearse(&username, password.as_ref()).await;
    let told = rehearsed.outcome.as_ref().ok().map(|identity| candidate.tell(&identity.attributes));
    let with_password = password.is_some();
    let trial = Trial { settings: &settings, username, asked, with_password, rehearsed, told };
    Ok(trial.answer())
}

impl Trial<'_> {
    fn answer(&self) -> Answer {
        // A host that failed before another served is told among the steps, and fails no login.
        let success = self.rehearsed.outcome.is_ok();
        let json = self.json(success);
        Answer { text: self.text(), json, success }
    }

    fn text(&self) -> String {
        let mut text = steps::text(&self.rehearsed.steps);
        text.push_str("\nName\n");
        text.push_str(&pairs("  ", &self.name()));
        match &self.rehearsed.outcome {
            Ok(identity) => {
                text.push_str(if self.with_password { "\nLogged in\n" } else { "\nFound\n" });
                text.push_str(&pairs("  ", &person(identity)));
            }
            Err(refusal) => {
                text.push_str("\nRefused\n");
                text.push_str(&pairs("  ", &Decoded::of(refusal).pairs()));
            }
        }
        if let Some(told) = &self.told {
            text.push_str(&claims(told));
        }
        text
    }

    fn json(&self, success: bool) -> Value {
        let (person, refusal) = match &self.rehearsed.outcome {
            Ok(identity) => (person_json(identity), Value::Null),
            Err(refusal) => (Value::Null, Decoded::of(refusal).json()),
        };
        let told = self.told.as_ref();
        let absent = told.map(|told| &told.absent[..]).unwrap_or_default();
        let absent: Value = absent
            .iter()
            .map(|AbsentClaim { claim, attributes }| json!({ "claim": claim, "attributes": attributes }))
            .collect();
        json!({
            "success": success,
            "backend": self.settings.name,
            "type": self.settings.kind,
            "username": self.username.as_str(),
            "asked": self.asked,
            "steps": steps::json(&self.rehearsed.steps),
            "took_ms": steps::millis(self.took()),
            "logged_in": self.with_password && self.rehearsed.outcome.is_ok(),
            "person": person,
            "refusal": refusal,
            "claims": told.map(|told| &told.claims),
            "absent": absent,
        })
    }

    fn took(&self) -> Duration {
        self.rehearsed.steps.iter().map(|step| step.took).sum()
    }

    /// The name in its one form, who is asked about it, and whether there would have been time.
    fn name(&self) -> Vec<(&'static str, String)> {
        let own = self.settings.name.as_str();
        let order = match self.asked.iter().position(|name| *name == own) {
            Some(0) => format!("first of {own}"),
            Some(place) => {
                let before: Vec<&str> = self.asked.iter().copied().take(place).collect();
                format!(
                    "first of {}; of {own} only if they do not know the name",
                    before.join(", ")
                )
            }
            None if self.asked.is_empty() => "of no backend: two claim it".to_owned(),
            None => format!("never of {own}: it belongs to {}", self.asked.join(", ")),
        };
        let mut told = vec![("normalised", self.username.to_string()), ("is asked", order)];
        let (took, patience) = (self.took(), self.settings.patience);
        if took > patience {
            let sentence = format!(
                "{} in all, longer than the backend's patience of {}: a login may end with 503",
                steps::time(took),
                write_duration(patience)
            );
            told.push(("took", sentence));
        }
        told
    }
}

/// Whoever was found.
fn person(identity: &Identity) -> Vec<(&'static str, String)> {
    let mut told = vec![("subject", identity.subject.to_string())];
    if let Some(warning) = identity.warning {
        told.push(("password", warned(warning)));
    }
    told
}

fn person_json(identity: &Identity) -> Value {
    json!({ "subject": identity.subject.as_str(), "password": identity.warning.map(warned) })
}

fn warned(warning: PasswordWarning) -> String {
    match warning {
        PasswordWarning::Expires(left) => {
            format!("expires in {}", write_duration(Duration::from_secs(left.as_secs())))
        }
        PasswordWarning::GraceLogins(left) => {
            format!("has expired; {left} more logins are let through")
        }
    }
}

/// Longer values, photographs among them, are cut; `--json` has them in full.
const LONGEST_VALUE: usize = 120;

fn claims(told: &Told) -> String {
    let shown = |value: &Value| {
        let text = value.to_string();
        match text.char_indices().nth(LONGEST_VALUE) {
            Some((end, _)) => {
                format!("{} … ({} bytes)", text.get(..end).unwrap_or_default(), text.len())
            }
            None => text,
        }
    };
    let present: Vec<_> =
        told.claims.iter().map(|(claim, value)| (claim.as_str(), shown(value))).collect();
    let absent: Vec<_> = told
        .absent
        .iter()
        .map(|absent| (absent.claim.as_str(), format!("from {}", absent.attributes.join(", "))))
        .collect();
    let mut text = String::new();
    for (title, claims) in [("Claims", present), ("Absent claims", absent)] {
        if !claims.is_empty() {
            text.push_str(&format!("\n{title}\n{}", pairs("  ", &claims)));
        }
    }
    text
}

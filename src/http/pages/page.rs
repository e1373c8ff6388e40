//! What each page shows: one struct per template, whose fields are the template's variables.

use std::fmt;

use serde::Serialize;

use super::Link;

/// The values of one template.
pub trait Page: Serialize {
    /// The template's file name.
    const TEMPLATE: &'static str;

    /// Whether the answer to its form may be a redirect to a client. Browsers apply `form-action` to the whole redirect chain,
    /// so such a page carries none.
    const LEADS_AWAY: bool = false;

    /// Whether it carries the script that sends its form off.
    const SUBMITS_ITSELF: bool = false;

    /// The client whose logo it shows.
    fn application(&self) -> Option<&Application> {
        None
    }
}

/// A hidden field of a form. Only its name prints: the value may be a code or a token.
#[derive(Clone, Serialize)]
pub struct Field {
    pub name: String,
    pub value: String,
}

impl Field {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.name).finish()
    }
}

/// A client as End-Users see it (OIDC Dynamic Client Registration §2).
#[derive(Debug, Clone, Serialize)]
pub struct Application {
    pub name: String,
    pub logo: Option<Link>,
    pub policy: Option<Link>,
    pub terms: Option<Link>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// What they are called; the user name where nothing better is known.
    pub name: String,
    pub username: Option<String>,
}

/// A login at another site.
#[derive(Debug, Clone, Serialize)]
pub struct Button {
    /// The backend's name, sent as `backend`.
    pub name: String,
    pub label: String,
}

/// Why the login page is shown again. Unknown names and wrong passwords are one message (EN1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// Wrong name or password.
    Wrong,
    /// Locked, disabled, expired: only to someone who proved the password.
    Locked,
    Disabled,
    Expired,
    /// Cannot be changed here.
    PasswordExpired,
    /// It is changed, and the login with it was not possible yet.
    PasswordChanged,
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// Nobody could be asked.
    Unavailable,
    /// Came back from another site without having logged in there.
    Cancelled,
}

/// Posts `username`, `password`, `answer=log_in` | `answer=cancel` | `backend=<name>`, and the hidden fields, to `/login`.
#[derive(Debug, Clone, Serialize)]
pub struct Login {
    pub hidden: Vec<Field>,
    /// Absent when nothing but Vestibule itself asks for the login; then there is no Cancel either.
    pub application: Option<Application>,
    /// From `login_hint` or the failed try.
    pub username: Option<String>,
    /// Whether any backend takes passwords.
    pub password: bool,
    pub backends: Vec<Button>,
    pub message: Option<Message>,
}

impl Page for Login {
    const TEMPLATE: &'static str = "login.html";
    const LEADS_AWAY: bool = true;

    fn application(&self) -> Option<&Application> {
        self.application.as_ref()
    }
}

/// Why the password page is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Obstacle {
    /// The password is right, and must be changed before anything else.
    Due,
    /// The new password and its repetition differ.
    Mismatch,
    /// The new password is the present one.
    Same,
    Blank,
    Short {
        /// The fewest characters.
        least: usize,
    },
    Long,
    /// A character that no password has.
    Character,
    /// The backend does not allow it.
    Policy {
        /// In the backend's own words.
        words: String,
    },
    /// The backend changes no passwords.
    NotOffered,
    /// The backend broke off.
    Unsure,
    #[serde(untagged)]
    Login(Message),
}

/// Posts `username`, `current_password`, `new_password`, `repeated_password`, `answer=change` | `answer=cancel`, and the hidden
/// fields, to `/login/password`.
#[derive(Debug, Clone, Serialize)]
pub struct Password {
    pub hidden: Vec<Field>,
    pub application: Application,
    pub username: Option<String>,
    /// The fewest characters of a new password.
    pub shortest: usize,
    pub message: Option<Obstacle>,
}

impl Page for Password {
    const TEMPLATE: &'static str = "password.html";
    const LEADS_AWAY: bool = true;

    fn application(&self) -> Option<&Application> {
        Some(&self.application)
    }
}

/// What is left of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Expiry {
    Days {
        number: u64,
    },
    Hours {
        number: u64,
    },
    /// Less than an hour.
    Soon,
    /// Logins with a password that has expired.
    Logins {
        number: u32,
    },
}

/// After a login. Leads on to `/oauth2/authorize`, or to `/login/password`, with the hidden fields in the query.
#[derive(Debug, Clone, Serialize)]
pub struct PasswordWarning {
    pub hidden: Vec<Field>,
    pub application: Application,
    pub expiry: Expiry,
    /// Hidden fields for the password page, where the password can be changed here.
    pub change: Option<Vec<Field>>,
}

impl Page for PasswordWarning {
    const TEMPLATE: &'static str = "password_warning.html";
    const LEADS_AWAY: bool = true;

    fn application(&self) -> Option<&Application> {
        Some(&self.application)
    }
}

/// A scope to consent to. Without a description, standard scopes have words of their own in `words.html`.
#[derive(Debug, Clone, Serialize)]
pub struct Scope {
    pub name: String,
    pub description: Option<String>,
}

/// Posts `answer=allow` | `answer=deny` and the hidden fields to `/consent`.
#[derive(Debug, Clone, Serialize)]
pub struct Consent {
    pub hidden: Vec<Field>,
    pub application: Application,
    pub person: Person,
    pub scopes: Vec<Scope>,
    /// Names of claims asked for one by one (OIDC Core §5.5).
    pub claims: Vec<String>,
    /// Whether the access outlives the session (OIDC Core §11).
    pub offline: bool,
}

impl Page for Consent {
    const TEMPLATE: &'static str = "consent.html";
    const LEADS_AWAY: bool = true;

    fn application(&self) -> Option<&Application> {
        Some(&self.application)
    }
}

/// For `prompt=select_account`. Posts `answer=continue` | `answer=other` and the hidden fields to `/choice`.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub hidden: Vec<Field>,
    pub application: Application,
    pub person: Person,
}

impl Page for Choice {
    const TEMPLATE: &'static str = "choice.html";
    const LEADS_AWAY: bool = true;

    fn application(&self) -> Option<&Application> {
        Some(&self.application)
    }
}

/// Asks before signing out. Posts `answer=confirm` and the hidden fields to `/logout`.
#[derive(Debug, Clone, Serialize)]
pub struct Logout {
    pub hidden: Vec<Field>,
    /// The client that asks for it, if one does.
    pub application: Option<Application>,
    pub person: Option<Person>,
}

impl Page for Logout {
    const TEMPLATE: &'static str = "logout.html";
    const LEADS_AWAY: bool = true;
}

/// Says that nobody is signed in any more.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LoggedOut {}

impl Page for LoggedOut {
    const TEMPLATE: &'static str = "logged_out.html";
}

/// An error with nobody but the End-User to tell. It says nothing of our insides; the log knows the reference.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    pub heading: String,
    /// What went wrong, in one plain sentence.
    pub sentence: String,
    /// What to do next; by default, to go back and try again.
    pub advice: Option<String>,
    pub reference: String,
}

impl Failure {
    pub fn new(sentence: impl Into<String>, reference: impl Into<String>) -> Self {
        Self {
            heading: "This did not work".to_owned(),
            sentence: sentence.into(),
            advice: None,
            reference: reference.into(),
        }
    }
}

impl Page for Failure {
    const TEMPLATE: &'static str = "error.html";
}

/// Carries an authorization response to the client by itself (OAuth 2.0 Form Post Response Mode §2).
#[derive(Debug, Clone, Serialize)]
pub struct FormPost {
    /// The verified redirect URI, letter by letter.
    pub action: String,
    pub fields: Vec<Field>,
    pub application: Option<Application>,
}

impl Page for FormPost {
    const TEMPLATE: &'static str = "form_post.html";
    const LEADS_AWAY: bool = true;
    const SUBMITS_ITSELF: bool = true;
}

/// What stands at `/`.
#[derive(Debug, Clone, Serialize)]
pub struct Home {
    pub person: Option<Person>,
    /// The demo application, where one is running.
    pub demo: Option<Link>,
}

impl Page for Home {
    const TEMPLATE: &'static str = "home.html";
}

//! The contract as test functions: each fails with a panic that says what was expected.
//!
//! A plugin's tests call [`password_backend`] with a real source behind it, then those for closed
//! accounts or for redirects that apply.

use crate::{
    Arriving, Backend, Departing, Identity, Login, Password, PasswordLogin, RedirectLogin, Refusal,
    Subject, Username,
};

/// Somebody whom the source under test knows, with an open account.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Their login name, normalised.
    pub username: &'a str,
    /// Their password, at least 8 characters.
    pub password: &'a str,
    /// Attributes that the backend was asked for and the person has.
    pub attributes: &'a [&'a str],
}

/// Every promise of a backend with a password login, and of its directory if it has one.
pub async fn password_backend(backend: &dyn Backend, known: Known<'_>) {
    assert!(backend.health().await.is_ok(), "a source that answers is healthy");
    let identity = the_right_password_proves_the_person(backend, known).await;
    a_wrong_password_is_refused(backend, known, &identity.subject).await;
    an_unknown_name_is_unknown(backend, known).await;
    if backend.directory().is_some() {
        the_directory_knows_the_same_person(backend, &identity).await;
    }
}

/// Twice the same person, with what was asked for.
pub async fn the_right_password_proves_the_person(
    backend: &dyn Backend,
    known: Known<'_>,
) -> Identity {
    let first = authenticate(backend, known.username, known.password).await;
    let Ok(first) = first else { panic!("the right password was refused: {first:?}") };
    let again = authenticate(backend, known.username, known.password).await;
    let Ok(again) = again else { panic!("the right password was refused again: {again:?}") };
    assert_eq!(first.subject, again.subject, "a subject is permanent");
    assert_ne!(first.subject.as_str(), known.username, "a subject is not the login name");
    for name in known.attributes {
        assert!(first.attributes.first(name).is_some(), "{name} was asked for and is missing");
    }
    assert_eq!(first.evidence, None, "no other site was asked");
    first
}

/// Passwords that are nearly right are wrong.
pub async fn a_wrong_password_is_refused(
    backend: &dyn Backend,
    known: Known<'_>,
    subject: &Subject,
) {
    let right = known.password;
    let (shorter, _) = right.split_at(right.floor_char_boundary(right.len() - 1));
    let wrong = [
        "not the password".to_owned(),
        shorter.to_owned(),
        format!("{right}x"),
        format!(" {right}"),
        format!("{right} "),
        "*".to_owned(),
        "' OR '1'='1".to_owned(),
    ];
    for password in wrong {
        match authenticate(backend, known.username, &password).await {
            Err(Refusal::WrongCredentials(None)) => {}
            Err(Refusal::WrongCredentials(Some(who))) => {
                assert_eq!(&who, subject, "the subject is that of the login");
            }
            answer => panic!("a wrong password is WrongCredentials, not {answer:?}"),
        }
    }
}

/// Nobody is found by a name that a query language could mistake for more than a name.
pub async fn an_unknown_name_is_unknown(backend: &dyn Backend, known: Known<'_>) {
    let (start, _) = known.username.split_at(known.username.floor_char_boundary(1));
    let strangers = [
        "nobody-of-that-name".to_owned(),
        "*".to_owned(),
        format!("{start}*"),
        "%".to_owned(),
        format!("{start}%"),
        "_".repeat(known.username.chars().count()),
        ")(uid=*".to_owned(),
        format!("{})(|(uid=*", known.username),
        "' OR '1'='1".to_owned(),
        format!("{}'--", known.username),
        format!("{},dc=example", known.username),
    ];
    for name in strangers {
        let answer = authenticate(backend, &name, known.password).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{name}: Unknown, not {answer:?}");
    }
}

/// A look-up without the password tells the same as the login did.
pub async fn the_directory_knows_the_same_person(backend: &dyn Backend, identity: &Identity) {
    let Some(directory) = backend.directory() else { panic!("the backend has no directory") };
    let looked_up = directory.lookup(&identity.subject).await;
    let Ok(looked_up) = looked_up else { panic!("the person was not found: {looked_up:?}") };
    assert_eq!(&looked_up, identity, "a look-up tells what the login told");

    for stranger in ["00000000-0000-4000-8000-000000000000", "*", "' OR '1'='1"] {
        let Ok(subject) = Subject::parse(stranger) else { panic!("{stranger} is a subject") };
        let answer = directory.lookup(&subject).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{stranger}: Unknown, not {answer:?}");
    }
}

/// An account that is locked, disabled or expired: the state is told as proved to whoever has the
/// password, and to nobody else.
pub async fn a_closed_account_is_refused(backend: &dyn Backend, username: &str, password: &str) {
    let answer = authenticate(backend, username, password).await;
    assert!(
        matches!(
            answer,
            Err(Refusal::Locked { proved: true, .. }
                | Refusal::Disabled { proved: true, .. }
                | Refusal::Expired { proved: true, .. })
        ),
        "a closed account is refused with its state, not {answer:?}"
    );
    let answer = authenticate(backend, username, "not the password").await;
    assert!(
        matches!(
            answer,
            Err(Refusal::WrongCredentials(_)
                | Refusal::Locked { proved: false, .. }
                | Refusal::Disabled { proved: false, .. }
                | Refusal::Expired { proved: false, .. })
        ),
        "nothing was proved by a wrong password: {answer:?}"
    );
}

/// Who arrives with nothing, or with rubbish, is nobody.
pub async fn a_forged_arrival_is_refused(login: &dyn RedirectLogin) {
    let correlation = "correlation-of-the-test";
    let departing = Departing { correlation, reauthenticate: false, login_hint: None };
    let departure = login.depart(departing).await;
    let Ok(departure) = departure else { panic!("no departure: {departure:?}") };
    let echo = (login.correlation_parameter().to_owned(), correlation.to_owned());
    let forged = [
        vec![],
        vec![echo.clone()],
        vec![echo.clone(), ("code".to_owned(), "x".to_owned())],
        vec![echo.clone(), ("id_token".to_owned(), "e30.e30.".to_owned())],
        vec![echo, ("SAMLResponse".to_owned(), "PHg+".to_owned())],
    ];
    for parameters in &forged {
        for memento in [departure.memento.as_slice(), b""] {
            let answer = login.arrive(Arriving { parameters, correlation, memento }).await;
            assert!(answer.is_err(), "{parameters:?} proved {answer:?}");
        }
    }
}

async fn authenticate(
    backend: &dyn Backend,
    username: &str,
    password: &str,
) -> Result<Identity, Refusal> {
    let (Ok(username), Ok(password)) =
        (Username::parse(username), Password::parse(password.to_owned()))
    else {
        panic!("{username} and its password can be typed");
    };
    password_login(backend).authenticate(&username, &password).await
}

fn password_login(backend: &dyn Backend) -> &dyn PasswordLogin {
    match backend.login() {
        Login::Password(login) => login,
        Login::Redirect(_) => panic!("the backend has no password login"),
    }
}

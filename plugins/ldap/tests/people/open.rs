//! Backends on the directories of the tests.

use serde_json::{Map, Value, json};
use vestibule_counterparts::{Dirsrv, Samba, Slapd, password_of};
use vestibule_ldap::Ldap;
use vestibule_plugin::{
    Backend, Identity, Login, NotChanged, Password, PasswordLogin, Refusal, Subject, Username,
};

/// What the mapping asks for in most tests.
pub(crate) const ATTRIBUTES: &[&str] = &["mail", "cn", "groups"];

/// The options, with more of them or others in their place.
pub(crate) fn options(usual: Value, more: Value) -> Map<String, Value> {
    let (Value::Object(mut options), Value::Object(more)) = (usual, more) else {
        panic!("options are an object");
    };
    options.extend(more);
    options.retain(|_, value| !value.is_null());
    options
}

/// On slapd, with its service account.
pub(crate) fn slapd(slapd: &Slapd, more: Value) -> Ldap {
    slapd_with(slapd, more, ATTRIBUTES)
}

pub(crate) fn slapd_with(slapd: &Slapd, more: Value, attributes: &[&str]) -> Ldap {
    let usual = json!({
        "url": slapd.url(),
        "security": "plaintext",
        "base": "ou=people,dc=example,dc=test",
        "bind_dn": Slapd::SERVICE_DN,
        "bind_password": Slapd::SERVICE_PASSWORD,
        "group_base": more.get("groups").map(|_| "ou=groups,dc=example,dc=test"),
    });
    backend(&options(usual, more), attributes)
}

/// On Active Directory, with a service account of ordinary rights.
pub(crate) fn samba(samba: &Samba, more: Value) -> Ldap {
    samba_with(samba, more, ATTRIBUTES)
}

pub(crate) fn samba_with(samba: &Samba, more: Value, attributes: &[&str]) -> Ldap {
    let usual = json!({
        "url": samba.tls_url(),
        "ca": samba.ca_file(),
        "base": samba.base(),
        "bind_dn": Samba::SERVICE_DN,
        "bind_password": Samba::SERVICE_PASSWORD,
    });
    backend(&options(usual, more), attributes)
}

/// On 389, with its service account.
pub(crate) fn dirsrv(dirsrv: &Dirsrv, more: Value) -> Ldap {
    let usual = json!({
        "url": dirsrv.tls_url(),
        "ca": dirsrv.ca_file(),
        "base": dirsrv.base(),
        "bind_dn": Dirsrv::SERVICE_DN,
        "bind_password": Dirsrv::SERVICE_PASSWORD,
    });
    backend(&options(usual, more), ATTRIBUTES)
}

pub(crate) fn backend(options: &Map<String, Value>, attributes: &[&str]) -> Ldap {
    let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
    Ldap::open("staff", options, attributes).unwrap()
}

/// Logs in with the right password.
pub(crate) async fn log_in(backend: &Ldap, username: &str) -> Result<Identity, Refusal> {
    log_in_with(backend, username, &password_of(username)).await
}

pub(crate) async fn log_in_with(
    backend: &Ldap,
    username: &str,
    password: &str,
) -> Result<Identity, Refusal> {
    let username = Username::parse(username).unwrap();
    login(backend).authenticate(&username, &self::password(password)).await
}

pub(crate) async fn look_up(backend: &Ldap, subject: &Subject) -> Result<Identity, Refusal> {
    backend.directory().expect("the backend has a directory").lookup(subject).await
}

pub(crate) async fn change(
    backend: &Ldap,
    name: &str,
    current: &str,
    new: &str,
) -> Result<(), NotChanged> {
    let change = backend.password_change().expect("passwords can be changed");
    change.change(&Username::parse(name).unwrap(), &password(current), &password(new)).await
}

pub(crate) fn login(backend: &Ldap) -> &dyn PasswordLogin {
    match backend.login() {
        Login::Password(login) => login,
        Login::Redirect(_) => panic!("a directory has a password login"),
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

/// The values of an attribute that are texts.
pub(crate) fn texts<'a>(identity: &'a Identity, name: &str) -> Vec<&'a str> {
    identity.attributes.all(name).iter().filter_map(|value| value.as_text()).collect()
}

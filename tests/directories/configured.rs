//! Directories as an administrator writes them into the configuration.

use vestibule_counterparts::{Dirsrv, Samba, Slapd};

use crate::support::{App, Op, Registration};

/// A provider with these backends and no others, and an application.
pub(super) async fn provider(config: &[&str]) -> (Op, App) {
    let scope = "[authorization.scopes]\ngroups = \"read the names of your groups\"\n";
    let op = Op::with_config(&format!("{scope}{}", config.concat())).await;
    let scope = "openid profile email offline_access groups";
    let app = op.app(Registration::web().with("scope", serde_json::json!(scope))).await;
    (op, app)
}

/// A backend called `name` for these hosts of one OpenLDAP, whose CA is that of the first. More options
/// go before the claims.
pub(super) fn openldap(name: &str, slapd: &Slapd, urls: &[String], options: &str) -> String {
    let (ca, base) = (slapd.ca_file(), slapd.base());
    format!(
        r#"
            [[backend]]
            name = "{name}"
            type = "ldap"
            url = {urls:?}
            ca = {ca:?}
            bind_dn = "{dn}"
            bind_password = "{password}"
            base = "ou=people,{base}"
            {groups}
            {options}
            {CLAIMS}
        "#,
        dn = Slapd::SERVICE_DN,
        password = Slapd::SERVICE_PASSWORD,
        groups = if options.contains("groups =") { "" } else { "groups = \"member-of\"" },
    )
}

/// As [`openldap`], by LDAPS.
pub(super) fn slapd(slapd: &Slapd, options: &str) -> String {
    openldap("staff", slapd, &[slapd.tls_url()], options)
}

pub(super) fn samba(samba: &Samba, options: &str) -> String {
    format!(
        r#"
            [[backend]]
            name = "domain"
            type = "ldap"
            url = "{url}"
            ca = {ca:?}
            bind_dn = "{dn}"
            bind_password = "{password}"
            base = "{base}"
            groups = "member-of"
            {options}
            {CLAIMS}
        "#,
        url = samba.tls_url(),
        ca = samba.ca_file(),
        dn = Samba::SERVICE_DN,
        password = Samba::SERVICE_PASSWORD,
        base = samba.base(),
    )
}

pub(super) fn dirsrv(dirsrv: &Dirsrv, options: &str) -> String {
    format!(
        r#"
            [[backend]]
            name = "campus"
            type = "ldap"
            url = "{url}"
            ca = {ca:?}
            bind_dn = "{dn}"
            bind_password = "{password}"
            base = "ou=people,{base}"
            groups = "member-of"
            {options}
            {CLAIMS}
        "#,
        url = dirsrv.tls_url(),
        ca = dirsrv.ca_file(),
        dn = Dirsrv::SERVICE_DN,
        password = Dirsrv::SERVICE_PASSWORD,
        base = dirsrv.base(),
    )
}

const CLAIMS: &str = r#"
            [backend.claims]
            name = "cn"
            family_name = "sn"
            email = "mail"
            groups = ["groups"]
"#;

use std::time::Duration;

use super::*;

const LEAST: &str = r#"
[server]
issuer = "https://login.example"
[database]
url = "sqlite:///tmp/vestibule.db"
[keys]
master_key = "c2VjcmV0"
"#;

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, Problems> {
    Config::parse("v.toml", text, owned(variables))
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.iter().map(own).collect()
}

/// The least configuration with these lines in place of those of the same section.
fn with(section: &str, lines: &str) -> String {
    let given = match section {
        "server" => "issuer = \"https://login.example\"\n",
        "database" => "url = \"sqlite:///tmp/vestibule.db\"\n",
        "keys" => "master_key = \"c2VjcmV0\"\n",
        _ => "",
    };
    let key = lines.split('=').next().unwrap().trim();
    let given = if given.starts_with(key) { "" } else { given };
    let others: String = ["server", "database", "keys"]
        .iter()
        .zip(LEAST.split('[').skip(1))
        .filter(|(name, _)| **name != section)
        .map(|(_, text)| format!("[{text}"))
        .collect();
    format!("{others}\n[{section}]\n{given}{lines}\n")
}

fn problems(text: &str, variables: &[(&str, &str)]) -> String {
    parse(text, variables).expect_err(text).to_string()
}

#[test]
fn what_is_not_given_has_its_default() {
    let config = parse(LEAST, &[]).unwrap();
    assert_eq!(config.server.issuer.as_str(), "https://login.example");
    assert_eq!(config.server.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert!(config.server.tls().is_none());
    assert_eq!(config.lifetimes.code, Duration::from_secs(60));
    assert_eq!(config.lifetimes.refresh_absolute, Duration::from_secs(90 * 86_400));
    assert_eq!(config.keys.rotate_after, Some(Duration::from_secs(90 * 86_400)));
    assert_eq!(config.login.same_site, SameSite::Lax);
    assert_eq!(config.backend.len(), 1);
    assert_eq!(
        (config.backend[0].name.as_str(), config.backend[0].r#type.as_str()),
        ("people", "database")
    );
}

#[test]
fn every_default_is_toml_that_its_option_accepts() {
    for option in options() {
        if let Default::Toml(text) = option.default {
            text.parse::<toml::Value>()
                .unwrap_or_else(|error| panic!("{}: {error}", option.name()));
        }
    }
    parse(LEAST, &[]).unwrap();
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_the_nearest_known_one() {
    for (text, told) in [
        (
            with("server", "isuer = 1"),
            "v.toml:8:1: server.isuer is not an option; did you mean server.issuer?",
        ),
        (with("lifetimes", "refresh_idel = \"1d\""), "did you mean lifetimes.refresh_idle?"),
        (with("keys", "master_key_fil = \"x\""), "did you mean keys.master_key_file?"),
        (
            with("servr", "listen = []"),
            "servr.listen is not an option; did you mean server.listen?",
        ),
        (with("zzz", "qqq = 1"), "zzz.qqq is not an option"),
        (format!("issuer = \"x\"\n{LEAST}"), "v.toml:1:1: issuer stands outside of a section"),
        (format!("{LEAST}\n[backend]\nname = \"x\""), "backend must be written [[backend]]"),
    ] {
        let problems = problems(&text, &[]);
        assert!(problems.contains(told), "{problems}\n{told}");
    }
    assert_eq!(problems(&with("zzz", "qqq = 1"), &[]).lines().count(), 1);
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_its_place() {
    for (section, line, told) in [
        ("server", "listen = \"127.0.0.1:1\"", "server.listen must be a list"),
        ("server", "listen = [\"localhost:1\"]", "server.listen must be an address and a port"),
        ("server", "body_limit = \"1\"", "server.body_limit must be a whole number"),
        ("server", "body_limit = -1", "server.body_limit must be a whole number"),
        (
            "server",
            "trusted_proxies = [\"10.0.0.0/99\"]",
            "server.trusted_proxies must be an address or a network",
        ),
        ("server", "issuer = 1", "server.issuer must be text"),
        ("lifetimes", "code = 60", "lifetimes.code must be text"),
        ("lifetimes", "code = \"60\"", "lifetimes.code must be a whole number and a unit"),
        ("authorization", "plain_pkce = \"yes\"", "authorization.plain_pkce must be true or false"),
        ("authorization", "scopes = [\"a\"]", "authorization.scopes must be a table"),
        ("login", "same_site = \"strict\"", "login.same_site must be \"lax\" or \"none\""),
        ("log", "format = \"xml\"", "log.format must be"),
        ("pages", "templates = \"\"", "pages.templates must not be empty"),
        ("keys", "master_key = \"\"", "keys.master_key must not be empty"),
    ] {
        let text = with(section, line);
        let at = text.lines().position(|found| found == line).unwrap() + 1;
        let problems = problems(&text, &[]);
        assert!(problems.contains(&format!("v.toml:{at}:1: {told}")), "{problems}\n{told}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (section, line, told) in [
        ("server", "issuer = \"http://login.example\"", "server.issuer must begin with https://"),
        ("server", "issuer = \"https://login.example/\"", "no slash at its end"),
        ("server", "issuer = \"https://login.example?a=b\"", "no query"),
        ("server", "listen = []", "at least one"),
        ("server", "operations = \"127.0.0.1:8080\"", "another address or port"),
        ("server", "tls_key = \"key.pem\"", "server.tls_key needs server.tls_certificate"),
        ("server", "tls_certificate = \"c.pem\"", "server.tls_certificate needs server.tls_key"),
        ("server", "connections = 0", "at least 1"),
        ("server", "body_limit = 10", "at least 16384"),
        ("server", "header_timeout = \"0s\"", "longer than nothing"),
        ("database", "url = \"oracle://x\"", "database.url must begin with"),
        ("database", "connections = 0", "at least 1"),
        ("keys", "algorithms = [\"RS256\", \"ES256\", \"none\"]", "has \"none\"; known are RS256"),
        ("keys", "algorithms = [\"ES256\"]", "must contain RS256"),
        ("keys", "rotate_after = \"1h\"", "longer than keys.publish_ahead"),
        ("keys", "publish_ahead = \"9m\"", "keys.publish_ahead must be at least 10m"),
        ("lifetimes", "code = \"1h\"", "between 1s and 10m"),
        ("lifetimes", "access_token = \"0s\"", "between 1s and 1d"),
        ("lifetimes", "refresh_idle = \"100d\"", "not be longer than lifetimes.refresh_absolute"),
        ("lifetimes", "session_idle = \"2d\"", "not be longer than lifetimes.session_absolute"),
        ("authorization", "scopes = { \"a b\" = \"x\" }", "is no scope"),
        ("authorization", "scopes = { a = \" \" }", "plain words what a permits"),
        ("authorization", "acr_values = [\"a b\"]", "without spaces"),
        ("authorization", "password_acr = \"1\"", "must be one of authorization.acr_values"),
        ("login", "attempts_per_name = 0", "at least 1"),
        ("login", "window = \"2d\"", "between 1s and 1d"),
        ("login", "refusal_step = \"1m\"", "at most 10s"),
        ("identity", "attributes_fresh_for = \"2d\"", "at most 1d"),
    ] {
        let problems = problems(&with(section, line), &[]);
        assert!(problems.contains(told), "{problems}\n{told}");
        assert!(problems.starts_with("v.toml:"), "{problems}");
    }
}

#[test]
fn same_site_none_needs_an_https_issuer() {
    let loopback = LEAST.replace("https://login.example", "http://127.0.0.1:8080");
    parse(&format!("{LEAST}\n[login]\nsame_site = \"none\""), &[]).unwrap();
    let problems = problems(&format!("{loopback}\n[login]\nsame_site = \"none\""), &[]);
    assert!(problems.contains("login.same_site can be \"none\" only with"), "{problems}");
}

#[test]
fn what_is_missing_is_told_with_every_way_to_give_it() {
    let problems = problems("", &[]);
    for told in [
        "server.issuer is missing; set issuer in [server], or VESTIBULE_SERVER__ISSUER",
        "database.url is missing; set url (or url_file) in [database], or VESTIBULE_DATABASE__URL",
        "keys.master_key is missing; set master_key (or master_key_file) in [keys]",
    ] {
        assert!(problems.contains(told), "{problems}");
    }
}

#[test]
fn text_that_is_not_toml_is_told_with_its_line() {
    let problems = problems("[server]\nissuer = https", &[]);
    assert!(problems.starts_with("v.toml:2:10: this is not TOML"), "{problems}");
    assert_eq!(problems.lines().count(), 1, "{problems}");
}

#[test]
fn variables_override_the_file() {
    let config = parse(
        &format!("{LEAST}\n[[backend]]\nname = \"head-office\"\ntype = \"database\""),
        &[
            ("VESTIBULE_SERVER__ISSUER", "https://other.example"),
            ("VESTIBULE_SERVER__LISTEN", "127.0.0.1:1, [::1]:2"),
            ("VESTIBULE_SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
            ("VESTIBULE_SERVER__BODY_LIMIT", "70000"),
            ("VESTIBULE_AUTHORIZATION__PLAIN_PKCE", "true"),
            ("VESTIBULE_AUTHORIZATION__SCOPES", "{ api = \"Use the API\" }"),
            ("VESTIBULE_LIFETIMES__CODE", "30s"),
            ("VESTIBULE_KEYS__ROTATE_AFTER", "never"),
            ("VESTIBULE_PAGES__PRODUCT", "Corp \"SSO\""),
            ("VESTIBULE_BACKEND__HEAD_OFFICE__PATIENCE", "3s"),
            ("VESTIBULE_BACKEND__HEAD_OFFICE__MEMORY", "19456"),
            ("VESTIBULE_BACKEND__HEAD_OFFICE__CLAIMS__EMAIL", "mail"),
            ("HOME", "/root"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.issuer.as_str(), "https://other.example");
    assert_eq!(config.server.listen.len(), 2);
    assert!(config.server.trusted_proxies[0].contains("10.1.1.1".parse().unwrap()));
    assert_eq!(config.server.body_limit, 70_000);
    assert!(config.authorization.plain_pkce);
    assert_eq!(config.authorization.all_scopes()["api"], "Use the API");
    assert!(config.authorization.all_scopes().contains_key("openid"));
    assert_eq!(config.lifetimes.code, Duration::from_secs(30));
    assert_eq!(config.keys.rotate_after, None);
    assert_eq!(config.pages.product, "Corp \"SSO\"");
    let backend = &config.backend[0];
    assert_eq!(backend.patience, Duration::from_secs(3));
    assert_eq!(backend.options["memory"].as_integer(), Some(19_456));
    assert_eq!(backend.claims["email"].as_str(), Some("mail"));
}

#[test]
fn unknown_variables_of_ours_are_refused_and_those_of_others_are_not() {
    for (variable, told) in [
        ("VESTIBULE_SERVER__ISUER", "did you mean VESTIBULE_SERVER__ISSUER?"),
        ("VESTIBULE_SERVER_ISSUER", "did you mean VESTIBULE_SERVER__ISSUER?"),
        ("VESTIBULE_X__Y", "this is no option of ours"),
        ("VESTIBULE_BACKEND__STAFF__NAME", "there is no [[backend]] with the name staff"),
    ] {
        let problems = problems(LEAST, &[(variable, "x")]);
        let place = format!("environment variable {variable}: ");
        assert!(problems.starts_with(&place) && problems.contains(told), "{problems}");
    }
    // What Kubernetes sets for a service of this name.
    for variable in ["VESTIBULE_SERVICE_HOST", "VESTIBULE_PORT", "VESTIBULE_PORT_8080_TCP"] {
        parse(LEAST, &[(variable, "x")]).unwrap();
    }
}

#[test]
fn a_wrong_value_in_a_variable_is_told_with_the_variable() {
    for (variable, value, told) in [
        ("VESTIBULE_SERVER__CONNECTIONS", "many", "server.connections is not valid TOML"),
        ("VESTIBULE_SERVER__CONNECTIONS", "\"1\"", "server.connections must be a whole number"),
        ("VESTIBULE_LIFETIMES__CODE", "1w", "lifetimes.code must be a whole number and a unit"),
        ("VESTIBULE_SERVER__ISSUER", "http://x.example", "server.issuer must begin with https://"),
    ] {
        let problems = problems(LEAST, &[(variable, value)]);
        assert!(
            problems.contains(&format!("environment variable {variable}: {told}")),
            "{problems}"
        );
    }
}

/// A file that is removed when the test ends.
struct Written(std::path::PathBuf);

impl Written {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vestibule-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn secrets_are_read_from_files_without_the_end_of_the_line() {
    let file = Written::new("master", "from a file\n");
    let line = format!("master_key_file = {:?}", file.path());
    let text = LEAST.replace("master_key = \"c2VjcmV0\"", &line);
    assert_eq!(parse(&text, &[]).unwrap().keys.master_key.reveal(), "from a file");

    // The environment displaces either form.
    let config = parse(&text, &[("VESTIBULE_KEYS__MASTER_KEY", "from a variable")]).unwrap();
    assert_eq!(config.keys.master_key.reveal(), "from a variable");
    let config = parse(LEAST, &[("VESTIBULE_KEYS__MASTER_KEY_FILE", file.path())]).unwrap();
    assert_eq!(config.keys.master_key.reveal(), "from a file");
    let config = parse(LEAST, &[("VESTIBULE_KEYS__FORMER_MASTER_KEY_FILE", file.path())]).unwrap();
    assert_eq!(config.keys.former_master_key.unwrap().reveal(), "from a file");
}

#[test]
fn a_secret_that_cannot_be_read_is_told() {
    for (line, told) in [
        (
            "master_key_file = \"/does/not/exist\"",
            "keys.master_key_file names /does/not/exist, which cannot be read",
        ),
        ("master_key_file = 1", "keys.master_key_file must be text"),
        ("master_key = \"x\"\nmaster_key_file = \"y\"", "are both given; keep one"),
    ] {
        let problems = problems(&LEAST.replace("master_key = \"c2VjcmV0\"", line), &[]);
        assert!(problems.contains(told), "{problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
}

#[test]
fn secrets_do_not_print() {
    let text = LEAST.replace("sqlite:///tmp/vestibule.db", "postgres://v:hunter2@db/v");
    let printed = format!("{:?}", parse(&text, &[]).unwrap());
    assert!(!printed.contains("hunter2") && !printed.contains("c2VjcmV0"), "{printed}");
    let problems = problems(&text.replace("postgres:", "oracle:"), &[]);
    assert!(!problems.contains("hunter2"), "{problems}");
}

// LG1
#[test]
fn the_options_of_backends_do_not_print() {
    let text = format!(
        "{LEAST}\n[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nbind_password = \"hunter2\"\n"
    );
    let config = parse(&text, &[]).unwrap();
    let printed = format!("{config:?} {config:#?}");
    assert!(!printed.contains("hunter2") && printed.contains("bind_password"), "{printed}");
}

#[test]
fn the_options_of_backends_are_overridden_as_the_file_has_them() {
    let text = format!(
        "{LEAST}\n[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nurl = [\"ldaps://dc1\"]\nbase = \"dc=x\"\n\
         ca = \"/ca.pem\"\nbind_password_file = \"/no/file\"\nconnections = 8\n"
    );
    let variables = [
        ("VESTIBULE_BACKEND__STAFF__URL", "ldaps://dc2, ldaps://dc3:1636"),
        ("VESTIBULE_BACKEND__STAFF__BASE", "ou=people,dc=y"),
        ("VESTIBULE_BACKEND__STAFF__CA", "2024"),
        ("VESTIBULE_BACKEND__STAFF__BIND_PASSWORD", "[12, 34]"),
        ("VESTIBULE_BACKEND__STAFF__CONNECTIONS", "2"),
        ("VESTIBULE_BACKEND__STAFF__USERNAMES", "*@a.example,*@b.example"),
        ("VESTIBULE_BACKEND__STAFF__DNS_SERVERS", "[\"192.0.2.1\", \"192.0.2.2\"]"),
    ];
    let config = parse(&text, &variables).unwrap();
    let staff = &config.backend[0];
    let options = &staff.options;
    let texts = |key: &str| -> Vec<&str> {
        options[key].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
    };
    assert_eq!(texts("url"), ["ldaps://dc2", "ldaps://dc3:1636"]);
    assert_eq!(texts("dns_servers"), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(options["base"].as_str(), Some("ou=people,dc=y"));
    assert_eq!(options["ca"].as_str(), Some("2024"));
    assert_eq!(options["bind_password"].as_str(), Some("[12, 34]"));
    assert_eq!(options["connections"].as_integer(), Some(2));
    assert_eq!(staff.usernames, ["*@a.example", "*@b.example"]);
    assert!(
        !options.contains_key("bind_password_file"),
        "the variable takes the place of the file"
    );

    // Without the rest of the configuration, too.
    let (_, backends) = text.split_once("[[backend]]").unwrap();
    let alone =
        Config::backends("v.toml", &format!("[[backend]]{backends}"), owned(&variables)).unwrap();
    assert_eq!(alone[0].options, *options);
}

#[test]
fn backends_carry_the_options_of_their_plugins_and_know_their_place() {
    let text = format!(
        "{LEAST}\n[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nurl = [\"ldaps://dc\"]\nusernames = [\"*@corp.example\"]\n\
         [backend.claims]\nname = \"{{{{ givenName }}}} {{{{ sn }}}}\"\ngroups = [\"memberOf\"]\n\
         [[backend]]\nname = \"people\"\ntype = \"database\"\n"
    );
    let config = parse(&text, &[]).unwrap();
    let [staff, people] = &config.backend[..] else { panic!("{:?}", config.backend) };
    assert_eq!((staff.name.as_str(), staff.r#type.as_str()), ("staff", "ldap"));
    assert_eq!(staff.usernames, ["*@corp.example"]);
    assert_eq!(staff.options.keys().collect::<Vec<_>>(), ["url"]);
    assert_eq!(staff.claims["groups"][0].as_str(), Some("memberOf"));
    assert_eq!(people.name, "people");
    assert!(matches!(staff.place, Place::File { line: 9, .. }), "{}", staff.place);
}

#[test]
fn a_backend_without_name_or_type_or_with_anothers_name_is_refused() {
    for (lines, told) in [
        ("type = \"database\"", "this backend has no name"),
        ("name = \"x\"", "this backend has no type"),
        ("name = \"X Y\"\ntype = \"database\"", "backend.name must be lower-case"),
        ("name = \"x\"\ntype = \"database\"\npatience = 3", "backend.patience must be text"),
        (
            "name = \"x\"\ntype = \"database\"\n[[backend]]\nname = \"x\"\ntype = \"ldap\"",
            "must be unique",
        ),
    ] {
        let problems = problems(&format!("{LEAST}\n[[backend]]\n{lines}"), &[]);
        assert!(problems.contains(told) && problems.starts_with("v.toml:"), "{problems}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_with_the_remedy() {
    let problems = text_of(Path::new("/does/not/exist.toml")).unwrap_err().to_string();
    assert!(problems.contains("/does/not/exist.toml cannot be read"), "{problems}");
    assert!(problems.contains("vestibule init"), "{problems}");
}

#[test]
fn the_sample_holds_every_option_and_can_be_used_as_it_is() {
    let text = sample(&[
        ("server.issuer", "\"https://login.example\""),
        ("database.url", "\"sqlite:///var/lib/vestibule/vestibule.db\""),
        ("keys.master_key", "\"c2VjcmV0\""),
    ]);
    for option in options() {
        let line = text
            .lines()
            .any(|line| line.trim_start_matches("# ").starts_with(&format!("{} =", option.key)));
        assert!(line, "{} is missing:\n{text}", option.name());
    }
    parse(&text, &[]).unwrap();

    // With every default written out, nothing changes.
    let explicit: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(option) if options().any(|o| o.section != "backend" && matches!(o.default, Default::Toml(d) if option == format!("{} = {d}", o.key))) => format!("{option}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let (explicit, implicit) = (parse(&explicit, &[]).unwrap(), parse(&text, &[]).unwrap());
    assert_eq!(format!("{explicit:?}"), format!("{implicit:?}"));
}

#[test]
fn the_directory_of_the_sample_can_be_uncommented() {
    let text: String = backend::EXAMPLE
        .lines()
        .filter(|line| line.contains(" = ") || line.contains('['))
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let config = parse(&format!("{LEAST}{text}"), &[]).unwrap();
    assert_eq!(config.backend[0].options["groups"].as_str(), Some("member-of"));
    assert_eq!(config.backend[0].claims["groups"][0].as_str(), Some("groups"));
}

/// The table of the README.
fn table() -> String {
    let mut table = String::from("| option | default | meaning |\n|---|---|---|\n");
    for option in options() {
        let default = match option.default {
            Default::Required => "*required*".to_owned(),
            Default::Absent => String::new(),
            Default::Toml(text) => format!("`{text}`"),
        };
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        table.push_str(&format!(
            "| `{}` | {default} | {} |\n",
            option.name(),
            words(option.meaning)
        ));
    }
    table
}

#[test]
fn the_readme_lists_every_option() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- options: begin -->\n").unwrap();
    let (written, _) = rest.split_once("<!-- options: end -->").unwrap();
    assert_eq!(written, table(), "put this table into README.md:\n\n{}", table());
}

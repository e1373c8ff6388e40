//! The commands on installations of their own.

mod backend;
#[cfg(feature = "ldap")]
mod directory;
mod tables;

use std::io::Cursor;
use std::time::Duration;

use clap::CommandFactory;

use super::input::Input;
use super::*;
use crate::clock::Clock;
use crate::protocol::Algorithm;
use crate::storage::{
    Write, account, accounts, grant, liveness, refresh_token, refresh_tokens, session, sessions,
};

/// A folder of its own with an installation in it, removed at the end.
struct Folder {
    path: PathBuf,
    variables: Vec<(String, String)>,
}

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("vestibule-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self { path: path.canonicalize().unwrap(), variables: Vec::new() }
    }

    /// Initialised and migrated, with a cheap password hash and four keys.
    async fn installed(name: &str) -> Self {
        let folder = Self::new(name);
        folder.run("init --issuer https://login.example", "").await.unwrap();
        let cheap = "\n[[backend]]\nname = \"people\"\ntype = \"database\"\nhash_memory = 8\nhash_passes = 1\n";
        folder.replace(
            "[keys]\n",
            "[keys]\nalgorithms = [\"RS256\", \"PS256\", \"ES256\", \"EdDSA\"]\n",
        );
        folder.append(cheap);
        folder.run("migrate", "").await.unwrap();
        folder
    }

    fn config(&self) -> PathBuf {
        self.path.join("vestibule.toml")
    }

    fn append(&self, text: &str) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), config + text).unwrap();
    }

    fn replace(&self, from: &str, to: &str) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        assert!(config.contains(from), "{from}");
        std::fs::write(self.config(), config.replace(from, to)).unwrap();
    }

    /// Runs a command line; `_` stands for a space inside a word.
    async fn run(&self, line: &str, input: &str) -> Result<Answer, Failure> {
        let config = self.config();
        let words = line.split(' ').map(|word| word.replace('_', " "));
        let words = ["vestibule", "--config", config.to_str().unwrap()]
            .map(str::to_owned)
            .into_iter()
            .chain(words);
        let arguments = Arguments::try_parse_from(words)?;
        let mut surroundings = Surroundings {
            variables: self.variables.clone(),
            input: Input { reader: Box::new(Cursor::new(input.to_owned())), terminal: false },
            clock: Clock::from_fn(|| 1_800_000_000_000),
        };
        execute(arguments, &mut surroundings).await
    }

    async fn text(&self, line: &str) -> String {
        self.run(line, "").await.unwrap().text
    }

    async fn failure(&self, line: &str) -> String {
        self.run(line, "").await.unwrap_err().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn every_algorithm_that_has_a_key_pair_can_be_configured() {
    let pairs = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_symmetric());
    assert_eq!(pairs.map(Algorithm::as_str).collect::<Vec<_>>(), crate::config::ALGORITHMS);
}

#[tokio::test]
async fn init_writes_what_check_accepts_once_it_is_migrated() {
    let folder = Folder::new("init");
    let answer = folder.run("init --issuer https://login.example", "").await.unwrap();
    assert!(answer.text.contains("master.key: keep a copy"), "{}", answer.text);
    assert_eq!(mode(&folder.config()), 0o600);
    assert_eq!(mode(&folder.path.join("master.key")), 0o600);

    let before = folder.run("check", "").await.unwrap();
    assert!(
        !before.success && before.text.contains("`vestibule migrate` makes it"),
        "{}",
        before.text
    );
    folder.run("migrate", "").await.unwrap();
    let after = folder.run("check", "").await.unwrap();
    assert!(after.success, "{}", after.text);
    assert!(after.text.contains("refresh_absolute     90d"), "{}", after.text);
    assert_eq!(after.json["lifetimes"]["session_idle"], "8h");
    assert!(folder.text("migrate").await.contains("up to date"));
}

#[tokio::test]
async fn check_finds_the_file_that_init_named() {
    let folder = Folder::new("with a space, \u{fc} and %20");
    folder.run("init --issuer https://login.example", "").await.unwrap();
    folder.run("migrate", "").await.unwrap();
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
}

#[tokio::test]
async fn init_overwrites_nothing() {
    let folder = Folder::new("again");
    folder.run("init --issuer https://login.example", "").await.unwrap();
    let key = std::fs::read_to_string(folder.path.join("master.key")).unwrap();
    let failure = folder.failure("init --issuer https://login.example").await;
    assert!(failure.contains("vestibule.toml exists already and stays as it is"), "{failure}");
    std::fs::remove_file(folder.config()).unwrap();
    let failure = folder.failure("init --issuer https://login.example").await;
    assert!(failure.contains("master.key exists already"), "{failure}");
    assert_eq!(std::fs::read_to_string(folder.path.join("master.key")).unwrap(), key);
    assert!(!folder.config().exists());
}

#[tokio::test]
async fn init_takes_no_issuer_that_check_would_refuse() {
    let folder = Folder::new("issuer");
    let failure = folder.failure("init --issuer http://login.example").await;
    assert!(failure.contains("must begin with https://"), "{failure}");
}

#[tokio::test]
async fn a_command_without_configuration_names_the_remedy() {
    let folder = Folder::new("none");
    for line in ["check", "migrate", "client list", "user list", "key list"] {
        let told = match folder.run(line, "").await {
            Ok(answer) => {
                assert!(!answer.success, "{line}");
                answer.text
            }
            Err(failure) => failure.to_string(),
        };
        assert!(
            told.contains("vestibule.toml") && told.contains("vestibule init"),
            "{line}: {told}"
        );
    }
}

#[tokio::test]
async fn a_database_that_is_not_migrated_names_the_remedy() {
    let folder = Folder::new("unmigrated");
    folder.run("init --issuer https://login.example", "").await.unwrap();
    let failure = folder.failure("client list").await;
    assert!(failure.contains("database.url") && failure.contains("vestibule migrate"), "{failure}");
}

#[tokio::test]
async fn check_says_everything_that_is_wrong() {
    let folder = Folder::installed("wrong").await;
    folder.append("[pages]\n");
    let twice = folder.run("check", "").await.unwrap();
    assert!(!twice.success && twice.text.contains("vestibule.toml:"), "{}", twice.text);

    let folder = Folder::installed("wrong2").await;
    folder.replace(
        "[server]\n",
        "[server]\ntls_certificate = \"/no/cert.pem\"\ntls_key = \"/no/key.pem\"\n",
    );
    folder.replace("[log]\n", "[log]\nfilter = \"a=b=c\"\n");
    folder.replace("[pages]\n", "[pages]\ntemplates = \"/no/templates\"\n");
    std::fs::write(folder.path.join("master.key"), "short").unwrap();
    let answer = folder.run("check", "").await.unwrap();
    assert!(!answer.success);
    for told in
        ["/no/cert.pem", "log.filter", "/no/templates", "keys.master_key: a master key is 32"]
    {
        assert!(answer.text.contains(told), "{told}\n{}", answer.text);
    }
    let states: Vec<_> =
        answer.json["findings"].as_array().unwrap().iter().map(|f| f["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| *state == "wrong").count(), 4, "{}", answer.json);
}

#[tokio::test]
async fn check_notices_another_master_key() {
    let folder = Folder::installed("master").await;
    folder.run("key list", "").await.unwrap();
    assert!(folder.run("check", "").await.unwrap().success);
    std::fs::write(folder.path.join("master.key"), secret_key()).unwrap();
    let answer = folder.run("check", "").await.unwrap();
    assert!(!answer.success);
    assert!(
        answer.text.contains("keys.master_key is not the one it was made with"),
        "{}",
        answer.text
    );
}

fn secret_key() -> String {
    crate::secret::token()
}

#[tokio::test]
async fn the_environment_alone_can_be_the_configuration() {
    let mut folder = Folder::new("environment");
    let database = format!("sqlite://{}", folder.path.join("v.db").display());
    for (name, value) in [
        ("VESTIBULE_SERVER__ISSUER", "https://login.example"),
        ("VESTIBULE_DATABASE__URL", &database),
        ("VESTIBULE_KEYS__MASTER_KEY", &secret_key()),
    ] {
        folder.variables.push((name.to_owned(), value.to_owned()));
    }
    let surroundings = Surroundings {
        variables: folder.variables.clone(),
        input: Input::empty(),
        clock: Clock::system(),
    };
    let config = site::configuration(Path::new(CONFIG), &surroundings).unwrap();
    assert_eq!(config.server.issuer.as_str(), "https://login.example");
    // A file that was named must be there.
    assert!(site::configuration(&folder.config(), &surroundings).is_err());
}

#[tokio::test]
async fn a_client_is_added_shown_disabled_and_removed() {
    let folder = Folder::installed("client").await;
    let added = folder
        .run("client add My_Wiki --id wiki --redirect-uri https://wiki.example/cb", "")
        .await
        .unwrap();
    let secret = added.json["client_secret"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    assert!(added.text.contains(secret));

    let shown = folder.run("client show wiki", "").await.unwrap();
    assert_eq!(shown.json["client_name"], "My Wiki");
    assert_eq!(shown.json["disabled"], false);
    assert!(!shown.text.contains(secret) && shown.json.get("client_secret").is_none());

    assert!(folder.text("client disable wiki").await.contains("disabled"));
    assert_eq!(folder.run("client show wiki", "").await.unwrap().json["disabled"], true);
    assert!(folder.text("client list").await.contains("disabled"));
    folder.run("client enable wiki", "").await.unwrap();
    folder.run("client remove wiki", "").await.unwrap();
    assert_eq!(folder.run("client list", "").await.unwrap().json, serde_json::json!([]));
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    let folder = Folder::installed("public").await;
    let added = folder
        .run("client add Shop --public --redirect-uri https://shop.example/", "")
        .await
        .unwrap();
    assert!(
        added.json.get("client_secret").is_none() && !added.text.contains("secret"),
        "{}",
        added.text
    );
}

#[tokio::test]
async fn a_client_that_nothing_could_be_issued_to_is_refused() {
    let folder = Folder::installed("refused").await;
    folder.run("client add A --id a --redirect-uri https://a.example/", "").await.unwrap();
    for (line, told) in [
        (
            "client add A --id a --redirect-uri https://a.example/",
            "a client with the id a exists already",
        ),
        (
            "client add A --redirect-uri https://a.example/ --id-token-alg PS512",
            "add PS512 to keys.algorithms",
        ),
        (
            "client add A --redirect-uri https://a.example/ --access-token-alg ES384",
            "add ES384 to keys.algorithms",
        ),
        (
            "client add A --redirect-uri https://a.example/ --scope openid_api",
            "describe it in authorization.scopes",
        ),
        ("client show b", "there is no client b"),
        ("client disable b", "there is no client b"),
        ("client remove b", "there is no client b"),
    ] {
        let failure = folder.failure(line).await;
        assert!(failure.contains(told), "{line}: {failure}");
    }
}

#[tokio::test]
async fn the_secret_of_an_hs256_client_is_kept_readable_and_encrypted() {
    let folder = Folder::installed("hs256").await;
    let line = "client add A --id a --redirect-uri https://a.example/ --id-token-alg HS256";
    let added = folder.run(line, "").await.unwrap();
    let secret = added.json["client_secret"].as_str().unwrap();
    let surroundings =
        Surroundings { variables: Vec::new(), input: Input::empty(), clock: Clock::system() };
    let site = site::Site::open(&folder.config(), &surroundings).await.unwrap();
    let row = crate::storage::clients::find(&site.storage, "a").await.unwrap().unwrap();
    let sealed = row.secret_sealed.unwrap();
    let opened =
        site.sealer().unwrap().decrypt(crate::seal::Purpose::ClientSecret, "a", &sealed).unwrap();
    assert_eq!(&opened[..], secret.as_bytes());
    assert!(!row.metadata.contains(secret));
}

#[tokio::test]
async fn a_person_is_added_shown_disabled_and_removed() {
    let folder = Folder::installed("user").await;
    let line =
        "user add alice --attribute name=Alice_Adams --attribute groups=a --attribute groups=b";
    folder.run(line, "correct horse\n").await.unwrap();
    let shown = folder.run("user show alice", "").await.unwrap().json;
    assert_eq!(shown["attributes"]["name"][0], "Alice Adams");
    assert_eq!(shown["attributes"]["groups"], serde_json::json!(["a", "b"]));
    assert_eq!(shown["state"], "enabled");
    assert!(folder.text("user list").await.contains("Alice Adams  enabled"));

    folder.run("user disable alice", "").await.unwrap();
    assert_eq!(folder.run("user show alice", "").await.unwrap().json["state"], "disabled");
    folder.run("user enable alice", "").await.unwrap();
    folder.run("user set-password alice", "another one\n").await.unwrap();
    let made_up = folder.run("user set-password alice --random-password", "").await.unwrap();
    assert_eq!(made_up.json["password"].as_str().unwrap().len(), 22);
    folder.run("user remove alice", "").await.unwrap();
    assert_eq!(folder.run("user list", "").await.unwrap().json, serde_json::json!([]));
}

/// What the first login leaves: an account, under the person's name.
async fn put_account(folder: &Folder, site: &site::Site, username: &str) {
    let shown = folder.run(&format!("user show {username}"), "").await.unwrap().json;
    let account = account::Model {
        id: username.to_owned(),
        backend: "people".to_owned(),
        subject: shown["id"].as_str().unwrap().to_owned(),
        sub: format!("sub of {username}"),
        attributes: Vec::new(),
        seen_at: site.now,
        created_at: site.now,
        gone_since: None,
    };
    accounts::put(&site.storage, account).await.unwrap();
}

/// What a login and two codes leave: a session, a grant of it and an offline one, each with a refresh token.
async fn put_session(site: &site::Site, username: &str, sid: &str) {
    let later = site.now.plus(Duration::from_secs(3600));
    let session = session::Model {
        cookie_hash: format!("cookie of {sid}"),
        sid: sid.to_owned(),
        account_id: username.to_owned(),
        auth_time: site.now,
        acr: None,
        amr: "[]".to_owned(),
        login_answered: "r".to_owned(),
        choice_answered: None,
        created_at: site.now,
        last_seen_at: site.now,
        expires_at: later,
    };
    let grant = |offline| grant::Model {
        id: grant_of(sid, offline),
        account_id: username.to_owned(),
        client_id: "wiki".to_owned(),
        session_id: Some(sid.to_owned()),
        offline,
        scope: "openid".to_owned(),
        claims: "{}".to_owned(),
        auth_time: site.now,
        acr: None,
        amr: "[]".to_owned(),
        created_at: site.now,
        expires_at: later,
    };
    let refresh_token = |offline| refresh_token::Model {
        hash: grant_of(sid, offline),
        grant_id: grant_of(sid, offline),
        issued_at: site.now,
        expires_at: later,
    };
    let write = Write {
        sessions: vec![session],
        grants: [true, false].map(grant).into(),
        refresh_tokens: [true, false].map(refresh_token).into(),
        ..Write::default()
    };
    site.storage.commit(write).await.unwrap();
}

fn grant_of(sid: &str, offline: bool) -> String {
    format!("{} of {sid}", if offline { "offline" } else { "online" })
}

/// What still stands of [`put_session`]: the session, the offline grant and token, the others.
async fn standing(site: &site::Site, sid: &str) -> [bool; 5] {
    let storage = &site.storage;
    let mut standing = [false; 5];
    standing[0] = sessions::find_by_sid(storage, sid).await.unwrap().is_some();
    for (at, offline) in [(1, true), (3, false)] {
        let id = grant_of(sid, offline);
        standing[at] = liveness::of_grant(storage, &id, None).await.unwrap().is_some();
        standing[at + 1] = refresh_tokens::find(storage, &id).await.unwrap().is_some();
    }
    standing
}

#[tokio::test]
async fn another_password_and_disabling_end_sessions_and_grants() {
    let folder = Folder::installed("ending").await;
    let surroundings = Surroundings::silent(Clock::from_fn(|| 1_800_000_000_000));
    let site = site::Site::open(&folder.config(), &surroundings).await.unwrap();
    for name in ["alice", "bob"] {
        folder.run(&format!("user add {name}"), "correct horse\n").await.unwrap();
        put_account(&folder, &site, name).await;
    }
    put_session(&site, "bob", "his").await;
    for (sid, line) in [("first", "user set-password alice"), ("second", "user disable ALICE")] {
        put_session(&site, "alice", sid).await;
        assert_eq!(standing(&site, sid).await, [true; 5], "{line}");
        folder.run(line, "another one\n").await.unwrap();
        assert_eq!(standing(&site, sid).await, [false; 5], "{line}");
    }
    assert_eq!(standing(&site, "his").await, [true; 5]);
}

#[tokio::test]
async fn a_consent_is_listed_and_taken_back() {
    use crate::storage::{consent, consents};

    let folder = Folder::installed("consent").await;
    folder.run("user add alice", "correct horse\n").await.unwrap();
    folder
        .run("client add Wiki --id wiki --redirect-uri https://wiki.example/cb", "")
        .await
        .unwrap();
    let none = folder.run("consent list alice", "").await.unwrap().json;
    assert_eq!(none, serde_json::json!([]));

    let surroundings = Surroundings::silent(Clock::system());
    let site = site::Site::open(&folder.config(), &surroundings).await.unwrap();
    put_account(&folder, &site, "alice").await;
    let given = consent::Model {
        account_id: "alice".to_owned(),
        client_id: "wiki".to_owned(),
        scope: "email openid".to_owned(),
        claims: r#"["groups"]"#.to_owned(),
        answered: "r".to_owned(),
        granted_at: site.now,
    };
    assert!(consents::put(&site.storage, given, None).await.unwrap());

    let text = folder.text("consent list ALICE").await;
    assert!(text.contains("wiki    email openid  groups"), "{text}");
    assert!(folder.failure("consent remove alice wikki").await.contains("no client wikki"));
    assert!(folder.failure("consent remove bob wiki").await.contains("nobody has the name bob"));
    for removed in [true, false] {
        let answer = folder.run("consent remove alice wiki", "").await.unwrap();
        assert_eq!(answer.json["removed"], removed, "{}", answer.text);
    }
    assert_eq!(folder.run("consent list alice", "").await.unwrap().json, serde_json::json!([]));
}

#[tokio::test]
async fn names_are_compared_as_they_are_at_login() {
    let folder = Folder::installed("names").await;
    folder.run("user add Alice --random-password", "").await.unwrap();
    assert_eq!(folder.run("user show ALICE", "").await.unwrap().json["username"], "alice");
    assert!(
        folder
            .failure("user add aLICE --random-password")
            .await
            .contains("the name alice is taken")
    );
}

#[tokio::test]
async fn what_is_no_person_or_no_password_is_refused() {
    let folder = Folder::installed("nobody").await;
    for (line, input, told) in [
        ("user add alice", "", "the password is blank; write it to standard input"),
        ("user add alice --password-file /no/file", "", "/no/file cannot be read"),
        (
            "user add alice --attribute name --random-password",
            "",
            "--attribute name must be NAME=VALUE",
        ),
        ("user show bob", "", "nobody has the name bob"),
        ("user disable bob", "", "nobody has the name bob"),
        ("user set-password bob", "secret enough\n", "nobody has the name bob"),
        ("user --backend staff list", "", "no [[backend]] of type \"database\" has the name staff"),
    ] {
        let failure = folder.run(line, input).await.unwrap_err().to_string();
        assert!(failure.contains(told), "{line}: {failure}");
    }
}

#[tokio::test]
async fn keys_are_made_listed_and_rotated() {
    let folder = Folder::installed("keys").await;
    let list = folder.run("key list", "").await.unwrap().json;
    assert_eq!(list.as_array().unwrap().len(), 4);
    assert!(list.as_array().unwrap().iter().all(|key| key["state"] == "signing"), "{list}");
    let rotated = folder.run("key rotate --algorithm ES256", "").await.unwrap().json;
    let next: Vec<_> =
        rotated.as_array().unwrap().iter().filter(|key| key["state"] == "next").collect();
    assert_eq!((next.len(), &next[0]["algorithm"]), (1, &serde_json::json!("ES256")));
    let failure = folder.failure("key rotate --algorithm ES384").await;
    assert!(failure.contains("add ES384 to keys.algorithms"), "{failure}");
}

#[tokio::test]
async fn the_master_key_is_replaced_in_three_steps() {
    let folder = Folder::installed("rotation").await;
    folder.run("key list", "").await.unwrap();
    assert!(
        folder.failure("key rotate --master").await.contains("keys.former_master_key is missing")
    );

    let former = folder.path.join("former.key");
    std::fs::rename(folder.path.join("master.key"), &former).unwrap();
    std::fs::write(folder.path.join("master.key"), secret_key()).unwrap();
    let line = format!("former_master_key_file = {:?}\n", former.to_str().unwrap());
    folder.replace("[keys]\n", &format!("[keys]\n{line}"));
    assert_eq!(folder.run("key rotate --master", "").await.unwrap().json["renewed"], 4);

    folder.replace(&line, "");
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
}

#[tokio::test]
async fn an_option_that_no_plugin_knows_is_told_with_its_line() {
    let folder = Folder::installed("option").await;
    folder.replace("hash_memory = 8\n", "hash_memory = 8\nhash_mmory = 8\n");
    let config = std::fs::read_to_string(folder.config()).unwrap();
    let line = config.lines().position(|line| line.starts_with("hash_mmory")).unwrap() + 1;
    let answer = folder.run("check", "").await.unwrap();
    assert!(!answer.success);
    let told = format!(
        "vestibule.toml:{line}:1: the backend `people`: the option `hash_mmory` is not known"
    );
    assert!(answer.text.contains(&told), "{}", answer.text);
    assert!(answer.text.contains("did you mean `hash_memory`?"), "{}", answer.text);
    for line in ["serve", "user list"] {
        let failure = folder.failure(line).await;
        assert!(
            failure.contains("vestibule.toml:") && failure.contains("`hash_mmory`"),
            "{line}: {failure}"
        );
    }
}

#[tokio::test]
async fn an_administrator_is_made_with_a_password() {
    let folder = Folder::installed("administrator").await;
    let line = "user set-password root --administrator";
    let answer = folder.run(line, "a long password\n").await.unwrap();
    assert!(answer.text.contains("root is an administrator"), "{}", answer.text);
    // It is nobody in the backend.
    assert!(folder.failure("user show root").await.contains("nobody has the name root"));
}

#[tokio::test]
async fn the_openapi_document_is_printed() {
    let folder = Folder::new("openapi");
    let answer = folder.run("openapi --issuer https://op.example", "").await.unwrap();
    assert!(answer.json["paths"]["/oauth2/authorize"].is_object(), "{}", answer.text);
    assert!(folder.failure("openapi --issuer nonsense").await.contains("--issuer must be a URL"));
}

#[tokio::test]
async fn demo_and_commands_do_not_mix() {
    let folder = Folder::new("mix");
    let failure = folder.failure("--data x client list").await;
    assert!(failure.contains("--data and --listen are for the demo"), "{failure}");
    for address in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
        let failure = folder.failure(&format!("--listen {address}")).await;
        assert!(failure.contains("must be a loopback address"), "{address}: {failure}");
    }
}

#[tokio::test]
async fn the_demo_asks_for_its_ports_before_it_makes_anything() {
    let folder = Folder::new("ports");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let data = folder.path.join("data");
    let line = format!("--data {} --listen {}", data.display(), taken.local_addr().unwrap());
    let failure = folder.failure(&line).await;
    assert!(failure.contains("another program uses this port"), "{failure}");
    assert!(!data.exists());
}

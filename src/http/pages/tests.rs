use std::env;

use poem::http::{StatusCode, header};
use proptest::prelude::*;
use scraper::{Html, Selector};
use serde_json::json;

use super::{sample, *};

/// Texts that break out of an element, an attribute, a comment, a script or a template, if anything lets them.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "x onfocus=alert(1) autofocus",
    "</title></textarea></style></script><svg onload=alert(1)>",
    "--><b>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "&quot;><b id=entity>",
    "\u{0}\"\u{2028}`><a href=javascript:alert(1)>",
];

fn pages() -> Pages {
    Pages::open(&config::Pages { templates: None, product: "Vestibule".to_owned() }).unwrap()
}

/// A folder of one's own, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("vestibule-pages-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, content: &str) -> Self {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn pages(&self) -> Result<Pages, Fault> {
        Pages::open(&config::Pages {
            templates: Some(self.0.clone()),
            product: "Vestibule".to_owned(),
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Every element with the names of its attributes, in the order of the document.
fn outline(html: &str) -> Vec<(String, Vec<String>)> {
    let document = Html::parse_document(html);
    let elements = document.tree.nodes().filter_map(|node| node.value().as_element());
    elements
        .map(|element| {
            let mut attributes: Vec<_> = element.attrs().map(|(name, _)| name.to_owned()).collect();
            attributes.sort();
            (element.name().to_owned(), attributes)
        })
        .collect()
}

/// The values with every text replaced, but for the kind of a message, which is ours.
fn replaced(values: &serde_json::Value, text: &str) -> serde_json::Value {
    use serde_json::Value::{Array, Object, String};
    match values {
        String(_) => String(text.to_owned()),
        Array(values) => Array(values.iter().map(|value| replaced(value, text)).collect()),
        Object(fields) => Object(
            fields
                .iter()
                .map(|(name, value)| {
                    let value = if name == "kind" { value.clone() } else { replaced(value, text) };
                    (name.clone(), value)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

fn login() -> Login {
    Login {
        hidden: vec![Field::new("pending", "sealed")],
        application: None,
        username: None,
        password: true,
        backends: vec![],
        message: None,
    }
}

fn application(logo: &str) -> Application {
    Application { name: "App".to_owned(), logo: Link::parse(logo), policy: None, terms: None }
}

fn form_post(fields: Vec<Field>) -> FormPost {
    let action = "https://client.example/callback".to_owned();
    FormPost { action, fields, application: None }
}

fn policy(response: &poem::Response) -> &str {
    response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap()
}

#[test]
fn every_page_renders_with_sample_values() {
    pages().check().unwrap();
    for name in names().filter(|name| embedded(name).contains("extends")) {
        assert!(sample::all().iter().any(|(sample, _)| *sample == name), "{name} has no sample");
    }
}

// XS1
#[test]
fn no_value_adds_an_element_or_attribute() {
    for text in HOSTILE {
        let tame = Pages::open(&config::Pages { templates: None, product: "harmless".to_owned() })
            .unwrap();
        let wild =
            Pages::open(&config::Pages { templates: None, product: (*text).to_owned() }).unwrap();
        for (name, values) in sample::all() {
            let values = serde_json::to_value(&values).unwrap();
            let render = |pages: &Pages, text| {
                pages.fill(name, Value::from(Serde(replaced(&values, text)))).unwrap()
            };
            let (harmless, hostile) = (render(&tame, "harmless"), render(&wild, text));
            assert_eq!(outline(&harmless), outline(&hostile), "{name} with {text}");
        }
    }
}

#[test]
fn a_variable_that_a_page_does_not_have_is_an_error() {
    let folder = Folder::new("strict").with("logged_out.html", "<p>\n{{ person.name }}");
    let faults = folder.pages().unwrap().check().unwrap_err();
    let told = faults[0].to_string();
    assert_eq!(faults.len(), 1);
    assert!(told.contains("logged_out.html, line 2"), "{told}");
}

#[test]
fn a_template_that_does_not_compile_is_refused_at_start() {
    let folder = Folder::new("broken").with("error.html", "<p>\n\n{% if %}");
    let told = folder.pages().err().unwrap().to_string();
    assert!(told.contains("error.html, line 3"), "{told}");
}

#[test]
fn a_file_that_replaces_no_template_is_refused() {
    let folder = Folder::new("misspelt").with("lgoin.html", "");
    let told = folder.pages().err().unwrap().to_string();
    assert!(told.contains("lgoin.html") && told.contains("login.html"), "{told}");
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let templates = Some(PathBuf::from("/nowhere/at/all"));
    let told = Pages::open(&config::Pages { templates, product: String::new() })
        .err()
        .unwrap()
        .to_string();
    assert!(told.contains("/nowhere/at/all"), "{told}");
}

#[test]
fn a_file_in_the_folder_replaces_the_embedded_one_alone() {
    let folder = Folder::new("override")
        .with("brand.html", "<b>Harbour & Sons</b>")
        .with("README", "not a template")
        .with("assets/vestibule.css", "body { color: red }");
    let pages = folder.pages().unwrap();
    pages.check().unwrap();
    let html = pages.render(&login()).unwrap();
    assert!(html.contains("<b>Harbour & Sons</b>") && html.contains("login-submit"));
    assert_ne!(pages.assets().path("vestibule.css"), self::pages().assets().path("vestibule.css"));
}

#[test]
fn the_login_page_has_the_names_that_scripts_rely_on() {
    let page = Login {
        application: Some(application("https://client.example/logo.png")),
        username: Some("alice".to_owned()),
        ..login()
    };
    let document = Html::parse_document(&pages().render(&page).unwrap());
    let one = |selector: &str| {
        let selector = Selector::parse(selector).unwrap();
        document.select(&selector).next().map(|element| element.value().clone())
    };
    assert_eq!(one("input[name=username]").unwrap().attr("value"), Some("alice"));
    assert_eq!(one("input[name=username]").unwrap().attr("autocomplete"), Some("username"));
    assert_eq!(one("input[name=password]").unwrap().attr("value"), None);
    assert_eq!(one("form #login-submit").unwrap().attr("type"), Some("submit"));
    assert_eq!(one("input[name=pending]").unwrap().attr("value"), Some("sealed"));
    assert_eq!(one("#login-cancel").unwrap().attr("value"), Some("cancel"));
    assert_eq!(one("img").unwrap().attr("src"), Some("https://client.example/logo.png"));
    assert_eq!(one("html").unwrap().attr("lang"), Some("en"));
}

#[test]
fn pages_hold_no_style_and_no_script_but_the_one() {
    for (name, values) in sample::all() {
        let html = pages().fill(name, values).unwrap();
        for (element, attributes) in outline(&html) {
            let ours = element == "script" && name == "form_post.html";
            assert!(ours || !["style", "script"].contains(&element.as_str()), "{name}: {element}");
            let loud = |name: &String| name == "style" || name.starts_with("on");
            assert!(!attributes.iter().any(loud), "{name}: {attributes:?}");
        }
    }
}

#[test]
fn a_page_whose_form_stays_here_says_so_and_others_do_not() {
    let pages = pages();
    let strict = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    let here = format!("{strict}; form-action 'self'");
    let ok = StatusCode::OK;
    assert_eq!(policy(&pages.show(ok, &LoggedOut {}).unwrap()), here);
    assert_eq!(policy(&pages.show(ok, &Home { person: None, demo: None }).unwrap()), here);
    assert_eq!(policy(&pages.fail(ok, &Failure::new("Wrong.", "r"))), here);
    assert_eq!(policy(&pages.show(ok, &login()).unwrap()), strict);
    let logout = Logout { hidden: vec![], application: None, person: None };
    assert_eq!(policy(&pages.show(ok, &logout).unwrap()), strict);
    let person = Person { name: "Alice".to_owned(), username: None };
    let application = application("https://logo.example:8443/a/b.png?c=d");
    let with_logo = strict.replace("img-src 'self'", "img-src 'self' https://logo.example:8443");
    let choice =
        Choice { hidden: vec![], application: application.clone(), person: person.clone() };
    assert_eq!(policy(&pages.show(ok, &choice).unwrap()), with_logo);
    let consent = Consent {
        hidden: vec![],
        application,
        person,
        scopes: vec![],
        claims: vec![],
        offline: false,
    };
    assert_eq!(policy(&pages.show(ok, &consent).unwrap()), with_logo);
}

#[test]
fn a_page_is_neither_kept_nor_framed_nor_told_to_others() {
    let response = pages().show(StatusCode::UNAUTHORIZED, &login()).unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
}

// FP1
#[test]
fn the_form_post_page_runs_its_own_script_alone() {
    let response = pages().show(StatusCode::OK, &form_post(vec![])).unwrap();
    let html = pages().render(&form_post(vec![])).unwrap();
    let script = html.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let hash = STANDARD.encode(Sha256::digest(script));
    assert!(policy(&response).contains(&format!("; script-src 'sha256-{hash}'")));
    assert!(!policy(&response).contains("form-action"));
    let button = Selector::parse("form[method=post] button[type=submit]").unwrap();
    assert!(Html::parse_document(&html).select(&button).next().is_some());
}

// XS1, RU5
#[test]
fn only_web_addresses_become_links() {
    for address in
        ["https://a.example/x", "http://127.0.0.1:8080/", "https://[::1]/", "HTTPS://a.example"]
    {
        assert_eq!(json!(Link::parse(address).unwrap()), json!(address));
    }
    for address in [
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "/relative",
        "//a.example/",
        "app.example:/callback",
        "https://a.example;script-src/",
        "https://a.example,b.example/",
        "https://a'b.example/",
        "",
    ] {
        assert_eq!(Link::parse(address), None, "{address}");
    }
}

#[test]
fn too_many_attempts_says_how_long_to_wait() {
    let page = |seconds| Login { message: Some(Message::TooMany { seconds }), ..login() };
    assert!(pages().render(&page(1)).unwrap().contains("Try again in 1 second."));
    assert!(pages().render(&page(30)).unwrap().contains("Try again in 30 seconds."));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // FP1
    /// What a client or an error put into a parameter arrives as that parameter's value and as nothing else. The parser of HTML
    /// itself turns CR into LF and NUL into U+FFFD.
    #[test]
    fn a_form_post_page_delivers_what_it_was_given(
        state in "(\\PC|[<>&\"'/=` \n])*",
        description in "([<>\"'&;#/ ]|script|onload=|\\PC){0,40}",
    ) {
        let fields = vec![Field::new("state", &state), Field::new("error_description", &description)];
        let harmless = vec![Field::new("state", "x"), Field::new("error_description", "x")];
        let html = pages().render(&form_post(fields)).unwrap();
        prop_assert_eq!(outline(&html), outline(&pages().render(&form_post(harmless)).unwrap()));
        let document = Html::parse_document(&html);
        let selector = Selector::parse("form#form-post input[type=hidden]").unwrap();
        let found: Vec<_> = document
            .select(&selector)
            .filter_map(|input| Some((input.attr("name")?, input.attr("value")?)))
            .collect();
        prop_assert_eq!(found, [("state", state.as_str()), ("error_description", description.as_str())]);
    }

    // FP1
    #[test]
    fn any_bytes_leave_the_outline_of_a_form_post_page_alone(state in any::<String>()) {
        let html = pages().render(&form_post(vec![Field::new("state", state)])).unwrap();
        let harmless = pages().render(&form_post(vec![Field::new("state", "x")])).unwrap();
        prop_assert_eq!(outline(&html), outline(&harmless));
    }
}

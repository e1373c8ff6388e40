//! The document as a page: swagger-ui, with its scripts and styles inline and allowed by their hashes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::OpenApiService;
use sha2::{Digest, Sha256};

/// The page, the same for every document: it reads `openapi.json` beside it.
pub(super) struct Docs {
    pub(super) html: String,
    /// Its Content-Security-Policy.
    pub(super) policy: String,
}

/// Shows the document. Nothing is sent to a validator elsewhere. With deep links there would be a link inside of each button; and
/// the choice of a server needs a name.
const BEGIN: &str = "SwaggerUIBundle({ dom_id: '#ui', url: 'openapi.json', deepLinking: false, validatorUrl: null, \
    onComplete: () => document.getElementById('servers')?.setAttribute('aria-label', 'Server') })";

/// What the styles of swagger-ui lack.
const STYLE: &str = include_str!("../../../templates/docs.css");

impl Docs {
    pub(super) fn new() -> Self {
        // The framework has the files of swagger-ui, but shows them only as a page of its own.
        let page = OpenApiService::new((), "", "").swagger_ui_html();
        let style = between(&page, "<style charset=\"UTF-8\">", "</style>").to_owned() + STYLE;
        let script = between(&page, "<script charset=\"UTF-8\">", "</script>");
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
            <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>API of this server</title>\n\
            <link rel=\"icon\" type=\"image/svg+xml\" href=\"assets/favicon.svg\">\n<style>{style}</style>\n</head>\n<body>\n\
            <header><a href=\".\">Back to this server</a></header>\n\
            <main>\n<h1>API of this server</h1>\n<div id=\"ui\"></div>\n<noscript>This page needs JavaScript; \
            <a href=\"openapi.json\">the document itself</a> does not.</noscript>\n</main>\n<script>{script}</script>\n\
            <script>{BEGIN}</script>\n</body>\n</html>\n"
        );
        let policy = format!(
            "default-src 'none'; script-src {} {}; style-src {}; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
            frame-ancestors 'none'; form-action 'none'",
            hash(script),
            hash(BEGIN),
            hash(&style),
        );
        Self { html, policy }
    }
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(inside, _)| inside)
}

/// A source expression (CSP Level 3 §2.3.1).
fn hash(inline: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inline)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_swagger_ui_are_where_we_look_for_them() {
        let html = Docs::new().html;
        assert!(html.len() > 1_000_000, "{}", html.len());
        assert!(html.contains(".swagger-ui"));
        assert_eq!(html.matches("</script>").count(), 2);
        assert_eq!(html.matches("</style>").count(), 1);
    }

    #[test]
    fn nothing_inline_runs_but_what_we_put_there() {
        let policy = Docs::new().policy;
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(policy.matches("'sha256-").count(), 3);
    }
}

//! A page as an HTTP response, with the headers that bind the browser (FP1).
//!
//! `Referrer-Policy: no-referrer` has a consequence for whoever reads the forms: browsers send `Origin: null` with them, so the
//! origin cannot be what protects a form.

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};

use super::{Failure, Fault, Page, Pages};

/// Shown when not even the error page can be rendered.
const LAST_RESORT: &str = "<!doctype html><html lang=\"en\"><title>Error</title><h1>This did not work</h1>\
    <p>Go back to the application that sent you here and try again.</p></html>";

impl Pages {
    /// The page as a response.
    pub fn show<P: Page>(&self, status: StatusCode, page: &P) -> Result<Response, Fault> {
        Ok(response(status, self.render(page)?, &self.policy(page)))
    }

    /// The error page, which never fails: a broken template gives way to a plain text.
    pub fn fail(&self, status: StatusCode, failure: &Failure) -> Response {
        let html = self.render(failure).unwrap_or_else(|_| LAST_RESORT.to_owned());
        response(status, html, &self.policy(failure))
    }

    fn policy<P: Page>(&self, page: &P) -> String {
        let mut policy = "default-src 'none'; style-src 'self'; img-src 'self'".to_owned();
        if let Some(logo) = page.application().and_then(|application| application.logo.as_ref()) {
            policy = policy + " " + logo.origin();
        }
        policy += "; base-uri 'none'; frame-ancestors 'none'";
        if P::SUBMITS_ITSELF {
            policy = policy + "; script-src 'sha256-" + &self.0.script_hash + "'";
        }
        if !P::LEADS_AWAY {
            policy += "; form-action 'self'";
        }
        policy
    }
}

fn response(status: StatusCode, html: String, policy: &str) -> Response {
    let mut response = Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(
            "permissions-policy",
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        )
        .body(html);
    // The strictest policy stands in, should an origin ever not fit a header.
    let policy = HeaderValue::from_str(policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

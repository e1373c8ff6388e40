//! The files that pages refer to: style sheet, icons, and whatever an operator lays beside overriding templates.
//!
//! *Why a table.* All files are read at start, and a request is answered by its exact name or not at all. No request's path ever
//! reaches the file system, so there is nothing to traverse (ST1); nothing is decoded either, as no name needs it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{
    Request, Response,
    http::{StatusCode, header},
    web::headers::{ETag, HeaderMapExt, IfNoneMatch},
};
use poem_openapi::{OpenApi, param};
use sha2::{Digest, Sha256};

use super::answer::{Answer, Answers, Content, Documentation, Header};
use super::openapi::Tag;
use super::pages::{Embedded, Fault, shown};

/// Where the files are served.
const PREFIX: &str = "/assets/";

/// All files by name. Cheap to clone.
#[derive(Clone)]
pub struct Assets(Arc<BTreeMap<String, Asset>>);

struct Asset {
    content: Vec<u8>,
    media_type: &'static str,
    /// Part of the SHA-256 of its content.
    version: String,
}

impl Assets {
    /// The embedded files, and those in the folder's own `assets`, which win.
    pub fn open(folder: Option<&Path>) -> Result<Self, Fault> {
        let mut files = BTreeMap::new();
        for path in Embedded::iter() {
            let Some(name) = path.strip_prefix("assets/") else { continue };
            if let (Some(media_type), Some(file)) = (media_type(name), Embedded::get(&path)) {
                files.insert(name.to_owned(), Asset::new(file.data.into_owned(), media_type));
            }
        }
        for path in folder.map(|folder| folder.join("assets")).map_or(Ok(vec![]), |f| listed(&f))? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let Some(media_type) = media_type(name) else { continue };
            let content =
                fs::read(&path).map_err(|cause| Fault::Unreadable { file: shown(&path), cause })?;
            files.insert(name.to_owned(), Asset::new(content, media_type));
        }
        Ok(Self(Arc::new(files)))
    }

    /// The address of a file, which changes when its content does.
    pub fn path(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|asset| format!("{PREFIX}{name}?v={}", asset.version))
    }
}

impl Asset {
    fn new(content: Vec<u8>, media_type: &'static str) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&content));
        Self { content, media_type, version: hash.chars().take(16).collect() }
    }

    /// Whether the address names this very content. During an upgrade another node may still serve the former one; that
    /// answer must not stay in a cache under the new address.
    fn is_named_by(&self, query: Option<&str>) -> bool {
        query.and_then(|query| query.strip_prefix("v=")) == Some(&self.version)
    }
}

const VERSIONED: &[Header] = &[
    Header::always("Cache-Control", "How long it may be kept."),
    Header::always("ETag", "The version of the file."),
];

/// Answers with a file.
struct File;

impl Answers for File {
    const ANSWERS: &'static [&'static [Documentation]] = &[&[
        Documentation::new(200, "The file.", Content::ANY).with(VERSIONED),
        Documentation::empty(304, "The browser has this version of the file.").with(VERSIONED),
        Documentation::error(404, "There is no such file. Browsers get a page."),
    ]];
}

#[OpenApi(tag = "Tag::Pages")]
impl Assets {
    /// A file that pages refer to
    ///
    /// A style sheet, an icon, a picture.
    #[oai(path = "/assets/:name", method = "get", operation_id = "asset")]
    async fn asset(
        &self,
        request: &Request,
        /// The name of the file.
        #[oai(name = "name")]
        _name: param::Path<String>,
        /// The version of the file that the page means.
        #[oai(name = "v")]
        _version: param::Query<Option<String>>,
    ) -> poem::Result<Answer<File>> {
        self.file(request).map(Answer::from)
    }
}

impl Assets {
    fn file(&self, request: &Request) -> poem::Result<Response> {
        let uri = request.uri();
        let asset = uri.path().strip_prefix(PREFIX).and_then(|name| self.0.get(name));
        let asset = asset.ok_or_else(|| poem::Error::from_status(StatusCode::NOT_FOUND))?;
        let caching = if asset.is_named_by(uri.query()) {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=300"
        };
        let etag = format!("\"{}\"", asset.version);
        let known = request.headers().typed_get::<IfNoneMatch>().zip(etag.parse::<ETag>().ok());
        let reply = Response::builder()
            .header(header::CACHE_CONTROL, caching)
            .header(header::ETAG, etag)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        Ok(match known {
            Some((known, etag)) if !known.precondition_passes(&etag) => {
                reply.status(StatusCode::NOT_MODIFIED).finish()
            }
            _ => reply.content_type(asset.media_type).body(asset.content.clone()),
        })
    }
}

/// The files of a folder; none if it does not exist.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    if !folder.exists() {
        return Ok(vec![]);
    }
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|cause| Fault::Unreadable { file: shown(folder), cause })
}

/// By the name's ending; `None` for what pages have no use for.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use poem::http::Uri;

    use super::*;

    fn ask(target: &str, known: Option<&str>) -> Response {
        let mut request = Request::builder().uri(target.parse::<Uri>().unwrap());
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let assets = Assets::open(None).unwrap();
        assets.file(&request.finish()).unwrap_or_else(|error| error.into_response())
    }

    #[test]
    fn a_file_is_served_by_its_exact_name_alone() {
        assert_eq!(ask("/assets/vestibule.css", None).status(), StatusCode::OK);
        for path in [
            "/assets/",
            "/assets",
            "/assets/nothing.css",
            "/assets/../login.html",
            "/assets/../assets/vestibule.css",
            "/assets/./vestibule.css",
            "/assets//vestibule.css",
            "/assets/%2e%2e/login.html",
            "/assets/..%2flogin.html",
            "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
            "/assets/..%5clogin.html",
            "/assets/..\\login.html",
            "/assets/vestibule.css%00",
            "/assets/vestibule.css%00.svg",
            "/assets/vestibule%2ecss",
            "/assets/VESTIBULE.CSS",
            "/assets/vestibule.css/",
            "/assets//etc/passwd",
            "/assets/%c0%ae%c0%ae/etc/passwd",
        ] {
            // What is not even an address is refused before it comes here.
            if path.parse::<Uri>().is_ok() {
                assert_eq!(ask(path, None).status(), StatusCode::NOT_FOUND, "{path}");
            }
        }
    }

    #[test]
    fn only_the_address_of_this_very_content_is_kept_for_good() {
        let address = Assets::open(None).unwrap().path("vestibule.css").unwrap();
        let caching = |response: Response| response.headers()[header::CACHE_CONTROL].clone();
        assert_eq!(caching(ask(&address, None)), "public, max-age=31536000, immutable");
        for address in ["/assets/vestibule.css", "/assets/vestibule.css?v=older"] {
            assert_eq!(caching(ask(address, None)), "public, max-age=300");
        }
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let first = ask("/assets/favicon.svg", None);
        let etag = first.headers()[header::ETAG].to_str().unwrap();
        assert_eq!(first.headers()[header::CONTENT_TYPE], "image/svg+xml");
        let again = ask("/assets/favicon.svg", Some(etag));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("/assets/favicon.svg", Some("\"other\"")).status(), StatusCode::OK);
    }
}

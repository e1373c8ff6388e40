//! The pages that an End-User sees, rendered from templates.
//!
//! Templates are embedded in the binary, and each can be overridden by a file of its name in a folder. They are read once, at start:
//! `open` refuses what does not compile, `check` also renders every page with sample values. A page's values are one typed struct
//! ([`Page`]); a variable that a template names but its page does not have is an error, and every value is escaped, whatever
//! the template is called. Only `reply` knows poem.
//!
//! What this does not know: which page comes next, and how a hidden field was sealed.

mod link;
mod page;
mod reply;
mod sample;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{
    AutoEscape, Environment, UndefinedBehavior,
    value::{Serde, Value},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

pub use link::Link;
pub use page::{
    Application, Button, Choice, Consent, Expiry, Failure, Field, FormPost, Home, LoggedOut, Login,
    Logout, Message, Obstacle, Page, Password, PasswordWarning, Person, Scope,
};

use super::assets::Assets;
use crate::config;

/// The folder `templates`, inside the binary.
#[derive(RustEmbed)]
#[folder = "templates/"]
pub(crate) struct Embedded;

/// The one script on any page: it sends the form of `form_post.html` off.
const AUTO_SUBMIT: &str = include_str!("../../templates/form_post.js");

/// A template or asset that cannot be used: the operator's to mend, never shown to an End-User.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read {file}: {cause}")]
    Unreadable { file: String, cause: io::Error },
    #[error("{file} replaces no template; the templates are {known}")]
    Unknown { file: String, known: String },
    #[error("{file}, line {line}: {reason}")]
    Template { file: String, line: usize, reason: String },
}

/// All pages, ready to be rendered. Cheap to clone.
#[derive(Clone)]
pub struct Pages(Arc<Inner>);

struct Inner {
    environment: Environment<'static>,
    /// Where each overridden template was read from.
    overridden: BTreeMap<String, PathBuf>,
    assets: Assets,
    script_hash: String,
}

impl Pages {
    /// Reads and compiles the templates.
    pub fn open(settings: &config::Pages) -> Result<Self, Fault> {
        let assets = Assets::open(settings.templates.as_deref())?;
        let overridden =
            settings.templates.as_deref().map(overrides).transpose()?.unwrap_or_default();
        let mut environment = environment(&settings.product, assets.clone());
        for name in names() {
            let source = match overridden.get(&*name) {
                Some(path) => fs::read_to_string(path)
                    .map_err(|cause| Fault::Unreadable { file: shown(path), cause })?,
                None => embedded(&name),
            };
            environment
                .add_template_owned(name.clone(), source)
                .map_err(|error| fault(&error, &name, &overridden))?;
        }
        let script_hash = STANDARD.encode(Sha256::digest(AUTO_SUBMIT));
        Ok(Self(Arc::new(Inner { environment, overridden, assets, script_hash })))
    }

    /// The page as HTML.
    pub fn render<P: Page>(&self, page: &P) -> Result<String, Fault> {
        self.fill(P::TEMPLATE, Value::from(Serde(page)))
    }

    /// Renders every page with sample values, so that a mistake in an overriding template is found before a person meets it.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let faults: Vec<_> = sample::all()
            .into_iter()
            .filter_map(|(name, values)| self.fill(name, values).err())
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The files that pages refer to, to be served under `/assets/`.
    pub fn assets(&self) -> Assets {
        self.0.assets.clone()
    }

    fn fill(&self, name: &str, values: Value) -> Result<String, Fault> {
        self.0
            .environment
            .get_template(name)
            .and_then(|template| template.render(values))
            .map_err(|error| fault(&error, name, &self.0.overridden))
    }
}

fn environment(product: &str, assets: Assets) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_global("product", product);
    environment.add_global("auto_submit", Value::from_safe_string(AUTO_SUBMIT.to_owned()));
    environment.add_function("asset", move |name: String| {
        assets.path(&name).ok_or_else(|| {
            let reason = format!("there is no asset called {name}");
            minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, reason)
        })
    });
    environment
}

/// The templates in a folder. One that replaces nothing is refused, as its name is most likely misspelt.
fn overrides(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Fault> {
    let unreadable = |cause| Fault::Unreadable { file: shown(folder), cause };
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if names().any(|known| known == name) {
            found.insert(name.to_owned(), path);
        } else if name.ends_with(".html") {
            let known = names().collect::<Vec<_>>().join(", ");
            return Err(Fault::Unknown { file: shown(&path), known });
        }
    }
    Ok(found)
}

/// The names of all templates.
fn names() -> impl Iterator<Item = String> {
    Embedded::iter()
        .filter(|name| name.ends_with(".html") && !name.contains('/'))
        .map(|name| name.into_owned())
}

fn embedded(name: &str) -> String {
    Embedded::get(name)
        .map(|file| String::from_utf8_lossy(&file.data).into_owned())
        .unwrap_or_default()
}

fn fault(error: &minijinja::Error, page: &str, overridden: &BTreeMap<String, PathBuf>) -> Fault {
    let name = error.name().unwrap_or(page);
    let file = match overridden.get(name) {
        Some(path) => shown(path),
        None => format!("the built-in template {name}"),
    };
    let mut reason = error.kind().to_string();
    if let Some(detail) = error.detail() {
        reason = format!("{reason}: {detail}");
    }
    Fault::Template { file, line: error.line().unwrap_or(1), reason }
}

pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

//! What a source file uses: its paths, read from the syntax tree and never from a search in the text.
//!
//! A path is reported as written from its root: `use` trees are flattened, imported names are
//! followed, `self` and `super` are resolved. Inside macro calls, which `syn` leaves as tokens, every
//! run of names joined by `::` counts. Not seen: methods of a trait that is never named, and paths
//! inside string literals.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A path as used at one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    pub line: usize,
    pub path: String,
}

/// All that one file uses outside its tests.
#[derive(Debug, Default)]
pub struct Uses {
    pub paths: BTreeSet<Used>,
    /// Lines that hold `async` or `.await`.
    pub asynchronous: BTreeSet<usize>,
    /// Modules declared here as `#[cfg(test)] mod name;`, whose files are no part of the product.
    pub test_modules: BTreeSet<String>,
}

/// Reads a file that stands for `module` (empty for a crate's root) and may name `crates`.
pub fn uses(source: &str, module: &[String], crates: &BTreeSet<String>) -> syn::Result<Uses> {
    let file = syn::parse_file(source)?;
    let mut names = Names::new(module, crates);
    names.visit_file(&file);
    let mut reader = Reader { names, uses: Uses::default() };
    reader.visit_file(&file);
    Ok(reader.uses)
}

/// The names that a file gives to other paths: its imports and its own modules.
struct Names<'a> {
    crates: &'a BTreeSet<String>,
    module: Vec<String>,
    modules: BTreeSet<String>,
    aliases: BTreeMap<String, Vec<String>>,
}

impl<'a> Names<'a> {
    fn new(module: &[String], crates: &'a BTreeSet<String>) -> Self {
        let (modules, aliases) = (BTreeSet::new(), BTreeMap::new());
        Self { crates, module: module.to_vec(), modules, aliases }
    }

    /// The path from its root, or nothing if it begins with a name of this file.
    fn rooted(&self, path: &[String], from_crates: bool) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let after = |root: Vec<String>| [root, rest.to_vec()].concat();
        match first.as_str() {
            "crate" => Some(path.to_vec()),
            "self" => Some(after(self.here())),
            "super" => {
                let above = rest.iter().take_while(|segment| *segment == "super").count();
                let mut parent = self.here();
                parent.truncate(parent.len().saturating_sub(above + 1).max(1));
                Some([parent, rest[above..].to_vec()].concat())
            }
            "Self" => None,
            name if from_crates => self.crates.contains(name).then(|| path.to_vec()),
            name if self.modules.contains(name) => {
                Some(after([self.here(), vec![first.clone()]].concat()))
            }
            name => match self.aliases.get(name) {
                Some(meaning) => Some(after(meaning.clone())),
                None => self.crates.contains(name).then(|| path.to_vec()),
            },
        }
    }

    fn here(&self) -> Vec<String> {
        [vec!["crate".to_owned()], self.module.clone()].concat()
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.modules.insert(item.ident.to_string());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in flatten(&item.tree) {
            let Some(name) = import.name else { continue };
            // `use url;` names nothing new, and would be followed for ever.
            let is_new = import.path.len() > 1 || import.path.first() != Some(&name);
            if let (true, Some(path)) =
                (is_new, self.rooted(&import.path, item.leading_colon.is_some()))
            {
                self.aliases.insert(name, path);
            }
        }
    }
}

struct Import {
    path: Vec<String>,
    /// What the file calls it; nothing for `*` and `_`.
    name: Option<String>,
    line: usize,
}

fn flatten(tree: &syn::UseTree) -> Vec<Import> {
    let import = |ident: &syn::Ident, name: Option<String>| {
        vec![Import { path: vec![ident.to_string()], name, line: line(ident.span()) }]
    };
    match tree {
        syn::UseTree::Path(step) => flatten(&step.tree)
            .into_iter()
            .map(|mut below| {
                // `a::{self}` is `a`.
                if below.path == ["self"] {
                    below.path.clear();
                    below.name = below
                        .name
                        .map(|name| if name == "self" { step.ident.to_string() } else { name });
                }
                below.path.insert(0, step.ident.to_string());
                below
            })
            .collect(),
        syn::UseTree::Name(name) => import(&name.ident, Some(name.ident.to_string())),
        syn::UseTree::Rename(rename) => {
            import(&rename.ident, Some(rename.rename.to_string()).filter(|name| name != "_"))
        }
        syn::UseTree::Glob(glob) => {
            vec![Import { path: vec!["*".to_owned()], name: None, line: line(glob.span()) }]
        }
        syn::UseTree::Group(group) => group.items.iter().flat_map(flatten).collect(),
    }
}

struct Reader<'a> {
    names: Names<'a>,
    uses: Uses,
}

impl Reader<'_> {
    fn note(&mut self, path: &[String], from_crates: bool, line: usize) {
        if let Some(path) = self.names.rooted(path, from_crates) {
            self.uses.paths.insert(Used { line, path: path.join("::") });
        }
    }

    /// Reads `a::b::c` out of tokens that nobody has parsed.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut run: Vec<String> = Vec::new();
        let mut start = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    let text = ident.to_string();
                    if matches!(text.as_str(), "async" | "await") {
                        self.uses.asynchronous.insert(line(ident.span()));
                    }
                    if colons != 2 {
                        self.end_run(&mut run, start);
                        start = line(ident.span());
                    }
                    run.push(text);
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end_run(&mut run, start);
                    colons = 0;
                    self.read_tokens(group.stream());
                }
                _ => {
                    self.end_run(&mut run, start);
                    colons = 0;
                }
            }
        }
        self.end_run(&mut run, start);
    }

    fn end_run(&mut self, run: &mut Vec<String>, start: usize) {
        if run.len() > 1 {
            self.note(run, false, start);
        }
        run.clear();
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = attributes(item);
        if !attributes.iter().any(is_for_tests) {
            return visit::visit_item(self, item);
        }
        if let syn::Item::Mod(syn::ItemMod { ident, content: None, .. }) = item {
            self.uses.test_modules.insert(ident.to_string());
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !item.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.names.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.names.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in flatten(&item.tree) {
            self.note(&import.path, item.leading_colon.is_some(), import.line);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.note(&[item.ident.to_string()], true, line(item.ident.span()));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.note(&segments, path.leading_colon.is_some(), line(path.span()));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.read_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.uses.asynchronous.insert(line(token.span()));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.uses.asynchronous.insert(line(block.async_token.span()));
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        if let Some(token) = &closure.asyncness {
            self.uses.asynchronous.insert(line(token.span()));
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_await(&mut self, wait: &'ast syn::ExprAwait) {
        self.uses.asynchronous.insert(line(wait.await_token.span()));
        visit::visit_expr_await(self, wait);
    }
}

fn line(span: proc_macro2::Span) -> usize {
    span.start().line
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, `#[cfg(all(test, ..))]`, `#[test]`: compiled for tests only.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let syn::Meta::List(list) = &attribute.meta else { return false };
    if !list.path.is_ident("cfg") {
        return false;
    }
    let text = list.tokens.to_string().replace(' ', "");
    text == "test" || text.starts_with("all(test,")
}

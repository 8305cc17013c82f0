//! Finds every path in a crate's source and says what it names.
//!
//! Terms: a **module** is a list of names below the crate root; a **binding** is a name that a `use` or `extern crate`
//! brings into a module (those inside of function bodies are counted to the module around them, so a name may have
//! several); a **target** is where a path ends after bindings, `self`, `super` and `crate` are followed.
//!
//! Flow: [`Crate::load`] parses the root file and what its `mod` declarations lead to, and collects bindings and paths;
//! [`Crate::resolve`] then answers for one path. Not here: which target is permitted, and types or traits: a method
//! call names no path.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use syn::visit::{self, Visit};

/// What a path ends at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Below our own crate's root.
    Ours(Vec<String>),
    /// In another crate, whose name comes first. `core` and `alloc` are called `std`.
    External(Vec<String>),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(path) if path.is_empty() => f.write_str("crate"),
            Self::Ours(path) => write!(f, "crate::{}", path.join("::")),
            Self::External(path) => f.write_str(&path.join("::")),
        }
    }
}

impl Target {
    fn join(mut self, rest: &[String]) -> Self {
        let (Self::Ours(path) | Self::External(path)) = &mut self;
        path.extend_from_slice(rest);
        self
    }

    fn external(path: &[String]) -> Self {
        let mut path = path.to_vec();
        if path[0] == "core" || path[0] == "alloc" {
            "std".clone_into(&mut path[0]);
        }
        Self::External(path)
    }
}

/// What a path ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A name.
    Name,
    /// The `*` of a use tree.
    Glob,
    /// The name of a macro that is called.
    Macro,
}

/// One path as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    /// File, below the package's root.
    pub(crate) file: String,
    /// Line, from 1.
    pub(crate) line: usize,
    /// The module that it stands in.
    pub(crate) module: Vec<String>,
    /// The names in it.
    pub(crate) segments: Vec<String>,
    /// It begins with `::`.
    pub(crate) absolute: bool,
    /// What it ends in.
    pub(crate) end: End,
    /// It stands in something that only tests compile.
    pub(crate) test: bool,
}

/// Something that would hide code from this check, or that the house does otherwise.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) rule: &'static str,
}

type Module = Vec<String>;

/// A parsed crate.
#[derive(Default)]
pub(crate) struct Crate {
    pub(crate) files: BTreeSet<String>,
    pub(crate) paths: Vec<Path>,
    pub(crate) problems: Vec<Problem>,
    /// Crates that can be named without `::`.
    externs: BTreeSet<String>,
    pub(crate) modules: BTreeSet<Module>,
    bindings: BTreeMap<(Module, String), Vec<Path>>,
    globs: BTreeMap<Module, Vec<Path>>,
}

impl Crate {
    /// Parses `root` (`src/lib.rs`, `src/main.rs`) and every file that its `mod` declarations reach.
    pub(crate) fn load(files: &BTreeMap<String, String>, root: &str, crates: &BTreeSet<String>) -> Self {
        let mut krate = Self { externs: crates.clone(), ..Self::default() };
        krate.modules.insert(Module::new());
        let mut waiting = vec![(root.to_owned(), Module::new(), false)];
        while let Some((file, module, test)) = waiting.pop() {
            let Some(source) = files.get(&file) else {
                krate.problem(&file, 1, &file, "the file of a mod declaration: name.rs beside name/, no mod.rs");
                continue;
            };
            krate.files.insert(file.clone());
            match syn::parse_file(source) {
                Err(error) => krate.problem(&file, error.span().start().line, &error.to_string(), "does not parse"),
                Ok(tree) => {
                    let test = test || tree.attrs.iter().any(only_in_tests);
                    let mut walk = Walk { krate: &mut krate, file, module, test, waiting: &mut waiting };
                    walk.visit_file(&tree);
                }
            }
        }
        krate
    }

    fn problem(&mut self, file: &str, line: usize, what: &str, rule: &'static str) {
        self.problems.push(Problem { file: file.to_owned(), line, what: what.to_owned(), rule });
    }

    /// Everything that a path may name: nothing for local names, several where blocks bind a name differently.
    pub(crate) fn resolve(&self, path: &Path) -> Vec<Target> {
        self.follow(path, &mut BTreeSet::new())
    }

    fn follow(&self, path: &Path, seen: &mut BTreeSet<(Module, String)>) -> Vec<Target> {
        let segments = &path.segments;
        if path.absolute {
            return vec![Target::external(segments)];
        }
        let mut module = path.module.clone();
        let mut rest = segments.as_slice();
        match segments[0].as_str() {
            "Self" => return Vec::new(),
            "crate" => return vec![Target::Ours(rest[1..].to_vec())],
            "self" | "super" => {
                if rest[0] == "self" {
                    rest = &rest[1..];
                }
                while rest.first().is_some_and(|name| name == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
                let Some(name) = rest.first() else { return vec![Target::Ours(module)] };
                let found = self.lookup(&module, name, seen);
                if found.is_empty() {
                    module.extend_from_slice(rest);
                    return vec![Target::Ours(module)];
                }
                return found.into_iter().map(|target| target.join(&rest[1..])).collect();
            }
            _ => {}
        }
        let mut found = self.lookup(&module, &rest[0], seen);
        if found.is_empty() && self.externs.contains(&rest[0]) {
            found.push(Target::external(&rest[..1]));
        }
        found.into_iter().map(|target| target.join(&rest[1..])).collect()
    }

    /// What `name` means in `module`: bindings, then child modules, then globs.
    fn lookup(&self, module: &Module, name: &str, seen: &mut BTreeSet<(Module, String)>) -> Vec<Target> {
        let key = (module.clone(), name.to_owned());
        if !seen.insert(key.clone()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for binding in self.bindings.get(&key).into_iter().flatten() {
            found.extend(self.follow(binding, seen));
        }
        let mut child = module.clone();
        child.push(name.to_owned());
        if self.modules.contains(&child) {
            found.push(Target::Ours(child));
        }
        if found.is_empty() {
            for glob in self.globs.get(module).into_iter().flatten() {
                for target in self.follow(glob, &mut seen.clone()) {
                    if let Target::Ours(other) = target {
                        found.extend(self.lookup(&other, name, seen));
                    }
                }
            }
        }
        found
    }
}

/// Walks one file.
struct Walk<'a> {
    krate: &'a mut Crate,
    file: String,
    module: Module,
    test: bool,
    waiting: &'a mut Vec<(String, Module, bool)>,
}

impl Walk<'_> {
    fn path(&self, segments: Vec<String>, absolute: bool, at: Span) -> Path {
        Path {
            file: self.file.clone(),
            line: at.start().line,
            module: self.module.clone(),
            segments,
            absolute,
            end: End::Name,
            test: self.test,
        }
    }

    fn problem(&mut self, at: Span, what: &str, rule: &'static str) {
        let file = self.file.clone();
        self.krate.problem(&file, at.start().line, what, rule);
    }

    /// Takes a path that is written in code. One name alone is either local or bound by a use that is looked at itself.
    fn note(&mut self, path: Path) {
        if path.segments.len() > 1 || path.absolute || path.end != End::Name {
            self.krate.paths.push(path);
        }
    }

    fn bind(&mut self, name: String, path: Path) {
        // A binding of one name may be a whole crate: looked at even so.
        self.krate.paths.push(path.clone());
        if name != "_" {
            self.krate.bindings.entry((self.module.clone(), name)).or_default().push(path);
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, prefix: &[String], absolute: bool) {
        let with = |name: &syn::Ident| {
            let mut segments = prefix.to_vec();
            if name != "self" || prefix.is_empty() {
                segments.push(plain(name));
            }
            segments
        };
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&path.tree, &with(&path.ident), absolute),
            syn::UseTree::Name(name) => {
                let segments = with(&name.ident);
                let bound = segments.last().cloned().unwrap_or_default();
                let path = self.path(segments, absolute, name.ident.span());
                self.bind(bound, path);
            }
            syn::UseTree::Rename(rename) => {
                let path = self.path(with(&rename.ident), absolute, rename.ident.span());
                self.bind(plain(&rename.rename), path);
            }
            syn::UseTree::Glob(glob) => {
                let mut path = self.path(prefix.to_vec(), absolute, glob.star_token.spans[0]);
                path.end = End::Glob;
                if path.segments.is_empty() {
                    return;
                }
                self.krate.globs.entry(self.module.clone()).or_default().push(path.clone());
                self.note(path);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, prefix, absolute);
                }
            }
        }
    }

    /// Finds `a::b`, `::a::b` and `a::{b, c::d}` in the tokens of a macro or an attribute.
    fn tokens(&mut self, stream: TokenStream, prefix: &[String]) {
        let tokens: Vec<_> = stream.into_iter().collect();
        let colons = |at: usize| is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':');
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream(), &[]),
                TokenTree::Ident(first) => {
                    let follows = at >= 2 && colons(at - 2);
                    let ends_a_type = follows && at >= 3 && ends_path(&tokens[at - 3]);
                    if ends_a_type || is_keyword(first) {
                        at += 1;
                        continue;
                    }
                    let absolute = follows && prefix.is_empty();
                    let mut segments = prefix.to_vec();
                    let start = first.span();
                    if prefix.is_empty() || first != "self" {
                        segments.push(plain(first));
                    }
                    while colons(at + 1) {
                        match tokens.get(at + 3) {
                            Some(TokenTree::Ident(next)) => {
                                segments.push(plain(next));
                                at += 3;
                            }
                            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                                self.tokens(group.stream(), &segments);
                                at += 3;
                                break;
                            }
                            Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                                let mut path = self.path(segments.clone(), absolute, start);
                                path.end = End::Glob;
                                self.note(path);
                                at += 3;
                                break;
                            }
                            _ => break,
                        }
                    }
                    let mut path = self.path(segments, absolute, start);
                    if is_punct(tokens.get(at + 1), '!') && !is_punct(tokens.get(at + 2), '=') {
                        path.end = End::Macro;
                    }
                    self.note(path);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// `a::b`, `<T>::name` and `<T as a::b>::name`.
    fn qualified(&mut self, of: Option<&syn::QSelf>, path: &syn::Path) {
        if let Some(of) = of {
            self.visit_type(&of.ty);
        }
        if of.is_some_and(|of| of.position == 0) {
            // Nothing before the type: all of it are names inside of that type.
            visit::visit_path(self, path);
        } else {
            self.visit_path(path);
        }
    }

    /// Walks something under its attributes: what only tests compile is marked as such.
    fn under(&mut self, attributes: &[syn::Attribute], walk: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= attributes.iter().any(only_in_tests);
        walk(self);
        self.test = before;
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = attributes(item);
        self.under(attributes, |walk| visit::visit_item(walk, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.under(&item.attrs, |walk| visit::visit_impl_item_fn(walk, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        for attribute in &item.attrs {
            if attribute.path().is_ident("path") {
                self.problem(item.ident.span(), "#[path]", "a module's file is where its name says");
            }
            self.visit_attribute(attribute);
        }
        let mut module = self.module.clone();
        module.push(plain(&item.ident));
        self.krate.modules.insert(module.clone());
        if let Some((_, items)) = &item.content {
            let outer = std::mem::replace(&mut self.module, module);
            for item in items {
                self.visit_item(item);
            }
            self.module = outer;
        } else {
            self.waiting.push((format!("src/{}.rs", module.join("/")), module, self.test));
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&item.tree, &[], item.leading_colon.is_some());
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = plain(&item.ident);
        let own = name == "self";
        let path = self.path(vec![if own { "crate".to_owned() } else { name.clone() }], !own, item.ident.span());
        let bound = item.rename.as_ref().map_or(name, |(_, rename)| plain(rename));
        self.bind(bound, path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        if let Some(first) = path.segments.first() {
            let path = self.path(segments, path.leading_colon.is_some(), first.ident.span());
            self.note(path);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.qualified(path.qself.as_ref(), &path.path);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        self.qualified(path.qself.as_ref(), &path.path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(in path)` gives to others, it takes nothing.
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let segments: Vec<_> = mac.path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        if let Some(first) = mac.path.segments.first() {
            if segments.last().is_some_and(|name| name == "include") {
                self.problem(first.ident.span(), "include!", "hides code from this check");
            }
            let mut path = self.path(segments, mac.path.leading_colon.is_some(), first.ident.span());
            path.end = End::Macro;
            self.note(path);
        }
        self.tokens(mac.tokens.clone(), &[]);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        visit::visit_attribute(self, attribute);
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), &[]);
            self.literals(list.tokens.clone());
        }
    }
}

impl Walk<'_> {
    /// Paths in the strings of an attribute, as `#[serde(with = "a::b")]` has them.
    fn literals(&mut self, stream: TokenStream) {
        for token in stream {
            match token {
                TokenTree::Group(group) => self.literals(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && let Ok(path) = text.parse::<syn::Path>()
                    {
                        let segments = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
                        let path = self.path(segments, path.leading_colon.is_some(), literal.span());
                        self.note(path);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A name without `r#`.
fn plain(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Whether a `::` after this token goes on with a path (`<T>::name`) rather than beginning one (`use ::name`).
fn ends_path(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => punct.as_char() == '>',
        TokenTree::Ident(ident) => !is_keyword(ident),
        _ => false,
    }
}

/// A word that is no part of a path.
fn is_keyword(ident: &proc_macro2::Ident) -> bool {
    let word = ident.to_string();
    !["crate", "self", "super", "Self"].contains(&word.as_str()) && syn::parse_str::<syn::Ident>(&word).is_err()
}

/// `#[test]`, `#[cfg(test)]` and `#[cfg(all(test, …))]`; not `any`, which compiles elsewhere too.
fn only_in_tests(attribute: &syn::Attribute) -> bool {
    fn says_test(meta: &syn::Meta) -> bool {
        match meta {
            syn::Meta::Path(path) => path.is_ident("test"),
            syn::Meta::List(list) if list.path.is_ident("all") || list.path.is_ident("cfg") => list
                .parse_args_with(syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated)
                .is_ok_and(|inner| inner.iter().any(says_test)),
            _ => false,
        }
    }
    says_test(&attribute.meta)
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

//! Enforces the layers of `src/lib.rs`.
//!
//! Every file of `src` is parsed and every path in it (use trees, expressions, types, attributes, the tokens of macros)
//! is resolved and held against the tables below:
//! 1. which of our layers a layer may use (also in its tests),
//! 2. which crates it may use (not in its tests),
//! 3. that a pure layer touches no clock, environment, process, thread, file, network or terminal (not in its tests).
//!
//! To permit something, amend a row here and the table of `src/lib.rs` in the same commit. How paths are resolved is in
//! `layers/resolve.rs`; what a breach of each rule looks like is in the tests at the end.

#![expect(clippy::expect_used, reason = "a test: what it cannot read fails it")]

#[path = "layers/resolve.rs"]
mod resolve;

use resolve::{Crate, End, Path, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One row of the table.
struct Layer {
    /// Name of the module, or `main` for the binary.
    name: &'static str,
    /// Touches nothing of [`IMPURE`].
    pure: bool,
    /// Layers of ours that it may use besides itself.
    ours: &'static [&'static str],
    /// Crates, or parts of crates, that it may use besides [`EVERYWHERE`]. An entry here also overrides [`IMPURE`].
    crates: &'static [&'static str],
    /// Parts of those that it may not use after all.
    never: &'static [&'static str],
}

/// Every layer, or every crate.
const ALL: &[&str] = &["*"];
const NONE: &[&str] = &[];

/// The layers, from the bottom.
const LAYERS: &[Layer] = &[
    Layer { name: "model", pure: true, ours: NONE, crates: &["serde"], never: NONE },
    Layer { name: "catalog", pure: true, ours: &["model"], crates: &["serde", "toml"], never: NONE },
    Layer { name: "parse", pure: true, ours: &["model"], crates: &["serde", "toml"], never: NONE },
    Layer { name: "split", pure: true, ours: &["model"], crates: NONE, never: NONE },
    Layer {
        name: "plan",
        pure: true,
        ours: &["model", "catalog", "split"],
        crates: &["serde", "serde_json"],
        never: NONE,
    },
    Layer {
        name: "experiment",
        pure: true,
        ours: &["model", "catalog", "split", "plan"],
        crates: &["serde", "toml"],
        never: NONE,
    },
    Layer {
        name: "kernel",
        pure: false,
        ours: &["model", "parse"],
        crates: &["procfs", "nix", "rustix"],
        never: CHANGES,
    },
    Layer {
        name: "effect",
        pure: false,
        ours: &["model", "parse", "plan", "catalog", "kernel"],
        crates: &["nix", "rustix", "libc", "serde", "serde_json", "etcetera"],
        never: NONE,
    },
    Layer {
        name: "app",
        pure: true,
        ours: &["model", "catalog", "split", "plan", "experiment"],
        crates: &[
            "crokey",
            "crossterm::event::Event",
            "crossterm::event::KeyCode",
            "crossterm::event::KeyEvent",
            "crossterm::event::KeyEventKind",
            "crossterm::event::KeyEventState",
            "crossterm::event::KeyModifiers",
            "crossterm::event::MouseButton",
            "crossterm::event::MouseEvent",
            "crossterm::event::MouseEventKind",
            "tui_input",
            "unicode_width",
        ],
        never: NONE,
    },
    Layer {
        name: "view",
        pure: true,
        ours: &["model", "catalog", "split", "plan", "app"],
        crates: &["ratatui", "unicode_width"],
        never: TERMINAL,
    },
    Layer { name: "runtime", pure: false, ours: ALL, crates: ALL, never: NONE },
    Layer { name: "cli", pure: false, ours: ALL, crates: ALL, never: NONE },
    Layer {
        name: "main",
        pure: true,
        ours: ALL,
        crates: &["std::process::ExitCode", "std::env::args_os"],
        never: NONE,
    },
];

/// Name of the library.
const LIBRARY: &str = "cgrove";

/// Crates that every layer may use.
const EVERYWHERE: &[&str] = &["std", "thiserror"];

/// What a pure layer may not touch.
const IMPURE: &[&str] = &[
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
    "std::env",
    "std::process",
    "std::thread",
    "std::fs",
    "std::path",
    "std::net",
    "std::io",
    "std::os",
    "std::sync::mpsc",
    "std::print",
    "std::println",
    "std::eprint",
    "std::eprintln",
    "std::dbg",
];

/// What is pure although it lies in something of [`IMPURE`].
const PURE: &[&str] = &["std::io::BufRead", "std::io::Cursor", "std::io::ErrorKind", "std::io::Read", "std::io::Write"];

/// Macros of std's prelude, which need no path.
const PRELUDE_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// What writes to the machine: the business of `effect` alone.
const CHANGES: &[&str] = &[
    "std::fs::copy",
    "std::fs::create_dir",
    "std::fs::create_dir_all",
    "std::fs::hard_link",
    "std::fs::remove_dir",
    "std::fs::remove_dir_all",
    "std::fs::remove_file",
    "std::fs::rename",
    "std::fs::set_permissions",
    "std::fs::write",
    "std::process::Command",
    "nix::mount",
    "nix::sched::setns",
    "nix::sched::unshare",
    "nix::sys::signal",
    "nix::unistd::fork",
];

/// What of ratatui touches the terminal.
const TERMINAL: &[&str] = &[
    "ratatui::Terminal",
    "ratatui::DefaultTerminal",
    "ratatui::backend",
    "ratatui::crossterm",
    "ratatui::init",
    "ratatui::init_with_options",
    "ratatui::prelude",
    "ratatui::restore",
    "ratatui::run",
    "ratatui::try_init",
    "ratatui::try_init_with_options",
    "ratatui::try_restore",
];

/// One breach of the table.
struct Breach {
    file: String,
    line: usize,
    /// What is named there, resolved.
    named: String,
    rule: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.named, self.rule)
    }
}

/// Whether `path` is `entry` or below it.
fn below(path: &[String], entry: &str) -> bool {
    let mut segments = path.iter();
    entry.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
}

/// Whether `path` is a module on the way to `entry`: naming it does no harm, what is reached through it is looked at.
fn above(path: &[String], entry: &str) -> bool {
    let entry: Vec<_> = entry.split("::").collect();
    path.len() < entry.len() && path.iter().zip(entry).all(|(segment, part)| segment == part)
}

/// Whether a table forbids a path. A glob brings in everything below it.
fn caught(path: &Path, full: &[String], forbidden: &[&str], permitted: &[&str]) -> bool {
    let excused = permitted.iter().any(|entry| below(full, entry) || path.end != End::Glob && above(full, entry));
    !excused && forbidden.iter().any(|entry| below(full, entry) || path.end == End::Glob && above(full, entry))
}

/// Why `layer` may not name `target`, if it may not.
fn rule(layer: &Layer, path: &Path, target: &Target) -> Option<String> {
    match target {
        Target::Ours(module) => {
            let Some(other) = module.first() else {
                // `crate` itself, which is harmless under another name: what is reached through it is resolved.
                return (path.end == End::Glob).then(|| "a glob of the crate root names every layer".to_owned());
            };
            if !LAYERS.iter().any(|row| row.name == other) {
                return Some("the crate root holds layers only, each a row of LAYERS".to_owned());
            }
            let permitted = layer.name == other || layer.ours == ALL || layer.ours.contains(&other.as_str());
            (!permitted).then(|| {
                let list = if layer.ours.is_empty() { "none".to_owned() } else { layer.ours.join(", ") };
                format!("layer {} may use of ours: {list}", layer.name)
            })
        }
        Target::External(_) if path.test => None,
        Target::External(full) => {
            let permitted = |entry: &&str| below(full, entry) || path.end != End::Glob && above(full, entry);
            if layer.crates != ALL && !layer.crates.iter().chain(EVERYWHERE).any(permitted) {
                let list: Vec<_> = layer.crates.iter().chain(EVERYWHERE).copied().collect();
                return Some(format!("layer {} may use of others: {}", layer.name, list.join(", ")));
            }
            if caught(path, full, layer.never, NONE) {
                return Some(format!("layer {} may not use this part", layer.name));
            }
            let excused: Vec<_> = PURE.iter().chain(layer.crates).copied().collect();
            (layer.pure && caught(path, full, IMPURE, &excused)).then(|| {
                format!("layer {} is pure: no clock, environment, process, thread, file, net or terminal", layer.name)
            })
        }
    }
}

/// The library as the binary sees it, from outside.
fn within_library(target: Target) -> Target {
    match target {
        Target::External(path) if path[0] == LIBRARY => Target::Ours(path[1..].to_vec()),
        other => other,
    }
}

/// All breaches in the files of a package: path below the package's root, and text.
fn check(files: &BTreeMap<String, String>, crates: &BTreeSet<String>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut reached = BTreeSet::new();
    for (root, main) in [("src/lib.rs", false), ("src/main.rs", true)] {
        if !files.contains_key(root) {
            continue;
        }
        let mut crates = crates.clone();
        if main {
            crates.insert(LIBRARY.to_owned());
        }
        let krate = Crate::load(files, root, &crates);
        reached.extend(krate.files.iter().cloned());
        for problem in &krate.problems {
            breaches.push(Breach {
                file: problem.file.clone(),
                line: problem.line,
                named: problem.what.clone(),
                rule: problem.rule.to_owned(),
            });
        }
        if main && krate.modules.len() > 1 {
            let rule = "the binary has no modules: everything is in the library".to_owned();
            breaches.push(Breach { file: root.to_owned(), line: 1, named: "mod".to_owned(), rule });
        }
        for path in &krate.paths {
            let name = if main { Some("main") } else { path.module.first().map(String::as_str) };
            let layer = name.and_then(|name| LAYERS.iter().find(|row| row.name == name));
            let breach = |named: String, rule: String| Breach { file: path.file.clone(), line: path.line, named, rule };
            let targets: Vec<_> = krate.resolve(path).into_iter().map(within_library).collect();
            if !main && path.module.is_empty() {
                let named = targets
                    .iter()
                    .map(ToString::to_string)
                    .chain((path.end == End::Macro).then(|| path.segments.join("::")));
                breaches.extend(named.take(1).map(|named| breach(named, "lib.rs only declares layers".to_owned())));
                continue;
            }
            let Some(layer) = layer else {
                breaches.push(breach(path.module.join("::"), "a module without a row in LAYERS".to_owned()));
                continue;
            };
            if let [name] = path.segments.as_slice()
                && path.end == End::Macro
            {
                if layer.pure && !path.test && PRELUDE_MACROS.contains(&name.as_str()) {
                    breaches
                        .push(breach(format!("{name}!"), format!("layer {} is pure: it prints nothing", layer.name)));
                }
                continue;
            }
            for target in targets {
                if let Some(rule) = rule(layer, path, &target) {
                    let glob = if path.end == End::Glob { "::*" } else { "" };
                    breaches.push(breach(format!("{target}{glob}"), rule));
                }
            }
        }
    }
    for file in files.keys().filter(|file| !reached.contains(*file)) {
        breaches.push(Breach {
            file: file.clone(),
            line: 1,
            named: file.clone(),
            rule: "no mod declaration reaches this file".to_owned(),
        });
    }
    breaches
}

/// The files of `src`, by path below the package's root.
fn sources() -> BTreeMap<String, String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of src can be listed") {
            let path = entry.expect("an entry of src can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root").display().to_string();
                files.insert(name, std::fs::read_to_string(&path).expect("a source file is text"));
            }
        }
    }
    files
}

/// The crates that code of ours can name: the dependencies of Cargo.toml, and std.
fn crates() -> BTreeSet<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).expect("Cargo.toml");
    let manifest: toml::Table = text.parse().expect("Cargo.toml is TOML");
    let mut names = BTreeSet::from(["std", "core", "alloc"].map(str::to_owned));
    for table in ["dependencies", "dev-dependencies"] {
        let entries = manifest[table].as_table().expect("a table of dependencies");
        names.extend(entries.keys().map(|name| name.replace('-', "_")));
    }
    names
}

#[test]
fn every_layer_keeps_to_its_row() {
    let files = sources();
    assert!(files.len() > 20, "only {} files found: is this the package's root?", files.len());
    let breaches: Vec<_> = check(&files, &crates()).iter().map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "{} breaches of the layers:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn the_table_has_no_circle_and_names_only_layers() {
    for (row, layer) in LAYERS.iter().enumerate().filter(|(_, layer)| layer.ours != ALL) {
        for other in layer.ours {
            let below = LAYERS[..row].iter().any(|lower| lower.name == *other);
            assert!(below, "{} uses {other}, which is not a row above it", layer.name);
        }
    }
}

/// The table of `src/lib.rs` is what a newcomer reads: it must say what is enforced.
#[test]
fn the_table_of_lib_rs_says_the_same() {
    let lib = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).expect("src/lib.rs");
    let mut told = BTreeMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! | [`")) {
        let cells: Vec<_> = line.split(" | ").collect();
        let uses: BTreeSet<_> = match cells[2].trim_end_matches(" |") {
            "everything" => BTreeSet::from(["*".to_owned()]),
            "–" => BTreeSet::new(),
            list => list.split(", ").map(str::to_owned).collect(),
        };
        for name in cells[0].split(", ") {
            told.insert(name.trim_matches(['[', ']', '`']).to_owned(), uses.clone());
        }
    }
    let enforced: BTreeMap<_, BTreeSet<_>> = LAYERS
        .iter()
        .filter(|layer| layer.name != "main")
        .map(|layer| (layer.name.to_owned(), layer.ours.iter().map(|&name| name.to_owned()).collect()))
        .collect();
    assert_eq!(told, enforced);
}

#[path = "layers/breaches.rs"]
mod breaches;

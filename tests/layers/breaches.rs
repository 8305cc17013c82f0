//! Each kind of breach, on sources of a few lines: the check above must see it, and must not see what is permitted.

use super::{LAYERS, check};
use std::collections::{BTreeMap, BTreeSet};

/// Checks one file of a package in which every layer has an empty file, and returns `file:line: path` of each breach.
fn breaches(file: &str, text: &str) -> Vec<String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut lib = String::new();
    for layer in LAYERS.iter().filter(|layer| layer.name != "main") {
        files.insert(format!("src/{}.rs", layer.name), "pub mod part;\n".to_owned());
        files.insert(format!("src/{}/part.rs", layer.name), String::new());
        lib.extend(["pub mod ", layer.name, ";\n"]);
    }
    files.insert("src/lib.rs".to_owned(), lib);
    files.insert("src/main.rs".to_owned(), "fn main() {}\n".to_owned());
    files.insert(file.to_owned(), text.to_owned());
    let crates: BTreeSet<String> = [
        "std",
        "core",
        "alloc",
        "serde",
        "toml",
        "nix",
        "libc",
        "crossterm",
        "ratatui",
        "anyhow",
        "thiserror",
        "proptest",
    ]
    .map(str::to_owned)
    .into();
    check(&files, &crates).iter().map(|breach| format!("{}:{}: {}", breach.file, breach.line, breach.named)).collect()
}

/// Breaches in `src/LAYER/part.rs`, as `line: path`.
fn in_layer(layer: &str, text: &str) -> Vec<String> {
    let file = format!("src/{layer}/part.rs");
    let found = breaches(&file, text);
    found
        .iter()
        .map(|breach| {
            breach.strip_prefix(&format!("{file}:")).unwrap_or_else(|| panic!("elsewhere: {breach}")).to_owned()
        })
        .collect()
}

/// One row a case: layer, source, what must be found.
macro_rules! cases {
    ($($name:ident: $layer:literal, $text:expr => $expected:expr;)*) => {
        $(#[test] fn $name() {
            let expected: &[&str] = &$expected;
            assert_eq!(in_layer($layer, $text), expected, "in layer {}:\n{}", $layer, $text);
        })*
    };
}

cases! {
    // (a) our layers
    a_use_of_a_higher_layer: "plan", "\nuse crate::kernel::part;" => ["2: crate::kernel::part"];
    a_higher_layer_in_a_nested_use: "plan", "use crate::{model, effect::{part}};" => ["1: crate::effect::part"];
    a_glob_of_a_higher_layer: "plan", "use crate::kernel::*;" => ["1: crate::kernel::*"];
    a_renamed_layer: "plan", "use crate::model as kernel; fn f() { kernel::part::x() }" => [];
    a_layer_under_another_name: "plan", "use crate as c;\nfn f() { c::app::x() }" => ["2: crate::app::x"];
    an_inline_path: "plan", "fn f() -> crate::view::part::X { todo() }" => ["1: crate::view::part::X"];
    an_inline_path_by_super: "plan", "fn f() { super::super::app::g() }" => ["1: crate::app::g"];
    a_path_by_super_in_an_inner_module: "plan", "mod m { fn f() { super::super::super::app::g() } }" => ["1: crate::app::g"];
    a_path_by_super_within_the_layer: "plan", "use super::part; fn f() { super::part::g() }" => [];
    a_glob_of_the_crate_root: "plan", "use super::super::*;" => ["1: crate::*"];
    a_name_through_a_glob: "plan", "mod m { pub use crate::kernel as k; }\nuse m::*;\nfn f() { k::part::g() }"
        => ["1: crate::kernel", "3: crate::kernel::part::g"];
    a_path_in_a_macro: "plan", "fn f() { vec![1, crate::kernel::part::N]; }" => ["1: crate::kernel::part::N"];
    a_use_in_a_macro: "plan", "macro_rules! m { () => { use crate::{kernel::part, model}; } }" => ["1: crate::kernel::part"];
    a_dollar_crate_path: "plan", "macro_rules! m { () => { $crate::effect::part::f() } }" => ["1: crate::effect::part::f"];
    a_type_argument: "plan", "type T = Vec<Option<crate::app::part::X>>;" => ["1: crate::app::part::X"];
    a_trait_in_a_qualified_path: "plan", "fn f() { <u8 as crate::app::part::T>::g() }" => ["1: crate::app::part::T::g"];
    a_name_in_a_type: "plan", "fn f() -> Vec<u8> { <[crate::model::part::X]>::to_vec(<u8>::f()) }" => [];
    a_type_with_a_name_in_it: "plan", "fn f() { <crate::kernel::part::X>::to_vec() }" => ["1: crate::kernel::part::X"];
    a_path_in_the_string_of_an_attribute: "plan", "struct S { #[serde(with = \"crate::kernel::part\")] x: u8 }"
        => ["1: crate::kernel::part"];
    a_higher_layer_in_a_test: "plan", "#[cfg(test)] mod tests { use crate::kernel::part; }" => ["1: crate::kernel::part"];
    kernel_never_uses_effect: "kernel", "use crate::effect::part;" => ["1: crate::effect::part"];
    effect_may_use_kernel: "effect", "use crate::kernel::part; use crate::plan::part as p;" => [];
    a_name_of_the_crate_root: "plan", "use crate::Something;" => ["1: crate::Something"];
    a_use_inside_of_a_function: "plan", "fn f() { if true { use crate::view as v; v::part::g() } }"
        => ["1: crate::view", "1: crate::view::part::g"];

    // (b) crates
    a_crate_that_is_not_in_the_row: "plan", "use nix::unistd::Pid;" => ["1: nix::unistd::Pid"];
    a_crate_by_an_inline_path: "split", "fn f() { toml::from_str(\"\") }" => ["1: toml::from_str"];
    a_crate_from_the_root: "plan", "fn f() { ::libc::getpid() }" => ["1: libc::getpid"];
    a_crate_under_another_name: "plan", "extern crate libc as c; fn f() { c::getpid() }" => ["1: libc", "1: libc::getpid"];
    a_crate_in_a_derive: "split", "#[derive(Clone, serde::Serialize)] struct S;" => ["1: serde::Serialize"];
    a_crate_in_a_macro_call: "plan", "fn f() { anyhow::bail!(\"no\") }" => ["1: anyhow::bail"];
    a_crate_in_macro_tokens_from_the_root: "plan", "macro_rules! m { () => { use ::nix::sched; } }" => ["1: nix::sched"];
    permitted_crates: "plan", "use serde::Serialize; #[derive(thiserror::Error)] struct S;" => [];
    a_local_module_with_the_name_of_a_crate: "plan", "mod nix { pub fn f() {} } fn f() { nix::f() }" => [];
    any_crate_in_a_test: "plan", "#[cfg(test)] mod tests { use proptest::prelude::*; }" => [];
    any_crate_in_a_test_function: "plan", "#[test] fn f() { toml::from_str(\"\"); }" => [];
    no_crate_where_not_only_tests_compile: "plan", "#[cfg(any(test, unix))] mod m { use nix::sched; }" => ["1: nix::sched"];
    a_permitted_part_of_a_crate: "app", "use crossterm::event::{self, KeyEvent}; fn f(k: event::KeyCode) {}" => [];
    another_part_of_that_crate: "app", "use crossterm::event; fn f() { event::read(); crossterm::terminal::size(); }"
        => ["1: crossterm::event::read", "1: crossterm::terminal::size"];
    a_glob_over_a_permitted_part: "app", "use crossterm::event::*;" => ["1: crossterm::event::*"];
    a_part_that_a_row_excludes: "view", "use ratatui::{layout::Rect, backend::CrosstermBackend, init};"
        => ["1: ratatui::backend::CrosstermBackend", "1: ratatui::init"];
    a_glob_over_an_excluded_part: "view", "use ratatui::*;" => ["1: ratatui::*"];
    what_changes_the_machine_outside_of_effect: "kernel", "fn f() { std::fs::write(\"x\", b\"\"); std::fs::read(\"x\"); }"
        => ["1: std::fs::write"];

    // (c) pure layers
    the_clock: "split", "use std::time::{Duration, Instant};" => ["1: std::time::Instant"];
    the_clock_by_its_module: "split", "use std::time; fn f() { time::SystemTime::now(); }" => ["1: std::time::SystemTime::now"];
    the_clock_through_a_name_for_std: "split", "use std as s; fn f() { s::time::Instant::now(); }"
        => ["1: std::time::Instant::now"];
    the_clock_through_core: "split", "fn f() { core::time::Duration::ZERO; }" => [];
    a_glob_over_the_clock: "split", "use std::time::*;" => ["1: std::time::*"];
    the_environment: "app", "fn f() { std::env::var(\"TERM\"); }" => ["1: std::env::var"];
    a_process: "plan", "use std::process::Command;" => ["1: std::process::Command"];
    a_thread: "experiment", "fn f() { std::thread::sleep(d) }" => ["1: std::thread::sleep"];
    a_file: "parse", "use std::fs::File;" => ["1: std::fs::File"];
    the_network: "model", "use std::net::TcpStream;" => ["1: std::net::TcpStream"];
    standard_output: "view", "fn f() { println!(\"x\"); std::io::stdout(); std::print!(\"\"); }"
        => ["1: println!", "1: std::io::stdout", "1: std::print"];
    standard_output_in_another_macro: "view", "macro_rules! m { () => { eprintln!(\"x\") } }" => ["1: eprintln!"];
    readers_and_writers: "parse", "use std::io::{self, BufRead, ErrorKind}; fn f(r: impl io::Read) {}" => [];
    the_rest_of_io: "parse", "use std::io; fn f() { io::stdin(); }" => ["1: std::io::stdin"];
    anything_in_a_test: "split", "#[cfg(all(test, unix))] mod tests { fn f() { std::env::var(\"X\"); println!(); } }" => [];
    what_is_not_pure_may: "kernel", "use std::time::Instant; use std::fs::File; fn f() { std::thread::yield_now() }" => [];

    // what would hide code
    a_module_elsewhere: "plan", "#[path = \"other.rs\"] mod m {}" => ["1: #[path]"];
    included_code: "plan", "include!(\"other.rs\");" => ["1: include!"];
    code_that_does_not_parse: "plan", "struct;" => ["1: expected identifier"];
}

#[test]
fn the_binary_only_calls_the_library() {
    let main = |text: &str| breaches("src/main.rs", text);
    assert!(main("fn main() -> std::process::ExitCode { cgrove::cli::main(std::env::args_os()) }").is_empty());
    assert_eq!(main("fn main() { anyhow::bail!(\"\") }"), ["src/main.rs:1: anyhow::bail"]);
    assert_eq!(main("fn main() { std::process::exit(1) }"), ["src/main.rs:1: std::process::exit"]);
    assert_eq!(main("mod more {} fn main() { more::f() }"), ["src/main.rs:1: mod", "src/main.rs:1: crate::more::f"]);
}

#[test]
fn the_crate_root_only_declares_layers() {
    let mut lib = String::from("//! Words.\n#![warn(clippy::pedantic)]\n");
    for layer in LAYERS.iter().filter(|layer| layer.name != "main") {
        lib.extend(["pub mod ", layer.name, ";\n"]);
    }
    assert!(breaches("src/lib.rs", &lib).is_empty());
    assert_eq!(breaches("src/lib.rs", &format!("{lib}pub use kernel::part;")), ["src/lib.rs:15: crate::kernel::part"]);
    let more = breaches("src/lib.rs", &format!("{lib}mod helpers {{ use std::fmt; }}"));
    assert_eq!(more, ["src/lib.rs:15: helpers"]);
}

#[test]
fn a_file_that_nothing_declares() {
    assert_eq!(breaches("src/plan/lost.rs", ""), ["src/plan/lost.rs:1: src/plan/lost.rs"]);
    assert_eq!(breaches("src/plan/mod.rs", ""), ["src/plan/mod.rs:1: src/plan/mod.rs"]);
}

#[test]
fn a_declaration_without_a_file() {
    let missing = "src/plan/part/missing.rs";
    assert_eq!(breaches("src/plan/part.rs", "mod missing;"), [format!("{missing}:1: {missing}")]);
}

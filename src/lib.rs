//! cgrove: every cgroup hierarchy of a Linux host, live, and the CPU split proved.
//!
//! This page is the map; read it first.
//!
//! # Words
//! The kernel documentation's own: hierarchy, controller, cgroup (on screen: group), task (a thread, by TID), process (by
//! TGID), weight (`cpu.shares` or `cpu.weight`, raw), quota (on screen: cap). And cgrove's: **configured** (RULE: what the
//! weights alone say, everybody busy), **expected** (OWED: what the kernel owes now, given who wants the CPU),
//! **measured** (GETS: what its counters say it gave), **stage** (where cgrove builds), **base** (the group that is 100 %).
//!
//! # Layers, from the bottom
//! | layer | is | may use of ours |
//! |---|---|---|
//! | [`model`] | pure nouns | – |
//! | [`catalog`], [`parse`] | pure: what each kernel file means; text to model | model |
//! | [`split`] | pure maths: configured, demand, expected, measured, verdict | model |
//! | [`plan`] | pure: (intent, survey) to a plan or a refusal; undo; shell | model, catalog, split |
//! | [`experiment`] | pure: the file, and the state machine that runs it | model, catalog, split, plan |
//! | [`kernel`] | reads the machine | model, parse |
//! | [`effect`] | the only code that changes the machine | model, parse, plan, catalog, kernel |
//! | [`app`] | pure: `update(&mut State, Message) -> Vec<Command>`, layout, keys | model, catalog, split, plan, experiment |
//! | [`view`] | paints a layout | model, catalog, split, plan, app |
//! | [`runtime`], [`cli`] | threads, terminal, signals; subcommands | everything |
//!
//! `tests/layers.rs` enforces this table, and that a pure layer touches no clock, environment, process, thread, file or
//! terminal.
//!
//! # One tick
//! A timer or a watch's hint wakes the **sampler thread**, which reads what the newest [`model::interest::Interest`] names
//! and sends a [`model::snapshot::Snapshot`] to the **model thread**; that keeps a ring of samples, computes measured,
//! demand, expected and configured ([`split`]) and sends a frame to the **main thread**, where `app::update` stores it;
//! the screen is drawn only if something changed.
//!
//! # One action
//! A key or a drop becomes a [`plan::Intent`]; the **effect thread** surveys afresh what it needs, asks [`plan::plan`],
//! which answers with a [`plan::Plan`] (steps, shell lines, warnings) or a [`plan::Refusal`] (the rule, what to do
//! instead); it is confirmed, surveyed again, journalled, executed, read back, and undone the same way.

pub mod app;
pub mod catalog;
pub mod cli;
pub mod effect;
pub mod experiment;
pub mod kernel;
pub mod model;
pub mod parse;
pub mod plan;
pub mod runtime;
pub mod split;
pub mod view;

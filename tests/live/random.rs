//! Experiments that nobody has seen: random trees with weights, quotas, nice, duty, idle and tasks beside groups.
//!
//! Each is made from a seed that is printed when it fails; `CGROVE_SEED=N` tries one more in each kind. The trees are written as
//! experiment files and go through the real `cgrove verify`.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::verify::verified;
use libtest_mimic::Failed;
use std::fmt::Write as _;
use std::fs;

pub(crate) fn trials() -> Vec<Entry> {
    let measured = |name, run| Entry { name, needs: &[Need::Cpu], measures: true, run };
    vec![
        measured("random::weights_nice_and_counts", |bench| several(bench, &[11, 12], Kind::Plain)),
        measured("random::duty_and_idle", |bench| several(bench, &[21, 22], Kind::Duty)),
        measured("random::quotas_on_leaves", |bench| several(bench, &[31, 32], Kind::LeafQuota)),
        measured("random::inside_a_throttled_parent", |bench| several(bench, &[41, 42], Kind::ParentQuota)),
    ]
}

/// What is in a tree besides weights.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    Duty,
    LeafQuota,
    ParentQuota,
}

/// xorshift64*: the same trees on every host.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // A small seed has few bits set: some steps spread them.
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// From `low` to `high`, both possible.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

/// An experiment: two or three groups at the top, some with two or three below; at most nine loops on the quiet CPU.
fn tree(seed: u64, kind: Kind, v1: bool) -> String {
    let mut random = Random::new(seed);
    let mut text = format!("title = \"random tree {seed}\"\nseconds = 5\ncpus = \"quiet\"\n");
    if v1 {
        text.push_str("version = 1\n");
    } else {
        text.push_str("version = 2\n");
    }
    let mut workloads = String::new();
    let mut loops = 0;
    for top in 0..random.within(2, 3) {
        let inner = top == 0 || random.one_in(2);
        group(&mut text, &mut random, &format!("g{top}"), kind, !inner, v1);
        if inner && kind == Kind::ParentQuota && top == 0 {
            let _ = writeln!(text, "quota = 0.{}", random.within(2, 6));
        }
        if !inner {
            workload(&mut workloads, &mut random, &format!("g{top}"), kind, &mut loops);
            continue;
        }
        for leaf in 0..random.within(2, 3) {
            group(&mut text, &mut random, &format!("g{top}/h{leaf}"), kind, true, v1);
            workload(&mut workloads, &mut random, &format!("g{top}/h{leaf}"), kind, &mut loops);
        }
        // Tasks beside groups: v1 alone permits them.
        if v1 && (top == 0 || random.one_in(2)) {
            workload(&mut workloads, &mut random, &format!("g{top}"), Kind::Plain, &mut loops);
        }
    }
    text + &workloads
}

fn group(text: &mut String, random: &mut Random, path: &str, kind: Kind, leaf: bool, v1: bool) {
    let weight = random.within(1, 20) * if v1 { 100 } else { 10 };
    let _ = writeln!(text, "[[group]]\npath = \"{path}\"");
    if kind == Kind::Duty && leaf && random.one_in(4) {
        let _ = writeln!(text, "idle = true");
    } else {
        let _ = writeln!(text, "weight = {weight}");
    }
    if kind == Kind::LeafQuota && leaf && random.one_in(2) {
        let _ = writeln!(text, "quota = 0.{}", random.within(1, 4));
    }
}

fn workload(text: &mut String, random: &mut Random, path: &str, kind: Kind, loops: &mut u64) {
    let count = if random.one_in(3) { 2 } else { 1 };
    *loops += count;
    let _ = writeln!(text, "[[workload]]\ngroup = \"{path}\"\ncount = {count}");
    // A nice value moves the parts only among the tasks of one group; keep them large enough to measure.
    if random.one_in(3) {
        let _ = writeln!(text, "nice = {}", random.within(1, 6));
    }
    if kind == Kind::Duty && random.one_in(2) {
        let _ = writeln!(text, "duty = 0.{}", random.within(1, 3));
    }
}

fn several(bench: &mut Bench, seeds: &[u64], kind: Kind) -> Result<(), Failed> {
    let more = std::env::var("CGROVE_SEED").ok().map(|seed| seed.parse()).transpose()?;
    seeds.iter().copied().chain(more).try_for_each(|seed| one(bench, seed, kind))
}

fn one(bench: &mut Bench, seed: u64, kind: Kind) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let text = tree(seed, kind, bench.weight_file() == "cpu.shares");
    let file = program.home().join("random.toml");
    fs::write(&file, &text)?;
    // Inside a throttled parent the kernel's own slices (5 ms) are large against what is given in a period.
    let tolerance = if kind == Kind::ParentQuota { 2.5 } else { 1.0 };
    let arguments = [file.to_str().ok_or("path")?];
    match verified(&program, &arguments, tolerance) {
        Ok(_) => Ok(()),
        Err(error) => {
            let why = error.message().unwrap_or_default();
            Err(format!("seed {seed}, {kind:?}: {why}\n{text}").into())
        }
    }
}

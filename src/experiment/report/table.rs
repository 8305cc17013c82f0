//! A report as a table for a reader, at most 80 columns wide.
//!
//! RULE is the lecture's rule (the weights alone), OWED what the kernel owes, GETS what it gave. OWED and GETS are parts of
//! what all workloads get together, RULE is a part of the stage.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::cpu_set::CpuSet;

use super::{GroupRow, Report, State, Verdict, WorkloadRow};

/// Width of the first column.
const NAME: usize = 33;

/// The table, with a title line before and the conclusion after. Every line ends with a newline.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    let verified = report.max_error_pp.is_some();
    line(&mut out, &fit(&report.experiment, 80));
    line(&mut out, &scale(report));
    let gets = if verified { "GETS" } else { "" };
    row(&mut out, "GROUP", "WEIGHT", "RULE", "OWED", gets, "");
    let one_place = report.workloads.windows(2).all(|pair| pair[0].cpus == pair[1].cpus);
    let parents: BTreeSet<&str> = report.groups.iter().filter_map(|g| Some(g.path.rsplit_once('/')?.0)).collect();
    for group in &report.groups {
        group_row(&mut out, group);
        let own: Vec<&WorkloadRow> = report.workloads.iter().filter(|w| w.group == group.path).collect();
        if own.len() > 1 || parents.contains(&*group.path) {
            for workload in own {
                workload_row(&mut out, workload, depth(&group.path) + 1, one_place);
            }
        }
    }
    conclusion(&mut out, report);
    out
}

/// What 100 % is.
fn scale(report: &Report) -> String {
    let all: f64 = report.workloads.iter().map(|w| w.measured_cpus.unwrap_or(w.expected_cpus)).sum();
    let set: CpuSet = report.workloads.iter().flat_map(|w| w.cpus.iter().copied()).collect();
    if set.is_empty() {
        return "no workloads: RULE alone".to_owned();
    }
    format!("100 % = what all workloads get together: {all:.2} CPUs, on CPU {set}")
}

fn group_row(out: &mut String, group: &GroupRow) {
    let depth = depth(&group.path);
    let name = group.path.rsplit('/').next().unwrap_or_default();
    let name = format!("{}{name}", "  ".repeat(depth));
    // "1/4" while it is short enough to be read; a percentage otherwise.
    let small = group.configured_ratio.split_once('/').is_none_or(|(_, denominator)| denominator.len() <= 2);
    let rule = if small { group.configured_ratio.clone() } else { percent(Some(group.configured), true) };
    let (owed, gets) = (percent(group.expected, group.exact), percent_if(group.measured));
    let weight = if group.idle { "idle".to_owned() } else { group.weight.to_string() };
    row(out, &name, &weight, &rule, &owed, &gets, &remark(group.verdict, group.state));
}

/// A process. Its CPUs are said unless all have the same (`one_place`).
fn workload_row(out: &mut String, workload: &WorkloadRow, depth: usize, one_place: bool) {
    let mut name = format!("{}{}", "  ".repeat(depth), workload.kind);
    if let Some(pid) = workload.pid {
        let _ = write!(name, " {pid}");
    }
    if workload.threads > 1 {
        let _ = write!(name, " x{}", workload.threads);
    }
    if workload.nice != 0 {
        let _ = write!(name, " nice {}", workload.nice);
    }
    if workload.duty < 1.0 {
        let _ = write!(name, " duty {}", workload.duty);
    }
    if !one_place {
        let cpus: CpuSet = workload.cpus.iter().copied().collect();
        let _ = write!(name, " CPU {cpus}");
    }
    let (owed, gets) = (percent(workload.expected, true), percent_if(workload.measured));
    row(out, &name, "", "", &owed, &gets, &remark(workload.verdict, workload.state));
}

fn conclusion(out: &mut String, report: &Report) {
    if let Some(error) = report.max_error_pp {
        let within = if report.within_tolerance == Some(true) { "within" } else { "NOT within" };
        line(
            out,
            &format!(
                "largest difference {error:.2} points in {:.1} s: {within} the tolerance of {}",
                report.seconds, report.tolerance
            ),
        );
    }
    if report.disturbed {
        let capacity = report.capacity.iter().flatten().map(|(cpu, had)| format!("{had:.2} of CPU {cpu}"));
        line(out, &format!("disturbed: the workloads had {}", capacity.collect::<Vec<_>>().join(", ")));
    }
    for beside in &report.beside {
        line(out, &format!("beside them: {beside}"));
    }
    for note in &report.notes {
        line(out, &format!("note: {note}"));
    }
    match report.cleaned_up {
        Some(true) => line(out, "everything that was made is gone again"),
        Some(false) => line(out, "NOT everything that was made is gone: see `cgrove cleanup`"),
        None => {}
    }
}

/// Verdict and state in a word or two.
fn remark(verdict: Option<Verdict>, state: State) -> String {
    let state = match state {
        State::Enough => "",
        State::Short => "short",
        State::Capped => "capped",
        State::Held => "held",
        State::Empty => "empty",
    };
    let verdict = match verdict {
        None => "",
        Some(Verdict::Agrees) => "ok",
        Some(Verdict::Differs) => "DIFFERS",
    };
    format!("{verdict} {state}").trim().to_owned()
}

/// A part as a percentage; `~` before one that is an estimate, `-` where there is none.
fn percent(part: Option<f64>, exact: bool) -> String {
    let about = if exact { "" } else { "~" };
    part.map_or_else(|| "-".to_owned(), |part| format!("{about}{:.2} %", part * 100.0))
}

fn percent_if(part: Option<f64>) -> String {
    part.map_or_else(String::new, |part| percent(Some(part), true))
}

fn depth(path: &str) -> usize {
    path.matches('/').count()
}

fn row(out: &mut String, name: &str, weight: &str, rule: &str, owed: &str, gets: &str, remark: &str) {
    let name = fit(name, NAME);
    line(out, &format!("{name:<NAME$} {weight:>6} {rule:>8} {owed:>9} {gets:>8} {remark}"));
}

/// `text` in at most `width` characters, the middle left out.
fn fit(text: &str, width: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width {
        return text.to_owned();
    }
    let left = (width - 1) / 2;
    let right = width - 1 - left;
    chars[..left].iter().chain(&['…']).chain(&chars[chars.len() - right..]).collect()
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

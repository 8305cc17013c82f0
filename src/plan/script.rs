//! A visit as a shell script that does the same again: `set -eu`, in the order in which things were done, commented.
//!
//! * What was undone, rolled back or failed stands as a comment, and so do the undos themselves: only what stands is done.
//! * A process that the visit started gets a variable at its launch (`p4242=$!`), and later lines that name it use that.
//! * Any other line that names a process by its number is a comment, too: the number means another process by now, or none.
//!   Whoever runs the script puts today's number in.
//!
//! The lines are those that the plans showed, quoted by [`super::quote`]; nothing is quoted here but comments, in which a
//! line break would end the comment.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::id::TaskKey;

use super::journal::{Journal, Record, State};
use super::step::{Outcome, Step};
use super::tell::{self, Standing};

/// The script of a visit. `when` writes a time (milliseconds since 1970) for people.
#[must_use]
pub fn script(journal: &Journal, when: &dyn Fn(u64) -> String) -> String {
    let mut out = String::from("#!/bin/sh\n");
    let _ = writeln!(out, "# What {} did, from {}.", visit(journal), when(journal.time_ms));
    let _ = writeln!(out, "# It does the same again where the same is there; what was undone or failed is a comment.");
    if journal.entries.iter().flat_map(|entry| &entry.shell).any(|line| line.contains("$'")) {
        let _ = writeln!(
            out,
            "# Names with unusual bytes are written $'…': bash, busybox and zsh know that, an old dash does not."
        );
    }
    out.push_str("set -eu\n");
    let mut variables = BTreeSet::new();
    for entry in journal.entries.iter().filter(|entry| entry.undoes.is_empty()) {
        let standing = Standing::of(entry);
        let _ = writeln!(out, "\n# {} {}: {}", entry.number, when(entry.time_ms), comment(&entry.title));
        match standing {
            Standing::Done | Standing::Perhaps { .. } => {}
            Standing::Failed { stand, .. } if stand > 0 => {}
            _ => {
                let _ = writeln!(out, "# {}: not done here", standing.words(entry.steps.len()));
                entry.shell.iter().for_each(|line| put(&mut out, "#   ", line));
                continue;
            }
        }
        if standing != Standing::Done {
            let _ = writeln!(out, "# {}", standing.words(entry.steps.len()));
        }
        if entry.shell.len() == entry.steps.len() {
            for (record, line) in entry.steps.iter().zip(&entry.shell) {
                one(&mut out, record, line, &mut variables);
            }
        } else if entry.steps.iter().any(|record| named(&record.step).is_some()) {
            let _ = writeln!(out, "# names processes by the numbers that they had then; put today's in:");
            entry.shell.iter().for_each(|line| put(&mut out, "#   ", line));
        } else {
            entry.shell.iter().for_each(|line| put(&mut out, "", line));
        }
    }
    out
}

/// Which visit, in words: `cgrove apply figure2.toml (process 4242)`.
#[must_use]
pub fn visit(journal: &Journal) -> String {
    let mut words = vec!["cgrove".to_owned()];
    words.extend(journal.command.iter().cloned());
    let name = words.join(" ");
    match journal.pid {
        Some(pid) => format!("{} (process {pid})", comment(&name)),
        None => comment(&name),
    }
}

/// One step with its line.
fn one(out: &mut String, record: &Record, line: &str, variables: &mut BTreeSet<TaskKey>) {
    let perhaps = match &record.state {
        State::Done(Outcome::Nothing(why)) => {
            let _ = writeln!(out, "# nothing was to be done: {}", comment(why));
            return put(out, "#   ", line);
        }
        State::Done(_) => false,
        State::Begun => true,
        State::Planned | State::Failed(_) | State::RolledBack | State::Remade(_) => {
            let _ = writeln!(out, "# {}", comment(&tell::step(record).result));
            return put(out, "#   ", line);
        }
    };
    if perhaps {
        let _ = writeln!(out, "# perhaps done: cgrove was killed before it could tell");
    }
    if let (Step::Launch { .. }, State::Done(Outcome::Launched(process))) = (&record.step, &record.state) {
        put(out, "", line);
        let _ = writeln!(out, "{}=$!", variable(*process));
        variables.insert(*process);
        return;
    }
    match named(&record.step) {
        None => {
            if let (Step::Write { .. }, State::Done(Outcome::Stored(Some(_)))) = (&record.step, &record.state) {
                let told = tell::step(record).result;
                if told.starts_with("asked") {
                    let _ = writeln!(out, "# {}", comment(&told));
                }
            }
            put(out, "", line);
        }
        Some(process) if variables.contains(&process) => {
            put(out, "", &with_variable(line, process, matches!(record.step, Step::Schedule { .. })));
        }
        Some(process) => {
            let _ = writeln!(out, "# process {} of then; put today's number in:", process.tid);
            put(out, "#   ", line);
        }
    }
}

/// The process that a step names by its number.
fn named(step: &Step) -> Option<TaskKey> {
    match step {
        Step::Move { task, .. } | Step::Schedule { task, .. } => Some(*task),
        Step::Signal { process, .. } => Some(*process),
        _ => None,
    }
}

fn variable(process: TaskKey) -> String {
    format!("p{}", process.tid)
}

/// `echo 4242 > …`, `kill -STOP 4242`, `taskset -cp 0 4242` with the variable for the number: it is a word of its own, the
/// first or the last such, or a part of a path below `/proc`.
fn with_variable(line: &str, process: TaskKey, last: bool) -> String {
    let (number, variable) = (process.tid.to_string(), format!("\"${}\"", variable(process)));
    let directory = format!("/proc/{number}/");
    if line.contains(&directory) {
        return line.replace(&directory, &format!("/proc/{variable}/"));
    }
    let mut words: Vec<&str> = line.split(' ').collect();
    let mut at = words.iter().enumerate().filter(|(_, word)| **word == number).map(|(at, _)| at);
    if let Some(at) = if last { at.next_back() } else { at.next() } {
        words[at] = &variable;
    }
    words.join(" ")
}

/// A line of the script. A shell line has no line break: the quoter writes it as `\n`.
fn put(out: &mut String, before: &str, line: &str) {
    let _ = writeln!(out, "{before}{line}");
}

/// Text that may stand in a comment.
fn comment(text: &str) -> String {
    text.replace(['\n', '\r'], "; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{GroupKey, HierarchyId};
    use crate::model::place::Place;
    use crate::model::workload::{Launch, Program, Spin};
    use crate::plan::intent::Scope;
    use crate::plan::journal::Entry;
    use crate::plan::step::Signal;

    fn place(path: &str) -> Place {
        Place::new(HierarchyId(1), path.as_bytes())
    }

    fn entry(number: u64, title: &str, steps: Vec<(Step, State, &str)>) -> Entry {
        let shell = steps.iter().map(|(_, _, line)| (*line).to_owned()).collect();
        let steps = steps.into_iter().map(|(step, state, _)| Record { step, state }).collect();
        Entry {
            number,
            time_ms: number,
            title: title.to_owned(),
            shell,
            steps,
            undone_by: None,
            undoes: Vec::new(),
            trial: None,
        }
    }

    fn make(path: &str) -> (Step, State, String) {
        let made = Outcome::Made(GroupKey { hierarchy: HierarchyId(1), inode: 1 });
        (Step::MakeGroup { at: place(path) }, State::Done(made), format!("mkdir /g{path}"))
    }

    fn moved(tid: i32) -> (Step, State) {
        let task = TaskKey { tid, start: 1 };
        let one = super::super::step::Moved { task, from: place("/"), now: place("/a"), at: 0 };
        let step = Step::Move { task, scope: Scope::Process, from: place("/"), to: place("/a") };
        (step, State::Done(Outcome::Moved(vec![one])))
    }

    #[test]
    fn what_stands_is_done_and_the_rest_is_told() {
        let (step, state, line) = make("/a");
        let launch = Launch { groups: vec![place("/a")], program: Program::Spin(Spin::default()), cpus: None, nice: 0 };
        let process = TaskKey { tid: 42, start: 1 };
        let launched = (Step::Launch { launch, again: None }, State::Done(Outcome::Launched(process)), "sh -c 'x' &");
        let hold = (Step::Signal { process, signal: Signal::Stop }, State::Done(Outcome::Signalled), "kill -STOP 42");
        let (b, c) = (make("/b"), make("/c"));
        let mut entries = vec![
            entry(1, "make a", vec![(step, state, &line)]),
            entry(2, "start a workload", vec![launched]),
            entry(3, "hold it\nnow", vec![hold]),
            entry(
                4,
                "move",
                vec![{
                    let (step, state) = moved(7);
                    (step, state, "echo 7 > /g/a/cgroup.procs")
                }],
            ),
            entry(5, "make b", vec![(b.0, b.1, &b.2)]),
            entry(
                6,
                "make c and d",
                vec![
                    (c.0, State::RolledBack, &c.2),
                    (Step::MakeGroup { at: place("/d") }, State::Failed("mkdir /g/d: EEXIST".to_owned()), "mkdir /g/d"),
                ],
            ),
        ];
        entries[4].undone_by = Some(7);
        let mut undo = entry(7, "undo: make b", vec![]);
        undo.undoes = vec![5];
        entries.push(undo);
        let journal = Journal { pid: Some(99), entries, ..Journal::default() };
        insta::assert_snapshot!(script(&journal, &|ms| format!("00:00:0{ms}")));
    }

    #[test]
    fn scheduling_names_a_process_too() {
        let launch = Launch { groups: vec![place("/a")], program: Program::Spin(Spin::default()), cpus: None, nice: 0 };
        let (own, other) = (TaskKey { tid: 42, start: 1 }, TaskKey { tid: 7, start: 1 });
        let to = crate::model::scheduling::Attribute::Nice(5);
        let nice = |task| {
            let step = Step::Schedule { task, scope: Scope::Process, to: to.clone(), prior: None };
            (step, State::Done(Outcome::Scheduled(Vec::new())))
        };
        let launched = (Step::Launch { launch, again: None }, State::Done(Outcome::Launched(own)));
        let steps = [(launched, "sh -c 'x' &"), (nice(own), "renice -n 5 -p 42"), (nice(other), "renice -n 5 -p 7")];
        let steps = steps.into_iter().map(|((step, state), line)| (step, state, line)).collect();
        let journal = Journal { entries: vec![entry(1, "set nice", steps)], ..Journal::default() };
        let script = script(&journal, &|ms| ms.to_string());
        let end =
            "p42=$!\nrenice -n 5 -p \"$p42\"\n# process 7 of then; put today's number in:\n#   renice -n 5 -p 7\n";
        assert!(script.ends_with(end), "{script}");
    }

    #[test]
    fn a_number_is_replaced_only_where_it_is_a_word() {
        let process = TaskKey { tid: 4, start: 1 };
        assert_eq!(with_variable("echo 4 > /g/4/tasks", process, false), "echo \"$p4\" > /g/4/tasks");
        assert_eq!(with_variable("kill -STOP 4", process, false), "kill -STOP \"$p4\"");
        assert_eq!(with_variable("taskset -cp 4 4", process, true), "taskset -cp 4 \"$p4\"");
        let all = "for t in /proc/4/task/*; do renice -n 4 -p \"${t##*/}\"; done";
        assert_eq!(
            with_variable(all, process, true),
            "for t in /proc/\"$p4\"/task/*; do renice -n 4 -p \"${t##*/}\"; done"
        );
    }
}

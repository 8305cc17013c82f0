//! Journal entries in words: where each stands, what belongs to it, and what its steps did.
//!
//! An undo and a redo are not told by themselves: they belong to what they took back ([`chain`]). Sentences only; what they
//! look like is the screen's and the command line's.
use crate::model::bytes::{Bytes, escape};

use super::aftermath;
use super::intent::Scope;
use super::journal::{Entry, Record, State};
use super::step::{Moved, Outcome, Scheduled, Step};
use super::words;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every step was done.
    Done,
    /// A step was begun and never reported: cgrove was killed between.
    Perhaps {
        /// Which step, from 0.
        step: usize,
    },
    /// Another entry took it back.
    Undone {
        /// Its number.
        by: u64,
    },
    /// A step failed.
    Failed {
        /// Which step, from 0.
        step: usize,
        /// How many steps stand all the same; 0 if all that was done was rolled back.
        stand: usize,
    },
    /// Everything was taken back, by `cgrove cleanup`.
    RolledBack,
    /// No step was begun.
    NotBegun,
}

impl Standing {
    /// Of an entry.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let at = |is: fn(&State) -> bool| entry.steps.iter().position(|record| is(&record.state));
        let done = entry.steps.iter().filter(|record| matches!(record.state, State::Done(_))).count();
        if let Some(by) = entry.undone_by {
            Self::Undone { by }
        } else if let Some(step) = at(|state| matches!(state, State::Failed(_))) {
            Self::Failed { step, stand: done }
        } else if let Some(step) = at(|state| matches!(state, State::Begun)) {
            Self::Perhaps { step }
        } else if done > 0 {
            Self::Done
        } else if at(|state| matches!(state, State::RolledBack | State::Remade(_))).is_some() {
            Self::RolledBack
        } else {
            Self::NotBegun
        }
    }

    /// In a few words; `steps` is how many steps the entry has.
    #[must_use]
    pub fn words(self, steps: usize) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Perhaps { step } => format!("perhaps done: step {} of {steps}", step + 1),
            Self::Undone { by } => format!("undone by {by}"),
            Self::Failed { step, stand: 0 } => format!("failed at step {} of {steps}, rolled back", step + 1),
            Self::Failed { step, stand } => {
                let stand = if stand == 1 { "1 step stands".to_owned() } else { format!("{stand} steps stand") };
                format!("failed at step {} of {steps}, {stand}", step + 1)
            }
            Self::RolledBack => "rolled back".to_owned(),
            Self::NotBegun => "not begun".to_owned(),
        }
    }

    /// One word for a program: `done`, `perhaps`, `undone`, `failed`, `rolled_back`, `not_begun`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Perhaps { .. } => "perhaps",
            Self::Undone { .. } => "undone",
            Self::Failed { .. } => "failed",
            Self::RolledBack => "rolled_back",
            Self::NotBegun => "not_begun",
        }
    }
}

/// The undos and redos of an entry, oldest first.
#[must_use]
pub fn chain(journal: &[Entry], number: u64) -> Vec<&Entry> {
    let mut numbers = vec![number];
    let mut chain = Vec::new();
    for entry in journal {
        if entry.undoes.iter().any(|undone| numbers.contains(undone)) {
            numbers.push(entry.number);
            chain.push(entry);
        }
    }
    chain
}

/// Whether an entry of a chain is a redo: what it takes back is itself an undo.
#[must_use]
pub fn is_redo(journal: &[Entry], entry: &Entry) -> bool {
    let is_undo = |number: &u64| journal.iter().any(|other| other.number == *number && !other.undoes.is_empty());
    entry.undoes.iter().any(is_undo)
}

/// One step, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What was to be done: "cpu.shares of /cg1: 1024 → 600".
    pub what: String,
    /// What became of it, read back: "asked 0, the kernel stored 2".
    pub result: String,
    /// More of it, one line each: where each task went.
    pub more: Vec<String>,
}

/// A step and what became of it.
#[must_use]
pub fn step(record: &Record) -> Told {
    let (result, more) = match &record.state {
        State::Planned => ("not tried".to_owned(), Vec::new()),
        State::Begun => ("perhaps done: cgrove was killed before it could tell".to_owned(), Vec::new()),
        State::Failed(message) => (format!("failed: {message}"), Vec::new()),
        State::RolledBack | State::Remade(_) => ("done, then rolled back".to_owned(), Vec::new()),
        State::Done(outcome) => (result(&record.step, outcome), more(outcome)),
    };
    Told { what: what(&record.step), result, more }
}

fn what(step: &Step) -> String {
    match step {
        Step::MakeGroup { at } => format!("make {at}"),
        Step::RemoveGroup { at, .. } => format!("remove {at}"),
        Step::Rename { at, name, .. } => format!("rename {at} to {}", words::clip(&escape(name))),
        Step::Write { at, file, data, prior: Some(prior), .. } => {
            format!("{file} of {at}: {} → {}", value(prior), value(data))
        }
        Step::Write { at, file, data, .. } => format!("{file} of {at}: {}", value(data)),
        Step::Move { task, scope, from, to } => {
            let noun = match scope {
                Scope::Thread => "thread",
                Scope::Process => "process",
            };
            format!("{noun} {}: {from} → {to}", task.tid)
        }
        Step::Drain { from, to } => format!("all tasks: {from} → {to}"),
        Step::KillAll { at, .. } => format!("kill all processes in {at}"),
        Step::MakeDirectory { path } => format!("make the directory {}", words::clip(&escape(path))),
        Step::RemoveDirectory { path } => format!("remove the directory {}", words::clip(&escape(path))),
        Step::Mount { mounting } => {
            format!("mount {} at {}", mounting.source.words(), words::clip(&escape(&mounting.point)))
        }
        Step::Unmount { mounting, lazy, .. } => {
            let verb = if *lazy { "detach" } else { "unmount" };
            format!("{verb} {} from {}", mounting.source.words(), words::clip(&escape(&mounting.point)))
        }
        Step::Launch { launch, .. } => {
            let groups: Vec<String> = launch.groups.iter().map(ToString::to_string).collect();
            format!("start a workload in {}", words::list(&groups))
        }
        Step::Signal { process, signal } => format!("SIG{} to process {}", signal.name(), process.tid),
        Step::Schedule { task, scope, to, prior } => {
            let noun = match scope {
                Scope::Thread => "thread",
                Scope::Process => "process",
            };
            let was = prior.as_ref().map_or_else(String::new, |prior| format!("{prior} → "));
            format!("{noun} {}: {was}{to}", task.tid)
        }
    }
}

/// What became of a step that was done, read back.
#[must_use]
pub fn result(step: &Step, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Made(_) | Outcome::DirectoryMade => "made".to_owned(),
        Outcome::Removed | Outcome::DirectoryRemoved => "removed".to_owned(),
        Outcome::Renamed => "renamed".to_owned(),
        Outcome::Stored(None) => "written".to_owned(),
        Outcome::Stored(Some(stored)) => match step {
            // What adds to a list reads as the list.
            Step::Write { data, .. } if data.trim_ascii() != stored.trim_ascii() => {
                format!("asked {}, the kernel stored {}", value(data), value(stored))
            }
            _ => format!("reads {}", value(stored)),
        },
        Outcome::Moved(list) => match list.as_slice() {
            [] => "nothing was there to move".to_owned(),
            [Moved { now, .. }] => format!("in {now} now"),
            [Moved { now, .. }, rest @ ..] if rest.iter().all(|one| one.now == *now) => {
                format!("{} in {now} now", words::count(list.len(), "task"))
            }
            _ => words::count(list.len(), "task"),
        },
        Outcome::Launched(process) => format!("runs as process {}", process.tid),
        Outcome::Mounted { top, new: true } => format!("mounted: a new hierarchy, number {}", top.hierarchy.0),
        Outcome::Mounted { top, new: false } => format!("mounted: hierarchy number {}", top.hierarchy.0),
        Outcome::Unmounted(life) => words::life(*life).to_owned(),
        Outcome::Signalled => "delivered".to_owned(),
        Outcome::Became(became) => match step {
            Step::Signal { process, signal } => aftermath::sentence(*signal, process.tid, *became),
            _ => "delivered".to_owned(),
        },
        Outcome::Scheduled(list) => match (step, list.as_slice()) {
            (Step::Schedule { to, .. }, [Scheduled { now, .. }, ..]) if now != to => {
                format!("asked {to}, the kernel keeps {now}")
            }
            (_, [Scheduled { now, .. }]) => format!("has {now} now"),
            (_, list) => format!("{} set", words::count(list.len(), "thread")),
        },
        Outcome::Killed(list) => format!("{} ended", words::count(list.len(), "process")),
        Outcome::Nothing(why) => format!("nothing to do: {why}"),
    }
}

/// A task a line, where there are several.
fn more(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Moved(list) if list.len() > 1 => {
            list.iter().map(|one| format!("task {}: {} → {}", one.task.tid, one.from, one.now)).collect()
        }
        Outcome::Scheduled(list) if list.len() > 1 => {
            list.iter().map(|one| format!("thread {}: {} → {}", one.task.tid, one.was, one.now)).collect()
        }
        _ => Vec::new(),
    }
}

/// A value as it is told: one line, escaped, not longer than a line; nothing is "empty".
#[must_use]
pub fn value(bytes: &Bytes) -> String {
    let lines: Vec<&[u8]> = bytes.trim_ascii().split(|&byte| byte == b'\n').collect();
    match lines.as_slice() {
        [b""] => "empty".to_owned(),
        [only] => words::clip(&escape(only)),
        [first, ..] => format!("{} … ({} lines)", words::clip(&escape(first)), lines.len()),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{GroupKey, HierarchyId, TaskKey};
    use crate::model::place::Place;

    fn place(path: &str) -> Place {
        Place::new(HierarchyId(1), path.as_bytes())
    }

    fn write(data: &str, prior: Option<&str>, state: State) -> Record {
        let step = Step::Write {
            at: place("/a"),
            key: None,
            file: "cpu.shares".into(),
            data: data.as_bytes().into(),
            prior: prior.map(|text| text.as_bytes().into()),
            disturbs: Vec::new(),
        };
        Record { step, state }
    }

    fn stored(text: &str) -> State {
        State::Done(Outcome::Stored(Some(text.as_bytes().into())))
    }

    fn entry(number: u64, undoes: &[u64], states: Vec<State>) -> Entry {
        let steps = states.into_iter().map(|state| write("1", None, state)).collect();
        Entry {
            number,
            time_ms: 0,
            title: String::new(),
            shell: Vec::new(),
            steps,
            undone_by: None,
            undoes: undoes.to_vec(),
            trial: None,
        }
    }

    #[test]
    fn a_value_that_the_kernel_changed_is_told_as_it_is() {
        let told = step(&write("0", Some("1024"), stored("2")));
        assert_eq!(told.what, "cpu.shares of /a: 1024 → 0");
        assert_eq!(told.result, "asked 0, the kernel stored 2");
        assert_eq!(step(&write("600", None, stored("600"))).result, "reads 600");
        assert_eq!(step(&write("600", None, State::Failed("EBUSY".to_owned()))).result, "failed: EBUSY");
        assert_eq!(
            step(&write("", Some("0-1\n2\n"), State::Planned)).what,
            "cpu.shares of /a: 0-1 … (2 lines) → empty"
        );
    }

    #[test]
    fn each_task_of_a_move_has_a_line() {
        let moved =
            |tid, now: &str| Moved { task: TaskKey { tid, start: 1 }, from: place("/a"), now: place(now), at: 0 };
        let drain = |list| Record {
            step: Step::Drain { from: place("/a"), to: place("/b") },
            state: State::Done(Outcome::Moved(list)),
        };
        let told = step(&drain(vec![moved(5, "/b"), moved(6, "/b")]));
        assert_eq!(told.result, "2 tasks in /b now");
        assert_eq!(told.more, ["task 5: /a → /b", "task 6: /a → /b"]);
        let told = step(&drain(vec![moved(5, "/b"), moved(6, "/a")]));
        assert_eq!((told.result.as_str(), told.more.len()), ("2 tasks", 2));
        assert_eq!(step(&drain(Vec::new())).result, "nothing was there to move");
    }

    #[test]
    fn where_entries_stand() {
        let made = || State::Done(Outcome::Made(GroupKey { hierarchy: HierarchyId(1), inode: 1 }));
        let failed = || State::Failed("no".to_owned());
        let of = |states: Vec<State>| {
            let entry = entry(1, &[], states);
            Standing::of(&entry).words(entry.steps.len())
        };
        assert_eq!(of(vec![made(), made()]), "done");
        assert_eq!(of(vec![made(), State::Begun, State::Planned]), "perhaps done: step 2 of 3");
        assert_eq!(of(vec![State::RolledBack, failed()]), "failed at step 2 of 2, rolled back");
        assert_eq!(of(vec![made(), failed()]), "failed at step 2 of 2, 1 step stands");
        assert_eq!(of(vec![State::RolledBack]), "rolled back");
        assert_eq!(of(vec![State::Planned]), "not begun");
        let undone = Entry { undone_by: Some(4), ..entry(1, &[], vec![made()]) };
        assert_eq!(Standing::of(&undone), Standing::Undone { by: 4 });
    }

    #[test]
    fn undos_and_redos_belong_to_what_they_took_back() {
        let done = || vec![stored("1")];
        let journal = [
            entry(1, &[], done()),
            entry(2, &[], done()),
            entry(3, &[2, 1], done()),
            entry(4, &[3], done()),
            entry(5, &[2], done()),
        ];
        let numbers = |of| chain(&journal, of).iter().map(|entry| entry.number).collect::<Vec<_>>();
        assert_eq!(numbers(1), [3, 4]);
        assert_eq!(numbers(2), [3, 4, 5]);
        assert!(is_redo(&journal, &journal[3]) && !is_redo(&journal, &journal[2]));
    }
}

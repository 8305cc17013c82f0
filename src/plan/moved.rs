//! What became of moves, told where it is not what was planned: how many moved, as threads or processes, and why the others
//! did not.
use super::intent::Scope;
use super::step::{Outcome, Step};
use super::words;

/// Moves of which some did not do what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// "2 of 3 processes moved".
    pub count: String,
    /// Why the others did not, each once.
    pub why: Vec<String>,
}

impl Short {
    /// As one sentence.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}: {}", self.count, words::list(&self.why))
    }
}

/// What the moves among these steps fell short of; `None` where all of them moved all that they meant.
pub fn short<'a>(done: impl Iterator<Item = (&'a Step, &'a Outcome)>) -> Option<Short> {
    let (mut all, mut moved) = (0, 0);
    let mut threads = false;
    let mut why = Vec::new();
    for (step, outcome) in done {
        let Step::Move { to, scope, .. } = step else { continue };
        threads |= *scope == Scope::Thread;
        all += 1;
        match outcome {
            Outcome::Moved(tasks) => match tasks.iter().find(|task| task.now != *to) {
                None => moved += 1,
                Some(one) => {
                    let there = tasks.iter().filter(|task| task.now == *to).count();
                    let of = if tasks.len() > 1 {
                        format!(" ({there} of its {} threads moved)", tasks.len())
                    } else {
                        String::new()
                    };
                    why.push(format!("{} is in {} now{of}", one.task.tid, one.now));
                }
            },
            Outcome::Nothing(reason) => why.push(reason.clone()),
            _ => {}
        }
    }
    why.dedup();
    let noun = if threads { "thread" } else { "process" };
    (!why.is_empty()).then(|| Short { count: format!("{moved} of {} moved", words::count(all, noun)), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{HierarchyId, TaskKey};
    use crate::model::place::Place;
    use crate::plan::step::Moved;

    fn place(path: &[u8]) -> Place {
        Place::new(HierarchyId(1), path)
    }

    fn go(tid: i32, scope: Scope) -> Step {
        Step::Move { task: TaskKey { tid, start: 1 }, scope, from: place(b"/a"), to: place(b"/b") }
    }

    fn at(tids: &[(i32, &[u8])]) -> Outcome {
        let one = |&(tid, now): &(i32, &[u8])| Moved {
            task: TaskKey { tid, start: 1 },
            from: place(b"/a"),
            now: place(now),
            at: 0,
        };
        Outcome::Moved(tids.iter().map(one).collect())
    }

    fn said(done: &[(Step, Outcome)]) -> Option<String> {
        short(done.iter().map(|(step, outcome)| (step, outcome))).map(|short| short.text())
    }

    #[test]
    fn all_that_moved_is_no_news() {
        assert_eq!(said(&[(go(1, Scope::Process), at(&[(1, b"/b"), (2, b"/b")]))]), None);
        assert_eq!(said(&[]), None);
    }

    #[test]
    fn what_did_not_move_is_counted_and_told() {
        let ended = Outcome::Nothing("process 2 has ended".to_owned());
        let two = [(go(1, Scope::Process), at(&[(1, b"/b")])), (go(2, Scope::Process), ended)];
        assert_eq!(said(&two).as_deref(), Some("1 of 2 processes moved: process 2 has ended"));
        let on = [(go(1, Scope::Process), at(&[(1, b"/b"), (2, b"/c")]))];
        assert_eq!(said(&on).as_deref(), Some("0 of 1 process moved: 2 is in /c now (1 of its 2 threads moved)"));
        let zombie = Outcome::Nothing("thread 3 is a zombie, nothing moved".to_owned());
        let thread = [(go(3, Scope::Thread), zombie)];
        assert_eq!(said(&thread).as_deref(), Some("0 of 1 thread moved: thread 3 is a zombie, nothing moved"));
    }
}

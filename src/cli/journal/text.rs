//! The visits as text: a line each, then the entries of the chosen ones with their steps.
use std::fmt::Write as _;

use crate::effect::journal::{Condition, Visit};
use crate::plan::journal::Entry;
use crate::plan::script;
use crate::plan::tell::{self, Standing};
use crate::plan::words;
use crate::runtime::wall::date;

/// The list of all visits, and of the chosen ones what was done.
pub(super) fn text(visits: &[Visit], chosen: &[usize]) -> String {
    if visits.is_empty() {
        return "no visit of this boot has left a journal: nothing was changed, or everything was taken back\n"
            .to_owned();
    }
    let mut out = String::from("visits of this boot:\n");
    for (number, visit) in (1..).zip(visits) {
        let _ = writeln!(out, "{number:>3}  {}", line(visit));
    }
    for &index in chosen {
        let visit = &visits[index];
        let _ = writeln!(out, "\nvisit {}: {}", index + 1, script::visit(&visit.journal));
        let entries = &visit.journal.entries;
        for entry in entries.iter().filter(|entry| entry.undoes.is_empty()) {
            one(&mut out, entry, entries);
        }
    }
    out
}

/// When, which, how many changes, how it is.
fn line(visit: &Visit) -> String {
    let journal = &visit.journal;
    let changes = journal.entries.iter().filter(|entry| entry.undoes.is_empty());
    let count = words::count(changes.count(), "change");
    format!("{}  {}: {count}, {}", date(journal.time_ms), script::visit(journal), condition(visit))
}

/// How a visit is, in words.
fn condition(visit: &Visit) -> String {
    match visit.condition {
        Condition::Running => "still runs".to_owned(),
        Condition::Ended => "came to its end".to_owned(),
        Condition::Kept => {
            let when = visit.journal.kept_ms.map(date).unwrap_or_default();
            format!("kept on purpose {when}; `cgrove cleanup` takes it back")
        }
        Condition::Abandoned => "did not come to its end; `cgrove cleanup` takes it back".to_owned(),
    }
}

fn one(out: &mut String, entry: &Entry, journal: &[Entry]) {
    let state = Standing::of(entry).words(entry.steps.len());
    let title = entry.title.replace('\n', "; ");
    let _ = writeln!(out, "{:>3}  {}  {title}: {state}", entry.number, date(entry.time_ms));
    steps(out, entry);
    for later in tell::chain(journal, entry.number) {
        let word = if tell::is_redo(journal, later) { "redone" } else { "undone" };
        let state = Standing::of(later);
        let how = if state == Standing::Done { String::new() } else { format!(": {}", state.words(later.steps.len())) };
        let _ = writeln!(out, "     {word} by {} {}{how}", later.number, date(later.time_ms));
    }
}

fn steps(out: &mut String, entry: &Entry) {
    for record in &entry.steps {
        let told = tell::step(record);
        let _ = writeln!(out, "       {}: {}", told.what, told.result.replace('\n', "; "));
        for more in told.more {
            let _ = writeln!(out, "         {more}");
        }
    }
    for line in &entry.shell {
        let _ = writeln!(out, "       $ {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{GroupKey, HierarchyId};
    use crate::model::place::Place;
    use crate::plan::journal::{Journal, Record, State};
    use crate::plan::step::{Outcome, Step};

    #[test]
    fn an_undo_belongs_to_what_it_undid() {
        let at = Place::new(HierarchyId(1), b"/a");
        let made = Outcome::Made(GroupKey { hierarchy: HierarchyId(1), inode: 7 });
        let entry = |number, step, outcome, undone_by, undoes: &[u64]| Entry {
            number,
            time_ms: 0,
            title: "make a".to_owned(),
            shell: vec!["mkdir /g/a".to_owned()],
            steps: vec![Record { step, state: State::Done(outcome) }],
            undone_by,
            undoes: undoes.to_vec(),
            trial: None,
        };
        let remove = Step::RemoveGroup { at: at.clone(), key: None, settings: Vec::new() };
        let entries =
            vec![entry(1, Step::MakeGroup { at }, made, Some(2), &[]), entry(2, remove, Outcome::Removed, None, &[1])];
        let journal = Journal { pid: Some(7), command: vec!["mkdir".to_owned()], entries, ..Journal::default() };
        let visit = Visit { path: "journal".into(), journal, condition: Condition::Running };
        let text = text(&[visit], &[0]).replace(&date(0), "THEN");
        assert_eq!(
            text,
            "visits of this boot:\n  1  THEN  cgrove mkdir (process 7): 1 change, still runs\n\nvisit 1: cgrove mkdir (process \
             7)\n  1  THEN  make a: undone by 2\n       make /a: made\n       $ mkdir /g/a\n     undone by 2 THEN\n"
        );
    }
}

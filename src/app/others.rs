//! What others change while cgrove looks: groups made, removed and renamed, values written, tasks moved by hand.
//!
//! # Flow
//! Each frame is compared with the one before ([`compare`]). What cgrove did itself is known from the journal ([`own`]) and
//! taken off; the rest was done by somebody else: it is marked in the row for some seconds, said on the bottom where it is in
//! the tree on screen, and kept in the log with its time.
//!
//! While the effect thread is at work ([`busy`]) nothing is compared: a frame may show a deed before the journal tells of it.
//! The first frame after is compared with the last one before.
//!
//! # What cannot be seen
//! A change that is taken back between two frames; a task that was forked by somebody (it came by fork, not by hand); a file
//! that was written through a mount in another cgroup namespace, unless it is one of the columns.
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::model::bytes::Bytes;
use crate::model::id::{GroupKey, HierarchyId};
use crate::model::place::Place;
use crate::model::snapshot::{Snapshot, Written};
use crate::model::structure::Structure;
use crate::model::time::Mono;

use crate::plan::journal::Entry;

use super::command::Command;
use super::log::named;
use super::state::State;

pub mod compare;
mod own;
mod tell;
#[cfg(test)]
mod tests;

pub use own::take_in;

/// How long a row is marked: eight seconds, in nanoseconds.
const MARK: u64 = 8_000_000_000;
/// So many changes of one frame are told one by one, near and elsewhere.
const TOLD: usize = 12;
/// So many entries of another cgrove's journal may be what was seen just now.
const NEWEST: usize = 8;
/// So many are kept.
const KEPT: usize = 1000;

/// What others did, as far as it was seen.
#[derive(Debug, Default)]
pub struct Others {
    /// Oldest first.
    pub seen: Vec<Seen>,
    /// Rows that are marked.
    pub marks: HashMap<GroupKey, Mark>,
    /// What single files read when they were seen last.
    known: BTreeMap<(GroupKey, Box<str>), Bytes>,
    /// The frame before.
    last: Option<Arc<Snapshot>>,
    /// Files that were written since.
    written: Vec<Written>,
    /// What cgrove did itself a moment ago.
    own: own::Own,
    /// The effect thread is at work.
    busy: bool,
    /// Changes in the tree on screen whose author is looked for.
    pub(super) asked: Vec<(u64, compare::Change)>,
    number: u64,
}

/// Something that somebody else did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number, rising.
    pub number: u64,
    /// When it was seen: milliseconds since 1970.
    pub ms: u64,
    /// Where: the group that it is about.
    pub place: Place,
    /// The group that it is about, if it is there.
    pub group: Option<GroupKey>,
    /// In words: "/shop/web: cpu.weight 100 → 50".
    pub text: String,
    /// The same with the group's own name alone: "web: cpu.weight 100 → 50".
    pub short: String,
    /// More of it: the tasks, the groups below.
    pub more: Vec<String>,
    /// Who.
    pub by: By,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// It is not known who.
    Somebody,
    /// Another cgrove, whose journal has it: its process.
    Cgrove(i32),
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Somebody => f.write_str("by somebody else"),
            Self::Cgrove(pid) => write!(f, "by another cgrove, {pid}"),
        }
    }
}

/// The mark of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What happened, in a few words, the longest way of saying it first.
    pub texts: Vec<String>,
    /// Since when.
    pub since: Mono,
}

/// The effect thread begins to work, or has ended and told all.
pub fn busy(state: &mut State, on: bool, now: Mono) {
    state.now = state.now.max(now);
    state.others.busy = on;
    if !on {
        state.others.own.renew(state.now);
    }
}

/// What a cleanup of ours did stands in no journal of this visit: nothing until now is told as somebody else's.
pub fn forget(state: &mut State) {
    state.others.last = None;
    state.others.written.clear();
}

/// A frame.
pub fn look(state: &mut State, snapshot: &Arc<Snapshot>) {
    let others = &mut state.others;
    others.written.extend(snapshot.written.iter().filter(|written| written.told).cloned());
    if others.busy {
        return;
    }
    let before = others.last.replace(Arc::clone(snapshot));
    let written = std::mem::take(&mut others.written);
    let changes = match &before {
        Some(before) => compare::compare(before, snapshot, &written, &others.known),
        None => Vec::new(),
    };
    learn(&mut others.known, snapshot, &written);
    let patience = 3 * u64::try_from(state.delay.as_nanos()).unwrap_or(u64::MAX);
    others.own.expire(state.now, patience);
    let theirs: Vec<compare::Change> = changes.into_iter().filter(|change| !others.own.explains(change)).collect();
    if !theirs.is_empty() {
        take(state, snapshot, &theirs);
    }
}

/// Remembers what files read: those that were written, and those of the panel.
fn learn(known: &mut BTreeMap<(GroupKey, Box<str>), Bytes>, snapshot: &Snapshot, written: &[Written]) {
    known.retain(|(group, _), _| snapshot.structure.find(*group).is_some());
    for one in written.iter().chain(&snapshot.written) {
        if let Some(content) = one.content.value() {
            known.insert((one.group, one.file.clone()), content.trim_ascii().into());
        }
    }
    let Some(files) = &snapshot.files else { return };
    let Some(group) = snapshot.structure.group(files.group).map(|group| group.key) else { return };
    for file in files.entries.value().into_iter().flatten() {
        if let (Ok(name), Some(content)) = (std::str::from_utf8(&file.name), file.content.value()) {
            known.insert((group, name.into()), content.trim_ascii().into());
        }
    }
}

/// Marks, says and keeps what others did.
fn take(state: &mut State, snapshot: &Snapshot, changes: &[compare::Change]) {
    let ms = state.wall.ms_at(snapshot.at);
    let cpu = snapshot.structure.carrier("cpu").map(|hierarchy| hierarchy.id);
    let label = |place: &Place| label(&snapshot.structure, cpu, place);
    let mut told = tell::tell(changes, &label);
    for (group, texts) in told.iter_mut().flat_map(|told| std::mem::take(&mut told.marks)) {
        state.others.marks.insert(group, Mark { texts, since: state.now });
    }
    let base = base(state);
    let near = |place: &Place| base.as_ref().is_some_and(|base| place.is_within(base));
    // Whatever goes on elsewhere, what is near is told.
    let (mut told, mut elsewhere): (Vec<_>, Vec<_>) = told.into_iter().partition(|told| near(&told.place));
    let others = told.len().saturating_sub(1);
    shorten(&mut told);
    shorten(&mut elsewhere);
    let said = told.first().map(|first| {
        let (name, by) = (named(first.place.name()), By::Somebody);
        let rest = if others == 0 { String::new() } else { format!(", and {others} more: 4") };
        format!("{name}: {}, {by}{rest}", first.what)
    });
    for told in told.into_iter().chain(elsewhere) {
        state.others.number += 1;
        if near(&told.place) {
            state.others.asked.push((state.others.number, told.change));
        }
        state.others.seen.push(Seen {
            number: state.others.number,
            ms,
            group: told.group,
            text: format!("{}: {}", label(&told.place), told.what),
            short: short(&told.place, cpu, &snapshot.structure, &told.what),
            place: told.place,
            more: told.more,
            by: By::Somebody,
        });
    }
    forget_oldest(state);
    // What cgrove has to say itself is not talked over.
    if let Some(said) = said.filter(|_| state.notice.is_none()) {
        state.say(said);
    }
    state.dirty = true;
}

/// So many of one moment are listed; of the others it is said that they were.
fn shorten(told: &mut Vec<tell::Told>) {
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if let Some(last) = told.last_mut().filter(|_| more > 0) {
        last.more.push(format!("and {more} more changes in the same moment, which are not listed"));
    }
}

/// A group as the log names it: with its hierarchy where that is not the one with cpu.
fn label(structure: &Structure, cpu: Option<HierarchyId>, place: &Place) -> String {
    match structure.hierarchy(place.hierarchy).filter(|hierarchy| Some(hierarchy.id) != cpu) {
        Some(hierarchy) => format!("{}:{place}", hierarchy.label()),
        None => place.to_string(),
    }
}

/// A change with the group's own name; its hierarchy before it where that is not the one with cpu.
fn short(place: &Place, cpu: Option<HierarchyId>, structure: &Structure, what: &str) -> String {
    let name = if place.is_top() { "/".to_owned() } else { named(place.name()) };
    match structure.hierarchy(place.hierarchy).filter(|hierarchy| Some(hierarchy.id) != cpu) {
        Some(hierarchy) => format!("{}:{name}: {what}", hierarchy.label()),
        None => format!("{name}: {what}"),
    }
}

/// The top of the tree on screen: what happens in there is near, everything else is elsewhere.
#[must_use]
pub fn base(state: &State) -> Option<Place> {
    state.base().and_then(|base| state.snapshot()?.structure.place(base))
}

/// Where too much is kept, the oldest goes; first of what happened elsewhere.
fn forget_oldest(state: &mut State) {
    let base = base(state);
    let seen = &mut state.others.seen;
    let mut over = seen.len().saturating_sub(KEPT);
    for elsewhere in [true, false] {
        seen.retain(|one| {
            let near = base.as_ref().is_some_and(|base| one.place.is_within(base));
            let goes = over > 0 && near != elsewhere;
            over -= usize::from(goes);
            !goes
        });
    }
}

/// What is to be asked about: who did it, as far as the journals of other cgroves tell.
#[must_use]
pub fn ask(state: &mut State) -> Option<Command> {
    (!state.others.asked.is_empty()).then(|| Command::Who(std::mem::take(&mut state.others.asked)))
}

/// The changes that a journal of another cgrove has, by their numbers: its newest entries do just that.
#[must_use]
pub fn did(entries: &[Entry], changes: &[(u64, compare::Change)]) -> Vec<u64> {
    let own = own::Own::of(entries.iter().rev().take(NEWEST));
    changes.iter().filter(|(_, change)| own.explains(change)).map(|(number, _)| *number).collect()
}

/// Another cgrove did it.
pub fn known(state: &mut State, pid: i32, numbers: &[u64]) {
    for seen in state.others.seen.iter_mut().filter(|seen| numbers.contains(&seen.number)) {
        seen.by = By::Cgrove(pid);
        let (somebody, by) = (By::Somebody.to_string(), seen.by.to_string());
        if let Some((said, _)) = &mut state.notice
            && said.ends_with(&somebody)
            && said.contains(seen.what())
        {
            *said = said.replace(&somebody, &by);
        }
    }
    state.dirty = true;
}

impl Seen {
    /// What happened, without where.
    fn what(&self) -> &str {
        self.text.split_once(": ").map_or(&self.text, |(_, what)| what)
    }
}

/// Time passed: marks go.
pub fn tick(state: &mut State) {
    let before = state.others.marks.len();
    let now = state.now;
    state.others.marks.retain(|_, mark| now.nanos_since(mark.since) < MARK);
    state.dirty |= state.others.marks.len() != before;
}

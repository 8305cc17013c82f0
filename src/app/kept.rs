//! Values that this visit wrote on groups that cgrove did not make: whether they stay, until the visit ends.
//!
//! A manager (systemd, a container engine) or a person may take such a value back. The files are of interest as long as
//! they stand ([`interest`]); each frame tells what they read. The newest write of a file counts; what was undone is not
//! waited for any more.
use std::collections::BTreeMap;

use crate::model::bytes::Bytes;
use crate::model::field::Field;
use crate::model::id::GroupKey;
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::model::time::Mono;
use crate::plan::journal::State as StepState;
use crate::plan::step::{Outcome, Step};
use crate::plan::{managers, tell};

use super::log::named;
use super::state::State;

/// The values, by group and file.
pub type Kept = BTreeMap<(GroupKey, Box<str>), Value>;

/// A value that was written and is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Where the group was then.
    pub place: Place,
    /// The entry that wrote it.
    pub entry: u64,
    /// What stood there before.
    pub before: Option<Bytes>,
    /// What the kernel stored.
    pub stored: Bytes,
    /// When: milliseconds since 1970.
    pub set_ms: u64,
    /// What is read after this moment is from after the write.
    pub since: Mono,
    /// How often the visit wrote the file, undos and redos counted.
    pub writes: usize,
    /// It reads otherwise now.
    pub lost: Option<Lost>,
    /// It was read since it was written.
    pub seen: bool,
    /// The group is gone.
    pub gone: bool,
}

/// A value that did not stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When that was seen: milliseconds since 1970.
    pub ms: u64,
    /// What it reads now.
    pub now: Bytes,
    /// The program that keeps the group's values, if there is one. That it was the one is likely and not known: a file does
    /// not tell who wrote it.
    pub keeper: Option<&'static str>,
}

impl Value {
    /// What became of it, the longest way of saying it first.
    #[must_use]
    pub fn fates(&self, state: &State) -> Vec<String> {
        if let Some(trial) = state.trial.as_ref().filter(|trial| trial.entry == self.entry && self.lost.is_none()) {
            let left = trial.left(state.now);
            return vec![format!("on trial, {left} s left"), format!("trial {left} s")];
        }
        if self.gone {
            return vec!["the group is gone".to_owned(), "gone".to_owned()];
        }
        let Some(lost) = &self.lost else {
            let set = state.wall.minute(self.set_ms);
            if !self.seen {
                return vec![format!("set {set}")];
            }
            return vec![format!("set {set} kept"), format!("{set} kept")];
        };
        let when = state.wall.minute(lost.ms);
        let back = self.before.as_ref().is_some_and(|before| before.trim_ascii() == lost.now.trim_ascii());
        let what = if back { "taken back" } else { "changed" };
        let to = if back { String::new() } else { format!(" to {}", tell::value(&lost.now)) };
        let mut fates = Vec::new();
        if let Some(keeper) = lost.keeper {
            fates.push(format!("{what} {when}{to}, likely by {keeper}, which keeps it"));
            fates.push(format!("{what} {when} by {keeper}?"));
        }
        fates.push(format!("{what} {when}{to}"));
        fates.push(format!("{what} {when}"));
        if back {
            fates.push(format!("back {when}"));
        }
        fates
    }
}

/// The files to be read for it.
#[must_use]
pub fn interest(state: &State) -> Vec<(GroupKey, Box<str>)> {
    state.kept.keys().cloned().collect()
}

/// The journal changed: which values are there to be watched.
pub fn take_in(state: &mut State) {
    let mut kept = Kept::new();
    let mut writes: BTreeMap<(GroupKey, Box<str>), usize> = BTreeMap::new();
    for entry in state.journal.iter() {
        for record in &entry.steps {
            let (Step::Write { at, key: Some(key), file, prior, .. }, StepState::Done(Outcome::Stored(Some(stored)))) =
                (&record.step, &record.state)
            else {
                continue;
            };
            let of = (*key, file.clone());
            *writes.entry(of.clone()).or_default() += 1;
            // What was undone is not ours any more, and an undo writes what stood before.
            if state.made.contains(key) || !entry.undoes.is_empty() || !entry.stands() {
                continue;
            }
            let first = kept.get(&of).map_or_else(|| prior.clone(), |value| value.before.clone());
            let value = Value {
                place: at.clone(),
                entry: entry.number,
                before: first,
                stored: stored.trim_ascii().into(),
                set_ms: entry.time_ms,
                since: state.now,
                writes: 0,
                lost: None,
                seen: false,
                gone: false,
            };
            kept.insert(of, value);
        }
    }
    for (of, value) in &mut kept {
        value.writes = writes.get(of).copied().unwrap_or(0);
        if let Some(old) = state.kept.get(of)
            && (old.entry, old.writes) == (value.entry, value.writes)
        {
            *value = old.clone();
        }
    }
    state.kept = kept;
}

/// A frame: whether the values still read what was stored.
pub fn look(state: &mut State, snapshot: &Snapshot) {
    let ms = state.wall.ms_at(snapshot.at);
    let mut said = None;
    for ((group, _), value) in &mut state.kept {
        value.gone = snapshot.structure.find(*group).is_none();
    }
    for written in &snapshot.written {
        let Some(value) = state.kept.get_mut(&(written.group, written.file.clone())) else { continue };
        let Field::Value { v: content, at } = &written.content else { continue };
        if *at <= value.since {
            continue;
        }
        let now = content.trim_ascii();
        value.seen = true;
        if now == &*value.stored {
            value.lost = None;
        } else if value.lost.as_ref().is_none_or(|lost| *lost.now != *now) {
            value.lost =
                Some(Lost { ms, now: now.into(), keeper: managers::keeper(&value.place, snapshot.host.systemd) });
            said = Some((written.group, written.file.clone()));
        }
    }
    if let Some(value) = said.and_then(|of| state.kept.get(&of).map(|value| (of.1, value.clone()))) {
        let (file, value) = value;
        let fate = value.fates(state).swap_remove(0);
        state.say(format!("{}: {file} {fate}", named(value.place.name())));
    }
}

/// What is told of a group in its row: the value that did not stay, else the newest one that does. The longest text first.
#[must_use]
pub fn of_group(state: &State, group: GroupKey) -> Option<(Vec<String>, bool)> {
    let values = state.kept.range((group, Box::from(""))..).take_while(|((key, _), _)| *key == group);
    let value = values.map(|(_, value)| value).max_by_key(|value| (value.lost.is_some(), value.set_ms))?;
    Some((value.fates(state), value.lost.is_none()))
}

/// What became of the values that an entry wrote: of one that did not stay, else that they do. `None` if it wrote none.
#[must_use]
pub fn of_entry(state: &State, number: u64) -> Option<String> {
    let values = state.kept.values().filter(|value| value.entry == number);
    let value = values.max_by_key(|value| value.lost.is_some())?;
    Some(value.fates(state).swap_remove(0))
}

/// Whether all values that an entry wrote stay.
#[must_use]
pub fn stays(state: &State, number: u64) -> bool {
    state.kept.values().all(|value| value.entry != number || (value.lost.is_none() && !value.gone))
}

/// Each value that an entry wrote (all of them, for `None`): what, what became of it, whether it stays.
#[must_use]
pub fn told_of(state: &State, number: u64) -> Vec<(String, String, bool)> {
    told(state, |value| value.entry == number)
}

/// The same of all.
#[must_use]
pub fn told_of_all(state: &State) -> Vec<(String, String, bool)> {
    told(state, |_| true)
}

fn told(state: &State, is: impl Fn(&Value) -> bool) -> Vec<(String, String, bool)> {
    let values = state.kept.iter().filter(|(_, value)| is(value));
    let one = |((_, file), value): (&(GroupKey, Box<str>), &Value)| {
        let before = value.before.as_ref().map_or_else(|| "?".to_owned(), tell::value);
        let what = format!("{} {file} {before} → {}", value.place, tell::value(&value.stored));
        (what, value.fates(state).swap_remove(0), value.lost.is_none() && !value.gone)
    };
    values.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{CPU, World, setup};

    #[test]
    fn who_keeps_a_group_is_named_as_likely_only() {
        let state = World::v1().state(setup(), 80, 24);
        let value = |keeper| Value {
            place: Place::new(CPU, b"/system.slice/web.service"),
            entry: 1,
            before: Some(Box::from(*b"1024")),
            stored: Box::from(*b"300"),
            set_ms: 60_000,
            since: Mono::default(),
            writes: 1,
            lost: Some(Lost { ms: 120_000, now: Box::from(*b"1024"), keeper }),
            seen: true,
            gone: false,
        };
        let fates = value(Some("systemd")).fates(&state);
        assert!(
            fates[0].contains("taken back") && fates[0].ends_with("likely by systemd, which keeps it"),
            "{fates:?}"
        );
        assert!(fates[1].ends_with("by systemd?"), "{fates:?}");
        assert!(!value(None).fates(&state)[0].contains("by"));
    }
}

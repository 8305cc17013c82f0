//! What takes one step back that was done a moment ago.
//!
//! Undo of a whole entry, perhaps long after, is a plan of its own made from a fresh survey; this is for the moments in which
//! nobody else had a chance: rollback, and, guarded by more questions, `cleanup`.
use crate::catalog;
use crate::effect::directories::Directories;
use crate::model::bytes::Bytes;
use crate::model::hierarchy::Version;
use crate::model::mounting::Mounting;
use crate::model::place::Place;
use crate::plan::intent::{Scope, Setting};
use crate::plan::step::{Moved, Outcome, Scheduled, Signal, Step};

/// What takes a step back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inverse {
    /// It changed nothing.
    Nothing,
    /// These steps, in this order.
    Steps(Vec<Step>),
    /// Nothing can: why.
    Impossible(String),
}

/// What takes `step` back after it had this outcome.
#[must_use]
pub fn inverse(step: &Step, outcome: &Outcome, directories: &dyn Directories) -> Inverse {
    match (step, outcome) {
        (_, Outcome::Nothing(_)) => Inverse::Nothing,
        (Step::MakeGroup { at }, Outcome::Made(key)) => {
            Inverse::Steps(vec![Step::RemoveGroup { at: at.clone(), key: Some(*key), settings: Vec::new() }])
        }
        (Step::RemoveGroup { at, settings, .. }, _) => {
            let write = |setting: &crate::plan::intent::Setting| Step::Write {
                at: at.clone(),
                key: None,
                file: setting.file.clone(),
                data: setting.data.clone(),
                prior: None,
                disturbs: Vec::new(),
            };
            let made = std::iter::once(Step::MakeGroup { at: at.clone() });
            Inverse::Steps(made.chain(settings.iter().map(write)).collect())
        }
        (Step::Rename { at, key, name }, _) => {
            Inverse::Steps(vec![Step::Rename { at: at.sibling(name), key: *key, name: at.name().into() }])
        }
        (Step::MakeDirectory { path }, _) => Inverse::Steps(vec![Step::RemoveDirectory { path: path.clone() }]),
        (Step::RemoveDirectory { path }, _) => Inverse::Steps(vec![Step::MakeDirectory { path: path.clone() }]),
        (Step::Mount { mounting }, Outcome::Mounted { top, new }) => {
            let mounting = Mounting { hierarchy: Some(top.hierarchy), ..mounting.clone() };
            Inverse::Steps(vec![Step::Unmount { mounting, ends: *new, lazy: false, settings: Vec::new() }])
        }
        (Step::Unmount { mounting, settings, .. }, _) => {
            let top = mounting.hierarchy.map(Place::top);
            let write = |(at, setting): (&Place, &Setting)| Step::Write {
                at: at.clone(),
                key: None,
                file: setting.file.clone(),
                data: setting.data.clone(),
                prior: None,
                disturbs: Vec::new(),
            };
            let mount = std::iter::once(Step::Mount { mounting: mounting.clone() });
            let writes = top.iter().flat_map(|top| settings.iter().map(move |setting| (top, setting)));
            Inverse::Steps(mount.chain(writes.map(write)).collect())
        }
        (Step::Write { .. }, Outcome::Stored(stored)) => unwrite(step, stored.as_deref(), directories),
        (Step::Move { scope, .. }, Outcome::Moved(moved)) => unmove(moved, *scope, directories),
        (Step::Drain { from, .. }, Outcome::Moved(moved)) => {
            let scope = match directories.version(from.hierarchy) {
                Some(Version::V2) => Scope::Process,
                Some(Version::V1) | None => Scope::Thread,
            };
            unmove(moved, scope, directories)
        }
        (Step::KillAll { .. }, Outcome::Killed(killed)) => {
            Inverse::Impossible(format!("{} processes were killed", killed.len()))
        }
        (Step::Launch { .. }, Outcome::Launched(process)) => {
            Inverse::Steps(vec![Step::Signal { process: *process, signal: Signal::Kill }])
        }
        (Step::Signal { process, signal: Signal::Stop }, _) => {
            Inverse::Steps(vec![Step::Signal { process: *process, signal: Signal::Continue }])
        }
        (Step::Signal { process, signal: Signal::Continue }, _) => {
            Inverse::Steps(vec![Step::Signal { process: *process, signal: Signal::Stop }])
        }
        (Step::Signal { process, signal }, _) => {
            Inverse::Impossible(format!("process {} got SIG{}", process.tid, signal.name()))
        }
        (Step::Schedule { .. }, Outcome::Scheduled(list)) => Inverse::Steps(unschedule(list)),
        (step, outcome) => Inverse::Impossible(format!("cgrove does not know how: {step:?}, {outcome:?}")),
    }
}

/// The value that stood there, then what the write made the kernel forget.
fn unwrite(step: &Step, stored: Option<&[u8]>, directories: &dyn Directories) -> Inverse {
    let Step::Write { at, key, file, data, prior, disturbs } = step else { return Inverse::Nothing };
    let write = |at: &_, key: &_, file: &str, data: Bytes| Step::Write {
        at: Clone::clone(at),
        key: *key,
        file: file.into(),
        data,
        prior: None,
        disturbs: Vec::new(),
    };
    let Some(prior) = prior else {
        return match key {
            // The plan made the group: it goes as a whole.
            None => Inverse::Nothing,
            Some(_) => Inverse::Impossible(format!("what {file} of {at} was before could not be read")),
        };
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let back = if &**file == "cgroup.subtree_control" {
        let Some(tokens) = opposite(data, prior) else { return Inverse::Nothing };
        vec![tokens]
    } else {
        // One line is one write; a file that the catalog does not know takes back what it read.
        let entry = directories.version(at.hierarchy).and_then(|version| catalog::entry_for(version, file));
        match entry.and_then(|entry| entry.writes_back(&text(prior), &text(stored.unwrap_or_default()))) {
            Some(writes) => writes.into_iter().map(|data| data.into_bytes().into_boxed_slice()).collect(),
            None => vec![prior.clone()],
        }
    };
    let mut steps: Vec<Step> = back.into_iter().map(|data| write(at, key, file, data)).collect();
    for other in disturbs {
        let key = if other.at == *at { *key } else { None };
        steps.push(write(&other.at, &key, &other.setting.file, other.setting.data.clone()));
    }
    Inverse::Steps(steps)
}

/// `+cpu -io` against what was enabled before: the opposite of those words that changed something; `None` if none did.
pub(in crate::effect) fn opposite(data: &[u8], prior: &[u8]) -> Option<Bytes> {
    let words = |text: &[u8]| -> Vec<Vec<u8>> {
        text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
    };
    let enabled = words(prior);
    let changed: Vec<Vec<u8>> = words(data)
        .into_iter()
        .filter_map(|word| {
            let (sign, name) = word.split_first()?;
            let was = enabled.iter().any(|known| known == name);
            match (sign, was) {
                (b'+', false) => Some([b"-", name].concat()),
                (b'-', true) => Some([b"+", name].concat()),
                _ => None,
            }
        })
        .collect();
    (!changed.is_empty()).then(|| changed.join(&b' ').into_boxed_slice())
}

/// Each task to where it was. v1 thread by thread, since they may have come from several groups; a v2 process as a whole.
fn unmove(moved: &[Moved], scope: Scope, directories: &dyn Directories) -> Inverse {
    let steps = moved.iter().filter(|task| task.from != task.now).map(|task| {
        let scope = match directories.version(task.now.hierarchy) {
            Some(Version::V1) => Scope::Thread,
            Some(Version::V2) | None => scope,
        };
        Step::Move { task: task.task, scope, from: task.now.clone(), to: task.from.clone() }
    });
    Inverse::Steps(steps.collect())
}

/// Each thread what it had.
fn unschedule(list: &[Scheduled]) -> Vec<Step> {
    let changed = list.iter().filter(|set| set.was != set.now);
    let back = |set: &Scheduled| Step::Schedule {
        task: set.task,
        scope: Scope::Thread,
        to: set.was.clone(),
        prior: Some(set.now.clone()),
    };
    changed.map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_controllers_that_changed_are_taken_back() {
        let opposite = |data: &str, prior: &str| {
            opposite(data.as_bytes(), prior.as_bytes()).map(|text| String::from_utf8(text.into_vec()).unwrap())
        };
        assert_eq!(opposite("+cpu +pids", "pids").as_deref(), Some("-cpu"));
        assert_eq!(opposite("-io +cpu", "io memory").as_deref(), Some("+io -cpu"));
        assert_eq!(opposite("+cpu", "cpu"), None);
    }
}

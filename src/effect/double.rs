//! Executors for tests: one that records and pretends, and that fails where it is told to.
//!
//! Public, since the layers above test with them as well.
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use super::directories::Directories;
use super::executor::Executor;
use super::failure::Failure;
use super::journal::Log;
use crate::model::bytes::Bytes;
use crate::model::errno::Errno;
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, HierarchyId, TaskKey};
use crate::model::place::Place;
use crate::plan::journal::{Journal, Line};
use crate::plan::step::{Life, Moved, Outcome, Scheduled, Step};

/// Records every step, and pretends that it was done: groups get rising inode numbers, files store what is written, tasks
/// arrive. Told with [`Recorder::fail`], it refuses a step instead.
#[derive(Debug, Default)]
pub struct Recorder {
    /// Every step that was tried, in order, refused ones too.
    pub steps: Vec<Step>,
    refusals: BTreeMap<usize, Errno>,
    outcomes: VecDeque<Outcome>,
    last_inode: u64,
    last_pid: i32,
}

impl Recorder {
    /// One that refuses nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses the `nth` step that will be tried, counted from 0, with this errno.
    #[must_use]
    pub fn fail(mut self, nth: usize, errno: Errno) -> Self {
        self.refusals.insert(nth, errno);
        self
    }

    /// Answers the next steps with these outcomes before it pretends again.
    #[must_use]
    pub fn answer(mut self, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        self.outcomes.extend(outcomes);
        self
    }
}

impl Executor for Recorder {
    fn apply(&mut self, step: &Step) -> Result<Outcome, Failure> {
        let nth = self.steps.len();
        self.steps.push(step.clone());
        if let Some(&errno) = self.refusals.get(&nth) {
            return Err(Failure::new(operation(step), &PathBuf::new(), errno));
        }
        if let Some(outcome) = self.outcomes.pop_front() {
            return Ok(outcome);
        }
        Ok(match step {
            Step::MakeGroup { at } => {
                self.last_inode += 1;
                Outcome::Made(GroupKey { hierarchy: at.hierarchy, inode: self.last_inode })
            }
            Step::RemoveGroup { .. } => Outcome::Removed,
            Step::Rename { .. } => Outcome::Renamed,
            Step::Write { data, .. } => Outcome::Stored(Some(data.clone())),
            Step::Move { task, from, to, .. } => {
                Outcome::Moved(vec![Moved { task: *task, from: from.clone(), now: to.clone(), at: 0 }])
            }
            Step::Drain { .. } => Outcome::Nothing("nothing to drain".to_owned()),
            Step::KillAll { .. } => Outcome::Nothing("nothing to kill".to_owned()),
            Step::MakeDirectory { .. } => Outcome::DirectoryMade,
            Step::RemoveDirectory { .. } => Outcome::DirectoryRemoved,
            Step::Mount { mounting } => {
                let new = mounting.hierarchy.is_none();
                let hierarchy = mounting.hierarchy.unwrap_or(HierarchyId(99));
                Outcome::Mounted { top: GroupKey { hierarchy, inode: 1 }, new }
            }
            Step::Unmount { ends, .. } => Outcome::Unmounted(if *ends { Life::Gone } else { Life::Hidden }),
            Step::Launch { .. } => {
                self.last_pid += 1;
                Outcome::Launched(TaskKey { tid: self.last_pid, start: 1 })
            }
            Step::Signal { .. } => Outcome::Signalled,
            Step::Schedule { task, to, prior, .. } => {
                let was = prior.clone().unwrap_or_else(|| to.clone());
                Outcome::Scheduled(vec![Scheduled { task: *task, was, now: to.clone() }])
            }
        })
    }
}

fn operation(step: &Step) -> &'static str {
    match step {
        Step::MakeGroup { .. } | Step::MakeDirectory { .. } => "mkdir",
        Step::RemoveGroup { .. } | Step::RemoveDirectory { .. } => "rmdir",
        Step::Rename { .. } => "rename",
        Step::Write { .. } => "write",
        Step::Move { .. } | Step::Drain { .. } => "move",
        Step::KillAll { .. } => "kill",
        Step::Mount { .. } => "mount",
        Step::Unmount { .. } => "umount",
        Step::Launch { .. } => "launch",
        Step::Signal { .. } => "signal",
        Step::Schedule { .. } => "schedule",
    }
}

/// A journal in memory, which can be told to break.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Every line that was kept.
    pub lines: Vec<Line>,
    journal: Journal,
    breaks_at: Option<usize>,
}

impl Memory {
    /// One that keeps `lines` lines and refuses every one after them with ENOSPC.
    #[must_use]
    pub fn full_after(lines: usize) -> Self {
        Self { breaks_at: Some(lines), ..Self::default() }
    }
}

impl Log for Memory {
    fn write(&mut self, line: Line) -> Result<(), Failure> {
        if self.breaks_at.is_some_and(|limit| self.lines.len() >= limit) {
            return Err(Failure::new("journal", &PathBuf::new(), Errno::ENOSPC).because("no space left"));
        }
        self.lines.push(line.clone());
        self.journal.apply(line);
        Ok(())
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }
}

/// One hierarchy whose groups are the directories below `root`, which may be any directory.
#[derive(Clone, Debug)]
pub struct Below {
    /// The hierarchy's number.
    pub hierarchy: HierarchyId,
    /// v1 or v2.
    pub version: Version,
    /// The directory of its top group.
    pub root: PathBuf,
}

impl Directories for Below {
    fn version(&self, hierarchy: HierarchyId) -> Option<Version> {
        (hierarchy == self.hierarchy).then_some(self.version)
    }

    fn directory(&self, place: &Place) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt as _;
        self.version(place.hierarchy)?;
        Some(place.parts().fold(self.root.clone(), |path, part| path.join(std::ffi::OsStr::from_bytes(part))))
    }

    fn proc_path(&self, place: &Place) -> Option<Bytes> {
        self.version(place.hierarchy).map(|_| place.path.clone())
    }

    fn place(&self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place> {
        self.version(hierarchy).map(|_| Place::new(hierarchy, path))
    }
}

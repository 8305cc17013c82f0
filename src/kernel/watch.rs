//! What wakes the sampler: the timer, a new interest, groups that come and go, values that are written, mounts.
//!
//! # Terms
//! * [`Wakes`] is what the sampler's thread blocks on; a [`Ringer`] is how others wake it. A burst of hints is one wake.
//! * [`Watches`] sets one inotify watch on each group's directory, which tells of child groups, of writes to any file in it,
//!   and (v2) of `cgroup.events`. Forks, exits and counters are silent: for these the timer is there.
//! * [`MountWatch`] waits for changes of `/proc/self/mountinfo`.
//!
//! All of it is an accelerator. Without a single watch (no inotify instance left, no watch left) the sampler walks by its
//! timer, and one notice says so. Events of our own reads are not asked for.
//!
//! Flow on the sampler's thread: [`Wakes::wait`] → [`Sampler::hint`] → [`Sampler::sample`] → [`Watches::follow_sampler`].
use std::collections::HashMap;

use crate::model::bytes::escape;
use crate::model::id::GroupKey;
use crate::model::snapshot::Notice;
use crate::model::structure::Structure;

use super::sampler::Sampler;
use super::tree;

use inotify::Inotify;
pub use mounts::MountWatch;
pub use wakes::{Ringer, Wakes, Woken};

mod inotify;
mod mounts;
mod wakes;

/// Something that watches directories: inotify, or nothing in a test.
pub trait DirectoryWatcher: Send {
    /// Watches `directory`, not what lies below it. Watching it again is no error.
    ///
    /// # Errors
    /// Why not.
    fn watch(&mut self, directory: &[u8]) -> Result<(), Refused>;

    /// Watches it no longer. That it is gone is no error.
    fn unwatch(&mut self, directory: &[u8]);

    /// Directories that were removed since the last call: they are watched no longer.
    fn removed(&mut self) -> Vec<Vec<u8>>;

    /// Files that were written since the last call.
    fn written(&mut self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// Why a directory is not watched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The directory is gone.
    #[error("it is gone")]
    Gone,
    /// The limit on watches, or on inotify instances, is reached.
    #[error("{0}")]
    Full(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// The watches on the groups' directories.
pub struct Watches {
    watcher: Option<Box<dyn DirectoryWatcher>>,
    watched: HashMap<GroupKey, Vec<u8>>,
    generation: Option<u64>,
    complete: bool,
    said: bool,
    notice: Option<Notice>,
}

impl Watches {
    /// Watches through inotify, ringing `ringer`. Where that is not to be had, it says so once and watches nothing.
    #[must_use]
    pub fn start(ringer: Ringer) -> Self {
        match Inotify::start(ringer) {
            Ok(watcher) => Self::with(Some(Box::new(watcher))),
            Err(error) => {
                let mut none = Self::with(None);
                none.say(&error.to_string());
                none
            }
        }
    }

    /// Watches through `watcher`, or not at all.
    #[must_use]
    pub fn with(watcher: Option<Box<dyn DirectoryWatcher>>) -> Self {
        let complete = watcher.is_some();
        Self { watcher, watched: HashMap::new(), generation: None, complete, said: false, notice: None }
    }

    /// Whether every group that can be seen is watched, so that walks may be rare.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// How many directories are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// Whether nothing is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Follows a sampler's structure. A group made between its walk and its parent's watch would be missed, so it walks
    /// again until no watch is added; what is to be said goes to the sampler. Whether those walks found more: then the
    /// last snapshot is behind, and it is worth to sample at once.
    pub fn follow_sampler(&mut self, sampler: &mut Sampler) -> bool {
        let before = sampler.structure().generation;
        for _ in 0..4 {
            if self.follow(sampler.structure()) == 0 {
                break;
            }
            sampler.walk();
        }
        sampler.set_watched(self.complete);
        if let Some(notice) = self.notice.take() {
            sampler.notice(notice);
        }
        sampler.structure().generation != before
    }

    /// Settings that were written since the last call, by whomever, each with its group. Lists of members are left out:
    /// membership is seen in the lists themselves; so are files that the kernel itself tells of.
    pub fn written(&mut self) -> Vec<(GroupKey, Box<str>)> {
        let paths = self.watcher.as_mut().map(|watcher| watcher.written()).unwrap_or_default();
        if paths.is_empty() {
            return Vec::new();
        }
        let groups: HashMap<&[u8], GroupKey> = self.watched.iter().map(|(&key, path)| (&**path, key)).collect();
        let setting = |path: &Vec<u8>| {
            let cut = path.iter().rposition(|&byte| byte == b'/')?;
            let file = std::str::from_utf8(&path[cut + 1..]).ok().filter(|file| is_setting(file))?;
            Some((*groups.get(&path[..cut])?, file.into()))
        };
        paths.iter().filter_map(setting).collect()
    }

    /// Watches every group of `structure` and no other; returns how many watches were added.
    pub fn follow(&mut self, structure: &Structure) -> usize {
        let Some(watcher) = &mut self.watcher else { return 0 };
        let removed = watcher.removed();
        if !removed.is_empty() {
            self.watched.retain(|_, directory| !removed.contains(directory));
        }
        if self.generation == Some(structure.generation) && removed.is_empty() {
            return 0;
        }
        self.generation = Some(structure.generation);
        let gone = self.watched.extract_if(|&key, directory| {
            structure.find(key).and_then(|id| tree::directory(structure, id)).as_ref() != Some(directory)
        });
        gone.for_each(|(_, directory)| watcher.unwatch(&directory));
        let (mut added, mut full) = (0, None);
        for (id, group) in structure.iter() {
            if self.watched.contains_key(&group.key) {
                continue;
            }
            let Some(directory) = tree::directory(structure, id) else { continue };
            match watcher.watch(&directory) {
                Ok(()) => {
                    added += 1;
                    self.watched.insert(group.key, directory);
                }
                Err(Refused::Gone) => {}
                Err(Refused::Full(why)) => {
                    full = Some(why);
                    break;
                }
                Err(Refused::Other(why)) => full = Some(format!("{}: {why}", escape(&directory))),
            }
        }
        self.complete = full.is_none();
        if let Some(why) = full {
            self.say(&why);
        }
        added
    }

    /// Says once why not all is watched.
    fn say(&mut self, why: &str) {
        if !self.said {
            self.said = true;
            self.notice = Some(Notice(format!(
                "not every group can be watched ({why}): changes made by others show with the next refresh"
            )));
        }
    }
}

/// Whether a file that was written is neither a list of members nor one by which the kernel tells of events.
fn is_setting(file: &str) -> bool {
    !matches!(file, "cgroup.procs" | "cgroup.threads" | "tasks" | "cgroup.event_control")
        && !file.ends_with(".events")
        && !file.ends_with(".events.local")
        && !file.ends_with(".pressure")
}

#[cfg(test)]
mod tests;

//! All visits of this boot, as `cgrove journal` lists them: those that run, too. Nothing is changed and no lock is kept.
use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::super::failure::{Failure, errno, raw};
use super::{SETTLED, named, parse};
use crate::model::errno::Errno;
use crate::plan::journal::Journal;

/// A visit and its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The journal's file.
    pub path: PathBuf,
    /// What it holds now.
    pub journal: Journal,
    /// How the visit is.
    pub condition: Condition,
}

/// How a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It goes on: somebody holds the lock.
    Running,
    /// It came to its end and its changes are meant to stay: no cleanup takes them back.
    Ended,
    /// It was left with "keep": cleanup takes its changes back, nobody offers it.
    Kept,
    /// It did not come to its end, or could not take everything back.
    Abandoned,
}

/// The visits of this boot whose journals are in these directories, oldest first, and what cannot be read, with the reason.
#[must_use]
pub fn visits(directories: &[PathBuf], boot_id: &str) -> (Vec<Visit>, Vec<Failure>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for directory in directories {
        for kind in [SETTLED, "journal"] {
            match named(directory, &format!("{kind}-{boot_id}-")) {
                Ok(paths) => {
                    for path in paths {
                        match visit(&path, kind == SETTLED) {
                            Ok(visit) => found.push(visit),
                            // It came to its end between the listing and the reading.
                            Err(failure) if failure.errno.is_some_and(Errno::is_gone) => {}
                            Err(failure) => unreadable.push(failure),
                        }
                    }
                }
                Err(e) => {
                    unreadable.push(Failure::new("read", directory, errno(&e)));
                    break;
                }
            }
        }
    }
    found.sort_by_key(|visit: &Visit| visit.journal.time_ms);
    (found, unreadable)
}

/// The journals of visits that go on, as far as they can be read.
#[must_use]
pub fn running(directories: &[PathBuf], boot_id: &str) -> Vec<Journal> {
    let prefix = format!("journal-{boot_id}-");
    let paths = directories.iter().flat_map(|directory| named(directory, &prefix).unwrap_or_default());
    let visits = paths.filter_map(|path| visit(&path, false).ok());
    visits.filter(|visit| visit.condition == Condition::Running).map(|visit| visit.journal).collect()
}

fn visit(path: &Path, ended: bool) -> Result<Visit, Failure> {
    // What the errno means for a group's file is not what it means here.
    let file = File::open(path).map_err(|e| Failure::new("read", path, errno(&e)).because(e.to_string()))?;
    // The lock first: a visit that ends meanwhile is told as one that runs, never as one that was left behind.
    let held = match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            flock(&file, FlockOperation::Unlock).map_err(|e| Failure::new("unlock", path, raw(e)))?;
            false
        }
        Err(rustix::io::Errno::WOULDBLOCK) => true,
        Err(e) => return Err(Failure::new("lock", path, raw(e))),
    };
    let (journal, _) = parse(path, &file)?;
    let condition = match (held, ended) {
        (true, _) => Condition::Running,
        (false, true) => Condition::Ended,
        (false, false) if journal.kept_ms.is_some() => Condition::Kept,
        (false, false) => Condition::Abandoned,
    };
    Ok(Visit { path: path.to_owned(), journal, condition })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Log as _, Writer};
    use super::Condition as C;
    use super::*;
    use crate::plan::journal::Line;

    fn begin(number: u64) -> Line {
        let (title, shell, steps, undoes) = ("make cg1".to_owned(), Vec::new(), Vec::new(), Vec::new());
        Line::Begin { number, time_ms: 5, title, shell, steps, undoes }
    }

    #[test]
    fn every_visit_is_listed_with_how_it_is() {
        let home = tempfile::tempdir().unwrap();
        let writer = |pid| {
            let mut writer = Writer::create_in(home.path(), "boot", pid).unwrap();
            writer.write(begin(1)).unwrap();
            writer
        };
        let conditions = || {
            let (visits, unreadable) = visits(&[home.path().to_owned()], "boot");
            assert!(unreadable.is_empty(), "{unreadable:?}");
            let mut all: Vec<_> = visits.iter().map(|v| (v.journal.pid.unwrap(), v.condition)).collect();
            all.sort_unstable_by_key(|(pid, _)| *pid);
            all
        };
        let running = writer(1);
        writer(2).settle().unwrap();
        drop(writer(3));
        let mut kept = writer(4);
        kept.write(Line::Kept { time_ms: 9 }).unwrap();
        drop(kept);
        assert_eq!(conditions(), [(1, C::Running), (2, C::Ended), (3, C::Abandoned), (4, C::Kept)]);
        drop(running);
        assert_eq!(conditions()[0], (1, C::Abandoned), "looking does not keep the lock");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("journal-boot-9.jsonl"), "hello\n").unwrap();
        fs::write(home.path().join("journal-other-9.jsonl"), "hello\n").unwrap();
        let (visits, unreadable) = visits(&[home.path().to_owned(), home.path().join("none")], "boot");
        assert!(visits.is_empty());
        assert_eq!(unreadable.len(), 1);
        assert!(unreadable[0].to_string().contains("journal-boot-9.jsonl"), "{}", unreadable[0]);
    }
}

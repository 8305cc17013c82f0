//! The journal's file: one JSON object a line, written before the deed and after it.
//!
//! `$XDG_STATE_HOME/cgrove/journal-BOOT-PID.jsonl`. The file appears under its name only when it is locked and has its first
//! line, it stays locked as long as its owner lives, and it is only ever appended to. So a file whose lock is free is what a
//! cgrove left that did not come to its end, and [`abandoned`] finds those of this boot. What the lines mean is
//! [`crate::plan::journal`]'s.
use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy as _;
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};

use super::failure::{Failure, errno, raw};
use crate::model::bytes::{Bytes, escape};
use crate::model::id::{GroupKey, HierarchyId};
use crate::plan::journal::{Entry, FORMAT, Journal, Line, State, all_undo};
use crate::plan::step::{Outcome, Step};
use crate::plan::undo::bindings::Bindings;

mod visits;

pub use visits::{Condition, Visit, running, visits};

/// Where lines are kept: a file, or memory in tests.
pub trait Log {
    /// Keeps a line. A line that comes before a deed is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be kept, and is not in [`Log::journal`] either.
    fn write(&mut self, line: Line) -> Result<(), Failure>;

    /// What was kept so far.
    fn journal(&self) -> &Journal;
}

/// The journal of this visit.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
    journal: Journal,
    note: Option<String>,
}

impl Writer {
    /// A journal in the first of [`locations`] that can be written.
    ///
    /// # Errors
    /// None can: then nothing may be changed, and the failure says why for each.
    pub fn create() -> Result<Self, Failure> {
        let boot_id = boot_id()?;
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        let mut refused = Vec::new();
        for location in locations() {
            match Self::create_in(&location, &boot_id, pid) {
                Ok(mut writer) => {
                    if !refused.is_empty() {
                        writer.note =
                            Some(format!("the journal is kept in {}: {}", location.display(), refused.join("; ")));
                    }
                    return Ok(writer);
                }
                Err(failure) => refused.push(failure.to_string()),
            }
        }
        if refused.is_empty() {
            refused.push("no home directory is known; set XDG_STATE_HOME".to_owned());
        }
        Err(Failure::said("journal", Path::new(""), refused.join("; ")))
    }

    /// A journal in a directory, which is made if it does not exist.
    ///
    /// # Errors
    /// The directory or the file cannot be made, locked or written.
    pub fn create_in(directory: &Path, boot_id: &str, pid: i32) -> Result<Self, Failure> {
        let failed = |path: &Path, e: &io::Error| Failure::new("journal", path, errno(e)).because(e.to_string());
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|e| failed(directory, &e))?;
        let hidden = directory.join(format!(".journal-{boot_id}-{pid}.new"));
        // What an earlier process of this number left half made.
        let _ = fs::remove_file(&hidden);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&hidden)
            .map_err(|e| failed(&hidden, &e))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|e| Failure::new("journal", &hidden, raw(e)).because("cannot be locked"))?;
        let mut writer = Self { file, path: hidden, length: 0, journal: Journal::default(), note: None };
        let command = env::args_os().skip(1).map(|word| escape(word.as_encoded_bytes())).collect();
        let line = Line::Visit { format: FORMAT, boot_id: boot_id.to_owned(), pid, time_ms: now_ms(), command };
        let named = writer.write(line).and_then(|()| publish(&writer.path, directory, boot_id, pid));
        match named {
            Ok(path) => writer.path = path,
            Err(failure) => {
                let _ = fs::remove_file(&writer.path);
                return Err(failure);
            }
        }
        // The directory's entry, too.
        File::open(directory).and_then(|open| open.sync_all()).map_err(|e| failed(directory, &e))?;
        Ok(writer)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a person should know of where it is: it is not at the usual place, and why.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The groups that were made in this visit, and stand.
    #[must_use]
    pub fn made(&self) -> BTreeSet<GroupKey> {
        made(&self.journal.entries)
    }

    /// Ends a visit that came to its end and whose changes are meant to stay: `cgrove cleanup` takes nothing of it back.
    /// The file is kept under another name, `done-BOOT-TIME-PID.jsonl`, for `cgrove journal`; one without entries goes.
    ///
    /// # Errors
    /// It can be neither renamed nor deleted: the next cleanup would take it for that of a killed cgrove.
    pub fn settle(self) -> Result<(), Failure> {
        let Some(first) = self.journal.entries.first() else {
            return fs::remove_file(&self.path).map_err(|e| Failure::new("delete", &self.path, errno(&e)));
        };
        let boot_id = self.journal.boot_id.clone().unwrap_or_default();
        let name = format!("{SETTLED}-{boot_id}-{:013}-{}.jsonl", first.time_ms, self.journal.pid.unwrap_or(0));
        let to = self.path.with_file_name(name);
        fs::rename(&self.path, &to).map_err(|e| Failure::new("rename", &self.path, errno(&e)))
    }

    /// Ends the visit: the file goes if nothing of what it holds stands, otherwise it stays for `cgrove cleanup`.
    /// Returns whether it stayed.
    #[must_use]
    pub fn finish(self) -> bool {
        let stands = !all_undo(&self.journal.entries).is_empty();
        stands || fs::remove_file(&self.path).is_err()
    }
}

impl Log for Writer {
    /// A line that cannot be written leaves the file ending with the line before.
    fn write(&mut self, line: Line) -> Result<(), Failure> {
        let mut text = line.to_json().map_err(|e| Failure::said("journal", &self.path, e.to_string()))?;
        text.push('\n');
        let before_a_deed = matches!(line, Line::Visit { .. } | Line::Begin { .. } | Line::Intend { .. });
        let written = self.file.write_all(text.as_bytes());
        let synced = written.and_then(|()| if before_a_deed { self.file.sync_data() } else { Ok(()) });
        if let Err(error) = synced {
            // Half a line in the middle would make the rest unreadable.
            let _ = self.file.set_len(self.length);
            return Err(
                Failure::new("journal", &self.path, errno(&error)).because("cannot be written, so nothing is changed")
            );
        }
        self.length += text.len() as u64;
        self.journal.apply(line);
        Ok(())
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }
}

/// Gives the file its name; a number is added if an earlier process of this number left a journal.
fn publish(hidden: &Path, directory: &Path, boot_id: &str, pid: i32) -> Result<PathBuf, Failure> {
    let mut attempt = 1;
    loop {
        let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
        let path = directory.join(format!("journal-{boot_id}-{pid}{suffix}.jsonl"));
        match renameat_with(CWD, hidden, CWD, &path, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(path),
            Err(rustix::io::Errno::EXIST) => attempt += 1,
            // A file system without that flag (NFS): the same in two steps.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => match fs::hard_link(hidden, &path) {
                Ok(()) => {
                    let _ = fs::remove_file(hidden);
                    return Ok(path);
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => attempt += 1,
                Err(e) => return Err(Failure::new("journal", &path, errno(&e))),
            },
            Err(e) => return Err(Failure::new("journal", &path, raw(e))),
        }
    }
}

/// How the name of a journal begins whose visit came to its end.
const SETTLED: &str = "done";

/// The journals of visits of this boot that came to their end and whose changes stay, oldest first. What cannot be read is
/// left out.
#[must_use]
pub fn settled(directories: &[PathBuf], boot_id: &str) -> Vec<(PathBuf, Journal)> {
    let prefix = format!("{SETTLED}-{boot_id}-");
    let mut paths: Vec<PathBuf> = directories.iter().flat_map(|d| named(d, &prefix).unwrap_or_default()).collect();
    paths.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    paths.into_iter().filter_map(|path| load(&path).ok().map(|journal| (path, journal))).collect()
}

/// The journal files in a directory whose names begin so, sorted; none if there is no such directory.
fn named(directory: &Path, prefix: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(prefix) && path.extension().is_some_and(|extension| extension == "jsonl")
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_one).collect();
    paths.sort();
    Ok(paths)
}

/// A journal whose owner is gone, locked by us as long as this lives.
#[derive(Debug)]
pub struct Abandoned {
    /// Its file.
    pub path: PathBuf,
    /// What it holds.
    pub journal: Journal,
    file: File,
}

impl Abandoned {
    /// Deletes the file.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub fn delete(self) -> Result<(), Failure> {
        fs::remove_file(&self.path).map_err(|e| Failure::new("delete", &self.path, errno(&e)))
    }
}

impl Log for Abandoned {
    fn write(&mut self, line: Line) -> Result<(), Failure> {
        let failed = |text: String| Failure::said("journal", &self.path, text);
        let mut text = line.to_json().map_err(|e| failed(e.to_string()))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(|e| failed(e.to_string()))?;
        self.journal.apply(line);
        Ok(())
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }
}

/// The journals of this boot that nobody holds any more, oldest first, and those that cannot be read, with the reason.
#[must_use]
pub fn abandoned(directories: &[PathBuf], boot_id: &str) -> (Vec<Abandoned>, Vec<Failure>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    let prefix = format!("journal-{boot_id}-");
    for directory in directories {
        let paths = match named(directory, &prefix) {
            Ok(paths) => paths,
            Err(e) => {
                unreadable.push(Failure::new("read", directory, errno(&e)));
                continue;
            }
        };
        for path in paths {
            match claim(&path) {
                Ok(Some(journal)) => found.push(journal),
                Ok(None) => {}
                Err(failure) => unreadable.push(failure),
            }
        }
    }
    found.sort_by_key(|journal: &Abandoned| journal.journal.entries.first().map(|entry| entry.time_ms));
    (found, unreadable)
}

/// Locks a journal and reads it; `None` if somebody holds it.
pub(super) fn claim(path: &Path) -> Result<Option<Abandoned>, Failure> {
    let file =
        OpenOptions::new().read(true).append(true).open(path).map_err(|e| Failure::new("read", path, errno(&e)))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(e) => return Err(Failure::new("lock", path, raw(e))),
    }
    let (journal, length) = parse(path, &file)?;
    // Half a line that a crash left would spoil the line that is appended next.
    file.set_len(length).map_err(|e| Failure::new("write", path, errno(&e)))?;
    Ok(Some(Abandoned { path: path.to_owned(), journal, file }))
}

/// Reads a journal, whoever holds it. Half a last line is left out.
///
/// # Errors
/// It cannot be read, or is not of this format.
pub fn load(path: &Path) -> Result<Journal, Failure> {
    let file = File::open(path).map_err(|e| Failure::new("read", path, errno(&e)))?;
    Ok(parse(path, &file)?.0)
}

/// The journal, and the length of its whole lines.
fn parse(path: &Path, mut file: &File) -> Result<(Journal, u64), Failure> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| Failure::new("read", path, errno(&e)))?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let text = std::str::from_utf8(&bytes[..whole]).map_err(|e| Failure::said("read", path, e.to_string()))?;
    let journal = Journal::parse(text).map_err(|broken| Failure::said("read", path, broken.to_string()))?;
    Ok((journal, whole as u64))
}

/// Where journals are kept, best first: `$XDG_STATE_HOME/cgrove` (or `~/.local/state/cgrove`), `$XDG_RUNTIME_DIR/cgrove`,
/// and for root `/run/cgrove`. Where `$CGROVE_STATE` is set, only there: visits that shall know nothing of others, as in tests.
#[must_use]
pub fn locations() -> Vec<PathBuf> {
    if let Some(only) = env::var_os("CGROVE_STATE").map(PathBuf::from).filter(|path| path.is_absolute()) {
        return vec![only];
    }
    let mut found = Vec::new();
    if let Ok(base) = etcetera::choose_base_strategy() {
        found.extend(base.state_dir());
        found.extend(base.runtime_dir());
    } else {
        let set = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        found.extend(set("XDG_STATE_HOME"));
        found.extend(set("XDG_RUNTIME_DIR"));
    }
    if rustix::process::geteuid().is_root() {
        found.push(PathBuf::from("/run"));
    }
    for path in &mut found {
        path.push("cgrove");
    }
    found
}

/// `/proc/sys/kernel/random/boot_id`: identities of groups and tasks mean nothing in another boot.
///
/// # Errors
/// It cannot be read.
pub fn boot_id() -> Result<String, Failure> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = fs::read_to_string(path).map_err(|e| Failure::new("read", path, errno(&e)))?;
    Ok(text.trim().to_owned())
}

/// The groups that entries made, and that were not taken back or removed since. A foreign group that an undo made again is
/// foreign as before.
#[must_use]
pub fn made(entries: &[Entry]) -> BTreeSet<GroupKey> {
    let bindings = Bindings::of(entries);
    let mut own = BTreeSet::new();
    let mut standing = BTreeSet::new();
    for entry in entries {
        for record in &entry.steps {
            match (&record.step, &record.state) {
                (_, State::Done(Outcome::Made(key) | Outcome::Mounted { top: key, new: true })) => {
                    if entry.undoes.is_empty() {
                        own.insert(bindings.group(*key));
                    }
                    if own.contains(&bindings.group(*key)) {
                        standing.insert(*key);
                    }
                }
                (Step::RemoveGroup { key: Some(key), .. }, State::Done(Outcome::Removed)) => {
                    standing.remove(key);
                }
                (Step::RemoveGroup { key: Some(key), .. }, State::Remade(new)) if standing.remove(key) => {
                    standing.insert(*new);
                }
                _ => {}
            }
        }
    }
    standing
}

/// The mounts that entries made, and the directories that they made for them, which were not taken back or removed since.
#[must_use]
pub fn mounted(entries: &[Entry]) -> (BTreeSet<(HierarchyId, Bytes)>, BTreeSet<Bytes>) {
    let (mut mounts, mut directories) = (BTreeSet::new(), BTreeSet::new());
    for record in entries.iter().flat_map(|entry| &entry.steps) {
        match (&record.step, &record.state) {
            (Step::Mount { mounting }, State::Done(Outcome::Mounted { top, .. })) => {
                mounts.insert((top.hierarchy, mounting.point.clone()));
            }
            (Step::Unmount { mounting, .. }, State::Done(Outcome::Unmounted(_))) => {
                mounts.retain(|(_, point)| *point != mounting.point);
            }
            (Step::MakeDirectory { path }, State::Done(Outcome::DirectoryMade)) => {
                directories.insert(path.clone());
            }
            (Step::RemoveDirectory { path }, State::Done(Outcome::DirectoryRemoved)) => {
                directories.remove(path);
            }
            _ => {}
        }
    }
    (mounts, directories)
}

/// Wall-clock time in milliseconds since 1970, for people.
#[must_use]
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::errno::Errno;
    use crate::model::place::Place;

    fn begin(number: u64) -> Line {
        let steps = vec![Step::MakeGroup { at: Place::new(HierarchyId(4), b"/cg1") }];
        Line::Begin { number, time_ms: 1, title: "make cg1".to_owned(), shell: Vec::new(), steps, undoes: Vec::new() }
    }

    #[test]
    fn what_is_written_is_read_back_and_a_torn_line_is_not_counted() {
        let home = tempfile::tempdir().unwrap();
        let mut writer = Writer::create_in(home.path(), "boot", 7).unwrap();
        writer.write(begin(1)).unwrap();
        writer.write(Line::Intend { number: 1, step: 0 }).unwrap();
        assert_eq!(writer.path().file_name().unwrap(), "journal-boot-7.jsonl");
        assert_eq!(&load(writer.path()).unwrap(), writer.journal());
        let mut torn = OpenOptions::new().append(true).open(writer.path()).unwrap();
        torn.write_all("{\"line\":\"done\",\"number\":1,\"\u{e9}".as_bytes().split_last().unwrap().1).unwrap();
        assert_eq!(load(writer.path()).unwrap().entries[0].steps[0].state, State::Begun);
    }

    #[test]
    fn a_journal_is_abandoned_when_its_owner_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let places = [home.path().to_owned()];
        let mut writer = Writer::create_in(home.path(), "boot", 7).unwrap();
        writer.write(begin(1)).unwrap();
        assert!(abandoned(&places, "boot").0.is_empty(), "its owner lives");
        drop(writer);
        assert!(abandoned(&places, "other").0.is_empty(), "another boot");
        let (mut found, unreadable) = abandoned(&places, "boot");
        assert!(unreadable.is_empty());
        let mut found = found.pop().unwrap();
        assert_eq!((found.journal.pid, found.journal.entries.len()), (Some(7), 1));
        assert!(abandoned(&places, "boot").0.is_empty(), "two cleanups do not work on one journal");
        found.write(Line::RolledBack { number: 1, step: 0, made: None }).unwrap();
        assert_eq!(load(&found.path).unwrap(), found.journal);
        found.delete().unwrap();
        assert!(abandoned(&places, "boot").0.is_empty());
    }

    #[test]
    fn a_line_after_a_torn_one_stays_readable() {
        let home = tempfile::tempdir().unwrap();
        let writer = Writer::create_in(home.path(), "boot", 7).unwrap();
        OpenOptions::new().append(true).open(writer.path()).unwrap().write_all(b"{\"line\":\"beg").unwrap();
        drop(writer);
        let mut found = abandoned(&[home.path().to_owned()], "boot").0.pop().unwrap();
        found.write(begin(1)).unwrap();
        assert_eq!(load(&found.path).unwrap().entries.len(), 1);
    }

    #[test]
    fn a_file_that_is_no_journal_is_named_and_left() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("journal-boot-9.jsonl"), "hello\n").unwrap();
        let (found, unreadable) = abandoned(&[home.path().to_owned()], "boot");
        assert!(found.is_empty());
        assert!(unreadable[0].to_string().contains("journal-boot-9.jsonl"), "{}", unreadable[0]);
    }

    #[test]
    fn a_number_that_comes_again_gets_a_file_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        drop(Writer::create_in(home.path(), "boot", 7).unwrap());
        let second = Writer::create_in(home.path(), "boot", 7).unwrap();
        assert_eq!(second.path().file_name().unwrap(), "journal-boot-7-2.jsonl");
        assert_eq!(abandoned(&[home.path().to_owned()], "boot").0.len(), 1);
    }

    #[test]
    fn the_file_goes_when_nothing_stands() {
        let home = tempfile::tempdir().unwrap();
        let count = || fs::read_dir(home.path()).unwrap().count();
        assert!(!Writer::create_in(home.path(), "boot", 7).unwrap().finish());
        assert_eq!(count(), 0);
        let mut writer = Writer::create_in(home.path(), "boot", 7).unwrap();
        writer.write(begin(1)).unwrap();
        writer.write(Line::Intend { number: 1, step: 0 }).unwrap();
        assert!(writer.finish());
        assert_eq!(count(), 1);
    }

    #[test]
    fn a_settled_journal_is_kept_and_not_cleaned_up() {
        let home = tempfile::tempdir().unwrap();
        let places = [home.path().to_owned()];
        let count = || fs::read_dir(home.path()).unwrap().count();
        Writer::create_in(home.path(), "boot", 7).unwrap().settle().unwrap();
        assert_eq!(count(), 0, "nothing was done");
        for (pid, time) in [(7, 20), (8, 3)] {
            let mut writer = Writer::create_in(home.path(), "boot", pid).unwrap();
            let Line::Begin { number, title, shell, steps, undoes, .. } = begin(1) else { panic!() };
            writer.write(Line::Begin { number, time_ms: time, title, shell, steps, undoes }).unwrap();
            writer.settle().unwrap();
        }
        assert!(abandoned(&places, "boot").0.is_empty());
        let pids: Vec<_> = settled(&places, "boot").into_iter().map(|(_, journal)| journal.pid).collect();
        assert_eq!(pids, [Some(8), Some(7)], "oldest first");
        assert!(settled(&places, "other").is_empty());
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_told() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Writer::create_in(&file.join("below"), "boot", 7).unwrap_err();
        assert_eq!(failure.errno, Some(Errno::ENOTDIR));
    }

    #[test]
    fn groups_that_stand_are_known_by_identity() {
        let key = |inode| GroupKey { hierarchy: HierarchyId(4), inode };
        let at = Place::new(HierarchyId(4), b"/cg1");
        let mut journal = Journal::default();
        let steps = vec![
            Step::MakeGroup { at: at.clone() },
            Step::MakeGroup { at: at.clone() },
            Step::RemoveGroup { at, key: Some(key(2)), settings: Vec::new() },
        ];
        journal.apply(Line::Begin {
            number: 1,
            time_ms: 1,
            title: String::new(),
            shell: Vec::new(),
            steps,
            undoes: Vec::new(),
        });
        journal.apply(Line::Done { number: 1, step: 0, outcome: Outcome::Made(key(1)) });
        journal.apply(Line::Done { number: 1, step: 1, outcome: Outcome::Made(key(2)) });
        assert_eq!(made(&journal.entries), [key(1), key(2)].into());
        journal.apply(Line::Done { number: 1, step: 2, outcome: Outcome::Removed });
        journal.apply(Line::RolledBack { number: 1, step: 0, made: None });
        assert_eq!(made(&journal.entries), BTreeSet::new());
    }
}

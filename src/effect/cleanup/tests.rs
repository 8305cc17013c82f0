//! Journals of dead cgroves over a hierarchy of plain directories: what is taken back, and what is left.
use std::fs;
use std::path::Path;

use super::*;
use crate::effect::double::Below;
use crate::effect::journal::{Log, Writer, load};
use crate::model::hierarchy::Version;
use crate::model::id::{GroupKey, HierarchyId, TaskKey};
use crate::model::place::Place;
use crate::plan::intent::{Scope, Setting};
use crate::plan::step::{Moved, Prior, Signal, Step};

const CPU: HierarchyId = HierarchyId(4);

/// Applies steps to plain directories and remembers signals and moves.
#[derive(Default)]
struct Disk {
    root: PathBuf,
    /// Signals and moves, which plain directories do not have.
    told: Vec<Step>,
    /// Every rmdir is refused.
    stuck: bool,
}

impl Executor for Disk {
    fn apply(&mut self, step: &Step) -> Result<Outcome, Failure> {
        use crate::effect::failure::errno;
        let path = |at: &Place| self.root.join(std::str::from_utf8(&at.path[1..]).unwrap());
        let failed = |path: &Path, e: &std::io::Error| Failure::new("test", path, errno(e));
        match step {
            Step::MakeGroup { at } => {
                fs::create_dir(path(at)).map_err(|e| failed(&path(at), &e))?;
                Ok(Outcome::Made(key_of(&path(at))))
            }
            Step::RemoveGroup { at, key, .. } => {
                assert_eq!(*key, Some(key_of(&path(at))), "only by identity");
                if self.stuck {
                    return Err(Failure::new("rmdir", &path(at), crate::model::errno::Errno::EBUSY));
                }
                fs::remove_dir_all(path(at)).map_err(|e| failed(&path(at), &e))?;
                Ok(Outcome::Removed)
            }
            Step::Write { at, file, data, .. } => {
                fs::write(path(at).join(&**file), data).map_err(|e| failed(&path(at), &e))?;
                Ok(Outcome::Stored(Some(data.clone())))
            }
            other => {
                self.told.push(other.clone());
                Ok(Outcome::Signalled)
            }
        }
    }
}

fn key_of(path: &Path) -> GroupKey {
    GroupKey { hierarchy: CPU, inode: crate::effect::executor::inode(path).unwrap() }
}

/// A hierarchy, a home for journals, and the journal of a cgrove that will die.
struct Scene {
    home: tempfile::TempDir,
    root: tempfile::TempDir,
    writer: Option<Writer>,
}

impl Scene {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let writer = Some(Writer::create_in(home.path(), "boot", 7).unwrap());
        Self { home, root: tempfile::tempdir().unwrap(), writer }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Makes a group with a file of tasks and a weight.
    fn make(&self, path: &str, shares: &str) -> GroupKey {
        fs::create_dir(self.path(path)).unwrap();
        self.put(path, "tasks", "");
        self.put(path, "cpu.shares", shares);
        key_of(&self.path(path))
    }

    fn put(&self, path: &str, file: &str, text: &str) {
        fs::write(self.path(path).join(file), format!("{text}\n")).unwrap();
    }

    fn get(&self, path: &str, file: &str) -> String {
        fs::read_to_string(self.path(path).join(file)).unwrap().trim().to_owned()
    }

    /// An entry of one step, done with this outcome or only begun.
    fn journal(&mut self, step: Step, outcome: Option<Outcome>) {
        let writer = self.writer.as_mut().unwrap();
        let number = writer.journal().next_number();
        let time_ms = crate::effect::journal::now_ms();
        let (title, shell, undoes) = (String::new(), Vec::new(), Vec::new());
        writer.write(Line::Begin { number, time_ms, title, shell, steps: vec![step], undoes }).unwrap();
        writer.write(Line::Intend { number, step: 0 }).unwrap();
        if let Some(outcome) = outcome {
            writer.write(Line::Done { number, step: 0, outcome }).unwrap();
        }
    }

    fn clean(&mut self, disk: Option<&mut Disk>) -> Cleanup {
        if self.writer.take().is_some() {
            self.until_the_lock_is_free();
        }
        let directories = Below { hierarchy: CPU, version: Version::V1, root: self.root.path().to_owned() };
        let homes = [self.home.path().to_owned()];
        match disk {
            Some(disk) => {
                disk.root = self.root.path().to_owned();
                cleanup(&homes, "boot", &directories, Some(disk))
            }
            None => cleanup(&homes, "boot", &directories, None),
        }
    }

    /// A child of another test that was forked while the journal was open holds its lock until it becomes its program.
    fn until_the_lock_is_free(&self) {
        let limit = std::time::Instant::now() + Duration::from_secs(5);
        while crate::effect::journal::abandoned(&[self.home.path().to_owned()], "boot").0.is_empty() {
            assert!(std::time::Instant::now() < limit, "the journal stays locked");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn journals(&self) -> usize {
        fs::read_dir(self.home.path()).unwrap().count()
    }
}

fn place(path: &str) -> Place {
    Place::new(CPU, path.as_bytes())
}

fn bytes(text: &str) -> Box<[u8]> {
    Box::from(text.as_bytes())
}

fn make(path: &str) -> Step {
    Step::MakeGroup { at: place(path) }
}

fn set(path: &str, key: GroupKey, data: &str, prior: &str) -> Step {
    Step::Write {
        at: place(path),
        key: Some(key),
        file: "cpu.shares".into(),
        data: bytes(data),
        prior: Some(bytes(prior)),
        disturbs: Vec::new(),
    }
}

fn stored(text: &str) -> Outcome {
    Outcome::Stored(Some(bytes(text)))
}

fn fates(cleanup: &Cleanup) -> Vec<Fate> {
    cleanup.accounts.iter().flat_map(|account| &account.notes).map(|note| note.fate).collect()
}

#[test]
fn groups_go_children_first_and_foreign_settings_come_back() {
    let mut scene = Scene::new();
    let foreign = scene.make("/foreign", "100");
    scene.journal(set("/foreign", foreign, "100", "1024"), Some(stored("100")));
    for path in ["/a", "/a/b"] {
        let key = scene.make(path, "1024");
        scene.journal(make(path), Some(Outcome::Made(key)));
        scene.journal(set(path, key, "600", "1024"), Some(stored("600")));
    }
    let dry = scene.clean(None);
    assert_eq!(fates(&dry), [Fate::TakenBack; 3]);
    assert_eq!((scene.get("/foreign", "cpu.shares"), scene.journals()), ("100".to_owned(), 1), "only looked");

    let done = scene.clean(Some(&mut Disk::default()));
    assert!(!scene.path("/a").exists());
    assert_eq!(scene.get("/foreign", "cpu.shares"), "1024");
    assert_eq!(scene.journals(), 0);
    assert!(done.is_complete() && done.accounts[0].deleted);
    let root = scene.root.path().display();
    let lines = format!(
        "removed group {root}/a/b\n  WORD: removed group {root}/a\n  WORD: cpu.shares of {root}/foreign: 1024 again, it was 100"
    );
    let text =
        |word: &str| format!("cgrove 7, which did not come to its end:\n  {word}: {}\n", lines.replace("WORD", word));
    assert_eq!(dry.to_string(), text("would do"));
    assert_eq!(done.to_string(), text("done"));
}

#[test]
fn a_group_with_foreign_tasks_or_groups_is_named_and_left_until_they_are_gone() {
    let mut scene = Scene::new();
    for path in ["/tasks", "/groups"] {
        let key = scene.make(path, "1024");
        scene.journal(make(path), Some(Outcome::Made(key)));
    }
    scene.put("/tasks", "tasks", &std::process::id().to_string());
    scene.make("/groups/theirs", "1024");
    let cleanup = scene.clean(Some(&mut Disk::default()));
    assert_eq!(fates(&cleanup), [Fate::Left, Fate::Left]);
    assert!(cleanup.to_string().contains(&std::process::id().to_string()), "{cleanup}");
    assert!(cleanup.to_string().contains("groups are in it: theirs"), "{cleanup}");
    assert!(!cleanup.is_complete());
    assert!(scene.path("/tasks").exists() && scene.path("/groups").exists());
    assert_eq!(scene.journals(), 1);

    scene.put("/tasks", "tasks", "");
    fs::remove_dir_all(scene.path("/groups/theirs")).unwrap();
    assert_eq!(fates(&scene.clean(Some(&mut Disk::default()))), [Fate::TakenBack, Fate::TakenBack]);
    assert_eq!(scene.journals(), 0);
}

#[test]
fn a_group_that_others_made_anew_is_left_for_good() {
    let mut scene = Scene::new();
    // Held open in another place, so that the inode number is not given again.
    let key = scene.make("/a", "1024");
    fs::rename(scene.path("/a"), scene.path("/elsewhere")).unwrap();
    scene.make("/a", "1024");
    scene.journal(make("/a"), Some(Outcome::Made(key)));
    let foreign = scene.make("/b", "5");
    scene.journal(set("/b", GroupKey { inode: foreign.inode + 1000, ..foreign }, "5", "1024"), Some(stored("5")));
    let cleanup = scene.clean(Some(&mut Disk::default()));
    assert_eq!(fates(&cleanup), [Fate::Foreign, Fate::Foreign]);
    assert!(scene.path("/a").exists());
    assert_eq!(scene.get("/b", "cpu.shares"), "5");
    assert_eq!(scene.journals(), 0, "there is nothing that another cleanup could do");
}

#[test]
fn a_value_that_others_changed_since_is_left() {
    let mut scene = Scene::new();
    let key = scene.make("/foreign", "333");
    scene.journal(set("/foreign", key, "100", "1024"), Some(stored("100")));
    let cleanup = scene.clean(Some(&mut Disk::default()));
    assert_eq!(fates(&cleanup), [Fate::Foreign]);
    assert_eq!(scene.get("/foreign", "cpu.shares"), "333");
}

#[test]
fn a_clamped_value_is_known_by_what_the_kernel_stored() {
    let mut scene = Scene::new();
    let key = scene.make("/foreign", "2");
    scene.journal(set("/foreign", key, "0", "1024"), Some(stored("2")));
    scene.clean(Some(&mut Disk::default()));
    assert_eq!(scene.get("/foreign", "cpu.shares"), "1024");
}

#[test]
fn what_was_undone_already_needs_nothing() {
    let mut scene = Scene::new();
    let key = scene.make("/foreign", "1024");
    scene.journal(set("/foreign", key, "100", "1024"), Some(stored("100")));
    scene.journal(set("/foreign", key, "1024", "100"), Some(stored("1024")));
    let gone = GroupKey { hierarchy: CPU, inode: 1 };
    scene.journal(make("/a"), Some(Outcome::Made(gone)));
    let remove = Step::RemoveGroup { at: place("/a"), key: Some(gone), settings: Vec::new() };
    scene.journal(remove, Some(Outcome::Removed));
    let dry = scene.clean(None);
    // Both writes are walked back, the newest first; the group that came and went is no group that should be there.
    assert_eq!(fates(&dry), [Fate::TakenBack, Fate::TakenBack], "{dry}");
    scene.clean(Some(&mut Disk::default()));
    assert_eq!(scene.get("/foreign", "cpu.shares"), "1024");
    assert!(!scene.path("/a").exists());
    assert_eq!(scene.journals(), 0);
}

#[test]
fn a_foreign_group_that_was_removed_is_made_again_with_its_settings() {
    let mut scene = Scene::new();
    let key = scene.make("/foreign", "300");
    fs::remove_dir_all(scene.path("/foreign")).unwrap();
    let settings = vec![Setting { file: "cpu.shares".into(), data: bytes("300") }];
    let remove = Step::RemoveGroup { at: place("/foreign"), key: Some(key), settings };
    scene.journal(remove, Some(Outcome::Removed));
    scene.clean(Some(&mut Disk::default()));
    assert_eq!(scene.get("/foreign", "cpu.shares"), "300");
}

#[test]
fn what_a_write_disturbed_comes_back_with_it() {
    let mut scene = Scene::new();
    let key = scene.make("/foreign", "3");
    scene.put("/foreign", "cpu.idle", "1");
    let shares = Prior { at: place("/foreign"), setting: Setting { file: "cpu.shares".into(), data: bytes("300") } };
    let step = Step::Write {
        at: place("/foreign"),
        key: Some(key),
        file: "cpu.idle".into(),
        data: bytes("1"),
        prior: Some(bytes("0")),
        disturbs: vec![shares],
    };
    scene.journal(step, Some(stored("1")));
    scene.clean(Some(&mut Disk::default()));
    assert_eq!((scene.get("/foreign", "cpu.idle"), scene.get("/foreign", "cpu.shares")), ("0".into(), "300".into()));
}

#[test]
fn only_controllers_that_cgrove_enabled_are_taken_back() {
    let mut scene = Scene::new();
    let key = scene.make("/foreign", "1024");
    scene.put("/foreign", "cgroup.subtree_control", "cpu memory pids");
    let step = Step::Write {
        at: place("/foreign"),
        key: Some(key),
        file: "cgroup.subtree_control".into(),
        data: bytes("+cpu +memory +io"),
        prior: Some(bytes("memory")),
        disturbs: Vec::new(),
    };
    scene.journal(step, Some(stored("cpu io memory")));
    scene.clean(Some(&mut Disk::default()));
    // io has been taken back by somebody else; memory was there before; pids is not cgrove's.
    assert_eq!(scene.get("/foreign", "cgroup.subtree_control"), "-cpu");
}

#[test]
fn a_group_that_was_only_announced_is_removed_if_it_is_surely_ours() {
    let mut scene = Scene::new();
    let old = scene.make("/old", "1024");
    std::thread::sleep(Duration::from_millis(20));
    scene.journal(make("/old"), None);
    scene.journal(make("/never"), None);
    scene.journal(make("/new"), None);
    scene.journal(make("/used"), None);
    std::thread::sleep(Duration::from_millis(20));
    scene.make("/new", "1024");
    scene.make("/used", "1024");
    scene.put("/used", "tasks", "1");
    let cleanup = scene.clean(Some(&mut Disk::default()));
    assert_eq!(fates(&cleanup), [Fate::Foreign, Fate::TakenBack, Fate::Foreign], "{cleanup}");
    assert!(!scene.path("/new").exists() && scene.path("/used").exists());
    assert_eq!(key_of(&scene.path("/old")), old);
}

#[test]
fn a_write_that_was_only_announced_is_known_by_its_value() {
    let mut scene = Scene::new();
    for (path, now) in [("/not", "1024"), ("/done", "100"), ("/else", "7")] {
        let key = scene.make(path, now);
        scene.journal(set(path, key, "100", "1024"), None);
    }
    let cleanup = scene.clean(Some(&mut Disk::default()));
    assert_eq!(fates(&cleanup), [Fate::Foreign, Fate::TakenBack]);
    assert_eq!(scene.get("/done", "cpu.shares"), "1024");
    assert_eq!(scene.get("/else", "cpu.shares"), "7");
}

#[test]
fn what_is_refused_stays_in_the_journal_for_the_next_time() {
    let mut scene = Scene::new();
    let foreign = scene.make("/foreign", "100");
    scene.journal(set("/foreign", foreign, "100", "1024"), Some(stored("100")));
    let key = scene.make("/a", "1024");
    scene.journal(make("/a"), Some(Outcome::Made(key)));
    let cleanup = scene.clean(Some(&mut Disk { stuck: true, ..Disk::default() }));
    assert_eq!(fates(&cleanup), [Fate::Left, Fate::TakenBack]);
    let journal = load(&cleanup.accounts[0].journal).unwrap();
    assert_eq!(journal.entries[0].steps[0].state, State::RolledBack);
    assert_eq!(journal.entries[1].steps[0].state, State::Done(Outcome::Made(key)));
    // Somebody sets the value anew: the settled step is not touched again.
    scene.put("/foreign", "cpu.shares", "100");
    assert_eq!(fates(&scene.clean(Some(&mut Disk::default()))), [Fate::TakenBack]);
    assert_eq!(scene.get("/foreign", "cpu.shares"), "100");
}

#[test]
fn a_stopped_process_goes_on_and_a_surviving_workload_is_killed() {
    let mut scene = Scene::new();
    let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let process = process::stat(pid).unwrap().key;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGSTOP).unwrap();
    let limit = Instant::now() + Duration::from_secs(5);
    while process::stat(pid).unwrap().state != 'T' {
        assert!(Instant::now() < limit, "it does not stop");
        sleep(Duration::from_millis(1));
    }
    scene.journal(Step::Signal { process, signal: Signal::Stop }, Some(Outcome::Signalled));
    let other = TaskKey { start: process.start + 1, ..process };
    scene.journal(Step::Signal { process: other, signal: Signal::Stop }, Some(Outcome::Signalled));
    let launch = crate::model::workload::Launch {
        groups: Vec::new(),
        program: crate::model::workload::Program::Spin(crate::model::workload::Spin::default()),
        cpus: None,
        nice: 0,
    };
    scene.journal(Step::Launch { launch, again: None }, Some(Outcome::Launched(process)));
    let mut disk = Disk::default();
    let cleanup = scene.clean(Some(&mut disk));
    child.kill().unwrap();
    child.wait().unwrap();
    let signal = |signal| Step::Signal { process, signal };
    assert_eq!(disk.told, [signal(Signal::Kill), signal(Signal::Continue)], "{cleanup}");
}

#[test]
fn what_the_cleanup_itself_runs_under_is_not_stopped_again() {
    let mut scene = Scene::new();
    let pid = std::os::unix::process::parent_id().cast_signed();
    let process = process::stat(pid).unwrap().key;
    scene.journal(Step::Signal { process, signal: Signal::Continue }, Some(Outcome::Signalled));
    let mut disk = Disk::default();
    let cleanup = scene.clean(Some(&mut disk));
    assert_eq!((fates(&cleanup), disk.told.len()), (vec![Fate::Foreign], 0), "{cleanup}");
    assert!(cleanup.to_string().contains("is not stopped again: cgrove runs under it"), "{cleanup}");
}

#[test]
fn a_task_that_has_ended_or_gone_elsewhere_is_not_moved() {
    let mut scene = Scene::new();
    scene.make("/a", "1024");
    let own = process::stat(i32::try_from(std::process::id()).unwrap()).unwrap().key;
    let ended = TaskKey { start: own.start + 1, ..own };
    // We are in no group `/cgrove-test-nowhere` of hierarchy 4, whatever this host has.
    let moved = |task| Moved { task, from: place("/a"), now: place("/cgrove-test-nowhere"), at: 0 };
    let step = Step::Move { task: own, scope: Scope::Process, from: place("/a"), to: place("/cgrove-test-nowhere") };
    scene.journal(step, Some(Outcome::Moved(vec![moved(own), moved(ended)])));
    let mut disk = Disk::default();
    let cleanup = scene.clean(Some(&mut disk));
    assert_eq!(disk.told, []);
    assert_eq!(fates(&cleanup), [Fate::Foreign], "{cleanup}");
}

//! Hierarchies are mounted and unmounted on the live kernel, by the real program.
//!
//! Every trial works in a mount namespace of its own: nobody else sees its mounts, and they go with it, panic or not. What it
//! left in its named hierarchies (groups, tasks) it moves away and removes when it ends.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::pty::Terminal;
use libtest_mimic::Failed;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    let quiet = |name, run| Entry { name, needs: &[Need::Root, Need::Cpu], measures: false, run };
    vec![
        quiet("mounts::a_named_hierarchy_comes_lives_on_and_goes", |bench| apart(bench, lives_on)),
        quiet("mounts::at_two_places_it_is_one", |bench| apart(bench, second_place)),
        quiet("mounts::who_is_inside_keeps_it_busy", |bench| apart(bench, busy)),
        quiet("mounts::v2_at_a_second_place_keeps_its_flags", |bench| apart(bench, second_v2)),
        quiet("mounts::what_the_kernel_refuses_is_refused_before", |bench| apart(bench, refused)),
        quiet("mounts::on_the_screen_and_back", |bench| apart(bench, screen)),
        quiet("mounts::undo_all_of_what_was_hidden", |bench| apart(bench, undo_hidden)),
        quiet("mounts::killed_and_cleaned_up", |bench| apart(bench, killed)),
        quiet("mounts::a_foreign_mount_comes_back_after_a_crash", |bench| apart(bench, foreign)),
    ]
}

/// Runs a trial on a thread with a mount namespace of its own; the programs that it starts are in it, too.
fn apart(bench: &mut Bench, run: fn(&Land) -> Result<(), Failed>) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let name = format!("cgrove-{}", bench.group().file_name().and_then(|name| name.to_str()).unwrap_or("mounts"));
    let trial = std::thread::spawn(move || -> Result<(), Failed> {
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS)?;
        mount(None::<&Path>, "/", None::<&Path>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&Path>)?;
        // A hierarchy's name has at most 63 letters; the trial's own file system hides its directories, too.
        let short: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = format!("cgrove-{}-{}", std::process::id(), &short[short.len().saturating_sub(8)..]);
        let land = Land { program, home: tempfile::tempdir()?, name };
        let outcome = run(&land);
        land.free()?;
        outcome
    });
    trial.join().map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Failed::from(text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    })?
}

/// What a trial works with.
struct Land {
    program: Program,
    home: tempfile::TempDir,
    /// Of its hierarchy.
    name: String,
}

impl Land {
    /// A path of the trial's own.
    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn what(&self) -> String {
        format!("name={}", self.name)
    }

    /// Whether the hierarchy lives, mounted or not.
    fn lives(&self) -> bool {
        let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        text.lines().any(|line| line.split(':').nth(1) == Some(&self.what()))
    }

    /// Where it is mounted.
    fn points(&self) -> Vec<String> {
        mountinfo().lines().filter(|line| line.ends_with(&self.what())).filter_map(point).collect()
    }

    /// Runs the program, which must do as it is told.
    fn cgrove(&self, arguments: &[&str]) -> Result<String, Failed> {
        let output = self.program.run(arguments)?;
        let said = said(&output);
        if output.status.success() { Ok(said) } else { Err(format!("cgrove {arguments:?}: {said}").into()) }
    }

    /// What `cgrove cleanup` says. Its status is that of all journals of this host, also of others' visits.
    fn cleanup(&self, more: &[&str]) -> Result<String, Failed> {
        Ok(said(&self.program.run(&[&["cleanup"], more].concat())?))
    }

    /// Runs the program, which must refuse.
    fn refuses(&self, arguments: &[&str], code: i32) -> Result<String, Failed> {
        let output = self.program.run(arguments)?;
        assert_eq!(output.status.code(), Some(code), "cgrove {arguments:?}: {}", said(&output));
        Ok(said(&output))
    }

    /// Ends the hierarchy: it is empty then, and nobody has it mounted.
    fn free(&self) -> Result<(), Failed> {
        for point in self.points() {
            umount2(point.as_str(), MntFlags::MNT_DETACH)?;
        }
        let limit = Instant::now() + Duration::from_secs(5);
        let point = self.path("freed");
        fs::create_dir_all(&point)?;
        while self.lives() && Instant::now() < limit {
            let data = self.what();
            if mount(Some("cgroup"), &point, Some("cgroup"), MsFlags::empty(), Some(data.as_str())).is_ok() {
                empty(&point, &point);
                std::thread::sleep(Duration::from_millis(60));
                umount2(&point, MntFlags::MNT_DETACH)?;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.lives() { Err(format!("the hierarchy {} is left", self.what()).into()) } else { Ok(()) }
    }
}

impl Drop for Land {
    fn drop(&mut self) {
        // What fails here was reported, or the trial panicked: it did what could be done.
        let _ = self.free();
    }
}

/// Moves every task below a group to the top and removes the groups, the lowest first.
fn empty(top: &Path, group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
        empty(top, &entry.path());
        for task in fs::read_to_string(entry.path().join("tasks")).unwrap_or_default().lines() {
            let _ = fs::write(top.join("tasks"), task);
        }
        let _ = fs::remove_dir(entry.path());
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The mounts of this thread, not of the process.
fn mountinfo() -> String {
    fs::read_to_string("/proc/thread-self/mountinfo").unwrap_or_default()
}

fn point(line: &str) -> Option<String> {
    line.split(' ').nth(4).map(ToOwned::to_owned)
}

/// A process that sleeps; it is killed when this is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start(directory: &Path) -> Result<Self, Failed> {
        Ok(Self(Command::new("sleep").arg("1000").current_dir(directory).spawn()?))
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }

    /// Its group in a named hierarchy, as the kernel says it, mounted or not.
    fn group(&self, what: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/cgroup", self.0.id())).unwrap_or_default();
        let mut lines = text.lines().filter_map(|line| line.split_once(&format!(":{what}:")));
        lines.next().map(|(_, path)| path.to_owned()).unwrap_or_default()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path_text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn lives_on(land: &Land) -> Result<(), Failed> {
    let (at, what) = (land.path("a/b"), land.what());
    let text = land.cgrove(&["mount", &what, path_text(&at)])?;
    assert!(text.contains("mounted: a new hierarchy"), "{text}");
    assert!(land.lives() && at.join("tasks").exists());
    land.cgrove(&["mkdir", &format!("{what}:/x")])?;
    let sleeper = Sleeper::start(Path::new("/"))?;
    land.cgrove(&["move", &format!("{what}:/x"), &sleeper.pid(), "--yes"])?;
    let text = land.cgrove(&["umount", path_text(&at)])?;
    assert!(text.contains("will live on, hidden: 1 group with 1 task"), "said before: {text}");
    assert!(text.contains("lives on, hidden, with its groups and tasks"), "said after: {text}");
    assert!(!at.exists() && !land.path("a").exists(), "the directories that were made for it");
    assert!(land.lives() && land.points().is_empty());
    assert_eq!(sleeper.group(&what), "/x", "it stays where it is");

    let text = land.cgrove(&["mount", &what, path_text(&at)])?;
    assert!(text.contains("lives on, mounted nowhere that is seen"), "{text}");
    assert_eq!(fs::read_to_string(at.join("x/tasks"))?.trim(), sleeper.pid());
    drop(sleeper);
    // Right after one another: a group that was removed a moment ago must not keep the hierarchy alive.
    land.cgrove(&["rmdir", &format!("{what}:/x")])?;
    let text = land.cgrove(&["umount", &what])?;
    assert!(text.contains("the hierarchy is gone"), "{text}");
    assert!(!land.lives());
    Ok(())
}

fn second_place(land: &Land) -> Result<(), Failed> {
    let (one, two, what) = (land.path("one"), land.path("two"), land.what());
    land.cgrove(&["mount", &what, path_text(&one)])?;
    fs::create_dir(&two)?;
    let text = land.cgrove(&["mount", path_text(&one), path_text(&two)])?;
    assert!(text.contains("both places show the same groups"), "{text}");
    land.cgrove(&["mkdir", &format!("{what}:/x")])?;
    assert!(one.join("x").is_dir() && two.join("x").is_dir());
    let text = land.cgrove(&["tree", &what, "--json", "--interval", "0.2"])?;
    assert!(text.contains(path_text(&one)) && text.contains(path_text(&two)), "both named: {text}");
    assert_eq!(land.refuses(&["umount", &what], 2)?.matches(path_text(land.home.path())).count(), 2, "which of them");
    let text = land.cgrove(&["mount", &what, path_text(&two)])?;
    assert!(text.contains("mounted at") && text.contains("already"), "{text}");
    let text = land.cgrove(&["umount", path_text(&one)])?;
    assert!(text.contains(&format!("stays mounted at {}", path_text(&two))), "{text}");
    assert!(two.join("x").is_dir() && !one.exists());
    land.cgrove(&["rmdir", &format!("{what}:/x")])?;
    land.cgrove(&["umount", path_text(&two)])?;
    assert!(two.is_dir(), "a directory that was there before stays");
    assert!(!land.lives());
    Ok(())
}

fn busy(land: &Land) -> Result<(), Failed> {
    let (at, what) = (land.path("m"), land.what());
    land.cgrove(&["mount", &what, path_text(&at)])?;
    let sleeper = Sleeper::start(&at)?;
    let text = land.refuses(&["umount", &what], 3)?;
    assert!(text.contains("has its working directory in it. (EBUSY)") && text.contains(&sleeper.pid()), "{text}");
    // The kernel says the same.
    assert_eq!(umount2(&at, MntFlags::empty()), Err(nix::errno::Errno::EBUSY));
    drop(sleeper);
    // By a process: this thread alone is in the namespace, and /proc/PID speaks of the first thread.
    let reader = Command::new("sleep").arg("1000").stdin(fs::File::open(at.join("tasks"))?).spawn().map(Sleeper)?;
    let text = land.refuses(&["umount", &what], 3)?;
    assert!(text.contains("has a file in it open"), "{text}");
    let text = land.cgrove(&["umount", &what, "--lazy"])?;
    assert!(text.contains("detach") && land.points().is_empty() && land.lives(), "{text}");
    drop(reader);
    let limit = Instant::now() + Duration::from_secs(2);
    while land.lives() && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!land.lives(), "it goes when the last of them has left");
    Ok(())
}

fn second_v2(land: &Land) -> Result<(), Failed> {
    // Mount point and flags of every mount of v2.
    let flags = || -> Vec<(String, String)> {
        let rows = mountinfo();
        let v2 = rows.lines().filter(|line| line.contains(" - cgroup2 "));
        v2.filter_map(|line| Some((point(line)?, line.rsplit(' ').next()?.to_owned()))).collect()
    };
    let before = flags();
    let at = land.path("v2");
    let output = land.program.run(&["mount", "v2", path_text(&at), "--yes"])?;
    if before.is_empty() {
        return Ok(());
    }
    assert!(output.status.success(), "{}", said(&output));
    assert!(at.join("cgroup.procs").exists());
    let mut after = flags();
    after.retain(|(point, _)| point != path_text(&at));
    assert_eq!(after, before, "the flags of the mounts that were there");
    let text = land.cgrove(&["umount", path_text(&at)])?;
    assert!(text.contains("v2 stays mounted at"), "{text}");
    assert_eq!(flags(), before);
    Ok(())
}

/// Rows of kernel-facts C5: cgrove refuses each before anything is done, with the errno that the kernel has for it.
fn refused(land: &Land) -> Result<(), Failed> {
    use nix::errno::Errno;
    let controllers = fs::read_to_string("/proc/cgroups")?;
    let row = |line: &str| line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
    let held: Vec<String> =
        controllers.lines().skip(1).map(row).filter(|row| row[1] != "0").map(|row| row[0].clone()).collect();
    let (file, full) = (land.path("file"), land.path("full"));
    fs::write(&file, "")?;
    fs::create_dir(&full)?;
    let long = format!("name={}", "x".repeat(64));
    let kernel = |at: &Path, data: &str| mount(Some("cgroup"), at, Some("cgroup"), MsFlags::empty(), Some(data)).err();
    let mut rows = vec![
        ("name=a b".to_owned(), full.clone(), "none,name=a b".to_owned(), Errno::EINVAL, 3),
        (long.clone(), full.clone(), format!("none,{long}"), Errno::EINVAL, 3),
        ("name=".to_owned(), full.clone(), "none,name=".to_owned(), Errno::EINVAL, 3),
        ("no_such".to_owned(), full.clone(), "no_such".to_owned(), Errno::EINVAL, 3),
        ("none".to_owned(), full.clone(), "none".to_owned(), Errno::EINVAL, 2),
        ("name=a,name=b".to_owned(), full.clone(), "none,name=a,name=b".to_owned(), Errno::EINVAL, 2),
        (land.what(), file, format!("none,{}", land.what()), Errno::ENOTDIR, 3),
    ];
    // Two that are held by two hierarchies can never be together.
    if let [one, two, ..] = &held[..]
        && controllers
            .lines()
            .map(row)
            .filter(|row| &row[0] == one || &row[0] == two)
            .map(|row| row[1].clone())
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            == 2
    {
        let both = format!("{one},{two}");
        rows.push((both.clone(), full.clone(), both, Errno::EBUSY, 3));
    }
    for (what, at, data, errno, code) in rows {
        assert_eq!(kernel(&at, &data), Some(errno), "the kernel, of {what}");
        let text = land.refuses(&["mount", &what, path_text(&at)], code)?;
        assert!(text.contains(&format!("({errno:?})")), "{what}: {text}");
    }
    let text = land.refuses(&["umount", path_text(&full)], 2)?;
    assert!(text.contains("(EINVAL)"), "{text}");
    assert_eq!(umount2(&full, MntFlags::empty()), Err(Errno::EINVAL));
    // Where it did not become a mount, the kernel has made the hierarchy for a moment.
    until("what the kernel began to be gone", || !land.lives())
}

/// The program on a terminal, in the trial's namespace.
fn terminal(land: &Land, more: &[&str]) -> Result<Terminal, Failed> {
    let home = land.program.home().to_str().ok_or("home")?.to_owned();
    let environment = [("XDG_STATE_HOME", &*home), ("LC_ALL", "C.UTF-8")];
    let terminal =
        Terminal::start(Program::binary(), &[&["--under", &land.program.under], more].concat(), &environment, 24, 80)?;
    terminal.wait_for("how to read it")?;
    Ok(terminal)
}

/// Mounts the trial's hierarchy by `M`.
fn mount_it(land: &Land, terminal: &mut Terminal, at: &Path) -> Result<(), Failed> {
    terminal.keys("M")?;
    terminal.wait_for("mount a hierarchy")?;
    terminal.keys(&land.name)?;
    terminal.keys("<Down>")?;
    terminal.keys(&"<Backspace>".repeat(land.name.len() + 40))?;
    terminal.keys(path_text(at))?;
    terminal.keys("<Enter>")?;
    terminal.wait_for("last change: mount")?;
    terminal.wait_for(&format!("/ in {}:", land.what()))?;
    Ok(())
}

fn until(what: &str, is: impl Fn() -> bool) -> Result<(), Failed> {
    let limit = Instant::now() + Duration::from_secs(20);
    while !is() {
        if Instant::now() > limit {
            return Err(format!("waited in vain for {what}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn screen(land: &Land) -> Result<(), Failed> {
    let at = land.path("m");
    let mut terminal = terminal(land, &[])?;
    mount_it(land, &mut terminal, &at)?;
    assert!(at.join("tasks").exists());
    terminal.keys("ng1<Enter>")?;
    until("the group", || at.join("g1").is_dir())?;
    terminal.wait_for("g1 ")?;
    // Its files are looked at, and kept open: that must not keep the mount busy.
    terminal.keys("<Tab><Tab>")?;
    terminal.wait_stable()?;
    for _ in 0..2 {
        terminal.keys("u")?;
        terminal.wait_for("u again does it")?;
        terminal.keys("u")?;
        terminal.wait_gone("u again does it")?;
    }
    until("the hierarchy to go, and the directory that was made for it", || !land.lives() && !at.exists())?;
    // Again: under another number it is the same.
    let redo = |terminal: &mut Terminal| -> Result<(), Failed> {
        terminal.keys("<C-r>")?;
        terminal.wait_for("> do it")?;
        // What is typed before the question can be read does not answer it.
        std::thread::sleep(Duration::from_millis(400));
        Ok(terminal.keys("<Enter>")?)
    };
    redo(&mut terminal)?;
    until("it to be mounted again", || at.join("tasks").exists())?;
    terminal.wait_stable()?;
    redo(&mut terminal)?;
    until("its group to be there again", || at.join("g1").is_dir())?;
    terminal.wait_stable()?;
    terminal.keys("q")?;
    terminal.wait_for("remove and restore")?;
    terminal.keys("<Enter>")?;
    assert_eq!(terminal.wait_exit()?.code(), Some(0), "{}", terminal.stderr());
    until("all to be as before", || !land.lives() && !at.exists())?;
    land.program.nothing_left()
}

/// A hierarchy with a group is unmounted, and so hidden; undoing it all at once must reach into it again.
fn undo_hidden(land: &Land) -> Result<(), Failed> {
    let at = land.path("m");
    let mut terminal = terminal(land, &[])?;
    mount_it(land, &mut terminal, &at)?;
    terminal.keys("ng1<Enter>")?;
    until("the group", || at.join("g1").is_dir())?;
    terminal.wait_for("g1 ")?;
    terminal.keys("M<Up><Left>")?;
    terminal.wait_for("will live on, hidden, with 1 group")?;
    terminal.keys("<Enter>")?;
    terminal.wait_for("do it")?;
    terminal.wait_stable()?;
    std::thread::sleep(Duration::from_millis(400));
    terminal.keys("<Enter>")?;
    until("it to be unmounted", || !at.exists())?;
    terminal.wait_for("lives on, hidden")?;
    assert!(land.lives());
    terminal.keys("q")?;
    terminal.wait_for("remove and restore")?;
    terminal.keys("<Enter>")?;
    assert_eq!(terminal.wait_exit()?.code(), Some(0), "{}", terminal.stderr());
    until("all to be as before", || !land.lives() && !at.exists())?;
    land.program.nothing_left()
}

fn killed(land: &Land) -> Result<(), Failed> {
    let at = land.path("deep/m");
    let mut terminal = terminal(land, &[])?;
    mount_it(land, &mut terminal, &at)?;
    terminal.keys("ng1<Enter>")?;
    until("the group", || at.join("g1").is_dir())?;
    terminal.wait_for("g1 ")?;
    kill(Pid::from_raw(terminal.pid()), Signal::SIGKILL)?;
    until("it to be dead", || land.program.processes().is_empty())?;
    let text = land.cleanup(&["--dry-run"])?;
    assert!(text.contains("would do: unmounted") && text.contains("would do: removed group"), "{text}");
    assert!(at.join("g1").is_dir(), "a dry run does nothing");
    let text = land.cleanup(&[])?;
    assert!(text.contains(&format!("done: unmounted {} from {}", land.what(), path_text(&at))), "{text}");
    assert!(!land.lives() && !land.path("deep").exists(), "{text}");
    let text = land.cleanup(&[])?;
    assert!(!text.contains(path_text(land.home.path())), "nothing is left to do: {text}");
    Ok(())
}

fn foreign(land: &Land) -> Result<(), Failed> {
    let at = land.path("theirs");
    fs::create_dir(&at)?;
    let data = format!("none,{}", land.what());
    mount(Some("cgroup"), &at, Some("cgroup"), MsFlags::MS_NOSUID, Some(data.as_str()))?;
    fs::create_dir(at.join("theirs"))?;
    let sleeper = Sleeper::start(Path::new("/"))?;
    fs::write(at.join("theirs/tasks"), sleeper.pid())?;
    let before = mountinfo().lines().find(|line| line.contains(path_text(&at))).map(options);
    let text = land.refuses(&["umount", path_text(&at)], 3)?;
    assert!(text.contains("cgrove did not mount it") && text.contains("--yes"), "foreign: it asks. {text}");
    let mut terminal = terminal(land, &["--hierarchy", &land.what()])?;
    terminal.keys("!")?;
    terminal.wait_for("ARMED")?;
    terminal.keys("M<Up><Left><Down>")?;
    terminal.wait_for("from")?;
    terminal.wait_for(path_text(&at))?;
    terminal.keys("<Enter>")?;
    terminal.wait_for("leave it")?;
    std::thread::sleep(Duration::from_millis(400));
    terminal.keys("<Up><Left><Enter>")?;
    until("it to be unmounted", || land.points().is_empty())?;
    assert_eq!(sleeper.group(&land.what()), "/theirs");
    kill(Pid::from_raw(terminal.pid()), Signal::SIGKILL)?;
    until("it to be dead", || land.program.processes().is_empty())?;
    let text = land.cleanup(&[])?;
    assert!(text.contains("mounted") && text.contains("again"), "{text}");
    assert_eq!(fs::read_to_string(at.join("theirs/tasks"))?.trim(), sleeper.pid());
    let after = mountinfo().lines().find(|line| line.contains(path_text(&at))).map(options);
    assert_eq!(after, before, "with the options that it had");
    Ok(())
}

/// Options of the mount, and of the file system.
fn options(line: &str) -> (String, String) {
    (line.split(' ').nth(5).unwrap_or_default().to_owned(), line.rsplit(' ').next().unwrap_or_default().to_owned())
}

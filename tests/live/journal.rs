//! The journal of a visit on the live kernel: what others change is seen and marked, values on foreign groups stay or are
//! taken back, a crash is offered at the next start, and a visit written as a script does the same again.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::screen::Screen;
use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    // As in `screen`: beside a trial that measures, a screen would wait for the CPU.
    let alone = |name, run| Entry { name, needs: &[Need::Cpu], measures: true, run };
    vec![
        alone("journal::what_others_change_is_seen_within_a_second", others),
        alone("journal::what_cgrove_does_is_not_taken_for_others", own),
        alone("journal::two_cgroves_see_each_other", two),
        alone("journal::another_cgrove_of_the_same_user_is_named", named),
        alone("journal::a_value_on_a_foreign_group_is_kept_until_it_is_taken_back", kept),
        alone("journal::a_crash_is_offered_at_the_next_start", crash),
        alone("journal::a_visit_as_a_script_does_the_same_again", script),
        alone("journal::a_running_visit_is_told_from_beside", beside),
    ]
}

/// What is seen by others' hand may take so long on a busy host: the watch wakes the sampler within 0.2 s, or the timer does
/// within a second; the rest is the computing of a frame.
const SEEN: Duration = Duration::from_millis(1500);

/// A shell that forks a short child for each line that it is told, until it is dropped.
struct Forker(Child);

impl Forker {
    fn into(group: &Path) -> Result<Self, Failed> {
        let mut command = Command::new("sh");
        command.args(["-c", "while read -r line; do sleep 0.3; done"]).stdin(Stdio::piped());
        let forker = Self(command.spawn()?);
        forker.goes(group)?;
        Ok(forker)
    }

    fn goes(&self, group: &Path) -> Result<(), Failed> {
        Ok(fs::write(group.join("cgroup.procs"), self.0.id().to_string())?)
    }

    fn forks(&mut self) -> Result<(), Failed> {
        Ok(self.0.stdin.as_mut().ok_or("stdin")?.write_all(b"now\n")?)
    }
}

impl Drop for Forker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Does something behind cgrove's back and waits until the screen says this.
fn seen(screen: &Screen, what: &str, deed: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
    let begun = Instant::now();
    deed()?;
    screen.terminal.wait_for(what)?;
    let took = begun.elapsed();
    assert!(took < SEEN, "{what:?} after {took:?}");
    Ok(())
}

/// Presses a key that does nothing but end what was said.
fn read(screen: &mut Screen) -> Result<(), Failed> {
    screen.press("<Up>")?;
    Ok(screen.terminal.wait_gone("by somebody else")?)
}

fn others(bench: &mut Bench) -> Result<(), Failed> {
    let (web, db) = (bench.make("web", 100)?, bench.make("db", 100)?);
    let mut forker = Forker::into(&web)?;
    let mut screen = Screen::start(bench, &[])?;
    screen.terminal.wait_for("web")?;
    screen.terminal.wait_stable()?;
    let weight = bench.weight_file();
    seen(&screen, &format!("web: {weight} 100 → 50, by somebody else"), || Ok(fs::write(web.join(weight), "50")?))?;
    screen.terminal.wait_for("! others")?;
    read(&mut screen)?;
    let new = bench.group().join("new");
    seen(&screen, "new: made, by somebody else", || Ok(fs::create_dir(&new)?))?;
    screen.terminal.wait_for("! others")?;
    read(&mut screen)?;
    seen(&screen, "new: removed, by somebody else", || Ok(fs::remove_dir(&new)?))?;
    read(&mut screen)?;
    let pid = forker.0.id();
    seen(&screen, &format!("db: task {pid} (sh) moved here from"), || forker.goes(&db))?;
    read(&mut screen)?;
    screen.press("4")?;
    screen.terminal.wait_for("this visit: 0 changes, 4 by others")?;
    // A task that is forked there, and one that ends, is nobody's hand.
    forker.forks()?;
    std::thread::sleep(Duration::from_millis(1500));
    drop(forker);
    std::thread::sleep(Duration::from_millis(1500));
    let text = screen.terminal.text();
    assert!(text.contains("this visit: 0 changes, 4 by others"), "{text}");
    screen.press("u")?;
    screen.terminal.wait_for("somebody else did it")?;
    screen.press("q")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    Ok(())
}

fn own(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("na=600<Enter>nb=100<Enter>")?;
    screen.until("a and b", |screen| screen.program.group().join("a/b").exists())?;
    screen.press("w<Enter>")?;
    screen.until("a loop in b", |screen| screen.processes("a/b") == 1)?;
    screen.press("]f")?;
    screen.terminal.wait_for("held 1")?;
    screen.press("f")?;
    screen.press(":undo all<Enter>")?;
    screen.until("no group", |screen| screen.program.groups().is_ok_and(|groups| groups.is_empty()))?;
    // An experiment that builds, is measured, and is taken back.
    screen.press("o")?;
    screen.terminal.wait_for("figure2")?;
    screen.press("<Enter>")?;
    screen.terminal.wait_for("at once")?;
    screen.press("<Enter>")?;
    screen
        .until("its loops", |screen| ["cg1/cg2", "cg1/cg3", "cg4"].iter().all(|group| screen.processes(group) == 1))?;
    screen.press("4")?;
    screen.terminal.wait_for("newest below")?;
    // Two samplings more, in which a deed of ours would be seen late.
    std::thread::sleep(Duration::from_millis(2500));
    let text = screen.terminal.text();
    assert!(!text.contains("by others") && !text.contains("somebody else"), "{text}");
    screen.press("q")?;
    screen.terminal.wait_for("restore")?;
    screen.press("<Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    screen.program.nothing_left()
}

fn two(bench: &mut Bench) -> Result<(), Failed> {
    let mut first = Screen::start(bench, &[])?;
    let mut second = Screen::start(bench, &[])?;
    first.press("na=300<Enter>")?;
    // Their journals are in two homes: who it was cannot be known.
    second.terminal.wait_for("a: made, by somebody else")?;
    first.press("4")?;
    first.terminal.wait_for("this visit: 1 change")?;
    second.press("na/b<Enter>")?;
    first.terminal.wait_for("1 change, 1 by others")?;
    first.press("1")?;
    // What the second made is not the first's to remove: it says so and stays.
    first.press("q")?;
    first.terminal.wait_for("restore")?;
    first.press("<Enter>")?;
    first.terminal.wait_exit()?;
    assert!(bench.group().join("a/b").exists(), "what the other made stays");
    second.terminal.keys("q")?;
    second.terminal.wait_for("restore")?;
    second.press("<Enter>")?;
    second.terminal.wait_exit()?;
    assert!(!bench.group().join("a/b").exists());
    Ok(())
}

fn named(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    let made = screen.program.run(&["mkdir", &format!("{}/theirs", screen.program.under), "--yes"])?;
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    // That one has ended by now: its journal is not one of those that run.
    screen.terminal.wait_for("theirs: made, by somebody else")?;
    let home = screen.program.home().to_str().ok_or("home")?.to_owned();
    let environment = [("XDG_STATE_HOME", &*home), ("CGROVE_STATE", &*format!("{home}/cgrove")), ("LC_ALL", "C.UTF-8")];
    let arguments = ["--under", &screen.program.under];
    let mut other = crate::pty::Terminal::start(env!("CARGO_BIN_EXE_cgrove"), &arguments, &environment, 24, 80)?;
    other.wait_for("STAGE  ")?;
    screen.press("4")?;
    other.keys("nthis=300<Enter>")?;
    screen.terminal.wait_for(&format!("by another cgrove, {}", other.pid()))?;
    other.keys("q")?;
    other.wait_for("restore")?;
    other.keys("<Enter>")?;
    other.wait_exit()?;
    screen.press("q")?;
    screen.terminal.wait_exit()?;
    fs::remove_dir(bench.group().join("theirs"))?;
    Ok(())
}

/// Sets the weight of the selected foreign group.
fn set_foreign(screen: &mut Screen, weight: &str) -> Result<(), Failed> {
    screen.press(&format!("e{weight}<Enter>"))?;
    screen.terminal.wait_for("do it")?;
    // Keys of the first 300 ms are not meant for it.
    std::thread::sleep(Duration::from_millis(500));
    screen.press("<Left><Enter>")?;
    Ok(())
}

fn kept(bench: &mut Bench) -> Result<(), Failed> {
    let web = bench.make("web", 100)?;
    let mut screen = Screen::start(bench, &[])?;
    let file = web.join(bench.weight_file());
    screen.terminal.wait_for("web")?;
    screen.press("!j")?;
    set_foreign(&mut screen, "300")?;
    screen.terminal.wait_for(" kept")?;
    assert_eq!(fs::read_to_string(&file)?.trim(), "300");
    fs::write(&file, "100")?;
    screen.terminal.wait_for("taken back")?;
    screen.press("4")?;
    screen.terminal.wait_for("taken back")?;
    fs::write(&file, "77")?;
    screen.terminal.wait_for("to 77")?;
    fs::write(&file, "300")?;
    screen.terminal.wait_for(" kept")?;
    fs::write(&file, "100")?;
    screen.terminal.wait_for("taken back")?;
    screen.press("q")?;
    screen.terminal.wait_for("on groups that were there before")?;
    screen.press("<Right><Right><Enter>1")?;
    // What was undone is not waited for any more.
    set_foreign(&mut screen, "500")?;
    screen.terminal.wait_for(" kept")?;
    screen.press("u")?;
    screen.terminal.wait_for("u again does it")?;
    std::thread::sleep(Duration::from_millis(500));
    screen.press("u")?;
    screen.terminal.wait_gone(" kept")?;
    screen.press("q")?;
    screen.terminal.wait_for("restore")?;
    screen.press("<Right><Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    assert_eq!(fs::read_to_string(&file)?.trim(), "100");
    Ok(())
}

fn crash(bench: &mut Bench) -> Result<(), Failed> {
    let web = bench.make("web", 100)?;
    let mut screen = Screen::start(bench, &[])?;
    screen.terminal.wait_for("web")?;
    screen.press("!j")?;
    set_foreign(&mut screen, "300")?;
    screen.terminal.wait_for(" kept")?;
    screen.press("Na=600<Enter>")?;
    screen.until("a", |screen| screen.program.group().join("a").exists())?;
    screen.press("w<Enter>")?;
    screen.until("a loop in a", |screen| screen.processes("a") == 1)?;
    kill(Pid::from_raw(screen.terminal.pid()), Signal::SIGKILL)?;
    screen.until("its loop to end with it", |screen| screen.program.processes().is_empty())?;
    assert!(bench.group().join("a").exists());

    let mut next = Screen::again(screen.program, bench, &[], "did not come to its end has left something")?;
    next.terminal.wait_for("can be taken back")?;
    std::thread::sleep(Duration::from_millis(500));
    next.press("<Right><Enter>")?;
    next.terminal.wait_for("would do")?;
    next.press("<Left><Enter>")?;
    next.terminal.wait_for("what earlier visits left")?;
    assert!(!bench.group().join("a").exists(), "the group that it made is removed");
    assert_eq!(fs::read_to_string(web.join(bench.weight_file()))?.trim(), "100", "the old weight is back");
    next.press("<Enter>4")?;
    next.terminal.wait_for("this visit: 0 changes")?;
    assert!(!next.terminal.text().contains("by others"), "{}", next.terminal.text());
    next.press("q")?;
    assert_eq!(next.terminal.wait_exit()?.code(), Some(0));
    // Nothing is left, so nothing is asked.
    let mut third = Screen::again(next.program, bench, &[], "STAGE  ")?;
    third.terminal.wait_stable()?;
    assert!(!third.terminal.text().contains("has left"), "{}", third.terminal.text());
    third.press("q")?;
    assert_eq!(third.terminal.wait_exit()?.code(), Some(0));
    Ok(())
}

/// Every group below with its weight.
fn groups(bench: &Bench, at: &Path, found: &mut BTreeMap<String, String>) -> Result<(), Failed> {
    for entry in fs::read_dir(at)? {
        let path = entry?.path();
        if path.is_dir() {
            let name = path.strip_prefix(bench.group())?.to_string_lossy().into_owned();
            found.insert(name, fs::read_to_string(path.join(bench.weight_file()))?.trim().to_owned());
            groups(bench, &path, found)?;
        }
    }
    Ok(())
}

/// What `cgrove journal` prints. It ends with 0; or with 4 if another program of this host, of another version, left a journal
/// in the directory that all of root share, and only then.
fn told(output: &Output) -> Result<String, Failed> {
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let shared = !said.is_empty() && said.lines().all(|line| line.contains("/run/cgrove/"));
    let fine = output.status.code() == Some(0) || (output.status.code() == Some(4) && shared);
    if fine { Ok(text.into_owned()) } else { Err(format!("{:?}: {text}{said}", output.status).into()) }
}

fn script(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("na=600<Enter>nb=100<Enter>Nit's c=0<Enter>")?;
    screen.until("the groups", |screen| screen.program.group().join("a/it's c").exists())?;
    screen.press("nd<Enter>")?;
    screen.until("d", |screen| screen.program.group().join("a/it's c/d").exists())?;
    screen.press("u")?;
    screen.terminal.wait_for("u again does it")?;
    screen.press("u")?;
    screen.until("d undone", |screen| !screen.program.group().join("a/it's c/d").exists())?;
    // Also on screen: what is selected is the group that is left.
    screen.terminal.wait_for("undo: create d")?;
    screen.until("its row to go", |screen| !screen.terminal.text().contains("○ d "))?;
    screen.press("w<Enter>")?;
    screen.until("a loop", |screen| screen.processes("a/it's c") == 1)?;
    screen.press("q")?;
    screen.terminal.wait_for("keep")?;
    screen.press("<Right><Enter>")?;
    screen.terminal.wait_exit()?;
    let before = {
        let mut all = BTreeMap::new();
        groups(bench, bench.group(), &mut all)?;
        all
    };
    assert_eq!(before.len(), 3, "{before:?}");
    let text = told(&screen.program.run(&["journal", "--shell"])?)?;
    assert!(text.contains("# ") && text.contains("undone by"), "{text}");
    let listed = told(&screen.program.run(&["journal"])?)?;
    assert!(listed.contains("kept on purpose"), "{listed}");
    // Its exit code also tells of what other programs left; what matters here is looked at.
    screen.program.run(&["cleanup"])?;
    screen.program.nothing_left()?;

    let file = screen.program.home().join("visit.sh");
    fs::write(&file, &text)?;
    let path =
        format!("{}:{}", Path::new(env!("CARGO_BIN_EXE_cgrove")).parent().unwrap().display(), std::env::var("PATH")?);
    let mut command = Command::new("sh");
    command.arg(&file).env("PATH", path).env("XDG_STATE_HOME", screen.program.home());
    // A file, not a pipe: the loop that it starts keeps it open.
    let said = screen.program.home().join("said");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&said)?).status()?;
    assert!(status.success(), "{}\n{text}", fs::read_to_string(&said)?);
    let mut after = BTreeMap::new();
    groups(bench, bench.group(), &mut after)?;
    assert_eq!(after, before, "{text}");
    screen.until("its loop", |screen| screen.processes("a/it's c") == 1)?;
    for pid in screen.program.processes() {
        kill(Pid::from_raw(pid), Signal::SIGKILL)?;
    }
    screen.until("the loop to end", |screen| screen.processes("a/it's c") == 0)
}

fn beside(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("na=600<Enter>")?;
    screen.until("a", |screen| screen.program.group().join("a").exists())?;
    let text = told(&screen.program.run(&["journal"])?)?;
    assert!(text.contains("1 change, still runs"), "{text}");
    let json = told(&screen.program.run(&["journal", "--json", "--pid", &screen.terminal.pid().to_string()])?)?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    assert_eq!(json["visits"][0]["state"], "running");
    assert_eq!(json["visits"][0]["entries"][0]["state"], "done");
    assert_eq!(screen.program.run(&["journal", "9"])?.status.code(), Some(2));
    // It goes on: the lock was not taken from it.
    let cleanup = screen.program.run(&["cleanup", "--dry-run"])?;
    assert!(!String::from_utf8_lossy(&cleanup.stdout).contains(&screen.program.under), "{cleanup:?}");
    screen.press("W")?;
    screen.terminal.wait_for("the visit is written as a script")?;
    screen.press("q")?;
    screen.terminal.wait_for("restore")?;
    screen.press("<Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    screen.program.nothing_left()?;
    assert!(!told(&screen.program.run(&["journal"])?)?.contains(&screen.program.under));
    Ok(())
}

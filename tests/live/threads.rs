//! Threads and processes moved on the live kernel: alone, together, after the main thread has exited, and as zombies.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::moves::{Sleeper, agree, line, lit, restored, task};
use crate::program::Program;
use crate::pty::{Cell, Mouse};
use crate::screen::Screen;
use libtest_mimic::Failed;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};

pub(crate) fn trials() -> Vec<Entry> {
    let v1 = |name, run| Entry { name, needs: &[Need::CpuV1], measures: false, run };
    let screen = |name, needs, run| Entry { name, needs, measures: true, run };
    vec![
        v1("threads::an_exited_main_thread_is_told_from_its_process", exited),
        v1("threads::a_zombie_is_refused", zombie),
        screen("threads::a_drag_takes_the_thread_and_tab_the_process", &[Need::CpuV1], tab),
        screen("threads::one_of_several_ends_while_it_is_asked", &[Need::Cpu], ended),
    ]
}

const THREADS: &str = "CGROVE_LIVE_THREADS";

/// A process of three threads that sleep, or of two whose main thread has exited. It is killed when this is dropped, and ends
/// with this program.
struct Threaded(Child);

impl Threaded {
    fn start(group: &Path, main: &str) -> Result<Self, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        let child = command.env(THREADS, main).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut this = Self(child);
        let mut text = String::new();
        BufReader::new(this.0.stdout.take().ok_or("stdout")?).read_line(&mut text)?;
        fs::write(group.join("cgroup.procs"), this.0.id().to_string())?;
        while main == "exits" && !fs::read_to_string(format!("/proc/{}/stat", this.0.id()))?.contains(") Z ") {
            std::thread::yield_now();
        }
        Ok(this)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Threaded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is such a process if this one was started as one. It ends when its input does, which its parent holds.
pub(crate) fn be_one() -> Option<ExitCode> {
    let main = std::env::var(THREADS).ok()?;
    let end = || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        std::process::exit(0);
    };
    std::thread::spawn(end);
    std::thread::spawn(|| {
        loop {
            std::thread::park();
        }
    });
    let mut stdout = io::stdout();
    let _ = writeln!(stdout, "runs").and_then(|()| stdout.flush());
    if main == "exits" {
        #[expect(
            unsafe_code,
            reason = "only the raw call ends one thread and not the process; nothing of it is used after"
        )]
        // SAFETY: the call takes a number and does not return; the other threads borrow nothing from this one.
        unsafe {
            libc::syscall(libc::SYS_exit, 0);
        }
    }
    loop {
        std::thread::park();
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The threads that a v1 group lists.
fn tasks(bench: &Bench, group: &str) -> Vec<String> {
    let text = fs::read_to_string(bench.group().join(group).join("tasks")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn exited(bench: &mut Bench) -> Result<(), Failed> {
    let (a, _b) = (bench.make("a", 100)?, bench.make("b", 100)?);
    let process = Threaded::start(&a, "exits")?;
    let program = Program::new(bench)?;
    let pid = process.pid();
    let (to_a, to_b) = (format!("{}/a", program.under), format!("{}/b", program.under));
    assert_eq!(tasks(bench, "a").len(), 2, "the two that live");

    // The kernel takes the number of the main thread, says yes and does nothing.
    fs::write(bench.group().join("b/tasks"), &pid)?;
    assert_eq!(tasks(bench, "b").len(), 0);
    let alone = program.run(&["move", "--yes", "--threads", &to_b, &pid])?;
    assert_eq!(alone.status.code(), Some(3));
    let said = text(&alone);
    assert!(said.contains("has ended while 2 other threads of the process live"), "{said}");
    assert!(said.contains("instead: move the process: its 2 other threads"), "{said}");

    // It is in a, and nowhere else, though the kernel prints the top group for its main thread.
    let here = program.run(&["move", "--yes", &to_a, &pid])?;
    assert!(text(&here).contains("in a already"), "{}", text(&here));
    let whole = program.run(&["move", "--yes", &to_b, &pid])?;
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole));
    let said = text(&whole);
    assert!(said.contains("from a to b: done"), "{said}");
    assert!(said.contains("All 2 threads of") && said.contains("has ended; its other threads move"), "{said}");
    assert_eq!((tasks(bench, "a").len(), tasks(bench, "b").len()), (0, 2));
    Ok(())
}

fn zombie(bench: &mut Bench) -> Result<(), Failed> {
    let (a, _b) = (bench.make("a", 100)?, bench.make("b", 100)?);
    let mut process = Threaded::start(&a, "stays")?;
    let program = Program::new(bench)?;
    let (pid, to) = (process.pid(), format!("{}/b", program.under));
    process.0.kill()?;
    while !fs::read_to_string(format!("/proc/{pid}/stat"))?.contains(") Z ") {
        std::thread::yield_now();
    }
    // The kernel would say yes.
    fs::write(bench.group().join("b/cgroup.procs"), &pid)?;
    let refused = program.run(&["move", "--yes", &to, &pid])?;
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused).contains("is a zombie"), "{}", text(&refused));
    Ok(())
}

/// The row of a group, told by its name alone.
fn row(screen: &Screen, name: &'static str) -> Result<Cell, Failed> {
    screen.terminal.wait_until(&format!("the row of {name}"), |seen| {
        seen.contents().lines().any(|line| crate::moves::is_row(line, name))
    })?;
    line(screen, name, |line| crate::moves::is_row(line, name))
}

fn tab(bench: &mut Bench) -> Result<(), Failed> {
    let (a, _b) = (bench.make("a", 100)?, bench.make("b", 100)?);
    let process = Threaded::start(&a, "stays")?;
    let pid = process.pid();
    let mut screen = Screen::start(bench, &[])?;
    let to = row(&screen, "b")?;
    screen.press("!j<Tab>")?;
    screen.terminal.wait_for("Tasks 3")?;
    screen.terminal.wait_for(&pid)?;
    // The row of a thread that is not the main one.
    let is_thread = |line: &str| {
        let mut words = line.split_whitespace().skip_while(|word| word.parse::<u32>().is_err());
        words.next().is_some_and(|tid| tid != pid && words.next() == Some(&*pid))
    };
    let from = line(&screen, "row of a thread", is_thread)?;
    screen.terminal.drag(from, to)?;
    lit(&screen, "b")?;
    screen.terminal.wait_for("tasks: threads alone")?;
    screen.terminal.mouse(Mouse::Release, to)?;
    screen.terminal.wait_for("One thread of 3")?;
    agree(&mut screen)?;
    screen.until("one thread in b", |_| (tasks(bench, "a").len(), tasks(bench, "b").len()) == (2, 1))?;
    screen.terminal.wait_for("last change: move thread ")?;

    // Tab, with the button down: the process, which has threads in both groups now.
    screen.terminal.wait_for("Tasks 2")?;
    let from = line(&screen, "row of a thread", is_thread)?;
    screen.terminal.drag(from, to)?;
    lit(&screen, "b")?;
    screen.press("<Tab>")?;
    screen.terminal.wait_for("cgroup.procs: whole processes")?;
    screen.terminal.mouse(Mouse::Release, to)?;
    screen.terminal.wait_for("all 3 go to b")?;
    agree(&mut screen)?;
    screen.until("all in b", |_| (tasks(bench, "a").len(), tasks(bench, "b").len()) == (0, 3))?;
    screen.terminal.wait_for("last change: move process ")?;
    // Each where it came from: two threads back to a, then the third.
    restored(screen)?;
    assert_eq!((tasks(bench, "a").len(), tasks(bench, "b").len()), (3, 0));
    Ok(())
}

fn ended(bench: &mut Bench) -> Result<(), Failed> {
    let (a, b) = (bench.make("a", 100)?, bench.make("b", 100)?);
    let mut sleepers = (0..3).map(|_| Sleeper::start(&a)).collect::<Result<Vec<_>, _>>()?;
    let processes =
        |group: &Path| fs::read_to_string(group.join("cgroup.procs")).map_or(usize::MAX, |text| text.lines().count());
    let mut screen = Screen::start(bench, &[])?;
    row(&screen, "b")?;
    screen.press("!j<Tab>")?;
    task(&screen)?;
    screen.terminal.wait_for("Tasks 3")?;
    screen.press("   m")?;
    screen.terminal.wait_for("3 processes tagged")?;
    screen.press("j<Enter>")?;
    screen.terminal.wait_for("move 3 processes to b")?;
    drop(sleepers.pop());
    agree(&mut screen)?;
    // What was asked about is not there any more: it asks again, about the others.
    screen.terminal.wait_for("What was found meanwhile changes the plan")?;
    screen.terminal.wait_for("move 2 processes to b")?;
    assert_eq!((processes(&a), processes(&b)), (2, 0), "nothing is moved before");
    agree(&mut screen)?;
    screen.until("two in b", |_| (processes(&a), processes(&b)) == (0, 2))?;
    restored(screen)
}

//! Tasks moved by raw mouse bytes on the live kernel: all tagged ones, with the tree scrolling at its edge, into a folded group.
//!
//! The processes and groups are not cgrove's, so every drop asks.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::pty::{Cell, Mouse};
use crate::screen::Screen;
use libtest_mimic::Failed;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

pub(crate) fn trials() -> Vec<Entry> {
    let trial = |name, run| Entry { name, needs: &[Need::Cpu], measures: true, run };
    vec![
        trial("moves::all_tagged_are_dragged_while_the_tree_scrolls", tagged),
        trial("moves::a_folded_group_unfolds_and_escape_gives_up", unfolds),
        trial("moves::a_group_that_is_dragged_stays", group),
        trial("moves::without_the_mouse_nothing_is_dragged", no_mouse),
        trial("moves::a_hasty_hand_moves_nothing", hasty),
        Entry {
            name: "moves::what_a_removal_does_to_the_split_is_told_and_comes_true",
            needs: &[Need::CpuV1],
            measures: true,
            run: foretold,
        },
    ]
}

/// A process that only sleeps; it ends with the trial.
pub(crate) struct Sleeper(Child);

impl Sleeper {
    pub(crate) fn start(group: &Path) -> Result<Self, Failed> {
        let child = Self(Command::new("sleep").arg("300").spawn()?);
        fs::write(group.join("cgroup.procs"), child.0.id().to_string())?;
        Ok(child)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Column of the names' first letters, right of any fold mark.
const COLUMN: u16 = 12;

/// The cell of the first line that `is`.
pub(crate) fn line(screen: &Screen, what: &str, is: impl Fn(&str) -> bool) -> Result<Cell, Failed> {
    let text = screen.terminal.text();
    let found = text.lines().position(is).ok_or_else(|| format!("no {what}:\n{text}"))?;
    Ok(Cell { row: u16::try_from(found)?, column: COLUMN })
}

/// Whether a line is the row of a group.
pub(crate) fn is_row(line: &str, name: &str) -> bool {
    line.starts_with('│') && line.split_whitespace().take(4).any(|word| word == name)
}

/// Waits until the row of a group is, or is not, above the panel.
fn shown(screen: &Screen, name: &str, there: bool) -> Result<(), Failed> {
    Ok(screen.terminal.wait_until(&format!("{name}: {there}"), |seen| {
        seen.contents().lines().take_while(|line| !line.starts_with('├')).any(|line| is_row(line, name)) == there
    })?)
}

/// Waits until a group is lit.
pub(crate) fn lit(screen: &Screen, name: &str) -> Result<(), Failed> {
    Ok(screen.terminal.wait_until(&format!("{name} lit"), |seen| {
        seen.contents().lines().any(|line| is_row(line, name) && line.contains("◄ drop"))
    })?)
}

/// The row of a sleeping process in the panel of tasks.
pub(crate) fn task(screen: &Screen) -> Result<Cell, Failed> {
    screen.terminal.wait_for(" sleep ")?;
    line(screen, "row of a task", |line| line.starts_with('│') && line.contains(" sleep "))
}

/// Says yes to what a foreign drop asks, after the time in which no key is taken.
pub(crate) fn agree(screen: &mut Screen) -> Result<(), Failed> {
    screen.terminal.wait_for("do it")?;
    std::thread::sleep(Duration::from_millis(500));
    screen.press("<Left><Enter>")
}

/// `q`, restore: everything is back.
pub(crate) fn restored(mut screen: Screen) -> Result<(), Failed> {
    screen.press("q")?;
    screen.terminal.wait_for("restore")?;
    screen.press("<Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0), "{}", screen.terminal.stderr());
    Ok(())
}

fn processes(bench: &Bench, group: &str) -> usize {
    fs::read_to_string(bench.group().join(group).join("cgroup.procs")).map_or(usize::MAX, |text| text.lines().count())
}

fn tagged(bench: &mut Bench) -> Result<(), Failed> {
    let a = bench.make("a", 100)?;
    for n in 0..30 {
        bench.make(&format!("z{n:02}"), 100)?;
    }
    let sleepers = (0..3).map(|_| Sleeper::start(&a)).collect::<Result<Vec<_>, _>>()?;
    let mut screen = Screen::start(bench, &[])?;
    shown(&screen, "a", true)?;
    screen.press("!j<Tab>")?;
    let from = task(&screen)?;
    screen.terminal.wait_for("Tasks 3")?;
    screen.press("   ")?;
    screen.terminal.wait_for("▪")?;
    let border = line(&screen, "panel", |line| line.starts_with('├'))?;
    let edge = Cell { row: border.row - 1, ..border };
    screen.terminal.drag(from, edge)?;
    // Nothing is sent any more: the tree scrolls by itself.
    shown(&screen, "z29", true)?;
    lit(&screen, "z29")?;
    screen.terminal.wait_for("3 processes tagged → z29")?;
    screen.terminal.mouse(Mouse::Release, edge)?;
    screen.terminal.wait_for("do it")?;
    assert_eq!((processes(bench, "a"), processes(bench, "z29")), (3, 0), "a foreign drop asks");
    agree(&mut screen)?;
    screen.until("all in z29", |_| processes(bench, "z29") == 3 && processes(bench, "a") == 0)?;
    restored(screen)?;
    assert_eq!((processes(bench, "a"), processes(bench, "z29")), (3, 0), "they are back");
    drop(sleepers);
    Ok(())
}

fn unfolds(bench: &mut Bench) -> Result<(), Failed> {
    let a = bench.make("a", 100)?;
    bench.make("b", 100)?;
    bench.make("b/inner", 100)?;
    let sleeper = Sleeper::start(&a)?;
    let mut screen = Screen::start(bench, &[])?;
    shown(&screen, "inner", true)?;
    screen.press("!jj-")?;
    shown(&screen, "inner", false)?;
    screen.press("k<Tab>")?;
    let (from, b) = (task(&screen)?, line(&screen, "row of b", |line| is_row(line, "b"))?);
    screen.terminal.drag(from, b)?;
    lit(&screen, "b")?;
    shown(&screen, "inner", true)?;
    screen.press("<Esc>")?;
    shown(&screen, "inner", false)?;
    screen.terminal.mouse(Mouse::Release, b)?;
    screen.terminal.wait_stable()?;
    assert_eq!(processes(bench, "a"), 1, "given up");

    screen.terminal.drag(from, b)?;
    shown(&screen, "inner", true)?;
    let inner = line(&screen, "row of inner", |line| is_row(line, "inner"))?;
    screen.terminal.mouse(Mouse::Drag, inner)?;
    lit(&screen, "inner")?;
    screen.terminal.mouse(Mouse::Release, inner)?;
    agree(&mut screen)?;
    screen.until("it in b/inner", |_| processes(bench, "b/inner") == 1)?;
    restored(screen)?;
    assert_eq!(processes(bench, "a"), 1, "it is back");
    drop(sleeper);
    Ok(())
}

fn group(bench: &mut Bench) -> Result<(), Failed> {
    let a = bench.make("a", 100)?;
    bench.make("b", 100)?;
    let sleeper = Sleeper::start(&a)?;
    let mut screen = Screen::start(bench, &[])?;
    shown(&screen, "b", true)?;
    screen.press("!")?;
    let row = |name: &'static str| line(&screen, name, move |line| is_row(line, name));
    let (from, to) = (row("a")?, row("b")?);
    screen.terminal.drag(from, to)?;
    screen.terminal.wait_for("a stays (EIO)")?;
    screen.terminal.mouse(Mouse::Release, to)?;
    screen.terminal.wait_for("cannot move the group a into b")?;
    assert!(bench.group().join("a").exists() && processes(bench, "a") == 1);
    screen.press("<Down><Enter>")?;
    agree(&mut screen)?;
    screen.until("its process in b", |_| processes(bench, "b") == 1)?;
    restored(screen)?;
    drop(sleeper);
    Ok(())
}

fn no_mouse(bench: &mut Bench) -> Result<(), Failed> {
    let raw = |screen: &Screen| String::from_utf8_lossy(&screen.terminal.raw()).into_owned();
    // ?1002 is "tell of drags".
    let screen = Screen::start(bench, &["--no-mouse"])?;
    assert!(!raw(&screen).contains("?1002h"), "the mouse is the terminal's");
    drop(screen);
    let mut screen = Screen::start(bench, &[])?;
    assert!(raw(&screen).contains("?1002h"));
    assert!(!raw(&screen).contains("?1002l"));
    screen.press("v")?;
    screen.terminal.wait_for("the mouse is the terminal's")?;
    assert!(raw(&screen).contains("?1002l"), "`v` gives the mouse back to the terminal");
    screen.press("q")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    Ok(())
}

/// The release is lost, the lit group vanishes, the terminal has another size, a task is let go on another hierarchy.
fn hasty(bench: &mut Bench) -> Result<(), Failed> {
    let a = bench.make("a", 100)?;
    for group in ["b", "c", "d"] {
        bench.make(group, 100)?;
    }
    let sleeper = Sleeper::start(&a)?;
    let mut screen = Screen::start(bench, &[])?;
    shown(&screen, "d", true)?;
    screen.press("!j<Tab>")?;
    let at = |screen: &Screen, name: &'static str| line(screen, name, move |line| is_row(line, name));
    let nothing =
        |bench: &Bench| ["b", "c", "d"].iter().all(|group| [0, usize::MAX].contains(&processes(bench, group)));

    // The button goes down once more, on another group.
    let (from, b, c) = (task(&screen)?, at(&screen, "b")?, at(&screen, "c")?);
    screen.terminal.drag(from, b)?;
    lit(&screen, "b")?;
    screen.terminal.mouse(Mouse::Press, c)?;
    screen.terminal.wait_for("the button was let go elsewhere: nothing is moved")?;
    screen.terminal.mouse(Mouse::Release, c)?;

    // The group under the pointer goes; what is below it stays where it is.
    let a = at(&screen, "a")?;
    screen.terminal.click(a)?;
    let (from, d) = (task(&screen)?, at(&screen, "d")?);
    screen.terminal.drag(from, c)?;
    lit(&screen, "c")?;
    fs::remove_dir(bench.group().join("c"))?;
    screen.terminal.wait_for("it is gone")?;
    assert_eq!(at(&screen, "d")?, d);
    screen.terminal.mouse(Mouse::Release, c)?;
    shown(&screen, "c", false)?;

    screen.terminal.drag(from, b)?;
    lit(&screen, "b")?;
    screen.terminal.resize(30, 100)?;
    screen.terminal.wait_for("another size: nothing is moved")?;
    screen.terminal.mouse(Mouse::Release, b)?;
    screen.terminal.wait_stable()?;
    assert!(!screen.terminal.text().contains("do it"), "nothing is asked:\n{}", screen.terminal.text());
    assert!(nothing(bench) && processes(bench, "a") == 1);
    screen.press("q")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0), "nothing was changed, so nothing is asked");
    drop(sleeper);
    Ok(())
}

/// Two loops that come out of cg1 compete one by one with cg4: 1024 each beside 200.
fn foretold(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press(crate::screen::BUILD)?;
    screen.press("w<Enter>%")?;
    screen.settles(&crate::screen::FIGURE)?;
    screen.press("kkk")?;
    screen.terminal.wait_for("600 of 800")?;
    screen.press("D")?;
    screen.terminal.wait_for("cannot remove cg1")?;
    screen.press("<Down><Enter>")?;
    // Where others roam over this CPU these are estimates, and marked so.
    let told = |text: &str| -> Option<Vec<f64>> {
        let words = text.replace(['≈', '│'], "");
        let sentence: Vec<&str> = words.split_whitespace().skip_while(|word| *word != "moves").collect();
        let ["moves", all, "%", "→", then, "%,", "cg4", now, "%", "→", less, ..] = sentence[..] else {
            return None;
        };
        [all, then, now, less].into_iter().map(|word| word.parse().ok()).collect()
    };
    screen.terminal.wait_until("what the removal would do", |seen| {
        told(&seen.contents())
            .is_some_and(|found| found.iter().zip([75.0, 91.1, 25.0, 8.9]).all(|(told, due)| (told - due).abs() <= 1.0))
    })?;
    screen.press("<Enter>")?;
    screen.until("no cg1", |screen| !screen.program.group().join("cg1").exists())?;
    screen.settles(&[("cg4", "1", 8.9)])?;
    restored(screen)
}

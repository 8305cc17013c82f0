//! The real terminal UI on the live kernel, by keyboard and mouse, at 80x24.
//!
//! Every trial works below the trial's own group (`--under`), in a terminal emulator, and looks at the kernel's files for
//! what was really done.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::pty::{Cell, Mouse, Terminal};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    // All one at a time: beside a trial that measures, with its high weights, a screen would wait for the CPU.
    let measured = |name, run| Entry { name, needs: &[Need::Cpu], measures: true, run };
    vec![
        measured("screen::the_figure_by_keyboard", figure),
        measured("screen::the_figure_from_its_file", opened),
        measured("screen::the_figure_step_by_step", stepped),
        measured("screen::tasks_are_moved_by_keyboard_and_mouse", moved),
        measured("screen::undo_all_takes_back_everything", undo_all),
        measured("screen::keep_leaves_the_groups_for_cleanup", kept),
        measured("screen::read_only_changes_nothing", read_only),
        measured("screen::a_signal_takes_back_the_stage", signalled),
        measured("screen::it_needs_little_memory", memory),
    ]
}

/// The program on a terminal, with the keys that were pressed counted.
pub(crate) struct Screen {
    pub(crate) program: Program,
    pub(crate) terminal: Terminal,
    keys: usize,
    before: BTreeMap<String, String>,
}

/// The columns of a row of the tree; percentages as numbers.
struct Row {
    rule: String,
    owed: Option<f64>,
    gets: Option<f64>,
    rest: String,
}

impl Screen {
    pub(crate) fn start(bench: &Bench, more: &[&str]) -> Result<Self, Failed> {
        Self::again(Program::new(bench)?, bench, more, "STAGE  ")
    }

    /// The program once more, with the journals that are in its home; waits for a text.
    pub(crate) fn again(program: Program, bench: &Bench, more: &[&str], text: &str) -> Result<Self, Failed> {
        let before = knobs(bench)?;
        let home = program.home().to_str().ok_or("home")?.to_owned();
        let environment =
            [("XDG_STATE_HOME", &*home), ("CGROVE_STATE", &*format!("{home}/cgrove")), ("LC_ALL", "C.UTF-8")];
        let arguments = [&["--under", &program.under], more].concat();
        let terminal = Terminal::start(env!("CARGO_BIN_EXE_cgrove"), &arguments, &environment, 24, 80)?;
        terminal.wait_for(text)?;
        Ok(Self { program, terminal, keys: 0, before })
    }

    pub(crate) fn press(&mut self, keys: &str) -> Result<(), Failed> {
        let mut rest = keys;
        while !rest.is_empty() {
            let long = rest.starts_with('<').then(|| rest.find('>')).flatten();
            let end = long.map_or_else(|| rest.chars().next().map_or(1, char::len_utf8), |end| end + 1);
            rest = &rest[end..];
            self.keys += 1;
        }
        Ok(self.terminal.keys(keys)?)
    }

    /// `u` shows what would be taken back, `u` does it. Keys that were typed before a question was shown do not answer it.
    fn undo(&mut self) -> Result<(), Failed> {
        self.press("u")?;
        self.terminal.wait_for("u again does it")?;
        self.press("u")
    }

    /// The row of a group in the tree, if it is there.
    fn row(&self, name: &str) -> Option<Row> {
        row(&self.terminal.text(), name)
    }

    /// Waits until rows are owed and get this many percent, within one point, and follow these rules.
    pub(crate) fn settles(&self, rows: &[(&str, &str, f64)]) -> Result<(), Failed> {
        let good = |text: &str| {
            rows.iter().all(|(name, rule, percent)| {
                row(text, name).is_some_and(|row| {
                    let near = |value: Option<f64>| value.is_some_and(|value| (value - percent).abs() <= 1.0);
                    row.rule == *rule && near(row.owed) && near(row.gets)
                })
            })
        };
        let what = format!("{rows:?}");
        Ok(self.terminal.wait_until(&what, |screen| good(&screen.contents()))?)
    }

    fn has(&self, group: &str, file: &str, value: &str) -> Result<(), Failed> {
        let path = self.program.group().join(group).join(file);
        eventually(&format!("{} to read {value:?}", path.display()), || {
            fs::read_to_string(&path).is_ok_and(|text| text.trim() == value)
        })
        .map_err(|failed| self.with_screen(&failed))
    }

    fn with_screen(&self, failed: &Failed) -> Failed {
        format!("{}\n{}", failed.message().unwrap_or_default(), self.terminal.text()).into()
    }

    /// How many processes are in a group.
    pub(crate) fn processes(&self, group: &str) -> usize {
        let path = self.program.group().join(group).join("cgroup.procs");
        fs::read_to_string(path).map_or(usize::MAX, |text| text.lines().count())
    }

    pub(crate) fn until(&self, what: &str, is: impl Fn(&Self) -> bool) -> Result<(), Failed> {
        eventually(what, || is(self)).map_err(|failed| self.with_screen(&failed))
    }

    /// `q` and Enter, and everything is as before.
    fn leave(mut self, bench: &Bench) -> Result<(), Failed> {
        self.press("q")?;
        self.terminal.wait_for("restore").map_err(|failure| format!("no receipt: {failure}"))?;
        self.press("<Enter>")?;
        self.ended(bench)
    }

    fn ended(mut self, bench: &Bench) -> Result<(), Failed> {
        let status = self.terminal.wait_exit()?;
        assert_eq!(status.code(), Some(0), "{}", self.terminal.stderr());
        assert!(!self.terminal.screen().alternate_screen(), "the alternate screen is left");
        self.program.nothing_left()?;
        assert_eq!(knobs(bench)?, self.before, "the knobs of the stage are as before");
        Ok(())
    }
}

/// The settings of the trial's group: every file but counters and task lists.
fn knobs(bench: &Bench) -> Result<BTreeMap<String, String>, Failed> {
    let mut knobs = BTreeMap::new();
    for entry in fs::read_dir(bench.group())? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file's name")?.to_owned();
        let changes = ["stat", "pressure", "procs", "tasks", "threads", "usage", "event"];
        if path.is_file() && !changes.iter().any(|word| name.contains(word)) {
            // Some are to be written only.
            knobs.insert(name, fs::read_to_string(path).unwrap_or_default());
        }
    }
    Ok(knobs)
}

fn row(text: &str, name: &str) -> Option<Row> {
    // The tree ends where the panel begins.
    let tree = text.lines().take_while(|line| !line.starts_with('├'));
    let line = tree.skip(3).find(|line| line.split_whitespace().take(5).any(|word| word == name))?;
    let mut words = line.split_whitespace().skip_while(|word| *word != name).skip(1);
    let rule = words.nth(1)?.to_owned();
    let rest: Vec<&str> = words.collect();
    let mut percents = rest.split(|word| *word == "%").map(|before| before.last().copied().unwrap_or_default());
    let mut number = || percents.next().and_then(|word| word.trim_start_matches(['≈', '≥']).parse().ok());
    Some(Row { rule, owed: number(), gets: number(), rest: rest.join(" ") })
}

pub(crate) fn eventually(what: &str, is: impl Fn() -> bool) -> Result<(), Failed> {
    // Long, for hosts that are busy: cgrove itself has an ordinary weight.
    let end = Instant::now() + Duration::from_secs(30);
    while !is() {
        if Instant::now() > end {
            return Err(format!("waited for {what}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The keys that build the figure, as README.md lists them.
pub(crate) const BUILD: &str = "ncg1=600<Enter>ncg2=100<Enter><Space>Ncg3=200<Enter><Space>hNcg4=200<Enter><Space>";

pub(crate) const FIGURE: [(&str, &str, f64); 4] =
    [("cg1", "3/4", 75.0), ("cg2", "1/4", 25.0), ("cg3", "1/2", 50.0), ("cg4", "1/4", 25.0)];

fn figure(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press(BUILD)?;
    screen.press("w<Enter>")?;
    // 100 % = STAGE, which holds on a host where others have weights too.
    screen.press("%")?;
    assert!(screen.keys <= 45, "{} keys", screen.keys);
    screen.settles(&FIGURE)?;
    let shares = bench.weight_file();
    for (group, weight) in [("cg1", "600"), ("cg1/cg2", "100"), ("cg1/cg3", "200"), ("cg4", "200")] {
        screen.has(group, shares, weight)?;
    }
    assert_eq!(["cg1", "cg1/cg2", "cg1/cg3", "cg4"].map(|group| screen.processes(group)), [0, 1, 1, 1]);

    // One key holds cg3: its time goes to its sibling, and cg4 gets no more than before.
    screen.press("k")?;
    screen.press("f")?;
    screen.settles(&[("cg1", "3/4", 75.0), ("cg2", "1/4", 75.0), ("cg3", "1/2", 0.0), ("cg4", "1/4", 25.0)])?;
    screen.press("f")?;
    screen.settles(&FIGURE)?;

    // 200 becomes 300: 600 of 900.
    screen.press("j]")?;
    screen.has("cg4", shares, "300")?;
    screen.settles(&[("cg1", "2/3", 66.7), ("cg2", "2/9", 22.2), ("cg3", "4/9", 44.4), ("cg4", "1/3", 33.3)])?;
    screen.undo()?;
    screen.has("cg4", shares, "200")?;
    screen.settles(&FIGURE)?;
    screen.leave(bench)
}

fn opened(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("o")?;
    screen.terminal.wait_for("figure2")?;
    screen.press("<Enter>")?;
    screen.terminal.wait_for("at once")?;
    screen.press("<Enter>")?;
    screen.press("%")?;
    assert!(screen.keys <= 4, "{} keys", screen.keys);
    screen.settles(&FIGURE)?;
    screen.leave(bench)
}

fn stepped(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("o")?;
    screen.terminal.wait_for("figure2")?;
    screen.press("<Enter>")?;
    screen.terminal.wait_for("step by step")?;
    screen.press("<Down><Enter>")?;
    screen.terminal.wait_for("Enter: make cg1")?;
    assert_eq!(screen.program.groups()?.len(), 0, "nothing is made before the first step");
    screen.press("<Enter>")?;
    screen.until("cg1, and nothing else", |screen| screen.program.groups().is_ok_and(|groups| groups.len() == 1))?;
    screen.has("cg1", bench.weight_file(), "600")?;
    assert!(!screen.program.group().join("cg1/cg2").exists());
    screen.press("<Enter>")?;
    screen.has("cg1/cg2", bench.weight_file(), "100")?;
    screen.press("<Enter>")?;
    screen.has("cg1/cg3", bench.weight_file(), "200")?;
    screen.press("<Enter>")?;
    screen.has("cg4", bench.weight_file(), "200")?;
    screen.press("<Enter>")?;
    screen.until("the loops", |screen| ["cg1/cg2", "cg1/cg3", "cg4"].iter().all(|one| screen.processes(one) == 1))?;
    screen.leave(bench)
}

/// Two groups, a loop in the first, the cursor on the first.
fn two(bench: &Bench) -> Result<Screen, Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("na=100<Enter>")?;
    screen.until("the row of a", |screen| screen.row("a").is_some())?;
    screen.press("Nb=200<Enter>kw<Enter>")?;
    screen.until("a loop in a", |screen| screen.processes("a") == 1)?;
    screen.until("the row of a to have a task", |screen| screen.row("a").is_some_and(|row| row.rest.ends_with('1')))?;
    Ok(screen)
}

fn moved(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = two(bench)?;
    screen.press("mj")?;
    screen.terminal.wait_stable()?;
    screen.press("<Enter>")?;
    screen.until("the loop in b", |screen| screen.processes("b") == 1 && screen.processes("a") == 0)?;
    screen.until("its row", |screen| screen.row("b").is_some_and(|row| row.rest.ends_with('1')))?;

    // And back with the mouse, out of the panel of b's tasks.
    let at = |screen: &Screen, name: &str| -> Result<Cell, Failed> {
        let text = screen.terminal.text();
        let found = text.lines().position(|line| line.split_whitespace().take(4).any(|word| word == name));
        Ok(Cell { row: u16::try_from(found.ok_or(format!("no row {name}:\n{text}"))?)?, column: 9 })
    };
    screen.press("<Tab>")?;
    screen.terminal.wait_for("COMMAND")?;
    let text = screen.terminal.text();
    let line = text.lines().position(|line| line.starts_with('│') && line.contains(" ours"));
    let line = line.ok_or_else(|| format!("no row of a task:\n{text}"))?;
    let (from, to) = (Cell { row: u16::try_from(line)?, column: 9 }, at(&screen, "a")?);
    screen.terminal.drag(from, to)?;
    screen.terminal.wait_for("drop")?;
    screen.terminal.mouse(Mouse::Release, to)?;
    screen.until("the loop in a again", |screen| screen.processes("a") == 1 && screen.processes("b") == 0)?;

    // Undo, one after the other: back to b, back to a.
    screen.undo()?;
    screen.until("the drag undone", |screen| screen.processes("b") == 1)?;
    screen.undo()?;
    screen.until("the move undone", |screen| screen.processes("a") == 1)?;
    screen.leave(bench)
}

fn undo_all(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = two(bench)?;
    screen.press(":undo all<Enter>")?;
    screen.until("no group", |screen| screen.program.groups().is_ok_and(|groups| groups.is_empty()))?;
    // There is nothing left to tell, so it leaves at once.
    screen.terminal.wait_for("last change: undo")?;
    screen.press("q")?;
    screen.ended(bench)
}

fn kept(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = two(bench)?;
    screen.press("q")?;
    screen.terminal.wait_for("keep")?;
    screen.press("<Right><Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    assert!(screen.terminal.stderr().contains("cleanup"), "it says how they go: {}", screen.terminal.stderr());
    assert_eq!(screen.program.groups()?.len(), 2);
    screen.until("its loop to end with it", |screen| screen.program.processes().is_empty())?;
    let output = screen.program.run(&["cleanup"])?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    screen.program.nothing_left()
}

fn read_only(bench: &mut Bench) -> Result<(), Failed> {
    bench.make("there", 100)?;
    let mut screen = Screen::start(bench, &["--read-only"])?;
    screen.terminal.wait_for("there")?;
    screen.press("n")?;
    screen.terminal.wait_for("--read-only: nothing is changed")?;
    for key in ["w", "D", "]", "f", "e", "m", "T"] {
        screen.press(key)?;
        screen.terminal.wait_stable()?;
    }
    // Nothing was made, so nothing is asked.
    screen.press("q")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0));
    assert_eq!(screen.program.groups()?.len(), 1);
    assert_eq!(fs::read_to_string(screen.program.group().join("there").join(bench.weight_file()))?.trim(), "100");
    Ok(())
}

fn signalled(bench: &mut Bench) -> Result<(), Failed> {
    use nix::sys::signal::{Signal, kill};
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let screen = two(bench)?;
        kill(nix::unistd::Pid::from_raw(screen.terminal.pid()), signal)?;
        screen.ended(bench)?;
    }
    Ok(())
}

fn memory(bench: &mut Bench) -> Result<(), Failed> {
    let screen = two(bench)?;
    let status = fs::read_to_string(format!("/proc/{}/status", screen.terminal.pid()))?;
    // Its own memory. What is mapped of the file is ten times as much in a build that is not optimized.
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("RssAnon")?;
    let kib: u64 = own.split_whitespace().next().ok_or("RssAnon")?.parse()?;
    assert!(kib <= 6 * 1024, "{kib} KiB of its own");
    screen.leave(bench)
}

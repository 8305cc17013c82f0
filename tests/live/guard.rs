//! Guard rails on the live kernel: values on trial, foreign groups, `--read-only`, `--only`, hostile names.
//!
//! The foreign groups are made here, by the trial, with `mkdir`: cgrove did not make them.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::pty::Terminal;
use crate::screen::{Screen, eventually};
use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    let entry = |name, run| Entry { name, needs: &[Need::Cpu], measures: false, run };
    vec![
        entry("guard::a_trial_takes_its_value_back", tried),
        entry("guard::a_trial_ends_with_a_signal", interrupted),
        entry("guard::a_trial_outlives_cgrove", killed),
        entry("guard::a_trial_leaves_what_others_changed", changed),
        entry("guard::only_and_read_only_bind_the_verbs", bounds),
        entry("guard::a_trial_on_the_screen_is_kept_or_taken_back", on_screen),
        entry("guard::a_signal_leaves_foreign_changes", hung_up),
        entry("guard::hostile_names_break_no_screen", hostile),
    ]
}

/// A group that cgrove did not make, its file of weights, and the weight it has.
fn foreign(bench: &Bench, name: &str) -> Result<(PathBuf, PathBuf), Failed> {
    let group = bench.group().join(name);
    fs::create_dir(&group)?;
    let file = if group.join("cpu.shares").exists() { "cpu.shares" } else { "cpu.weight" };
    Ok((group.clone(), group.join(file)))
}

fn reads(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default().trim().to_owned()
}

/// The arguments of `cgrove set` that try 300 on the group for so many seconds.
fn try_300(program: &Program, file: &Path, seconds: &str) -> Vec<OsString> {
    let group = format!("{}/web", program.under);
    let value = format!("{}=300", file.file_name().and_then(OsStr::to_str).unwrap_or_default());
    ["set", &group, &value, "--try", seconds, "--yes"].iter().map(OsString::from).collect()
}

fn until(file: &Path, value: &str, most: Duration) -> Result<Duration, Failed> {
    let since = Instant::now();
    while reads(file) != value {
        if since.elapsed() > most {
            return Err(format!("{} reads {} and not {value} after {most:?}", file.display(), reads(file)).into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(since.elapsed())
}

fn tried(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    let program = Program::new(bench)?;
    let before = reads(&file);
    let mut running = program.start(&try_300(&program, &file, "2"))?;
    running.wait_for("on trial")?;
    assert_eq!(reads(&file), "300");
    let (status, _, said) = running.end()?;
    assert_eq!((status.code(), reads(&file)), (Some(0), before), "{said}");
    assert!(said.contains("taken back after its trial"), "{said}");
    // What was taken back is nothing that a cleanup would look for.
    let cleanup = program.run(&["cleanup"])?;
    assert!(String::from_utf8_lossy(&cleanup.stdout).contains("nothing was left behind"));
    Ok(())
}

fn interrupted(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    let program = Program::new(bench)?;
    let before = reads(&file);
    let mut running = program.start(&try_300(&program, &file, "600"))?;
    running.wait_for("on trial")?;
    running.signal(Signal::SIGINT)?;
    let (status, _, said) = running.end()?;
    assert_eq!((status.code(), reads(&file)), (Some(130), before), "{said}");
    Ok(())
}

fn killed(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    let program = Program::new(bench)?;
    let before = reads(&file);
    let mut running = program.start(&try_300(&program, &file, "600"))?;
    running.wait_for("on trial")?;
    assert_eq!(reads(&file), "300");
    running.signal(Signal::SIGKILL)?;
    drop(running.end());
    let took = until(&file, &before, Duration::from_secs(5))?;
    assert!(took < Duration::from_secs(2), "{took:?}");
    eventually("the helper ends, too", || program.processes().is_empty())?;
    let cleanup = program.run(&["cleanup"])?;
    let said = String::from_utf8_lossy(&cleanup.stdout).into_owned();
    assert!(said.contains("nothing was left behind"), "{said}");
    Ok(())
}

fn changed(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    let program = Program::new(bench)?;
    let mut running = program.start(&try_300(&program, &file, "2"))?;
    running.wait_for("on trial")?;
    fs::write(&file, "77")?;
    let (status, _, said) = running.end()?;
    assert_eq!((status.code(), reads(&file)), (Some(0), "77".to_owned()), "{said}");
    assert!(said.contains("others changed it to 77"), "{said}");
    // And where cgrove is killed meanwhile.
    let mut running = program.start(&try_300(&program, &file, "600"))?;
    running.wait_for("on trial")?;
    fs::write(&file, "88")?;
    running.signal(Signal::SIGKILL)?;
    drop(running.end());
    eventually("the helper ends", || program.processes().is_empty())?;
    assert_eq!(reads(&file), "88");
    Ok(())
}

fn bounds(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    foreign(bench, "db")?;
    let program = Program::new(bench)?;
    let (web, db) = (format!("{}/web", program.under), format!("{}/db", program.under));
    let set = format!("{}=300", file.file_name().and_then(OsStr::to_str).unwrap_or_default());
    let before = reads(&file);
    let refused = |arguments: &[&str], why: &str| -> Result<(), Failed> {
        let output = program.run(arguments)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
        Ok(())
    };
    refused(&["set", "--read-only", "--yes", &web, &set], "--read-only")?;
    refused(&["set", "--only", &db, "--yes", &web, &set], "lies outside")?;
    refused(&["mkdir", "--only", &db, "--yes", &format!("{web}/new")], "lies outside")?;
    refused(&["rmdir", "--only", &db, "--yes", &web], "lies outside")?;
    let pid = std::process::id().to_string();
    refused(&["move", "--only", &db, "--yes", &db, &pid], "lies outside")?;
    assert_eq!(reads(&file), before);
    // Before the subcommand they are the screen's: refused rather than overlooked.
    let output = program.run(&["--only", &db, "set", &web, &set])?;
    assert_eq!((output.status.code(), reads(&file)), (Some(2), before));
    let output = program.run(&["set", "--only", &web, "--yes", &web, &set])?;
    assert_eq!((output.status.code(), reads(&file)), (Some(0), "300".to_owned()));
    Ok(())
}

fn on_screen(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    let before = reads(&file);
    let mut screen = Screen::start(bench, &["--trial", "3"])?;
    let select = |screen: &mut Screen| -> Result<(), Failed> {
        screen.terminal.wait_for("web")?;
        screen.press("gj")
    };
    let set = |screen: &mut Screen| -> Result<(), Failed> {
        screen.press("e300<Enter>")?;
        screen.terminal.wait_for("try 3 s")?;
        // The focus is on leave; keys in the first 300 ms are not heard.
        screen.terminal.wait_for("> leave it")?;
        std::thread::sleep(Duration::from_millis(400));
        screen.press("<Home><Enter>")?;
        screen.terminal.wait_for("on trial,")?;
        Ok(())
    };
    select(&mut screen)?;
    screen.press("!")?;
    set(&mut screen)?;
    until(&file, "300", Duration::from_secs(5))?;
    until(&file, &before, Duration::from_secs(10))?;
    screen.terminal.wait_gone("on trial,")?;
    set(&mut screen)?;
    screen.press("u")?;
    until(&file, &before, Duration::from_secs(2))?;
    screen.terminal.wait_gone("on trial,")?;
    set(&mut screen)?;
    screen.press("K")?;
    screen.terminal.wait_gone("on trial,")?;
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(reads(&file), "300", "kept");
    // What was kept is an ordinary change: leaving takes it back.
    screen.press("q")?;
    screen.terminal.wait_for("remove and restore")?;
    screen.press("<Enter>")?;
    screen.terminal.wait_exit()?;
    assert_eq!(reads(&file), before);
    Ok(())
}

fn hung_up(bench: &mut Bench) -> Result<(), Failed> {
    let (_, file) = foreign(bench, "web")?;
    let mut screen = Screen::start(bench, &[])?;
    screen.terminal.wait_for("web")?;
    screen.press("gj!e300<Enter>")?;
    screen.terminal.wait_for("> leave it")?;
    std::thread::sleep(Duration::from_millis(400));
    screen.press("<Up><Enter>")?;
    until(&file, "300", Duration::from_secs(5))?;
    screen.terminal.wait_for("last change")?;
    kill(Pid::from_raw(screen.terminal.pid()), Signal::SIGTERM)?;
    screen.terminal.wait_exit()?;
    assert_eq!(reads(&file), "300", "a foreign change stays where nobody could be asked");
    let said = screen.terminal.stderr();
    assert!(said.contains("stays on groups that cgrove did not make") && said.contains("cgrove cleanup"), "{said}");
    let cleanup = screen.program.run(&["cleanup"])?;
    assert!(cleanup.status.success());
    assert_ne!(reads(&file), "300", "{}", String::from_utf8_lossy(&cleanup.stdout));
    Ok(())
}

/// A process with a command line that holds newlines and escapes; it ends with its handle.
struct Rude(Child);

impl Rude {
    fn start(group: &Path) -> Result<Self, Failed> {
        let mut command = Command::new("/bin/sleep");
        command.arg0(OsStr::from_bytes(b"\x1b[2Jbad\nname\x07")).arg("1000");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        fs::write(group.join("cgroup.procs"), child.id().to_string())?;
        // Its own name for itself, as prctl sets it.
        fs::write(format!("/proc/{}/comm", child.id()), b"\x1b]0;x\x07\xff\n").ok();
        Ok(Self(child))
    }
}

impl Drop for Rude {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Control characters that reached the terminal outside of what a terminal program sends: ESC sequences, CR, LF, BS, tab.
fn strays(raw: &[u8]) -> Vec<(usize, u8)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        match raw[at] {
            0x1b => at += sequence(&raw[at..]),
            b'\r' | b'\n' | 8 | b'\t' => at += 1,
            byte if byte < 0x20 || byte == 0x7f => {
                found.push((at, byte));
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// The length of an escape sequence: CSI, OSC up to BEL or ST, or two bytes.
fn sequence(raw: &[u8]) -> usize {
    match raw.get(1) {
        Some(b'[') => {
            2 + raw[2..].iter().position(|byte| (0x40..=0x7e).contains(byte)).map_or(raw.len() - 2, |end| end + 1)
        }
        Some(b']') => {
            let end = raw[2..].iter().position(|&byte| byte == 7 || byte == 0x1b);
            2 + end.map_or(raw.len() - 2, |end| if raw[2 + end] == 7 { end + 1 } else { end + 2 })
        }
        _ => 2,
    }
}

fn hostile(bench: &mut Bench) -> Result<(), Failed> {
    // There before the screen is: the crate that waits for events reads none of a name over 1,000 bytes.
    let mut long = vec![b'n'; 4000 - bench.group().as_os_str().len()];
    long[0] = b'L';
    fs::create_dir(bench.group().join(OsStr::from_bytes(&long)))?;
    let mut screen = Screen::start(bench, &[])?;
    let names: [&[u8]; 6] = [
        b"\x1b[31mred\x1b]0;title\x07",
        b"\xff\xfe\x80",
        "right\u{202e}left\u{2066}".as_bytes(),
        "zero\u{200b}width\u{feff}".as_bytes(),
        b"tab\there\rreturn\x08\x7f",
        "c1\u{9b}31m".as_bytes(),
    ];
    for name in names {
        fs::create_dir(bench.group().join(OsStr::from_bytes(name)))?;
    }
    let red = bench.group().join(OsStr::from_bytes(names[0]));
    let _rude = Rude::start(&red)?;
    let program = Program::new(bench)?;
    // JSON and text of one look.
    for arguments in [&["tree", &program.under, "--tasks", "--json"][..], &["tree", &program.under, "--tasks"]] {
        let output = program.run(&[arguments, &["--interval", "0.2"]].concat())?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let bad: Vec<u8> = output.stdout.iter().copied().filter(|&byte| byte < 0x20 && byte != b'\n').collect();
        assert!(bad.is_empty(), "{bad:?}");
        let text = String::from_utf8(output.stdout)?;
        for unsafe_one in ['\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{7f}'] {
            assert!(!text.contains(unsafe_one), "{unsafe_one:?} in {arguments:?}");
        }
        assert!(text.contains(r"\x1b[31mred") || text.contains(r"\\x1b[31mred"), "{text}");
    }
    // Over every row, with each panel, a dialog on each, and the log.
    screen.press("g")?;
    for _ in 0..8 {
        screen.press("j")?;
        screen.press("<Tab>")?;
        screen.terminal.wait_stable()?;
        aligned(&screen.terminal)?;
        screen.press("<Tab>")?;
        screen.terminal.wait_stable()?;
        aligned(&screen.terminal)?;
        screen.press("<Tab>")?;
        screen.press("D")?;
        screen.terminal.wait_for("leave it")?;
        aligned(&screen.terminal)?;
        // Where something foreign is asked about, the first keys are not heard.
        std::thread::sleep(Duration::from_millis(400));
        screen.press("<Esc>")?;
        screen.terminal.wait_gone("leave it")?;
    }
    screen.press("4")?;
    screen.terminal.wait_stable()?;
    aligned(&screen.terminal)?;
    screen.press("1")?;
    let raw = screen.terminal.raw();
    let strays = strays(&raw);
    assert!(strays.is_empty(), "{strays:?}");
    let text = String::from_utf8_lossy(&raw).into_owned();
    for unsafe_one in ['\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}'] {
        assert!(!text.contains(unsafe_one), "{unsafe_one:?} reached the terminal");
    }
    assert!(!text.contains("\x1b]0;x"), "a process named the terminal");
    screen.press("q")?;
    screen.terminal.wait_exit()?;
    Ok(())
}

/// Every row of the frame ends at the terminal's last column, and no row is longer.
fn aligned(terminal: &Terminal) -> Result<(), Failed> {
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let text = screen.contents();
    if text.lines().count() > usize::from(rows) {
        return Err(format!("more rows than {rows}:\n{text}").into());
    }
    // Where a frame is drawn, its left side is in the first column of every row between its borders.
    for (number, line) in text.lines().enumerate() {
        if line.chars().count() > usize::from(columns) {
            return Err(format!("row {number} is wider than {columns}:\n{text}").into());
        }
    }
    Ok(())
}

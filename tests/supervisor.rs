//! Workloads end with cgrove: also when it is killed with SIGKILL, through forks and new sessions. Needs no rights.
//!
//! The tests start this same program a second time as a *parent*: it starts a supervisor from the real `cgrove`, launches
//! what it is told to, says so, and waits to be killed. Everything below it carries a mark in its environment, by which it
//! is found in `/proc`, wherever it has moved to.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cgrove::effect::process;
use cgrove::effect::supervisor::{Launcher as _, Supervisor};
use cgrove::model::cpu_set::CpuSet;
use cgrove::model::hierarchy::Hierarchy;
use cgrove::model::workload::{Launch, Program, Spin, WorkloadState};
use libtest_mimic::{Arguments, Failed, Trial};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cgrove");
const MARK: &str = "CGROVE_TEST_MARK";
/// What DESIGN promises.
const PROMISE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("parent", scripts)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return parent(scripts);
    }
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test("loops_die_with_a_killed_cgrove", loops_die_with_a_killed_cgrove),
        Trial::test("forks_and_new_sessions_die_too", forks_and_new_sessions_die_too),
        Trial::test("what_forks_without_end_dies_too", what_forks_without_end_dies_too),
        Trial::test("a_stopped_workload_dies_too", a_stopped_workload_dies_too),
        Trial::test("what_ignores_every_signal_dies_too", what_ignores_every_signal_dies_too),
        Trial::test("signals_of_a_terminal_do_not_end_the_supervisor", signals_do_not_end_the_supervisor),
        Trial::test("a_launch_is_what_was_asked", a_launch_is_what_was_asked),
        Trial::test("no_descriptor_leaks_into_a_workload", no_descriptor_leaks_into_a_workload),
        Trial::test("a_failed_launch_names_its_step", a_failed_launch_names_its_step),
        Trial::test("an_exit_is_reported_with_its_status", an_exit_is_reported_with_its_status),
        Trial::test("ending_one_workload_ends_its_forks_only", ending_one_workload_ends_its_forks_only),
        Trial::test("a_detached_workload_outlives_cgrove", a_detached_workload_outlives_cgrove),
        Trial::test("a_dead_supervisor_is_told_and_its_workloads_end", a_dead_supervisor_is_told),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The role that is killed: one launch for each word, `spin` or a shell script.
fn parent(words: &[String]) -> ExitCode {
    let Ok(mut supervisor) = Supervisor::start_program(Path::new(PROGRAM)) else { return ExitCode::FAILURE };
    for word in words {
        let launch = if word == "spin" { spin(1) } else { shell(word) };
        if let Err(failure) = supervisor.launch(&launch, &nowhere()) {
            let _ = writeln!(std::io::stdout(), "{failure}");
            return ExitCode::FAILURE;
        }
    }
    let _ = writeln!(std::io::stdout(), "launched {}", supervisor.pid());
    loop {
        std::thread::park();
    }
}

/// A parent that is running, and the mark of everything below it.
struct Parent {
    child: Child,
    mark: String,
    supervisor: i32,
}

impl Parent {
    fn start(words: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("parent")
            .args(words)
            .env(MARK, &mark)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let supervisor = line.trim().strip_prefix("launched ").unwrap_or_else(|| panic!("the parent said {line:?}"));
        Self { supervisor: supervisor.parse().unwrap(), child, mark }
    }

    /// Waits until `count` processes (the parent, its supervisor, workloads, what they forked) are there.
    fn wait_for(&self, count: usize) {
        let limit = Instant::now() + Duration::from_secs(10);
        while marked(&self.mark).len() < count {
            assert!(Instant::now() < limit, "only {:?} are there", marked(&self.mark));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills the parent with SIGKILL and measures until nothing of it is left.
    fn kill_and_measure(mut self) -> Duration {
        let started = Instant::now();
        self.child.kill().unwrap();
        let limit = started + Duration::from_secs(10);
        loop {
            let left = marked(&self.mark);
            let passed = started.elapsed();
            if left.is_empty() {
                self.child.wait().unwrap();
                return passed;
            }
            assert!(Instant::now() < limit, "still there: {left:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Processes that carry the mark; a zombie has no environment, and is none.
fn marked(mark: &str) -> BTreeSet<i32> {
    let wanted = format!("{MARK}={mark}");
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|all| all.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes()))
        })
        .collect()
}

fn spin(threads: u32) -> Launch {
    let spin = Spin { threads, ..Spin::default() };
    Launch { groups: Vec::new(), program: Program::Spin(spin), cpus: None, nice: own_nice() }
}

fn shell(script: &str) -> Launch {
    let words = ["sh", "-c", script].iter().map(|word| Box::from(word.as_bytes())).collect();
    Launch { groups: Vec::new(), program: Program::Command(words), cpus: None, nice: own_nice() }
}

/// Going below it may need a permission.
fn own_nice() -> i8 {
    i8::try_from(rustix::process::getpriority_process(None).unwrap()).unwrap()
}

fn nowhere() -> Vec<Hierarchy> {
    Vec::new()
}

fn supervisor() -> Supervisor {
    Supervisor::start_program(Path::new(PROGRAM)).unwrap()
}

/// Kills a parent with these launches, once all `count` processes are there. On a host whose CPUs are taken by others even
/// the dying waits for its turn, so the best of three counts; that all is gone counts each time.
fn dies(words: &[&str], count: usize) -> Result<(), Failed> {
    let mut passed = Vec::new();
    for _ in 0..3 {
        let parent = Parent::start(words);
        parent.wait_for(count);
        passed.push(parent.kill_and_measure());
        if passed.last().is_some_and(|&last| last <= PROMISE) {
            return Ok(());
        }
    }
    Err(format!("it took {passed:?}, promised are {PROMISE:?}").into())
}

fn loops_die_with_a_killed_cgrove() -> Result<(), Failed> {
    dies(&["spin", "spin", "spin"], 5)
}

fn forks_and_new_sessions_die_too() -> Result<(), Failed> {
    // A grandchild whose parent ended, one in a session of its own, one in a session below another.
    let script =
        "sleep 1001 & (sleep 1002 & exit 0); setsid sleep 1003 & setsid sh -c 'setsid sleep 1004 & sleep 1005' & wait";
    dies(&[script], 2 + 1 + 6)
}

fn what_forks_without_end_dies_too() -> Result<(), Failed> {
    // Each process forks its successor and ends; another keeps a handful of short ones alive.
    let chain = "f() { sleep 0.01; f & exit 0; }; f";
    let many = "while :; do sleep 0.05 & sleep 0.01; done";
    dies(&[chain, many], 5)
}

fn a_stopped_workload_dies_too() -> Result<(), Failed> {
    dies(&["kill -STOP $$; sleep 1000"], 3)
}

fn what_ignores_every_signal_dies_too() -> Result<(), Failed> {
    dies(&["trap '' INT TERM HUP QUIT; setsid sleep 1000 & sleep 1000"], 4)
}

fn signals_do_not_end_the_supervisor() -> Result<(), Failed> {
    use nix::sys::signal::{Signal, kill};
    let parent = Parent::start(&["spin"]);
    let supervisor = nix::unistd::Pid::from_raw(parent.supervisor);
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        kill(supervisor, signal)?;
    }
    std::thread::sleep(Duration::from_millis(100));
    let there = marked(&parent.mark).len();
    if there != 3 {
        return Err(format!("{there} of parent, supervisor and loop are left").into());
    }
    // A group of its own: what the terminal sends to cgrove's does not reach it. And the same session.
    assert_eq!(process::group_of(parent.supervisor), Some(parent.supervisor));
    assert_eq!(nix::unistd::getsid(Some(supervisor))?, nix::unistd::getsid(None)?);
    parent.kill_and_measure();
    Ok(())
}

fn a_launch_is_what_was_asked() -> Result<(), Failed> {
    let mut supervisor = supervisor();
    let allowed = rustix::thread::sched_getaffinity(None)?;
    let last = (0..1024_u32).rfind(|&cpu| allowed.is_set(cpu as usize)).ok_or("no CPU")?;
    let nice = own_nice().saturating_add(5).min(19);
    let launch = Launch { cpus: Some(CpuSet::one(last)), nice, ..spin(3) };
    let key = supervisor.launch(&launch, &nowhere())?;
    // It executes already: the name is the loop's as soon as it has set it.
    let limit = Instant::now() + Duration::from_secs(5);
    while std::fs::read(format!("/proc/{}/comm", key.tid))? != b"spin\n"
        || process::threads(key.tid).unwrap().len() != 3
    {
        assert!(Instant::now() < limit, "it does not become a loop of three threads");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(process::stat(key.tid).unwrap().key, key);
    assert_eq!(process::stat(key.tid).unwrap().parent, supervisor.pid());
    assert_eq!(std::fs::read(format!("/proc/{}/cmdline", key.tid))?, b"cgrove\0spin\0--threads\x003\0--duty\x001\0");
    for thread in process::threads(key.tid).unwrap() {
        let pid = rustix::process::Pid::from_raw(thread.tid);
        let mask = rustix::thread::sched_getaffinity(pid)?;
        assert!(mask.count() == 1 && mask.is_set(last as usize));
        assert_eq!(rustix::process::getpriority_process(pid)?, i32::from(nice));
    }
    assert_eq!(supervisor.workloads().len(), 1);
    supervisor.end_all()?;
    assert!(process::stat(key.tid).is_err());
    Ok(())
}

fn no_descriptor_leaks_into_a_workload() -> Result<(), Failed> {
    // A descriptor that a careless caller left open, without FD_CLOEXEC, as a shell's `exec 9<file` does.
    let open = std::fs::File::open("/dev/zero")?;
    rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty())?;
    let mut supervisor = supervisor();
    let key = supervisor.launch(&shell("sleep 1000"), &nowhere())?;
    let open = || -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(format!("/proc/{}/fd", key.tid)).unwrap();
        let mut open: Vec<_> = entries.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).collect();
        open.sort();
        open
    };
    // The dynamic linker opens libraries for a moment.
    let limit = Instant::now() + Duration::from_secs(5);
    while open() != ["/dev/null", "/dev/null", "/dev/null"].map(std::path::PathBuf::from) {
        assert!(Instant::now() < limit, "it has open: {:?}", open());
        std::thread::sleep(Duration::from_millis(1));
    }
    // The shell blocks signals for the moment in which it forks.
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", key.tid))?;
        if status.lines().any(|line| line == "SigBlk:\t0000000000000000") {
            return Ok(());
        }
        assert!(Instant::now() < limit, "signals stay blocked: {status}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn a_failed_launch_names_its_step() -> Result<(), Failed> {
    use cgrove::model::errno::Errno;
    let mut supervisor = supervisor();
    let mut launch = shell("");
    launch.program = Program::Command(vec![Box::from(*b"/nonexistent/command")]);
    let failure = supervisor.launch(&launch, &nowhere()).unwrap_err();
    assert_eq!(failure.errno, Some(Errno::ENOENT));
    assert_eq!(failure.to_string(), "launch: exec /nonexistent/command: ENOENT: no such command");

    launch.program = Program::Command(vec![Box::from(*b"/dev/null")]);
    let failure = supervisor.launch(&launch, &nowhere()).unwrap_err();
    assert_eq!(failure.to_string(), "launch: exec /dev/null: EACCES: not executable");

    let failure = supervisor.launch(&Launch { cpus: Some(CpuSet::one(1023)), ..spin(1) }, &nowhere()).unwrap_err();
    assert_eq!(failure.to_string(), "launch: sched_setaffinity: EINVAL: no CPU of 1023 is allowed here");
    assert!(supervisor.workloads().is_empty());
    supervisor.end_all()?;
    Ok(())
}

fn exits(supervisor: &mut Supervisor, count: usize) -> Vec<WorkloadState> {
    let limit = Instant::now() + Duration::from_secs(10);
    let mut states = Vec::new();
    while states.len() < count {
        states.extend(supervisor.poll().unwrap().iter().map(|exit| exit.state));
        assert!(Instant::now() < limit, "only {states:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
    states
}

fn an_exit_is_reported_with_its_status() -> Result<(), Failed> {
    let mut supervisor = supervisor();
    supervisor.launch(&shell("exit 7"), &nowhere())?;
    assert_eq!(exits(&mut supervisor, 1), [WorkloadState::Exited(7)]);
    supervisor.launch(&shell("kill -TERM $$"), &nowhere())?;
    assert_eq!(exits(&mut supervisor, 1), [WorkloadState::Killed(15)]);
    let states: Vec<_> = supervisor.workloads().iter().map(|workload| workload.state).collect();
    assert_eq!(states, [WorkloadState::Exited(7), WorkloadState::Killed(15)]);
    Ok(())
}

fn ending_one_workload_ends_its_forks_only() -> Result<(), Failed> {
    let mut supervisor = supervisor();
    // One fork below it and one orphan of its group.
    let first = supervisor.launch(&shell("sleep 1001 & (sleep 1002 & exit 0); wait"), &nowhere())?;
    let second = supervisor.launch(&shell("exec sleep 1003"), &nowhere())?;
    let in_group = |group: i32| {
        let all = std::fs::read_dir("/proc").unwrap();
        all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|&pid| {
                process::stat(pid).is_ok_and(|stat| !stat.has_ended()) && process::group_of(pid) == Some(group)
            })
            .count()
    };
    let limit = Instant::now() + Duration::from_secs(5);
    while in_group(first.tid) < 3 {
        assert!(Instant::now() < limit, "it does not fork");
        std::thread::sleep(Duration::from_millis(1));
    }
    supervisor.end(first)?;
    assert_eq!(in_group(first.tid), 0);
    assert_eq!(in_group(second.tid), 1);
    assert_eq!(exits(&mut supervisor, 1), [WorkloadState::Killed(9)]);
    assert!(supervisor.end(first).is_err(), "it has ended already");
    supervisor.end_all()?;
    assert_eq!(in_group(second.tid), 0);
    Ok(())
}

fn a_detached_workload_outlives_cgrove() -> Result<(), Failed> {
    use cgrove::effect::process::Held;
    use cgrove::plan::step::Signal;
    let mut supervisor = supervisor();
    let kept = supervisor.launch(&shell("exec sleep 1001"), &nowhere())?;
    let gone = supervisor.launch(&shell("exec sleep 1002"), &nowhere())?;
    supervisor.detach(kept)?;
    supervisor.end_all()?;
    let survived = Held::open(kept).and_then(|held| held.signal(Signal::Kill));
    assert!(process::stat(gone.tid).is_err());
    assert_eq!(survived, Ok(()));
    Ok(())
}

fn a_dead_supervisor_is_told() -> Result<(), Failed> {
    let mut supervisor = supervisor();
    let key = supervisor.launch(&spin(1), &nowhere())?;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(supervisor.pid()), nix::sys::signal::Signal::SIGKILL)?;
    let limit = Instant::now() + Duration::from_secs(5);
    let failure = loop {
        assert!(Instant::now() < limit, "nobody says that the supervisor is dead");
        match supervisor.poll() {
            Ok(_) => std::thread::sleep(Duration::from_millis(1)),
            Err(failure) => break failure,
        }
    };
    assert!(failure.to_string().contains("the supervisor ended unexpectedly; 1 workloads were killed"), "{failure}");
    while process::stat(key.tid).is_ok_and(|stat| stat.key == key && !stat.has_ended()) {
        assert!(Instant::now() < limit, "the loop lives on");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(supervisor.poll()?.len(), 1);
    assert!(supervisor.launch(&spin(1), &nowhere()).is_err());
    Ok(())
}

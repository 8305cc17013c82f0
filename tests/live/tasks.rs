//! Signals and scheduling on real processes: what they became, what the kernel kept, and all of it undone.
//!
//! The processes are the trial's own children and not cgrove's, so that every question is asked as for a stranger's.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::screen::Screen;
use cgrove::effect::cleanup::{Fate, cleanup};
use cgrove::effect::executor::Kernel;
use cgrove::effect::journal::{Log as _, Writer};
use cgrove::effect::process;
use cgrove::effect::supervisor::Nobody;
use cgrove::effect::transaction::{Report, execute};
use cgrove::kernel::discover::discover;
use cgrove::kernel::real::RealFs;
use cgrove::kernel::survey;
use cgrove::model::cpu_set::CpuSet;
use cgrove::model::hierarchy::Hierarchy;
use cgrove::model::id::TaskKey;
use cgrove::model::scheduling::Attribute;
use cgrove::model::task::Policy;
use cgrove::plan::intent::{Intent, Recipients, Scope};
use cgrove::plan::refusal::Refusal;
use cgrove::plan::step::{Became, Outcome, Signal};
use cgrove::plan::{journal, plan_with};
use libtest_mimic::Failed;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    let entry = |name, needs, run| Entry { name, needs, measures: false, run };
    vec![
        entry("tasks::what_a_signal_made_of_them", &[Need::Cpu], became),
        entry("tasks::stop_and_go_on_are_undone", &[Need::Cpu], stopped),
        entry("tasks::all_threads_of_a_process_are_set_and_set_back", &[Need::Cpu], threads),
        entry("tasks::a_cpuset_trims_and_refuses", &[Need::Cpuset, Need::TwoCpus], cpuset),
        entry("tasks::a_group_without_budget_refuses_real_time", &[Need::CpuV1, Need::Root], budget),
        entry("tasks::a_frozen_process_takes_a_signal_when_it_is_thawed", &[Need::Cpu, Need::Root], frozen),
        entry("tasks::a_crash_leaves_no_scheduling_behind", &[Need::Cpu, Need::Root], crashed),
        entry("tasks::by_the_command_line", &[Need::Cpu, Need::Root], commands),
        Entry { name: "tasks::from_the_screen", needs: &[Need::Cpu, Need::Root], measures: true, run: screen },
    ]
}

/// A child of the trial's; it is killed and reaped when this is dropped.
struct Process(Child);

impl Process {
    /// A shell script that says something when it is ready.
    fn start(script: &str) -> Result<Self, Failed> {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("stdout")?).read_line(&mut line)?;
        Ok(Self(child))
    }

    fn sleeping() -> Result<Self, Failed> {
        Self::start("echo; exec sleep 1000")
    }

    /// The built-in loop, hardly ever running, with these threads.
    fn threads(count: usize) -> Result<Self, Failed> {
        let count = count.to_string();
        let spin = ["spin", "--duty", "0.01", "--threads", &count];
        let child = Self(Command::new(env!("CARGO_BIN_EXE_cgrove")).args(spin).stdin(Stdio::null()).spawn()?);
        until("its threads", || process::threads(child.pid()).is_ok_and(|all| all.len().to_string() == count))?;
        Ok(child)
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }

    fn key(&self) -> TaskKey {
        process::stat(self.pid()).unwrap().key
    }

    fn state(&self) -> char {
        process::stat(self.pid()).unwrap().state
    }

    fn nice(&self) -> i8 {
        process::stat(self.pid()).unwrap().nice
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn until(what: &str, is: impl Fn() -> bool) -> Result<(), Failed> {
    let limit = Instant::now() + Duration::from_secs(20);
    while !is() {
        if Instant::now() > limit {
            return Err(format!("not in time: {what}").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Plans and does intents as cgrove would, with a journal of its own.
struct Visit {
    hierarchies: Vec<Hierarchy>,
    journal: Writer,
    home: tempfile::TempDir,
}

impl Visit {
    fn new() -> Result<Self, Failed> {
        let home = tempfile::tempdir()?;
        let journal = Writer::create_in(home.path(), "boot", 1)?;
        Ok(Self { hierarchies: discover(&RealFs)?.hierarchies, journal, home })
    }

    fn entries(&self) -> &[journal::Entry] {
        &self.journal.journal().entries
    }

    fn plan(&self, intent: &Intent) -> Result<Result<cgrove::plan::step::Plan, Refusal>, Failed> {
        let survey = survey::survey(&RealFs, &intent.needs_with(self.entries()))?;
        Ok(plan_with(intent, &survey, self.entries()))
    }

    fn refused(&self, intent: &Intent) -> Result<Refusal, Failed> {
        match self.plan(intent)? {
            Err(refusal) => Ok(refusal),
            Ok(plan) => Err(format!("it would be done: {}", plan.title).into()),
        }
    }

    fn execute(&mut self, intent: &Intent) -> Result<Report, Failed> {
        let plan = self.plan(intent)?.map_err(|refusal| format!("{}: {}", refusal.title, refusal.rule))?;
        let undoes = if let Intent::Undo { entries } = intent { entries.clone() } else { Vec::new() };
        let mut executor = Kernel { directories: &self.hierarchies, launcher: &mut Nobody };
        Ok(execute(&plan, &undoes, &mut executor, &mut self.journal, &self.hierarchies))
    }

    fn done(&mut self, intent: &Intent) -> Result<Vec<Outcome>, Failed> {
        let report = self.execute(intent)?;
        assert!(report.succeeded(), "{report}");
        Ok(report.done.into_iter().map(|(_, outcome)| outcome).collect())
    }

    fn undo(&mut self) -> Result<(), Failed> {
        let number = journal::next_undo(self.entries()).ok_or("nothing to undo")?;
        self.done(&Intent::Undo { entries: vec![number] }).map(drop)
    }

    fn redo(&mut self) -> Result<(), Failed> {
        let number = journal::next_redo(self.entries()).ok_or("nothing to redo")?;
        self.done(&Intent::Undo { entries: vec![number] }).map(drop)
    }

    /// Does the way out of a refusal with this number.
    fn way(&mut self, refusal: &Refusal, way: usize) -> Result<Vec<Outcome>, Failed> {
        let intents = refusal.instead[way].intents.clone();
        self.done(&Intent::Together { title: "way".to_owned(), intents })
    }

    fn directory(&self, controller: &str) -> Option<(&Hierarchy, PathBuf)> {
        let hierarchy = self.hierarchies.iter().find(|hierarchy| hierarchy.has(controller))?;
        let point = &hierarchy.best_mount()?.point;
        Some((hierarchy, PathBuf::from(std::ffi::OsStr::from_bytes(point))))
    }
}

/// A group of the trial's own in a hierarchy that is not the stage's; it is removed when this is dropped.
struct Elsewhere(PathBuf);

impl Elsewhere {
    fn make(mount: &Path, what: &str) -> Result<Self, Failed> {
        let path = mount.join(format!("cgrove-test-{}-{what}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    fn write(&self, file: &str, text: &str) -> Result<(), Failed> {
        Ok(crate::stage::write(&self.0.join(file), text)?)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(fs::write(self.0.join("freezer.state"), "THAWED"));
        drop(crate::stage::remove(&self.0));
    }
}

fn signal(tasks: Vec<TaskKey>, signal: Signal) -> Intent {
    Intent::Signal { to: Recipients::Processes(tasks), signal, pending: false }
}

fn set(task: TaskKey, scope: Scope, to: Vec<Attribute>) -> Intent {
    Intent::Schedule { tasks: vec![task], scope, to }
}

fn became(_: &mut Bench) -> Result<(), Failed> {
    let mut visit = Visit::new()?;
    let what = |visit: &mut Visit, process: &Process, which| -> Result<Became, Failed> {
        match visit.done(&signal(vec![process.key()], which))?.as_slice() {
            [Outcome::Became(became)] => Ok(*became),
            other => Err(format!("{other:?}").into()),
        }
    };
    let loops = "while :; do sleep 0.05; done";
    let ignores = Process::start("trap '' TERM; echo; exec sleep 1000")?;
    assert_eq!(what(&mut visit, &ignores, Signal::Terminate)?, Became::Ignores);
    let handles = Process::start(&format!("trap : TERM USR1; echo; {loops}"))?;
    assert_eq!(what(&mut visit, &handles, Signal::Terminate)?, Became::Handles);
    assert_eq!(what(&mut visit, &handles, Signal::User1)?, Became::Handles);
    // Its parent, this trial, does not reap it before it is dropped.
    let own = i32::try_from(std::process::id())?;
    let sleeps = Process::sleeping()?;
    assert_eq!(what(&mut visit, &sleeps, Signal::Terminate)?, Became::Zombie { parent: own });
    let zombie = visit.refused(&signal(vec![sleeps.key()], Signal::Kill))?;
    assert!(zombie.rule.contains("is a zombie") && zombie.rule.contains(&own.to_string()), "{}", zombie.rule);
    assert_eq!(what(&mut visit, &handles, Signal::Kill)?, Became::Zombie { parent: own });
    let told = cgrove::plan::tell::step(&visit.entries()[0].steps[0]).result;
    assert_eq!(told, format!("{} still runs: it ignores TERM", ignores.pid()), "the journal has it, too");
    // cgrove, here this process, and what it runs under get none.
    let guarded = [process::stat(own)?.key, process::stat(std::os::unix::process::parent_id().cast_signed())?.key];
    for key in guarded {
        let refusal = visit.refused(&signal(vec![key], Signal::Terminate))?;
        assert!(refusal.rule.contains("never gets a signal"), "{}", refusal.rule);
    }
    Ok(())
}

fn stopped(_: &mut Bench) -> Result<(), Failed> {
    let mut visit = Visit::new()?;
    let (a, b) = (Process::sleeping()?, Process::sleeping()?);
    visit.done(&signal(vec![b.key()], Signal::Stop))?;
    assert_eq!((a.state(), b.state()), ('S', 'T'));
    // One is stopped already and stays out of it.
    let outcomes = visit.done(&signal(vec![a.key(), b.key()], Signal::Stop))?;
    assert_eq!(outcomes, [Outcome::Became(Became::Stopped)]);
    let waits = visit.refused(&signal(vec![a.key()], Signal::Terminate))?;
    assert!(waits.rule.contains("only when it goes on"), "{}", waits.rule);
    visit.undo()?;
    assert_eq!((a.state(), b.state()), ('S', 'T'), "only what this plan stopped");
    visit.redo()?;
    assert_eq!(a.state(), 'T');
    visit.done(&signal(vec![b.key()], Signal::Continue))?;
    assert_eq!(b.state(), 'S');
    visit.undo()?;
    assert_eq!(b.state(), 'T', "it was");
    visit.way(&waits, 0)?;
    until("TERM is taken when it goes on", || a.state() == 'Z')
}

fn threads(_: &mut Bench) -> Result<(), Failed> {
    let mut visit = Visit::new()?;
    let process = Process::threads(3)?;
    let key = process.key();
    let values = || -> Vec<(i8, Policy)> {
        let all = process::threads(process.pid()).unwrap();
        all.iter().map(|key| process::stat(key.tid).unwrap()).map(|stat| (stat.nice, stat.policy)).collect()
    };
    let before = values();
    let second = process::threads(process.pid())?[1];
    visit.done(&set(second, Scope::Thread, vec![Attribute::Nice(9)]))?;
    assert_eq!(values().iter().map(|(nice, _)| *nice).collect::<Vec<_>>(), [before[0].0, 9, before[2].0]);
    let batch = Attribute::Policy { policy: Policy::Batch, priority: 0 };
    let outcomes = visit.done(&set(key, Scope::Process, vec![Attribute::Nice(12), batch]))?;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Scheduled(list) if list.len() == 3)));
    assert_eq!(values(), vec![(12, Policy::Batch); 3]);
    let again = visit.refused(&set(second, Scope::Process, vec![Attribute::Nice(12)]))?;
    assert!(again.is_nothing_to_do(), "{}", again.rule);
    visit.undo()?;
    assert_eq!(values().iter().map(|(nice, _)| *nice).collect::<Vec<_>>(), [before[0].0, 9, before[2].0]);
    visit.redo()?;
    assert_eq!(values(), vec![(12, Policy::Batch); 3]);
    visit.undo()?;
    visit.undo()?;
    assert_eq!(values(), before);
    // What somebody else set meanwhile is left.
    visit.done(&set(key, Scope::Process, vec![Attribute::Nice(5)]))?;
    rustix_nice(second.tid, 7)?;
    visit.undo()?;
    assert_eq!(values().iter().map(|(nice, _)| *nice).collect::<Vec<_>>(), [before[0].0, 7, before[2].0]);
    Ok(())
}

/// Somebody else's `renice`.
fn rustix_nice(tid: i32, nice: i8) -> Result<(), Failed> {
    Ok(cgrove::effect::scheduler::set(tid, &Attribute::Nice(nice)).map_err(|errno| errno.to_string())?)
}

fn cpuset(_: &mut Bench) -> Result<(), Failed> {
    let mut visit = Visit::new()?;
    let Some((hierarchy, mount)) = visit.directory("cpuset") else { return Err("no cpuset".into()) };
    let v1 = hierarchy.version == cgrove::model::hierarchy::Version::V1;
    let group = Elsewhere::make(&mount, "cpuset")?;
    let host = survey::survey(&RealFs, &cgrove::model::survey::Needs::default())?.host;
    let cpus: Vec<u32> = host.allowed.iter().collect();
    let (first, last) = (cpus[0], cpus[cpus.len() - 1]);
    let list = |cpus: &[u32]| Attribute::Cpus(cpus.iter().copied().collect::<CpuSet>());
    group.write("cpuset.cpus", &format!("{first},{last}"))?;
    if v1 {
        group.write("cpuset.mems", "0")?;
    }
    let process = Process::sleeping()?;
    let key = process.key();
    group.write("cgroup.procs", &process.pid().to_string())?;
    let now = || cgrove::effect::scheduler::get(process.pid(), &Attribute::Cpus(CpuSet::default())).unwrap();
    let far = last + 7;
    visit.done(&set(key, Scope::Process, vec![list(&[first])]))?;
    let outcomes = visit.done(&set(key, Scope::Process, vec![list(&[last, far])]))?;
    assert_eq!(now(), list(&[last]), "{outcomes:?}");
    let told = cgrove::plan::tell::step(&visit.entries()[1].steps[0]).result;
    assert_eq!(told, format!("asked CPUs {last},{far}, the kernel keeps CPUs {last}"));
    let refusal = visit.refused(&set(key, Scope::Process, vec![list(&[far])]))?;
    assert!(refusal.rule.contains("(EINVAL)") && refusal.rule.contains("-cpuset"), "{}", refusal.rule);
    visit.undo()?;
    assert_eq!(now(), list(&[first]));
    visit.undo()?;
    assert_eq!(now(), list(&[first, last]));
    // Bound to none again: a narrower cpuset that becomes wider gives it more.
    group.write("cpuset.cpus", &first.to_string())?;
    assert_eq!(now(), list(&[first]));
    group.write("cpuset.cpus", &format!("{first},{last}"))?;
    assert_eq!(now(), list(&[first, last]));
    Ok(())
}

fn budget(bench: &mut Bench) -> Result<(), Failed> {
    if !bench.group().join("cpu.rt_runtime_us").exists() {
        // A kernel without CONFIG_RT_GROUP_SCHED has nothing of the kind.
        return Ok(());
    }
    let mut visit = Visit::new()?;
    let process = Process::sleeping()?;
    fs::write(bench.group().join("cgroup.procs"), process.pid().to_string())?;
    let fifo = Attribute::Policy { policy: Policy::Fifo, priority: 3 };
    let want = set(process.key(), Scope::Process, vec![fifo.clone()]);
    let refusal = visit.refused(&want)?;
    assert!(refusal.rule.contains("cpu.rt_runtime_us 0") && refusal.rule.contains("(EPERM)"), "{}", refusal.rule);
    let kernel = cgrove::effect::scheduler::set(process.pid(), &fifo);
    assert_eq!(kernel, Err(cgrove::model::errno::Errno::EPERM), "so says the kernel");
    visit.way(&refusal, 0)?;
    assert_eq!(process::stat(process.pid())?.policy, Policy::Fifo);
    visit.undo()?;
    assert_eq!(process::stat(process.pid())?.policy, Policy::Other);
    assert_eq!(fs::read_to_string(bench.group().join("cpu.rt_runtime_us"))?.trim(), "0");
    Ok(())
}

fn frozen(bench: &mut Bench) -> Result<(), Failed> {
    let mut visit = Visit::new()?;
    let process = Process::sleeping()?;
    let elsewhere = match visit.directory("freezer") {
        Some((_, mount)) => Some(Elsewhere::make(&mount, "freezer")?),
        None => None,
    };
    if let Some(group) = &elsewhere {
        group.write("cgroup.procs", &process.pid().to_string())?;
        group.write("freezer.state", "FROZEN")?;
        until("it is frozen", || {
            fs::read_to_string(group.0.join("freezer.state")).is_ok_and(|text| text.trim() == "FROZEN")
        })?;
    } else {
        fs::write(bench.make("f", 100)?.join("cgroup.procs"), process.pid().to_string())?;
        fs::write(bench.group().join("f/cgroup.freeze"), "1")?;
    }
    let which = if elsewhere.is_some() { Signal::Kill } else { Signal::Stop };
    let refusal = visit.refused(&signal(vec![process.key()], which))?;
    assert!(refusal.rule.contains("is frozen by"), "{}", refusal.rule);
    if elsewhere.is_none() {
        return visit.way(&refusal, 0).map(drop);
    }
    let outcomes = visit.way(&refusal, 1)?;
    assert_eq!(outcomes, [Outcome::Became(Became::Uninterruptible)], "it waits");
    assert_eq!(process.state(), 'D');
    visit.way(&refusal, 0)?;
    until("it ends when it is thawed", || process.state() == 'Z')
}

fn crashed(_: &mut Bench) -> Result<(), Failed> {
    let mut visit = Visit::new()?;
    let (a, b) = (Process::threads(2)?, Process::sleeping()?);
    visit.done(&set(a.key(), Scope::Process, vec![Attribute::Nice(11)]))?;
    visit.done(&signal(vec![b.key()], Signal::Stop))?;
    visit.done(&set(b.key(), Scope::Process, vec![Attribute::Nice(4)]))?;
    rustix_nice(b.pid(), 6)?;
    assert_eq!((a.nice(), b.state()), (11, 'T'));
    // The crash: the lock is free.
    let Visit { hierarchies, journal, home } = visit;
    drop(journal);
    let mut launcher = Nobody;
    let mut executor = Kernel { directories: &hierarchies, launcher: &mut launcher };
    let homes = [home.path().to_owned()];
    let cleaned = cleanup(&homes, "boot", &hierarchies, Some(&mut executor));
    let fates: Vec<Fate> = cleaned.accounts[0].notes.iter().map(|note| note.fate).collect();
    assert_eq!(fates, [Fate::Foreign, Fate::TakenBack, Fate::TakenBack, Fate::TakenBack], "{cleaned}");
    assert_eq!((a.nice(), b.state(), b.nice()), (0, 'S', 6), "{cleaned}");
    Ok(())
}

fn commands(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let run = |arguments: &[&str]| -> Result<(i32, String), Failed> {
        let output = program.run(arguments)?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned()))
    };
    let a = bench.make("a", 100)?;
    let path = format!("{}/a", program.under);
    // What is ignored stays so through exec; and it has no children that come and go.
    let ignores = Process::start("trap '' TERM; echo; exec sleep 1000")?;
    let pid = ignores.pid().to_string();
    fs::write(a.join("cgroup.procs"), &pid)?;
    let (code, text) = run(&["signal", "TERM", &pid])?;
    assert_eq!(code, 3, "it asks: {text}");
    let (code, text) = run(&["signal", "term", &pid, "--yes"])?;
    assert!(code == 0 && text.contains("still runs: it ignores TERM"), "{code} {text}");
    let (code, text) = run(&["signal", "19", "--group", &path, "--yes"])?;
    assert!(code == 0 && ignores.state() == 'T', "{code} {text}");
    let (code, text) = run(&["signal", "STOP", "--group", &path, "--yes"])?;
    assert!(code == 0 && text.contains("stopped already"), "{code} {text}");
    let (code, text) = run(&["signal", "CONT", "--group", &path, "--shell"])?;
    assert_eq!((code, text.as_str()), (0, &*format!("kill -CONT {pid}\n")));
    let (code, text) = run(&["signal", "WINCH", &pid])?;
    assert!(code == 2 && text.contains("no signal that cgrove sends"), "{code} {text}");
    let (code, text) = run(&["schedule", &pid, "--nice", "-3", "--policy", "batch", "--yes"])?;
    assert!(code == 0 && ignores.nice() == -3, "{code} {text}");
    let (code, text) = run(&["schedule", &pid, "--nice", "-3"])?;
    assert!(code == 0 && text.contains("already"), "{code} {text}");
    let (code, _) = run(&["schedule", &pid])?;
    assert_eq!(code, 2, "nothing to set");
    let (code, text) = run(&["schedule", &pid, "--cpus", "4000", "--yes"])?;
    assert!(code == 3 && text.contains("(EINVAL)"), "{code} {text}");
    // It forks all the time, and ignores TERM.
    let forks = Process::start("trap '' TERM; echo; while :; do sleep 1000 & sleep 0.01; done")?;
    fs::write(a.join("cgroup.procs"), forks.pid().to_string())?;
    until("it forks", || fs::read_to_string(a.join("cgroup.procs")).is_ok_and(|text| text.lines().count() > 4))?;
    let (code, text) = run(&["kill", &path, "--yes"])?;
    assert_eq!(code, 0, "{text}");
    assert_eq!(fs::read_to_string(a.join("cgroup.procs"))?, "");
    let (code, text) = run(&["kill", &path])?;
    assert!(code == 0 && text.contains("There is no process"), "{code} {text}");
    Ok(())
}

fn screen(bench: &mut Bench) -> Result<(), Failed> {
    let a = bench.make("a", 100)?;
    let process = Process::sleeping()?;
    fs::write(a.join("cgroup.procs"), process.pid().to_string())?;
    let mut screen = Screen::start(bench, &[])?;
    screen.press("!j<Tab>")?;
    screen.terminal.wait_for(" sleep ")?;
    screen.press("a")?;
    screen.terminal.wait_for("scheduling of process")?;
    screen.press("7<Enter>")?;
    screen.terminal.wait_for("do it")?;
    // No key is taken in the first moment.
    std::thread::sleep(Duration::from_millis(500));
    screen.press("<Left><Enter>")?;
    screen.until("nice 7", |_| process.nice() == 7)?;
    screen.press("u")?;
    screen.terminal.wait_for("u again does it")?;
    screen.press("u")?;
    screen.until("nice 0", |_| process.nice() == 0)?;
    screen.press("x")?;
    screen.terminal.wait_for("TERM 15")?;
    screen.press("<Enter>")?;
    screen.terminal.wait_for("type 1 to confirm")?;
    std::thread::sleep(Duration::from_millis(500));
    screen.press("1<Enter>")?;
    screen.until("it has ended", |_| process.state() == 'Z')?;
    screen.terminal.wait_for("is a zombie until its parent")?;
    screen.press("q")?;
    screen.terminal.wait_for("keep")?;
    screen.press("<Right><Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0), "{}", screen.terminal.stderr());
    Ok(())
}

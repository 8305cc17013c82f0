//! The executor, launches and cleanup on real groups.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use cgrove::effect::cleanup::{Fate, cleanup};
use cgrove::effect::executor::{Executor as _, Kernel, inode, place_of};
use cgrove::effect::journal::Writer;
use cgrove::effect::process;
use cgrove::effect::supervisor::{Launcher as _, Nobody, Supervisor};
use cgrove::effect::transaction::execute;
use cgrove::kernel::discover::discover;
use cgrove::kernel::real::RealFs;
use cgrove::model::cpu_set::CpuSet;
use cgrove::model::errno::Errno;
use cgrove::model::hierarchy::{Hierarchy, Version};
use cgrove::model::id::{GroupKey, HierarchyId, TaskKey};
use cgrove::model::place::Place;
use cgrove::model::workload::{Launch, Program, Spin};
use cgrove::plan::intent::Scope;
use cgrove::plan::step::{Confirm, Outcome, Plan, Signal, Step};
use libtest_mimic::Failed;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    let entry = |name, run| Entry { name, needs: &[Need::Cpu], measures: false, run };
    vec![
        entry("effect::groups_are_made_and_removed_by_identity", groups),
        entry("effect::a_write_is_read_back", writes),
        entry("effect::a_process_moves_with_its_threads", moves),
        entry("effect::what_has_ended_is_not_moved", ended),
        entry("effect::a_group_whose_tasks_fork_is_drained", drains),
        entry("effect::a_group_whose_tasks_fork_is_killed", kills),
        entry("effect::a_launch_is_in_its_group", launches),
        Entry {
            name: "effect::nothing_waits_for_a_group_that_gets_no_time",
            needs: &[Need::Cpu],
            measures: true,
            run: starved,
        },
        entry("effect::a_failed_plan_leaves_nothing", rollback),
        entry("effect::cleanup_after_a_crash", crash),
        Entry { name: "effect::a_duty_is_met", needs: &[Need::Cpu], measures: true, run: duty },
    ]
}

/// The hierarchies of this host, and the place of the trial's group.
struct Scene {
    hierarchies: Vec<Hierarchy>,
    at: Place,
    weight: &'static str,
}

impl Scene {
    fn new(bench: &Bench) -> Result<Self, Failed> {
        let hierarchies = discover(&RealFs)?.hierarchies;
        let cpu = hierarchies.iter().find(|hierarchy| hierarchy.has("cpu")).ok_or("no cpu controller")?;
        let point = &cpu.best_mount().ok_or("cpu is mounted nowhere")?.point;
        let path = bench.group().as_os_str().as_bytes();
        let below = path.strip_prefix(&**point).ok_or("the stage lies elsewhere")?;
        Ok(Self { at: Place::new(cpu.id, below), hierarchies, weight: bench.weight_file() })
    }

    fn apply(&self, step: &Step) -> Result<Outcome, cgrove::effect::failure::Failure> {
        Kernel { directories: &self.hierarchies, launcher: &mut Nobody }.apply(step)
    }

    fn make(&self, name: &str) -> Result<Place, Failed> {
        let at = self.at.child(name.as_bytes());
        self.apply(&Step::MakeGroup { at: at.clone() })?;
        Ok(at)
    }

    fn version(&self) -> Version {
        self.hierarchies.iter().find(|hierarchy| hierarchy.id == self.at.hierarchy).unwrap().version
    }

    fn hierarchy(&self) -> HierarchyId {
        self.at.hierarchy
    }
}

/// A process that sleeps until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Result<Self, Failed> {
        Ok(Self(Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn()?))
    }

    fn key(&self) -> TaskKey {
        process::stat(i32::try_from(self.0.id()).unwrap()).unwrap().key
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn remove(at: &Place, key: Option<GroupKey>) -> Step {
    Step::RemoveGroup { at: at.clone(), key, settings: Vec::new() }
}

fn write(at: &Place, file: &str, data: &str) -> Step {
    let data = Box::from(data.as_bytes());
    Step::Write { at: at.clone(), key: None, file: file.into(), data, prior: None, disturbs: Vec::new() }
}

fn spin(groups: Vec<Place>) -> Launch {
    Launch { groups, program: Program::Spin(Spin::default()), cpus: None, nice: 0 }
}

fn groups(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let at = scene.at.child(b"\xff a");
    let Outcome::Made(key) = scene.apply(&Step::MakeGroup { at: at.clone() })? else { return Err("not made".into()) };
    let directory = bench.group().join(std::ffi::OsStr::from_bytes(b"\xff a"));
    assert_eq!(inode(&directory), Ok(key.inode));
    let again = scene.apply(&Step::MakeGroup { at: at.clone() }).unwrap_err();
    assert_eq!((again.operation, again.errno, again.path), ("mkdir", Some(Errno::EEXIST), directory.clone()));

    let other = GroupKey { inode: key.inode + 1, ..key };
    let failure = scene.apply(&remove(&at, Some(other))).unwrap_err();
    assert!(failure.text.contains("another group"), "{failure}");
    scene.apply(&Step::MakeGroup { at: at.child(b"b") })?;
    let failure = scene.apply(&remove(&at, Some(key))).unwrap_err();
    assert_eq!((failure.errno, &*failure.text), (Some(Errno::EBUSY), "1 child groups are in it"));
    assert_eq!(scene.apply(&remove(&at.child(b"b"), None))?, Outcome::Removed);

    let sleeper = Sleeper::start()?;
    let to = at.clone();
    scene.apply(&Step::Move { task: sleeper.key(), scope: Scope::Process, from: scene.at.clone(), to })?;
    let failure = scene.apply(&remove(&at, Some(key))).unwrap_err();
    assert_eq!((failure.errno, &*failure.text), (Some(Errno::EBUSY), "1 tasks are in it"));
    // Killed a moment before: it is still leaving.
    drop(sleeper);
    assert_eq!(scene.apply(&remove(&at, Some(key)))?, Outcome::Removed);
    assert!(matches!(scene.apply(&remove(&at, Some(key)))?, Outcome::Nothing(_)));
    Ok(())
}

fn writes(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let at = scene.make("a")?;
    let stored = |text: &str| Outcome::Stored(Some(Box::from(text.as_bytes())));
    assert_eq!(scene.apply(&write(&at, scene.weight, "600"))?, stored("600"));
    if scene.version() == Version::V1 {
        assert_eq!(scene.apply(&write(&at, scene.weight, "0"))?, stored("2"), "clamped");
    } else {
        assert_eq!(scene.apply(&write(&at, scene.weight, "0")).unwrap_err().errno, Some(Errno::ERANGE));
    }
    let failure = scene.apply(&write(&at, scene.weight, "x\x1b")).unwrap_err();
    let path = bench.group().join("a").join(scene.weight);
    assert_eq!(
        failure.to_string(),
        format!("write \"x\\x1b\" {}: EINVAL: the kernel does not accept this value here", path.display())
    );
    let failure = scene.apply(&write(&at, "cpu.nothing", "1")).unwrap_err();
    assert_eq!(failure.errno, Some(Errno::ENOENT));
    assert!(!bench.group().join("a/cpu.nothing").exists());
    Ok(())
}

fn moves(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let (a, b) = (scene.make("a")?, scene.make("b")?);
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let mut launch = spin(vec![a.clone()]);
    launch.program = Program::Spin(Spin { threads: 3, duty_millionths: 10_000 });
    let process = supervisor.launch(&launch, &scene.hierarchies)?;
    let limit = Instant::now() + Duration::from_secs(5);
    while process::threads(process.tid).map_err(|errno| errno.to_string())?.len() < 3 {
        assert!(Instant::now() < limit, "three threads");
    }
    let all = process::threads(process.tid).unwrap();
    let places = || -> Vec<Option<Place>> { all.iter().map(|key| place_of(&scene.hierarchies, key.tid, &a)).collect() };
    assert_eq!(places(), vec![Some(a.clone()); 3]);

    // Named by any of its threads, the whole process moves.
    let step = |task, scope, from: &Place, to: &Place| Step::Move { task, scope, from: from.clone(), to: to.clone() };
    let Outcome::Moved(moved) = scene.apply(&step(all[1], Scope::Process, &a, &b))? else { return Err("no".into()) };
    assert!(moved.iter().all(|task| task.from == a && task.now == b));
    assert_eq!(moved.iter().map(|task| task.task).collect::<Vec<_>>(), all);
    assert_eq!(places(), vec![Some(b.clone()); 3]);

    let thread = scene.apply(&step(all[2], Scope::Thread, &b, &a));
    if scene.version() == Version::V1 {
        let Outcome::Moved(moved) = thread? else { return Err("the thread did not move".into()) };
        assert_eq!((moved.len(), moved[0].task, &moved[0].now), (1, all[2], &a));
        assert_eq!(places(), [Some(b.clone()), Some(b.clone()), Some(a.clone())]);
        // Back together: where each was is told.
        let Outcome::Moved(moved) = scene.apply(&step(process, Scope::Process, &b, &a))? else {
            return Err("no".into());
        };
        assert_eq!(moved.iter().map(|task| task.from.clone()).collect::<Vec<_>>(), [b.clone(), b.clone(), a.clone()]);
    } else {
        assert_eq!(thread.unwrap_err().errno, Some(Errno::EOPNOTSUPP), "domain groups take processes only");
    }
    supervisor.end_all()?;
    Ok(())
}

fn ended(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let to = scene.make("a")?;
    let step = |task| Step::Move { task, scope: Scope::Process, from: scene.at.clone(), to: to.clone() };
    let nothing = |outcome: Outcome| match outcome {
        Outcome::Nothing(why) => why,
        other => panic!("{other:?}"),
    };
    let mut sleeper = Sleeper::start()?;
    let key = sleeper.key();
    let other = TaskKey { start: key.start + 1, ..key };
    assert_eq!(nothing(scene.apply(&step(other))?), format!("process {} has ended", key.tid));
    sleeper.0.kill()?;
    let limit = Instant::now() + Duration::from_secs(5);
    while !process::stat(key.tid).unwrap().has_ended() {
        assert!(Instant::now() < limit, "it does not die");
    }
    nothing(scene.apply(&step(key))?);
    sleeper.0.wait()?;
    assert_eq!(nothing(scene.apply(&step(key))?), format!("process {} has ended", key.tid));
    let signal = Step::Signal { process: key, signal: Signal::Kill };
    assert_eq!(nothing(scene.apply(&signal)?), format!("process {} has ended", key.tid));

    let gone = TaskKey { tid: i32::MAX, start: 1 };
    assert_eq!(nothing(scene.apply(&step(gone))?), format!("process {} has ended", i32::MAX));
    let failure = scene.apply(&Step::Move { task: key, scope: Scope::Process, from: to, to: scene.at.child(b"no") });
    assert_eq!(failure.unwrap_err().errno, Some(Errno::ENOENT));
    Ok(())
}

fn drains(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let (a, b) = (scene.make("a")?, scene.make("b")?);
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let words = ["sh", "-c", "for i in 1 2 3 4 5; do sleep 1000 & done; while :; do sleep 0.02 & sleep 0.01; done"];
    let mut launch = spin(vec![a.clone()]);
    launch.program = Program::Command(words.iter().map(|word| Box::from(word.as_bytes())).collect());
    supervisor.launch(&launch, &scene.hierarchies)?;
    let members =
        |name: &str| fs::read_to_string(bench.group().join(name).join("cgroup.procs")).unwrap().lines().count();
    let limit = Instant::now() + Duration::from_secs(5);
    while members("a") < 7 {
        assert!(Instant::now() < limit, "it does not fork");
    }
    let Outcome::Moved(moved) = scene.apply(&Step::Drain { from: a.clone(), to: b.clone() })? else {
        return Err("nothing moved".into());
    };
    assert_eq!(members("a"), 0);
    // The shell and its five that stay; of those that come and go at least nobody from elsewhere.
    assert!(moved.len() >= 6 && moved.iter().all(|task| task.from == a), "{moved:?}");
    assert!(matches!(scene.apply(&Step::Drain { from: a, to: b })?, Outcome::Nothing(_)));
    supervisor.end_all()?;
    // Everything that was forked is gone: both groups can be removed at once.
    assert_eq!(members("b"), 0);
    Ok(())
}

/// Whatever forks in a group and below is killed, and nothing elsewhere.
fn kills(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let (a, b) = (scene.make("a")?, scene.make("b")?);
    let below = a.child(b"below");
    scene.apply(&Step::MakeGroup { at: below.clone() })?;
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let words =
        ["sh", "-c", "trap '' TERM; for i in 1 2 3; do sleep 1000 & done; while :; do sleep 0.02 & sleep 0.01; done"];
    for group in [&a, &below] {
        let mut launch = spin(vec![group.clone()]);
        launch.program = Program::Command(words.iter().map(|word| Box::from(word.as_bytes())).collect());
        supervisor.launch(&launch, &scene.hierarchies)?;
    }
    let bystander = supervisor.launch(&spin(vec![b.clone()]), &scene.hierarchies)?;
    let members =
        |name: &str| fs::read_to_string(bench.group().join(name).join("cgroup.procs")).unwrap().lines().count();
    let limit = Instant::now() + Duration::from_secs(5);
    while members("a") < 4 || members("a/below") < 4 {
        assert!(Instant::now() < limit, "it does not fork");
    }
    let Outcome::Killed(killed) = scene.apply(&Step::KillAll { at: a.clone(), key: None })? else {
        return Err("nothing was killed".into());
    };
    assert!(killed.len() >= 8, "{killed:?}");
    assert!(!killed.contains(&bystander) && process::stat(bystander.tid).is_ok_and(|stat| !stat.has_ended()));
    for at in [&below, &a] {
        assert_eq!(scene.apply(&remove(at, None))?, Outcome::Removed);
    }
    assert!(matches!(scene.apply(&Step::KillAll { at: scene.make("c")?, key: None })?, Outcome::Nothing(_)));
    supervisor.end_all()?;
    Ok(())
}

fn launches(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let at = scene.make("a")?;
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let process = supervisor.launch(&spin(vec![at.clone()]), &scene.hierarchies)?;
    assert_eq!(place_of(&scene.hierarchies, process.tid, &at), Some(at.clone()));
    // Neither the supervisor nor this program went along.
    assert_ne!(place_of(&scene.hierarchies, supervisor.pid(), &at), Some(at));

    let failure = supervisor.launch(&spin(vec![scene.at.child(b"no")]), &scene.hierarchies).unwrap_err();
    assert_eq!((failure.operation, failure.errno), ("launch: write", Some(Errno::ENOENT)));
    assert_eq!(failure.path, bench.group().join("no/cgroup.procs"));
    assert_eq!(supervisor.workloads().len(), 1);
    supervisor.end_all()?;
    Ok(())
}

/// Launching into a group that gets next to nothing, and ending what runs in it, while its neighbour takes the CPU.
fn starved(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let (small, large) = (scene.make("small")?, scene.make("large")?);
    let (low, high) = if scene.version() == Version::V1 { ("2", "262144") } else { ("1", "10000") };
    scene.apply(&write(&small, scene.weight, low))?;
    scene.apply(&write(&large, scene.weight, high))?;
    let program = Path::new(env!("CARGO_BIN_EXE_cgrove"));
    let (mut ours, mut theirs) = (Supervisor::start_program(program)?, Supervisor::start_program(program)?);
    let pinned = |group: &Place, threads| {
        let mut launch = spin(vec![group.clone()]);
        launch.program = Program::Spin(Spin { threads, ..Spin::default() });
        launch.cpus = Some(CpuSet::one(last_cpu()));
        launch
    };
    theirs.launch(&pinned(&large, 1), &scene.hierarchies)?;
    std::thread::sleep(Duration::from_millis(200));
    // Ending is promised within half a second. A launch that waited for the group's own time took over 5 s; what the
    // machine needs for an exec while it is busy elsewhere is not this trial's matter.
    let (launching, ending) = (Duration::from_secs(3), Duration::from_millis(500));
    let within = |what: &str, limit: Duration, start: Instant| -> Result<(), Failed> {
        let passed = start.elapsed();
        if passed <= limit { Ok(()) } else { Err(format!("{what} took {passed:?}").into()) }
    };
    let start = Instant::now();
    let first = ours.launch(&pinned(&small, 2), &scene.hierarchies)?;
    within("the launch", launching, start)?;
    ours.launch(&pinned(&small, 1), &scene.hierarchies)?;
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    ours.end(first)?;
    within("ending one", ending, start)?;
    let start = Instant::now();
    ours.end_all()?;
    within("ending all", ending, start)?;
    theirs.end_all()?;
    assert!(matches!(scene.apply(&remove(&small, None))?, Outcome::Removed));
    Ok(())
}

fn last_cpu() -> u32 {
    let allowed = rustix::thread::sched_getaffinity(None).unwrap();
    (0..1024_u32).rfind(|&cpu| allowed.is_set(cpu as usize)).unwrap()
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        title: "a trial".to_owned(),
        steps,
        shell: Vec::new(),
        warnings: Vec::new(),
        owned: Vec::new(),
        confirm: Confirm::None,
        foreign: false,
        irrevocable: None,
    }
}

fn rollback(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let home = tempfile::tempdir()?;
    let mut journal = Writer::create_in(home.path(), "boot", 1)?;
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let at = scene.at.child(b"a");
    let sleeper = Sleeper::start()?;
    let was = place_of(&scene.hierarchies, sleeper.key().tid, &Place::top(scene.hierarchy())).ok_or("its place")?;
    let plan = plan(vec![
        Step::MakeGroup { at: at.clone() },
        write(&at, scene.weight, "300"),
        Step::Launch { launch: spin(vec![at.clone()]), again: None },
        Step::Move { task: sleeper.key(), scope: Scope::Process, from: was.clone(), to: at.clone() },
        write(&at, scene.weight, "no number"),
        Step::MakeGroup { at: at.child(b"never") },
    ]);
    let mut executor = Kernel { directories: &scene.hierarchies, launcher: &mut supervisor };
    let report = execute(&plan, &[], &mut executor, &mut journal, &scene.hierarchies);
    assert_eq!(report.failed.as_ref().map(|(step, failure)| (*step, failure.errno)), Some((4, Some(Errno::EINVAL))));
    assert_eq!((&report.rolled_back[..], &report.stuck[..]), (&[3, 2, 1, 0][..], &[][..]), "{report}");
    assert!(!bench.group().join("a").exists());
    assert_eq!(place_of(&scene.hierarchies, sleeper.key().tid, &was), Some(was));
    assert!(!journal.finish(), "nothing of it stands");
    Ok(())
}

fn crash(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let home = tempfile::tempdir()?;
    let foreign = scene.make("foreign")?;
    let key = GroupKey { hierarchy: scene.hierarchy(), inode: inode(&bench.group().join("foreign")).unwrap() };
    scene.apply(&write(&foreign, scene.weight, "500"))?;
    let mut journal = Writer::create_in(home.path(), "boot", 1)?;
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let (a, b) = (scene.at.child(b"a"), scene.at.child(b"b"));
    let sleeper = Sleeper::start()?;
    scene.apply(&Step::Move {
        task: sleeper.key(),
        scope: Scope::Process,
        from: scene.at.clone(),
        to: foreign.clone(),
    })?;
    let plan = plan(vec![
        Step::MakeGroup { at: a.clone() },
        Step::MakeGroup { at: a.child(b"c") },
        Step::MakeGroup { at: b.clone() },
        Step::Write {
            at: foreign.clone(),
            key: Some(key),
            file: scene.weight.into(),
            data: Box::from(*b"20"),
            prior: Some(Box::from(*b"500")),
            disturbs: Vec::new(),
        },
        Step::Launch { launch: spin(vec![a.child(b"c")]), again: None },
        Step::Move { task: sleeper.key(), scope: Scope::Process, from: foreign.clone(), to: b.clone() },
    ]);
    let mut executor = Kernel { directories: &scene.hierarchies, launcher: &mut supervisor };
    let report = execute(&plan, &[], &mut executor, &mut journal, &scene.hierarchies);
    assert!(report.succeeded(), "{report}");
    // The crash: the lock is free, the supervisor loses its cgrove.
    drop((journal, supervisor));
    let homes = [home.path().to_owned()];
    let intruder = Sleeper::start()?;
    scene.apply(&Step::Move { task: intruder.key(), scope: Scope::Process, from: scene.at.clone(), to: b.clone() })?;
    let dry = cleanup(&homes, "boot", &scene.hierarchies, None);
    let mut launcher = Nobody;
    let mut executor = Kernel { directories: &scene.hierarchies, launcher: &mut launcher };
    let first = cleanup(&homes, "boot", &scene.hierarchies, Some(&mut executor));
    let fates = |cleanup: &cgrove::effect::cleanup::Cleanup| -> Vec<Fate> {
        cleanup.accounts[0].notes.iter().map(|note| note.fate).collect()
    };
    // Newest first: the move, the weight, b with the intruder in it, c, a.
    let expected = [Fate::TakenBack, Fate::TakenBack, Fate::Left, Fate::TakenBack, Fate::TakenBack];
    assert_eq!(fates(&dry), expected, "{dry}");
    assert_eq!(fates(&first), expected, "{first}");
    assert!(first.to_string().contains(&format!("{} (sleep)", intruder.key().tid)), "{first}");
    assert!(!bench.group().join("a").exists() && bench.group().join("b").exists());
    assert_eq!(fs::read_to_string(bench.group().join("foreign").join(scene.weight))?, "500\n");
    assert_eq!(place_of(&scene.hierarchies, sleeper.key().tid, &foreign), Some(foreign));
    drop(intruder);
    let second = cleanup(&homes, "boot", &scene.hierarchies, Some(&mut executor));
    assert_eq!(fates(&second), [Fate::TakenBack], "{second}");
    assert!(!bench.group().join("b").exists());
    assert_eq!(fs::read_dir(home.path())?.count(), 0);
    Ok(())
}

/// An open loop of 30 %, alone in a group of the highest weight, gets what it asks for.
fn duty(bench: &mut Bench) -> Result<(), Failed> {
    let scene = Scene::new(bench)?;
    let mut supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let mut launch = spin(vec![scene.make("a")?]);
    launch.program = Program::Spin(Spin { threads: 1, duty_millionths: 300_000 });
    launch.cpus = Some(CpuSet::one(last_cpu()));
    let process = supervisor.launch(&launch, &scene.hierarchies)?;
    let ran = || -> Result<u64, Failed> {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", process.tid))?;
        Ok(text.split_whitespace().next().ok_or("empty")?.parse()?)
    };
    let (start, before) = (Instant::now(), ran()?);
    std::thread::sleep(Duration::from_secs(3));
    let (passed, after) = (start.elapsed(), ran()?);
    supervisor.end_all()?;
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a few seconds: below 2^53")]
    let share = (after - before) as f64 / passed.as_nanos() as f64;
    if (share - 0.3).abs() > 0.01 {
        return Err(format!("asked for 0.300 of a CPU, got {share:.4}").into());
    }
    Ok(())
}

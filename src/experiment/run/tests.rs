//! A run against a host that is made of numbers: groups are a set, CPU time is a rate.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::fake::{host, snapshot, task};
use super::{Action, End, Ending, Event, Facts, Options, Run};
use crate::experiment::parse::{self, parse};
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::hierarchy::{Device, Hierarchy, Mount, Version};
use crate::model::host::Host;
use crate::model::id::{GroupKey, HierarchyId, TaskKey};
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::model::task::Task;
use crate::model::time::Mono;
use crate::model::workload::{Launch, Program, Workload, WorkloadState};
use crate::plan::intent::{Intent, Needs, Target};
use crate::plan::journal::{Entry, Record, State};
use crate::plan::refusal::{Refusal, Way};
use crate::plan::step::{Outcome, Step};
use crate::plan::survey::{GroupFacts, Limits, Survey};

const FIGURE: &str = include_str!("../../../assets/experiments/figure2.toml");
const MS: u64 = 1_000_000;

/// What the fake host does wrong.
#[derive(Default)]
struct Trouble {
    /// The n-th intent (from 0) is refused.
    refuse: Option<usize>,
    /// The n-th intent fails.
    fail: Option<usize>,
    /// So many undos fail.
    undo_fails: u32,
    /// So many surveys work, then none.
    surveys: Option<u32>,
    /// Groups cannot be made.
    refused: Option<Errno>,
    /// This process ends at this time.
    ends: Option<(usize, u64)>,
    /// The kernel stores another weight.
    stores: Option<&'static str>,
    /// A process appears late, in ms after the launch.
    late: u64,
    /// Another process takes this part of the CPU.
    other: f64,
}

struct Fake {
    facts: Facts,
    trouble: Trouble,
    now: u64,
    groups: BTreeMap<Place, GroupKey>,
    /// Launched processes with their rates in CPUs.
    processes: Vec<(TaskKey, Launch)>,
    /// What each process gets, in CPUs.
    rates: Vec<f64>,
    launched_at: u64,
    journal: BTreeMap<u64, Vec<Step>>,
    intents: Vec<Intent>,
    said: Vec<String>,
    ready: Vec<String>,
    watching: bool,
    inode: u64,
}

impl Fake {
    fn new(version: Version, rates: &[f64]) -> Self {
        let hierarchy = Hierarchy {
            id: HierarchyId(if version == Version::V1 { 4 } else { 0 }),
            version,
            device: Some(Device { major: 0, minor: 30 }),
            controllers: vec!["cpu".into()],
            name: None,
            mounts: vec![Mount {
                id: 40,
                point: b"/sys/fs/cgroup/cpu".as_slice().into(),
                root: b"/".as_slice().into(),
                read_only: false,
                hidden: false,
                options: Vec::new(),
                flags: Vec::new(),
            }],
            own_path: b"/".as_slice().into(),
            namespace_root: None,
            root: None,
        };
        let stage = Place::top(hierarchy.id);
        let facts = Facts {
            host: Arc::new(host()),
            hierarchy,
            stage,
            make_stage: false,
            load: BTreeMap::new(),
            file: "f.toml".into(),
            command: "cgrove verify f.toml".into(),
        };
        Self {
            facts,
            trouble: Trouble::default(),
            now: 0,
            groups: BTreeMap::new(),
            processes: Vec::new(),
            rates: rates.to_vec(),
            launched_at: 0,
            journal: BTreeMap::new(),
            intents: Vec::new(),
            said: Vec::new(),
            ready: Vec::new(),
            watching: false,
            inode: 100,
        }
    }

    fn host(&mut self) -> &mut Host {
        Arc::make_mut(&mut self.facts.host)
    }

    /// Drives a run to its end. Interrupts it before event number `interrupt`.
    fn drive(&mut self, text: &str, options: Options, interrupt: Option<usize>) -> End {
        let experiment = parse(text.as_bytes(), parse::Options::default()).unwrap();
        let (mut run, actions) = Run::start(experiment, options, self.facts.clone());
        let mut actions: std::collections::VecDeque<Action> = actions.into();
        let mut events = 0;
        loop {
            let event = match actions.pop_front() {
                Some(Action::Finished(end)) => {
                    assert!(run.is_over() && actions.is_empty(), "the end is the last action");
                    assert!(run.on(Mono(self.now), Event::Interrupt).is_empty(), "nothing comes after the end");
                    return *end;
                }
                Some(Action::Say(text)) => {
                    self.said.push(text);
                    continue;
                }
                Some(Action::Watch(interest)) => {
                    self.watching = interest.is_some();
                    continue;
                }
                Some(Action::Ready(next)) => {
                    self.ready.push(next);
                    Event::Advance
                }
                Some(Action::Survey(_)) if self.trouble.surveys == Some(0) => {
                    Event::Failed { message: "EIO".into(), entry: None }
                }
                Some(Action::Survey(needs)) => {
                    self.trouble.surveys = self.trouble.surveys.map(|left| left - 1);
                    Event::Surveyed(Box::new(self.survey(&needs)))
                }
                Some(Action::Do(intent)) => self.carry_out(intent),
                None => {
                    assert!(self.watching, "the run waits for nothing: {run:?}");
                    assert!(self.now < 1_000_000 * MS, "the run does not end");
                    self.now += 250 * MS;
                    Event::Sampled(Arc::new(self.snapshot()))
                }
            };
            if interrupt == Some(events) {
                actions.extend(run.on(Mono(self.now), Event::Interrupt));
                actions.extend(run.on(Mono(self.now), Event::Interrupt));
                // What was under way ends all the same; a step that waited does not.
                if matches!(event, Event::Advance | Event::Sampled(_)) {
                    events += 1;
                    continue;
                }
            }
            events += 1;
            self.now += MS;
            actions.extend(run.on(Mono(self.now), event));
        }
    }

    fn run(&mut self, text: &str) -> End {
        self.drive(text, Options::default(), None)
    }

    fn survey(&self, needs: &Needs) -> Survey {
        let facts = |key: GroupKey| GroupFacts {
            key,
            directory: b"/sys/fs/cgroup/cpu".as_slice().into(),
            owner: 0,
            refused: self.trouble.refused,
            closed: None,
            delegated: false,
            children: Vec::new(),
            tasks: Field::Unread,
            processes: Field::Unread,
            files: BTreeMap::new(),
        };
        let top = GroupKey { hierarchy: self.facts.hierarchy.id, inode: 1 };
        let all = self.groups.iter().map(|(place, key)| (place.clone(), *key));
        let groups = all.chain([(Place::top(top.hierarchy), top)]).filter(|(place, _)| needs.groups.contains(place));
        let workload = |(process, launch): &(TaskKey, Launch)| Workload {
            process: *process,
            launch: launch.clone(),
            state: WorkloadState::Running,
        };
        Survey {
            host: self.facts.host.clone(),
            hierarchies: vec![self.facts.hierarchy.clone()],
            controllers: Vec::new(),
            groups: groups.map(|(place, key)| (place, facts(key))).collect(),
            tasks: BTreeMap::new(),
            points: BTreeMap::new(),
            filesystems: Vec::new(),
            mounted: BTreeSet::new(),
            directories: BTreeSet::new(),
            made: BTreeSet::new(),
            workloads: self.processes.iter().map(workload).collect(),
            guarded: BTreeSet::new(),
            guarded_in: BTreeSet::new(),
            border: None,
            limits: Limits::default(),
        }
    }

    fn carry_out(&mut self, intent: Intent) -> Event {
        let number = self.intents.len();
        self.intents.push(intent.clone());
        if self.trouble.refuse == Some(number) {
            let way = Way::new("leave it", Vec::new());
            return Event::Refused(Refusal { title: "cannot".into(), rule: "A rule.".into(), instead: vec![way] });
        }
        if self.trouble.fail == Some(number) {
            return Event::Failed { message: "mkdir: EIO; nothing was done".into(), entry: None };
        }
        let steps = match intent {
            Intent::Create { parent, path, settings, controllers } => {
                assert_eq!(controllers, ["cpu".into()]);
                assert!(parent.is_top() || self.groups.contains_key(&parent), "{parent} is there");
                let at = parent.child(&path);
                self.inode += 1;
                let key = GroupKey { hierarchy: parent.hierarchy, inode: self.inode };
                assert!(self.groups.insert(at.clone(), key).is_none(), "{at} is new");
                let made = Record { step: Step::MakeGroup { at: at.clone() }, state: State::Done(Outcome::Made(key)) };
                let otherwise = self.trouble.stores.map(|text| text.as_bytes().into());
                let writes = settings.into_iter().map(|setting| {
                    let stored = otherwise.clone().unwrap_or_else(|| setting.data.clone());
                    let (file, data) = (setting.file, setting.data);
                    let step = Step::Write { at: at.clone(), key: None, file, data, prior: None, disturbs: Vec::new() };
                    Record { step, state: State::Done(Outcome::Stored(Some(stored))) }
                });
                [made].into_iter().chain(writes).collect()
            }
            Intent::Launch { launches } => {
                self.launched_at = self.now;
                let mut steps = Vec::new();
                for launch in launches {
                    assert!(self.groups.contains_key(&launch.groups[0]), "{} is there", launch.groups[0]);
                    let tid = 1000 + 10 * i32::try_from(self.processes.len()).unwrap();
                    let process = TaskKey { tid, start: 77 };
                    self.processes.push((process, launch.clone()));
                    let state = State::Done(Outcome::Launched(process));
                    steps.push(Record { step: Step::Launch { launch, again: None }, state });
                }
                steps
            }
            Intent::Hold { target: Target::Workloads(_) } => Vec::new(),
            Intent::Undo { entries } => {
                if self.trouble.undo_fails > 0 {
                    self.trouble.undo_fails -= 1;
                    return Event::Failed { message: "rmdir: EBUSY".into(), entry: None };
                }
                assert!(entries.is_sorted_by(|a, b| a > b), "the newest first: {entries:?}");
                for entry in entries {
                    for step in self.journal.remove(&entry).expect("an entry that stands") {
                        match step {
                            Step::MakeGroup { at } => {
                                assert!(!self.groups.keys().any(|g| *g != at && g.is_within(&at)), "{at} has children");
                                self.groups.remove(&at);
                            }
                            Step::Launch { launch, .. } => self.processes.retain(|(_, l)| *l != launch),
                            _ => {}
                        }
                    }
                }
                Vec::new()
            }
            other => panic!("a run does not do this: {other:?}"),
        };
        let number = number as u64 + 1;
        self.journal.insert(number, steps.iter().map(|record: &Record| record.step.clone()).collect());
        let entry = Entry {
            number,
            time_ms: 0,
            title: String::new(),
            shell: Vec::new(),
            steps,
            undone_by: None,
            undoes: Vec::new(),
            trial: None,
        };
        Event::Done(entry)
    }

    fn snapshot(&self) -> Snapshot {
        let mut tasks = Vec::new();
        for (index, (process, launch)) in self.processes.iter().enumerate() {
            if self.trouble.ends.is_some_and(|(ends, at)| ends == index && self.now > at)
                || self.now < self.launched_at + self.trouble.late * MS
            {
                continue;
            }
            let Program::Spin(spin) = launch.program else { panic!("a spin") };
            let rate = self.rates[index] / f64::from(spin.threads);
            for thread in 0..spin.threads {
                let key = TaskKey { tid: process.tid + i32::try_from(thread).unwrap(), start: process.start };
                tasks.push(self.task(key, process.tid, rate, launch.cpus.as_ref().and_then(CpuSet::first)));
            }
        }
        if self.trouble.other > 0.0 {
            tasks.push(self.task(TaskKey { tid: 5, start: 1 }, 5, self.trouble.other, Some(1)));
        }
        snapshot(self.now, tasks)
    }

    /// A task whose counter is read a little after the snapshot began, each at its own time.
    fn task(&self, key: TaskKey, tgid: i32, rate: f64, cpu: Option<u32>) -> Task {
        let read = self.now + u64::from(key.tid.unsigned_abs()) % 7 * MS;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's small numbers")]
        let run_ns = (rate * read as f64) as u64;
        Task { last_cpu: cpu.unwrap_or_default(), ..task(key, tgid, run_ns, read) }
    }

    fn is_clean(&self) -> bool {
        self.groups.is_empty() && self.processes.is_empty()
    }
}

#[test]
fn the_figure_is_built_measured_and_removed() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    let end = fake.run(FIGURE);
    assert_eq!((end.ending, end.code(), end.message.as_str()), (Ending::Measured, 0, ""));
    let report = end.report.unwrap();
    assert_eq!((report.cleaned_up, report.within_tolerance, report.disturbed), (Some(true), Some(true), false));
    assert!(report.max_error_pp.unwrap() < 0.01, "{report:?}");
    assert!((8.0..8.6).contains(&report.seconds), "{}", report.seconds);
    assert_eq!(report.workloads.iter().map(|w| w.pid).collect::<Vec<_>>(), [Some(1000), Some(1010), Some(1020)]);
    let built = report.hierarchy.unwrap();
    assert_eq!((built.version, built.mount.as_str(), built.under.as_str()), (1, "/sys/fs/cgroup/cpu", "/"));
    assert!(fake.is_clean());
    let created: Vec<String> = fake
        .intents
        .iter()
        .filter_map(|intent| match intent {
            Intent::Create { parent, path, settings, .. } => {
                let data = String::from_utf8_lossy(&settings[0].data).into_owned();
                Some(format!("{} {} {data}", parent.child(path), settings[0].file))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        created,
        ["/cg1 cpu.shares 600", "/cg1/cg2 cpu.shares 100", "/cg1/cg3 cpu.shares 200", "/cg4 cpu.shares 200"]
    );
    assert!(matches!(&fake.intents[4], Intent::Launch { launches } if launches.len() == 3));
    assert!(matches!(&fake.intents[5], Intent::Undo { entries } if *entries == [5, 4, 3, 2, 1]));
    assert_eq!(fake.intents.len(), 6);
    let Intent::Launch { launches } = &fake.intents[4] else { unreachable!() };
    assert!(launches.iter().all(|l| l.cpus == Some(CpuSet::one(1))), "the first allowed of two quiet ones");
}

#[test]
fn what_is_said_on_the_way() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.drive(FIGURE, Options { seconds: Some(2.0), ..Options::default() }, None);
    insta::assert_snapshot!(fake.said.join("\n"), @r"
    make cg1: cpu.shares 600
    make cg1/cg2: cpu.shares 100
    make cg1/cg3: cpu.shares 200
    make cg4: cpu.shares 200
    launch 3 workloads on CPU 1
    3 workloads on CPU 1 run; settling 1 s
    measuring 2 s
    measured 1 of 2 s
    taking back 5 changes
    ");
}

#[test]
fn out_of_tolerance_is_exit_1() {
    let mut fake = Fake::new(Version::V1, &[0.3, 0.45, 0.25]);
    let end = fake.run(FIGURE);
    let report = end.report.as_ref().unwrap();
    assert_eq!((end.code(), report.within_tolerance, report.cleaned_up), (1, Some(false), Some(true)));
    assert!((report.max_error_pp.unwrap() - 5.0).abs() < 0.05, "{report:?}");
}

#[test]
fn an_interrupt_at_any_moment_takes_everything_back() {
    let mut endings = BTreeMap::new();
    for step_by_step in [false, true] {
        for at in 0..80 {
            let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
            let options = Options { step_by_step, ..Options::default() };
            let end = fake.drive(FIGURE, options, Some(at));
            assert!(fake.is_clean(), "interrupted before event {at}: {:?}", fake.groups);
            *endings.entry(end.code()).or_insert(0) += 1;
            if end.code() == 130 {
                assert_eq!(end.report, None);
            }
        }
    }
    assert!(endings[&130] > 80, "most of them are interrupts, the rest came too late: {endings:?}");
    assert!(endings.keys().all(|code| [0, 130].contains(code)), "{endings:?}");
}

#[test]
fn an_interrupt_before_anything_was_done_does_nothing() {
    let mut fake = Fake::new(Version::V1, &[]);
    let end = fake.drive(FIGURE, Options::default(), Some(0));
    assert_eq!((end.ending, end.code(), fake.intents.len()), (Ending::Interrupted, 130, 0));
}

#[test]
fn trouble_in_the_middle_takes_back_what_was_done() {
    for at in 0..5 {
        let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
        fake.trouble.fail = Some(at);
        let end = fake.run(FIGURE);
        assert_eq!((end.code(), end.message.as_str()), (4, "mkdir: EIO; nothing was done"), "intent {at}");
        assert!(fake.is_clean() && end.report.is_none());
        let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
        fake.trouble.refuse = Some(at);
        let end = fake.run(FIGURE);
        assert_eq!((end.code(), end.message.as_str()), (3, "cannot: A rule.\n  instead: leave it"), "intent {at}");
        assert!(fake.is_clean());
    }
}

#[test]
fn an_undo_that_fails_is_tried_change_by_change() {
    // At once, then the newest twice.
    for fails in [1, 2, 3] {
        let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
        fake.trouble.undo_fails = fails;
        let end = fake.run(FIGURE);
        assert_eq!((end.code(), end.message.as_str()), (0, ""), "what was overcome is not told");
        assert_eq!((end.report.unwrap().cleaned_up, fake.is_clean()), (Some(true), true));
    }
}

#[test]
fn what_is_left_is_told() {
    // At once, and each of the five changes three times.
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.trouble.undo_fails = 1 + 5 * 3;
    let end = fake.run(FIGURE);
    assert_eq!((fake.trouble.undo_fails, end.code(), end.report.unwrap().cleaned_up), (0, 4, Some(false)));
    assert_eq!(end.message.matches("rmdir: EBUSY").count(), 1, "{}", end.message);
    assert!(end.message.contains("group /cg1/cg2") && end.message.contains("process 1000"), "{}", end.message);
    assert!(end.message.contains("cgrove cleanup"), "{}", end.message);
    // The launch alone cannot be undone: the groups that its processes are not in go all the same.
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.trouble.undo_fails = 1 + 3;
    let end = fake.run(FIGURE);
    assert_eq!(end.code(), 4);
    assert!(fake.groups.is_empty() && end.message.contains("process 1000"), "{}", end.message);
}

#[test]
fn a_host_that_cannot_be_seen_any_more_is_not_called_clean() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.trouble.surveys = Some(1);
    let end = fake.run(FIGURE);
    assert_eq!((end.code(), end.report.unwrap().cleaned_up), (4, Some(false)));
    assert_eq!(end.message, "whether everything is gone could not be seen: EIO");
    let mut fake = Fake::new(Version::V1, &[]);
    fake.trouble.surveys = Some(0);
    let end = fake.run(FIGURE);
    assert_eq!((end.code(), end.message.as_str(), fake.intents.len()), (4, "EIO", 0));
}

#[test]
fn what_the_host_does_not_permit_is_told_before_anything_is_touched() {
    let mut told = String::new();
    let mut tell = |name: &str, fake: &mut Fake, text: &str, options: Options| {
        let end = fake.drive(text, options, None);
        assert!(fake.intents.is_empty(), "{name}: something was touched");
        writeln!(told, "{name}: exit {}\n  {}", end.code(), end.message.replace('\n', "\n  ")).unwrap();
    };
    let v1 = || Fake::new(Version::V1, &[]);
    let mut fake = v1();
    fake.groups.insert(Place::new(fake.facts.hierarchy.id, b"/cg4"), GroupKey { hierarchy: HierarchyId(4), inode: 9 });
    tell("a group exists", &mut fake, FIGURE, Options::default());
    let mut fake = v1();
    fake.trouble.refused = Some(Errno::EACCES);
    fake.host().uid = 1000;
    fake.host().user = "ada".into();
    tell("not permitted", &mut fake, FIGURE, Options::default());
    let mut fake = Fake::new(Version::V2, &[]);
    fake.trouble.refused = Some(Errno::EACCES);
    fake.host().uid = 1000;
    fake.host().user = "ada".into();
    fake.host().systemd = true;
    tell("not permitted, v2 with systemd", &mut fake, FIGURE, Options::default());
    let mut fake = v1();
    fake.trouble.refused = Some(Errno::EROFS);
    tell("read-only mount", &mut fake, FIGURE, Options::default());
    let mut fake = v1();
    fake.facts.hierarchy.mounts.clear();
    tell("not mounted", &mut fake, FIGURE, Options::default());
    let mut fake = v1();
    fake.facts.hierarchy.controllers = vec!["pids".into()];
    tell("another hierarchy", &mut fake, FIGURE, Options::default());
    let mut fake = v1();
    fake.facts.stage = Place::new(HierarchyId(4), b"/lab");
    tell("no stage", &mut fake, FIGURE, Options::default());
    tell("a CPU that is not allowed", &mut v1(), &FIGURE.replace("\"quiet\"", "[0]"), Options::default());
    let mut fake = v1();
    fake.host().capabilities = 0;
    fake.host().uid = 1000;
    fake.host().user = "ada".into();
    tell("negative nice", &mut fake, &format!("{FIGURE}nice = -1\n"), Options::default());
    let beside = include_str!("../../../assets/experiments/tasks-beside-groups.toml");
    tell("another version", &mut Fake::new(Version::V2, &[]), beside, Options::default());
    let inner = beside.replace("version = 1", "");
    tell("tasks in inner groups", &mut Fake::new(Version::V2, &[]), &inner, Options::default());
    let heavy = FIGURE.replace("600", "20000");
    tell("a weight of the other version", &mut Fake::new(Version::V2, &[]), &heavy, Options::default());
    let quota =
        "[[group]]\npath = \"a\"\nquota = 0.2\n[[group]]\npath = \"a/b\"\nquota = 0.5\n[[workload]]\ngroup = \"a/b\"\n";
    tell("quotas that grow downwards", &mut v1(), quota, Options::default());
    tell("no workload", &mut v1(), "[[group]]\npath = \"a\"\n", Options::default());
    insta::assert_snapshot!(told);
}

#[test]
fn conversion_is_said_and_measured_against_what_is_built() {
    let beside = include_str!("../../../assets/experiments/tasks-beside-groups.toml");
    // 1024 and 512 shares are weights 100 and 50: the same ratios. The loop of `a` is last: its leaf comes last.
    let mut fake = Fake::new(Version::V2, &[0.2, 0.2, 0.1, 0.5]);
    let end = fake.drive(beside, Options { convert: true, ..Options::default() }, None);
    assert_eq!(end.code(), 0, "{}", end.message);
    let report = end.report.unwrap();
    let groups: Vec<_> = report.groups.iter().map(|g| (g.path.as_str(), g.weight)).collect();
    assert_eq!(groups, [("a", 100), ("a/c", 100), ("a/d", 50), ("b", 100), ("a/tasks-1", 100)]);
    assert_eq!(report.notes.len(), 5, "four weights and one workload: {:?}", report.notes);
    assert!(fake.is_clean() && fake.said.iter().any(|line| line.contains("a/tasks-1")));
}

#[test]
fn quota_idle_and_other_files_are_written_in_an_order_that_the_kernel_takes() {
    let text = "[[group]]\npath = \"a\"\nweight = 50\nquota = 0.5\nperiod_ms = 20\nidle = true\n[group.set]\n\
                \"cpu.cfs_burst_us\" = \"1000\"\n[[workload]]\ngroup = \"a\"\n";
    for (version, expected) in [
        (Version::V1, "cpu.shares=50 cpu.cfs_period_us=20000 cpu.cfs_quota_us=10000 cpu.idle=1 cpu.cfs_burst_us=1000"),
        (Version::V2, "cpu.weight=50 cpu.max=10000 20000 cpu.idle=1 cpu.cfs_burst_us=1000"),
    ] {
        let mut fake = Fake::new(version, &[0.5]);
        assert_eq!(fake.run(text).code(), 0);
        let Intent::Create { settings, .. } = &fake.intents[0] else { panic!("a group first") };
        let written: Vec<String> =
            settings.iter().map(|s| format!("{}={}", s.file, String::from_utf8_lossy(&s.data))).collect();
        assert_eq!(written.join(" "), expected);
    }
}

#[test]
fn a_weight_that_is_stored_otherwise_ends_the_run() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.trouble.stores = Some("2\n");
    let end = fake.run(FIGURE);
    assert_eq!((end.code(), fake.is_clean()), (4, true));
    assert_eq!(end.message, "cpu.shares of /cg1: 600 was written and the kernel stored 2");
}

#[test]
fn a_busy_host_is_measured_longer_and_named() {
    let mut fake = Fake::new(Version::V1, &[0.025, 0.05, 0.025]);
    fake.trouble.other = 0.8;
    let end = fake.run(FIGURE);
    let report = end.report.unwrap();
    assert!((24.0..24.6).contains(&report.seconds), "three times the time: {}", report.seconds);
    assert!(report.disturbed && (report.capacity.as_ref().unwrap()[&1] - 0.1).abs() < 0.001, "{report:?}");
    assert_eq!(report.beside, ["make\\x1b (process 5) 0.80 CPUs"]);
    assert_eq!(
        (report.within_tolerance, end.ending),
        (Some(true), Ending::Measured),
        "the parts are right all the same"
    );
    let mut fake = Fake::new(Version::V1, &[0.1, 0.2, 0.1]);
    fake.trouble.other = 0.6;
    let seconds = fake.run(FIGURE).report.unwrap().seconds;
    assert!((10.0..10.6).contains(&seconds), "4 CPU-seconds at 0.4 CPUs: {seconds}");
}

#[test]
fn a_workload_that_ends_by_itself_ends_the_run() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.trouble.ends = Some((1, 4_000 * MS));
    let end = fake.run(FIGURE);
    assert_eq!((end.code(), end.message.as_str(), fake.is_clean()), (4, "workloads ended by themselves: 1010", true));
}

#[test]
fn threads_that_are_late_are_waited_for() {
    let text = "[[group]]\npath = \"a\"\n[[workload]]\ngroup = \"a\"\nthreads = 3\n";
    let mut fake = Fake::new(Version::V1, &[1.0]);
    fake.trouble.late = 3_000;
    let end = fake.run(text);
    assert_eq!(end.code(), 0, "{}", end.message);
    assert!((8.0..8.6).contains(&end.report.unwrap().seconds), "measuring begins when they are there");
    let mut fake = Fake::new(Version::V1, &[1.0]);
    fake.trouble.late = 60_000;
    let end = fake.run(text);
    assert_eq!((end.code(), fake.is_clean()), (4, true));
    assert_eq!(end.message, "0 of 3 threads of workload 1000 can be seen after 10 s");
}

#[test]
fn held_workloads_are_held_before_measuring() {
    let text = include_str!("../../../assets/experiments/work-conserving.toml");
    let mut fake = Fake::new(Version::V1, &[0.75, 0.0, 0.25]);
    let end = fake.run(text);
    assert_eq!(end.code(), 0, "{}", end.message);
    let hold = Intent::Hold { target: Target::Workloads(vec![TaskKey { tid: 1010, start: 77 }]) };
    assert_eq!(fake.intents[5], hold);
}

#[test]
fn step_by_step_each_change_waits() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    let end = fake.drive(FIGURE, Options { step_by_step: true, ..Options::default() }, None);
    assert_eq!(end.code(), 0);
    assert_eq!(
        fake.ready,
        [
            "make cg1: cpu.shares 600",
            "make cg1/cg2: cpu.shares 100",
            "make cg1/cg3: cpu.shares 200",
            "make cg4: cpu.shares 200",
            "launch 3 workloads on CPU 1"
        ]
    );
}

#[test]
fn what_is_kept_stays() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    let end = fake.drive(FIGURE, Options { keep: true, ..Options::default() }, None);
    assert_eq!((end.code(), end.report.unwrap().cleaned_up), (0, Some(false)));
    assert_eq!((fake.groups.len(), fake.processes.len()), (4, 3));
}

#[test]
fn a_stage_of_its_own_is_made_and_removed() {
    let mut fake = Fake::new(Version::V1, &[0.25, 0.5, 0.25]);
    fake.facts.stage = Place::new(HierarchyId(4), b"/cgrove.slice");
    fake.facts.make_stage = true;
    let end = fake.run(FIGURE);
    assert_eq!((end.code(), fake.is_clean()), (0, true), "{}", end.message);
    assert_eq!(end.report.unwrap().hierarchy.unwrap().under, "/cgrove.slice");
    assert!(matches!(&fake.intents[0], Intent::Create { path, .. } if **path == *b"cgrove.slice"));
}

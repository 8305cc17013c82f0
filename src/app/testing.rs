//! A small world for tests: frames made by hand, and a runtime that does what it is told to an in-memory host.
//!
//! Nothing here is true of any kernel: weights give RULE, everything else of the split is said by the test.
#![expect(clippy::missing_panics_doc, reason = "a test that asks for what is not there fails")]
#![expect(clippy::too_many_lines, reason = "one arm an intent")]
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::app::command::{Command, Leave};
use crate::app::message::{Message, Report, Token};
use crate::app::setup::Setup;
use crate::app::state::State;
use crate::app::{start, update};
use crate::model::bytes::{Bytes, escape};
use crate::model::cgroup::Cgroup;
use crate::model::cpu_set::CpuSet;
use crate::model::field::Field;
use crate::model::hierarchy::{Controller, Device, Hierarchy, Mode, Mount, Version};
use crate::model::host::Host;
use crate::model::id::{GroupId, GroupKey, HierarchyId, TaskKey, Tid};
use crate::model::mounting::{Mounting, Source};
use crate::model::place::Place;
use crate::model::snapshot::{Cost, File, Files, GroupColumns, GroupRow, Snapshot, TaskColumns};
use crate::model::structure::Structure;
use crate::model::task::{Policy, Task};
use crate::model::time::Mono;
use crate::model::workload::{Workload, WorkloadState};
use crate::plan::intent::{Inside, Intent, Recipients, Scope, Target, What};
use crate::plan::journal::{Entry, Record, State as StepState};
use crate::plan::refusal::{Refusal, Way};
use crate::plan::step::{Confirm, Life, Moved, Outcome, Plan, Scheduled, Signal, Step};
use crate::split::contest::Contest;
use crate::split::ratio::Ratio;
use crate::split::table::{Cause, Demand, Enough, Given, Got, Owed, Restart, Row, Standing, Table, TaskRow, Verdict};

/// The hierarchy with cpu.
pub const CPU: HierarchyId = HierarchyId(1);

/// One second, in nanoseconds.
pub const SECOND: u64 = 1_000_000_000;

/// A group of the world.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its identity.
    pub inode: u64,
    /// Its weight; `None` where the controller is not enabled.
    pub weight: Option<u64>,
    /// Tasks in it.
    pub tasks: Vec<Tid>,
    /// The owner of its directory.
    pub owner: u32,
    /// What the split says, but for RULE and task counts.
    pub split: Option<(Owed, Got, Verdict)>,
}

/// A host in memory.
#[derive(Clone)]
pub struct World {
    /// The host's facts.
    pub host: Host,
    /// Its hierarchies.
    pub hierarchies: Vec<Hierarchy>,
    /// Its groups; the tops are there from the start.
    pub groups: BTreeMap<Place, Group>,
    /// Its tasks.
    pub tasks: BTreeMap<Tid, Task>,
    /// What the split says of tasks.
    pub task_rows: BTreeMap<Tid, (Demand, Owed, Got)>,
    /// Groups into which no move is planned.
    pub closed: BTreeMap<Place, Refusal>,
    /// Files of the group whose files are asked for.
    pub files: Vec<(&'static str, u32, Field<Bytes>)>,
    /// Files of its parent.
    pub files_above: Vec<(&'static str, u32, Field<Bytes>)>,
    /// Values that are refused, by file and text.
    pub refused: BTreeMap<(&'static str, &'static str), Refusal>,
    /// What 100 % is.
    pub contested: Vec<u32>,
    /// What restarted the window.
    pub since: Option<(f64, Option<&'static str>)>,
    /// The clock.
    pub now: Mono,
    /// The journal.
    pub journal: Vec<Entry>,
    /// Groups that were made.
    pub made: Vec<GroupKey>,
    /// Workloads.
    pub workloads: Vec<Workload>,
    /// How the app wanted to leave.
    pub left: Option<Leave>,
    /// Every command that was not a plan, an execution or an interest.
    pub other: Vec<Command>,
    /// Keys pressed.
    pub keys: usize,
    /// How plans are confirmed.
    pub confirm: Confirm,
    /// What plans warn of.
    pub warnings: Vec<String>,
    /// Commands are kept, not done.
    pub slow: bool,
    /// The commands that are kept.
    pub waiting: VecDeque<Command>,
    number: u64,
    generation: u64,
    next_inode: u64,
    next_tid: Tid,
}

/// A hierarchy.
#[must_use]
pub fn hierarchy(id: u32, version: Version, controllers: &[&str], name: Option<&str>, point: &str) -> Hierarchy {
    let mount = Mount {
        id: 30 + id,
        point: point.as_bytes().into(),
        root: (*b"/").into(),
        read_only: false,
        hidden: false,
        options: Vec::new(),
        flags: Vec::new(),
    };
    Hierarchy {
        id: HierarchyId(id),
        version,
        device: Some(Device { major: 0, minor: 30 + id }),
        controllers: controllers.iter().map(|&c| c.into()).collect(),
        name: name.map(|name| name.as_bytes().into()),
        mounts: vec![mount],
        own_path: (*b"/").into(),
        namespace_root: None,
        root: None,
    }
}

impl World {
    /// A v1 host with these hierarchies, each with its top group only.
    #[must_use]
    pub fn new(mode: Mode, hierarchies: Vec<Hierarchy>) -> Self {
        let host = Host {
            name: "lap7".to_owned(),
            release: "6.6.0".to_owned(),
            boot_id: "b007".to_owned(),
            mode,
            pid: 4000,
            ..crate::model::testing::host(4)
        };
        let mut world = Self {
            host,
            hierarchies,
            groups: BTreeMap::new(),
            tasks: BTreeMap::new(),
            task_rows: BTreeMap::new(),
            closed: BTreeMap::new(),
            files: Vec::new(),
            files_above: Vec::new(),
            refused: BTreeMap::new(),
            contested: Vec::new(),
            since: None,
            now: Mono(100 * SECOND),
            journal: Vec::new(),
            made: Vec::new(),
            workloads: Vec::new(),
            left: None,
            other: Vec::new(),
            keys: 0,
            confirm: Confirm::None,
            warnings: Vec::new(),
            slow: false,
            waiting: VecDeque::new(),
            number: 0,
            generation: 1,
            next_inode: 100,
            next_tid: 4241,
        };
        for id in world.hierarchies.iter().map(|h| h.id).collect::<Vec<_>>() {
            world.add(Place::top(id), None);
        }
        world
    }

    /// A v1 host as in the lecture: nothing manages its hierarchies.
    #[must_use]
    pub fn v1() -> Self {
        Self::new(
            Mode::Legacy,
            vec![
                hierarchy(1, Version::V1, &["cpu"], None, "/sys/fs/cgroup/cpu"),
                hierarchy(2, Version::V1, &["cpuacct"], None, "/sys/fs/cgroup/cpuacct"),
                hierarchy(3, Version::V1, &["freezer"], None, "/sys/fs/cgroup/freezer"),
                hierarchy(4, Version::V1, &["memory"], None, "/sys/fs/cgroup/memory"),
                hierarchy(5, Version::V1, &[], Some("systemd"), "/sys/fs/cgroup/systemd"),
            ],
        )
    }

    fn add(&mut self, place: Place, weight: Option<u64>) -> GroupKey {
        let inode = self.next_inode;
        self.next_inode += 1;
        self.generation += 1;
        let key = GroupKey { hierarchy: place.hierarchy, inode };
        self.groups.insert(place, Group { inode, weight, tasks: Vec::new(), owner: 0, split: None });
        key
    }

    /// Adds a group of the cpu hierarchy.
    pub fn group(&mut self, path: &str, weight: u64) -> GroupKey {
        self.add(Place::new(CPU, path.as_bytes()), Some(weight))
    }

    /// Adds a group with any name.
    pub fn group_at(&mut self, place: Place, weight: Option<u64>) -> GroupKey {
        self.add(place, weight)
    }

    /// A group of the cpu hierarchy.
    pub fn at(&mut self, path: &str) -> &mut Group {
        self.groups.get_mut(&Place::new(CPU, path.as_bytes())).unwrap()
    }

    /// Adds a task.
    pub fn task(&mut self, path: &str, comm: &str) -> Tid {
        let tid = self.next_tid;
        self.next_tid += 1;
        self.tasks.insert(
            tid,
            Task {
                key: TaskKey { tid, start: 7 },
                tgid: tid,
                parent: 1,
                comm: comm.as_bytes().into(),
                state: 'R',
                nice: 0,
                policy: Policy::Other,
                rt_priority: 0,
                kernel: false,
                bound: false,
                uid: 0,
                saved_uid: 0,
                last_cpu: 3,
                allowed: Field::new(CpuSet::one(3), self.now),
                sched: Field::Unread,
                autogroup: Field::Absent,
                age: 0,
            },
        );
        self.at(path).tasks.push(tid);
        tid
    }

    /// Says what the split says of a group, in percent of one CPU.
    pub fn says(&mut self, path: &str, owed: f64, got: f64, enough: Enough, because: &str) {
        let got = Got::Cpus { cpus: got / 100.0, plus_minus: 0.008, at_least: false };
        let verdict = Verdict { given: Given::Agrees, enough, because: because.to_owned() };
        self.at(path).split = Some((Owed::Exact(owed / 100.0), got, verdict));
    }

    /// The structure as it is.
    fn structure(&self) -> Structure {
        let mut structure = Structure::default();
        structure.generation = self.generation;
        structure.hierarchies.clone_from(&self.hierarchies);
        for hierarchy in &self.hierarchies {
            let on = |name: &str| Controller { name: name.into(), hierarchy: Some(hierarchy.id), disabled: false };
            structure.controllers.extend(hierarchy.controllers.iter().map(|name| on(name)));
        }
        if structure.carrier("net_cls").is_none() {
            structure.controllers.push(Controller { name: "net_cls".into(), hierarchy: None, disabled: false });
        }
        // Parents come before children: the map is in the order of paths.
        for (place, group) in &self.groups {
            let parent = place.parent().and_then(|parent| {
                let inode = self.groups.get(&parent)?.inode;
                structure.find(GroupKey { hierarchy: place.hierarchy, inode })
            });
            let depth = u16::try_from(place.parts().count()).unwrap();
            let id = structure.insert(Cgroup {
                key: GroupKey { hierarchy: place.hierarchy, inode: group.inode },
                parent,
                children: Vec::new(),
                name: place.name().into(),
                depth,
                owner: group.owner,
                unlisted: None,
            });
            if let Some(parent) = parent {
                structure.group_mut(parent).unwrap().children.push(id);
            } else {
                let h = structure.hierarchies.iter_mut().find(|h| h.id == place.hierarchy).unwrap();
                h.root = Some(id);
            }
        }
        structure
    }

    /// RULE of every group, and the tasks below it.
    fn rules(&self) -> BTreeMap<&Place, (Ratio, usize)> {
        let weight = |group: &Group| u128::from(group.weight.unwrap_or(1024));
        let mut sums: BTreeMap<Place, u128> = BTreeMap::new();
        let mut below: BTreeMap<Place, usize> = BTreeMap::new();
        for (place, group) in &self.groups {
            let above: Vec<Place> = std::iter::successors(place.parent(), Place::parent).collect();
            if let Some(parent) = above.first() {
                *sums.entry(parent.clone()).or_default() += weight(group);
            }
            for place in above {
                *below.entry(place).or_default() += group.tasks.len();
            }
        }
        let mut rules: BTreeMap<&Place, (Ratio, usize)> = BTreeMap::new();
        for (place, group) in &self.groups {
            let rule = match place.parent() {
                None => Ratio::ONE,
                Some(parent) => rules[&parent].0.times(Ratio::new(weight(group), sums[&parent]).unwrap()),
            };
            rules.insert(place, (rule, below.get(place).copied().unwrap_or(0)));
        }
        rules
    }

    /// The contest on CPU 3 of the tasks that the split has rows for.
    fn standing(&self, structure: &Structure) -> Standing {
        let mut contest = Contest::new(BTreeMap::from([(3, 1.0)]));
        let mut groups = vec![None; structure.slots()];
        let mut tasks = Vec::new();
        for (place, group) in self.groups.iter().filter(|(place, _)| place.hierarchy == CPU) {
            let id = structure.at(place).unwrap();
            let parent = place.parent().map(|parent| structure.at(&parent).unwrap());
            #[expect(clippy::cast_precision_loss, reason = "weights are small")]
            let weight = group.weight.unwrap_or(1024) as f64;
            let node = parent.map_or(0, |parent| contest.group(groups[parent.0 as usize].unwrap(), weight, None));
            groups[id.0 as usize] = Some(node);
            for tid in &group.tasks {
                if let Some((Demand::Hungry, ..)) = self.task_rows.get(tid) {
                    tasks.push((self.tasks[tid].key, id, contest.task(node, 1024.0, 1.0, CpuSet::one(3))));
                }
            }
        }
        Standing { contest, groups, tasks }
    }

    /// A frame of the world as it is.
    pub fn frame(&mut self) -> Message {
        self.number += 1;
        let structure = self.structure();
        let mut rows: Vec<(GroupId, &Place, &Group)> =
            self.groups.iter().map(|(place, group)| (structure.at(place).unwrap(), place, group)).collect();
        rows.sort_by_key(|(id, _, _)| *id);
        let rules = self.rules();
        let mut groups = GroupColumns::default();
        let mut table = Table { at: self.now, ..Table::default() };
        let (window, by) = self.since.unwrap_or((0.0, None));
        let window_ns = u64::try_from(std::time::Duration::from_secs_f64(window).as_nanos()).unwrap();
        let since = Mono(self.now.0 - window_ns);
        let causes = by.into_iter().map(|what| Cause { group: None, what: what.to_owned() });
        table.restarts.push(Restart { at: since, causes: causes.collect() });
        for (id, place, group) in &rows {
            groups.push(
                *id,
                GroupRow {
                    weight: group.weight.map_or(Field::Absent, |weight| Field::new(weight, self.now)),
                    tasks: Field::new(group.tasks.clone(), self.now),
                    ..GroupRow::default()
                },
            );
            if place.hierarchy != CPU {
                continue;
            }
            let (rule, below) = rules[place];
            let unknown = Verdict { given: Given::CannotTell, enough: Enough::Unknown, because: String::new() };
            let (expected, measured, verdict) = group.split.clone().unwrap_or((Owed::Unknown, Got::TooEarly, unknown));
            table.groups.insert(
                *id,
                Row {
                    configured: group.weight.or(place.is_top().then_some(0)).map(|_| rule),
                    expected,
                    measured,
                    verdict,
                    since,
                    contested: self.contested.clone(),
                    elsewhere: 0.0,
                    own_tasks: u32::try_from(group.tasks.len()).unwrap(),
                    tasks_below: u32::try_from(below).unwrap(),
                    hungry: 0,
                    wait: None,
                },
            );
            for tid in &group.tasks {
                if let Some((demand, expected, measured)) = self.task_rows.get(tid) {
                    table.tasks.insert(
                        self.tasks[tid].key,
                        TaskRow {
                            group: *id,
                            demand: *demand,
                            expected: *expected,
                            measured: *measured,
                            wait: Some(0.25),
                        },
                    );
                }
            }
        }
        table.standing = Some(Arc::new(self.standing(&structure)));
        let snapshot = Snapshot {
            number: self.number,
            at: self.now,
            host: Arc::new(self.host.clone()),
            structure: Arc::new(structure),
            groups,
            tasks: TaskColumns::new(self.tasks.values().cloned().collect()),
            files: None,
            written: Vec::new(),
            files_above: None,
            notices: Vec::new(),
            cost: Cost::default(),
        };
        Message::Frame { snapshot: Arc::new(snapshot), table: Arc::new(table), now: self.now }
    }

    /// The frame with the files of a group.
    pub fn frame_with_files(&mut self, path: &str) -> Message {
        let Message::Frame { snapshot, table, now } = self.frame() else { unreachable!() };
        let mut snapshot = Arc::unwrap_or_clone(snapshot);
        let group = snapshot.structure.at(&Place::new(CPU, path.as_bytes())).unwrap();
        let list = |files: &[(&str, u32, Field<Bytes>)]| {
            let file = |(name, mode, content): &(&str, u32, Field<Bytes>)| File {
                name: name.as_bytes().into(),
                mode: *mode,
                content: content.clone(),
            };
            Field::new(files.iter().map(file).collect(), self.now)
        };
        snapshot.files = Some(Files { group, entries: list(&self.files) });
        let parent = snapshot.structure.group(group).and_then(|group| group.parent);
        snapshot.files_above = parent.map(|group| Files { group, entries: list(&self.files_above) });
        Message::Frame { snapshot: Arc::new(snapshot), table, now }
    }

    /// A state of this size that has seen this world.
    pub fn state(&mut self, setup: Setup, columns: u16, rows: u16) -> State {
        let mut state = State::new(setup);
        let commands = start(&mut state);
        self.run(&mut state, commands);
        let _ = update(&mut state, Message::Resize { columns, rows });
        let frame = self.frame();
        self.tell(&mut state, frame);
        state
    }

    /// Tells the app something and does what it says.
    pub fn tell(&mut self, state: &mut State, message: Message) {
        let commands = update(state, message);
        self.run(state, commands);
    }

    /// Presses keys, written as text: a character is itself, `<Enter>` and such are keys.
    pub fn press(&mut self, state: &mut State, keys: &str) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|r| r.split_once('>'));
            let (code, control) = match named {
                Some((name, after)) if !name.is_empty() => {
                    rest = after;
                    match name {
                        "Enter" => (KeyCode::Enter, false),
                        "Esc" => (KeyCode::Esc, false),
                        "Up" => (KeyCode::Up, false),
                        "Down" => (KeyCode::Down, false),
                        "Left" => (KeyCode::Left, false),
                        "Right" => (KeyCode::Right, false),
                        "Tab" => (KeyCode::Tab, false),
                        "Bksp" => (KeyCode::Backspace, false),
                        "Del" => (KeyCode::Delete, false),
                        _ => (KeyCode::Char(name.strip_prefix("C-").unwrap().chars().next().unwrap()), true),
                    }
                }
                _ => {
                    rest = &rest[c.len_utf8()..];
                    (KeyCode::Char(c), false)
                }
            };
            self.keys += 1;
            let modifiers = if control { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
            let now = self.now;
            self.tell(state, Message::Key { key: KeyEvent::new(code, modifiers), now });
        }
    }

    /// A mouse event.
    pub fn mouse(&mut self, state: &mut State, kind: MouseEventKind, x: u16, y: u16) {
        let event = MouseEvent { kind, column: x, row: y, modifiers: KeyModifiers::NONE };
        let now = self.now;
        self.tell(state, Message::Mouse { event, now });
        // As the runtime does: what the hand did is drawn before it lets go.
        let _ = state.take_dirty();
    }

    /// Presses the button at one cell, goes to another, lets go.
    pub fn drag(&mut self, state: &mut State, from: (u16, u16), to: (u16, u16)) {
        self.mouse(state, MouseEventKind::Down(MouseButton::Left), from.0, from.1);
        self.mouse(state, MouseEventKind::Drag(MouseButton::Left), to.0, to.1);
        self.mouse(state, MouseEventKind::Up(MouseButton::Left), to.0, to.1);
    }

    /// Does commands, and what comes of them.
    pub fn run(&mut self, state: &mut State, commands: Vec<Command>) {
        for command in commands {
            if self.slow && !matches!(command, Command::Interest(_)) {
                self.waiting.push_back(command);
            } else {
                self.one(state, command);
            }
        }
    }

    /// Does the commands that were kept.
    pub fn catch_up(&mut self, state: &mut State) {
        while let Some(command) = self.waiting.pop_front() {
            self.one(state, command);
        }
    }

    fn one(&mut self, state: &mut State, command: Command) {
        match command {
            Command::Interest(_) => {}
            Command::Plan(token, intent) => {
                let answer = self.plan(&intent);
                self.tell(state, Message::Planned { token, answer });
            }
            Command::Execute(token, plan) => self.execute(state, token, *plan),
            Command::Quit(leave) => self.left = Some(leave),
            other => self.other.push(other),
        }
    }

    fn plan(&self, intent: &Intent) -> Result<Plan, Refusal> {
        let mut shell = Vec::new();
        let (title, steps) = match intent {
            Intent::Create { parent, path, settings, .. } => {
                let mut at = parent.clone();
                let mut steps = Vec::new();
                for part in path.split(|&b| b == b'/').filter(|part| !part.is_empty()) {
                    at = at.child(part);
                    if !self.groups.contains_key(&at) {
                        shell.push(format!("mkdir /sys/fs/cgroup/cpu{at}"));
                        steps.push(Step::MakeGroup { at: at.clone() });
                    }
                }
                for setting in settings {
                    shell.push(format!(
                        "echo {} > /sys/fs/cgroup/cpu{at}/{}",
                        String::from_utf8_lossy(&setting.data),
                        setting.file
                    ));
                    steps.push(Step::Write {
                        at: at.clone(),
                        key: None,
                        file: setting.file.clone(),
                        data: setting.data.clone(),
                        prior: None,
                        disturbs: Vec::new(),
                    });
                }
                (format!("make {at}"), steps)
            }
            Intent::Set { group, setting } => {
                let refused = self
                    .refused
                    .iter()
                    .find(|((file, data), _)| **file == *setting.file && data.as_bytes() == &*setting.data);
                if let Some((_, refusal)) = refused {
                    return Err(refusal.clone());
                }
                let facts = &self.groups[group];
                let data = String::from_utf8_lossy(&setting.data);
                shell.push(format!("echo {data} > /sys/fs/cgroup/cpu{group}/{}", setting.file));
                let step = Step::Write {
                    at: group.clone(),
                    key: Some(GroupKey { hierarchy: group.hierarchy, inode: facts.inode }),
                    file: setting.file.clone(),
                    data: setting.data.clone(),
                    prior: facts.weight.map(|weight| weight.to_string().into_bytes().into()),
                    disturbs: Vec::new(),
                };
                (format!("{} of {group}: {data}", setting.file), vec![step])
            }
            Intent::Rename { group, name } => {
                let key = GroupKey { hierarchy: group.hierarchy, inode: self.groups[group].inode };
                let step = Step::Rename { at: group.clone(), key: Some(key), name: name.clone() };
                (format!("rename {group}"), vec![step])
            }
            Intent::Remove { group, .. } => {
                let below = self.groups.keys().filter(|p| p.parent().as_ref() == Some(group)).count();
                if below > 0 {
                    return Err(Refusal {
                        title: format!("cannot remove {group}"),
                        rule: format!(
                            "rmdir needs a group without tasks and without child groups. {group} has {below} child \
                             groups. (EBUSY)"
                        ),
                        instead: vec![Way::new(
                            "remove them first, the tasks go to /",
                            self.groups
                                .keys()
                                .rev()
                                .filter(|p| p.is_within(group))
                                .map(|p| Intent::Remove { group: p.clone(), inside: Inside::Nothing })
                                .collect(),
                        )],
                    });
                }
                let tasks = self.groups[group].tasks.len();
                if tasks > 0 {
                    let rule = format!("rmdir needs a group without tasks. {group} has {tasks}. (EBUSY)");
                    return Err(Refusal::new(format!("cannot remove {group}"), rule));
                }
                shell.push(format!("rmdir /sys/fs/cgroup/cpu{group}"));
                let key = GroupKey { hierarchy: group.hierarchy, inode: self.groups[group].inode };
                (
                    format!("remove {group}"),
                    vec![Step::RemoveGroup { at: group.clone(), key: Some(key), settings: Vec::new() }],
                )
            }
            Intent::Move { to, .. } if self.closed.contains_key(to) => return Err(self.closed[to].clone()),
            Intent::Move { tasks, to, .. } => {
                let steps = tasks
                    .iter()
                    .map(|&task| {
                        shell.push(format!("echo {} > /sys/fs/cgroup/cpu{to}/cgroup.procs", task.tid));
                        let from = self.groups.iter().find(|(_, group)| group.tasks.contains(&task.tid)).unwrap().0;
                        Step::Move { task, scope: Scope::Process, from: from.clone(), to: to.clone() }
                    })
                    .collect();
                (format!("move {} to {to}", tasks.len()), steps)
            }
            Intent::Launch { launches } => {
                let steps =
                    launches.iter().map(|launch| Step::Launch { launch: launch.clone(), again: None }).collect();
                for launch in launches {
                    let cpu = launch.cpus.as_ref().map(ToString::to_string).unwrap_or_default();
                    shell.push(format!(
                        "sh -c 'echo $$ > /sys/fs/cgroup/cpu{}/cgroup.procs; exec taskset -c {cpu} cgrove spin'",
                        launch.groups[0]
                    ));
                }
                (format!("start {} workloads", launches.len()), steps)
            }
            Intent::Hold { target } | Intent::Resume { target } => {
                let signal = if matches!(intent, Intent::Hold { .. }) { Signal::Stop } else { Signal::Continue };
                let processes: Vec<TaskKey> = match target {
                    Target::Workloads(processes) => processes.clone(),
                    Target::Group(place) => {
                        let groups = self.groups.iter().filter(|(p, _)| p.is_within(place));
                        groups.flat_map(|(_, g)| g.tasks.iter().map(|tid| self.tasks[tid].key)).collect()
                    }
                };
                let word = if signal == Signal::Stop { "STOP" } else { "CONT" };
                let steps = processes
                    .iter()
                    .map(|&process| {
                        shell.push(format!("kill -{word} {}", process.tid));
                        Step::Signal { process, signal }
                    })
                    .collect();
                (if signal == Signal::Stop { "hold" } else { "resume" }.to_owned(), steps)
            }
            Intent::Mount { what, at } => {
                let (hierarchy, data) = match what {
                    What::Existing(id) => (Some(*id), b"cpu".to_vec()),
                    What::Named(name) => (None, [b"none,name=", &**name].concat()),
                    What::Controllers { controllers, .. } => (None, controllers.join(",").into_bytes()),
                };
                let source = Source::V1 { data: data.into() };
                let mounting = Mounting { hierarchy, source, point: at.clone(), options: Vec::new() };
                shell.push(format!("mount -t cgroup -o {} cgroup {}", mounting.source.words(), escape(at)));
                (format!("mount {}", mounting.source.words()), vec![Step::Mount { mounting }])
            }
            Intent::Unmount { hierarchy, point, lazy } => {
                let found = self.hierarchies.iter().find(|h| h.id == *hierarchy).unwrap();
                let mount = found.mounts.iter().find(|mount| mount.point == *point).unwrap();
                let mounting = Mounting::of(found, mount);
                shell.push(format!("umount {}", escape(point)));
                let ends = found.mounts.len() == 1;
                let step = Step::Unmount { mounting, ends, lazy: *lazy, settings: Vec::new() };
                (format!("unmount {}", found.label()), vec![step])
            }
            Intent::Stop { processes } => {
                let steps = processes.iter().map(|&process| Step::Signal { process, signal: Signal::Kill }).collect();
                ("end workloads".to_owned(), steps)
            }
            Intent::Signal { to: Recipients::Processes(processes), signal, .. } => {
                let steps = processes.iter().map(|&process| Step::Signal { process, signal: *signal }).collect();
                shell.extend(processes.iter().map(|process| format!("kill -{} {}", signal.name(), process.tid)));
                (format!("send SIG{}", signal.name()), steps)
            }
            Intent::Signal { to: Recipients::Group { group, .. }, signal, .. } => {
                let processes = self.groups[group].tasks.iter().map(|tid| self.tasks[tid].key);
                let steps = processes.map(|process| Step::Signal { process, signal: *signal }).collect();
                (format!("send SIG{} to {group}", signal.name()), steps)
            }
            Intent::KillAll { group } => {
                (format!("kill all in {group}"), vec![Step::KillAll { at: group.clone(), key: None }])
            }
            Intent::Schedule { tasks, scope, to } => {
                let mut steps = Vec::new();
                for &task in tasks {
                    for to in to {
                        shell.push(format!("# {to} of {}", task.tid));
                        let prior = to.of(&self.tasks[&task.tid]);
                        steps.push(Step::Schedule { task, scope: *scope, to: to.clone(), prior });
                    }
                }
                ("set scheduling".to_owned(), steps)
            }
            Intent::Together { title, intents } => {
                // Each is planned on the world as the ones before it will leave it.
                let mut after = self.clone();
                let mut steps = Vec::new();
                for intent in intents {
                    let part = after.plan(intent)?;
                    for step in &part.steps {
                        after.apply(step);
                    }
                    shell.extend(part.shell);
                    steps.extend(part.steps);
                }
                (title.clone(), steps)
            }
            Intent::Undo { entries } => {
                let mut steps = Vec::new();
                for number in entries {
                    let entry = self.journal.iter().find(|entry| entry.number == *number).unwrap();
                    steps.extend(entry.steps.iter().rev().filter_map(inverse));
                }
                shell.push(format!("# undo {} steps", steps.len()));
                (format!("undo {} changes", entries.len()), steps)
            }
        };
        Ok(Plan {
            title,
            steps,
            shell,
            warnings: self.warnings.clone(),
            owned: Vec::new(),
            confirm: self.confirm,
            foreign: self.confirm == Confirm::Foreign,
            irrevocable: None,
        })
    }

    fn execute(&mut self, state: &mut State, token: Token, plan: Plan) {
        let undoes = plan.title.starts_with("undo");
        let number = self.journal.len() as u64 + 1;
        let steps: Vec<Record> = plan
            .steps
            .into_iter()
            .map(|step| {
                let outcome = self.apply(&step);
                Record { step, state: StepState::Done(outcome) }
            })
            .collect();
        let mut undone = Vec::new();
        if undoes {
            let newest_first: Vec<usize> = (0..self.journal.len())
                .rev()
                .filter(|&n| self.journal[n].undone_by.is_none() && self.journal[n].undoes.is_empty())
                .collect();
            let count: usize = plan.title.split(' ').nth(1).unwrap().parse().unwrap();
            for n in newest_first.into_iter().take(count) {
                self.journal[n].undone_by = Some(number);
                undone.push(self.journal[n].number);
            }
        }
        let entry = Entry {
            number,
            time_ms: self.now.0 / 1_000_000,
            title: plan.title,
            shell: plan.shell,
            steps,
            undone_by: None,
            undoes: undone,
            trial: None,
        };
        self.journal.push(entry.clone());
        let journal = Arc::from(self.journal.clone());
        self.tell(state, Message::Journal(journal));
        let made = Arc::from(self.made.clone());
        self.tell(state, Message::Made(made));
        let workloads = Arc::from(self.workloads.clone());
        self.tell(state, Message::Workloads(workloads));
        self.tell(
            state,
            Message::Done { token, report: Report { entry: Some(entry), problem: None, instead: Vec::new() } },
        );
        let frame = self.frame();
        self.tell(state, frame);
    }

    fn mount(&mut self, mounting: &Mounting) -> Outcome {
        let point = String::from_utf8(mounting.point.to_vec()).unwrap();
        let mut new = hierarchy(20, Version::V1, &[], Some("new"), &point);
        let id = mounting.hierarchy.unwrap_or(new.id);
        if let Some(found) = self.hierarchies.iter_mut().find(|h| h.id == id) {
            found.mounts.append(&mut new.mounts);
            self.generation += 1;
            let inode = self.groups[&Place::top(id)].inode;
            return Outcome::Mounted { top: GroupKey { hierarchy: id, inode }, new: false };
        }
        let (controllers, name) = mounting.source.v1_parts(|word| word == "net_cls");
        (new.controllers, new.name) = (controllers, name);
        self.hierarchies.push(new);
        let top = self.add(Place::top(id), None);
        Outcome::Mounted { top, new: true }
    }

    fn apply(&mut self, step: &Step) -> Outcome {
        match step {
            Step::MakeGroup { at } => {
                let key = self.add(at.clone(), Some(1024));
                self.made.push(key);
                Outcome::Made(key)
            }
            Step::RemoveGroup { at, .. } => {
                let group = self.groups.remove(at).unwrap();
                assert!(group.tasks.is_empty(), "rmdir of {at}, which has tasks");
                self.generation += 1;
                self.made.retain(|key| key.inode != group.inode);
                Outcome::Removed
            }
            Step::Write { at, file, data, .. } => {
                assert!(matches!(&**file, "cpu.shares" | "cpu.weight"), "{file}");
                let asked: u64 = std::str::from_utf8(data).unwrap().parse().unwrap();
                let stored = asked.clamp(2, 262_144);
                self.groups.get_mut(at).unwrap().weight = Some(stored);
                Outcome::Stored(Some(stored.to_string().into_bytes().into()))
            }
            Step::Move { task, from, to, .. } => {
                self.groups.get_mut(from).unwrap().tasks.retain(|&tid| tid != task.tid);
                self.groups.get_mut(to).unwrap().tasks.push(task.tid);
                Outcome::Moved(vec![Moved { task: *task, from: from.clone(), now: to.clone(), at: 0 }])
            }
            Step::Schedule { task, to, .. } => {
                let task = self.tasks.get_mut(&task.tid).unwrap();
                let was = to.of(task).unwrap();
                to.put(task);
                Outcome::Scheduled(vec![Scheduled { task: task.key, was, now: to.clone() }])
            }
            Step::Drain { .. } => Outcome::Moved(Vec::new()),
            Step::KillAll { .. } => Outcome::Killed(Vec::new()),
            Step::Rename { .. } => Outcome::Renamed,
            Step::MakeDirectory { .. } => Outcome::DirectoryMade,
            Step::RemoveDirectory { .. } => Outcome::DirectoryRemoved,
            Step::Mount { mounting } => self.mount(mounting),
            Step::Unmount { mounting, ends, .. } => {
                let id = mounting.hierarchy.unwrap();
                self.generation += 1;
                let found = self.hierarchies.iter_mut().find(|h| h.id == id).unwrap();
                found.mounts.retain(|mount| mount.point != mounting.point);
                if *ends {
                    self.hierarchies.retain(|h| h.id != id);
                    self.groups.retain(|place, _| place.hierarchy != id);
                }
                Outcome::Unmounted(if *ends { Life::Gone } else { Life::Mounted })
            }
            Step::Launch { launch, .. } => {
                let path = launch.groups[0].to_string();
                let tid = self.task(&path, "spin");
                self.tasks.get_mut(&tid).unwrap().allowed =
                    Field::new(launch.cpus.clone().unwrap_or_default(), self.now);
                let process = self.tasks[&tid].key;
                self.workloads.push(Workload { process, launch: launch.clone(), state: WorkloadState::Running });
                Outcome::Launched(process)
            }
            Step::Signal { process, signal } => {
                match signal {
                    Signal::Stop => self.tasks.get_mut(&process.tid).unwrap().state = 'T',
                    Signal::Continue => self.tasks.get_mut(&process.tid).unwrap().state = 'R',
                    _ => {
                        self.tasks.remove(&process.tid);
                        self.groups.values_mut().for_each(|g| g.tasks.retain(|&tid| tid != process.tid));
                        self.workloads.retain(|w| w.process != *process);
                    }
                }
                let held = |g: &Group, tasks: &BTreeMap<Tid, Task>| {
                    !g.tasks.is_empty() && g.tasks.iter().all(|tid| tasks[tid].state == 'T')
                };
                let tasks = self.tasks.clone();
                for group in self.groups.values_mut() {
                    let enough = if held(group, &tasks) { Enough::Held } else { Enough::Unknown };
                    let verdict = Verdict { given: Given::CannotTell, enough, because: String::new() };
                    group.split = Some((Owed::Unknown, Got::TooEarly, verdict));
                }
                Outcome::Signalled
            }
        }
    }
}

/// The step that takes a done one back.
fn inverse(record: &Record) -> Option<Step> {
    let StepState::Done(outcome) = &record.state else { return None };
    Some(match (&record.step, outcome) {
        (Step::MakeGroup { at }, Outcome::Made(key)) => {
            Step::RemoveGroup { at: at.clone(), key: Some(*key), settings: Vec::new() }
        }
        (Step::Write { at, key, file, prior: Some(prior), .. }, _) => Step::Write {
            at: at.clone(),
            key: *key,
            file: file.clone(),
            data: prior.clone(),
            prior: None,
            disturbs: Vec::new(),
        },
        (Step::Move { task, scope, from, to }, _) => {
            Step::Move { task: *task, scope: *scope, from: to.clone(), to: from.clone() }
        }
        (Step::Launch { .. }, Outcome::Launched(process)) => Step::Signal { process: *process, signal: Signal::Kill },
        (Step::Signal { process, signal: Signal::Stop }, _) => {
            Step::Signal { process: *process, signal: Signal::Continue }
        }
        (Step::Signal { process, signal: Signal::Continue }, _) => {
            Step::Signal { process: *process, signal: Signal::Stop }
        }
        _ => return None,
    })
}

/// The lecture's second figure on a v1 host, a loop in each leaf, all three on CPU 3.
#[must_use]
pub fn figure() -> World {
    let mut world = World::v1();
    world.contested = vec![3];
    world.since = Some((5.0, None));
    world.group("/cg1", 600);
    world.group("/cg1/cg2", 100);
    world.group("/cg1/cg3", 200);
    world.group("/cg4", 200);
    for path in ["/cg1/cg2", "/cg1/cg3", "/cg4"] {
        let tid = world.task(path, "spin");
        let part = match path {
            "/cg1/cg3" => 0.5,
            _ => 0.25,
        };
        let got = Got::Cpus { cpus: part, plus_minus: 0.008, at_least: false };
        world.task_rows.insert(tid, (Demand::Hungry, Owed::Exact(part), got));
    }
    world.says("/", 100.0, 99.6, Enough::Enough, "The top of the hierarchy: everything that CPU 3 has.");
    world.says("/cg1", 75.0, 74.8, Enough::Short, "Owed now 3/4.");
    world.says(
        "/cg1/cg2",
        25.0,
        24.9,
        Enough::Short,
        "cg2 by weight: 100 of 300 in cg1 (1/3) x 600 of 800 in / (3/4) = 1/4. Everybody wants the CPU, so that is what \
         it is owed. It wants more: its loop waited 75 % of the time.",
    );
    world.says("/cg1/cg3", 50.0, 49.9, Enough::Short, "cg3 by weight: 200 of 300 in cg1 (2/3) x 3/4 = 1/2.");
    world.says("/cg4", 25.0, 24.9, Enough::Short, "cg4 by weight: 200 of 800 in / = 1/4.");
    world
}

/// The figure with cg3 held: its half goes to cg2.
#[must_use]
pub fn figure_held() -> World {
    let mut world = figure();
    world.since = Some((9.0, Some("hold cg3")));
    world.says(
        "/cg1/cg2",
        75.0,
        74.9,
        Enough::Short,
        "Owed now 3/4: cg3 wants nothing (held); its 2/3 of cg1 goes to its siblings first.",
    );
    world.says("/cg1/cg3", 0.0, 0.0, Enough::Held, "cg3 is held: it wants nothing.");
    let tid = world.at("/cg1/cg3").tasks[0];
    world.tasks.get_mut(&tid).unwrap().state = 'T';
    let got = Got::Cpus { cpus: 0.0, plus_minus: 0.008, at_least: false };
    world.task_rows.insert(tid, (Demand::Held, Owed::Exact(0.0), got));
    world
}

/// The figure where cg4 takes nothing.
#[must_use]
pub fn closed() -> World {
    let mut world = figure();
    let way = Intent::Create {
        parent: Place::new(CPU, b"/cg4"),
        path: b"leaf".as_slice().into(),
        settings: Vec::new(),
        controllers: Vec::new(),
    };
    let refusal = Refusal::new(
        "cannot move it to cg4",
        "cpuset.cpus of cg4 is empty, and a cpuset without CPUs takes no task. (ENOSPC)",
    )
    .way("set cpuset.cpus to 0-1 as in the parent, then go on", vec![way]);
    world.closed.insert(Place::new(CPU, b"/cg4"), refusal);
    world
}

/// A setup whose stage is the top of the cpu hierarchy, as on a v1 host.
#[must_use]
pub fn setup() -> Setup {
    Setup { stage: Some(Place::top(CPU)), ..Setup::default() }
}

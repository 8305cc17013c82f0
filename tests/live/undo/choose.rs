//! Random intents, from what there is.

use super::chaos::THEIRS;
use super::look;
use super::values::{self, pick};
use crate::random::Random;
use cgrove::model::bytes::Bytes;
use cgrove::model::hierarchy::{Hierarchy, Version};
use cgrove::model::id::TaskKey;
use cgrove::model::place::Place;
use cgrove::model::workload::{Launch, Program, Spin};
use cgrove::plan::intent::{Inside, Intent, Scope, Setting, Target};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A part of a hierarchy as the player sees it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Where the hierarchy is mounted.
    pub(crate) mount: PathBuf,
    /// The trial's group in it.
    pub(crate) directory: PathBuf,
    /// The hierarchy.
    pub(crate) hierarchy: Hierarchy,
}

impl Field {
    /// The place of a directory in it.
    pub(crate) fn place(&self, directory: &Path) -> Place {
        let below = directory.strip_prefix(&self.mount).unwrap_or(directory);
        Place::new(self.hierarchy.id, &[b"/", below.as_os_str().as_bytes()].concat())
    }

    fn is_v1(&self) -> bool {
        self.hierarchy.version == Version::V1
    }
}

/// The group and all below it, parents first, sorted by name.
pub(crate) fn groups(directory: &Path) -> Vec<PathBuf> {
    let mut all = vec![directory.to_owned()];
    let mut next = 0;
    while let Some(group) = all.get(next).cloned() {
        let below = fs::read_dir(&group).into_iter().flatten().flatten();
        let mut names: Vec<PathBuf> =
            below.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect();
        names.sort();
        all.extend(names);
        next += 1;
    }
    all
}

/// The files of a group that can be written, sorted.
pub(crate) fn files(group: &Path) -> Vec<String> {
    let writable = |entry: &fs::DirEntry| {
        entry.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o222 != 0)
    };
    let entries = fs::read_dir(group).into_iter().flatten().flatten().filter(writable);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// One of the kinds of intents, on one of the fields.
pub(crate) fn intent(random: &mut Random, fields: &[Field], workloads: &[TaskKey], shared: bool) -> Option<Intent> {
    let field = pick(random, fields);
    let mut groups = groups(&field.directory);
    groups.retain(|group| !group.to_string_lossy().contains(THEIRS));
    if shared {
        // What is set in or done to the group that holds all would be done to everybody.
        groups.remove(0);
    }
    if groups.len() < 2 {
        return None;
    }
    let below = &groups[usize::from(!shared)..];
    let any = |random: &mut Random| field.place(pick::<PathBuf>(random, &groups));
    Some(match random.within(0, 99) {
        0..15 => create(random, field, &groups),
        15..27 => {
            let inside = if random.one_in(3) { Inside::Nothing } else { Inside::Move };
            Intent::Remove { group: field.place(some::<PathBuf>(random, below)?), inside }
        }
        27..33 => Intent::Rename { group: field.place(some::<PathBuf>(random, below)?), name: name(random) },
        33..68 => set(random, field, &groups)?,
        68..83 => moved(random, field, &groups)?,
        83..87 => Intent::Hold { target: Target::Group(any(random)) },
        87..91 => Intent::Resume { target: Target::Group(any(random)) },
        91..94 => Intent::Launch { launches: vec![launch(random, fields)] },
        94 => Intent::Hold { target: Target::Workloads(vec![*some(random, workloads)?]) },
        95 => Intent::Resume { target: Target::Workloads(vec![*some(random, workloads)?]) },
        96..98 => Intent::Stop { processes: vec![*some(random, workloads)?] },
        _ => {
            let intents =
                (0..random.within(2, 4)).filter_map(|_| self::intent(random, fields, workloads, shared)).collect();
            Intent::Together { title: "several".to_owned(), intents }
        }
    })
}

fn some<'a, T>(random: &mut Random, list: &'a [T]) -> Option<&'a T> {
    if list.is_empty() { None } else { Some(pick(random, list)) }
}

fn name(random: &mut Random) -> Bytes {
    let names: &[&[u8]] = &[b"a", b"b", b"c", b"d", b"g", b"h", b"i j", b"k\xff", b"web"];
    (*pick(random, names)).into()
}

fn setting(random: &mut Random, group: &Path) -> Option<Setting> {
    let files = files(group);
    let settings: Vec<&String> =
        files.iter().filter(|file| values::value(&mut Random::new(1), file).is_some()).collect();
    let file = *some(random, &settings)?;
    let data = values::value(random, file)?;
    Some(Setting { file: file.as_str().into(), data: data.into_bytes().into() })
}

fn create(random: &mut Random, field: &Field, groups: &[PathBuf]) -> Intent {
    let parent = pick(random, groups);
    let mut path = name(random).to_vec();
    for _ in 0..random.within(0, 2) {
        path.push(b'/');
        path.extend_from_slice(&name(random));
    }
    // The files of a sibling or of the parent are what a new group is likely to have.
    let settings = (0..random.within(0, 3)).filter_map(|_| setting(random, parent)).collect();
    let controllers: &[&str] = &["cpu", "memory", "pids", "cpuset", "io"];
    let controllers =
        if field.is_v1() || random.one_in(2) { Vec::new() } else { vec![(*pick(random, controllers)).into()] };
    Intent::Create { parent: field.place(parent), path: path.into(), settings, controllers }
}

fn set(random: &mut Random, field: &Field, groups: &[PathBuf]) -> Option<Intent> {
    // Not in the trial's own group: what stands below it is what is compared, and a limit there would bind all.
    let group = if random.one_in(8) { &groups[0] } else { some(random, &groups[1..])? };
    Some(Intent::Set { group: field.place(group), setting: setting(random, group)? })
}

fn moved(random: &mut Random, field: &Field, groups: &[PathBuf]) -> Option<Intent> {
    let all: Vec<TaskKey> = groups.iter().flat_map(|group| keys(group)).collect();
    let tasks = (0..random.within(1, 3)).filter_map(|_| some(random, &all).copied()).collect::<Vec<_>>();
    if tasks.is_empty() {
        return None;
    }
    let scope = if random.one_in(3) { Scope::Thread } else { Scope::Process };
    Some(Intent::Move { tasks, to: field.place(pick::<PathBuf>(random, groups)), scope })
}

/// The tasks of a group, in the order in which they started: the same in every run with the same seed.
fn keys(group: &Path) -> Vec<TaskKey> {
    let tasks = look::tasks(group).unwrap_or_default();
    let mut keys: Vec<TaskKey> = tasks
        .iter()
        .filter_map(|task| {
            let (tid, start) = task.split_once('@')?;
            Some(TaskKey { tid: tid.parse().ok()?, start: start.parse().ok()? })
        })
        .collect();
    keys.sort_unstable_by_key(|key| (key.start, key.tid));
    keys
}

fn launch(random: &mut Random, fields: &[Field]) -> Launch {
    let mut places = Vec::new();
    for field in fields {
        if random.one_in(2) {
            let groups = groups(&field.directory);
            places.push(field.place(pick::<PathBuf>(random, &groups)));
        }
    }
    // A loop that wants next to nothing: a command that was stopped does not come back as it was.
    let program = if random.one_in(3) {
        Program::Command([&b"sleep"[..], b"1000"].map(Bytes::from).to_vec())
    } else {
        Program::Spin(Spin { threads: 1, duty_millionths: 1000 })
    };
    Launch { groups: places, program, cpus: None, nice: 0 }
}

//! Fresh facts for planning one intent: exactly what its [`Needs`] name, read now, through nothing that is cached.
//!
//! `made`, `workloads` and `limits` of the [`Survey`] are left empty: the kernel does not know them, `effect` does.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::bytes::Bytes;
use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::host::Host;
use crate::model::id::{GroupKey, HierarchyId, Pid, TaskKey, Tid};
use crate::model::manager::is_unit;
use crate::model::place::Place;
use crate::model::survey::{GroupFacts, Limits, Needs, Survey, TaskFacts};
use crate::parse::number::digits;
use crate::parse::{ids, membership, stat};

use super::delegation::is_delegated;
use super::discover::{Discovery, discover};
use super::error::{Error, MOST};
use super::fs::{Fs, Kind};
use super::values::{parsed, refused};
use super::{files, guarded, host, paths, tasks};

mod points;

/// Looks at what `needs` name, on a host discovered afresh.
///
/// # Errors
/// As [`discover`]: everything smaller is in the facts themselves, and what does not exist is not in the survey.
pub fn survey(fs: &dyn Fs, needs: &Needs) -> Result<Survey, Error> {
    let discovery = discover(fs)?;
    let host = host::host(fs, discovery.mode)?;
    Ok(survey_of(fs, needs, Arc::new(host), &discovery))
}

/// As [`survey`], on a host that is known already.
#[must_use]
pub fn survey_of(fs: &dyn Fs, needs: &Needs, host: Arc<Host>, discovery: &Discovery) -> Survey {
    let mut survey = Survey {
        guarded: guarded::guarded(fs, host.pid),
        guarded_in: BTreeSet::new(),
        border: border(&host, &discovery.hierarchies),
        host,
        hierarchies: discovery.hierarchies.clone(),
        controllers: discovery.controllers.clone(),
        groups: BTreeMap::new(),
        tasks: BTreeMap::new(),
        points: BTreeMap::new(),
        filesystems: Vec::new(),
        mounted: BTreeSet::new(),
        directories: BTreeSet::new(),
        made: BTreeSet::new(),
        workloads: Vec::new(),
        limits: Limits::default(),
    };
    if !needs.points.is_empty() {
        survey.filesystems = points::filesystems(fs);
        survey.points =
            needs.points.iter().map(|path| (path.clone(), points::point(fs, path, survey.host.pid))).collect();
    }
    let mut reader = Reader { fs, hierarchies: &discovery.hierarchies };
    let hangs_on: Vec<Pid> = survey.guarded.iter().copied().filter(|&pid| pid != 1).collect();
    survey.guarded_in =
        hangs_on.into_iter().filter_map(|pid| reader.places(pid)).flat_map(BTreeMap::into_values).collect();
    for place in &needs.groups {
        reader.with_ancestors(place, &mut survey.groups);
    }
    for place in &needs.subtrees {
        reader.with_ancestors(place, &mut survey.groups);
        reader.below(place, &mut survey.groups);
    }
    for place in &needs.children_of {
        reader.with_ancestors(place, &mut survey.groups);
        reader.children_of(place, &mut survey.groups);
    }
    let named =
        needs.groups.iter().chain(survey.groups.keys().filter(|at| needs.subtrees.iter().any(|top| at.is_within(top))));
    let named_tasks: BTreeSet<Tid> = needs.tasks.iter().copied().collect();
    let mut tids = named_tasks.clone();
    tids.extend(named.filter_map(|at| survey.groups.get(at)?.tasks.value()).flatten());
    for &tid in &tids {
        reader.with_threads(tid, needs.tasks.contains(&tid), &mut survey.tasks);
    }
    for &tid in if needs.whereabouts { &tids } else { &named_tasks } {
        let at: Vec<Place> =
            survey.tasks.get(&tid).map(|facts| facts.groups.values().cloned().collect()).unwrap_or_default();
        for place in &at {
            reader.with_ancestors(place, &mut survey.groups);
        }
    }
    survey
}

/// See [`Survey::border`]. Only v2 has it, and only outside of the initial cgroup namespace.
fn border(host: &Host, hierarchies: &[Hierarchy]) -> Option<Place> {
    let hierarchy = hierarchies.iter().find(|h| h.version == Version::V2)?;
    let mount = hierarchy.best_mount()?;
    let delegates = mount.flags.iter().any(|flag| **flag == *b"nsdelegate");
    if !delegates || host.in_cgroup_namespace != Some(true) {
        return None;
    }
    paths::place(hierarchy, b"/")
}

struct Reader<'a> {
    fs: &'a dyn Fs,
    hierarchies: &'a [Hierarchy],
}

impl Reader<'_> {
    fn directory(&self, place: &Place) -> Option<(&Hierarchy, Vec<u8>)> {
        let hierarchy = self.hierarchies.iter().find(|h| h.id == place.hierarchy)?;
        Some((hierarchy, paths::directory(hierarchy, place)?))
    }

    fn with_ancestors(&self, place: &Place, groups: &mut BTreeMap<Place, GroupFacts>) {
        let mut at = Some(place.clone());
        while let Some(place) = at {
            at = place.parent();
            if !groups.contains_key(&place)
                && let Some(facts) = self.group(&place)
            {
                groups.insert(place, facts);
            }
        }
    }

    /// The facts of a task, and with `threads` those of all threads of its process.
    fn with_threads(&mut self, tid: Tid, threads: bool, tasks: &mut BTreeMap<Tid, TaskFacts>) {
        let Some(facts) = tasks.get(&tid).cloned().or_else(|| self.task(tid)) else { return };
        if threads {
            for thread in &facts.threads {
                if !tasks.contains_key(&thread.tid)
                    && let Some(facts) = self.task(thread.tid)
                {
                    tasks.insert(thread.tid, facts);
                }
            }
        }
        tasks.insert(tid, facts);
    }

    fn below(&self, top: &Place, groups: &mut BTreeMap<Place, GroupFacts>) {
        let mut pending = vec![top.clone()];
        while let Some(place) = pending.pop() {
            let facts = match groups.get(&place) {
                Some(facts) => facts,
                None => match self.group(&place) {
                    Some(facts) => groups.entry(place.clone()).or_insert(facts),
                    None => continue,
                },
            };
            pending.extend(facts.children.iter().map(|name| place.child(name)));
        }
    }

    fn children_of(&self, place: &Place, groups: &mut BTreeMap<Place, GroupFacts>) {
        let Some(names) = groups.get(place).map(|facts| facts.children.clone()) else { return };
        for child in names.iter().map(|name| place.child(name)) {
            if !groups.contains_key(&child)
                && let Some(facts) = self.group(&child)
            {
                groups.insert(child, facts);
            }
        }
    }

    /// The facts of a group; `None` if it does not exist.
    fn group(&self, place: &Place) -> Option<GroupFacts> {
        let (hierarchy, directory) = self.directory(place)?;
        let stat = self.fs.stat(&directory).ok().filter(|stat| stat.kind == Kind::Directory)?;
        let list = if hierarchy.version == Version::V2 { "cgroup.threads" } else { "tasks" };
        Some(GroupFacts {
            key: GroupKey { hierarchy: hierarchy.id, inode: stat.inode },
            owner: stat.uid,
            refused: self.fs.may_write(&directory).err(),
            closed: self
                .fs
                .may_write(&paths::join(&directory, b"cgroup.procs"))
                .err()
                .filter(|errno| matches!(*errno, Errno::EACCES | Errno::EPERM | Errno::EROFS)),
            delegated: self.delegated(place, &directory),
            children: self.children(&directory),
            tasks: self.ids(&directory, list),
            processes: self.ids(&directory, "cgroup.procs"),
            files: self.files(&directory),
            directory: directory.into_boxed_slice(),
        })
    }

    /// Whether systemd has handed the group over; asked only where it could have.
    fn delegated(&self, place: &Place, directory: &[u8]) -> bool {
        is_unit(place.name()) && is_delegated(self.fs, place, directory)
    }

    fn children(&self, directory: &[u8]) -> Vec<Bytes> {
        let entries = self.fs.list(directory).unwrap_or_default();
        let directories = entries.into_iter().filter(|entry| entry.kind == Kind::Directory);
        let mut names: Vec<Bytes> = directories.map(|entry| entry.name).collect();
        names.sort();
        names
    }

    fn ids(&self, directory: &[u8], file: &str) -> Field<Vec<Tid>> {
        match self.fs.read(&paths::join(directory, file.as_bytes()), MOST) {
            Ok(text) => parsed(ids::ids(&text), self.fs.now()),
            Err(errno) => refused(errno),
        }
    }

    /// Files whose names are not UTF-8 are none of the kernel's, and are left out.
    fn files(&self, directory: &[u8]) -> BTreeMap<Box<str>, crate::model::snapshot::File> {
        let files = files::list(self.fs, directory).unwrap_or_default();
        files.into_iter().filter_map(|file| Some((std::str::from_utf8(&file.name).ok()?.into(), file))).collect()
    }

    /// The facts of a task; `None` if it does not exist.
    fn task(&mut self, tid: Tid) -> Option<TaskFacts> {
        let task = tasks::read_one(self.fs, tid, true)?;
        let groups = self.places(tid)?;
        let threads = self.threads(task.tgid);
        Some(TaskFacts { task, groups, threads })
    }

    /// The group of a task in each hierarchy.
    fn places(&mut self, tid: Tid) -> Option<BTreeMap<HierarchyId, Place>> {
        let text = self.fs.read(format!("/proc/{tid}/task/{tid}/cgroup").as_bytes(), MOST).ok()?;
        let lines = membership::rows(&text).unwrap_or_default();
        let mut groups = BTreeMap::new();
        for line in lines {
            if let Some(place) = self.place(line.hierarchy, &line.path) {
                groups.insert(line.hierarchy, place);
            }
        }
        Some(groups)
    }

    fn place(&mut self, hierarchy: HierarchyId, path: &[u8]) -> Option<Place> {
        let hierarchy = self.hierarchies.iter().find(|h| h.id == hierarchy)?;
        paths::place(hierarchy, path)
    }

    fn threads(&self, tgid: Pid) -> Vec<TaskKey> {
        let entries = self.fs.list(format!("/proc/{tgid}/task").as_bytes()).unwrap_or_default();
        let tids = entries.iter().filter_map(|entry| Tid::try_from(digits(&entry.name)?).ok());
        let mut threads: Vec<TaskKey> =
            tids.filter_map(|tid| Some(TaskKey { tid, start: stat_of(self.fs, tgid, tid)?.start })).collect();
        threads.sort_unstable();
        threads
    }
}

pub(super) fn stat_of(fs: &dyn Fs, process: Pid, tid: Tid) -> Option<stat::Stat> {
    let text = fs.read(format!("/proc/{process}/task/{tid}/stat").as_bytes(), MOST).ok()?;
    stat::stat(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::{Field, HierarchyId, Needs, Place, Survey, paths, survey};
    use crate::kernel::fixture::Fixture;

    const HOST: &str = include_str!("../../tests/fixtures/one_by_one.txt");
    const V2: &str = include_str!("../../tests/fixtures/cgroup_namespace.txt");
    const CONTAINER: &str = include_str!("../../tests/fixtures/container_v1.txt");
    const CPU: HierarchyId = HierarchyId(1);

    fn place(hierarchy: HierarchyId, path: &str) -> Place {
        Place::new(hierarchy, path.as_bytes())
    }

    fn looked(archive: &str, needs: &Needs) -> Survey {
        survey(&Fixture::parse(archive).unwrap(), needs).unwrap()
    }

    fn places(survey: &Survey) -> Vec<String> {
        survey.groups.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_group_comes_with_all_above_it() {
        let survey =
            looked(HOST, &Needs { groups: vec![place(CPU, "/cg1/cg3"), place(CPU, "/none/x")], ..Needs::default() });
        assert_eq!(places(&survey), ["/", "/cg1", "/cg1/cg3"]);
        let cg3 = survey.group(&place(CPU, "/cg1/cg3")).unwrap();
        assert_eq!((cg3.key.inode, cg3.text("cpu.shares"), cg3.refused), (103, Some("200"), None));
        assert_eq!(
            (cg3.tasks.value().unwrap().as_slice(), &*cg3.directory),
            (&[602, 603][..], &b"/sys/fs/cgroup/cpu/cg1/cg3"[..])
        );
        let cg1 = survey.group(&place(CPU, "/cg1")).unwrap();
        assert_eq!(cg1.children.iter().map(|name| &**name).collect::<Vec<_>>(), [b"cg2", b"cg3"]);
        assert!(survey.made.is_empty() && survey.workloads.is_empty());
    }

    #[test]
    fn a_subtree_comes_whole() {
        let survey = looked(HOST, &Needs { subtrees: vec![place(CPU, "/cg1")], ..Needs::default() });
        assert_eq!(places(&survey), ["/", "/cg1", "/cg1/cg2", "/cg1/cg3"]);
        assert!(survey.tasks.contains_key(&602) && survey.tasks.contains_key(&603), "with the facts of its tasks");
        assert!(!survey.tasks.contains_key(&1), "and of no others");
    }

    #[test]
    fn a_task_comes_with_its_groups_and_its_threads() {
        let survey = looked(HOST, &Needs { tasks: vec![603, 77], ..Needs::default() });
        let facts = &survey.tasks[&603];
        assert_eq!((survey.tasks.keys().copied().collect::<Vec<_>>(), facts.task.tgid), (vec![602, 603], 602));
        assert!(places(&survey).contains(&"/cg1/cg3".to_owned()), "the group it is in");
        assert_eq!(facts.groups[&CPU].to_string(), "/cg1/cg3");
        assert_eq!(facts.groups[&HierarchyId(4)].to_string(), "/agents/one");
        assert_eq!(
            facts.threads.iter().map(|key| (key.tid, key.start)).collect::<Vec<_>>(),
            [(602, 6002), (603, 6003)]
        );
    }

    #[test]
    fn who_may_not_write_is_told_why() {
        let survey = looked(CONTAINER, &Needs { groups: vec![Place::top(HierarchyId(2))], ..Needs::default() });
        let top = survey.group(&Place::top(HierarchyId(2))).unwrap();
        assert_eq!(
            (top.refused, top.tasks.value().unwrap().as_slice()),
            (Some(crate::model::errno::Errno::EROFS), &[1, 7][..])
        );
        let facts = looked(CONTAINER, &Needs { tasks: vec![7], ..Needs::default() });
        assert_eq!(facts.tasks[&7].groups[&HierarchyId(2)].to_string(), "/");
        assert!(!facts.tasks[&7].groups.contains_key(&HierarchyId::V2), "not mounted there");
    }

    #[test]
    fn inside_a_namespace_tasks_are_placed_by_where_we_are() {
        let survey = looked(
            V2,
            &Needs { tasks: vec![8], groups: vec![place(HierarchyId::V2, "/user.slice/box/leaf")], ..Needs::default() },
        );
        assert_eq!(survey.tasks[&8].groups[&HierarchyId::V2].to_string(), "/user.slice/box/leaf");
        let leaf = survey.group(&place(HierarchyId::V2, "/user.slice/box/leaf")).unwrap();
        assert_eq!(leaf.files["cgroup.kill"].content, Field::Unread);
        assert_eq!(leaf.processes.value().unwrap(), &[7, 8]);
    }

    #[test]
    fn where_we_are_ourselves() {
        let own = |archive: &str| {
            let fs = Fixture::parse(archive).unwrap();
            let found = crate::kernel::discover::discover(&fs).unwrap();
            let places = found.hierarchies.iter().map(|h| paths::place(h, &h.own_path).map(|place| place.to_string()));
            places.collect::<Vec<_>>()
        };
        assert_eq!(own(V2), [Some("/user.slice/box/leaf".to_owned())]);
        assert_eq!(own(HOST)[3].as_deref(), Some("/agents/one"));
        assert_eq!(own(CONTAINER)[..2], [Some("/".to_owned()), None]);
    }

    #[test]
    fn the_whereabouts_of_a_groups_tasks() {
        let group = place(CPU, "/cg1/cg3");
        let needs = Needs { groups: vec![group.clone()], ..Needs::default() };
        let agents = place(HierarchyId(4), "/agents/one");
        assert!(looked(HOST, &needs).group(&agents).is_none());
        assert!(looked(HOST, &Needs { whereabouts: true, ..needs }).group(&agents).is_some());
    }
}

//! The values of one group, each with the time of its own read.
//!
//! Which files are read follows from what the hierarchy carries; a file that is not there is [`Field::Absent`], and that a
//! group is gone shows by its list of tasks, which every group has.
use crate::model::cgroup::{GroupType, Quota, Throttle};
use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::hierarchy::{Hierarchy, Version};
use crate::model::id::{GroupKey, Tid};
use crate::model::snapshot::GroupRow;
use crate::model::time::Mono;
use crate::parse::{self, cpu_max, cpu_stat, flat, group_type, ids, number};

use super::fs::Fs;
use super::handles::Handles;
use super::paths::join;

/// v1's list of the tasks in a group.
const TASKS: &str = "tasks";
/// v2's.
const THREADS: &str = "cgroup.threads";
/// Most that is read of a list of tasks: four million ids.
const LIST: usize = 32 << 20;

/// What a hierarchy's groups have to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, as the kernel has them")]
pub(crate) struct Kinds {
    v2: bool,
    cpu: bool,
    cpuacct: bool,
    freezer: bool,
}

impl Kinds {
    pub(crate) fn of(hierarchy: &Hierarchy) -> Self {
        Self {
            v2: hierarchy.version == Version::V2,
            cpu: hierarchy.has("cpu"),
            cpuacct: hierarchy.has("cpuacct"),
            freezer: hierarchy.has("freezer"),
        }
    }
}

/// What of a group changes only by a write, which a watch tells of: weight, idle, limit, type, frozen.
///
/// Each keeps the time of its own read, also when it is carried from one sampling to the next.
#[derive(Clone, Debug)]
pub(crate) struct Knobs {
    weight: Field<u64>,
    idle: Field<bool>,
    quota: Field<Quota>,
    kind: Field<GroupType>,
    frozen: Field<bool>,
    /// v1's counters of the limit: they stand still where there is none.
    throttle: Field<Throttle>,
}

/// Reads one group; `None` if it is gone. With `carried` knobs these are taken over instead of being read.
pub(crate) fn read(
    fs: &dyn Fs,
    handles: &mut Handles,
    kinds: Kinds,
    group: GroupKey,
    directory: &[u8],
    carried: Option<Knobs>,
) -> Option<(GroupRow, Knobs)> {
    let mut files = Files { fs, handles, group, directory };
    let tasks = files.tasks(kinds)?;
    let mut knobs = match carried {
        Some(knobs) => knobs,
        None if kinds.v2 => files.knobs_v2(kinds),
        None => files.knobs_v1(kinds),
    };
    let mut row = GroupRow { tasks, usage_ns: Field::Absent, ..GroupRow::default() };
    if kinds.v2 {
        let stat = files.value("cpu.stat", cpu_stat::v2);
        knobs.throttle = flatten(stat.as_ref().map(|stat| stat.throttle));
        row.usage_ns = stat.map(|stat| stat.usage_ns);
    } else {
        if knobs.quota.get().is_some_and(|quota| quota.quota_us.is_some()) {
            knobs.throttle = files.value("cpu.stat", cpu_stat::v1);
        }
        if kinds.cpuacct {
            row.usage_ns = files.value("cpuacct.usage", number::single);
        }
    }
    let Knobs { weight, idle, quota, kind, frozen, throttle } = knobs.clone();
    Some((GroupRow { weight, idle, quota, throttle, kind, frozen, ..row }, knobs))
}

fn absent() -> Knobs {
    Knobs {
        weight: Field::Absent,
        idle: Field::Absent,
        quota: Field::Absent,
        kind: Field::Absent,
        frozen: Field::Absent,
        throttle: Field::Absent,
    }
}

/// The files of one group.
struct Files<'a> {
    fs: &'a dyn Fs,
    handles: &'a mut Handles,
    group: GroupKey,
    directory: &'a [u8],
}

impl Files<'_> {
    /// The tasks in the group; `None` if it is gone.
    fn tasks(&mut self, kinds: Kinds) -> Option<Field<Vec<Tid>>> {
        let directory = self.directory;
        let path = |file: &str| join(directory, file.as_bytes());
        let read = if kinds.v2 {
            let read = self.handles.group(self.fs, self.group, THREADS, || path(THREADS));
            read.map(|(text, at)| parsed(ids::ids(text), at))
        } else {
            // Opened afresh each time: see `super::handles`.
            self.fs.read(&path(TASKS), LIST).map(|text| parsed(ids::ids(&text), self.fs.now()))
        };
        match read {
            Ok(list) => Some(list),
            Err(errno) if errno.is_gone() => None,
            Err(errno) => Some(Field::Denied(errno)),
        }
    }

    fn knobs_v1(&mut self, kinds: Kinds) -> Knobs {
        let mut knobs = absent();
        if kinds.cpu {
            knobs.weight = self.value("cpu.shares", number::single);
            knobs.idle = self.value("cpu.idle", number::switch);
            knobs.quota = self.cfs();
            knobs.throttle = self.value("cpu.stat", cpu_stat::v1);
        }
        if kinds.freezer {
            knobs.frozen = self.value("freezer.state", group_type::freezer_state);
        }
        knobs
    }

    fn knobs_v2(&mut self, kinds: Kinds) -> Knobs {
        let mut knobs = absent();
        knobs.kind = self.value("cgroup.type", group_type::group_type);
        knobs.frozen = flatten(self.value("cgroup.events", flat::frozen));
        if kinds.cpu {
            knobs.weight = self.value("cpu.weight", number::single);
            knobs.idle = self.value("cpu.idle", number::switch);
            knobs.quota = self.value("cpu.max", cpu_max::cpu_max);
        }
        knobs
    }

    /// v1's limit stands in two files; its time is that of the later read.
    fn cfs(&mut self) -> Field<Quota> {
        let quota = self.value("cpu.cfs_quota_us", number::single_signed);
        let period = self.value("cpu.cfs_period_us", number::single);
        match (quota, period) {
            (Field::Value { v: quota, .. }, Field::Value { v: period_us, at }) => {
                Field::new(Quota { quota_us: u64::try_from(quota).ok(), period_us }, at)
            }
            (Field::Value { .. }, other) => other.map(|_| unlimited()),
            (other, _) => other.map(|_| unlimited()),
        }
    }

    fn value<T>(&mut self, file: &'static str, parse: impl FnOnce(&[u8]) -> Result<T, parse::Error>) -> Field<T> {
        let directory = self.directory;
        match self.handles.group(self.fs, self.group, file, || join(directory, file.as_bytes())) {
            Ok((text, at)) => parsed(parse(text), at),
            Err(errno) => refused(errno),
        }
    }
}

/// Never a value: [`Field::map`] calls its function for values only, and here is none.
fn unlimited() -> Quota {
    Quota { quota_us: None, period_us: 100_000 }
}

fn flatten<T>(field: Field<Option<T>>) -> Field<T> {
    match field {
        Field::Value { v: Some(v), at } => Field::Value { v, at },
        Field::Value { v: None, .. } | Field::Absent => Field::Absent,
        Field::Denied(errno) => Field::Denied(errno),
        Field::Malformed(text) => Field::Malformed(text),
        Field::Unread => Field::Unread,
    }
}

/// A parsed value, or what was wrong with the text.
pub(crate) fn parsed<T>(result: Result<T, parse::Error>, at: Mono) -> Field<T> {
    match result {
        Ok(v) => Field::new(v, at),
        Err(error) => Field::Malformed(error.to_string().into_boxed_str()),
    }
}

/// A read that was refused: not there, or denied.
pub(crate) fn refused<T>(errno: Errno) -> Field<T> {
    if errno.is_gone() { Field::Absent } else { Field::Denied(errno) }
}

#[cfg(test)]
mod tests {
    use super::{Errno, Field, Kinds, Quota, read};
    use crate::kernel::discover::discover;
    use crate::kernel::fixture::Fixture;
    use crate::kernel::handles::Handles;
    use crate::model::cgroup::{GroupType, Throttle};
    use crate::model::id::{GroupKey, HierarchyId};
    use crate::model::snapshot::GroupRow;
    use crate::model::time::Mono;

    const V1: &str = include_str!("../../tests/fixtures/one_by_one.txt");
    const JOINT: &str = include_str!("../../tests/fixtures/v1_joint.txt");
    const V2: &str = include_str!("../../tests/fixtures/cgroup_namespace.txt");

    fn row_of(fixture: &Fixture, hierarchy: &str, directory: &str) -> Option<GroupRow> {
        let found = discover(fixture).unwrap();
        let h = found.hierarchies.iter().find(|h| h.label() == hierarchy).unwrap();
        let key = GroupKey { hierarchy: HierarchyId(0), inode: 1 };
        read(fixture, &mut Handles::new(100), Kinds::of(h), key, directory.as_bytes(), None).map(|(row, _)| row)
    }

    fn row(archive: &str, hierarchy: &str, directory: &str) -> GroupRow {
        row_of(&Fixture::parse(archive).unwrap(), hierarchy, directory).unwrap()
    }

    #[test]
    fn v1_cpu_alone() {
        let row = row(V1, "cpu", "/sys/fs/cgroup/cpu/cg1/cg3");
        assert_eq!(
            (row.weight.get(), row.idle.get(), row.tasks.value().unwrap().as_slice()),
            (Some(200), Some(false), &[602, 603][..])
        );
        assert_eq!(row.quota.get(), Some(Quota { quota_us: Some(50_000), period_us: 100_000 }));
        assert_eq!(row.throttle.get(), Some(Throttle { periods: 10, throttled: 4, time_ns: 123_456_789 }));
        assert_eq!((row.usage_ns, row.kind, row.frozen), (Field::Absent, Field::Absent, Field::Absent));
    }

    #[test]
    fn v1_with_cpuacct_has_a_counter() {
        let row = row(JOINT, "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/system.slice");
        assert_eq!((row.usage_ns.get(), row.weight.get()), (Some(5_000_000_000), Some(2048)));
        assert_eq!(row.quota.get().unwrap().quota_us, None);
    }

    #[test]
    fn v2_with_the_controller() {
        let row = row(V2, "v2", "/sys/fs/cgroup/user.slice/box");
        assert_eq!(
            (row.weight.get(), row.usage_ns.get(), row.kind.get()),
            (Some(50), Some(80_000), Some(GroupType::Domain))
        );
        assert_eq!(row.quota.get(), Some(Quota { quota_us: Some(20_000), period_us: 100_000 }));
        assert_eq!((row.throttle.get().unwrap().time_ns, row.frozen.get()), (7000, Some(false)));
    }

    #[test]
    fn v2_without_the_controller_has_usage_alone() {
        let row = row(V2, "v2", "/sys/fs/cgroup/user.slice/box/leaf");
        assert_eq!((row.weight, row.quota, row.throttle), (Field::Absent, Field::Absent, Field::Absent));
        assert_eq!(row.usage_ns.get(), Some(70_000));
    }

    #[test]
    fn the_root_of_v2_has_neither_type_nor_events() {
        let row = row(V2, "v2", "/sys/fs/cgroup");
        assert_eq!((row.kind, row.frozen, row.weight), (Field::Absent, Field::Absent, Field::Absent));
    }

    #[test]
    fn carried_knobs_keep_their_time_and_counters_move() {
        let fixture = Fixture::parse(V1).unwrap();
        let found = discover(&fixture).unwrap();
        let kinds = Kinds::of(&found.hierarchies[0]);
        let key = GroupKey { hierarchy: HierarchyId(1), inode: 103 };
        let (mut handles, directory) = (Handles::new(100), b"/sys/fs/cgroup/cpu/cg1/cg3");
        let (first, knobs) = read(&fixture, &mut handles, kinds, key, directory, None).unwrap();
        fixture
            .apply("file /sys/fs/cgroup/cpu/cg1/cg3/cpu.shares\n|7\nfile /sys/fs/cgroup/cpu/cg1/cg3/cpu.stat\n|nr_periods 11\n|nr_throttled 4\n|throttled_time 5\n")
            .unwrap();
        let (second, _) = read(&fixture, &mut handles, kinds, key, directory, Some(knobs)).unwrap();
        assert_eq!((&second.weight, &second.quota), (&first.weight, &first.quota));
        assert_eq!(second.throttle.get().unwrap().periods, 11);
        assert!(second.throttle.dated().unwrap().1 > first.throttle.dated().unwrap().1);
    }

    #[test]
    fn every_field_has_the_time_of_its_own_read() {
        let row = row(V1, "cpu", "/sys/fs/cgroup/cpu/cg4");
        let times: Vec<Mono> =
            [row.tasks.dated().unwrap().1, row.weight.dated().unwrap().1, row.quota.dated().unwrap().1].into();
        assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
    }

    #[test]
    fn denied_and_malformed_values_say_so_and_the_others_stay() {
        let fixture = Fixture::parse(V1).unwrap();
        fixture
            .apply("file /sys/fs/cgroup/cpu/cg4/cpu.shares open=EACCES\nfile /sys/fs/cgroup/cpu/cg4/cpu.stat\n|what\nfile /sys/fs/cgroup/cpu/cg4/cpu.cfs_period_us read=EIO\nfile /sys/fs/cgroup/cpu/cg4/tasks read=EACCES\n")
            .unwrap();
        let row = row_of(&fixture, "cpu", "/sys/fs/cgroup/cpu/cg4").unwrap();
        assert_eq!(
            (row.weight, row.quota, row.tasks),
            (Field::Denied(Errno::EACCES), Field::Denied(Errno::EIO), Field::Denied(Errno::EACCES))
        );
        assert_eq!(row.throttle, Field::Malformed("flat keyed file, line 1: nr_periods is missing".into()));
        assert_eq!(row.idle.get(), Some(false));
    }

    #[test]
    fn a_group_that_is_gone_has_no_row() {
        let fixture = Fixture::parse(V1).unwrap();
        fixture.apply("file /sys/fs/cgroup/cpu/cg4/tasks read=ENODEV\n").unwrap();
        assert!(row_of(&fixture, "cpu", "/sys/fs/cgroup/cpu/cg4").is_none());
        assert!(row_of(&fixture, "cpu", "/sys/fs/cgroup/cpu/none").is_none());
    }

    #[test]
    fn frozen_by_v1_and_by_v2() {
        let fixture = Fixture::parse(V1).unwrap();
        fixture
            .apply("file /sys/fs/cgroup/freezer/a/freezer.state\n|FROZEN\nfile /sys/fs/cgroup/freezer/a/tasks\n")
            .unwrap();
        assert_eq!(row_of(&fixture, "freezer", "/sys/fs/cgroup/freezer/a").unwrap().frozen.get(), Some(true));
        assert_eq!(row(V2, "v2", "/sys/fs/cgroup/user.slice/other").frozen.get(), Some(true));
    }
}

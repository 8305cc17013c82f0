//! The values of one group, each with the time of its own read.
//!
//! Which files are read follows from what the hierarchy carries; a file that is not there is [`Field::Absent`], and that a
//! group is gone shows by its list of tasks, which every group has.
use crate::model::cgroup::Quota;
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

/// Reads one group; `None` if it is gone.
pub(crate) fn read(
    fs: &dyn Fs,
    handles: &mut Handles,
    kinds: Kinds,
    group: GroupKey,
    directory: &[u8],
) -> Option<GroupRow> {
    let tasks = tasks(fs, kinds, directory)?;
    let mut files = Files { fs, handles, group, directory };
    let mut row = GroupRow { tasks, ..absent() };
    if kinds.v2 {
        files.v2(kinds, &mut row);
    } else {
        files.v1(kinds, &mut row);
    }
    Some(row)
}

/// The tasks in a group; `None` if it is gone. Opened afresh each time (see [`super::handles`]); v2's list is always
/// fresh, but an open file for each group would be one file more than its value is worth.
pub(crate) fn tasks(fs: &dyn Fs, kinds: Kinds, directory: &[u8]) -> Option<Field<Vec<Tid>>> {
    let name = if kinds.v2 { THREADS } else { TASKS };
    match fs.read(&join(directory, name.as_bytes()), LIST) {
        Ok(text) => Some(parsed(ids::ids(&text), fs.now())),
        Err(errno) if errno.is_gone() => None,
        Err(errno) => Some(Field::Denied(errno)),
    }
}

fn absent() -> GroupRow {
    GroupRow {
        weight: Field::Absent,
        idle: Field::Absent,
        quota: Field::Absent,
        throttle: Field::Absent,
        usage_ns: Field::Absent,
        kind: Field::Absent,
        frozen: Field::Absent,
        tasks: Field::Absent,
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
    fn v1(&mut self, kinds: Kinds, row: &mut GroupRow) {
        if kinds.cpu {
            row.weight = self.value("cpu.shares", number::single);
            row.idle = self.value("cpu.idle", number::switch);
            row.quota = self.cfs();
            row.throttle = self.value("cpu.stat", cpu_stat::v1);
        }
        if kinds.cpuacct {
            row.usage_ns = self.value("cpuacct.usage", number::single);
        }
        if kinds.freezer {
            row.frozen = self.value("freezer.state", group_type::freezer_state);
        }
    }

    fn v2(&mut self, kinds: Kinds, row: &mut GroupRow) {
        let stat = self.value("cpu.stat", cpu_stat::v2);
        row.throttle = flatten(stat.as_ref().map(|stat| stat.throttle));
        row.usage_ns = stat.map(|stat| stat.usage_ns);
        row.kind = self.value("cgroup.type", group_type::group_type);
        row.frozen = flatten(self.value("cgroup.events", flat::frozen));
        if kinds.cpu {
            row.weight = self.value("cpu.weight", number::single);
            row.idle = self.value("cpu.idle", number::switch);
            row.quota = self.value("cpu.max", cpu_max::cpu_max);
        }
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
        read(fixture, &mut Handles::new(100), Kinds::of(h), key, directory.as_bytes())
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

//! Random values for the files of a group.

use crate::random::Random;

/// A value for a file; `None` for a file that is no setting.
pub(crate) fn value(random: &mut Random, file: &str) -> Option<String> {
    const FLAG: &[&str] = &["0", "1"];
    let choices: &[&str] = match file {
        "cpu.shares" => &["2", "100", "200", "600", "1024", "5000"],
        "cpu.weight" => &["1", "50", "100", "300", "10000"],
        "cpu.weight.nice" => &["-20", "-5", "0", "7", "19"],
        "cpu.cfs_quota_us" => &["-1", "5000", "20000", "50000", "100000", "150000"],
        "cpu.cfs_period_us" => &["10000", "50000", "100000", "250000"],
        "cpu.cfs_burst_us" | "cpu.max.burst" => &["0", "1000", "20000"],
        "cpu.max" => &["max", "max 50000", "20000 100000", "50000", "100000 250000"],
        "cpu.rt_runtime_us" => &["0", "1000", "10000", "30000"],
        "cpu.rt_period_us" => &["500000", "1000000", "2000000"],
        "cpu.uclamp.min" => &["0", "10.00", "50"],
        "cpu.uclamp.max" => &["max", "50.00", "80"],
        "cpuset.cpus" => &["", "0", "1", "0-1", "0-1", "0-1"],
        "cpuset.mems" => &["", "0", "0", "0"],
        "cpuset.cpus.exclusive" => &["", "0", "1"],
        "cpuset.cpus.partition" => &["member", "root", "isolated"],
        "cpuset.sched_relax_domain_level" => &["-1", "0", "1", "2"],
        "cpu.idle"
        | "cpuset.cpu_exclusive"
        | "cpuset.mem_exclusive"
        | "cpuset.mem_hardwall"
        | "cpuset.memory_migrate"
        | "cpuset.memory_spread_page"
        | "cpuset.memory_spread_slab"
        | "cpuset.sched_load_balance"
        | "notify_on_release"
        | "cgroup.clone_children"
        | "cgroup.pressure"
        | "cgroup.freeze"
        | "memory.oom.group"
        | "memory.zswap.writeback"
        | "memory.oom_control" => FLAG,
        "pids.max" => &["max", "5", "20", "100"],
        "freezer.state" => &["FROZEN", "THAWED"],
        "memory.limit_in_bytes" | "memory.memsw.limit_in_bytes" => &["-1", "64M", "96M", "128M", "200000001"],
        "memory.soft_limit_in_bytes" | "memory.kmem.limit_in_bytes" | "memory.kmem.tcp.limit_in_bytes" => {
            &["-1", "32M", "64M"]
        }
        "memory.swappiness" => &["0", "30", "60", "100"],
        "memory.use_hierarchy" => &["1"],
        "memory.min" | "memory.low" => &["0", "1M", "4097"],
        "memory.high" | "memory.max" | "memory.swap.max" | "memory.swap.high" | "memory.zswap.max" => {
            &["max", "64M", "128M", "100000001"]
        }
        "blkio.throttle.read_bps_device" | "blkio.throttle.write_bps_device" => &["7:0 1000000", "7:0 0", "7:1 5000"],
        "blkio.throttle.read_iops_device" | "blkio.throttle.write_iops_device" => &["7:0 100", "7:0 0"],
        "io.max" => &["7:0 rbps=1000000", "7:0 wiops=50 riops=max", "7:0 rbps=max wbps=max riops=max wiops=max"],
        "io.weight" | "io.bfq.weight" | "blkio.bfq.weight" => &["default 50", "default 100", "200"],
        "io.latency" => &["7:0 target=1000"],
        "io.prio.class" => &["no-change", "none-to-rt", "idle"],
        "net_cls.classid" => &["0", "65537", "1048577"],
        "net_prio.ifpriomap" => &["lo 0", "lo 5", "lo 7"],
        "cgroup.max.depth" => &["max", "0", "1", "2", "10"],
        "cgroup.max.descendants" => &["max", "0", "3", "50"],
        "cgroup.subtree_control" => {
            &["+cpu", "+pids", "-cpu", "-pids", "+memory", "-memory", "+cpuset +io", "-io", "+cpu +memory +pids"]
        }
        "misc.max" | "rdma.max" => return None,
        _ if hugetlb(file, "max") => &["max", "0", "2097152", "4194304"],
        _ if hugetlb(file, "limit_in_bytes") => &["0", "2097152", "4194304"],
        _ => return None,
    };
    Some((*pick(random, choices)).to_owned())
}

/// One of a list that is not empty.
pub(crate) fn pick<'a, T>(random: &mut Random, list: &'a [T]) -> &'a T {
    let last = u64::try_from(list.len()).unwrap_or(1) - 1;
    &list[usize::try_from(random.within(0, last)).unwrap_or(0)]
}

/// Whether it is this file of one of the page sizes: `hugetlb.2MB.max`.
fn hugetlb(file: &str, what: &str) -> bool {
    file.strip_prefix("hugetlb.").is_some_and(|rest| rest.split_once('.').is_some_and(|(_, name)| name == what))
}

//! The supervisor's side of a launch: into the groups, then affinity, then nice.
use std::fs::OpenOptions;
use std::path::Path;

use rustix::process::Pid as RawPid;
use rustix::thread::CpuSet as RawCpuSet;

use super::{Entry, Failed, Order, Step, path_of};
use crate::effect::executor::put;
use crate::effect::failure::{errno, raw};
use crate::effect::process;
use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::id::{HierarchyId, Pid, Tid};

/// Does all that an order asks for with a process that waits at its gate. It is a child of ours and not reaped, so that its
/// number names it.
pub(in crate::effect) fn admit(pid: Pid, order: &Order) -> Result<(), Failed> {
    for entry in &order.groups {
        enter(pid, entry)?;
    }
    let threads = process::threads(pid).map_err(|errno| Failed::to_start(Some(errno), "it ended at its gate"))?;
    for thread in threads {
        if let Some(cpus) = &order.cpus {
            pin(thread.tid, cpus)?;
        }
        renice(thread.tid, order.nice)?;
    }
    Ok(())
}

fn enter(pid: Pid, entry: &Entry) -> Result<(), Failed> {
    let file = path_of(&entry.directory).join("cgroup.procs");
    let number = pid.to_string();
    let failed = |errno| Failed::new(Step::Enter, &file, errno).with_data(&number);
    let open = OpenOptions::new().write(true).open(&file).map_err(|e| failed(errno(&e)))?;
    put(&open, number.as_bytes()).map_err(failed)?;
    let Some(expected) = &entry.path else { return Ok(()) };
    let own = format!("/proc/{pid}/cgroup");
    let found = process::group_path(pid, HierarchyId(entry.hierarchy))
        .map_err(|errno| Failed::new(Step::Enter, Path::new(&own), errno))?;
    match found {
        Some(found) if found == *expected => Ok(()),
        found => {
            let found = found.map_or_else(|| "nothing".to_owned(), |path| escape(&path));
            let text = format!("the write succeeded, but {own} says {found}");
            Err(Failed::said(Step::Enter, &file, text).with_data(&number))
        }
    }
}

fn pin(tid: Tid, list: &str) -> Result<(), Failed> {
    let step = |text: String| Failed::said(Step::Affinity, Path::new(""), text);
    let asked = CpuSet::parse(list).ok_or_else(|| step(format!("\"{list}\" is no list of CPUs")))?;
    let mut mask = RawCpuSet::new();
    for cpu in asked.iter() {
        if cpu as usize >= RawCpuSet::MAX_CPU {
            return Err(step(format!("CPU {cpu}: cgrove pins to CPUs below {} only", RawCpuSet::MAX_CPU)));
        }
        mask.set(cpu as usize);
    }
    let thread = RawPid::from_raw(tid);
    let failed = |e: rustix::io::Errno| Failed::new(Step::Affinity, Path::new(""), raw(e));
    rustix::thread::sched_setaffinity(thread, &mask).map_err(|e| match e {
        rustix::io::Errno::INVAL => failed(e).because(format!("no CPU of {list} is allowed here")),
        _ => failed(e),
    })?;
    let kept = rustix::thread::sched_getaffinity(thread).map_err(failed)?;
    let kept: CpuSet =
        (0..RawCpuSet::MAX_CPU).filter(|&cpu| kept.is_set(cpu)).filter_map(|cpu| u32::try_from(cpu).ok()).collect();
    if kept == asked { Ok(()) } else { Err(step(format!("asked for CPUs {list}, its cpuset leaves {kept}"))) }
}

/// Absolute: cgrove itself may be nice.
fn renice(tid: Tid, nice: i8) -> Result<(), Failed> {
    let thread = RawPid::from_raw(tid);
    if rustix::process::getpriority_process(thread).is_ok_and(|now| now == i32::from(nice)) {
        return Ok(());
    }
    rustix::process::setpriority_process(thread, i32::from(nice)).map_err(|e| {
        let failed = Failed::new(Step::Nice, Path::new(""), raw(e));
        match raw(e) {
            Errno::EACCES | Errno::EPERM => failed.because(format!("nice {nice} needs CAP_SYS_NICE or RLIMIT_NICE")),
            _ => failed.because(format!("nice {nice}")),
        }
    })
}

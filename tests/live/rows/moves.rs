//! Moves that the kernel refuses, or accepts without doing them (v1, cpu).
use super::{Process, denied_to_nobody, errno, lists, refused, refused_to_nobody, written};
use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use libtest_mimic::Failed;
use nix::libc;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn trials() -> Vec<Entry> {
    let cpu = |name, needs, run| Entry { name, needs, measures: false, run };
    vec![
        cpu("rows::tasks_that_are_not_there", &[Need::Cpu], ended),
        cpu("rows::a_task_of_another_user", &[Need::CpuV1, Need::Root], of_another),
        cpu("rows::a_real_time_task", &[Need::CpuV1, Need::Root, Need::RealTimeGroups], real_time),
        cpu("rows::kernel_threads_that_never_move", &[Need::CpuV1, Need::Root, Need::KernelThreads], kernel_threads),
    ]
}

fn made(group: &Path, name: &str) -> Result<PathBuf, Failed> {
    let path = group.join(name);
    fs::create_dir(&path)?;
    Ok(path)
}

fn ended(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let a = format!("{}/a", program.under);
    let (group, home) = (made(bench.group(), "a")?, made(bench.group(), "home")?);
    let procs = group.join("cgroup.procs");

    let mut process = Process::sleeper()?;
    process.0.kill()?;
    process.0.wait()?;
    assert_eq!(written(&procs, &process.pid()), libc::ESRCH);
    refused(&program, &["move", &a, &process.pid()], &["(ESRCH)", &process.pid()])?;

    assert_eq!(written(&procs, "no number"), libc::EINVAL);
    let output = program.run(&["move", &a, "no number"])?;
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));

    // The kernel takes it, and nothing moves.
    let zombie = Process::zombie_in(&home)?;
    assert_eq!(written(&procs, &zombie.pid()), 0);
    assert!(!lists(&procs, &zombie.pid()));
    refused(&program, &["move", "--yes", &a, &zombie.pid()], &["is a zombie", "do nothing"])?;

    // Of several, those that can are offered.
    let other = Process::sleeper_in(&home)?;
    let some = refused(&program, &["move", "--yes", &a, &zombie.pid(), &other.pid()], &["is a zombie"])?;
    assert!(other.is_in(&home));
    some.go("move the others")?;
    assert!(other.is_in(&group));
    Ok(())
}

fn of_another(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = made(bench.group(), "a")?;
    let process = Process::sleeper_in(bench.group())?;
    let procs = group.join("cgroup.procs");
    let raw = format!("echo {} | tee '{}'", process.pid(), procs.display());
    let a = format!("{}/a", program.under);

    // The file is root's: the open fails.
    denied_to_nobody(&raw)?;
    refused_to_nobody(&["move", "--yes", &a, &process.pid()], &["(EACCES)", "cgroup.procs of a"])?;

    // The file is nobody's, the process is not: the write fails.
    for file in ["cgroup.procs", "tasks"] {
        std::os::unix::fs::chown(group.join(file), Some(super::NOBODY), None)?;
    }
    denied_to_nobody(&raw)?;
    refused_to_nobody(&["move", "--yes", &a, &process.pid()], &["(EACCES)", "belongs to"])?;
    assert!(process.is_in(bench.group()));
    Ok(())
}

fn real_time(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = made(bench.group(), "a")?;
    // In the top group, where real-time tasks have time.
    let process = Process::start(&["chrt", "--rr", "1", "sleep", "1000"])?;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while !process.stat()?.contains("(sleep)") {
        assert!(std::time::Instant::now() < end, "chrt does not start it");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert_eq!(written(&group.join("cgroup.procs"), &process.pid()), libc::EINVAL);
    let a = format!("{}/a", program.under);
    let says = ["real-time", "cpu.rt_runtime_us 0", "(EINVAL)"];
    let without = refused(&program, &["move", "--yes", &a, &process.pid()], &says)?;
    without.go("50 ms of every second")?;
    assert!(process.is_in(&group));
    assert_eq!(fs::read_to_string(group.join("cpu.rt_runtime_us"))?.trim(), "50000");

    // While it is inside, the budget stays; and a child has no more than its parent.
    assert_eq!(written(&group.join("cpu.rt_runtime_us"), "0"), libc::EBUSY);
    refused(&program, &["set", "--yes", &a, "cpu.rt_runtime_us=0"], &["(EBUSY)"])?;
    let child = made(&group, "b")?;
    assert_eq!(written(&child.join("cpu.rt_runtime_us"), "60000"), libc::EINVAL);
    refused(&program, &["set", "--yes", &format!("{a}/b"), "cpu.rt_runtime_us=60000"], &["(EINVAL)"])?;
    Ok(())
}

fn kernel_threads(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = made(bench.group(), "a")?;
    let bound = crate::host::bound_kernel_thread().ok_or("no bound kernel thread")?;
    for (pid, says) in [("2".to_owned(), "makes all kernel threads"), (bound.to_string(), "bound to its CPU")] {
        assert_eq!(written(&group.join("cgroup.procs"), &pid), libc::EINVAL, "{pid}");
        let a = format!("{}/a", program.under);
        refused(&program, &["move", "--yes", &a, &pid], &[says, "(EINVAL)"])?;
    }
    assert_eq!(errno(fs::remove_dir(&group)), 0, "nothing is in it");
    Ok(())
}

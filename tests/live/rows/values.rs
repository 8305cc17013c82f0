//! Values of v2 that the kernel refuses or forgets, and the trap of `+cpu` in a group that holds processes (kernel-facts J).
use super::{Process, refused, written};
use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::stage;
use libtest_mimic::Failed;
use nix::libc::{EINVAL, EOPNOTSUPP, ERANGE};
use std::fs;
use std::path::Path;

pub(super) fn trials() -> Vec<Entry> {
    let entry = |name, run| Entry { name, needs: &[Need::CpuV2, Need::Root], measures: false, run };
    vec![
        entry("rows::values_that_v2_refuses", values),
        entry("rows::an_idle_group_has_no_weight", idle),
        entry("rows::the_threaded_trap", trap),
    ]
}

fn read(file: &Path) -> Result<String, Failed> {
    Ok(fs::read_to_string(file)?.trim().to_owned())
}

fn values(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = bench.group().join("a");
    for controller in ["pids", "memory", "cpuset"] {
        for above in [bench.group().parent().ok_or("no stage")?, bench.group()] {
            stage::write(&above.join("cgroup.subtree_control"), &format!("+{controller}"))?;
        }
    }
    fs::create_dir(&group)?;
    let a = format!("{}/a", program.under);
    stage::write(&group.join("cpu.max"), "50000 100000")?;
    let rows: &[(&str, &str, i32)] = &[
        ("cpu.weight", "0", ERANGE),
        ("cpu.weight", "10001", ERANGE),
        ("cpu.weight", "heavy", EINVAL),
        ("cpu.weight.nice", "25", ERANGE),
        ("cpu.max", "500", EINVAL),
        ("cpu.max", "50000 2000000", EINVAL),
        ("cpu.max", "-1", EINVAL),
        ("cpu.max.burst", "50001", EINVAL),
        ("pids.max", "-1", EINVAL),
        ("pids.max", "many", EINVAL),
        ("memory.max", "1.5M", EINVAL),
        ("cpuset.cpus", "1-0", EINVAL),
        ("cgroup.freeze", "2", ERANGE),
        ("cgroup.max.depth", "-1", ERANGE),
        ("cgroup.max.depth", "deep", EINVAL),
        ("cgroup.type", "domain", EINVAL),
    ];
    for &(file, data, errno) in rows {
        let before = read(&group.join(file))?;
        assert_eq!(written(&group.join(file), data), errno, "{data} into {file}");
        let name = if errno == ERANGE { "(ERANGE)" } else { "(EINVAL)" };
        refused(&program, &["set", "--yes", &a, &format!("{file}={data}")], &[file, name])?;
        assert_eq!(read(&group.join(file))?, before);
    }
    // Octal: the kernel takes it for something else than it looks.
    assert_eq!(written(&group.join("cpu.weight"), "0400"), 0);
    assert_eq!(read(&group.join("cpu.weight"))?, "256");
    let octal = refused(&program, &["set", "--yes", &a, "cpu.weight=0400"], &["octal", "256"])?;
    octal.go("400")?;
    assert_eq!(read(&group.join("cpu.weight"))?, "400");
    // One value keeps the period.
    let kept = program.run(&["set", "--yes", &a, "cpu.max=20000"])?;
    assert_eq!(kept.status.code(), Some(0), "{}", String::from_utf8_lossy(&kept.stderr));
    assert_eq!(read(&group.join("cpu.max"))?, "20000 100000");
    Ok(())
}

fn idle(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = bench.make("a", 300)?;
    let a = format!("{}/a", program.under);
    let set = program.run(&["set", "--yes", &a, "cpu.idle=1"])?;
    assert_eq!(set.status.code(), Some(0), "{}", String::from_utf8_lossy(&set.stderr));
    assert_eq!(written(&group.join("cpu.weight"), "200"), EINVAL);
    let weight = refused(&program, &["set", "--yes", &a, "cpu.weight=200"], &["is idle", "(EINVAL)"])?;
    weight.go("set cpu.idle to 0")?;
    assert_eq!((read(&group.join("cpu.idle"))?, read(&group.join("cpu.weight"))?), ("0".to_owned(), "200".to_owned()));
    Ok(())
}

fn trap(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = |name: &str| bench.group().join(name);
    let outer = |name: &str| format!("{}/{name}", program.under);

    // What the kernel does: it takes +cpu, and no process can enter a child any more.
    fs::create_dir(group("raw"))?;
    let first = Process::sleeper_in(&group("raw"))?;
    assert_eq!(written(&group("raw").join("cgroup.subtree_control"), "+cpu"), 0);
    assert_eq!(read(&group("raw").join("cgroup.type"))?, "domain threaded");
    fs::create_dir(group("raw").join("child"))?;
    assert_eq!(written(&group("raw").join("child/cgroup.procs"), &first.pid()), EOPNOTSUPP);
    refused(&program, &["move", "--yes", &outer("raw/child"), &first.pid()], &["(EOPNOTSUPP)"])?;

    // What cgrove does: it refuses that, and makes a leaf.
    fs::create_dir(group("b"))?;
    let second = Process::sleeper_in(&group("b"))?;
    let arguments = ["set", "--yes", &outer("b"), "cgroup.subtree_control=+cpu"];
    let threaded = refused(&program, &arguments, &["holds 1 process", "threaded domain", "domain invalid"])?;
    assert_eq!(read(&group("b").join("cgroup.subtree_control"))?, "");
    threaded.go("then go on")?;
    assert!(second.is_in(&group("b/leaf")));
    assert_eq!(read(&group("b").join("cgroup.subtree_control"))?, "cpu");
    assert_eq!(read(&group("b").join("cgroup.type"))?, "domain");
    Ok(())
}

//! Making, removing and renaming groups (v1).
use super::{Process, Refused, denied_to_nobody, errno, refused, refused_to_nobody};
use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use libtest_mimic::Failed;
use nix::libc;
use std::fs;
use std::process::Command;

pub(super) fn trials() -> Vec<Entry> {
    let cpu = |name, needs, run| Entry { name, needs, measures: false, run };
    vec![
        cpu("rows::names_that_no_group_can_have", &[Need::Cpu], names),
        cpu("rows::groups_where_none_can_be_made", &[Need::CpuV1, Need::Root], closed),
        cpu("rows::groups_that_are_not_empty", &[Need::CpuV1], busy),
        cpu("rows::a_mount_on_a_group", &[Need::CpuV1, Need::Root], mounted_on),
        cpu("rows::names_that_a_group_cannot_get", &[Need::CpuV1], renames),
    ]
}

fn names(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let under = |path: &str| format!("{}/{path}", program.under);
    let group = bench.group();
    fs::create_dir(group.join("a"))?;

    assert_eq!(errno(fs::create_dir(group.join("a"))), libc::EEXIST);
    let there = refused(&program, &["mkdir", &under("a")], &["/a exists already", "(EEXIST)"])?;
    there.go("make a-2 instead")?;
    assert!(group.join("a-2").is_dir());

    let file = bench.weight_file();
    assert_eq!(errno(fs::create_dir(group.join(file))), libc::EEXIST);
    refused(&program, &["mkdir", &under(file)], &["is the name of a control file", "(EEXIST)"])?;

    assert_eq!(errno(fs::create_dir(group.join("x\ny"))), libc::EINVAL);
    refused(&program, &["mkdir", &under("x\ny")], &["newline", "(EINVAL)", r"x\x0ay"])?;

    // The kernel takes it; other file systems and most tools would not.
    let long = "n".repeat(256);
    fs::create_dir(group.join(&long))?;
    fs::remove_dir(group.join(&long))?;
    refused(&program, &["mkdir", &under(&long)], &["256 bytes", "255"])?;
    assert!(!group.join(&long).exists());

    // A path whose upper parts are missing is made whole, or not at all.
    refused(&program, &["mkdir", &under("p/q/cgroup.procs")], &["control file"])?;
    assert!(!group.join("p").exists());
    Ok(())
}

fn closed(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let under = |path: &str| format!("{}/{path}", program.under);
    let (group, shown) = (bench.group(), bench.group().display());
    denied_to_nobody(&format!("mkdir '{shown}/x'"))?;
    refused_to_nobody(&["mkdir", &under("x")], &["(EACCES)", "delegated", "as root"])?;

    // A read-only view of it, in a mount namespace of its own.
    let view = |then: &str| {
        let script = format!(
            "mount --make-rprivate / && mount --bind '{shown}' '{shown}' && mount -o remount,bind,ro '{shown}' && {then}"
        );
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).output()
    };
    let raw = view(&format!("mkdir '{shown}/x'"))?;
    assert!(String::from_utf8_lossy(&raw.stderr).contains("Read-only file system"));
    let cgrove = format!("exec '{}' mkdir '{}'", Program::binary().display(), under("x"));
    Refused::of(&view(&cgrove)?, &["(EROFS)", "read-only"]);
    assert!(!group.join("x").exists());
    Ok(())
}

fn busy(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let under = |path: &str| format!("{}/{path}", program.under);
    let group = bench.group();
    for path in ["a", "a/b", "c"] {
        fs::create_dir(group.join(path))?;
    }

    let mut process = Process::sleeper_in(&group.join("a/b"))?;
    assert_eq!(errno(fs::remove_dir(group.join("a/b"))), libc::EBUSY);
    let says = ["1 task", "(sleep)", "(EBUSY)"];
    let held = refused(&program, &["rmdir", &under("a/b")], &says)?;
    held.go("the task goes to a")?;
    assert!(!group.join("a/b").exists() && process.is_in(&group.join("a")) && process.0.try_wait()?.is_none());

    fs::create_dir(group.join("a/d"))?;
    assert_eq!(errno(fs::remove_dir(group.join("a"))), libc::EBUSY);
    let both = refused(&program, &["rmdir", &under("a")], &["1 child group (d)", "1 task", "(EBUSY)"])?;
    both.go("kill the process")?;
    assert!(!group.join("a").exists() && process.0.wait()?.code().is_none(), "it was killed");

    // A zombie stands in nobody's way.
    let zombie = Process::zombie_in(&group.join("c"))?;
    let output = program.run(&["rmdir", "--yes", &under("c")])?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!group.join("c").exists() && zombie.stat()?.contains(") Z "));

    assert_eq!(errno(fs::remove_dir(group.join("gone"))), libc::ENOENT);
    let output = program.run(&["rmdir", &under("gone")])?;
    assert_eq!(output.status.code(), Some(2), "a name that is not there is a wrong command line");
    assert!(String::from_utf8_lossy(&output.stderr).contains("(ENOENT)"));
    Ok(())
}

fn mounted_on(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = bench.group().join("a");
    fs::create_dir(&group)?;
    let with_a_mount = |then: &str| {
        let script = format!("mount --make-rprivate / && mount -t tmpfs none '{}' && {then}", group.display());
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).output()
    };
    let raw = with_a_mount(&format!("rmdir '{}'", group.display()))?;
    assert!(String::from_utf8_lossy(&raw.stderr).contains("busy"), "{}", String::from_utf8_lossy(&raw.stderr));
    let cgrove = format!("exec '{}' rmdir --yes '{}/a'", Program::binary().display(), program.under);
    let output = with_a_mount(&cgrove)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(3 | 4)), "{stderr}");
    assert!(stderr.contains("mounted on"), "{stderr}");
    assert!(group.is_dir());
    Ok(())
}

fn renames(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let under = |path: &str| format!("{}/{path}", program.under);
    let group = bench.group();
    for path in ["a", "b", "b/c"] {
        fs::create_dir(group.join(path))?;
    }
    let rename = |from: &str, to: &str| errno(fs::rename(group.join(from), group.join(to)));

    assert_eq!(rename("a", "b"), libc::EEXIST);
    refused(&program, &["rename", &under("a"), "b"], &["exists", "(EEXIST)"])?;
    assert_eq!(rename("a", "cpu.shares"), libc::ENOTDIR);
    refused(&program, &["rename", &under("a"), "cpu.shares"], &["control file", "(ENOTDIR)"])?;
    assert_eq!(rename("a", "b/a"), libc::EIO);
    let elsewhere = refused(&program, &["rename", &under("a"), "b/a"], &["keeps its parent", "(EIO)"])?;
    assert_eq!(rename("a", "x\ny"), libc::EINVAL);
    refused(&program, &["rename", &under("a"), "x\ny"], &["newline"])?;
    assert!(group.join("a").is_dir() && group.join("b/c").is_dir());
    elsewhere.go("make b/a with the same settings and remove a")?;
    assert!(!group.join("a").exists() && group.join("b/a").is_dir());
    Ok(())
}

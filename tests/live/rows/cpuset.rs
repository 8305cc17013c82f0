//! A v1 cpuset without CPUs or memory nodes, and one that cannot lose them; a frozen group.
use super::{Elsewhere, Process, errno, mount, refused, written};
use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use crate::stage;
use libtest_mimic::Failed;
use nix::libc;
use std::fs;

pub(super) fn trials() -> Vec<Entry> {
    let entry = |name, needs, run| Entry { name, needs, measures: false, run };
    vec![
        entry("rows::a_cpuset_that_is_empty", &[Need::Cpu, Need::CpusetV1, Need::TwoCpus], empty),
        entry("rows::a_frozen_group", &[Need::Cpu, Need::FreezerV1], frozen),
    ]
}

fn empty(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let own = Elsewhere::new(&mount("cpuset")?, "cpuset", "rows")?;
    let group = own.make("a")?;
    let process = Process::sleeper()?;
    assert_eq!(written(&group.join("tasks"), &process.pid()), libc::ENOSPC);
    let says = ["cpuset.cpus and cpuset.mems", "takes no task", "(ENOSPC)"];
    let none = refused(&program, &["move", "--yes", &own.name("a"), &process.pid()], &says)?;
    none.go("then go on")?;
    assert!(process.is_in(&group));

    // It holds a task now: both lists stay.
    assert_eq!(written(&group.join("cpuset.cpus"), "\n"), libc::ENOSPC);
    refused(&program, &["set", "--yes", &own.name("a"), "cpuset.cpus="], &["(ENOSPC)"])?;
    // A child has a part of its parent's, and a parent keeps what a child has.
    let child = own.make("a/b")?;
    stage::write(&own.path.join("a/cpuset.cpus"), "0")?;
    assert_eq!(written(&child.join("cpuset.cpus"), "1"), libc::EACCES);
    refused(&program, &["set", "--yes", &own.name("a/b"), "cpuset.cpus=1"], &["(EACCES)"])?;
    stage::write(&child.join("cpuset.cpus"), "0")?;
    stage::write(&own.path.join("a/cpuset.cpus"), "0-1")?;
    assert_eq!(written(&group.join("cpuset.cpus"), "1"), libc::EBUSY);
    refused(&program, &["set", "--yes", &own.name("a"), "cpuset.cpus=1"], &["(EBUSY)"])?;
    assert_eq!(written(&group.join("cpuset.cpus"), "1-0"), libc::EINVAL);
    refused(&program, &["set", "--yes", &own.name("a"), "cpuset.cpus=1-0"], &["(EINVAL)"])?;
    assert_eq!(written(&group.join("cpuset.cpus"), "99999"), libc::ERANGE);
    refused(&program, &["set", "--yes", &own.name("a"), "cpuset.cpus=99999"], &["(ERANGE)"])?;
    assert_eq!(fs::read_to_string(group.join("cpuset.cpus"))?.trim(), "0-1");
    Ok(())
}

fn frozen(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let own = Elsewhere::new(&mount("freezer")?, "freezer", "rows")?;
    let (a, b) = (own.make("a")?, own.make("b")?);
    let process = Process::sleeper_in(&a)?;
    stage::write(&a.join("freezer.state"), "FROZEN")?;
    assert_eq!(errno(fs::remove_dir(&a)), libc::EBUSY);
    refused(&program, &["rmdir", &own.name("a")], &["1 task", "(EBUSY)"])?;
    assert_eq!(written(&a.join("freezer.state"), "frozen"), libc::EINVAL);
    refused(&program, &["set", "--yes", &own.name("a"), "freezer.state=frozen"], &["FROZEN", "(EINVAL)"])?;
    // Moving into a frozen group holds, moving out lets go on; both are said.
    let into = program.run(&["freeze", "--yes", &own.name("b")])?;
    assert_eq!(into.status.code(), Some(0), "{}", String::from_utf8_lossy(&into.stderr));
    let moved = program.run(&["move", "--yes", &own.name("b"), &process.pid()])?;
    let said = String::from_utf8_lossy(&moved.stderr);
    assert_eq!(moved.status.code(), Some(0), "{said}");
    assert!(said.contains("held"), "{said}");
    assert!(process.is_in(&b));
    for group in [&a, &b] {
        stage::write(&group.join("freezer.state"), "THAWED")?;
    }
    Ok(())
}

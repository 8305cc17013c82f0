//! Across the root of a cgroup namespace (v2 mounted with nsdelegate): nothing is moved, and the root's values are its
//! owner's.
use super::{Process, Refused};
use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use libtest_mimic::Failed;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

const ROOT: &str = "CGROVE_LIVE_NAMESPACE_ROOT";

pub(super) fn trials() -> Vec<Entry> {
    let needs = &[Need::CpuV2, Need::Delegation, Need::Root];
    vec![Entry { name: "rows::across_a_cgroup_namespace", needs, measures: false, run: across }]
}

/// Runs a command in a cgroup namespace whose root is `group`.
fn inside(group: &Path, words: &[&str]) -> Result<Output, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(words).env(ROOT, group).stdin(Stdio::null()).output()?)
}

/// If this process was started by [`inside`]: enters the group, makes the namespace, becomes the command.
pub(crate) fn become_the_command() -> Option<ExitCode> {
    let group = std::env::var_os(ROOT)?;
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let entered = fs::write(Path::new(&group).join("cgroup.procs"), "0")
        .and_then(|()| nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP).map_err(io::Error::from));
    let error = match entered {
        Ok(()) => Command::new(words.first()?).args(&words[1..]).env_remove(ROOT).exec(),
        Err(error) => error,
    };
    eprintln!("in the namespace: {error}");
    Some(ExitCode::from(125))
}

fn across(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = |path: &str| bench.group().join(path);
    for path in ["ns", "ns/a", "ns/b", "ns/self", "out"] {
        fs::create_dir(group(path))?;
    }
    let process = Process::sleeper_in(&group("ns/a"))?;
    let binary = Program::binary().to_str().ok_or("no UTF-8")?;
    let home = program.home().join("inside");
    // The namespace's root is where its first process is: ns/self, then ns is above it. So it is made in ns itself.
    let run = |words: &[&str]| inside(&group("ns"), words);
    let raw = |path: &str, file: &str, data: &str| {
        run(&["sh", "-c", &format!("echo {data} | tee '{}'", group(path).join(file).display())])
    };
    let cgrove = |words: &[&str]| {
        let mut all = vec!["env", "XDG_STATE_HOME", binary];
        let state = format!("XDG_STATE_HOME={}", home.display());
        all[1] = &state;
        all.extend(words);
        run(&all)
    };
    let name = |path: &str| format!("{}/{path}", program.under);

    assert!(!raw("out", "cgroup.procs", &process.pid())?.status.success());
    let output = cgrove(&["move", "--yes", &name("out"), &process.pid()])?;
    Refused::of(&output, &["namespace", "(ENOENT)"]);
    assert!(process.is_in(&group("ns/a")));

    assert!(!raw("ns", "cpu.weight", "50")?.status.success());
    let output = cgrove(&["set", "--yes", &name("ns"), "cpu.weight=50"])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(3 | 4)) && stderr.contains("EPERM"), "{stderr}");
    assert!(stderr.contains("owner") || stderr.contains("namespace"), "{stderr}");

    let output = cgrove(&["move", "--yes", &name("ns/b"), &process.pid()])?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(process.is_in(&group("ns/b")));
    Ok(())
}

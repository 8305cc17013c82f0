//! Which names groups of an experiment may have, and which files of a group an experiment may set.

/// Controllers whose files are named `controller.something`, and `cgroup` itself.
const PREFIXES: [&str; 19] = [
    "blkio",
    "cgroup",
    "cpu",
    "cpuacct",
    "cpuset",
    "debug",
    "devices",
    "dmem",
    "freezer",
    "hugetlb",
    "io",
    "irq",
    "memory",
    "misc",
    "net_cls",
    "net_prio",
    "perf_event",
    "pids",
    "rdma",
];
/// Files without a controller's prefix (v1).
const PLAIN: [&str; 3] = ["tasks", "notify_on_release", "release_agent"];
/// Longest component in bytes. Kernels take longer ones; nobody can type or show them.
const LONGEST_NAME: usize = 255;
/// Most components of a path.
const DEEPEST: usize = 64;

/// Whether `name` is the name of a control file, or could be one in another kernel.
pub(super) fn is_control_file(name: &str) -> bool {
    PLAIN.contains(&name)
        || name.split_once('.').is_some_and(|(prefix, rest)| PREFIXES.contains(&prefix) && !rest.is_empty())
}

/// Checks the path of a group.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let shown = super::reader::show(path);
    if path.is_empty() {
        return Err(
            "`path` is empty: a group is named by a path below the stage, such as \"cg1\" or \"cg1/cg2\"".into()
        );
    }
    if path.starts_with('/') {
        return Err(format!("`path` is \"{shown}\": it is relative to the stage, without a slash before it"));
    }
    if path.split('/').count() > DEEPEST {
        return Err(format!("`path` \"{shown}\" has more than {DEEPEST} components"));
    }
    for name in path.split('/') {
        let name_shown = super::reader::show(name);
        if name.is_empty() {
            return Err(format!("`path` is \"{shown}\": a component is empty"));
        }
        if name == "." || name == ".." {
            return Err(format!("`path` is \"{shown}\": \"{name}\" is not the name of a group"));
        }
        if name.len() > LONGEST_NAME {
            return Err(format!("\"{name_shown}\" has {} bytes: a name has at most {LONGEST_NAME}", name.len()));
        }
        if name.contains(['\n', '\0']) {
            return Err(format!("\"{name_shown}\" holds a newline or NUL: the kernel takes no such name"));
        }
        if is_control_file(name) {
            return Err(format!("\"{name_shown}\" is the name of a control file, so no group can have it"));
        }
    }
    Ok(())
}

/// Whether an experiment may set a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Settable {
    /// It may.
    Yes,
    /// Not this file.
    NoFile(String),
    /// Not this content.
    NoData(String),
}

/// Files that are commands or move tasks or reach out of the group; never set by an experiment.
const COMMANDS: [&str; 15] = [
    "cgroup.event_control",
    "cgroup.kill",
    "cgroup.procs",
    "cgroup.subtree_control",
    "cgroup.threads",
    "cgroup.type",
    "cpuacct.usage",
    "devices.allow",
    "devices.deny",
    "memory.force_empty",
    "memory.pressure_level",
    "memory.reclaim",
    "notify_on_release",
    "release_agent",
    "tasks",
];
/// Files that an experiment sets through keys of its own, because the prediction depends on them.
const KEYS: [(&str, &str); 10] = [
    ("cpu.shares", "weight"),
    ("cpu.weight", "weight"),
    ("cpu.weight.nice", "weight"),
    ("cpu.idle", "idle"),
    ("cpu.max", "quota"),
    ("cpu.cfs_quota_us", "quota"),
    ("cpu.cfs_period_us", "period_ms"),
    ("cgroup.freeze", "held"),
    ("freezer.state", "held"),
    ("cpuset.cpus", "cpus"),
];

/// Checks one line of `[group.set]`.
pub(super) fn check_setting(file: &str, data: &str) -> Settable {
    /// The longest write the kernel takes is a page.
    const LONGEST_DATA: usize = 4095;
    let shown = super::reader::show(file);
    if COMMANDS.contains(&file) {
        return Settable::NoFile(format!("`{shown}` is a command, not a setting: an experiment does not write it"));
    }
    if let Some((_, key)) = KEYS.iter().find(|(name, _)| *name == file) {
        let of = if matches!(*key, "held" | "cpus") { " of the workloads" } else { "" };
        return Settable::NoFile(format!("`{shown}` changes the prediction: use the key `{key}`{of} instead"));
    }
    if !is_control_file(file) || file.contains(['/', '\n', '\0']) {
        return Settable::NoFile(format!("`{shown}` is not the name of a control file, such as \"pids.max\""));
    }
    if data.is_empty() {
        return Settable::NoData(format!("nothing to write into `{shown}`"));
    }
    if data.len() > LONGEST_DATA {
        return Settable::NoData(format!("{} bytes for `{shown}`: at most {LONGEST_DATA}", data.len()));
    }
    if data.contains(['\n', '\0']) {
        return Settable::NoData(format!("what goes into `{shown}` holds a newline or NUL: one line is one write"));
    }
    Settable::Yes
}

#[cfg(test)]
mod tests {
    use super::{Settable, check_path, check_setting};

    #[test]
    fn ordinary_names_are_taken() {
        for path in ["cg1", "cg1/cg2", "a b", ".hidden", "käse", "cpu", "x.y", "shop.slice", "…"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn paths_that_the_kernel_or_a_reader_would_misunderstand_are_refused() {
        for path in [
            "",
            "/",
            "/cg1",
            "cg1/",
            "cg1//cg2",
            ".",
            "..",
            "cg1/../cg2",
            "cpu.shares",
            "cg1/tasks",
            "cgroup.x",
            "a\nb",
        ] {
            assert!(check_path(path).is_err(), "{path}");
        }
        assert!(check_path(&"x".repeat(256)).is_err() && check_path(&"x".repeat(255)).is_ok());
        assert!(check_path(&["d"; 65].join("/")).is_err() && check_path(&["d"; 64].join("/")).is_ok());
    }

    #[test]
    fn knobs_are_taken_and_commands_are_not() {
        assert_eq!(check_setting("pids.max", "20"), Settable::Yes);
        assert_eq!(check_setting("hugetlb.2MB.max", "0"), Settable::Yes);
        for file in [
            "cgroup.kill",
            "tasks",
            "release_agent",
            "cpu.shares",
            "cgroup.freeze",
            "../x",
            "pids",
            "x.y",
            "pids.max/../x",
        ] {
            assert!(matches!(check_setting(file, "1"), Settable::NoFile(_)), "{file}");
        }
        assert!(matches!(check_setting("pids.max", ""), Settable::NoData(_)));
        assert!(matches!(check_setting("pids.max", "1\n2"), Settable::NoData(_)));
    }
}

//! `cgrove tree --json` against the files of the kernel.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use cgrove::kernel::real::RealFs;
use cgrove::kernel::sampler::Sampler;
use cgrove::kernel::watch::{Wakes, Watches};
use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    let entry = |name, run| Entry { name, needs: &[Need::Cpu], measures: false, run };
    vec![
        entry("tree::groups_weights_and_tasks_are_the_kernels", agrees),
        entry("tree::all_hierarchies_of_mountinfo_are_there", hierarchies),
        entry("tree::a_name_of_any_bytes", bytes),
        entry("tree::a_name_of_thousands_of_bytes_does_not_stop_the_watches", long),
        Entry { name: "tree::measured_is_what_the_kernel_counts", needs: &[Need::Cpu], measures: true, run: measured },
    ]
}

/// What is compared of a group.
type Facts = (Option<u64>, BTreeSet<i64>);

/// The groups from `directory` down, by their path below `mount`, as the files say.
fn of_files(mount: &Path, directory: &Path, weight: &str, into: &mut BTreeMap<String, Facts>) -> Result<(), Failed> {
    let path = directory.strip_prefix(mount)?.to_str().ok_or("a name that is no text")?;
    let file = if weight == "cpu.shares" { "tasks" } else { "cgroup.threads" };
    let tasks = fs::read_to_string(directory.join(file))?;
    let tasks = tasks.lines().map(str::parse).collect::<Result<_, _>>()?;
    let weight_now = fs::read_to_string(directory.join(weight))?.trim().parse()?;
    into.insert(format!("/{path}"), (Some(weight_now), tasks));
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            of_files(mount, &entry.path(), weight, into)?;
        }
    }
    Ok(())
}

fn run(program: &Program, arguments: &[&str]) -> Result<Value, Failed> {
    let output = program.run(&[&["tree"], arguments, &["--json", "--interval", "0.5"]].concat())?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn groups(tree: &Value) -> Result<&Vec<Value>, Failed> {
    Ok(tree["hierarchies"][0]["groups"].as_array().ok_or("no groups")?)
}

fn agrees(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    bench.make("a", 300)?;
    let inner = bench.make("a/b", 5)?;
    bench.make("a/b-empty", 77)?;
    let leaf = bench.make("a/b/c", 9000)?;
    let _loops = [bench.spin(&leaf)?, bench.spin(&leaf)?];
    // Beside groups tasks may be on v1 only.
    let _beside = (bench.weight_file() == "cpu.shares").then(|| bench.spin(&inner)).transpose()?;
    let mut expected = BTreeMap::new();
    of_files(bench.mount(), bench.group(), bench.weight_file(), &mut expected)?;
    let tree = run(&program, &[&program.under, "--tasks"])?;
    let mut found: BTreeMap<String, Facts> = BTreeMap::new();
    for group in groups(&tree)? {
        let tasks = group["tasks"].as_array().ok_or("tasks")?;
        let tasks = tasks.iter().filter_map(|task| task["tid"].as_i64()).collect::<BTreeSet<_>>();
        assert_eq!(group["tasks_own"].as_u64(), Some(tasks.len() as u64), "{group}");
        let path = group["path"].as_str().ok_or("path")?.to_owned();
        found.insert(path, (group["weight"].as_u64(), tasks));
    }
    assert_eq!(found, expected);
    let text = program.run(&["tree", &*program.under])?;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for word in ["b-empty", "9000", "100 %"] {
        assert!(text.contains(word), "no {word}: {text}");
    }
    Ok(())
}

fn hierarchies(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let tree = run(&program, &[])?;
    let found: BTreeSet<&str> = tree["hierarchies"]
        .as_array()
        .ok_or("hierarchies")?
        .iter()
        .flat_map(|hierarchy| hierarchy["mounts"].as_array().into_iter().flatten())
        .filter_map(|mount| mount["point"].as_str())
        .collect();
    let mountinfo = fs::read_to_string("/proc/self/mountinfo")?;
    for line in mountinfo.lines().filter(|line| line.contains(" - cgroup")) {
        let point = line.split(' ').nth(4).ok_or("mountinfo")?;
        assert!(found.contains(point), "{point} is not in {found:?}");
    }
    Ok(())
}

fn bytes(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"a \xff\x1b[31m");
    fs::create_dir(bench.group().join(name))?;
    let tree = run(&program, &[&program.under])?;
    let paths: Vec<_> = groups(&tree)?.iter().filter_map(|group| group["path"].as_str()).collect();
    assert_eq!(paths[1..], [format!("{}/a \\xff\\x1b[31m", program.under)]);
    let text = program.run(&["tree", &*program.under])?.stdout;
    let text = String::from_utf8(text)?;
    assert!(!text.contains(char::from(0x1b)) && text.contains("a \\xff\\x1b[31m"), "{text}");
    fs::remove_dir(bench.group().join(name))?;
    Ok(())
}

/// Two loops in groups of 600 and 200 on one CPU: what it says of them, in CPUs, over a second.
fn measured(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let (heavy, light) = (bench.make("heavy", 600)?, bench.make("light", 200)?);
    let _loops = [bench.spin(&heavy)?, bench.spin(&light)?];
    let output = program.run(&["tree", &*program.under, "--json", "--interval", "2"])?;
    let tree: Value = serde_json::from_slice(&output.stdout)?;
    for (name, part) in [("heavy", 0.75), ("light", 0.25)] {
        let path = format!("{}/{name}", program.under);
        let group = groups(&tree)?.iter().find(|group| group["path"] == *path).ok_or(path)?;
        for column in ["expected_cpus", "measured_cpus"] {
            let cpus = group[column].as_f64().ok_or(column)?;
            assert!((cpus - part).abs() < 0.02, "{column} of {name} is {cpus}, not {part}: {group}");
        }
    }
    Ok(())
}

/// The event of a name beyond what other file systems allow must fit, or no event is read any more.
fn long(bench: &mut Bench) -> Result<(), Failed> {
    let (mut wakes, ringer) = Wakes::new();
    let mut sampler = Sampler::new(Box::new(RealFs))?;
    let mut watches = Watches::start(ringer);
    watches.follow_sampler(&mut sampler);
    let name = "n".repeat(3900);
    fs::create_dir(bench.group().join(&name))?;
    bench.make("after", 100)?;
    let after = bench.group().strip_prefix(bench.mount())?.join("after");
    let (done, ended) = mpsc::channel();
    let follower = std::thread::spawn(move || {
        let begun = Instant::now();
        let found = loop {
            let hint = wakes.wait(Duration::from_secs(1)).hint;
            if hint.structure {
                sampler.walk();
                watches.follow_sampler(&mut sampler);
                let structure = sampler.structure();
                let here =
                    |id| structure.place(id).is_some_and(|place| place.path.ends_with(after.as_os_str().as_bytes()));
                if structure.iter().any(|(id, _)| here(id)) {
                    break true;
                }
            }
            if begun.elapsed() > Duration::from_secs(10) {
                break false;
            }
        };
        drop(done.send((found, begun.elapsed(), watches)));
    });
    let (found, after, watches) =
        ended.recv_timeout(Duration::from_secs(20)).map_err(|error| format!("the watches hang: {error}"))?;
    assert!(found && after < Duration::from_secs(5), "told after {after:?}, found: {found}");
    follower.join().map_err(|_panic| "the follower")?;
    drop(watches);
    fs::remove_dir(bench.group().join(&name))?;
    Ok(())
}

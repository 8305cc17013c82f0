//! `cgrove verify` on the live kernel: every shipped experiment, every way it can end early, and `cgrove cleanup`.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::{Program, Running};
use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Entry> {
    let measured = |name, needs, run| Entry { name, needs, measures: true, run };
    // Those with a limit of time run alone too: beside a trial that measures, with its high weights, they would wait.
    let tried = |name, run| Entry { name, needs: &[Need::Cpu], measures: true, run };
    vec![
        measured("verify::figure2", &[Need::Cpu], |bench| shipped(bench, "figure2", 0.5)),
        measured("verify::work_conserving", &[Need::Cpu], |bench| shipped(bench, "work-conserving", 1.0)),
        measured("verify::tasks_beside_groups", &[Need::CpuV1], |bench| shipped(bench, "tasks-beside-groups", 1.0)),
        measured("verify::two_loops_against_one", &[Need::Cpu], |bench| shipped(bench, "two-loops-against-one", 1.0)),
        measured("verify::nice_inside_a_group", &[Need::Cpu], |bench| shipped(bench, "nice-inside-a-group", 1.0)),
        measured("verify::quota_on_a_leaf", &[Need::Cpu], |bench| shipped(bench, "quota-on-a-leaf", 1.0)),
        measured("verify::idle_group", &[Need::Cpu], |bench| shipped(bench, "idle-group", 1.0)),
        measured("verify::two_cpus_pinned", &[Need::Cpu, Need::TwoCpus], |bench| {
            shipped(bench, "two-cpus-pinned", 3.0)
        }),
        measured("verify::duty", &[Need::Cpu], |bench| shipped(bench, "duty", 1.0)),
        tried("verify::a_wrong_file_is_2_and_touches_nothing", wrong_file),
        tried("verify::a_group_that_exists_is_3_and_named", existing_group),
        tried("verify::a_cpu_that_is_not_allowed_is_3", forbidden_cpu),
        tried("verify::a_stage_that_is_missing_is_3", missing_stage),
        tried("verify::interrupted_while_building", |bench| interrupted(bench, "make cg1", Signal::SIGINT)),
        tried("verify::interrupted_while_launching", |bench| interrupted(bench, "launch", Signal::SIGINT)),
        tried("verify::interrupted_while_settling", |bench| interrupted(bench, "settling", Signal::SIGINT)),
        tried("verify::interrupted_while_measuring", |bench| interrupted(bench, "measured 1", Signal::SIGINT)),
        tried("verify::terminated_while_measuring", |bench| interrupted(bench, "measuring", Signal::SIGTERM)),
        tried("verify::hung_up_while_building", |bench| interrupted(bench, "make cg4", Signal::SIGHUP)),
        tried("verify::killed_in_the_middle", |bench| killed(bench, "measured 1")),
        tried("verify::killed_while_building", |bench| killed(bench, "make cg1/cg3")),
    ]
}

/// The path of an experiment that is shipped.
pub(crate) fn experiment(name: &str) -> String {
    format!("{}/assets/experiments/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// Every experiment file must have its trial: a new one that nobody verifies is noticed here.
fn is_tried(name: &str) -> bool {
    let trial = format!("verify::{}", name.replace('-', "_"));
    trials().iter().any(|entry| entry.name == trial)
}

fn shipped(bench: &mut Bench, name: &str, tolerance: f64) -> Result<(), Failed> {
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/experiments"))? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).ok_or("an experiment's name")?;
        assert!(is_tried(stem), "{} has no trial", path.display());
    }
    let program = Program::new(bench)?;
    // The figure as it is shipped; the others for a shorter time, since all trials that measure run one at a time.
    let (arguments, least) = if name == "figure2" {
        (vec![experiment(name)], 8.0)
    } else {
        (vec![experiment(name), "--seconds=5".to_owned()], 5.0)
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = verified(&program, &arguments, tolerance)?;
    let seconds = report["seconds"].as_f64().ok_or("seconds")?;
    assert!(seconds >= least, "measured for {seconds} s only");
    Ok(())
}

/// Runs `verify --json` and checks what every good run has: within the tolerance, cleaned up, nothing left.
pub(crate) fn verified(program: &Program, arguments: &[&str], tolerance: f64) -> Result<Value, Failed> {
    let all = [&["verify"], arguments, &["--json", "--under", &program.under]].concat();
    let output = program.run(&all)?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stdout}\n{stderr}"))?;
    let error = report["max_error_pp"].as_f64().ok_or_else(|| format!("no max_error_pp: {stdout}\n{stderr}"))?;
    if error > tolerance || report["cleaned_up"] != true || output.status.code() != Some(0) {
        let status = output.status;
        return Err(format!("{error} points off, {tolerance} allowed; {status}\n{stdout}\n{stderr}").into());
    }
    program.nothing_left()?;
    for workload in report["workloads"].as_array().into_iter().flatten() {
        let pid = workload["pid"].as_i64().ok_or("a workload's pid")?;
        assert!(!fs::exists(format!("/proc/{pid}"))?, "workload {pid} still runs");
    }
    Ok(report)
}

/// Runs it where it must fail: the code, and words that the message has.
fn refused(program: &Program, file: &str, code: i32, words: &[&str]) -> Result<(), Failed> {
    let output = program.run(&["verify", file, "--json", "--under", &program.under])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "nothing was measured");
    for word in words {
        assert!(stderr.contains(word), "no {word:?} in: {stderr}");
    }
    Ok(())
}

fn write(program: &Program, name: &str, text: &str) -> Result<PathBuf, Failed> {
    let path = program.home().join(name);
    fs::write(&path, text)?;
    Ok(path)
}

fn wrong_file(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    // The first group is right: it must not be made before the rest is read.
    let text = "[[group]]\npath = \"a\"\n[[group]]\npath = \"b\"\nwight = 100\n[[workload]]\ngroup = \"a\"\n";
    let file = write(&program, "wrong.toml", text)?;
    refused(&program, file.to_str().ok_or("path")?, 2, &["wrong.toml", "line 5", "wight", "weight"])?;
    let file = write(&program, "dots.toml", "[[group]]\npath = \"a/../..\"\n")?;
    refused(&program, file.to_str().ok_or("path")?, 2, &["dots.toml", "line 2", ".."])?;
    refused(&program, "/nonexistent/x.toml", 2, &["/nonexistent/x.toml"])?;
    let journals = program.home().join("cgrove");
    assert!(!journals.exists() || fs::read_dir(journals)?.next().is_none(), "no journal is begun for a wrong file");
    program.nothing_left()
}

fn existing_group(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let group = bench.make("cg4", 77)?;
    let name = format!("{}/cg4", program.under);
    refused(&program, &experiment("figure2"), 3, &[&name, "exists", "--under"])?;
    let weight = fs::read_to_string(group.join(bench.weight_file()))?;
    assert_eq!((weight.trim(), program.groups()?), ("77", vec![group.clone()]), "it is as it was, and alone");
    fs::remove_dir(group)?;
    program.nothing_left()
}

fn forbidden_cpu(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let text = "cpus = [1023]\n[[group]]\npath = \"a\"\n[[workload]]\ngroup = \"a\"\n";
    let file = write(&program, "cpu.toml", text)?;
    let allowed = fs::read_to_string("/proc/self/status")?;
    let allowed = allowed.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).ok_or("allowed")?.trim();
    refused(&program, file.to_str().ok_or("path")?, 3, &["1023", "allowed", allowed])?;
    program.nothing_left()
}

fn missing_stage(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let under = format!("{}/none", program.under);
    let output = program.run(&["verify", &experiment("figure2"), "--under", &under])?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains(&under), "{stderr}");
    program.nothing_left()
}

/// Starts figure 2 and waits until it says this.
fn begun(program: &Program, at: &str) -> Result<Running, Failed> {
    let file = experiment("figure2");
    let mut running = program.start(&["verify", &file, "--json", "--under", &program.under])?;
    running.wait_for(at)?;
    assert!(program.processes().len() >= 2, "the program and its supervisor are found by their environment");
    Ok(running)
}

fn interrupted(bench: &mut Bench, at: &str, signal: Signal) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let running = begun(&program, at)?;
    let start = Instant::now();
    running.signal(signal)?;
    let (status, stdout, stderr) = running.end()?;
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}: {stderr}", start.elapsed());
    if !stdout.is_empty() {
        let report: Value = serde_json::from_str(&stdout)?;
        assert_eq!(report["cleaned_up"], true, "{stdout}");
    }
    program.nothing_left()?;
    nothing_to_clean(&program)
}

fn nothing_to_clean(program: &Program) -> Result<(), Failed> {
    let output = program.run(&["cleanup"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), &*text), (Some(0), "nothing was left behind\n"));
    Ok(())
}

fn killed(bench: &mut Bench, at: &str) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let running = begun(&program, at)?;
    running.signal(Signal::SIGKILL)?;
    let start = Instant::now();
    loop {
        // The program itself is a zombie, whose environment reads empty.
        let left = program.processes();
        if left.is_empty() {
            break;
        }
        let passed = start.elapsed();
        assert!(passed < Duration::from_millis(500), "{left:?} still run {passed:?} after SIGKILL");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(running);
    let made = program.groups()?;
    assert!(!made.is_empty(), "the groups of the killed run stand");
    let dry = program.run(&["cleanup", "--dry-run"])?;
    assert_eq!((dry.status.code(), program.groups()?), (Some(0), made.clone()), "a dry run removes nothing");
    let output = program.run(&["cleanup"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(&format!("{}/cg1", program.under)), "it says what it removed: {text}");
    program.nothing_left()?;
    nothing_to_clean(&program)
}

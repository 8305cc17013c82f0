//! Files that are set: by keys in the terminal, and the rules that refuse a value before it is written, one by one against the
//! kernel itself.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::pty::Terminal;
use crate::screen::Screen;
use cgrove::kernel::discover::discover;
use cgrove::kernel::real::RealFs;
use cgrove::kernel::survey::survey;
use cgrove::model::errno::Errno;
use cgrove::model::place::Place;
use cgrove::plan::intent::{Intent, Setting};
use cgrove::plan::plan;
use libtest_mimic::Failed;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) fn trials() -> Vec<Entry> {
    let rules = |name, needs, run| Entry { name, needs, measures: false, run };
    let keys = |name, needs, run| Entry { name, needs, measures: true, run };
    vec![
        rules("files::rules_of_cpu", &[Need::CpuV1, Need::Root], cpu),
        rules("files::rules_of_real_time", &[Need::CpuV1, Need::Root, Need::RealTimeGroups], real_time),
        rules("files::rules_of_cpuset", &[Need::CpusetV1, Need::Root], cpuset),
        rules("files::rules_of_memory", &[Need::Cpu, Need::V1("memory"), Need::Root], memory),
        rules("files::rules_of_pids", &[Need::Cpu, Need::V1("pids"), Need::Root], pids),
        rules("files::rules_of_freezer", &[Need::Cpu, Need::FreezerV1, Need::Root], freezer),
        rules("files::rules_of_blkio", &[Need::Cpu, Need::V1("blkio"), Need::Root], blkio),
        rules("files::rules_of_v2", &[Need::Cpu, Need::V2, Need::Root], core_v2),
        keys("files::a_number_a_quota_and_the_octal_trap_by_keys", &[Need::CpuV1], by_keys),
        keys("files::a_list_by_keys", &[Need::Cpu, Need::CpusetV1], list_by_keys),
        keys("files::a_limit_of_tasks_by_keys", &[Need::Cpu, Need::V1("pids")], limit_by_keys),
    ]
}

/// A group of the trial in the hierarchy of a controller (`v2` for that one), removed with all below it at the end.
struct Group {
    directory: PathBuf,
    place: Place,
}

impl Group {
    fn new(controller: &str) -> Result<Self, Failed> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let hierarchies = discover(&RealFs)?.hierarchies;
        let is = |h: &&cgrove::model::hierarchy::Hierarchy| {
            if controller == "v2" { h.label() == "v2" } else { h.has(controller) }
        };
        let hierarchy = hierarchies.iter().find(is).ok_or("no such hierarchy")?;
        let point = Path::new(std::ffi::OsStr::from_bytes(&hierarchy.best_mount().ok_or("not mounted")?.point));
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("cgrove-test-{}-files-{number}", std::process::id());
        let directory = point.join(&name);
        fs::create_dir(&directory)?;
        Ok(Self { directory, place: Place::top(hierarchy.id).child(name.as_bytes()) })
    }

    fn make(&self, path: &str) -> Result<(), Failed> {
        Ok(fs::create_dir(self.directory.join(path))?)
    }

    /// What the kernel says to a text, and what the file reads then.
    fn raw(&self, path: &str, file: &str, data: &str) -> (Result<(), i32>, String) {
        let file = self.directory.join(path).join(file);
        let written =
            fs::OpenOptions::new().write(true).open(&file).and_then(|mut file| file.write_all(data.as_bytes()));
        let read = fs::read_to_string(&file).unwrap_or_default().trim().to_owned();
        (written.map_err(|error| error.raw_os_error().unwrap_or(0)), read)
    }

    /// Sets a value that must be taken.
    fn set(&self, path: &str, file: &str, data: &str) -> Result<(), Failed> {
        match self.raw(path, file, data) {
            (Ok(()), _) => Ok(()),
            (Err(errno), _) => Err(format!("{path}/{file}: {data:?}: errno {errno}").into()),
        }
    }

    /// The plan's rule against a value; `Ok` with its warnings where there is none.
    fn rule(&self, path: &str, file: &str, data: &str) -> Result<Vec<String>, String> {
        let group = path
            .split('/')
            .filter(|part| !part.is_empty())
            .fold(self.place.clone(), |at, part| at.child(part.as_bytes()));
        let intent = Intent::Set { group, setting: Setting { file: file.into(), data: data.as_bytes().into() } };
        let survey = survey(&RealFs, &intent.needs()).unwrap();
        plan(&intent, &survey).map(|plan| plan.warnings).map_err(|refusal| refusal.rule)
    }

    fn is_refused(&self, path: &str, file: &str, data: &str) -> String {
        match self.rule(path, file, data) {
            Ok(_) => panic!("{file} {data:?} is planned"),
            Err(rule) => rule,
        }
    }

    /// Each value is refused by a rule that names the errno, and by the kernel with it.
    fn refused(&self, path: &str, file: &str, values: &[(&str, i32)]) {
        for &(data, errno) in values {
            let name = Errno(errno).to_string();
            let rule = self.is_refused(path, file, data);
            assert!(rule.contains(&name), "{file} {data:?}: {name} is not in: {rule}");
            let (kernel, reads) = self.raw(path, file, data);
            assert_eq!(
                kernel,
                Err(errno),
                "{file} {data:?} as the kernel sees it; it reads {reads}, the rule says: {rule}"
            );
        }
    }

    /// Each value is refused as a trap: the kernel takes it, and makes something else of it, which the rule names.
    fn trapped(&self, path: &str, file: &str, values: &[(&str, &str)]) {
        for &(data, stores) in values {
            let rule = self.is_refused(path, file, data);
            let (kernel, reads) = self.raw(path, file, data);
            assert_eq!((kernel, &*reads), (Ok(()), stores), "{file} {data:?}, {rule}");
        }
    }

    /// Each value is planned, and taken by the kernel as `reads`; where that is another number, it is said before.
    fn taken(&self, path: &str, file: &str, values: &[(&str, &str)]) {
        for &(data, stores) in values {
            let warnings = self.rule(path, file, data).unwrap_or_else(|rule| panic!("{file} {data:?}: {rule}"));
            let (kernel, reads) = self.raw(path, file, data);
            assert_eq!((kernel, &*reads), (Ok(()), stores), "{file} {data:?}");
            if data.parse::<u64>().is_ok_and(|asked| asked.to_string() != stores) {
                assert!(warnings.iter().any(|text| text.contains(stores)), "{file} {data:?} → {stores}: {warnings:?}");
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        fn remove(directory: &Path) {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    remove(&entry.path());
                }
            }
            for _ in 0..50 {
                match fs::remove_dir(directory) {
                    Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    _ => return,
                }
            }
        }
        remove(&self.directory);
    }
}

const EINVAL: i32 = 22;
const ERANGE: i32 = 34;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const ENOSPC: i32 = 28;
const ENOENT: i32 = 2;
const EOPNOTSUPP: i32 = 95;

/// A process that only sleeps; it ends with the trial.
struct Sleeper(Child);

impl Sleeper {
    fn start(group: &Path) -> Result<Self, Failed> {
        let child = Self(Command::new("sleep").arg("300").spawn()?);
        fs::write(group.join("cgroup.procs"), child.0.id().to_string())?;
        Ok(child)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn cpu(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("cpu")?;
    group.make("a")?;
    group.refused("", "cpu.shares", &[("-1", EINVAL), ("many", EINVAL), ("1.5", EINVAL), ("1e3", EINVAL)]);
    group.refused("", "cpu.shares", &[("99999999999999999999", ERANGE)]);
    group.trapped("", "cpu.shares", &[("0400", "256"), ("0x400", "1024")]);
    group.taken("", "cpu.shares", &[("0", "2"), ("999999999", "262144"), ("+600", "600")]);
    group.refused(
        "",
        "cpu.cfs_quota_us",
        &[("0", EINVAL), ("999", EINVAL), ("17592186044416", EINVAL), ("max", EINVAL)],
    );
    group.refused("", "cpu.cfs_period_us", &[("999", EINVAL), ("1000001", EINVAL)]);
    group.taken("", "cpu.cfs_quota_us", &[("50000", "50000")]);
    group.refused("", "cpu.cfs_burst_us", &[("50001", EINVAL), ("-1", EINVAL)]);
    group.refused("a", "cpu.cfs_quota_us", &[("50001", EINVAL)]);
    group.taken("a", "cpu.cfs_quota_us", &[("30000", "30000")]);
    group.refused("", "cpu.cfs_quota_us", &[("20000", EINVAL)]);
    group.taken("", "cpu.cfs_burst_us", &[("10000", "10000")]);
    group.set("a", "cpu.cfs_quota_us", "-1")?;
    group.refused("", "cpu.cfs_quota_us", &[("9999", EINVAL)]);
    group.refused("", "cpu.idle", &[("2", EINVAL), ("x", EINVAL)]);
    group.taken("a", "cpu.idle", &[("1", "1")]);
    group.refused("a", "cpu.shares", &[("600", EINVAL)]);
    group.refused("", "notify_on_release", &[("-1", EINVAL), ("x", EINVAL)]);
    group.trapped("", "notify_on_release", &[("2", "1")]);
    Ok(())
}

fn real_time(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("cpu")?;
    group.make("a")?;
    group.make("b")?;
    let runtime = "cpu.rt_runtime_us";
    group.refused("", runtime, &[("-1", EINVAL), ("-2", EINVAL), ("1000001", EINVAL), ("950001", EINVAL)]);
    group.refused("", "cpu.rt_period_us", &[("0", EINVAL), ("-1", EINVAL)]);
    // The host's other groups may have budgets of their own: this one asks for little.
    group.taken("", runtime, &[("1000", "1000")]);
    group.taken("a", runtime, &[("600", "600")]);
    group.refused("b", runtime, &[("500", EINVAL)]);
    group.taken("b", runtime, &[("400", "400")]);
    group.refused("", runtime, &[("900", EINVAL), ("0", EINVAL)]);
    group.refused("", "cpu.rt_period_us", &[("2000000", EINVAL)]);
    group.set("a", runtime, "0")?;
    group.set("b", runtime, "0")?;
    group.refused("", "cpu.rt_period_us", &[("900", EINVAL)]);
    Ok(())
}

fn cpuset(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("cpuset")?;
    let online = fs::read_to_string("/sys/devices/system/cpu/online")?.trim().to_owned();
    group.refused("", "cpuset.cpus", &[("1-0", EINVAL), ("x", EINVAL), ("0-", EINVAL), ("99999", ERANGE)]);
    group.taken("", "cpuset.cpus", &[("0", "0"), (&online, &online)]);
    group.refused("", "cpuset.mems", &[("1000", EINVAL), ("x", EINVAL)]);
    group.taken("", "cpuset.mems", &[("0", "0")]);
    group.make("a")?;
    group.set("", "cpuset.cpus", "0")?;
    if online != "0" {
        group.refused("a", "cpuset.cpus", &[(&online, EACCES)]);
    }
    group.set("a", "cpuset.cpus", "0")?;
    group.set("a", "cpuset.mems", "0")?;
    group.refused("", "cpuset.cpus", &[("", EBUSY)].map(|(_, errno)| ("\n", errno)));
    let sleeper = Sleeper::start(&group.directory.join("a"))?;
    group.refused("a", "cpuset.cpus", &[("\n", ENOSPC)]);
    drop(sleeper);
    group.make("b")?;
    group.set("b", "cpuset.cpus", "0")?;
    group.refused("a", "cpuset.cpu_exclusive", &[("1", EACCES), ("x", EINVAL)]);
    group.trapped("a", "cpuset.memory_migrate", &[("2", "1")]);
    // A group is exclusive only below one that is, and its siblings in the top share all CPUs with it here.
    let parent = group.raw("", "cpuset.cpu_exclusive", "1");
    if parent.0.is_ok() {
        group.refused("a", "cpuset.cpu_exclusive", &[("1", EINVAL)]);
        group.set("b", "cpuset.cpus", "\n")?;
        group.set("a", "cpuset.cpu_exclusive", "1")?;
        group.refused("b", "cpuset.cpus", &[("0", EINVAL)]);
        group.refused("", "cpuset.cpu_exclusive", &[("0", EBUSY)]);
    }
    Ok(())
}

fn memory(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("memory")?;
    let limit = "memory.limit_in_bytes";
    group.refused("", limit, &[("-2", EINVAL), ("max", EINVAL), ("1.5M", EINVAL), ("5 M", EINVAL), ("10MB", EINVAL)]);
    group.trapped("", limit, &[("0x1000000", "16777216"), ("0400000000", "67108864")]);
    // An overflow is not detected: whatever is stored is not what was asked for.
    let huge = "999999999999999999999";
    assert!(group.rule("", limit, huge).is_err_and(|rule| rule.contains("overflow")));
    let (kernel, reads) = group.raw("", limit, huge);
    assert!(kernel.is_ok() && reads != huge && reads != "9223372036854771712", "{reads}");
    group.set("", limit, "-1")?;
    group.taken("", limit, &[("10485761", "10485760"), ("10M", "10485760")]);
    if group.directory.join("memory.memsw.limit_in_bytes").exists() {
        let both = "memory.memsw.limit_in_bytes";
        group.refused("", both, &[("5M", EINVAL)]);
        group.taken("", both, &[("20M", "20971520")]);
        group.refused("", limit, &[("30M", EINVAL), ("-1", EINVAL)]);
    }
    group.refused("", "memory.swappiness", &[("201", EINVAL), ("-1", EINVAL), ("x", EINVAL)]);
    group.refused("", "memory.oom_control", &[("2", EINVAL), ("x", EINVAL)]);
    Ok(())
}

fn pids(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("pids")?;
    let refused = [("4194305", EINVAL), ("-1", EINVAL), ("MAX", EINVAL), ("few", EINVAL), ("1.5", EINVAL)];
    group.refused("", "pids.max", &refused);
    group.refused("", "pids.max", &[("99999999999999999999", ERANGE)]);
    group.trapped("", "pids.max", &[("0400", "256"), ("0x10", "16")]);
    group.taken("", "pids.max", &[("4194304", "4194304"), ("0", "0"), ("max", "max")]);
    Ok(())
}

fn freezer(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("freezer")?;
    group.refused("", "freezer.state", &[("frozen", EINVAL), ("FREEZING", EINVAL), ("1", EINVAL)]);
    group.taken("", "freezer.state", &[("FROZEN", "FROZEN"), ("THAWED", "THAWED")]);
    Ok(())
}

fn blkio(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("blkio")?;
    let file = "blkio.throttle.read_bps_device";
    group.refused("", file, &[("8:0", EINVAL), ("sda 5", EINVAL)]);
    // A disk of this host: its first lines of partitions are whole disks.
    let disks = fs::read_to_string("/proc/partitions")?;
    let disk = disks.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [major, minor, _, name] = words.as_slice() else { return None };
        Path::new("/sys/block").join(name).exists().then(|| format!("{major}:{minor}"))
    });
    if let Some(disk) = disk.into_iter().next() {
        group.refused("", file, &[(&*format!("{disk} max"), EINVAL), (&*format!("{disk} -1"), EINVAL)]);
        group.trapped("", file, &[(&*format!("{disk} 1M"), &*format!("{disk} 1"))]);
        group.taken("", file, &[(&*format!("{disk} 0400"), &*format!("{disk} 400")), (&*format!("{disk} 0"), "")]);
    }
    if group.directory.join("blkio.bfq.weight").exists() {
        group.refused("", "blkio.bfq.weight", &[("0", ERANGE), ("1001", ERANGE)]);
    }
    Ok(())
}

fn core_v2(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("v2")?;
    group.make("a")?;
    group.refused("", "cgroup.max.depth", &[("-1", ERANGE), ("x", EINVAL), ("99999999999", ERANGE)]);
    group.trapped("", "cgroup.max.depth", &[("0400", "256")]);
    group.taken("", "cgroup.max.depth", &[("max", "max"), ("5", "5")]);
    group.refused("", "cgroup.freeze", &[("2", ERANGE), ("x", EINVAL)]);
    group.refused("a", "cgroup.type", &[("domain", EINVAL)]);
    group.refused("", "cgroup.subtree_control", &[("cpu", EINVAL), ("+nonsense", EINVAL)]);
    // What the parent does not hand down, by the name of a controller that there is.
    let there = fs::read_to_string(group.directory.join("cgroup.controllers"))?;
    if let Some(missing) = ["hugetlb", "pids", "memory"].into_iter().find(|name| !there.contains(name)) {
        group.refused("", "cgroup.subtree_control", &[(&*format!("+{missing}"), ENOENT)]);
    }
    let sleeper = Sleeper::start(&group.directory.join("a"))?;
    group.refused("a", "cgroup.type", &[("threaded", EOPNOTSUPP)]);
    drop(sleeper);
    Ok(())
}

/// Finds a file in the panel by a word of its name and opens its editor.
fn edit(screen: &mut Screen, word: &str, file: &str) -> Result<(), Failed> {
    screen.press(&format!("/<C-u>{word}<Enter>"))?;
    screen.terminal.wait_for(&format!("only: {word}"))?;
    screen.terminal.wait_for(&format!("> {file} "))?;
    screen.press("e")?;
    Ok(screen.terminal.wait_for(&format!("{file} of ")).map(drop)?)
}

fn by_keys(bench: &mut Bench) -> Result<(), Failed> {
    let mut screen = Screen::start(bench, &[])?;
    screen.press("na<Enter>")?;
    screen.terminal.wait_for("TASKS")?;
    screen.until("a", |screen| screen.program.group().join("a").exists())?;
    screen.press("<Tab><Tab>")?;
    screen.terminal.wait_for("cpu.cfs_quota_us")?;
    let reads = |screen: &Screen, file: &str, value: &str| {
        let path = screen.program.group().join("a").join(file);
        screen.until(&format!("{file} {value}"), |_| fs::read_to_string(&path).is_ok_and(|text| text.trim() == value))
    };
    // A number.
    edit(&mut screen, "shares", "cpu.shares")?;
    screen.press("300<Enter>")?;
    reads(&screen, "cpu.shares", "300")?;
    screen.terminal.wait_for("set by cgrove")?;
    // What the kernel stores otherwise is said, before and after.
    edit(&mut screen, "shares", "cpu.shares")?;
    screen.press("0")?;
    screen.terminal.wait_for("the kernel stores 2")?;
    screen.press("<Enter>")?;
    screen.terminal.wait_for("asked 0, the kernel stored 2")?;
    reads(&screen, "cpu.shares", "2")?;
    // The octal trap: Enter does nothing, one of the two readings is an answer.
    edit(&mut screen, "shares", "cpu.shares")?;
    screen.press("0400<Enter>")?;
    screen.terminal.wait_for("stored as 256, not 400")?;
    screen.terminal.wait_for("Tab to an answer")?;
    assert_eq!(fs::read_to_string(screen.program.group().join("a/cpu.shares"))?.trim(), "2");
    screen.press("<Tab>")?;
    screen.terminal.wait_for("> write 400")?;
    screen.press("<Enter>")?;
    reads(&screen, "cpu.shares", "400")?;
    // A quota as a part of a CPU; a child's that is more is refused with ways out before Enter.
    edit(&mut screen, "cfs_quota", "cpu.cfs_quota_us")?;
    screen.press("50%")?;
    screen.terminal.wait_for("50 ms of every 100 ms = 0.5 CPU")?;
    screen.press("<Enter>")?;
    reads(&screen, "cpu.cfs_quota_us", "50000")?;
    screen.press("<Esc><Esc>nb<Enter>")?;
    screen.until("a/b", |screen| screen.program.group().join("a/b").exists())?;
    screen.press("<Tab><Tab><Tab>")?;
    screen.terminal.wait_for("cpu.cfs_quota_us")?;
    edit(&mut screen, "cfs_quota", "cpu.cfs_quota_us")?;
    screen.press("0.8 CPU")?;
    screen.terminal.wait_for("would be more than the group a above")?;
    screen.press("<Tab>")?;
    screen.terminal.wait_for("> write 50000")?;
    screen.press("<Enter>")?;
    let path = screen.program.group().join("a/b/cpu.cfs_quota_us");
    screen.until("a/b 50000", |_| fs::read_to_string(&path).is_ok_and(|text| text.trim() == "50000"))?;
    screen.press("q")?;
    screen.terminal.wait_for("restore")?;
    screen.press("<Enter>")?;
    assert_eq!(screen.terminal.wait_exit()?.code(), Some(0), "{}", screen.terminal.stderr());
    assert!(!bench.group().join("a").exists());
    Ok(())
}

/// The program on a hierarchy of its own, armed, on a group that it did not make, with its files on screen.
fn on(controller: &str, group: &Group, home: &Path) -> Result<Terminal, Failed> {
    let state = home.join("cgrove");
    let environment = [
        ("XDG_STATE_HOME", home.to_str().ok_or("home")?),
        ("CGROVE_STATE", state.to_str().ok_or("state")?),
        ("LC_ALL", "C.UTF-8"),
    ];
    let mut terminal =
        Terminal::start(env!("CARGO_BIN_EXE_cgrove"), &["--hierarchy", controller], &environment, 24, 80)?;
    let name = String::from_utf8(group.place.name().to_vec())?;
    // The first frame: what is typed before it is about no hierarchy yet.
    terminal.wait_for(&format!("‹{controller}›"))?;
    terminal.keys(&format!("!/{name}<Enter>G<Tab><Tab>"))?;
    terminal.wait_for("Esc back")?;
    Ok(terminal)
}

/// Says yes to what a foreign change asks, after the time in which no key is taken.
fn agree(terminal: &mut Terminal) -> Result<(), Failed> {
    terminal.wait_for("do it")?;
    std::thread::sleep(Duration::from_millis(500));
    Ok(terminal.keys("<Left><Enter>")?)
}

fn reads(terminal: &Terminal, path: &Path, value: &str) -> Result<(), Failed> {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(path).map_or(true, |text| text.trim() != value) {
        if std::time::Instant::now() > until {
            return Err(format!("{} is not {value:?}\n{}", path.display(), terminal.text()).into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// `q`, restore.
fn restored(mut terminal: Terminal) -> Result<(), Failed> {
    terminal.keys("q")?;
    terminal.wait_for("restore")?;
    terminal.keys("<Enter>")?;
    assert_eq!(terminal.wait_exit()?.code(), Some(0), "{}", terminal.stderr());
    Ok(())
}

fn list_by_keys(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("cpuset")?;
    let home = tempfile::tempdir()?;
    let mut terminal = on("cpuset", &group, home.path())?;
    terminal.wait_for("cpuset.cpus ")?;
    terminal.keys("/cpuset.cpus<Enter>e")?;
    terminal.wait_for("the parent has")?;
    // Outside of what there is: said before Enter, and not written.
    terminal.keys("0-999")?;
    terminal.wait_for("names others")?;
    // The first CPU by Space instead.
    terminal.keys("<C-u><Down> ")?;
    terminal.wait_for("[0]")?;
    terminal.wait_for("it asks first")?;
    terminal.keys("<Enter>")?;
    agree(&mut terminal)?;
    reads(&terminal, &group.directory.join("cpuset.cpus"), "0")?;
    restored(terminal)?;
    assert_eq!(fs::read_to_string(group.directory.join("cpuset.cpus"))?.trim(), "", "it is empty again");
    Ok(())
}

fn limit_by_keys(_: &mut Bench) -> Result<(), Failed> {
    let group = Group::new("pids")?;
    let home = tempfile::tempdir()?;
    let mut terminal = on("pids", &group, home.path())?;
    terminal.wait_for("pids.max ")?;
    terminal.keys("/pids.max<Enter>e0020")?;
    terminal.wait_for("stored as 16, not 20")?;
    terminal.keys("<C-u>20")?;
    terminal.wait_for("= 20 tasks")?;
    terminal.wait_for("it asks first")?;
    terminal.keys("<Enter>")?;
    agree(&mut terminal)?;
    reads(&terminal, &group.directory.join("pids.max"), "20")?;
    restored(terminal)?;
    assert_eq!(fs::read_to_string(group.directory.join("pids.max"))?.trim(), "max");
    Ok(())
}

//! What each kernel file is: kind, format, unit, range, default, one line of meaning, and what a write to it disturbs.
//!
//! The data is `assets/catalog.toml`, one entry a file, compiled in and parsed once. Files that are not in it are treated
//! generically by whoever meets them: the kernel's readdir and mode bits say what exists, never this catalog.
//!
//! * [`entry`] and [`entry_for`] look a file up; [`all`] lists the entries in the order in which the knobs of a re-created
//!   group are written.
//! * [`human`](human()) says a value in words.
//!
//! Not here: what a host really has (`kernel`), and the rules that need other values to be known (`plan::rules`).
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::hierarchy::Version;

mod human;
mod keyed;
mod lines;

pub use human::{human, human_bytes, human_quota, human_time_us};
pub use keyed::removal;
pub use lines::{human_line, unit_of};

/// One kernel file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub struct Entry {
    /// Its name; one `*` stands for any text (`hugetlb.*.max`).
    pub name: Box<str>,
    /// The versions of cgroups in which it is so: 1, 2 or both.
    pub versions: Vec<u8>,
    /// Knob, counter or command.
    pub kind: Kind,
    /// How a value is written; what an editor shows.
    pub format: Format,
    /// One line of meaning.
    pub meaning: Box<str>,
    /// What a number counts.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// What it reads in a new group, if that is always the same.
    #[serde(default)]
    pub default: Option<Box<str>>,
    /// Lowest number that is stored.
    #[serde(default)]
    pub min: Option<i64>,
    /// Highest number that is stored.
    #[serde(default)]
    pub max: Option<i64>,
    /// The kernel stores the nearest number in range without an error, instead of refusing.
    #[serde(default)]
    pub clamps: bool,
    /// The words that can be written, for [`Format::Choice`].
    #[serde(default)]
    pub values: Vec<Box<str>>,
    /// How it is in the top group of its hierarchy.
    #[serde(default)]
    pub top: Top,
    /// Other files whose values a write to this one makes the kernel forget.
    #[serde(default)]
    pub disturbs: Vec<Box<str>>,
    /// The file that holds the same value exactly; undo writes that one.
    #[serde(default)]
    pub alias: Option<Box<str>>,
    /// A new group starts with the parent's value (or one that no rule gives): it is always written when re-created.
    #[serde(default)]
    pub inherits: bool,
    /// A write cannot be taken back by another write.
    #[serde(default)]
    pub once: bool,
    /// A counter that a write resets.
    #[serde(default)]
    pub resets: bool,
    /// A command that acts on the group alone: cgrove writes it, after asking, and cannot take it back.
    #[serde(default)]
    pub acts: bool,
    /// The verb of cgrove that writes this command.
    #[serde(default)]
    pub verb: Option<Box<str>>,
    /// What is read can be written back as it is, line by line (default); if not, the value cannot be restored.
    #[serde(default = "yes")]
    pub raw_restore: bool,
}

fn yes() -> bool {
    true
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value that is set and stays.
    Knob,
    /// The kernel writes it.
    Counter,
    /// A write does something.
    Command,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A whole number that is not negative.
    Number,
    /// A whole number.
    Signed,
    /// 0 or 1.
    Flag,
    /// A whole number or the word `max`.
    Max,
    /// Bytes, with K, M or G if wanted; -1 is no limit.
    Bytes,
    /// Bytes, with K, M or G if wanted, or the word `max`.
    MaxBytes,
    /// v1: microseconds a period, -1 is no limit.
    Quota,
    /// v2: quota or `max`, and the period, in microseconds.
    QuotaPair,
    /// Numbers and ranges: `0-3,5`.
    List,
    /// One of the words of [`Entry::values`].
    Choice,
    /// A number with two decimals, or `max`.
    Percent,
    /// `+name` and `-name`.
    Controllers,
    /// Words with spaces between.
    Words,
    /// Lines of a key and its value; one line is one write.
    Keyed,
    /// Any text.
    Text,
    /// The number of a task or process.
    Pid,
    /// Only read: a table.
    Table,
    /// Pressure (PSI): `some` and `full` averages.
    Pressure,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A weight; only its ratio to the siblings' counts.
    Weight,
    /// A nice value.
    Nice,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
    /// Bytes.
    Bytes,
    /// Tasks.
    Tasks,
    /// CPUs.
    Cpus,
    /// Memory nodes.
    Nodes,
    /// Per cent.
    Percent,
    /// Levels of groups.
    Levels,
    /// Groups.
    Groups,
    /// Class of packets, for `tc`: major number in the upper 16 bits, minor in the lower.
    Class,
}

impl Unit {
    /// The unit as it follows a number: "us", "bytes".
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Weight => "(weight)",
            Self::Nice => "(nice)",
            Self::Us => "us",
            Self::Ns => "ns",
            Self::Bytes => "bytes",
            Self::Tasks => "tasks",
            Self::Cpus => "CPUs",
            Self::Nodes => "memory nodes",
            Self::Percent => "%",
            Self::Levels => "levels",
            Self::Groups => "groups",
            Self::Class => "(class of tc)",
        }
    }
}

/// How a file is in the top group of its hierarchy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Top {
    /// As everywhere.
    #[default]
    Same,
    /// It does not exist there.
    Absent,
    /// It exists there, and every write is refused.
    Fixed,
    /// It exists there only.
    Only,
}

#[derive(Deserialize)]
struct Catalog {
    file: Vec<Entry>,
}

static CATALOG: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the text is compiled in, and a test parses it")]
    let catalog: Catalog = toml::from_str(include_str!("../assets/catalog.toml")).expect("assets/catalog.toml parses");
    catalog.file
});

/// All entries, in the order in which the knobs of a re-created group are written.
#[must_use]
pub fn all() -> &'static [Entry] {
    &CATALOG
}

/// The entry of a file, that of v2 where the versions differ; `None` for a file that is not in the catalog.
#[must_use]
pub fn entry(name: &str) -> Option<&'static Entry> {
    entry_for(Version::V2, name).or_else(|| entry_for(Version::V1, name))
}

/// The entry of a file in a hierarchy of `version`; `None` for a file that is not in the catalog.
#[must_use]
pub fn entry_for(version: Version, name: &str) -> Option<&'static Entry> {
    CATALOG.iter().find(|entry| entry.is_of(version) && entry.matches(name))
}

/// The controller that a file belongs to, by the first part of its name; `None` for the core files, which every group has.
#[must_use]
pub fn controller_of(file: &str) -> Option<&str> {
    match file.split_once('.') {
        None | Some(("cgroup" | "irq", _)) => None,
        Some((controller, _)) => Some(controller),
    }
}

impl Entry {
    /// Whether it is so in hierarchies of `version`.
    #[must_use]
    pub fn is_of(&self, version: Version) -> bool {
        self.versions.contains(&match version {
            Version::V1 => 1,
            Version::V2 => 2,
        })
    }

    fn matches(&self, name: &str) -> bool {
        match self.name.split_once('*') {
            None => *self.name == *name,
            Some((head, tail)) => {
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            }
        }
    }

    /// The range as words: "2 to 262144", "at least 0"; `None` where there is none.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        match (self.min, self.max) {
            (Some(min), Some(max)) => Some(format!("{min} to {max}")),
            (Some(min), None) => Some(format!("at least {min}")),
            (None, Some(max)) => Some(format!("at most {max}")),
            (None, None) => None,
        }
    }

    /// Whether `stored`, read back, is what `asked` was meant as: the same, or the same written otherwise (`0,1` and `0-1`).
    #[must_use]
    pub fn is_same(&self, asked: &str, stored: &str) -> bool {
        let (asked, stored) = (asked.trim(), stored.trim());
        let list = |text| crate::model::cpu_set::CpuSet::parse(text);
        asked == stored
            || match self.format {
                // What was asked is a line or a sign, and what is read is the whole.
                Format::Keyed | Format::Controllers => true,
                Format::List => list(asked).is_some_and(|set| list(stored) == Some(set)),
                // One number keeps the period.
                Format::QuotaPair => stored.split_ascii_whitespace().next() == Some(asked),
                Format::Bytes => asked == "-1" && stored.parse::<i64>().is_ok_and(|bytes| bytes >= 1 << 62),
                Format::Percent => asked.parse::<f64>().is_ok_and(|value| stored.parse() == Ok(value)),
                _ => false,
            }
    }

    /// What to write to get back the value `read`, one write each; empty where there is nothing to write; `None` where the
    /// value cannot be written back.
    #[must_use]
    pub fn writes(&self, read: &str) -> Option<Vec<String>> {
        let read = read.trim();
        if self.kind != Kind::Knob || !self.raw_restore {
            return None;
        }
        Some(match self.format {
            Format::Controllers if read.is_empty() => Vec::new(),
            Format::Controllers => {
                vec![read.split_ascii_whitespace().map(|word| format!("+{word}")).collect::<Vec<_>>().join(" ")]
            }
            // It reads as a table, and its one line that can be set is written as the number alone.
            Format::Keyed if &*self.name == "memory.oom_control" => {
                let on = |line: &str| line.strip_prefix("oom_kill_disable ").map(|value| value.trim().to_owned());
                read.lines().find_map(on).into_iter().collect()
            }
            Format::Keyed => read.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            // A partition that became invalid reads with its reason: "root invalid (…)".
            Format::Choice => read.split_ascii_whitespace().next().map(str::to_owned).into_iter().collect(),
            // An empty write does nothing; a newline clears a list.
            Format::List if read.is_empty() => vec!["\n".to_owned()],
            _ => vec![read.to_owned()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_parses_and_has_no_entry_twice() {
        assert!(all().len() > 100);
        for (index, a) in all().iter().enumerate() {
            assert!(!a.versions.is_empty() && a.meaning.ends_with('.'), "{}", a.name);
            for b in &all()[index + 1..] {
                assert!(a.name != b.name || a.versions.iter().all(|v| !b.versions.contains(v)), "{} twice", a.name);
            }
            for other in &a.disturbs {
                assert!(entry(other).is_some(), "{} disturbs the unknown {other}", a.name);
            }
        }
    }

    #[test]
    fn versions_differ_where_the_kernel_does() {
        assert!(entry_for(Version::V1, "cpu.stat").unwrap().meaning.contains("No usage"));
        assert!(entry_for(Version::V2, "cpu.stat").unwrap().meaning.contains("CPU time used"));
        assert_eq!(entry_for(Version::V2, "cpu.shares"), None);
        assert_eq!(entry("cpu.shares").unwrap().range().unwrap(), "2 to 262144");
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert_eq!(&*entry("hugetlb.2MB.max").unwrap().name, "hugetlb.*.max");
        assert_eq!(entry("hugetlb.max"), None);
        assert_eq!(entry("vendor.file"), None);
    }

    #[test]
    fn controllers_come_from_the_name() {
        assert_eq!(controller_of("cpu.shares"), Some("cpu"));
        assert_eq!(controller_of("cpuset.cpus"), Some("cpuset"));
        assert_eq!((controller_of("cgroup.procs"), controller_of("tasks")), (None, None));
    }

    #[test]
    fn values_are_written_back_as_the_kernel_takes_them() {
        let writes = |name: &str, value: &str| entry(name).unwrap().writes(value);
        assert_eq!(writes("cgroup.subtree_control", "cpu pids\n"), Some(vec!["+cpu +pids".to_owned()]));
        assert_eq!(writes("cgroup.subtree_control", "\n"), Some(vec![]));
        assert_eq!(writes("io.weight", "default 100\n8:0 50\n").unwrap(), ["default 100", "8:0 50"]);
        assert_eq!(writes("cpuset.cpus.partition", "root invalid (no CPU)\n").unwrap(), ["root"]);
        assert_eq!(writes("cpu.max", "20000 100000\n").unwrap(), ["20000 100000"]);
        assert_eq!(writes("memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 3\n").unwrap(), ["1"]);
        assert_eq!(writes("cpu.stat", "x 1"), None);
        assert_eq!(writes("net_prio.ifpriomap", "lo 5\neth0 0\n").unwrap(), ["lo 5", "eth0 0"]);
    }
}

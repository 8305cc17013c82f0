//! The experiment file: bytes to [`Experiment`], or the first thing that is wrong with them.
//!
//! The file is TOML. Every table is walked by hand ([`super::reader`]), so that each problem has its place and reads as a
//! sentence; of several problems the one that stands first in the file is told. Nothing is ignored: an unknown key is an
//! error.
//!
//! Paths are text, as TOML is: UTF-8. A name that is not UTF-8 cannot be written in a file; nothing is unescaped.
mod group;
mod workload;

use toml::de::DeTable;

use crate::model::hierarchy::Version;

use super::error::FileError;
use super::file::Experiment;
use super::reader::{Problems, Reader, show};
use group::{Listed, with_parents};
use workload::{cpus_of, workloads};

/// The largest file that is read, in bytes: nobody writes a larger one by hand.
pub const LARGEST_FILE: usize = 1 << 20;

/// How many tasks a file may start without [`Options::force`].
pub const MOST_TASKS: u64 = 256;

/// How many tasks a file may start at all: what fits in the smallest default of `kernel.pid_max`.
pub const MOST_TASKS_FORCED: u64 = 30_000;

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--force`: more than [`MOST_TASKS`] tasks are allowed.
    pub force: bool,
}

/// Reads an experiment file.
///
/// # Errors
/// [`FileError`]: the first thing that is wrong, with its line.
pub fn parse(bytes: &[u8], options: Options) -> Result<Experiment, FileError> {
    let text = decode(bytes)?;
    let document = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let mut message = error.message().trim().replace('\n', ", ");
        if message == "duplicate key" {
            message = format!("the key `{}` stands twice", show(text.get(span.clone()).unwrap_or_default()));
        }
        FileError::at(text, span.start, format!("this is not TOML: {message}"))
    })?;
    let problems = Problems::default();
    let experiment = whole_file(document.get_ref(), text, options, &problems);
    match problems.first() {
        Some(problem) => Err(FileError::at(text, problem.offset, problem.message)),
        None => Ok(experiment),
    }
}

/// The text of a file, without a byte order mark.
fn decode(bytes: &[u8]) -> Result<&str, FileError> {
    if bytes.len() > LARGEST_FILE {
        let message = format!("the file has {} bytes: an experiment has at most {LARGEST_FILE}", bytes.len());
        return Err(FileError { line: 1, column: 1, message });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = "the file is UTF-16: save it as UTF-8".to_owned();
        return Err(FileError { line: 1, column: 1, message });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let bad = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        // A character in the place of the bad byte, so that it counts to the line that it stands in.
        let text = format!("{good}?");
        FileError::at(&text, good.len(), format!("byte 0x{bad:02x} is not UTF-8: save the file as UTF-8"))
    })
}

/// The whole file.
fn whole_file(document: &DeTable<'_>, text: &str, options: Options, problems: &Problems) -> Experiment {
    const KEYS: [&str; 9] =
        ["title", "version", "controller", "seconds", "settle", "tolerance", "cpus", "group", "workload"];
    let top = Reader::new(document, 0, "an experiment", &KEYS, problems);
    let title = top.text("title").map_or("experiment", |title| title.value).to_owned();
    let version = version_of(&top);
    if let Some(controller) = top.text("controller").filter(|controller| controller.value != "cpu") {
        let message = format!("`controller` is \"{}\": it must be \"cpu\"", show(controller.value));
        top.problem(controller.offset, message);
    }
    let seconds = top.number("seconds", "above 0, at most 86400", |n| n > 0.0 && n <= 86_400.0);
    let settle = top.number("settle", "0 or more, at most 3600", |n| (0.0..=3_600.0).contains(&n));
    let tolerance = top.number("tolerance", "above 0, at most 100 percentage points", |n| n > 0.0 && n <= 100.0);
    let cpus = cpus_of(&top).unwrap_or_default();
    let listed: Vec<Option<Listed>> =
        top.tables("group").into_iter().map(|table| group::group(&table, text, version, problems)).collect();
    let complete = listed.iter().all(Option::is_some);
    if listed.is_empty() && top.get("group").is_none() {
        top.problem(text.len(), "there is no group: write [[group]] and below it path = \"cg1\"");
    }
    let groups = with_parents(listed.into_iter().flatten().collect(), problems);
    let workloads = workloads(&top, text, &groups, complete, &cpus, options, problems);
    Experiment {
        title,
        version,
        seconds: seconds.map_or(8.0, |n| n.value),
        settle: settle.map_or(1.0, |n| n.value),
        tolerance: tolerance.map_or(1.0, |n| n.value),
        groups,
        workloads,
    }
}

fn version_of(top: &Reader<'_, '_>) -> Option<Version> {
    let why = " (1: cpu.shares, 2: cpu.weight)";
    Some(if top.whole("version", &(1..=2), why)?.value == 1 { Version::V1 } else { Version::V2 })
}

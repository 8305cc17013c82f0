//! `cgrove predict FILE`: what an experiment's weights say and what the kernel would owe, without a kernel and without
//! rights.
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::experiment::file::Experiment;
use crate::experiment::parse::{LARGEST_FILE, Options, parse};
use crate::experiment::predict::predict;
use crate::experiment::report::table::table;
use crate::model::bytes::escape;
use crate::model::hierarchy::Version;

use super::exit::{Code, Coded};
use super::output;

/// Arguments of `cgrove predict`.
#[derive(Clone, Debug, clap::Args)]
pub struct Predict {
    /// The experiment file (TOML); `-` is standard input.
    pub file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Which weights the file has: 1 is cpu.shares, 2 is cpu.weight. Without it: what the file says, else 1.
    #[arg(long, value_name = "1|2", value_parser = version)]
    pub version: Option<Version>,
    /// Allow more than 256 tasks.
    #[arg(long)]
    pub force: bool,
}

fn version(text: &str) -> Result<Version, String> {
    match text {
        "1" => Ok(Version::V1),
        "2" => Ok(Version::V2),
        _ => Err("1 (cpu.shares) or 2 (cpu.weight) is possible".to_owned()),
    }
}

/// Prints the prediction.
///
/// # Errors
/// A file that cannot be read or is wrong (exit 2); writing to stdout.
pub fn run(args: &Predict) -> anyhow::Result<Code> {
    let experiment = read(&args.file, Options { force: args.force })?;
    let report =
        predict(experiment, args.version).map_err(|unfit| Coded::usage(in_file(args.file.as_os_str(), &unfit)))?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).context("writing the prediction as JSON")?;
        output::data(&format!("{json}\n"))?;
    } else {
        output::data(&table(&report))?;
    }
    Ok(Code::Done)
}

/// Reads an experiment file; `-` is standard input.
///
/// # Errors
/// Exit 2 with the whole message: which file, which line, what is wrong.
pub fn read(path: &Path, options: Options) -> anyhow::Result<Experiment> {
    let name = path.as_os_str();
    let bytes = bytes(path).map_err(|error| Coded::usage(in_file(name, &format!("cannot be read: {error}"))))?;
    parse(&bytes, options).map_err(|error| Coded::usage(in_file(name, &error)))
}

/// The content of a file, at most one byte more than may be read.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let most = LARGEST_FILE as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// A message about a file: "figure2.toml: line 3: …".
#[must_use]
pub fn in_file(path: &OsStr, message: &impl ToString) -> String {
    format!("{}: {}", escape(path.as_encoded_bytes()), message.to_string())
}

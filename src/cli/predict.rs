//! `cgrove predict FILE`: what an experiment's weights say and what the kernel would owe, without a kernel and without
//! rights.
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::experiment::file::Experiment;
use crate::experiment::parse::{LARGEST_FILE, Options, parse};
use crate::experiment::predict::predict;
use crate::experiment::report::table::table;
use crate::model::bytes::escape;
use crate::model::hierarchy::Version;

/// Options of `cgrove predict`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The experiment (TOML)
    file: OsString,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Which version's weights the file has: 1 cpu.shares, 2 cpu.weight (default: the file's, else 1)
    #[arg(long, value_name = "1|2", value_parser = version)]
    version: Option<Version>,
    /// Allow more than 256 tasks
    #[arg(long)]
    force: bool,
}

fn version(text: &str) -> Result<Version, String> {
    match text {
        "1" => Ok(Version::V1),
        "2" => Ok(Version::V2),
        _ => Err("must be 1 (cpu.shares) or 2 (cpu.weight)".to_owned()),
    }
}

/// Prints the prediction. Exit code 2 for a file that cannot be read or is wrong; what is wrong is on stderr.
///
/// # Errors
/// Writing to stdout.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let report = read(Path::new(&args.file), Options { force: args.force })
        .and_then(|experiment| predict(experiment, args.version).map_err(|unfit| in_file(&args.file, &unfit)));
    let report = match report {
        Ok(report) => report,
        Err(message) => {
            writeln!(io::stderr(), "cgrove: {message}").context("write to stderr")?;
            return Ok(ExitCode::from(2));
        }
    };
    let text = if args.json {
        let mut json = serde_json::to_string_pretty(&report).context("write the prediction as JSON")?;
        json.push('\n');
        json
    } else {
        table(&report)
    };
    match io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        // The reader has seen enough (`| head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => result.context("write to stdout").map(|()| ExitCode::SUCCESS),
    }
}

/// Reads an experiment file; `-` is stdin.
///
/// # Errors
/// The whole message: which file, which line, what is wrong. It stands for exit code 2.
pub fn read(path: &Path, options: Options) -> Result<Experiment, String> {
    let bytes = bytes(path).map_err(|error| in_file(path.as_os_str(), &format!("cannot be read: {error}")))?;
    parse(&bytes, options).map_err(|error| in_file(path.as_os_str(), &error))
}

/// The content of a file, at most one byte more than may be read.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let most = LARGEST_FILE as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// A message about a file: "figure2.toml: line 3: …".
pub fn in_file(path: impl AsRef<std::ffi::OsStr>, message: &impl ToString) -> String {
    format!("{}: {}", escape(path.as_ref().as_encoded_bytes()), message.to_string())
}

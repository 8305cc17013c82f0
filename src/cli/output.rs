//! Writing to stdout and stderr: a reader that went away is no error, and never a panic.
use std::io::{self, Write};

use anyhow::Context;

/// Writes data to stdout. A closed pipe ends quietly, as `head` expects.
///
/// # Errors
/// Any other failure of the write (a full disk).
pub fn data(text: &str) -> anyhow::Result<()> {
    stream(text).map(drop)
}

/// Writes some of the data to stdout; whether anybody still reads it.
///
/// # Errors
/// As [`data`].
pub fn stream(text: &str) -> anyhow::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("writing to stdout"),
    }
}

/// Writes a message of one or more lines to stderr.
pub fn message(text: &str) {
    let mut err = io::stderr().lock();
    ignore_broken_pipe(writeln!(err, "{text}").and_then(|()| err.flush()));
}

/// Writes one JSON object to stdout.
///
/// # Errors
/// As [`data`].
pub fn json(value: &serde_json::Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("writing JSON")?;
    data(&format!("{text}\n"))
}

/// Writes a question to stderr; the answer is typed behind it.
pub fn prompt(text: &str) {
    let mut err = io::stderr().lock();
    ignore_broken_pipe(write!(err, "{text}").and_then(|()| err.flush()));
}

/// Where nobody is left to tell, there is nothing to do.
pub fn ignore_broken_pipe(result: io::Result<()>) {
    drop(result);
}

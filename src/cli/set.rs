//! `cgrove set GROUP FILE=VALUE…`: write values into files of a group, as one plan.
use std::ffi::OsString;
use std::time::Duration;

use anyhow::Result;

use super::exit::Code;
use super::verb::scene::setting;
use super::verb::{self, How, Wanted};
use crate::plan::intent::{Intent, Setting};
use crate::plan::words;

/// Arguments of `cgrove set`.
#[derive(Clone, Debug, clap::Args)]
pub struct Set {
    /// The group: PATH, or H:PATH.
    pub group: OsString,
    /// What to write, in this order, all or nothing: cpu.shares=600.
    #[arg(required = true, value_name = "FILE=VALUE")]
    pub settings: Vec<OsString>,
    /// Take it back after so many seconds (1 to 86400) unless Enter keeps it, also if cgrove is killed meanwhile.
    #[arg(long = "try", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub try_for: Option<u64>,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs the command.
///
/// # Errors
/// See [`verb::run`].
pub fn run(args: &Set) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let group = scene.group(&args.group)?;
        let settings: Vec<Setting> = args.settings.iter().map(|text| setting(text)).collect::<Result<_>>()?;
        let files: Vec<String> = settings.iter().map(|setting| setting.file.to_string()).collect();
        let title = format!("{}: set {}", words::group(&group), words::list(&files));
        let set = |setting| Intent::Set { group: group.clone(), setting };
        let wanted = Wanted::from(verb::together(title, settings.into_iter().map(set).collect()));
        Ok(Wanted { try_for: args.try_for.map(Duration::from_secs), ..wanted })
    })
}

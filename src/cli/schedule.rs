//! `cgrove schedule PID… [--cpus LIST] [--nice N] [--policy P]`: affinity, nice value and policy of processes.
use std::ffi::OsString;

use anyhow::Result;

use super::exit::Code;
use super::verb::{self, How};
use crate::model::cpu_set::CpuSet;
use crate::model::scheduling::Attribute;
use crate::plan::intent::{Intent, Scope};

/// Arguments of `cgrove schedule`.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["cpus", "policy", "nice"])))]
pub struct Schedule {
    /// Processes by PID; with --threads threads by TID.
    #[arg(required = true, value_name = "PID")]
    pub tasks: Vec<OsString>,
    /// CPUs that they may run on: 0-3,5.
    #[arg(long, value_name = "LIST", value_parser = cpus)]
    pub cpus: Option<CpuSet>,
    /// Nice value, -20 (most weight) to 19 (least).
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub nice: Option<i8>,
    /// other, batch, idle, fifo:PRIORITY or rr:PRIORITY, priorities from 1 to 99.
    #[arg(long, value_name = "P", value_parser = policy)]
    pub policy: Option<Attribute>,
    /// These threads alone, not all threads of their processes.
    #[arg(long)]
    pub threads: bool,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs the command.
///
/// # Errors
/// See [`verb::run`].
pub fn run(args: &Schedule) -> Result<Code> {
    verb::run(&args.how, |scene| {
        let tasks = scene.tasks(&args.tasks)?;
        let scope = if args.threads { Scope::Thread } else { Scope::Process };
        let mut to: Vec<Attribute> = args.cpus.clone().map(Attribute::Cpus).into_iter().collect();
        to.extend(args.policy.clone());
        to.extend(args.nice.map(Attribute::Nice));
        Ok(Intent::Schedule { tasks, scope, to })
    })
}

fn cpus(text: &str) -> Result<CpuSet, String> {
    CpuSet::parse(text).ok_or_else(|| "a list of CPUs such as 0-3,5 is wanted".to_owned())
}

fn policy(text: &str) -> Result<Attribute, String> {
    Attribute::parse_policy(text)
        .ok_or_else(|| "other, batch, idle, fifo:PRIORITY or rr:PRIORITY is wanted, priorities from 1 to 99".to_owned())
}

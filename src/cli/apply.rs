//! `cgrove apply FILE` and `cgrove destroy FILE`: the groups of an experiment, without its workloads.
//!
//! What `apply` made is known by the journals that its visits leave ([`crate::effect::journal::settled`]).
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;

use super::exit::{Code, Coded};
use super::predict;
use super::verb::scene::Scene;
use super::verb::{self, How, Wanted};
use crate::effect::journal;
use crate::experiment::cpus::CpuFacts;
use crate::experiment::groups::{self, Known};
use crate::experiment::parse::Options;
use crate::experiment::run::explain;
use crate::experiment::setup::Setup;
use crate::model::bytes::escape;
use crate::model::place::Place;
use crate::plan::intent::Intent;
use crate::plan::words;
use crate::runtime::stage;

/// The name by which journals know the visits of `cgrove apply`.
const APPLY: &str = "apply";

/// Arguments of `cgrove apply` and `cgrove destroy`.
#[derive(Clone, Debug, clap::Args)]
pub struct Groups {
    /// The experiment file (TOML); `-` is standard input.
    pub file: PathBuf,
    /// Below this group instead of where cgrove builds by itself.
    #[arg(long, value_name = "GROUP")]
    pub under: Option<OsString>,
    /// Convert weights that the version that is found does not allow, by the kernel's own formula.
    #[arg(long)]
    pub convert: bool,
    /// How it is done.
    #[command(flatten)]
    pub how: How,
}

/// Runs `cgrove apply`: makes the groups that are missing, sets the values that differ.
///
/// # Errors
/// Exit 2 for a wrong file; see [`verb::run`].
pub fn apply(args: &Groups) -> Result<Code> {
    let file = name(args);
    verb::run(&args.how, |scene| {
        let there = There::of(args, scene)?;
        let survey = scene.survey(&groups::needs(&there.setup, &there.stage))?;
        let applied = groups::apply(&there.setup, &there.stage, &survey, &there.known);
        let mut what = Vec::new();
        if applied.made > 0 {
            what.push(format!("make {}", words::count(applied.made, "group")));
        }
        if applied.set > 0 {
            what.push(format!("set {}", words::count(applied.set, "value")));
        }
        let title = title("apply", &file, &what);
        let intent = Intent::Together { title, intents: applied.intents };
        Ok(Wanted { notes: there.setup.notes, ..Wanted::from(intent) })
    })
}

/// Runs `cgrove destroy`: removes what `apply` made, as far as it is empty.
///
/// # Errors
/// Exit 2 for a wrong file; see [`verb::run`].
pub fn destroy(args: &Groups) -> Result<Code> {
    let file = name(args);
    verb::run(&args.how, |scene| {
        let there = There::of(args, scene)?;
        let mut needs = groups::needs(&there.setup, &there.stage);
        needs.groups.extend(there.known.levels().cloned());
        let seen = scene.survey(&needs)?;
        let survey = scene.survey(&groups::needs_to_destroy(&there.setup, &there.stage, &there.known, &seen))?;
        let destroyed = groups::destroy(&there.setup, &there.stage, &survey, &there.known);
        let what: Vec<String> = match destroyed.removed {
            0 => Vec::new(),
            removed => vec![format!("remove {}", words::count(removed, "group"))],
        };
        let stuck = destroyed.left.iter().any(|left| left.stuck);
        let notes =
            destroyed.left.iter().map(|left| format!("{} stays: {}", scene.named(&left.group), left.why)).collect();
        let intent = Intent::Together { title: title("destroy", &file, &what), intents: destroyed.intents };
        Ok(Wanted { notes, code: if stuck { Code::Host } else { Code::Done }, ..Wanted::from(intent) })
    })
}

fn name(args: &Groups) -> String {
    escape(args.file.as_os_str().as_encoded_bytes())
}

fn title(verb: &str, file: &str, what: &[String]) -> String {
    if what.is_empty() { format!("{verb} {file}") } else { format!("{verb} {file}: {}", what.join(", ")) }
}

/// The experiment on this host.
struct There {
    setup: Setup,
    stage: Place,
    known: Known,
}

impl There {
    fn of(args: &Groups, scene: &mut Scene<'_>) -> Result<Self> {
        let mut experiment = predict::read(&args.file, Options { force: true })?;
        experiment.workloads.clear();
        let under = args.under.as_ref().map(|text| scene.group(text)).transpose()?;
        let found = scene.found()?;
        let stage = stage::of_host(scene.host(), &found, under).map_err(Coded::host)?;
        let host = CpuFacts {
            allowed: scene.host().allowed.clone(),
            load: std::collections::BTreeMap::new(),
            uid: scene.host().uid,
        };
        let setup = Setup::found(experiment, stage.hierarchy.version, args.convert, &host)
            .map_err(|unfit| Coded::host(explain(&name(args), &unfit)))?;
        if !stage.hierarchy.has("cpu") {
            return Err(Coded::host(format!(
                "the hierarchy {} does not carry cpu: an experiment divides the CPU, so it is built in one that does",
                stage.hierarchy.label()
            )));
        }
        let mut known = Known::default();
        for (_, journal) in journal::settled(&journal::locations(), &boot_id()?) {
            known.take_in(&journal.entries, journal.command.first().is_some_and(|verb| verb == APPLY));
        }
        Ok(Self { setup, stage: stage.place, known })
    }
}

fn boot_id() -> Result<String> {
    journal::boot_id().map_err(|failure| Coded::host(failure.to_string()))
}

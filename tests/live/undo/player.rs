//! A process that makes random plans through the library and carries them out: this test program, started once more, so that
//! it can have a state directory of its own and be killed.

use super::chaos::THEIRS;
use super::choose::{self, Field};
use super::claims;
use super::values::pick;
use crate::random::Random;
use cgrove::effect::supervisor::Supervisor;
use cgrove::kernel::discover::discover;
use cgrove::kernel::real::RealFs;
use cgrove::model::workload::WorkloadState;
use cgrove::plan::intent::Intent;
use cgrove::plan::journal;
use cgrove::plan::refusal::Refusal;
use cgrove::plan::step::Plan;
use cgrove::plan::survey::Limits;
use cgrove::runtime::hands::{Executed, Hands};
use libtest_mimic::Failed;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What to play: see [`Game`].
pub(crate) const GAME: &str = "CGROVE_LIVE_GAME";
/// The groups to play in, with colons between.
pub(crate) const FIELDS: &str = "CGROVE_LIVE_FIELDS";

/// What is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Game {
    pub(crate) seed: u64,
    /// How many plans, whatever becomes of them.
    pub(crate) plans: u64,
    /// It ends after this time even if there are more plans.
    pub(crate) seconds: u64,
    pub(crate) back: Back,
}

/// How it is taken back in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// Not at all.
    Not,
    /// As many presses of `u` as there are changes.
    OneByOne,
    /// `:undo all`.
    Whole,
    /// Several at once, again and again.
    Chunks,
    /// All, all again, all.
    Twice,
    /// All, whenever a line on standard input asks for it: others play on the same ground.
    Asked,
}

impl Game {
    pub(crate) fn to_text(self) -> String {
        let back = match self.back {
            Back::Not => "not",
            Back::OneByOne => "one",
            Back::Whole => "whole",
            Back::Chunks => "chunks",
            Back::Twice => "twice",
            Back::Asked => "asked",
        };
        format!("{} {} {} {back}", self.seed, self.plans, self.seconds)
    }

    fn from_text(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let [seed, plans, seconds, back] = words.as_slice() else { return None };
        let back = match *back {
            "not" => Back::Not,
            "one" => Back::OneByOne,
            "whole" => Back::Whole,
            "chunks" => Back::Chunks,
            "twice" => Back::Twice,
            "asked" => Back::Asked,
            _ => return None,
        };
        Some(Self { seed: seed.parse().ok()?, plans: plans.parse().ok()?, seconds: seconds.parse().ok()?, back })
    }
}

/// Is a player if this process was started as one.
pub(crate) fn be_one() -> Option<ExitCode> {
    let game = Game::from_text(&std::env::var(GAME).ok()?)?;
    let fields = std::env::var_os(FIELDS)?;
    // Before any thread: it re-executes.
    let played = play(game, &fields.as_bytes().split(|&byte| byte == b':').map(path).collect::<Vec<_>>());
    Some(match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("ERROR {}", error.message().unwrap_or_default()));
            ExitCode::FAILURE
        }
    })
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A line for whoever started this.
fn say(line: &str) {
    let mut stdout = std::io::stdout();
    // Nobody listens any more: then nobody wants to know.
    let _ = writeln!(stdout, "{}", line.replace('\n', " / ")).and_then(|()| stdout.flush());
}

struct Player {
    hands: Hands,
    fields: Vec<Field>,
    random: Random,
    done: u64,
    refused: u64,
    failed: u64,
    /// Plans that undo cannot take back: outside of the set.
    irrevocable: u64,
    /// Others play on the same ground.
    shared: bool,
}

fn play(game: Game, directories: &[PathBuf]) -> Result<(), Failed> {
    let supervisor = Supervisor::start_program(Path::new(env!("CARGO_BIN_EXE_cgrove")))?;
    let hands = Hands::new(supervisor, Limits::default())?;
    let found = discover(&RealFs)?;
    let field = |directory: &PathBuf| -> Option<Field> {
        let is_of = |point: &[u8]| directory.starts_with(path(point));
        let hierarchy = found.hierarchies.iter().find(|h| h.best_mount().is_some_and(|mount| is_of(&mount.point)))?;
        let mount = path(&hierarchy.best_mount()?.point);
        Some(Field { mount, directory: directory.clone(), hierarchy: hierarchy.clone() })
    };
    let fields = directories.iter().map(field).collect::<Option<Vec<_>>>().ok_or("a field is in no hierarchy")?;
    let random = Random::new(game.seed);
    let shared = game.back == Back::Asked;
    let mut player = Player { hands, fields, random, done: 0, refused: 0, failed: 0, irrevocable: 0, shared };
    say("plays");
    let end = Instant::now() + Duration::from_secs(game.seconds);
    for _ in 0..game.plans {
        if Instant::now() > end {
            break;
        }
        player.one()?;
    }
    let Player { done, refused, failed, irrevocable, .. } = player;
    say(&format!("COUNTS {done} done, {refused} refused, {failed} failed, {irrevocable} irrevocable and left out"));
    player.take_back(game.back)?;
    if ![Back::Not, Back::Asked].contains(&game.back) && player.hands.finish()? {
        // What the snapshot says matters more; both are told.
        say("STANDS the journal says that something stands");
    }
    say("END");
    Ok(())
}

impl Player {
    /// One random plan.
    fn one(&mut self) -> Result<(), Failed> {
        let running = |w: &&cgrove::model::workload::Workload| w.state == WorkloadState::Running;
        let workloads: Vec<_> = self.hands.workloads().iter().filter(running).map(|w| w.process).collect();
        let entries = self.hands.entries();
        let intent = match self.random.within(0, 99) {
            0..6 => journal::next_undo(entries).map(|number| Intent::Undo { entries: vec![number] }),
            6..8 => {
                let all = journal::all_undo(entries);
                let some = all.len().min(usize::try_from(self.random.within(1, 5)).unwrap_or(1));
                (some > 0).then(|| Intent::Undo { entries: all[..some].to_vec() })
            }
            8..13 => journal::next_redo(entries).map(|number| Intent::Undo { entries: vec![number] }),
            _ => choose::intent(&mut self.random, &self.fields, &workloads, self.shared),
        };
        let Some(intent) = intent else { return Ok(()) };
        // A way out of a refusal is taken now and then, as a person would.
        if let Some(refusal) = self.act(&intent)?
            && !refusal.instead.is_empty()
            && !self.random.one_in(3)
        {
            let way = pick(&mut self.random, &refusal.instead).clone();
            if let [intent] = way.intents.as_slice() {
                self.act(intent)?;
            } else if !way.intents.is_empty() {
                self.act(&Intent::Together { title: way.say, intents: way.intents })?;
            }
        }
        Ok(())
    }

    /// Plans and does one intent. The refusal, if it was refused.
    fn act(&mut self, intent: &Intent) -> Result<Option<Refusal>, Failed> {
        let plan = match self.hands.plan(intent)? {
            Ok(plan) => plan,
            Err(refusal) => {
                self.refused += 1;
                say(&format!("refused: {}: {}", refusal.title, refusal.rule));
                return Ok(Some(refusal));
            }
        };
        if let Some(why) = plan.irrevocable.as_ref().filter(|_| !matches!(intent, Intent::Undo { .. })) {
            self.irrevocable += 1;
            say(&format!("irrevocable: {}: {why}", plan.title));
            return Ok(None);
        }
        if self.shared && serde_json::to_string(&plan.steps)?.contains(THEIRS) {
            if matches!(intent, Intent::Undo { .. }) {
                say(&format!("ERROR an undo would touch what a third party made: {:?}", plan.shell));
            }
            return Ok(None);
        }
        self.execute(intent, &plan)?;
        Ok(None)
    }

    fn execute(&mut self, intent: &Intent, plan: &Plan) -> Result<(), Failed> {
        match self.hands.execute(intent, plan)? {
            Executed::Report(report) => {
                let number = report.number.unwrap_or(0);
                if report.succeeded() {
                    self.done += 1;
                    say(&format!("done {number}: {} [{}]", plan.title, plan.shell.join("; ")));
                } else {
                    self.failed += 1;
                    say(&format!("failed {number}: {report}"));
                }
                for wrong in claims::wrong(&self.fields, plan, &report) {
                    say(&format!("WRONG {wrong}"));
                }
                // What undo says that it leaves.
                if matches!(intent, Intent::Undo { .. }) {
                    plan.warnings.iter().for_each(|warning| say(&format!("  warns: {warning}")));
                }
            }
            Executed::Changed(_) => say(&format!("changed meanwhile: {}", plan.title)),
            Executed::Refused(refusal) => say(&format!("refused meanwhile: {}", refusal.rule)),
        }
        Ok(())
    }

    fn take_back(&mut self, back: Back) -> Result<(), Failed> {
        match back {
            Back::Not => {}
            Back::OneByOne => {
                while let Some(number) = journal::next_undo(self.hands.entries()) {
                    self.undo(vec![number])?;
                    if journal::next_undo(self.hands.entries()) == Some(number) {
                        return Err(format!("after its undo, {number} is still the next to be undone").into());
                    }
                }
            }
            Back::Whole => self.undo_all()?,
            Back::Chunks => {
                let mut all = journal::all_undo(self.hands.entries());
                while !all.is_empty() {
                    let some = all.len().min(usize::try_from(self.random.within(1, 12)).unwrap_or(1));
                    let rest = all.split_off(some);
                    self.undo(std::mem::replace(&mut all, rest))?;
                }
            }
            Back::Asked => {
                for _ in std::io::stdin().lines() {
                    self.undo_all()?;
                    say("UNDONE");
                }
            }
            Back::Twice => {
                self.undo_all()?;
                let entries = self.hands.entries();
                if let Some(number) = journal::next_redo(entries) {
                    self.undo(vec![number])?;
                    self.undo_all()?;
                }
            }
        }
        Ok(())
    }

    fn undo_all(&mut self) -> Result<(), Failed> {
        let all = journal::all_undo(self.hands.entries());
        if all.is_empty() { Ok(()) } else { self.undo(all) }
    }

    fn undo(&mut self, entries: Vec<u64>) -> Result<(), Failed> {
        self.act(&Intent::Undo { entries }).map(drop)
    }
}

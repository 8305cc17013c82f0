//! The undo measure: from the same start, any random sequence of plans, then undo to the beginning, and the host is as before
//! (DESIGN 5); the same after a SIGKILL, by `cgrove cleanup`.
//!
//! A trial makes a [`ground::Ground`], which is foreign to cgrove, looks at it ([`look::Look`], which shares nothing with
//! cgrove's own reader), lets a [`player`] play on it, and looks again. What differs is printed with the seed, the plans and
//! the journal's directory, and the shortest prefix of the same plans that still fails.
//!
//! `CGROVE_UNDO_SEED=N` (or `CGROVE_SEED=N`) plays that seed alone, `CGROVE_RUNS=N` plays so many. Seeds are random otherwise, and printed. With
//! `CGROVE_WHOLE` a failure is told at once, without looking for the shortest prefix.

use crate::Entry;
use crate::bench::Bench;
use crate::host::{Host, Need};
use crate::random::Random;
use libtest_mimic::Failed;
use play::{play, play_and_kill};
use player::{Back, Game};
use std::time::{SystemTime, UNIX_EPOCH};

#[path = "undo/chaos.rs"]
mod chaos;
#[path = "undo/choose.rs"]
mod choose;
#[path = "undo/claims.rs"]
mod claims;
#[path = "undo/ground.rs"]
mod ground;
#[path = "undo/look.rs"]
mod look;
#[path = "undo/play.rs"]
mod play;
#[path = "undo/player.rs"]
mod player;
#[path = "undo/sleeper.rs"]
mod sleeper;
#[path = "undo/values.rs"]
mod values;

pub(crate) use player::be_one as be_a_player;
pub(crate) use sleeper::be_one as be_a_sleeper;

/// How many plans a run has.
const PLANS: u64 = 200;

pub(crate) fn trials() -> Vec<Entry> {
    let entry = |name, run| Entry { name, needs: &[Need::Cpu, Need::Root], measures: false, run };
    vec![
        entry("undo::one_by_one", |_| several(Back::OneByOne)),
        entry("undo::all_at_once", |_| several(Back::Whole)),
        entry("undo::some_at_a_time", |_| several(Back::Chunks)),
        entry("undo::all_and_all_again", |_| several(Back::Twice)),
        entry("undo::killed_and_cleaned_up", |_| killed()),
        Entry { needs: &[Need::Cpu, Need::Root, Need::Chaos], ..entry("undo::two_and_a_third_party", chaos) },
    ]
}

/// The seeds of a trial.
fn seeds() -> Result<Vec<u64>, Failed> {
    if let Ok(seed) = std::env::var("CGROVE_UNDO_SEED").or_else(|_unset| std::env::var("CGROVE_SEED")) {
        return Ok(vec![seed.parse()?]);
    }
    let runs = std::env::var("CGROVE_RUNS").ok().map(|runs| runs.parse()).transpose()?.unwrap_or(1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos();
    let mut random = Random::new(u64::from(now));
    Ok((0..runs).map(|_| random.within(1, 999_999)).collect())
}

fn several(back: Back) -> Result<(), Failed> {
    let host = Host::probe();
    seeds()?.into_iter().try_for_each(|seed| one(&host, Game { seed, plans: PLANS, seconds: 600, back }))
}

fn chaos(bench: &mut Bench) -> Result<(), Failed> {
    seeds()?.into_iter().try_for_each(|seed| chaos::play(bench, seed, 15))
}

/// Three kills for each seed.
fn killed() -> Result<(), Failed> {
    let host = Host::probe();
    for seed in seeds()? {
        for kill in 0..3 {
            let game = Game { seed: seed * 10 + kill, plans: 60, seconds: 600, back: Back::Not };
            let played = play_and_kill(&host, game)?;
            eprintln!("{} (killed): {}", game.seed, played.counts());
            if !played.is_good() {
                return Err(format!("seed {seed}, kill {kill}:\n{played}").into());
            }
        }
    }
    Ok(())
}

fn one(host: &Host, game: Game) -> Result<(), Failed> {
    let played = play(host, game)?;
    eprintln!("{} ({:?}): {}", game.seed, game.back, played.counts());
    if played.is_good() {
        return Ok(());
    }
    // The shortest prefix of the same plans that fails, too: a seed chooses the same as long as all goes the same way.
    let shorten = std::env::var_os("CGROVE_WHOLE").is_none();
    let (mut good, mut bad, mut shortest) = (if shorten { 0 } else { game.plans }, game.plans, played);
    while bad - good > 1 {
        let plans = good.midpoint(bad);
        let played = play(host, Game { plans, ..game })?;
        if played.is_good() {
            good = plans;
        } else {
            (bad, shortest) = (plans, played);
        }
    }
    Err(format!("seed {}, {bad} plans, {:?}:\n{shortest}", game.seed, game.back).into())
}

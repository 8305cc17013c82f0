//! What was read back after signals and after scheduling, in sentences: for the screen and the command line alike.
use super::step::{Became, Outcome, Signal, Step};
use super::words;

/// So many processes are told one by one.
const FEW: usize = 4;

/// What became of the steps: all signals, and where the kernel keeps something else than was asked.
#[must_use]
pub fn told<'a>(steps: impl Iterator<Item = (&'a Step, &'a Outcome)>) -> Vec<String> {
    let mut all: Vec<(Signal, i32, Became)> = Vec::new();
    let mut kept: Vec<String> = Vec::new();
    for step in steps {
        match step {
            (Step::Signal { process, signal }, Outcome::Became(became)) => all.push((*signal, process.tid, *became)),
            (Step::Schedule { to, .. }, Outcome::Scheduled(list)) => {
                for set in list.iter().filter(|set| set.now != *to) {
                    kept.push(format!("{}: asked {to}, the kernel keeps {}", set.task.tid, set.now));
                }
            }
            _ => {}
        }
    }
    let more = kept.len().saturating_sub(FEW);
    kept.truncate(FEW);
    if more > 0 {
        kept.push(format!("and {more} more"));
    }
    if all.len() <= FEW {
        kept.extend(all.iter().map(|(signal, pid, became)| sentence(*signal, *pid, *became)));
        return kept;
    }
    let mut kinds: Vec<(Signal, Became)> = Vec::new();
    for (signal, _, became) in &all {
        let kind = (*signal, simple(*became));
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    for (signal, kind) in kinds {
        let count = all.iter().filter(|(s, _, became)| (*s, simple(*became)) == (signal, kind)).count();
        let state = if count == 1 { state(signal, kind) } else { plural(&state(signal, kind)) };
        kept.push(format!("{} {state}", words::count(count, "process")));
    }
    kept
}

/// Whether a signal did not do what it is sent for.
#[must_use]
pub fn fell_short(signal: Signal, became: Became) -> bool {
    match signal {
        Signal::Stop => !matches!(became, Became::Stopped | Became::Ended | Became::Zombie { .. }),
        Signal::Continue => became == Became::Stopped,
        Signal::Hangup | Signal::User1 | Signal::User2 => !matches!(became, Became::Ended | Became::Handles),
        _ => became != Became::Ended,
    }
}

/// One process: "4242 still runs: it ignores TERM".
#[must_use]
pub fn sentence(signal: Signal, pid: i32, became: Became) -> String {
    format!("{pid} {}", state(signal, became))
}

fn state(signal: Signal, became: Became) -> String {
    let name = signal.name();
    match became {
        Became::Ended => "has ended".to_owned(),
        Became::Zombie { parent: 0 } => "has ended, and is a zombie until its parent reads how".to_owned(),
        Became::Zombie { parent } => format!("has ended, and is a zombie until its parent {parent} reads how"),
        Became::Stopped if signal == Signal::Continue => "is still stopped".to_owned(),
        Became::Stopped => "is stopped".to_owned(),
        Became::Runs if signal.can_be_taken_back() => "runs".to_owned(),
        Became::Runs => format!("still runs: it has not got to {name} yet"),
        Became::Ignores => format!("still runs: it ignores {name}"),
        Became::Handles => format!("still runs: it handles {name} itself, and may end yet"),
        Became::Blocks => format!("still runs: it has blocked {name}, which waits"),
        Became::Waits => format!("has not taken {name} yet: it is frozen, stopped, or gets no CPU time"),
        Became::Uninterruptible => {
            format!("has not taken {name} yet: it is frozen, or in a call that nothing interrupts")
        }
    }
}

/// The same of several.
fn plural(state: &str) -> String {
    const WORDS: [(&str, &str); 12] = [
        ("it has blocked", "they have blocked"),
        ("it has not", "they have not"),
        ("it is frozen", "they are frozen"),
        ("it ignores", "they ignore"),
        ("it handles", "they handle"),
        ("itself", "themselves"),
        ("is a zombie until its parent reads", "are zombies until their parents read"),
        ("has ", "have "),
        ("is ", "are "),
        ("runs", "run"),
        ("or gets no", "or get no"),
        ("which waits", "which waits"),
    ];
    WORDS.iter().fold(state.to_owned(), |text, (one, many)| text.replace(one, many))
}

/// Without the parent: zombies of all parents are counted together.
fn simple(became: Became) -> Became {
    match became {
        Became::Zombie { .. } => Became::Zombie { parent: 0 },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu_set::CpuSet;
    use crate::model::scheduling::Attribute;
    use crate::plan::intent::Scope;
    use crate::plan::step::Scheduled;
    use crate::plan::testing::key;

    fn sent(pid: i32, signal: Signal, became: Became) -> (Step, Outcome) {
        (Step::Signal { process: key(pid), signal }, Outcome::Became(became))
    }

    fn text(steps: &[(Step, Outcome)]) -> String {
        told(steps.iter().map(|(step, outcome)| (step, outcome))).join("\n")
    }

    #[test]
    fn a_few_are_told_one_by_one() {
        let all = [
            Became::Ended,
            Became::Zombie { parent: 7 },
            Became::Runs,
            Became::Ignores,
            Became::Handles,
            Became::Blocks,
            Became::Waits,
            Became::Uninterruptible,
        ];
        let mut lines: Vec<String> =
            all.into_iter().map(|became| text(&[sent(42, Signal::Terminate, became)])).collect();
        lines.push(text(&[sent(42, Signal::Stop, Became::Stopped), sent(43, Signal::Continue, Became::Runs)]));
        lines.push(text(&[sent(42, Signal::Continue, Became::Stopped)]));
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn many_are_counted() {
        let became = |n| match n % 3 {
            0 => Became::Ended,
            1 => Became::Zombie { parent: n },
            _ => Became::Ignores,
        };
        let steps: Vec<_> = (10..17).map(|n| sent(n, Signal::Interrupt, became(n))).collect();
        insta::assert_snapshot!(text(&steps));
    }

    #[test]
    fn what_the_kernel_keeps() {
        let cpus = |list: &str| Attribute::Cpus(CpuSet::parse(list).unwrap());
        let to = cpus("0-3");
        let set = |tid, now: &str| Scheduled { task: key(tid), was: cpus("0"), now: cpus(now) };
        let step = Step::Schedule { task: key(42), scope: Scope::Process, to, prior: None };
        let outcome = Outcome::Scheduled(vec![set(42, "0-1"), set(43, "0-3")]);
        assert_eq!(text(&[(step.clone(), outcome)]), "42: asked CPUs 0-3, the kernel keeps CPUs 0-1");
        let many = Outcome::Scheduled((42..50).map(|tid| set(tid, "1")).collect());
        assert!(text(&[(step, many)]).ends_with("and 4 more"));
    }
}

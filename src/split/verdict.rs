//! What to think of a row: does the kernel give what it owes, has the group enough, and why.
//!
//! A pure function of [`Facts`]; `live` gathers them from a frame. Amounts are in CPUs; in sentences those that are simple
//! fractions of a CPU are written as such ("3/4"), others as "55.2 % of a CPU" or "1.33 CPUs".
//!
//! # The tolerance
//! There is no fixed one. What is owed is a range ([`Facts::between`]): from the least to the most that it was in the window,
//! each as uncertain as it is while tasks roam that the balancer may put beside the group or elsewhere. What was got agrees
//! with it if it lies in the range, or beside it by no more than: the ticks of the counters ([`Got::Cpus::plus_minus`]); one tick over the window for whose turn it was when the window began and ended; one tick a
//! period where a quota binds (it is given out in slices); the row's part of the time that nobody seen got on its CPUs
//! (interrupts, a hypervisor, tasks too short to be sampled). What an estimate (≈) was measured to differ by is never called
//! wrong: the load balancer moves whole tasks.
use std::fmt::Write as _;

use crate::model::id::GroupId;

use super::ratio::Ratio;
use super::solve::NOTHING;
use super::table::{Enough, Given, Got, Owed, Verdict};

/// What is known of one group in one frame.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Facts<'a> {
    /// What it is owed.
    pub owed: Owed,
    /// The least and the most that it was owed in the window, with the uncertainty of each, in CPUs.
    pub between: (f64, f64),
    /// What it got, over `seconds`.
    pub got: Got,
    /// Length of its window in seconds; 0 if not measured.
    pub seconds: f64,
    /// What it is owed changed since the window began: they cannot be compared.
    pub unsettled: bool,
    /// The scheduler's tick in seconds.
    pub tick: f64,
    /// Its part of what nobody seen got on the CPUs it shares, in CPUs.
    pub unseen: f64,
    /// Tasks in it and below: all, those that want the CPU, those that are held, those not yet judged.
    pub tasks: Count,
    /// It could use more than it is owed.
    pub wants_more: bool,
    /// The group whose quota binds, if one does.
    pub cap: Option<Cap<'a>>,
    /// It is owed more of what the group above is owed than its part by weight.
    pub beyond: bool,
    /// Name of the group above; empty for the top and for what is right below it.
    pub within: &'a str,
    /// A sibling that uses less than its part by weight: its time goes to the others.
    pub lender: Option<Lender<'a>>,
    /// How many more such siblings there are.
    pub more_lenders: u32,
    /// Tasks that want the CPU in the group above, beside it.
    pub beside: u32,
    /// There was only one sample so far.
    pub early: bool,
    /// There is no cpu controller here.
    pub transparent: Option<Threads<'a>>,
}

/// Numbers of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub all: u32,
    /// Those that want the CPU.
    pub hungry: u32,
    /// Those that are held.
    pub held: u32,
    /// Those not yet judged.
    pub unknown: u32,
}

/// A quota that binds.
#[derive(Clone, Copy, Debug)]
pub struct Cap<'a> {
    /// The group it belongs to.
    pub group: GroupId,
    /// Its name.
    pub name: &'a str,
    /// It is the row's own.
    pub own: bool,
    /// The quota in CPUs.
    pub cpus: f64,
    /// Its period in seconds.
    pub period: f64,
}

/// A sibling that leaves time to others.
#[derive(Clone, Copy, Debug)]
pub struct Lender<'a> {
    /// Its name.
    pub name: &'a str,
    /// It is held.
    pub held: bool,
    /// It wants nothing at all; otherwise less than its part.
    pub nothing: bool,
    /// Its part by weight of what the group above is owed.
    pub part: Ratio,
}

/// Where the tasks of a group without cpu controller compete.
#[derive(Clone, Copy, Debug)]
pub struct Threads<'a> {
    /// How many compete there that want the CPU, its own included.
    pub among: u32,
    /// Name of the nearest group that has the controller; empty for the top.
    pub of: &'a str,
}

/// The verdict.
#[must_use]
pub fn verdict(facts: &Facts) -> Verdict {
    let enough = enough(facts);
    let given = given(facts);
    Verdict { given, enough, because: because(facts, enough, given) }
}

fn enough(facts: &Facts) -> Enough {
    let Some(owed) = facts.owed.cpus() else { return Enough::Unknown };
    let Count { all, hungry, held, unknown } = facts.tasks;
    if facts.wants_more {
        return facts.cap.map_or(Enough::Short, |cap| Enough::Capped(cap.group));
    }
    if hungry == 0 && owed <= NOTHING {
        if held > 0 {
            return Enough::Held;
        }
        if all > 0 && all == unknown {
            return Enough::Unknown;
        }
        return Enough::Idle;
    }
    Enough::Enough
}

/// How far measured may be from what was owed, in CPUs.
#[must_use]
pub fn tolerance(facts: &Facts) -> f64 {
    let Got::Cpus { plus_minus, .. } = facts.got else { return 0.0 };
    let turn = if facts.seconds > 0.0 { facts.tick / facts.seconds } else { 0.0 };
    let slices = facts.cap.map_or(0.0, |cap| facts.tick / cap.period.max(facts.tick));
    plus_minus + turn + slices + facts.unseen
}

fn given(facts: &Facts) -> Given {
    let (Some(owed), Got::Cpus { cpus, at_least, .. }) = (facts.owed.cpus(), facts.got) else {
        return Given::CannotTell;
    };
    if facts.unsettled {
        return Given::CannotTell;
    }
    let (least, most) = facts.between;
    if (least - cpus).max(cpus - most) <= tolerance(facts) {
        return Given::Agrees;
    }
    // A lower bound that is too low says nothing, nor does an estimate that is off.
    if matches!(facts.owed, Owed::About(_)) || (at_least && cpus < owed) || unseen_tasks(facts) {
        return Given::CannotTell;
    }
    Given::Differs
}

/// It gets more than its tasks want, and nothing gets more than it wants: some came and went between two samples.
fn unseen_tasks(facts: &Facts) -> bool {
    let (Some(owed), Got::Cpus { cpus, .. }) = (facts.owed.cpus(), facts.got) else { return false };
    !facts.wants_more && facts.cap.is_none() && cpus > owed + tolerance(facts)
}

fn because(facts: &Facts, enough: Enough, given: Given) -> String {
    let mut text = String::new();
    owed_now(facts, enough, &mut text);
    match (given, facts.got) {
        (Given::Differs, Got::Cpus { cpus, plus_minus, .. }) => {
            let _ = write!(text, " Gets {} ± {:.1} %: that is not what it is owed.", amount(cpus), plus_minus * 100.0);
        }
        (Given::CannotTell, Got::TooEarly) if !facts.early => text.push_str(" Too early to measure."),
        (Given::CannotTell, Got::Unknown) => text.push_str(" What it gets cannot be read."),
        (Given::CannotTell, _) if facts.unsettled => text.push_str(" What it is owed has just changed."),
        (Given::CannotTell, Got::Cpus { cpus, .. }) if unseen_tasks(facts) => {
            let _ = write!(text, " Gets {}: tasks that come and go between two samples take the rest.", amount(cpus));
        }
        _ => {}
    }
    text.trim_start().to_owned()
}

fn owed_now(facts: &Facts, enough: Enough, text: &mut String) {
    let about = if matches!(facts.owed, Owed::About(_)) { "about " } else { "" };
    let Some(owed) = facts.owed.cpus() else {
        text.push_str(if facts.early {
            " What it is owed shows with the second sample."
        } else {
            " What it is owed cannot be judged: something that takes part could not be read."
        });
        return;
    };
    match enough {
        Enough::Idle if facts.tasks.all == 0 => return text.push_str(" It has no tasks."),
        Enough::Idle => return text.push_str(" It wants nothing."),
        Enough::Held => return text.push_str(" It is held and wants nothing: its time goes to its siblings first."),
        Enough::Unknown => return text.push_str(" It is not known yet what its tasks want."),
        _ => {}
    }
    let _ = write!(text, " Owed now {about}{}", amount(owed));
    let mut reasons: Vec<String> = Vec::new();
    if let Some(threads) = facts.transparent {
        let of = if threads.of.is_empty() { "the root" } else { threads.of };
        reasons.push(format!(
            "no cpu controller here, {} {} among {} of {of} that want the CPU",
            facts.tasks.hungry,
            if facts.tasks.hungry == 1 { "thread" } else { "threads" },
            threads.among
        ));
    }
    match (enough, facts.cap) {
        (Enough::Capped(_), Some(cap)) if cap.own => {
            reasons.push(format!("its own quota of {} stands against it", amount(cap.cpus)));
        }
        (Enough::Capped(_), Some(cap)) => {
            reasons.push(format!("the quota of {}, {}, stands against it", cap.name, amount(cap.cpus)));
        }
        (Enough::Enough, _) => reasons.push("that is all it wants".to_owned()),
        _ => {}
    }
    if facts.beyond
        && let Some(lender) = facts.lender
    {
        let wants = match (lender.nothing, lender.held) {
            (true, true) => "wants nothing (held)",
            (true, false) => "wants nothing",
            (false, _) => "wants less than its part",
        };
        let others = match facts.more_lenders {
            0 => String::new(),
            1 => " (and 1 more sibling)".to_owned(),
            more => format!(" (and {more} more siblings)"),
        };
        let of = if facts.within.is_empty() { String::new() } else { format!(" of {}", facts.within) };
        let what = if lender.nothing { format!("its {}{of}", lender.part.words()) } else { "the rest".to_owned() };
        reasons.push(format!("{} {wants}{others}; {what} goes to its siblings first", lender.name));
    }
    if facts.beside > 0 {
        let tasks = if facts.beside == 1 { "task competes" } else { "tasks compete" };
        reasons.push(format!("{} {tasks} beside it, each with a weight of its own", facts.beside));
    }
    if !about.is_empty() {
        reasons.push("tasks that may run on several CPUs take part, which the balancer moves about".to_owned());
    }
    if !reasons.is_empty() {
        let _ = write!(text, ": {}", reasons.join("; "));
    }
    text.push('.');
}

/// An amount of CPU for a sentence.
fn amount(cpus: f64) -> String {
    if cpus > 1.0 + 1e-6 {
        return format!("{cpus:.2} CPUs");
    }
    for whole in 1..=12_u32 {
        let part = cpus * f64::from(whole);
        if (part - part.round()).abs() < 1e-6 && part.round() >= 1.0 {
            return if whole == 1 { "one CPU".to_owned() } else { format!("{}/{whole}", part.round()) };
        }
    }
    format!("{:.1} % of a CPU", cpus * 100.0)
}

#[cfg(test)]
mod tests {
    use super::{Cap, Count, Facts, Lender, Threads, verdict};
    use crate::model::id::GroupId;
    use crate::split::ratio::Ratio;
    use crate::split::table::{Enough, Given, Got, Owed};

    fn got(cpus: f64) -> Got {
        Got::Cpus { cpus, plus_minus: 0.001, at_least: false }
    }

    /// cg2 of the second figure while cg3 is held.
    fn cg2() -> Facts<'static> {
        Facts {
            owed: Owed::Exact(0.75),
            between: (0.75, 0.75),
            got: got(0.749),
            seconds: 4.0,
            unsettled: false,
            tick: 0.004,
            unseen: 0.0,
            tasks: Count { all: 1, hungry: 1, ..Count::default() },
            wants_more: true,
            cap: None,
            beyond: true,
            within: "cg1",
            lender: Some(Lender { name: "cg3", held: true, nothing: true, part: Ratio::new(2, 3).unwrap() }),
            more_lenders: 0,
            beside: 0,
            early: false,
            transparent: None,
        }
    }

    #[test]
    fn work_conservation_is_told() {
        let verdict = verdict(&cg2());
        assert_eq!((verdict.given, verdict.enough), (Given::Agrees, Enough::Short));
        assert_eq!(
            verdict.because,
            "Owed now 3/4: cg3 wants nothing (held); its 2/3 of cg1 goes to its siblings first."
        );
    }

    #[test]
    fn the_tolerance_follows_the_window_and_what_was_not_seen() {
        // 1 tick of the counter over 4 s and one for whose turn it was: ± 0.2 points.
        let off = |cpus| verdict(&Facts { got: got(cpus), ..cg2() }).given;
        assert_eq!((off(0.7481), off(0.7479)), (Given::Agrees, Given::Differs));
        let unseen = Facts { got: got(0.72), unseen: 0.03, ..cg2() };
        assert_eq!(verdict(&unseen).given, Given::Agrees);
        let about = Facts { got: got(0.5), owed: Owed::About(0.75), ..cg2() };
        assert_eq!(verdict(&about).given, Given::CannotTell);
        assert!(verdict(&about).because.contains("about 3/4"), "{}", verdict(&about).because);
        assert_eq!(verdict(&Facts { got: got(0.7), between: (0.68, 0.82), ..about }).given, Given::Agrees);
        // It drifted from 0.745 to 0.75 while it was measured: anything between is right.
        let drifted = Facts { got: got(0.746), between: (0.745, 0.75), ..cg2() };
        assert_eq!(verdict(&drifted).given, Given::Agrees);
        assert_eq!(verdict(&Facts { got: got(0.7432), ..drifted }).given, Given::Agrees);
        assert_eq!(verdict(&Facts { got: got(0.7428), between: (0.745, 0.75), ..cg2() }).given, Given::Differs);
    }

    #[test]
    fn a_difference_is_said_with_its_uncertainty() {
        let verdict = verdict(&Facts { got: got(0.4), ..cg2() });
        assert_eq!(verdict.given, Given::Differs);
        assert!(verdict.because.ends_with("Gets 2/5 ± 0.1 %: that is not what it is owed."), "{}", verdict.because);
    }

    #[test]
    fn too_early_and_just_changed_and_lower_bounds_are_no_verdict() {
        let early = verdict(&Facts { got: Got::TooEarly, ..cg2() });
        assert_eq!(early.given, Given::CannotTell);
        assert!(early.because.ends_with("Too early to measure."));
        assert_eq!(verdict(&Facts { unsettled: true, ..cg2() }).given, Given::CannotTell);
        let bound = Got::Cpus { cpus: 0.5, plus_minus: 0.001, at_least: true };
        assert_eq!(verdict(&Facts { got: bound, ..cg2() }).given, Given::CannotTell);
        let above = Got::Cpus { cpus: 0.9, plus_minus: 0.001, at_least: true };
        assert_eq!(verdict(&Facts { got: above, ..cg2() }).given, Given::Differs);
    }

    #[test]
    fn held_idle_and_empty_are_different() {
        let held = Facts {
            owed: Owed::Exact(0.0),
            between: (0.0, 0.0),
            got: got(0.0),
            tasks: Count { all: 1, held: 1, ..Count::default() },
            wants_more: false,
            ..cg2()
        };
        assert_eq!(verdict(&held).enough, Enough::Held);
        let idle = Facts { tasks: Count { all: 3, ..Count::default() }, ..held.clone() };
        assert_eq!(verdict(&idle).enough, Enough::Idle);
        assert!(verdict(&idle).because.ends_with("It wants nothing."));
        let empty = Facts { tasks: Count::default(), ..held.clone() };
        assert!(verdict(&empty).because.ends_with("It has no tasks."));
        let unknown = Facts { tasks: Count { all: 1, unknown: 1, ..Count::default() }, ..held };
        assert_eq!(verdict(&unknown).enough, Enough::Unknown);
    }

    #[test]
    fn the_quota_that_stands_against_it_is_named() {
        let cap = Cap { group: GroupId(7), name: "cg1", own: false, cpus: 0.2, period: 0.1 };
        let capped = Facts {
            owed: Owed::Exact(0.2),
            between: (0.2, 0.2),
            got: got(0.21),
            cap: Some(cap),
            lender: None,
            ..cg2()
        };
        let told = verdict(&capped);
        // Slices of a tick in 100 ms: four points of tolerance.
        assert_eq!((told.given, told.enough), (Given::Agrees, Enough::Capped(GroupId(7))));
        assert!(told.because.contains("the quota of cg1, 1/5, stands against it"), "{}", told.because);
        let own = verdict(&Facts { cap: Some(Cap { own: true, ..cap }), ..capped });
        assert!(own.because.contains("its own quota of 1/5"), "{}", own.because);
    }

    #[test]
    fn no_controller_and_tasks_beside_are_told() {
        let transparent = Facts {
            lender: None,
            tasks: Count { all: 9, hungry: 8, ..Count::default() },
            transparent: Some(Threads { among: 50, of: "system.slice" }),
            ..cg2()
        };
        let because = verdict(&transparent).because;
        assert!(
            because.contains("no cpu controller here, 8 threads among 50 of system.slice that want the CPU"),
            "{because}"
        );
        let beside = Facts { owed: Owed::Exact(0.125), got: got(0.125), beside: 1, lender: None, ..cg2() };
        let because = verdict(&beside).because;
        assert!(because.contains("Owed now 1/8: 1 task competes beside it"), "{because}");
    }

    #[test]
    fn nothing_gets_more_than_it_wants_so_its_tasks_were_not_all_seen() {
        let make = Facts {
            owed: Owed::Exact(0.08),
            got: got(0.18),
            wants_more: false,
            tasks: Count { all: 3, ..Count::default() },
            lender: None,
            ..cg2()
        };
        let told = verdict(&make);
        assert_eq!((told.given, told.enough), (Given::CannotTell, Enough::Enough));
        assert!(
            told.because.ends_with("tasks that come and go between two samples take the rest."),
            "{}",
            told.because
        );
        // Less than it wants is another matter, and so is more for one that is hungry.
        assert_eq!(verdict(&Facts { got: got(0.02), ..make.clone() }).given, Given::Differs);
        assert_eq!(verdict(&Facts { wants_more: true, ..make }).given, Given::Differs);
    }

    #[test]
    fn what_cannot_be_judged_is_not_judged() {
        let told = verdict(&Facts { owed: Owed::Unknown, ..cg2() });
        assert_eq!((told.given, told.enough), (Given::CannotTell, Enough::Unknown));
        assert!(told.because.contains("cannot be judged"));
    }
}

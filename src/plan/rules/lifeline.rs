//! Limits on a group that cgrove itself or its terminal is in: what they would do to the terminal that is typed in.
use crate::catalog;
use crate::model::place::Place;

use super::super::draft::Draft;
use super::super::refusal::Refusal;
use super::super::step::Confirm;
use super::super::words;

/// Files that take CPU time, CPUs, memory, processes or bandwidth from whoever is in the group.
const LIMITS: [&str; 19] = [
    "cpu.shares",
    "cpu.weight",
    "cpu.weight.nice",
    "cpu.idle",
    "cpu.max",
    "cpu.cfs_quota_us",
    "cpu.cfs_period_us",
    "cpu.uclamp.max",
    "cpuset.cpus",
    "cpuset.mems",
    "memory.max",
    "memory.high",
    "memory.swap.max",
    "memory.limit_in_bytes",
    "pids.max",
    "io.max",
    "io.weight",
    "blkio.weight",
    "cgroup.type",
];

/// Of these a larger number is not more: it is less, or something else.
const LESS: [&str; 5] = ["cpu.idle", "cpu.weight.nice", "cpu.cfs_period_us", "cpuset.cpus", "cpuset.mems"];

/// Asks before such a limit is set; refuses one that would kill what is there, or let nothing be started any more.
///
/// # Errors
/// The refusal.
pub fn check(draft: &mut Draft<'_>, place: &Place, file: &str, data: &[u8]) -> Result<(), Refusal> {
    let survey = draft.survey;
    if !LIMITS.contains(&file) || !survey.guarded_in.iter().any(|at| at.is_within(place)) {
        return Ok(());
    }
    let name = words::group(place);
    let text = String::from_utf8_lossy(data).trim().to_owned();
    let read = |file: &str| {
        let value = draft.world.read(place, file)?;
        std::str::from_utf8(&value).ok()?.trim().parse::<u64>().ok()
    };
    let asked = bytes(&text);
    if file == "memory.max"
        && let (Some(asked), Some(now)) = (asked, read("memory.current"))
        && asked < now
    {
        return Err(draft.refuse(format!(
            "{name} holds cgrove or its terminal, and uses {} now: below that the kernel would kill processes there.",
            catalog::human_bytes(now)
        )));
    }
    if file == "pids.max"
        && let (Some(asked), Some(now)) = (asked, read("pids.current"))
        && asked <= now
    {
        return Err(draft.refuse(format!(
            "{name} holds cgrove or its terminal, and has {now} tasks now: at that limit no shell there could start a command \
             any more."
        )));
    }
    let more = match (text.parse::<i64>(), draft.world.read(place, file)) {
        (Ok(asked), Some(prior)) if !LESS.contains(&file) => std::str::from_utf8(&prior)
            .ok()
            .and_then(|prior| prior.trim().parse::<i64>().ok())
            .is_some_and(|prior| asked >= prior && prior >= 0),
        _ => false,
    };
    if more || text.starts_with("max") || text == "-1" {
        return Ok(());
    }
    draft.warn(format!(
        "{name} holds cgrove itself or its terminal: this may slow the terminal that you are typing in."
    ));
    draft.ask(Confirm::Foreign);
    Ok(())
}

/// A number of bytes with the kernel's suffixes, or a plain number.
fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (&text[..text.len() - 1], 10),
        b'm' => (&text[..text.len() - 1], 20),
        b'g' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_shl(shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::Build;

    #[test]
    fn a_larger_number_is_more_only_where_it_is_an_amount() {
        let asks = |file: &str, prior: &str, data: &str| {
            let build = Build::v1().group("/a").file("/a", file, prior);
            let place = build.place("/a");
            let survey = build.with_survey(|survey| survey.guarded_in = [place.clone()].into()).survey();
            let mut draft = Draft::new(&survey, "set it").unwrap();
            check(&mut draft, &place, file, data.as_bytes()).unwrap();
            !draft.finish("").warnings.is_empty()
        };
        assert!(!asks("cpu.shares", "100", "200") && asks("cpu.shares", "200", "100"));
        assert!(asks("cpuset.cpus", "0", "1"), "another CPU is not one more");
        assert!(asks("cpu.cfs_period_us", "50000", "100000"), "the same quota in a longer period is less");
    }
}

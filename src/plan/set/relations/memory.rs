//! Limits of memory and huge pages: the two limits of v1 among each other, and what a limit under today's use does.
use crate::catalog::human_bytes;
use crate::model::place::Place;

use super::super::super::draft::Draft;
use super::super::super::refusal::Refusal;
use super::super::super::words;
use super::{number, set};

/// Warns and refuses for the limits; any other file passes.
pub(super) fn limit(draft: &mut Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    match file {
        "memory.limit_in_bytes" | "memory.memsw.limit_in_bytes" => {
            with_swap(draft, place, file, data)?;
            let counter = file.replace("limit_in_bytes", "usage_in_bytes");
            let then = "the kernel first takes memory back, and refuses the limit if that is not enough (EBUSY)";
            under_use(draft, place, data, &counter, then);
        }
        "memory.max" => {
            let then = "the kernel takes memory back and, if that is not enough, kills tasks of the group";
            under_use(draft, place, data, "memory.current", then);
        }
        "memory.high" => {
            under_use(draft, place, data, "memory.current", "its tasks are slowed down until there is less");
        }
        "memory.swap.max" => {
            under_use(draft, place, data, "memory.swap.current", "what is out stays out, and no more goes there");
        }
        _ if file.starts_with("hugetlb.") => {
            // One of the two names is there: hugetlb.2MB.max of v2, hugetlb.2MB.limit_in_bytes of v1.
            let counter = file.replace(".max", ".current").replace(".limit_in_bytes", ".usage_in_bytes");
            if counter != file {
                under_use(draft, place, data, &counter, "the kernel refuses a limit under what is used (EBUSY)");
            }
        }
        _ => {}
    }
    Ok(())
}

/// A limit as the kernel compares it: no limit is the largest.
fn bytes(data: &str) -> Option<u64> {
    match data.parse::<i64>().ok()? {
        ..0 => Some(u64::MAX),
        bytes => u64::try_from(bytes).ok(),
    }
}

/// v1: memory and swap together are at least memory alone.
fn with_swap(draft: &Draft<'_>, place: &Place, file: &str, data: &str) -> Result<(), Refusal> {
    let both = file == "memory.memsw.limit_in_bytes";
    let other = if both { "memory.limit_in_bytes" } else { "memory.memsw.limit_in_bytes" };
    let (Some(new), Some(stands)) = (bytes(data), number(draft, place, other)) else { return Ok(()) };
    let Some(stands) = u64::try_from(stands).ok() else { return Ok(()) };
    // "No limit" reads as the largest multiple of a page.
    let none = |bytes: u64| bytes >= 1 << 62;
    let (memory, together) = if both { (stands, new) } else { (new, stands) };
    if memory <= together || none(memory) && none(together) {
        return Ok(());
    }
    let say = |bytes: u64| if none(bytes) { "no limit".to_owned() } else { human_bytes(bytes) };
    let refusal = draft.refuse(format!(
        "memory.memsw.limit_in_bytes, memory and swap together, is at least memory.limit_in_bytes, memory alone: {} is less \
         than {}. (EINVAL)",
        say(together),
        say(memory)
    ));
    let (verb, same) = if both { ("lower", data) } else { ("raise", data) };
    let write = if both && none(stands) { "-1".to_owned() } else { stands.to_string() };
    Err(refusal
        .first(format!("{verb} {other} to {}, too, then go on", say(new)), vec![set(place, other, same)])
        .way(format!("write {}", say(stands)), vec![set(place, file, &write)]))
}

fn under_use(draft: &mut Draft<'_>, place: &Place, data: &str, counter: &str, then: &str) {
    if let (Some(limit), Some(now)) = (bytes(data), number(draft, place, counter))
        && let Ok(now) = u64::try_from(now)
        && now > limit
    {
        draft.warn(format!("{} uses {} now: {then}.", words::group(place), human_bytes(now)));
    }
}

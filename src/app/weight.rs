//! Weights as they are typed and stepped.
use crate::model::hierarchy::Version;
use crate::model::id::GroupId;
use crate::model::place::Place;

use super::state::State;

/// The file of the weight.
#[must_use]
pub fn file(version: Version) -> &'static str {
    match version {
        Version::V1 => "cpu.shares",
        Version::V2 => "cpu.weight",
    }
}

/// Lowest and highest weight that the kernel stores: v1 clamps to them, v2 refuses what is outside.
#[must_use]
pub fn range(version: Version) -> (u64, u64) {
    match version {
        Version::V1 => (2, 262_144),
        Version::V2 => (1, 10_000),
    }
}

/// One unit of the leading digit up or down, onto a multiple of that unit: 600 → 700, 100 → 90, 1024 → 2000.
#[must_use]
pub fn step(weight: u64, up: bool, version: Version) -> u64 {
    let (low, high) = range(version);
    step_within(weight, up, low, high)
}

/// The same of any number between two.
#[must_use]
pub fn step_within(weight: u64, up: bool, low: u64, high: u64) -> u64 {
    let unit = 10_u64.pow(weight.max(1).ilog10());
    let next = if up {
        (weight / unit + 1).saturating_mul(unit)
    } else if !weight.is_multiple_of(unit) {
        weight / unit * unit
    } else if weight == unit {
        weight - (unit / 10).max(1).min(weight)
    } else {
        weight - unit
    };
    next.clamp(low, high)
}

/// Whether a text looks like a weight: `400`, `40%`, `2/5`.
#[must_use]
pub fn looks_like_one(text: &str) -> bool {
    let is_number = |text: &str| {
        text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.starts_with(|c: char| c.is_ascii_digit())
    };
    match text.split_once('/') {
        Some((part, whole)) => is_number(part) && is_number(whole),
        None => is_number(text.strip_suffix('%').unwrap_or(text)) && (!text.contains('.') || text.ends_with('%')),
    }
}

/// A weight as it was typed: `400` as it is (the kernel may store another, which is then said), `40%` and `2/5` as that
/// part of the parent beside the siblings' weights, of which the sum is given; `None` if one is not known.
///
/// # Errors
/// What can be typed.
pub fn parse(text: &str, siblings: Option<u64>) -> Result<u64, String> {
    let text = text.trim();
    if let Ok(weight) = text.parse() {
        return Ok(weight);
    }
    let part = match (text.strip_suffix('%'), text.split_once('/')) {
        (Some(percent), _) => percent.trim().parse::<f64>().ok().map(|p| p / 100.0),
        (None, Some((part, whole))) => match (part.trim().parse::<f64>(), whole.trim().parse::<f64>()) {
            (Ok(part), Ok(whole)) => Some(part / whole),
            _ => None,
        },
        _ => None,
    };
    let part = part.ok_or_else(|| "a weight: 400, or a part of the parent: 40% or 2/5".to_owned())?;
    if !(part > 0.0 && part < 1.0) {
        return Err("the part must lie between 0 and 1".to_owned());
    }
    let others = siblings.ok_or("the siblings' weights are not known: type a number")?;
    if others == 0 {
        return Err("it has no siblings: any weight gives it all, type a number".to_owned());
    }
    // part < 1 and others < 2^53, so this is finite and positive.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and finite, see above")]
    Ok((part / (1.0 - part) * others as f64).round() as u64)
}

/// Sum of the siblings' weights; `None` if one is not known.
#[must_use]
pub fn of_siblings(state: &State, id: GroupId) -> Option<u64> {
    let structure = &state.snapshot()?.structure;
    let parent = structure.group(structure.group(id)?.parent?)?;
    parent.children.iter().filter(|&&child| child != id).map(|&child| state.weight(child)).sum()
}

/// Sum of the weights that a group made at `path` below `parent` will stand beside; `None` if one is not known.
#[must_use]
pub fn beside_new(state: &State, parent: &Place, path: &[u8]) -> Option<u64> {
    let structure = &state.snapshot()?.structure;
    let mut names: Vec<&[u8]> = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).collect();
    let own = names.pop()?;
    let above = names.into_iter().fold(parent.clone(), |at, name| at.child(name));
    // A group that is made along the way has no other child.
    let Some(group) = structure.at(&above).and_then(|id| structure.group(id)) else { return Some(0) };
    let others =
        group.children.iter().filter(|&&child| structure.group(child).is_some_and(|child| *child.name != *own));
    others.map(|&child| state.weight(child)).sum()
}

#[cfg(test)]
mod tests {
    use super::{Version, looks_like_one, parse, step};

    #[test]
    fn a_part_is_beside_the_siblings() {
        assert_eq!(
            (parse("40%", Some(600)), parse("2/5", Some(600)), parse(" 400 ", None)),
            (Ok(400), Ok(400), Ok(400))
        );
        assert!(parse("40%", Some(0)).is_err_and(|why| why.contains("no siblings")));
        assert!(parse("40%", None).is_err_and(|why| why.contains("not known")));
        assert!(
            parse("100%", Some(600)).is_err() && parse("3/0", Some(600)).is_err() && parse("x", Some(600)).is_err()
        );
    }

    #[test]
    fn what_looks_like_a_weight() {
        assert!(["400", "40%", "2/5", "12.5%"].iter().all(|text| looks_like_one(text)));
        assert!(!["", "%", "x", "2/", "/5", "a/5", "4.5", "5x", "."].iter().any(|text| looks_like_one(text)));
    }

    #[test]
    fn a_step_is_one_unit_of_the_leading_digit() {
        let up = |weight| step(weight, true, Version::V1);
        let down = |weight| step(weight, false, Version::V1);
        assert_eq!([up(600), up(95), up(1024), up(9), up(900)], [700, 100, 2000, 10, 1000]);
        assert_eq!([down(600), down(100), down(1024), down(1000), down(3)], [500, 90, 1000, 900, 2]);
    }

    #[test]
    fn a_step_stays_in_the_kernels_range() {
        assert_eq!((step(2, false, Version::V1), step(262_144, true, Version::V1)), (2, 262_144));
        assert_eq!((step(1, false, Version::V2), step(9500, true, Version::V2)), (1, 10_000));
    }
}

//! The way by weight in words: how RULE of a group comes about, level by level up to the base.
use crate::model::id::GroupId;
use crate::model::snapshot::GroupColumns;
use crate::model::structure::Structure;

use super::ratio::Ratio;

/// One level of the way.
struct Level {
    weight: u64,
    /// Sum of the weights of the group and its siblings.
    sum: u64,
    /// The group that they are in.
    within: GroupId,
}

/// "100 of 300 in cg1 (1/3) × 600 of 800 in STAGE (3/4) = 1/4". `None` for the base itself and where a weight on the way is
/// not known.
#[must_use]
pub fn by_weight(
    structure: &Structure,
    columns: &GroupColumns,
    id: GroupId,
    base: GroupId,
    name: &dyn Fn(GroupId) -> String,
) -> Option<String> {
    let way = way(structure, columns, id, base)?;
    let parts: Vec<Ratio> =
        way.iter().map(|level| Ratio::new(u128::from(level.weight), u128::from(level.sum))).collect::<Option<_>>()?;
    let whole = parts.iter().fold(Ratio::ONE, |product, &part| product.times(part));
    // Only children take nothing from each other: their steps are left out, but for the group's own.
    let told: Vec<(&Level, Ratio)> = way
        .iter()
        .zip(parts)
        .enumerate()
        .filter_map(|(at, (level, part))| (at == 0 || level.weight != level.sum).then_some((level, part)))
        .collect();
    let steps: Vec<String> = told
        .iter()
        .map(|(level, part)| {
            let step = format!("{} of {} in {}", level.weight, level.sum, name(level.within));
            if told.len() == 1 { step } else { format!("{step} ({})", part.words()) }
        })
        .collect();
    Some(format!("{} = {}", steps.join(" × "), whole.words()))
}

fn way(structure: &Structure, columns: &GroupColumns, id: GroupId, base: GroupId) -> Option<Vec<Level>> {
    let weight = |id| columns.get(id).and_then(|values| values.weight.get());
    let mut way = Vec::new();
    let mut at = id;
    while at != base {
        let within = structure.group(at)?.parent?;
        let sum = structure.group(within)?.children.iter().filter_map(|&child| weight(child)).sum();
        way.push(Level { weight: weight(at)?, sum, within });
        at = within;
    }
    (!way.is_empty()).then_some(way)
}

#[cfg(test)]
mod tests {
    use super::by_weight;
    use crate::model::field::Field;
    use crate::model::id::GroupId;
    use crate::split::fixture::Host;

    #[test]
    fn the_way_ends_at_the_base() {
        let mut host = Host::v1(1);
        let stage = host.group(host.top, "stage", 1024);
        host.group(host.top, "other", 1024);
        let cg1 = host.group(stage, "cg1", 600);
        let cg2 = host.group(cg1, "cg2", 100);
        host.group(cg1, "cg3", 200);
        host.group(stage, "cg4", 200);
        let only = host.group(cg2, "only", 5);
        let snapshot = host.snapshot();
        let name = |id: GroupId| match snapshot.structure.group(id) {
            Some(group) if group.parent.is_some() => String::from_utf8_lossy(&group.name).into_owned(),
            _ => "/".to_owned(),
        };
        let say = |id, base| by_weight(&snapshot.structure, &snapshot.groups, id, base, &name);
        let to_stage = "100 of 300 in cg1 (1/3) × 600 of 800 in stage (3/4)";
        assert_eq!(say(cg2, stage).unwrap(), format!("{to_stage} = 1/4"));
        assert_eq!(say(cg2, host.top).unwrap(), format!("{to_stage} × 1024 of 2048 in / (1/2) = 1/8"));
        assert_eq!(say(cg1, stage).unwrap(), "600 of 800 in stage = 3/4");
        assert_eq!(say(only, stage).unwrap(), format!("5 of 5 in cg2 (1) × {to_stage} = 1/4"));
        assert_eq!(say(stage, stage), None);
        host.row(cg1).weight = Field::Absent;
        let snapshot = host.snapshot();
        assert_eq!(by_weight(&snapshot.structure, &snapshot.groups, cg2, stage, &name), None);
    }
}

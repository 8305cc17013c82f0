//! What the weights alone say: `w_i / Σ w_j` of the siblings × the parent's, 1 at the base.
//!
//! It is the rule of the text books: as if every group were busy all the time, on one CPU, without quotas and without tasks
//! beside groups. The weights are those that are written; an idle group counts with its written weight, too. The ratio is
//! free of the version's units, since only quotients of siblings matter.
//!
//! A group of v2 without the cpu controller has no weight: it is transparent (its tasks compete with those of the nearest
//! ancestor that has it) and has no ratio of its own; nor has anything below it, because controllers are enabled from the top
//! down.
use crate::model::field::Field;
use crate::model::id::GroupId;
use crate::model::snapshot::GroupColumns;
use crate::model::structure::Structure;

use super::ratio::Ratio;

/// The ratio of each group of a plain tree. `groups` holds (parent, weight), parents before children; the children of `None`
/// share the base. An absent parent or a weight of 0 among zeros gives [`Ratio::ZERO`].
#[must_use]
pub fn of_tree(groups: &[(Option<usize>, u64)]) -> Vec<Ratio> {
    let slot = |parent: Option<usize>| parent.map_or(0, |parent| parent + 1);
    let mut sums = vec![0_u128; groups.len() + 1];
    for &(parent, weight) in groups {
        if let Some(sum) = sums.get_mut(slot(parent)) {
            *sum += u128::from(weight);
        }
    }
    let mut ratios: Vec<Ratio> = Vec::with_capacity(groups.len());
    for &(parent, weight) in groups {
        let above = parent.map_or(Some(Ratio::ONE), |parent| ratios.get(parent).copied());
        let own = sums.get(slot(parent)).and_then(|&sum| Ratio::new(u128::from(weight), sum));
        ratios.push(above.zip(own).map_or(Ratio::ZERO, |(above, own)| above.times(own)));
    }
    ratios
}

/// The ratio of every group below `base` by slot ([`GroupId`]), the base itself 1. `None` for a transparent group, where a
/// weight on the way or of a sibling could not be read, and for groups that are not below the base.
#[must_use]
pub fn of_groups(structure: &Structure, columns: &GroupColumns, base: GroupId) -> Vec<Option<Ratio>> {
    let mut ratios = vec![None; structure.slots()];
    if let Some(ratio) = ratios.get_mut(base.0 as usize) {
        *ratio = Some(Ratio::ONE);
    }
    for id in structure.subtree(base) {
        let Some(group) = structure.group(id) else { continue };
        let Some(Some(own)) = ratios.get(id.0 as usize).copied() else { continue };
        // Either all siblings have a weight or none has: `cgroup.subtree_control` is their parent's. One that vanished
        // between the listing and the read counts nothing.
        let mut sum = Some(0_u128);
        for &child in &group.children {
            match columns.get(child).map(|values| values.weight) {
                Some(Field::Value { v, .. }) => sum = sum.map(|sum| sum + u128::from(*v)),
                Some(Field::Absent) => {}
                Some(Field::Denied(errno)) if errno.is_gone() => {}
                _ => sum = None,
            }
        }
        let Some(sum) = sum else { continue };
        for &child in &group.children {
            if let Some(&weight) = columns.get(child).and_then(|values| values.weight.value())
                && let Some(slot) = ratios.get_mut(child.0 as usize)
            {
                *slot = Ratio::new(u128::from(weight), sum).map(|part| own.times(part));
            }
        }
    }
    ratios
}

#[cfg(test)]
mod tests {
    use super::{of_groups, of_tree};
    use crate::model::errno::Errno;
    use crate::model::field::Field;
    use crate::model::time::Mono;
    use crate::split::fixture::Host;

    #[test]
    fn the_lectures_second_figure() {
        let ratios = of_tree(&[(None, 600), (Some(0), 100), (Some(0), 200), (None, 200)]);
        let texts: Vec<String> = ratios.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["3/4", "1/4", "1/2", "1/4"]);
    }

    #[test]
    fn siblings_of_different_depths_do_not_mix() {
        let ratios = of_tree(&[(None, 1), (None, 1), (Some(0), 5), (Some(1), 7), (Some(1), 7), (None, 2)]);
        let texts: Vec<String> = ratios.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["1/4", "1/4", "1/4", "1/8", "1/8", "1/2"]);
    }

    #[test]
    fn any_group_can_be_the_base() {
        let mut host = Host::v1(1);
        let cg1 = host.group(host.top, "cg1", 600);
        let cg2 = host.group(cg1, "cg2", 100);
        let cg3 = host.group(cg1, "cg3", 200);
        let cg4 = host.group(host.top, "cg4", 200);
        let snapshot = host.snapshot();
        let ratio = |base: crate::model::id::GroupId, id: crate::model::id::GroupId| {
            of_groups(&snapshot.structure, &snapshot.groups, base)[id.0 as usize].map(|ratio| ratio.to_string())
        };
        assert_eq!(ratio(host.top, cg2).as_deref(), Some("1/4"));
        assert_eq!(ratio(cg1, cg3).as_deref(), Some("2/3"));
        assert_eq!(ratio(cg1, cg1).as_deref(), Some("1"));
        assert_eq!(ratio(cg1, cg4), None);
    }

    #[test]
    fn an_unread_sibling_makes_the_level_unknown_and_a_vanished_one_does_not() {
        let mut host = Host::v1(1);
        let cg1 = host.group(host.top, "cg1", 600);
        let cg2 = host.group(cg1, "cg2", 100);
        let cg4 = host.group(host.top, "cg4", 200);
        host.row(cg4).weight = Field::Unread;
        let snapshot = host.snapshot();
        let ratios = of_groups(&snapshot.structure, &snapshot.groups, host.top);
        assert_eq!((ratios[cg1.0 as usize], ratios[cg2.0 as usize]), (None, None));
        host.row(cg4).weight = Field::Denied(Errno::ENODEV);
        let snapshot = host.snapshot();
        let ratios = of_groups(&snapshot.structure, &snapshot.groups, host.top);
        assert_eq!(ratios[cg1.0 as usize].unwrap().to_string(), "1");
        assert_eq!(ratios[cg4.0 as usize], None);
    }

    #[test]
    fn groups_without_the_controller_are_transparent() {
        let mut host = Host::v2(1);
        let system = host.group(host.top, "system.slice", 100);
        let service = host.group(system, "nginx.service", 100);
        host.row(service).weight = Field::Absent;
        host.group(host.top, "user.slice", 300);
        let snapshot = host.snapshot();
        let ratios = of_groups(&snapshot.structure, &snapshot.groups, host.top);
        assert_eq!(ratios[system.0 as usize].unwrap().to_string(), "1/4");
        assert_eq!(ratios[service.0 as usize], None);
        assert_eq!(snapshot.groups.get(service).unwrap().weight, &Field::Absent);
        assert!(Field::new(1, Mono(1)) != Field::Absent);
    }
}

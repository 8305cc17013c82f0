//! Several intents as one plan: each is planned on the world as the ones before it will leave it.
//!
//! So a command line may set several values of a group, or build a whole experiment, and it is confirmed once, done as a
//! whole, rolled back as a whole and undone as one entry.
use super::intent::Intent;
use super::journal::Entry;
use super::plan_with;
use super::refusal::Refusal;
use super::step::{Confirm, Plan, Step};
use super::survey::Survey;
use super::world::World;

/// The plan to do all of `intents`, one after the other.
///
/// # Errors
/// The refusal of the first that cannot be done. Its ways out do the others, too.
pub fn plan(survey: &Survey, title: &str, intents: &[Intent], journal: &[Entry]) -> Result<Plan, Refusal> {
    let mut world = World::new(survey.clone());
    let mut whole = Plan {
        title: title.to_owned(),
        steps: Vec::new(),
        shell: Vec::new(),
        warnings: Vec::new(),
        owned: Vec::new(),
        confirm: Confirm::None,
        foreign: false,
        irrevocable: None,
    };
    for (index, intent) in intents.iter().enumerate() {
        let part = plan_with(intent, &world.survey, journal)
            .map_err(|refusal| with_the_others(refusal, title, &intents[..index], &intents[index + 1..]))?;
        for step in part.steps {
            world.apply(&step);
            whole.steps.push(step);
        }
        whole.shell.extend(part.shell);
        for warning in part.warnings {
            if !whole.warnings.contains(&warning) {
                whole.warnings.push(warning);
            }
        }
        for owned in part.owned {
            if !whole.owned.contains(&owned) {
                whole.owned.push(owned);
            }
        }
        whole.confirm = whole.confirm.max(part.confirm);
        whole.foreign |= part.foreign;
        whole.irrevocable = match (whole.irrevocable, part.irrevocable) {
            (Some(one), Some(other)) if one != other => Some(format!("{one} {other}")),
            (one, other) => one.or(other),
        };
    }
    debug_assert!(whole.steps.iter().all(|step| match step {
        Step::Write { key, .. } | Step::RemoveGroup { key, .. } => key.is_none_or(|key| !World::is_invented(key)),
        _ => true,
    }));
    Ok(whole)
}

/// The ways out of one that is refused, each with what comes before and after it: one plan again.
fn with_the_others(mut refusal: Refusal, title: &str, before: &[Intent], after: &[Intent]) -> Refusal {
    for way in refusal.instead.iter_mut().filter(|way| !way.intents.is_empty()) {
        let intents = [before, &way.intents, after].concat();
        way.intents = vec![Intent::Together { title: title.to_owned(), intents }];
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::intent::{Inside, Setting};
    use crate::plan::plan;
    use crate::plan::testing::Build;

    fn set(group: &crate::model::place::Place, file: &str, data: &str) -> Intent {
        Intent::Set { group: group.clone(), setting: Setting { file: file.into(), data: data.as_bytes().into() } }
    }

    #[test]
    fn later_parts_see_what_earlier_ones_will_have_done() {
        let build = Build::v1().group("/other");
        let (top, cg1, other) = (build.place("/"), build.place("/cg1"), build.place("/other"));
        let create = |parent, path: &str| Intent::Create {
            parent,
            path: path.as_bytes().into(),
            settings: Vec::new(),
            controllers: Vec::new(),
        };
        let intents = vec![
            create(top, "cg1"),
            create(cg1.clone(), "cg2"),
            set(&cg1, "cpu.shares", "600"),
            Intent::Remove { group: cg1.child(b"cg2"), inside: Inside::Nothing },
            set(&other, "cpu.shares", "5"),
        ];
        let plan = plan(&Intent::Together { title: "all".to_owned(), intents }, &build.survey()).unwrap();
        assert_eq!(
            plan.shell,
            [
                "mkdir /sys/fs/cgroup/cpu/cg1",
                "mkdir /sys/fs/cgroup/cpu/cg1/cg2",
                "echo 600 > /sys/fs/cgroup/cpu/cg1/cpu.shares",
                "rmdir /sys/fs/cgroup/cpu/cg1/cg2",
                "echo 5 > /sys/fs/cgroup/cpu/other/cpu.shares",
            ]
        );
        let keys: Vec<bool> = plan
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Write { key, .. } | Step::RemoveGroup { key, .. } => Some(key.is_some()),
                _ => None,
            })
            .collect();
        assert_eq!(keys, [false, false, true], "a group that the plan makes has no identity yet");
        assert_eq!(plan.confirm, Confirm::Foreign, "the last part touches a foreign group");
    }

    #[test]
    fn own_new_groups_ask_nothing() {
        let build = Build::v1();
        let cg1 = build.place("/cg1");
        let create = Intent::Create {
            parent: build.place("/"),
            path: b"cg1".as_slice().into(),
            settings: Vec::new(),
            controllers: Vec::new(),
        };
        let intents = vec![create, set(&cg1, "cpu.shares", "600")];
        let plan = plan(&Intent::Together { title: "all".to_owned(), intents }, &build.survey()).unwrap();
        assert_eq!((plan.confirm, plan.title.as_str()), (Confirm::None, "all"));
    }

    #[test]
    fn one_refusal_refuses_all() {
        let build = Build::v1().ours("/cg1");
        let cg1 = build.place("/cg1");
        let intents = vec![set(&cg1, "cpu.shares", "600"), set(&cg1, "no.such", "1")];
        let refusal = plan(&Intent::Together { title: "all".to_owned(), intents }, &build.survey()).unwrap_err();
        assert!(refusal.rule.contains("no.such"), "{}", refusal.rule);
    }
}

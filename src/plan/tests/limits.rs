use super::*;

#[test]
fn what_the_command_line_forbids() {
    let build = || Build::v1().ours("/a").ours("/a/x").group("/b").workload(42, "/a").process(43, "/b");
    let only = |place: &str| {
        let place = place.to_owned();
        build().with_survey(move |s| s.limits.only = Some(at(s, &place))).survey()
    };
    let set =
        |survey: &Survey, path: &str| Intent::Set { group: at(survey, path), setting: setting("cpu.shares", "5") };
    let survey = build().with_survey(|s| s.limits.read_only = true).survey();
    let mut text = said(&survey, &set(&survey, "/a"));
    let survey = build().with_survey(|s| s.limits.no_journal = Some("ENOSPC on /var/lib".to_owned())).survey();
    text += &said(&survey, &set(&survey, "/a"));
    let survey = only("/a");
    text += &said(&survey, &set(&survey, "/a/x"));
    text += &said(&survey, &set(&survey, "/b"));
    let go = |tid, to: &str| Intent::Move { tasks: vec![key(tid)], to: at(&survey, to), scope: Scope::Process };
    text += &said(&survey, &go(42, "/a/x"));
    text += &said(&survey, &go(42, "/b"));
    text += &said(&survey, &go(43, "/a"));
    text += &said(&survey, &Intent::Remove { group: at(&survey, "/b"), inside: Inside::Nothing });
    insta::assert_snapshot!(text);
}

#[test]
fn the_leaf_that_cgrove_made_for_itself_is_not_foreign() {
    let confirm = |leaf: &str| {
        let survey = Build::v2().group("/scope").group(leaf).survey();
        let (path, controllers) = ((*b"cg1").into(), vec!["cpu".into()]);
        let intent = Intent::Create { parent: at(&survey, "/scope"), path, settings: Vec::new(), controllers };
        crate::plan::plan(&intent, &survey).unwrap().warnings.join(" ")
    };
    assert!(!confirm("/scope/cgrove-self").contains("cgrove-self"));
    assert!(confirm("/scope/theirs").contains("theirs"));
}

#[test]
fn a_group_outside_of_the_stage_is_asked_for() {
    let stage = |path: &'static str| {
        let build = Build::v1().ours("/own").group("/lab").group("/other");
        build.with_survey(move |s| s.limits.stage = Some(at(s, path))).survey()
    };
    let confirm = |survey: &Survey, parent: &str| {
        let (settings, controllers) = (Vec::new(), Vec::new());
        let intent = Intent::Create { parent: at(survey, parent), path: (*b"x/y").into(), settings, controllers };
        let plan = crate::plan::plan(&intent, survey).unwrap();
        (plan.confirm, plan.warnings.len())
    };
    let lab = stage("/lab");
    assert_eq!(confirm(&lab, "/lab"), (Confirm::None, 0));
    assert_eq!(confirm(&lab, "/own"), (Confirm::None, 0), "what is ours is ours anywhere");
    assert_eq!(confirm(&lab, "/other"), (Confirm::Foreign, 1));
    assert_eq!(confirm(&lab, "/"), (Confirm::Foreign, 1));
    let top = stage("/");
    assert_eq!(confirm(&top, "/"), (Confirm::None, 0));
    // A stage that is still to be made.
    let new = stage("/x");
    assert_eq!(confirm(&new, "/"), (Confirm::None, 0));
}

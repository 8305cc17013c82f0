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
    text += &said(&survey, &Intent::Remove { group: at(&survey, "/b") });
    insta::assert_snapshot!(text);
}

use super::*;

fn rename(survey: &Survey, path: &str, name: &str) -> String {
    said(survey, &Intent::Rename { group: at(survey, path), name: name.as_bytes().into() })
}

#[test]
fn renaming() {
    let v1 = || Build::v1().ours("/cg1").ours("/cg1/cg2").group("/other").group("/two words");
    let mut text = rename(&v1().survey(), "/cg1", "web");
    text += &rename(&v1().survey(), "/other", "x y");
    text += &rename(&v1().survey(), "/two words", "-n");
    text += &rename(&v1().survey(), "/cg1", "other");
    text += &rename(&v1().survey(), "/cg1", "cg1");
    text += &rename(&v1().survey(), "/cg1", "a/b");
    text += &rename(&v1().survey(), "/cg1", "cpu.shares");
    text += &rename(&v1().survey(), "/", "x");
    text += &rename(&v1().survey(), "/gone", "x");
    let below = |survey: &mut Survey| survey.limits.stage = Some(Place::new(survey.hierarchies[0].id, b"/cg1/cg2"));
    text += &rename(&v1().with_survey(below).survey(), "/cg1", "web");
    // v2: the kernel cannot; the way is a new group.
    let v2 = || Build::v2().file("/", "cgroup.subtree_control", "cpu").ours("/a").file("/a", "cpu.weight", "600");
    text += &rename(&v2().process(42, "/a").survey(), "/a", "b");
    text += &rename(&v2().ours("/a/below").survey(), "/a", "b");
    insta::assert_snapshot!(text);
}

//! Groups that a manager owns: it is named, the consequence said, its own way shown.
use super::*;

/// A v2 host with systemd: a service with a task, a scope that was handed over, a container, a pod.
fn build() -> Build {
    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let docker = format!("/system.slice/docker-{ID}.scope");
    let pods = "/kubepods.slice/kubepods-burstable.slice";
    let build = Build::v2()
        .group("/system.slice")
        .group("/system.slice/nginx.service")
        .group("/system.slice/box.scope")
        .group("/system.slice/box.scope/inner")
        .group(&docker)
        .group("/kubepods.slice")
        .group(pods)
        .ours("/cgrove.slice")
        .process(42, "/system.slice/nginx.service")
        .with_survey(|survey| {
            survey.host = std::sync::Arc::new(crate::model::host::Host { systemd: true, ..(*survey.host).clone() });
            let scope = at(survey, "/system.slice/box.scope");
            survey.groups.get_mut(&scope).unwrap().delegated = true;
        });
    let files =
        ["/system.slice/nginx.service", "/system.slice/box.scope", "/system.slice/box.scope/inner", &docker, pods];
    files.into_iter().fold(build, |build, path| {
        build.file(path, "cpu.weight", "100").file(path, "cpu.max", "max 100000").file(path, "cgroup.freeze", "0")
    })
}

fn set(survey: &Survey, path: &str, file: &str, data: &str) -> String {
    said(survey, &Intent::Set { group: at(survey, path), setting: setting(file, data) })
}

#[test]
fn values_of_managed_groups() {
    let survey = build().survey();
    let docker = survey.groups.keys().find(|place| place.name().starts_with(b"docker")).unwrap().to_string();
    let mut out = set(&survey, "/system.slice/nginx.service", "cpu.weight", "600");
    out += &set(&survey, "/system.slice/nginx.service", "cpu.max", "20000");
    out += &said(&survey, &Intent::Hold { target: Target::Group(at(&survey, "/system.slice/nginx.service")) });
    out += &set(&survey, &docker, "cpu.max", "20000 100000");
    out += &set(&survey, "/kubepods.slice/kubepods-burstable.slice", "cpu.weight", "5");
    out += &set(&survey, "/system.slice/box.scope", "cpu.weight", "5");
    out += "below what was handed over nobody is named:\n";
    out += &set(&survey, "/system.slice/box.scope/inner", "cpu.weight", "5");
    insta::assert_snapshot!(out);
}

#[test]
fn groups_and_tasks_of_managed_groups() {
    let survey = build().survey();
    let nginx = at(&survey, "/system.slice/nginx.service");
    let create = |parent: &str| Intent::Create {
        parent: at(&survey, parent),
        path: b"mine".as_slice().into(),
        settings: Vec::new(),
        controllers: Vec::new(),
    };
    let mut out = said(&survey, &create("/system.slice"));
    out += &said(&survey, &create("/system.slice/box.scope"));
    out += &said(&survey, &create("/cgrove.slice"));
    out += &said(&survey, &Intent::Remove { group: nginx.clone(), inside: Inside::Move });
    out += &said(&survey, &Intent::Remove { group: nginx.clone(), inside: Inside::Kill });
    let go = |to: &str| Intent::Move { tasks: vec![key(42)], to: at(&survey, to), scope: Scope::Process };
    out += &said(&survey, &go("/cgrove.slice"));
    out += &said(&survey, &go("/system.slice/box.scope/inner"));
    insta::assert_snapshot!(out);
}

#[test]
fn what_cgrove_made_is_its_own_wherever_it_is() {
    let survey = build().ours("/system.slice/mine").file("/system.slice/mine", "cpu.weight", "100").survey();
    let plan =
        plan(&Intent::Set { group: at(&survey, "/system.slice/mine"), setting: setting("cpu.weight", "5") }, &survey)
            .unwrap();
    assert_eq!((plan.owned.len(), plan.confirm), (0, Confirm::None));
}

//! What v2 refuses: limits on descendants, rename, inner groups with processes, threaded subtrees, rights at the common
//! ancestor; and controllers, with whatever domain controller the top group of this host hands down.
use super::{Elsewhere, Process, denied_to_nobody, errno, refused, refused_to_nobody, v2_mount, written};
use crate::Entry;
use crate::bench::Bench;
use crate::host::{Host, Need};
use crate::program::Program;
use crate::stage;
use libtest_mimic::Failed;
use nix::libc;
use std::fs;

pub(super) fn trials() -> Vec<Entry> {
    let entry = |name, needs, run| Entry { name, needs, measures: false, run };
    vec![
        entry("rows::what_v2_refuses", &[Need::Cpu, Need::V2, Need::Root], all),
        entry("rows::controllers_of_v2", &[Need::Cpu, Need::V2, Need::DomainController, Need::Root], given),
    ]
}

fn all(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let own = Elsewhere::new(&v2_mount()?, "v2", "rules")?;
    limits(&program, &own)?;
    names(&program, &own)?;
    threaded(&program, &own)?;
    rights(&own)
}

fn given(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let own = Elsewhere::new(&v2_mount()?, "v2", "controllers")?;
    let controller = Host::probe().domain_controller().ok_or("it was there a moment ago")?;
    controllers(&program, &own, &controller)
}

fn limits(program: &Program, own: &Elsewhere) -> Result<(), Failed> {
    let group = own.make("limited")?;
    for (file, new) in [("cgroup.max.depth", "limited/x"), ("cgroup.max.descendants", "limited/y")] {
        stage::write(&group.join(file), "0")?;
        assert_eq!(errno(fs::create_dir(own.path.join(new))), libc::EAGAIN);
        let limit = refused(program, &["mkdir", "--yes", &own.name(new)], &[file, "is 0", "(EAGAIN)"])?;
        assert_eq!(fs::read_to_string(group.join(file))?.trim(), "0");
        limit.go("then go on")?;
        assert!(own.path.join(new).is_dir());
        stage::write(&group.join(file), "max")?;
        fs::remove_dir(own.path.join(new))?;
    }
    Ok(())
}

fn names(program: &Program, own: &Elsewhere) -> Result<(), Failed> {
    let group = own.make("named")?;
    assert_eq!(errno(fs::rename(&group, own.path.join("other"))), libc::EPERM);
    refused(program, &["rename", "--yes", &own.name("named"), "other"], &["v2", "(EPERM)"])?;
    Ok(())
}

fn threaded(program: &Program, own: &Elsewhere) -> Result<(), Failed> {
    let domain = own.make("domain")?;
    let (thread, invalid) = (own.make("domain/t")?, own.make("domain/i")?);
    stage::write(&thread.join("cgroup.type"), "threaded")?;
    assert_eq!(fs::read_to_string(invalid.join("cgroup.type"))?.trim(), "domain invalid");
    let process = Process::sleeper_in(&domain)?;

    assert_eq!(written(&invalid.join("cgroup.procs"), &process.pid()), libc::EOPNOTSUPP);
    let says = ["\"domain invalid\"", "(EOPNOTSUPP)"];
    let way = refused(program, &["move", "--yes", &own.name("domain/i"), &process.pid()], &says)?;
    way.go("threaded, then go on")?;
    assert!(super::lists(&invalid.join("cgroup.threads"), &process.pid()));

    // A single thread stays in its domain.
    let other = own.make("elsewhere")?;
    assert_eq!(written(&other.join("cgroup.threads"), &process.pid()), libc::EOPNOTSUPP);
    let threads = ["move", "--yes", "--threads", &own.name("elsewhere"), &process.pid()];
    refused(program, &threads, &["(EOPNOTSUPP)"])?;
    assert_eq!(written(&thread.join("cgroup.kill"), "1"), libc::EOPNOTSUPP);
    assert_eq!(written(&thread.join("cgroup.type"), "domain"), libc::EINVAL);
    refused(program, &["set", "--yes", &own.name("domain/t"), "cgroup.type=domain"], &["(EINVAL)"])?;
    Ok(())
}

fn rights(own: &Elsewhere) -> Result<(), Failed> {
    let user = own.make("user")?;
    for path in
        [user.clone(), user.join("cgroup.procs"), user.join("cgroup.threads"), user.join("cgroup.subtree_control")]
    {
        std::os::unix::fs::chown(path, Some(super::NOBODY), None)?;
    }
    let process = Process::sleeper_in(&own.make("root")?)?;
    denied_to_nobody(&format!("echo {} | tee '{}/cgroup.procs'", process.pid(), user.display()))?;
    let common = own.name.rsplit_once('/').ok_or("no name")?.1.to_owned();
    let arguments = ["move", "--yes", &own.name("user"), &process.pid()];
    refused_to_nobody(&arguments, &["nearest group above both ends", &common, "(EACCES)"])?;
    Ok(())
}

fn controllers(program: &Program, own: &Elsewhere, controller: &str) -> Result<(), Failed> {
    let set = |path: &str, data: &str| {
        ["set".to_owned(), "--yes".to_owned(), own.name(path), format!("cgroup.subtree_control={data}")]
    };
    let refuse = |path: &str, data: &str, says: &[&str]| -> Result<super::Refused, Failed> {
        let arguments = set(path, data);
        refused(program, &arguments.iter().map(String::as_str).collect::<Vec<_>>(), says)
    };
    let (plus, minus) = (format!("+{controller}"), format!("-{controller}"));
    let group = own.make("c")?;
    let file = group.join("cgroup.subtree_control");

    assert_eq!(written(&file, controller), libc::EINVAL);
    refuse("c", controller, &["no sign", "(EINVAL)"])?;
    assert_eq!(written(&file, "+nonsense"), libc::EINVAL);
    refuse("c", "+nonsense", &["no controller nonsense", "(EINVAL)"])?;
    // Above it is not handed down.
    assert_eq!(written(&file, &plus), libc::ENOENT);
    let output = program.run(&set("c", &minus))?;
    assert_eq!(
        output.status.code(),
        Some(0),
        "disabling what is off is nothing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(written(&file, &minus), 0);

    // Enabling goes along the way; processes stand in it.
    stage::write(&own.path.join("cgroup.subtree_control"), &plus)?;
    let process = Process::sleeper_in(&group)?;
    assert_eq!(written(&file, &plus), libc::EBUSY);
    let inside = refuse("c", &plus, &["holds 1 process", "(EBUSY)"])?;
    inside.go("then go on")?;
    assert_eq!(fs::read_to_string(&file)?.trim(), controller);
    assert!(process.is_in(&group.join("leaf")));

    // It hands the controller down now, and takes no process.
    let other = Process::sleeper()?;
    assert_eq!(written(&group.join("cgroup.procs"), &other.pid()), libc::EBUSY);
    let says = ["hands", "only leaves", "(EBUSY)"];
    let inner = refused(program, &["move", "--yes", &own.name("c"), &other.pid()], &says)?;
    inner.go("choose its child leaf")?;
    assert!(other.is_in(&group.join("leaf")));

    // Above, it cannot be disabled while it is enabled here.
    assert_eq!(written(&own.path.join("cgroup.subtree_control"), &minus), libc::EBUSY);
    let above = refuse("", &minus, &["(EBUSY)"])?;
    assert!(above.stderr.contains(" c"), "{}", above.stderr);
    Ok(())
}

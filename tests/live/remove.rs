//! Removing a group with all that is in it, and giving it another name, by the command line.
#![expect(clippy::unwrap_used, reason = "a trial fails by panicking")]

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use crate::program::Program;
use libtest_mimic::Failed;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub(crate) fn trials() -> Vec<Entry> {
    let entry = |name, run| Entry { name, needs: &[Need::Cpu], measures: false, run };
    vec![
        entry("remove::with_all_below_it_the_tasks_move_up", moves_up),
        entry("remove::with_all_below_it_the_tasks_are_killed", kills),
        entry("remove::a_name_is_given_and_kept_by_all_below", renames),
    ]
}

/// A process that sleeps in a group, until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn into(group: &Path) -> Result<Self, Failed> {
        let child = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn()?;
        let sleeper = Self(child);
        fs::write(group.join("cgroup.procs"), sleeper.0.id().to_string())?;
        Ok(sleeper)
    }

    fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    fn is_in(&self, group: &Path) -> bool {
        let list = fs::read_to_string(group.join("cgroup.procs")).unwrap();
        list.lines().any(|line| line == self.0.id().to_string())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn moves_up(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    let under = |path: &str| format!("{}/{path}", program.under);
    for path in ["home", "home/a", "home/a/b"] {
        fs::create_dir(bench.group().join(path))?;
    }
    let home = bench.group().join("home");
    let mut sleepers = [Sleeper::into(&home.join("a/b"))?, Sleeper::into(&home.join("a/b"))?];
    let refused = program.run(&["rmdir", &under("home/a")])?;
    assert_eq!(code(&refused), Some(3), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("EBUSY"), "{}", stderr(&refused));
    let asked = program.run(&["rmdir", "-r", &under("home/a")])?;
    assert_eq!(code(&asked), Some(3), "foreign groups need consent: {}", stderr(&asked));
    assert!(home.join("a/b").is_dir() && sleepers.iter().all(|sleeper| sleeper.is_in(&home.join("a/b"))));
    let done = program.run(&["rmdir", "-r", "--yes", &under("home/a")])?;
    assert_eq!(code(&done), Some(0), "{}", stderr(&done));
    assert!(!home.join("a").exists());
    for sleeper in &mut sleepers {
        assert!(sleeper.lives() && sleeper.is_in(&home));
    }
    Ok(())
}

fn kills(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    for path in ["a", "a/b", "beside"] {
        fs::create_dir(bench.group().join(path))?;
    }
    let mut inside = [Sleeper::into(&bench.group().join("a/b"))?];
    let mut beside = Sleeper::into(&bench.group().join("beside"))?;
    let group = format!("{}/a", program.under);
    let done = program.run(&["rmdir", "-r", "--tasks", "kill", "--yes", &group])?;
    assert_eq!(code(&done), Some(0), "{}", stderr(&done));
    assert!(!bench.group().join("a").exists());
    assert!(!inside[0].lives() && beside.lives());
    Ok(())
}

fn renames(bench: &mut Bench) -> Result<(), Failed> {
    let program = Program::new(bench)?;
    for path in ["a", "a/b", "taken"] {
        fs::create_dir(bench.group().join(path))?;
    }
    let sleeper = Sleeper::into(&bench.group().join("a/b"))?;
    let group = format!("{}/a", program.under);
    let is_v1 = bench.group().join("tasks").exists();
    let rename = |name: &str| program.run(&["rename", "--yes", &group, name]);
    if !is_v1 {
        let refused = rename("web")?;
        assert_eq!(code(&refused), Some(3));
        assert!(stderr(&refused).contains("EPERM"), "{}", stderr(&refused));
        return Ok(());
    }
    let taken = rename("taken")?;
    assert_eq!(code(&taken), Some(3));
    assert!(stderr(&taken).contains("EEXIST"), "{}", stderr(&taken));
    assert_eq!(code(&rename("a/c")?), Some(3), "a name is no path");
    let done = rename("web")?;
    assert_eq!(code(&done), Some(0), "{}", stderr(&done));
    assert!(!bench.group().join("a").exists() && sleeper.is_in(&bench.group().join("web/b")));
    Ok(())
}

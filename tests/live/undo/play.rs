//! One game: the ground, a look, the player, another look.

use super::ground::Ground;
use super::look::Look;
use super::player::{FIELDS, GAME, Game};
use crate::host::Host;
use crate::random::Random;
use libtest_mimic::Failed;
use std::fmt;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What became of a game.
pub(crate) struct Played {
    /// What the player said, a plan a line.
    said: Vec<String>,
    /// What is otherwise than before.
    differs: Vec<String>,
    journal: String,
}

impl Played {
    pub(crate) fn is_good(&self) -> bool {
        self.differs.is_empty()
            && self.said.last().is_some_and(|line| line == "END")
            && !self.said.iter().any(|line| ["WRONG ", "STANDS ", "ERROR "].iter().any(|mark| line.starts_with(mark)))
    }

    pub(crate) fn counts(&self) -> &str {
        self.said
            .iter()
            .find_map(|line| line.strip_prefix("COUNTS ").or_else(|| line.strip_prefix("killed ")))
            .unwrap_or("it did not come to an end")
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.said {
            writeln!(f, "  {line}")?;
        }
        for line in &self.differs {
            writeln!(f, "  DIFFERS {line}")?;
        }
        write!(f, "{}", self.journal)
    }
}

/// Plays it.
pub(crate) fn play(host: &Host, game: Game) -> Result<Played, Failed> {
    let mut ground = Ground::new(host, game.seed)?;
    let home = state_directory()?;
    let before = ground.look()?;
    let output = player(&ground, game, home.path())?.wait_with_output()?;
    let said: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let differs = settled(&ground, &before)?;
    let journal = if differs.is_empty() { String::new() } else { journals(home.path()) };
    ground.clear()?;
    let mut played = Played { said, differs, journal };
    if !output.status.success() {
        played.said.push(format!("ERROR {}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    Ok(played)
}

/// A player on the ground.
pub(crate) fn player(ground: &Ground, game: Game, home: &Path) -> Result<Child, Failed> {
    let fields: Vec<&str> = ground.lands.iter().filter_map(|land| land.directory.to_str()).collect();
    Ok(Command::new(std::env::current_exe()?)
        .env(GAME, game.to_text())
        .env(FIELDS, fields.join(":"))
        .env("XDG_STATE_HOME", home)
        .env("CGROVE_STATE", home.join("cgrove"))
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?)
}

/// What differs, once nothing changes by itself any more: tasks that were killed need a moment to leave.
pub(crate) fn settled(ground: &Ground, before: &Look) -> Result<Vec<String>, Failed> {
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        let differs = ground.look()?.differs_from(before);
        if differs.is_empty() || Instant::now() > end {
            return Ok(differs);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The text of the journals in a state directory.
fn journals(home: &Path) -> String {
    let files = fs::read_dir(home.join("cgrove")).into_iter().flatten().flatten();
    let texts: Vec<String> = files.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect();
    texts.join("\n")
}

/// One game that is killed with SIGKILL in the middle, and what `cgrove cleanup` makes of it.
pub(crate) fn play_and_kill(host: &Host, game: Game) -> Result<Played, Failed> {
    let mut random = Random::new(game.seed.wrapping_add(1));
    let mut ground = Ground::new(host, game.seed)?;
    let home = state_directory()?;
    let before = ground.look()?;
    let mut child = player(&ground, game, home.path())?;
    let stdout = child.stdout.take().ok_or("stdout")?;
    let lines = random.within(0, game.plans * 3 / 4);
    let mut said = Vec::new();
    for line in BufReader::new(stdout).lines().take(usize::try_from(lines)?) {
        said.push(line?);
    }
    // Plans take from one to a few hundred milliseconds: somewhere in the next one or two.
    std::thread::sleep(Duration::from_micros(random.within(0, 200_000)));
    child.kill()?;
    child.wait()?;
    said.push(format!("killed after {lines} lines"));
    let killed = ground.look()?;
    let looks = cleanup(home.path(), &["--dry-run"])?;
    let changed = settled(&ground, &killed)?;
    // Workloads end with the player, a moment after it.
    if changed.iter().any(|line| !line.contains("(tasks)")) {
        said.push(format!("WRONG the dry run changed something: {changed:?}"));
    }
    let done = cleanup(home.path(), &[])?;
    let differs: Vec<String> = settled(&ground, &before)?;
    said.extend(looks.lines().filter(|_| !differs.is_empty()).map(|line| format!("dry run: {line}")));
    said.extend(done.lines().map(|line| format!("cleanup: {line}")));
    let journal = journals(home.path());
    // What it says that it left is left; everything else is as before.
    let left: Vec<&str> = done.lines().filter_map(|line| line.trim().strip_prefix("left: ")).collect();
    let named = |line: &String| left.iter().any(|text| line.split(' ').next().is_some_and(|path| text.contains(path)));
    let differs: Vec<String> = differs.into_iter().filter(|line| !named(line)).collect();
    if left.is_empty() && !journal.is_empty() {
        said.push("STANDS nothing was left, and the journal is still there".to_owned());
    }
    said.push("END".to_owned());
    ground.clear()?;
    let journal = if differs.is_empty() { String::new() } else { journal };
    Ok(Played { said, differs, journal })
}

/// What `cgrove cleanup` says.
fn cleanup(home: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_cgrove"))
        .arg("cleanup")
        .args(arguments)
        .env("XDG_STATE_HOME", home)
        .env("CGROVE_STATE", home.join("cgrove"))
        .env_remove("XDG_RUNTIME_DIR")
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Ok(format!("{text}{}", String::from_utf8_lossy(&output.stderr))) }
}

/// For journals: in memory where there is such a file system, because every step is synced before it is done.
pub(crate) fn state_directory() -> Result<tempfile::TempDir, Failed> {
    let memory = Path::new("/dev/shm");
    Ok(if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? })
}

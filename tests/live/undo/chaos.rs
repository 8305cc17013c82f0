//! Two players on one ground, and a third party that makes, changes, fills and removes groups of its own among theirs.
//!
//! Nothing of the third party's may be touched, no player may fall over or say what is not so, and in the end both take back
//! all that they did. Where they changed the same thing, what is left otherwise than before has been said.

use super::ground::{Ground, Land};
use super::look::Look;
use super::play::{player, settled, state_directory};
use super::player::{Back, Game};
use super::sleeper::Sleeper;
use super::values::{self, pick};
use crate::bench::Bench;
use crate::host::Host;
use crate::random::Random;
use crate::screen::Screen;
use libtest_mimic::Failed;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How the names of the third party's groups begin; players leave them alone.
pub(crate) const THEIRS: &str = "theirs";

/// A player that is told when to take back what it did.
struct Told {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    said: Vec<String>,
}

impl Told {
    fn start(ground: &Ground, game: Game, home: &std::path::Path) -> Result<Self, Failed> {
        let mut child = player(ground, game, home)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().ok_or("stdout")?);
        Ok(Self { child, stdin, lines: BufReader::new(stdout).lines(), said: Vec::new() })
    }

    /// Reads until it says this.
    fn until(&mut self, what: &str) -> Result<(), Failed> {
        for line in self.lines.by_ref() {
            self.said.push(line?);
            if self.said.last().is_some_and(|line| line.starts_with(what)) {
                return Ok(());
            }
        }
        let mut stderr = String::new();
        if let Some(pipe) = &mut self.child.stderr {
            std::io::Read::read_to_string(pipe, &mut stderr)?;
        }
        Err(format!("it ended before it said {what:?}: {stderr}\n{}", self.said.join("\n")).into())
    }

    fn undo(&mut self) -> Result<(), Failed> {
        writeln!(self.stdin.as_mut().ok_or("stdin")?, "undo")?;
        self.until("UNDONE")
    }

    fn end(mut self) -> Result<Vec<String>, Failed> {
        self.stdin = None;
        self.until("END")?;
        if self.child.wait()?.success() { Ok(self.said) } else { Err(self.said.join("\n").into()) }
    }
}

/// For `seconds`.
pub(crate) fn play(bench: &mut Bench, seed: u64, seconds: u64) -> Result<(), Failed> {
    let mut ground = Ground::new(&Host::probe(), seed)?;
    let party = Party::new(&ground, seed)?;
    let before = ground.look()?;
    let homes = [state_directory()?, state_directory()?];
    let game = |seed| Game { seed, plans: u64::MAX, seconds, back: Back::Asked };
    let mut players =
        [Told::start(&ground, game(seed), homes[0].path())?, Told::start(&ground, game(seed + 1), homes[1].path())?];
    let mut screen = Screen::start(bench, &[])?;
    let over = AtomicBool::new(false);
    let [one, other] = &mut players;
    std::thread::scope(|scope| -> Result<(), Failed> {
        let party = scope.spawn(|| party.act(seed, &over));
        let one = scope.spawn(|| one.until("COUNTS"));
        let other = scope.spawn(|| other.until("COUNTS"));
        let watched = watch(&mut screen, Duration::from_secs(seconds));
        let joined = [one.join(), other.join()];
        over.store(true, Ordering::Relaxed);
        let party = party.join();
        for outcome in joined.into_iter().chain([party]) {
            outcome.map_err(|_panic| "it panicked")??;
        }
        watched
    })?;
    // What one did on top of the other's goes first, so more than one round may be needed.
    for _ in 0..3 {
        players.iter_mut().try_for_each(Told::undo)?;
    }
    party.is_untouched()?;
    let mut said = Vec::new();
    for player in players {
        said.push(player.end()?);
    }
    party.leave()?;
    judge(&ground, &before, &said, seed)?;
    screen.press("q")?;
    ground.clear()
}

/// Keys on the terminal UI meanwhile: its screen stays one.
fn watch(screen: &mut Screen, time: Duration) -> Result<(), Failed> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for key in ["j", ".", "<Tab>", "k", ",", "j"] {
            screen.press(key)?;
            std::thread::sleep(Duration::from_millis(150));
        }
        let text = screen.terminal.text();
        if !text.contains("STAGE") || text.contains("panicked") || !screen.terminal.stderr().is_empty() {
            return Err(format!("the screen is none any more:\n{text}\n{}", screen.terminal.stderr()).into());
        }
    }
    Ok(())
}

/// What is otherwise than before was said; nothing that was said is wrong.
fn judge(ground: &Ground, before: &Look, said: &[Vec<String>], seed: u64) -> Result<(), Failed> {
    let all = || said.iter().flatten();
    let counts: Vec<&str> = all().filter_map(|line| line.strip_prefix("COUNTS ")).collect();
    eprintln!("{seed} (two and a third): {}", counts.join("; "));
    // The other may have changed it a moment later: then it stands in its own lines.
    let contradicted = |player: usize, line: &str| {
        let path = line.split(' ').nth(1).unwrap_or_default();
        !said.iter().enumerate().any(|(other, lines)| other != player && lines.iter().any(|line| line.contains(path)))
    };
    let wrong = said.iter().enumerate().flat_map(|(player, lines)| {
        lines.iter().filter(move |line| line.starts_with("WRONG ") && contradicted(player, line))
    });
    let mut problems: Vec<String> = wrong.cloned().collect();
    problems.extend(all().filter(|line| line.starts_with("ERROR ")).cloned());
    let warnings: Vec<&String> = all().filter(|line| line.starts_with("  warns: ")).collect();
    let strangers: Vec<String> = settled(ground, before)?
        .into_iter()
        .filter(|line| !line.contains(THEIRS))
        .filter(|line| {
            let path = line.split([' ', ':']).next().unwrap_or_default();
            // Below the mount and the trial's own group.
            let mut names = path.split('/').skip(6);
            !names.any(|name| warnings.iter().any(|warning| warning.contains(name)))
        })
        .collect();
    problems.extend(strangers.into_iter().map(|line| format!("DIFFERS and was not said: {line}")));
    if problems.is_empty() {
        return Ok(());
    }
    let log: Vec<String> = said.iter().map(|lines| lines.join("\n")).collect();
    Err(format!("seed {seed}:\n{}\n{}", problems.join("\n"), log.join("\n----\n")).into())
}

/// The third party.
struct Party {
    lands: Vec<Land>,
    sleepers: Vec<Sleeper>,
    /// Its groups as it left them.
    left: Mutex<Look>,
    /// Empty groups that it made among those of others, by inode.
    beside: Mutex<Vec<u64>>,
}

impl Party {
    fn new(ground: &Ground, seed: u64) -> Result<Self, Failed> {
        let sleepers = vec![Sleeper::start(2)?, Sleeper::start(1)?];
        let (lands, beside) = (ground.lands.clone(), Mutex::new(Vec::new()));
        let party = Self { lands, sleepers, left: Mutex::default(), beside };
        for land in &party.lands {
            fs::create_dir(land.directory.join(THEIRS))?;
            super::ground::inherit(&land.directory.join(THEIRS))?;
        }
        let mut random = Random::new(seed);
        for _ in 0..20 {
            party.change(&mut random);
        }
        *lock(&party.left) = party.look()?;
        Ok(party)
    }

    /// Its own groups; what follows from groups above is not its own.
    fn look(&self) -> Result<Look, Failed> {
        let tops: Vec<PathBuf> = self.lands.iter().map(|land| land.directory.join(THEIRS)).collect();
        let mut look = Look::at(&tops)?;
        let derived = ["effective", "cgroup.controllers", "freezer.", "devices.list"];
        look.0.retain(|key, _| !derived.iter().any(|part| key.contains(part)));
        Ok(look)
    }

    fn is_untouched(&self) -> Result<(), Failed> {
        let differs = self.look()?.differs_from(&lock(&self.left));
        if !differs.is_empty() {
            return Err(format!("the third party's groups were touched: {differs:#?}").into());
        }
        let there: Vec<u64> = self.beside_now().into_iter().map(|(_, inode)| inode).collect();
        let gone: Vec<u64> = lock(&self.beside).iter().filter(|made| !there.contains(made)).copied().collect();
        if gone.is_empty() { Ok(()) } else { Err(format!("groups of the third party are gone: {gone:?}").into()) }
    }

    /// The empty groups that it made among others', wherever they are called by now.
    fn beside_now(&self) -> Vec<(PathBuf, u64)> {
        use std::os::unix::fs::MetadataExt as _;
        let groups = self.lands.iter().flat_map(|land| super::choose::groups(&land.directory));
        let theirs =
            groups.filter(|group| group.file_name().is_some_and(|name| name.to_string_lossy().starts_with("theirs-")));
        theirs.filter_map(|group| fs::metadata(&group).ok().map(|found| (group.clone(), found.ino()))).collect()
    }

    /// Until it is over.
    fn act(&self, seed: u64, over: &AtomicBool) -> Result<(), Failed> {
        let mut random = Random::new(seed.wrapping_add(77));
        while !over.load(Ordering::Relaxed) {
            self.is_untouched()?;
            if random.one_in(2) {
                self.change(&mut random);
                *lock(&self.left) = self.look()?;
            } else {
                self.among(&mut random);
            }
            std::thread::sleep(Duration::from_millis(random.within(1, 40)));
        }
        Ok(())
    }

    /// Something in its own groups. What the kernel refuses is left.
    fn change(&self, random: &mut Random) {
        let land = pick(random, &self.lands);
        let top = land.directory.join(THEIRS);
        let groups = super::choose::groups(&top);
        let group = pick(random, &groups);
        match random.within(0, 3) {
            0 => drop(fs::create_dir(group.join(pick(random, &["p", "q"])))),
            1 if *group != top => drop(fs::remove_dir(group)),
            2 => drop(fs::write(group.join("cgroup.procs"), pick(random, &self.sleepers).pid().to_string())),
            _ => {
                let files = super::choose::files(group);
                let file = pick(random, &files);
                if let Some(value) = values::value(random, file).filter(|_| !file.contains("freeze")) {
                    let _ = fs::write(group.join(file), value);
                }
            }
        }
    }

    /// An empty group among those of others, or one of those away.
    fn among(&self, random: &mut Random) {
        use std::os::unix::fs::MetadataExt as _;
        let mut beside = lock(&self.beside);
        let there = self.beside_now();
        if there.len() > 3 || (!there.is_empty() && random.one_in(2)) {
            let (group, inode) = pick(random, &there);
            if fs::remove_dir(group).is_ok() {
                beside.retain(|made| made != inode);
            }
            return;
        }
        let groups = super::choose::groups(&pick(random, &self.lands).directory);
        let group = pick(random, &groups).join(format!("theirs-{}", random.within(0, 99)));
        if !group.parent().is_some_and(|parent| parent.to_string_lossy().contains(THEIRS))
            && fs::create_dir(&group).is_ok()
        {
            // It may have been renamed with a group above meanwhile: then it is not known which it was.
            if let Ok(found) = fs::metadata(&group) {
                beside.push(found.ino());
            }
        }
    }

    /// It goes.
    fn leave(&self) -> Result<(), Failed> {
        for (group, _) in self.beside_now() {
            fs::remove_dir(group)?;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

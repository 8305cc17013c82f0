//! The screen as sentences (`--plain`): first how it is, then only what changes, for screen readers, logs and pipes.
//!
//! [`Reporter::tell`] takes frame after frame and remembers what it said last, so that a number that creeps is told as soon
//! as it is a point off what was said, and one that trembles is not told at all. What a group gets is told once it is certain
//! to half a point.
//!
//! Not here: where the lines go and when to stop (`runtime::plain`).
use std::collections::BTreeMap;

use crate::app::scale::Ruler;
use crate::model::bytes::escape;
use crate::model::cgroup::Quota;
use crate::model::id::{GroupId, GroupKey};
use crate::model::place::Place;
use crate::model::snapshot::Snapshot;
use crate::split::table::{Enough, Given, Got, Owed, Row, Table};

use super::format;

/// Something is news when it is this many points off what was said: one; for estimates five.
const NEWS: f64 = 1.0;
const NEWS_OF_ESTIMATES: f64 = 5.0;

/// Tells frames as sentences.
#[derive(Debug)]
pub struct Reporter {
    base: Place,
    ascii: bool,
    scale: Option<String>,
    said: BTreeMap<GroupKey, Said>,
    begun: bool,
}

/// What was said of a group.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    name: String,
    settings: Settings,
    held: bool,
    capped: Option<GroupId>,
    owed: Option<f64>,
    gets: Option<f64>,
    differs: bool,
}

/// What is set for a group, and how many tasks it has; `None` for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Settings {
    weight: Option<u64>,
    cap: Option<Quota>,
    tasks: Option<u32>,
}

impl Settings {
    fn of(snapshot: &Snapshot, table: &Table, id: GroupId) -> Self {
        let values = snapshot.groups.get(id);
        let top = snapshot.structure.group(id).is_none_or(|group| group.parent.is_none());
        Self {
            weight: values.and_then(|values| values.weight.get()).filter(|_| !top),
            cap: values.and_then(|values| values.quota.get()),
            tasks: table.groups.get(&id).map(|row| row.own_tasks),
        }
    }

    /// To go on with after the name; no cap is nothing to tell.
    fn words(self) -> String {
        let weight = self.weight.map(|weight| format!(", weight {weight}"));
        let cap = self.cap.filter(|cap| cap.cpus().is_some()).map(|cap| format!(", {}", cap_words(cap)));
        let tasks = self.tasks.map(|tasks| format!(", {}", tasks_words(tasks)));
        [weight, cap, tasks].into_iter().flatten().collect()
    }
}

impl Reporter {
    /// Reports the groups at and below `base`; `ascii`: without any other sign.
    #[must_use]
    pub fn new(base: Place, ascii: bool) -> Self {
        Self { base, ascii, scale: None, said: BTreeMap::new(), begun: false }
    }

    /// What there is to say of a frame: all of it the first time, then what changed. Names are escaped; no line ends in a
    /// newline.
    pub fn tell(&mut self, snapshot: &Snapshot, table: &Table) -> Vec<String> {
        let structure = &snapshot.structure;
        let mut lines = Vec::new();
        let Some(base) = structure.at(&self.base) else {
            let gone = if self.begun { "is gone" } else { "does not exist yet" };
            if !self.begun || !self.said.is_empty() {
                lines.push(format!("group {} {gone}", self.base));
            }
            self.said.clear();
            self.begun = true;
            return lines;
        };
        let ruler = Ruler::of_contest(table.groups.get(&base), snapshot.host.cpus());
        if self.scale.as_ref() != Some(&ruler.name) {
            lines.push(format!("100 % is {}", ruler.name));
            // All amounts are others now.
            for said in self.said.values_mut() {
                said.owed = None;
                said.gets = None;
            }
            self.scale = Some(ruler.name.clone());
        }
        let ids: Vec<GroupId> = structure.subtree(base).collect();
        let gone: Vec<GroupKey> = self.said.keys().filter(|&&key| structure.find(key).is_none()).copied().collect();
        for said in gone.iter().filter_map(|key| self.said.remove(key)) {
            lines.push(format!("group {} is gone", said.name));
        }
        for id in ids {
            let Some(group) = structure.group(id) else { continue };
            let now = Settings::of(snapshot, table, id);
            let mut said = self.said.remove(&group.key).unwrap_or_else(|| {
                let said = Said { name: self.name(snapshot, id), settings: now, ..Said::default() };
                let made = if self.begun { " was made" } else { "" };
                lines.push(format!("group {}{made}{}", said.name, now.words()));
                said
            });
            said.settings(now, &mut lines);
            if let Some(row) = table.groups.get(&id) {
                said.split(row, &ruler, self.ascii, snapshot, &mut lines);
            }
            self.said.insert(group.key, said);
        }
        self.begun = true;
        lines
    }

    /// Below the base its path from there; the base by its whole path.
    fn name(&self, snapshot: &Snapshot, id: GroupId) -> String {
        let path = |place: &Place| place.to_string();
        let Some(place) = snapshot.structure.place(id) else { return "?".to_owned() };
        let (whole, base) = (path(&place), path(&self.base));
        match whole.strip_prefix(&base).map(|rest| rest.trim_start_matches('/')) {
            Some(below) if !below.is_empty() => below.to_owned(),
            _ => whole,
        }
    }
}

impl Said {
    /// What is set anew. What cannot be read for a moment is not told as gone.
    fn settings(&mut self, now: Settings, lines: &mut Vec<String>) {
        let name = &self.name;
        let said = &mut self.settings;
        if let Some(weight) = now.weight.filter(|_| now.weight != said.weight) {
            let was = said.weight.map(|was| format!(" (was {was})")).unwrap_or_default();
            lines.push(format!("{name}: weight {weight}{was}"));
            said.weight = now.weight;
        }
        if let Some(cap) = now.cap.filter(|_| now.cap != said.cap) {
            lines.push(format!("{name}: {}", cap_words(cap)));
            said.cap = now.cap;
        }
        if let Some(tasks) = now.tasks.filter(|_| now.tasks != said.tasks) {
            let was = said.tasks.map(|was| format!(" (was {was})")).unwrap_or_default();
            lines.push(format!("{name}: {}{was}", tasks_words(tasks)));
            said.tasks = now.tasks;
        }
    }

    /// What is new of its split.
    fn split(&mut self, row: &Row, ruler: &Ruler, ascii: bool, snapshot: &Snapshot, lines: &mut Vec<String>) {
        let held = row.verdict.enough == Enough::Held;
        if self.held != held && row.verdict.enough != Enough::Unknown {
            lines.push(format!("{}: {}", self.name, if held { "held" } else { "not held any more" }));
            self.held = held;
        }
        let capped = match row.verdict.enough {
            Enough::Capped(by) => Some(by),
            _ => None,
        };
        if self.capped != capped && row.verdict.enough != Enough::Unknown {
            let by = capped.and_then(|by| snapshot.structure.group(by)).map(|group| escape(&group.name));
            lines.push(match by {
                Some(by) => format!("{}: a quota stands against it, that of {by}", self.name),
                None => format!("{}: no quota stands against it any more", self.name),
            });
            self.capped = capped;
        }
        let Some(owed) = ruler.owed_percent(row.expected) else { return };
        let news = if matches!(row.expected, Owed::About(_)) { NEWS_OF_ESTIMATES } else { NEWS };
        let moved = |said: Option<f64>, now: f64| said.is_none_or(|said| (said - now).abs() >= news);
        let certain = match (row.measured, ruler.gets) {
            (Got::Cpus { plus_minus, .. }, Some(whole)) => plus_minus / whole * 100.0 < format::HALF,
            _ => false,
        };
        let gets = ruler.gets_percent(row.measured).filter(|_| certain);
        // A group that never had anything to say is not told to be owed nothing.
        if self.owed.is_none() && owed < NEWS && gets.unwrap_or(0.0) < NEWS {
            return;
        }
        let differs = row.verdict.given == Given::Differs;
        let owed_moved = moved(self.owed, owed);
        let gets_moved = gets.is_some_and(|gets| moved(self.gets, gets));
        let unsettled = row.verdict.given == Given::CannotTell && matches!(row.expected, Owed::Exact(_));
        if owed_moved && (gets.is_none() || unsettled) {
            lines.push(format!("{}: owed {}", self.name, format::owed(ruler, row.expected, ascii)));
            (self.owed, self.gets) = (Some(owed), None);
        } else if !unsettled && (owed_moved || gets_moved || (gets.is_some() && differs != self.differs)) {
            lines.push(format!(
                "{}: owed {}, gets {} of {}{}",
                self.name,
                format::owed(ruler, row.expected, ascii),
                format::gets(ruler, row.measured, ascii),
                ruler.short_name(),
                if differs { ": that is not what it is owed" } else { "" }
            ));
            (self.owed, self.gets, self.differs) = (Some(owed), gets, differs);
        }
    }
}

fn tasks_words(tasks: u32) -> String {
    match tasks {
        0 => "no tasks".to_owned(),
        1 => "1 task".to_owned(),
        many => format!("{many} tasks"),
    }
}

fn cap_words(cap: Quota) -> String {
    cap.cpus().map_or_else(|| "no cap".to_owned(), |cpus| format!("cap {cpus} CPU"))
}

#[cfg(test)]
mod tests {
    use super::Reporter;
    use crate::app::message::Message;
    use crate::app::testing::{CPU, World, figure, figure_held};
    use crate::model::place::Place;
    use crate::split::table::{Enough, Got};

    /// What is told of a frame in which all that was measured is certain to a tenth of a point.
    fn tell(reporter: &mut Reporter, world: &mut World) -> Vec<String> {
        for group in world.groups.values_mut() {
            if let Some((_, Got::Cpus { plus_minus, .. }, _)) = &mut group.split {
                *plus_minus = 0.001;
            }
        }
        tell_as_it_is(reporter, world)
    }

    fn tell_as_it_is(reporter: &mut Reporter, world: &mut World) -> Vec<String> {
        match world.frame() {
            Message::Frame { snapshot, table, .. } => reporter.tell(&snapshot, &table),
            other => panic!("{other:?}"),
        }
    }

    fn top() -> Reporter {
        Reporter::new(Place::top(CPU), false)
    }

    #[test]
    fn all_is_told_once_and_then_what_changes() {
        let (mut world, mut reporter) = (figure(), top());
        let first = tell(&mut reporter, &mut world);
        assert_eq!(
            first,
            [
                "100 % is CPU 3",
                "group /, no tasks",
                "/: owed 100 %, gets 99.6 % of CPU 3",
                "group cg1, weight 600, no tasks",
                "cg1: owed 75 %, gets 74.8 % of CPU 3",
                "group cg1/cg2, weight 100, 1 task",
                "cg1/cg2: owed 25 %, gets 24.9 % of CPU 3",
                "group cg1/cg3, weight 200, 1 task",
                "cg1/cg3: owed 50 %, gets 49.9 % of CPU 3",
                "group cg4, weight 200, 1 task",
                "cg4: owed 25 %, gets 24.9 % of CPU 3",
            ]
        );
        assert_eq!(tell(&mut reporter, &mut world), [""; 0], "nothing changed");
        assert_eq!(
            tell(&mut reporter, &mut figure_held()),
            ["cg1/cg2: owed 75 %, gets 74.9 % of CPU 3", "cg1/cg3: held", "cg1/cg3: owed 0 %, gets 0 % of CPU 3",]
        );
    }

    #[test]
    fn what_it_gets_is_told_once_it_is_certain() {
        let (mut world, mut reporter) = (figure(), top());
        let early = tell_as_it_is(&mut reporter, &mut world);
        assert!(early.contains(&"cg4: owed 25 %".to_owned()), "{early:?}");
        assert_eq!(tell_as_it_is(&mut reporter, &mut world), [""; 0]);
        let late = tell(&mut reporter, &mut world);
        assert!(late.contains(&"cg4: owed 25 %, gets 24.9 % of CPU 3".to_owned()), "{late:?}");
    }

    #[test]
    fn creeping_is_told_and_trembling_is_not() {
        let (mut world, mut reporter) = (figure(), top());
        tell(&mut reporter, &mut world);
        world.says("/cg4", 25.6, 25.6, Enough::Short, "");
        assert_eq!(tell(&mut reporter, &mut world), [""; 0]);
        world.says("/cg4", 26.3, 26.2, Enough::Short, "");
        assert_eq!(tell(&mut reporter, &mut world), ["cg4: owed 26.3 %, gets 26.2 % of CPU 3"]);
    }

    #[test]
    fn groups_that_come_and_go_and_their_weights_are_told() {
        let (mut world, mut reporter) = (figure(), top());
        tell(&mut reporter, &mut world);
        world.group("/cg5", 300);
        assert_eq!(tell(&mut reporter, &mut world), ["group cg5 was made, weight 300, no tasks"]);
        world.at("/cg5").weight = Some(400);
        assert_eq!(tell(&mut reporter, &mut world), ["cg5: weight 400 (was 300)"]);
        world.groups.retain(|place, _| place.name() != b"cg5");
        assert_eq!(tell(&mut reporter, &mut world), ["group cg5 is gone"]);
        let mut nowhere = Reporter::new(Place::top(CPU).child(b"nowhere"), false);
        assert_eq!(tell(&mut nowhere, &mut world), ["group /nowhere does not exist yet"]);
        assert_eq!(tell(&mut nowhere, &mut world), [""; 0]);
    }
}

//! A plan in the making: every verb pushes its steps here.
//!
//! A draft refuses at once what the limits of the visit forbid, keeps a [`World`] (the survey as it will be after the
//! steps so far), writes the shell lines, and knows what must be asked.
use crate::model::bytes::Bytes;
use crate::model::field::Field;
use crate::model::id::GroupKey;
use crate::model::place::Place;

use super::intent::{Intent, Setting};
use super::managers::{self, Owned};
use super::refusal::Refusal;
use super::step::{Confirm, Plan, Prior, Step};
use super::survey::Survey;
use super::world::World;
use super::{shell, words};

/// A plan in the making.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The survey that everything is planned on.
    pub survey: &'a Survey,
    /// The survey as it will be after the steps so far.
    pub world: World,
    /// The steps so far.
    pub steps: Vec<Step>,
    cannot: String,
    warnings: Vec<String>,
    /// Whether owners are looked for; see [`managers`].
    watched: bool,
    owned: Vec<Owned>,
    confirm: Confirm,
    foreign: bool,
    irrevocable: Vec<String>,
}

impl<'a> Draft<'a> {
    /// A draft without steps. `doing` completes "cannot …" in the title of a refusal: "remove cg1".
    ///
    /// # Errors
    /// A refusal where this visit may change nothing at all.
    pub fn new(survey: &'a Survey, doing: impl Into<String>) -> Result<Self, Refusal> {
        let cannot = format!("cannot {}", doing.into());
        if survey.limits.read_only {
            return Err(Refusal::new(cannot, "This visit only looks: cgrove was started with --read-only."));
        }
        if let Some(why) = &survey.limits.no_journal {
            return Err(Refusal::new(
                cannot,
                format!(
                    "Changing is off, because what is done could not be undone: the journal cannot be written ({why})."
                ),
            ));
        }
        Ok(Self {
            survey,
            world: World::new(survey.clone()),
            steps: Vec::new(),
            cannot,
            warnings: Vec::new(),
            watched: true,
            owned: Vec::new(),
            confirm: Confirm::None,
            foreign: false,
            irrevocable: Vec::new(),
        })
    }

    /// A refusal of this plan with a rule.
    #[must_use]
    pub fn refuse(&self, rule: impl Into<String>) -> Refusal {
        Refusal::new(self.cannot.clone(), rule)
    }

    /// Adds a step.
    ///
    /// # Errors
    /// A refusal where `--only` forbids it.
    pub fn push(&mut self, step: Step) -> Result<(), Refusal> {
        if let Some(only) = &self.survey.limits.only {
            self.check_only(&step, only)?;
        }
        if self.watched {
            managers::watch(self, &step);
        }
        self.world.apply(&step);
        self.steps.push(step);
        Ok(())
    }

    fn check_only(&self, step: &Step, only: &Place) -> Result<(), Refusal> {
        let places: Vec<&Place> = match step {
            Step::MakeDirectory { .. } | Step::RemoveDirectory { .. } | Step::Mount { .. } | Step::Unmount { .. } => {
                return Err(self.refuse(format!(
                    "A mount is outside of every group; cgrove was started with --only {only}, which forbids to change anything \
                     that is not at or below it."
                )));
            }
            Step::MakeGroup { at }
            | Step::RemoveGroup { at, .. }
            | Step::Write { at, .. }
            | Step::Rename { at, .. }
            | Step::KillAll { at, .. } => vec![at],
            Step::Move { from, to, .. } | Step::Drain { from, to } => vec![from, to],
            Step::Launch { launch, .. } => launch.groups.iter().collect(),
            Step::Signal { process, .. } | Step::Schedule { task: process, .. } => {
                let own = self.survey.workloads.iter().any(|workload| workload.process == *process);
                let facts = self.world.survey.tasks.get(&process.tid);
                match facts.and_then(|facts| facts.groups.get(&only.hierarchy)) {
                    Some(group) if !own => vec![group],
                    None if !own => {
                        return Err(
                            self.refuse(format!("--only {only}: where process {} is cannot be told.", process.tid))
                        );
                    }
                    _ => Vec::new(),
                }
            }
        };
        match places.into_iter().find(|place| !place.is_within(only)) {
            Some(outside) if outside.hierarchy == only.hierarchy => Err(self.refuse(format!(
                "{outside} lies outside {only}; cgrove was started with --only {only}, which forbids to write or move anything \
                 that is not at or below it."
            ))),
            Some(outside) => Err(self.refuse(format!(
                "{outside} is in another hierarchy than {only}; cgrove was started with --only {only}, which forbids to write or \
                 move anything that is not at or below it."
            ))),
            None => Ok(()),
        }
    }

    /// Adds a write of one value, with what stood there and what it disturbs.
    ///
    /// # Errors
    /// A refusal where `--only` forbids it.
    pub fn write(&mut self, at: &Place, setting: &Setting, disturbs: Vec<Prior>) -> Result<(), Refusal> {
        let key = self.world.key(at);
        let prior = key.and_then(|_| self.world.read(at, &setting.file));
        let (file, data) = (setting.file.clone(), setting.data.clone());
        self.push(Step::Write { at: at.clone(), key, file, data, prior, disturbs })
    }

    /// What `check` answers, without what it warns of or asks: for a value that stood there before.
    pub fn quietly<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let (warnings, confirm, irrevocable) = (self.warnings.len(), self.confirm, self.irrevocable.len());
        let answer = check(self);
        self.warnings.truncate(warnings);
        self.irrevocable.truncate(irrevocable);
        self.confirm = confirm;
        answer
    }

    /// Something to know before: a consequence that is not the aim. Said once.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// The same draft without a look at who owns what: for an undo, which puts things back as their owners left them.
    #[must_use]
    pub fn unwatched(self) -> Self {
        Self { watched: false, ..self }
    }

    /// An owner of something that is touched. Said once.
    pub fn own(&mut self, owned: Owned) {
        if !self.owned.contains(&owned) {
            self.owned.push(owned);
        }
    }

    /// At least this must be asked first.
    pub fn ask(&mut self, confirm: Confirm) {
        self.foreign |= confirm == Confirm::Foreign;
        self.confirm = self.confirm.max(confirm);
    }

    /// Asks as for a foreign group if cgrove did not make the group at `place` (in this visit or in this plan).
    pub fn ask_if_foreign(&mut self, place: &Place) {
        if !self.is_ours(place) {
            self.ask(Confirm::Foreign);
        }
    }

    /// Whether cgrove made the group at `place`, in this visit or in this plan.
    #[must_use]
    pub fn is_ours(&self, place: &Place) -> bool {
        self.world.is_new(place) || self.survey.is_ours(place)
    }

    /// Something that undo cannot take back; asked with Enter at least.
    pub fn cannot_undo(&mut self, text: impl Into<String>) {
        self.irrevocable.push(text.into());
        self.ask(Confirm::Enter);
    }

    /// The identity for a step on the group at `place`: `None` if this plan makes it.
    #[must_use]
    pub fn key(&self, place: &Place) -> Option<GroupKey> {
        self.world.key(place)
    }

    /// The refusal for a group that does not exist.
    #[must_use]
    pub fn gone(&self, place: &Place) -> Refusal {
        self.refuse(format!(
            "There is no group {place}: nobody made it, or somebody removed or renamed it meanwhile. (ENOENT)"
        ))
    }

    /// The same where the group can be made first.
    #[must_use]
    pub fn absent(&self, place: &Place) -> Refusal {
        let above =
            std::iter::successors(place.parent(), Place::parent).find(|at| self.world.survey.group(at).is_some());
        let refusal = self.gone(place);
        let Some(parent) = above else { return refusal };
        let depth = parent.parts().count();
        let path = place.parts().skip(depth).collect::<Vec<_>>().join(&b'/').into_boxed_slice();
        let create = Intent::Create { parent, path, settings: Vec::new(), controllers: Vec::new() };
        refusal.first(format!("make {}, then go on", words::group(place)), vec![create])
    }

    /// Refuses a group in which this user may not make or remove groups.
    ///
    /// # Errors
    /// The refusal, with the owner's errno.
    pub fn may_change(&self, place: &Place) -> Result<(), Refusal> {
        match self.world.survey.group(place) {
            None => Err(self.gone(place)),
            Some(facts) => match facts.refused {
                Some(errno) => Err(self.refuse(format!(
                    "Groups in {} cannot be made or removed: {}. {}",
                    words::group(place),
                    words::no_permission(errno),
                    words::get_permission(errno)
                ))),
                None => Ok(()),
            },
        }
    }

    /// The plan.
    #[must_use]
    pub fn finish(self, title: impl Into<String>) -> Plan {
        let mut world = World::new(self.survey.clone());
        let mut shell = Vec::new();
        for step in &self.steps {
            shell.extend(shell::lines(step, &world.survey));
            world.apply(step);
        }
        Plan {
            title: title.into(),
            steps: self.steps,
            shell,
            warnings: self.warnings,
            owned: self.owned,
            confirm: self.confirm,
            foreign: self.foreign,
            irrevocable: (!self.irrevocable.is_empty()).then(|| self.irrevocable.join(" ")),
        }
    }
}

/// The trimmed content of a field, as it is kept in a step.
#[must_use]
pub fn trimmed(content: &Field<Bytes>) -> Option<Bytes> {
    content.value().map(|bytes| Box::from(bytes.trim_ascii()))
}

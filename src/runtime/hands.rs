//! What can change the machine, in one pair of hands: survey, plan, execute, keep the journal.
//!
//! Used from one thread: the effect thread of the terminal UI, or the only thread of a headless run. Whoever confirms is
//! above: [`Hands::plan`] answers with a plan or a refusal, [`Hands::execute`] surveys again and carries out what was
//! confirmed, or hands back the other plan that the machine now needs.
//!
//! Not here: what a verb does (`plan`), how a step is done (`effect`).
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};

use super::left::is_left;
use crate::effect::cleanup::{Cleanup, cleanup_of};
use crate::effect::executor::{Executor, Interruptible, Kernel};
use crate::effect::failure::Failure;
use crate::effect::journal::{self, Log, Writer};
use crate::effect::mounts::{Holders, Mounts};
use crate::effect::peek;
use crate::effect::supervisor::{Launcher, Nobody, Supervisor};
use crate::effect::transaction::{self, Report};
use crate::kernel::discover::{Discovery, discover};
use crate::kernel::real::RealFs;
use crate::kernel::{host, survey};
use crate::model::bytes::Bytes;
use crate::model::host::Host;
use crate::model::id::{GroupKey, HierarchyId};
use crate::model::workload::Workload;
use crate::plan::explain;
use crate::plan::intent::{Intent, Needs};
use crate::plan::journal::{Entry, Line};
use crate::plan::plan_with;
use crate::plan::refusal::Refusal;
use crate::plan::step::Plan;
use crate::plan::survey::{Limits, Survey};

mod trial;

use trial::Running;
pub use trial::Tried;

/// What became of a plan that was confirmed.
pub enum Executed {
    /// It was carried out, or failed and was rolled back.
    Report(Report),
    /// The machine changed since it was confirmed: this is what would have to be done now.
    Changed(Plan),
    /// The machine changed since it was confirmed: it cannot be done any more.
    Refused(Refusal),
}

/// What earlier visits made and kept.
#[derive(Default)]
struct Kept {
    groups: BTreeSet<GroupKey>,
    mounts: BTreeSet<(HierarchyId, Bytes)>,
    directories: BTreeSet<Bytes>,
}

/// The hands.
pub struct Hands {
    fs: RealFs,
    host: Arc<Host>,
    /// None where no workload is launched.
    supervisor: Option<Supervisor>,
    journal: Option<Writer>,
    limits: Limits,
    /// What earlier visits made and kept: not foreign.
    kept: Kept,
    /// Who else in this process has files of hierarchies open.
    holders: Option<Box<dyn Holders>>,
    /// The values on trial.
    trial: Option<Running>,
    /// Set from outside: no step is begun any more.
    stop: Arc<AtomicBool>,
}

impl Hands {
    /// Takes hold. A journal that cannot be written is no error here: changing is then refused, with the reason.
    ///
    /// # Errors
    /// If the machine cannot be read at all.
    pub fn new(supervisor: Supervisor, limits: Limits) -> Result<Self> {
        let mut hands = Self::looking(limits)?;
        hands.supervisor = Some(supervisor);
        hands.open_journal();
        Ok(hands)
    }

    /// Hands that only look and plan: no journal, no workloads. [`Hands::open_journal`] lets them change things.
    ///
    /// # Errors
    /// If the machine cannot be read at all.
    pub fn looking(limits: Limits) -> Result<Self> {
        let fs = RealFs;
        let found = discover(&fs).context("looking for hierarchies")?;
        let host = Arc::new(host::host(&fs, found.mode).context("reading the host's facts")?);
        let (kept, stop) = (Kept::default(), Arc::new(AtomicBool::new(false)));
        Ok(Self { fs, host, supervisor: None, journal: None, limits, kept, holders: None, trial: None, stop })
    }

    /// Begins the journal, unless this visit is read-only. If it cannot be written, every plan is refused from now on, with
    /// the reason.
    pub fn open_journal(&mut self) {
        if self.limits.read_only || self.journal.is_some() {
            return;
        }
        match Writer::create() {
            Ok(writer) => self.journal = Some(writer),
            Err(failure) => self.limits.no_journal = Some(failure.to_string()),
        }
    }

    /// Takes the groups that earlier visits of this boot made and left standing for cgrove's own.
    pub fn take_kept_for_own(&mut self) {
        let Ok(boot_id) = journal::boot_id() else { return };
        let settled = journal::settled(&journal::locations(), &boot_id);
        // As one, since a later visit may have taken back what an earlier one made.
        let entries: Vec<Entry> = settled.into_iter().flat_map(|(_, journal)| journal.entries).collect();
        let (mounts, directories) = journal::mounted(&entries);
        self.kept = Kept { groups: journal::made(&entries), mounts, directories };
    }

    /// From now on others in this process close their files before a hierarchy is unmounted.
    pub fn hold_with(&mut self, holders: Box<dyn Holders>) {
        self.holders = Some(holders);
    }

    /// Once this is set, no further step is begun, and the plan that is being done is rolled back.
    #[must_use]
    pub fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// What is not allowed in this visit.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// From now on nothing outside of this group is changed.
    pub fn limit_to(&mut self, only: Option<crate::model::place::Place>) {
        self.limits.only = only;
    }

    /// From now on making a group outside of the stage is asked for.
    pub fn build_in(&mut self, stage: Option<crate::model::place::Place>) {
        self.limits.stage = stage;
    }

    /// Where the journal is, when that is not the usual place.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.journal.as_ref().and_then(Writer::note)
    }

    /// The journal of this visit, oldest entry first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.journal.as_ref().map_or(&[], |writer| &writer.journal().entries)
    }

    /// The groups that this visit made and that still are.
    #[must_use]
    pub fn made(&self) -> Vec<GroupKey> {
        journal::made(self.entries()).into_iter().collect()
    }

    /// The workloads of this visit.
    #[must_use]
    pub fn workloads(&self) -> &[Workload] {
        self.supervisor.as_ref().map_or(&[], Launcher::workloads)
    }

    /// Takes in which workloads ended meanwhile; whether any did.
    ///
    /// # Errors
    /// The supervisor is gone.
    pub fn poll(&mut self) -> Result<bool, Failure> {
        match &mut self.supervisor {
            Some(supervisor) => Ok(!supervisor.poll()?.is_empty()),
            None => Ok(false),
        }
    }

    /// Hierarchies as they are mounted now.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn discover(&self) -> Result<Discovery> {
        discover(&self.fs).context("looking for hierarchies")
    }

    /// Looks afresh at what is needed.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn survey(&mut self, needs: &Needs) -> Result<Survey> {
        // A workload that ended is told apart from one that runs.
        self.poll().context("asking the supervisor")?;
        let found = self.discover()?;
        let peeked = if self.limits.read_only { None } else { peek::survey(needs, &self.host, &found) };
        let mut survey = peeked.unwrap_or_else(|| survey::survey_of(&self.fs, needs, Arc::clone(&self.host), &found));
        survey.made = journal::made(self.entries());
        survey.made.extend(&self.kept.groups);
        (survey.mounted, survey.directories) = journal::mounted(self.entries());
        survey.mounted.extend(self.kept.mounts.iter().cloned());
        survey.directories.extend(self.kept.directories.iter().cloned());
        survey.workloads = self.workloads().to_vec();
        survey.guarded.extend(self.supervisor.as_ref().map(Supervisor::pid));
        survey.limits = self.limits.clone();
        Ok(survey)
    }

    /// What would be done for an intent, or why nothing can be.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn plan(&mut self, intent: &Intent) -> Result<Result<Plan, Refusal>> {
        let survey = self.survey(&intent.needs_with(self.entries()))?;
        Ok(plan_with(intent, &survey, self.entries()))
    }

    /// Carries out the plan that was confirmed for an intent, if a fresh survey still leads to the same steps.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn execute(&mut self, intent: &Intent, confirmed: &Plan) -> Result<Executed> {
        let plan = match self.plan(intent)? {
            Ok(plan) if plan.steps == confirmed.steps => plan,
            Ok(other) => return Ok(Executed::Changed(other)),
            Err(refusal) => return Ok(Executed::Refused(refusal)),
        };
        self.carry_out(intent, &plan).map(Executed::Report)
    }

    /// Plans and carries out at once: for a headless run, whose file was the confirmation.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn act(&mut self, intent: &Intent) -> Result<Executed> {
        match self.plan(intent)? {
            Ok(plan) => self.carry_out(intent, &plan).map(Executed::Report),
            Err(refusal) => Ok(Executed::Refused(refusal)),
        }
    }

    fn carry_out(&mut self, intent: &Intent, plan: &Plan) -> Result<Report> {
        let found = self.discover()?;
        let Some(journal) = &mut self.journal else {
            let reason = self.limits.no_journal.clone().unwrap_or_else(|| "this visit is read-only".to_owned());
            anyhow::bail!("nothing was changed: {reason}");
        };
        let undoes: &[u64] = match intent {
            Intent::Undo { entries } => entries,
            _ => &[],
        };
        let directories = &Mounts::new(found.hierarchies).held_by(self.holders.as_deref());
        let mut nobody = Nobody;
        let launcher: &mut dyn Launcher = match &mut self.supervisor {
            Some(supervisor) => supervisor,
            None => &mut nobody,
        };
        let mut kernel = Kernel { directories, launcher };
        let mut executor = Interruptible::new(&mut kernel, &self.stop);
        let mut report = transaction::execute(plan, undoes, &mut executor, journal, directories);
        self.explain(intent, plan, &mut report);
        self.forget_trial();
        Ok(report)
    }

    /// Says what the kernel's refusal means for this step, as things stand now (who is inside, which limit is reached), and
    /// what can be done. Where that cannot be looked at, the refusal stands as it is: what was done is reported in any case.
    fn explain(&mut self, intent: &Intent, plan: &Plan, report: &mut Report) {
        let Some((step, failure)) = &mut report.failed else { return };
        let (Some(step), Some(errno)) = (plan.steps.get(*step), failure.errno) else { return };
        let Ok(survey) = self.survey(&intent.needs_with(self.entries())) else { return };
        let meaning = explain::failed(intent, step, errno, &survey, self.entries());
        failure.text = meaning.text();
        report.instead = meaning.ways;
    }

    /// Ends a visit whose changes are meant to stay: workloads end, the journal is kept for `cgrove journal`, and no cleanup
    /// takes it back.
    ///
    /// # Errors
    /// The journal cannot be settled, or workloads do not end in time.
    pub fn settle(mut self) -> Result<(), Failure> {
        self.end_trial(false);
        let ended = self.supervisor.map_or(Ok(()), Supervisor::end_all);
        self.journal.map_or(Ok(()), Writer::settle).and(ended)
    }

    /// Takes back what visits left that did not come to their end; in a dry run only says what would be.
    ///
    /// # Errors
    /// If the machine cannot be read.
    pub fn clean_up(&mut self, dry_run: bool) -> Result<Cleanup> {
        let found = self.discover()?;
        let boot_id = journal::boot_id()?;
        let directories = &Mounts::new(found.hierarchies).held_by(self.holders.as_deref());
        let mut nobody = Nobody;
        let mut kernel = Kernel { directories, launcher: &mut nobody };
        let executor = (!dry_run).then_some(&mut kernel as &mut dyn Executor);
        Ok(cleanup_of(&journal::locations(), &boot_id, directories, executor, &is_left))
    }

    /// Says in the journal that what stands is kept on purpose: no later visit asks about it.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn keep(&mut self) -> Result<(), Failure> {
        let line = Line::Kept { time_ms: journal::now_ms() };
        self.journal.as_mut().map_or(Ok(()), |writer| writer.write(line))
    }

    /// Ends the visit: workloads end, the journal goes if nothing of it stands. Whether something stands.
    ///
    /// # Errors
    /// If workloads do not end in time (the supervisor goes on ending them).
    pub fn finish(mut self) -> Result<bool, Failure> {
        self.end_trial(false);
        let ended = self.supervisor.map_or(Ok(()), Supervisor::end_all);
        let stands = self.journal.is_some_and(Writer::finish);
        ended.map(|()| stands)
    }
}

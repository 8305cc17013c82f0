//! Affinity, nice value and policy of tasks: the values as they are, to be changed. Only what was changed is set.
use crossterm::event::{KeyCode, KeyEvent};

use crate::model::cpu_set::CpuSet;
use crate::model::id::TaskKey;
use crate::model::scheduling::{Attribute, NICE_MAX, NICE_MIN, PRIORITY_MAX};
use crate::model::task::{Policy, Task};
use crate::plan::intent::{Intent, Scope};

use super::super::change::{self, Ask};
use super::super::state::State;
use super::{Choice, Dialog, Face, Focus, Line, Reply, Tone};

/// The fields, in order.
const SCOPE: usize = 0;
const CPUS: usize = 1;
const NICE: usize = 2;
const POLICY: usize = 3;
const PRIORITY: usize = 4;
const FIELDS: usize = 5;

/// The policies to choose from.
const POLICIES: [Policy; 5] = [Policy::Other, Policy::Batch, Policy::Idle, Policy::Fifo, Policy::RoundRobin];

/// A change of scheduling that is being described.
#[derive(Clone, Debug)]
pub struct Scheduling {
    /// In words: "process 4242 (nginx)", "3 processes".
    what: String,
    /// The tasks, one of each process.
    tasks: Vec<TaskKey>,
    /// One row of many threads: the thread alone, or all.
    threads: usize,
    scope: Scope,
    /// Texts of CPUs, nice, priority; by field.
    texts: [String; FIELDS],
    policy: Option<Policy>,
    /// What stood there when it was opened: `None` where tasks differ.
    was: (Option<String>, Option<i8>, Option<(Policy, u8)>),
    /// Which field or, from `FIELDS` on, which answer has the focus.
    focus: usize,
    /// A field that was not typed into since it got the focus: what is typed replaces it.
    fresh: bool,
    error: Option<String>,
}

impl Scheduling {
    /// For these tasks; `scope` is what they were chosen as.
    #[must_use]
    pub fn new(state: &State, tasks: Vec<TaskKey>, scope: Scope, what: String) -> Self {
        let rows = members(state, &tasks, scope);
        let cpus = same(rows.iter().map(|task| task.allowed.value().map(ToString::to_string))).flatten();
        let nice = same(rows.iter().map(|task| task.nice));
        let policy = same(rows.iter().map(|task| (task.policy, task.rt_priority)));
        let processes: std::collections::BTreeSet<i32> = rows.iter().map(|task| task.tgid).collect();
        let all = members(state, &tasks, Scope::Process).len();
        let threads = if processes.len() == 1 { all } else { 0 };
        let priority = policy.filter(|(policy, _)| policy.is_real_time()).map_or(10, |(_, priority)| priority);
        let texts = [
            String::new(),
            cpus.clone().unwrap_or_default(),
            nice.map(|nice| nice.to_string()).unwrap_or_default(),
            String::new(),
            priority.to_string(),
        ];
        let chosen = policy.map(|(policy, _)| policy);
        let was = (cpus, nice, policy);
        Self { what, tasks, threads, scope, texts, policy: chosen, was, focus: NICE, fresh: true, error: None }
    }

    /// How it looks.
    #[must_use]
    pub fn face(&self, state: &State) -> Face {
        let ascii = state.setup.ascii;
        let marked = |text: &str| if ascii { format!("<{text}>") } else { format!("‹{text}›") };
        let arrows = if ascii { "left, right" } else { "← →" };
        let field = |n: usize, label: &str, value: &str, after: &str| {
            let text = format!("{label:<10}{value}{after}");
            let typed = self.focus == n && !matches!(n, SCOPE | POLICY);
            Line::toned(text, Tone::Field(typed.then(|| 10 + value.chars().count())))
        };
        let differ = |known: bool| if known { "" } else { "   they differ; empty: each as it is" };
        let scope = match (self.scope, self.threads) {
            (_, 0 | 1) => "its one thread".to_owned(),
            (Scope::Process, n) => format!("{}   {arrows}", marked(&format!("all {n} threads"))),
            (Scope::Thread, n) => format!("{}   {arrows}", marked(&format!("this thread of {n} alone"))),
        };
        let scope = if self.threads == 0 { "every thread of each".to_owned() } else { scope };
        let policies: Vec<String> = POLICIES
            .iter()
            .map(
                |&policy| if self.policy == Some(policy) { marked(&policy.to_string()) } else { format!(" {policy} ") },
            )
            .collect();
        let other = match self.was.2 {
            Some((policy, _)) if !POLICIES.contains(&policy) => format!("   is {policy}"),
            None => differ(false).to_owned(),
            _ => String::new(),
        };
        let real_time = self.policy.is_some_and(Policy::is_real_time);
        let priority = if real_time { self.texts[PRIORITY].as_str() } else { "-" };
        let mut lines = vec![
            field(SCOPE, "for", &scope, ""),
            field(CPUS, "CPUs", &self.texts[CPUS], &format!("{}{}", of_host(state), differ(self.was.0.is_some()))),
            field(
                NICE,
                "nice",
                &self.texts[NICE],
                if self.was.1.is_some() { "   -20 most … 19 least" } else { differ(false) },
            ),
            field(POLICY, "policy", policies.concat().trim_end(), &other),
            field(PRIORITY, "priority", priority, if real_time { "   1 … 99 the highest" } else { "" }),
        ];
        if ascii {
            for line in &mut lines {
                line.text = line.text.replace('…', "to");
            }
        }
        if let Some(error) = &self.error {
            lines.push(Line::toned(error.clone(), Tone::Warning));
        }
        Face {
            title: format!("scheduling of {}", self.what),
            lines,
            options: vec![Choice::new("set"), Choice::new("leave")],
            focus: if self.focus < FIELDS { Focus::Line(self.focus) } else { Focus::Option(self.focus - FIELDS) },
            foot: "↑↓ fields · Enter sets · Esc",
            ..Face::default()
        }
    }

    /// A key.
    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Reply {
        self.error = None;
        let text = matches!(self.focus, CPUS | NICE | PRIORITY);
        match key.code {
            KeyCode::Esc => return (None, Vec::new()),
            KeyCode::Enter if self.focus == FIELDS + 1 => return (None, Vec::new()),
            KeyCode::Enter => return self.set(state),
            KeyCode::Up | KeyCode::BackTab => self.step(false),
            KeyCode::Down | KeyCode::Tab => self.step(true),
            KeyCode::Left | KeyCode::Right if self.focus == SCOPE => {
                self.scope = if self.scope == Scope::Thread { Scope::Process } else { Scope::Thread };
                let rows = members(state, &self.tasks, self.scope);
                let again = Self::new(state, self.tasks.clone(), self.scope, self.what.clone());
                // What was typed stays; what was only shown is shown anew.
                if self.cpus().is_ok_and(|cpus| cpus.is_none()) {
                    self.texts[CPUS].clone_from(&again.texts[CPUS]);
                }
                if self.nice().is_ok_and(|nice| nice.is_none()) {
                    self.texts[NICE].clone_from(&again.texts[NICE]);
                }
                if !rows.is_empty() {
                    self.was = again.was;
                }
            }
            KeyCode::Left if self.focus == POLICY => self.choose_policy(false),
            KeyCode::Right if self.focus == POLICY => self.choose_policy(true),
            KeyCode::Left if self.focus >= FIELDS => self.focus = FIELDS,
            KeyCode::Right if self.focus >= FIELDS => self.focus = FIELDS + 1,
            KeyCode::Backspace if text => {
                self.texts[self.focus].pop();
                self.fresh = false;
            }
            KeyCode::Char(c) if text && self.texts[self.focus].len() < 200 => {
                if std::mem::take(&mut self.fresh) {
                    self.texts[self.focus].clear();
                }
                self.texts[self.focus].push(c);
            }
            _ => {}
        }
        (Some(Dialog::Schedule(self)), Vec::new())
    }

    fn choose_policy(&mut self, right: bool) {
        let at = self.policy.and_then(|policy| POLICIES.iter().position(|one| *one == policy));
        let next = match (at, right) {
            (None, _) => 0,
            (Some(at), true) => (at + 1).min(POLICIES.len() - 1),
            (Some(at), false) => at.saturating_sub(1),
        };
        self.policy = Some(POLICIES[next]);
    }

    /// A scope is only a field where there is a choice, a priority where the policy has one.
    fn step(&mut self, down: bool) {
        let before = self.focus;
        loop {
            let at = self.focus;
            self.focus = if down { (at + 1).min(FIELDS + 1) } else { at.saturating_sub(1) };
            let skipped = match self.focus {
                SCOPE => self.threads < 2,
                PRIORITY => !self.policy.is_some_and(Policy::is_real_time),
                _ => false,
            };
            if !skipped || self.focus == at {
                break;
            }
        }
        if self.focus == SCOPE && self.threads < 2 {
            self.focus = before;
        }
        self.fresh = self.focus != before;
    }

    /// An answer.
    pub(super) fn choose(self, state: &mut State, option: usize) -> Reply {
        if option == 0 { self.set(state) } else { (None, Vec::new()) }
    }

    fn set(mut self, state: &mut State) -> Reply {
        match self.attributes() {
            Ok(to) if to.is_empty() => {
                self.error = Some("nothing is changed yet".to_owned());
                (Some(Dialog::Schedule(self)), Vec::new())
            }
            Ok(to) => {
                let intent = Intent::Schedule { tasks: self.tasks, scope: self.scope, to };
                (None, change::begin(state, intent, Ask::AsPlanned))
            }
            Err(error) => {
                self.error = Some(error);
                (Some(Dialog::Schedule(self)), Vec::new())
            }
        }
    }

    /// What was changed.
    fn attributes(&self) -> Result<Vec<Attribute>, String> {
        let mut to: Vec<Attribute> = self.cpus()?.map(Attribute::Cpus).into_iter().collect();
        if let Some(policy) = self.policy {
            let priority = if policy.is_real_time() {
                let number = self.texts[PRIORITY].trim().parse().ok();
                let fits = number.filter(|number| (1..=PRIORITY_MAX).contains(number));
                fits.ok_or_else(|| format!("priority: 1 to {PRIORITY_MAX}"))?
            } else {
                0
            };
            if self.was.2 != Some((policy, priority)) {
                to.push(Attribute::Policy { policy, priority });
            }
        }
        to.extend(self.nice()?.map(Attribute::Nice));
        Ok(to)
    }

    fn cpus(&self) -> Result<Option<CpuSet>, String> {
        let text = self.texts[CPUS].trim();
        if self.was.0.as_deref() == Some(text) || text.is_empty() && self.was.0.is_none() {
            return Ok(None);
        }
        let set = CpuSet::parse(text).filter(|set| !set.is_empty());
        set.map(Some).ok_or_else(|| "CPUs: a list such as 0-3,5".to_owned())
    }

    fn nice(&self) -> Result<Option<i8>, String> {
        let text = self.texts[NICE].trim();
        if text.is_empty() && self.was.1.is_none() {
            return Ok(None);
        }
        let nice = text.parse().ok().filter(|nice| (NICE_MIN..=NICE_MAX).contains(nice));
        let nice = nice.ok_or_else(|| format!("nice: {NICE_MIN} to {NICE_MAX}"))?;
        Ok((self.was.1 != Some(nice)).then_some(nice))
    }
}

/// The CPUs of the host; which of them its cpuset has, the plan says.
fn of_host(state: &State) -> String {
    let online = state.snapshot().map(|snapshot| snapshot.host.online.to_string());
    online.map_or_else(String::new, |online| format!("   of {online}"))
}

/// The tasks that are meant, as the last frame has them.
fn members<'a>(state: &'a State, tasks: &[TaskKey], scope: Scope) -> Vec<&'a Task> {
    let Some(snapshot) = state.snapshot() else { return Vec::new() };
    let chosen: Vec<&Task> = tasks.iter().filter_map(|&key| snapshot.tasks.get(key)).collect();
    match scope {
        Scope::Thread => chosen,
        Scope::Process => {
            let is = |task: &&Task| chosen.iter().any(|one| one.tgid == task.tgid);
            snapshot.tasks.all().iter().filter(is).collect()
        }
    }
}

/// The one value that all have.
fn same<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

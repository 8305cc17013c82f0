//! What the processes of a run got, from snapshots.
//!
//! Each thread's `schedstat` counts for itself, over the two times at which that very counter was read; a process is the
//! sum of its threads. So it does not matter that a snapshot takes time, or when it was wanted.
use std::collections::{BTreeMap, HashMap};

use crate::model::bytes::escape;
use crate::model::cpu_set::CpuSet;
use crate::model::id::{Pid, TaskKey};
use crate::model::snapshot::Snapshot;
use crate::model::task::Task;
use crate::model::time::Mono;

/// CPU time of one thread, first and last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    first: (u64, Mono),
    last: (u64, Mono),
}

/// One process that is measured.
#[derive(Clone, Debug)]
struct Process {
    key: TaskKey,
    threads: BTreeMap<TaskKey, Counted>,
}

/// A measuring window over some processes.
#[derive(Clone, Debug)]
pub struct Window {
    since: Mono,
    until: Mono,
    processes: Vec<Process>,
    /// CPU time of everybody else in the first snapshot, to name who ran beside them.
    others: HashMap<TaskKey, (u64, Mono)>,
    /// Those who ran beside them on these CPUs, CPUs each: (amount, name).
    beside: Vec<(f64, String)>,
}

/// Why a window cannot be opened with a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotYet {
    /// Not all threads of this process are there (yet): how many of how many.
    Threads {
        /// The process.
        pid: Pid,
        /// Seen.
        seen: usize,
        /// Wanted.
        wanted: u32,
    },
    /// A counter could not be read.
    Counter {
        /// The process.
        pid: Pid,
    },
}

/// The threads of a process in a snapshot.
fn threads(snapshot: &Snapshot, process: TaskKey) -> impl Iterator<Item = &Task> {
    // Its leader tells whether the number is still that process.
    let same = snapshot.tasks.by_tid(process.tid).is_none_or(|leader| leader.key == process);
    snapshot.tasks.all().iter().filter(move |task| same && task.tgid == process.tid && task.state != 'Z')
}

impl Window {
    /// Opens a window. The counters of a task that sleeps may have been read some time before; they did not move since.
    ///
    /// # Errors
    /// [`NotYet`] while something is missing; try the next snapshot.
    pub fn open(snapshot: &Snapshot, wanted: &[Wanted]) -> Result<Self, NotYet> {
        let mut processes = Vec::with_capacity(wanted.len());
        for want in wanted {
            let pid = want.process.tid;
            let mut counted = BTreeMap::new();
            for task in threads(snapshot, want.process) {
                let Some((sched, at)) = task.sched.dated() else { return Err(NotYet::Counter { pid }) };
                let now = (sched.run_ns, at);
                counted.insert(task.key, Counted { first: now, last: now });
            }
            if counted.len() < want.threads as usize {
                return Err(NotYet::Threads { pid, seen: counted.len(), wanted: want.threads });
            }
            processes.push(Process { key: want.process, threads: counted });
        }
        let ours: Vec<Pid> = wanted.iter().map(|want| want.process.tid).collect();
        let others = snapshot
            .tasks
            .all()
            .iter()
            .filter(|task| !ours.contains(&task.tgid))
            .filter_map(|task| task.sched.dated().map(|(sched, at)| (task.key, (sched.run_ns, at))))
            .collect();
        Ok(Self { since: snapshot.at, until: snapshot.at, processes, others, beside: Vec::new() })
    }

    /// Takes a later snapshot in. `cpus` are those of the workloads: who ran on them is remembered.
    pub fn add(&mut self, snapshot: &Snapshot, cpus: &CpuSet) {
        self.until = self.until.max(snapshot.at);
        for process in &mut self.processes {
            for task in threads(snapshot, process.key) {
                let Some((sched, at)) = task.sched.dated() else { continue };
                let now = (sched.run_ns, at);
                process.threads.entry(task.key).or_insert(Counted { first: now, last: now }).last = now;
            }
        }
        self.beside = snapshot
            .tasks
            .all()
            .iter()
            .filter(|task| cpus.contains(task.last_cpu))
            .filter_map(|task| {
                let (sched, at) = task.sched.dated()?;
                let &(run, from) = self.others.get(&task.key)?;
                let cpus = rate((run, from), (sched.run_ns, at))?;
                Some((cpus, format!("{} (process {})", escape(&task.comm), task.tgid)))
            })
            .collect();
        self.beside.sort_by(|a, b| b.0.total_cmp(&a.0));
    }

    /// Processes that are not in a snapshot any more.
    #[must_use]
    pub fn gone(&self, snapshot: &Snapshot) -> Vec<Pid> {
        let gone = |process: &&Process| threads(snapshot, process.key).next().is_none();
        self.processes.iter().filter(gone).map(|process| process.key.tid).collect()
    }

    /// Seconds from the first to the last snapshot.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.until.seconds_since(self.since)
    }

    /// What each process got, in CPUs. `None` before a second snapshot.
    #[must_use]
    pub fn cpus(&self) -> Option<Vec<f64>> {
        if self.until <= self.since {
            return None;
        }
        let process = |process: &Process| {
            let threads = process.threads.values();
            threads.map(|counted| rate(counted.first, counted.last).unwrap_or_default()).sum()
        };
        Some(self.processes.iter().map(process).collect())
    }

    /// The process ids.
    #[must_use]
    pub fn pids(&self) -> Vec<Pid> {
        self.processes.iter().map(|process| process.key.tid).collect()
    }

    /// Who else ran on the workloads' CPUs: at most three, with 2 % of a CPU or more, the busiest first.
    #[must_use]
    pub fn beside(&self) -> Vec<String> {
        let worth = self.beside.iter().filter(|(cpus, _)| *cpus >= 0.02).take(3);
        worth.map(|(cpus, name)| format!("{name} {cpus:.2} CPUs")).collect()
    }
}

/// A process to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its identity.
    pub process: TaskKey,
    /// How many threads must be there at least.
    pub threads: u32,
}

/// CPU-seconds per second between two reads of one counter. `None` if they are one and the same read; a counter that went
/// back counts as 0.
fn rate(first: (u64, Mono), last: (u64, Mono)) -> Option<f64> {
    let seconds = last.1.seconds_since(first.1);
    (seconds > 0.0).then(|| last.0.saturating_sub(first.0) as f64 / 1e9 / seconds)
}

#[cfg(test)]
mod tests {
    use super::{Counted, NotYet, Wanted, Window, rate};
    use crate::experiment::run::fake::{snapshot, task};
    use crate::model::cpu_set::CpuSet;
    use crate::model::field::Field;
    use crate::model::id::TaskKey;
    use crate::model::task::Task;
    use crate::model::time::Mono;

    const S: u64 = 1_000_000_000;

    /// Thread `tid` of process 100 that had `run` ns when it was read at `at`.
    fn thread(tid: i32, run: u64, at: u64) -> Task {
        task(TaskKey { tid, start: 7 }, 100, run, at)
    }

    fn want(threads: u32) -> [Wanted; 1] {
        [Wanted { process: TaskKey { tid: 100, start: 7 }, threads }]
    }

    fn cpus(window: &Window) -> f64 {
        window.cpus().unwrap()[0]
    }

    #[test]
    fn each_thread_counts_between_its_own_reads() {
        let first = snapshot(S, vec![thread(100, 5 * S, S), thread(101, 0, S + S / 2)]);
        let mut window = Window::open(&first, &want(2)).unwrap();
        assert_eq!(window.cpus(), None, "one snapshot is no window");
        // 1 s of 2 s, and 0.5 s of 1 s: both half a CPU, though both were read at other times than the snapshots.
        window
            .add(&snapshot(3 * S, vec![thread(100, 6 * S, 3 * S), thread(101, S / 2, 2 * S + S / 2)]), &CpuSet::one(0));
        assert!((cpus(&window) - 1.0).abs() < 1e-9, "{}", cpus(&window));
        assert_eq!((window.seconds().to_bits(), window.pids()), (2_f64.to_bits(), vec![100]));
    }

    #[test]
    fn a_thread_that_ended_keeps_what_it_had_and_a_new_one_counts_from_its_first_read() {
        let mut window = Window::open(&snapshot(0, vec![thread(100, 0, 0), thread(101, 0, 0)]), &want(2)).unwrap();
        window.add(
            &snapshot(S, vec![thread(100, S / 4, S), thread(101, S / 4, S), thread(102, 9 * S, S)]),
            &CpuSet::one(0),
        );
        window
            .add(&snapshot(2 * S, vec![thread(100, S / 2, 2 * S), thread(102, 9 * S + S / 2, 2 * S)]), &CpuSet::one(0));
        // .25 of thread 100; .25 of 101 over its one second; .5 of 102, whose 9 s before do not count.
        assert!((cpus(&window) - 1.0).abs() < 1e-9, "{}", cpus(&window));
    }

    #[test]
    fn what_is_missing_is_said() {
        let one = snapshot(0, vec![thread(100, 0, 0)]);
        assert_eq!(Window::open(&one, &want(2)).unwrap_err(), NotYet::Threads { pid: 100, seen: 1, wanted: 2 });
        let unread = Task { sched: Field::Unread, ..thread(100, 0, 0) };
        assert_eq!(Window::open(&snapshot(0, vec![unread]), &want(1)).unwrap_err(), NotYet::Counter { pid: 100 });
    }

    #[test]
    fn another_process_of_the_same_number_is_another() {
        let other = Task { key: TaskKey { tid: 100, start: 8 }, ..thread(100, 0, 0) };
        let reused = snapshot(S, vec![other]);
        assert!(matches!(Window::open(&reused, &want(1)), Err(NotYet::Threads { seen: 0, .. })));
        let window = Window::open(&snapshot(0, vec![thread(100, 0, 0)]), &want(1)).unwrap();
        assert_eq!(window.gone(&reused), [100]);
        assert!(window.gone(&snapshot(S, vec![thread(100, 0, S)])).is_empty());
        let zombie = Task { state: 'Z', ..thread(100, 0, S) };
        assert_eq!(window.gone(&snapshot(S, vec![zombie])), [100]);
    }

    #[test]
    fn rates_need_two_reads_and_never_run_backwards() {
        assert_eq!(rate((5, Mono(7)), (9, Mono(7))), None);
        assert_eq!(rate((5, Mono(0)), (3, Mono(S))).map(f64::to_bits), Some(0_f64.to_bits()));
        let counted = Counted { first: (0, Mono(0)), last: (S, Mono(4 * S)) };
        assert_eq!(rate(counted.first, counted.last).map(f64::to_bits), Some(0.25_f64.to_bits()));
    }
}

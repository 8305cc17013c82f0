//! Random experiments on one CPU, predicted, and solved a second time by the textbook's way: each group divides what it
//! has among those who want it, by weight; who wants less than its part gets that, and the rest is divided again.
use cgrove::experiment::parse::{Options, parse};
use cgrove::experiment::predict::predict;
use cgrove::model::hierarchy::Version;
use proptest::prelude::*;

/// A group with workloads and groups in it.
#[derive(Clone, Debug)]
struct Group {
    weight: Option<u32>,
    quota_percent: Option<u32>,
    idle: bool,
    workloads: Vec<Workload>,
    children: Vec<Group>,
}

/// Equal processes.
#[derive(Clone, Copy, Debug)]
struct Workload {
    count: u32,
    threads: u32,
    nice: i8,
    duty_percent: u32,
    held: bool,
}

fn workload() -> impl Strategy<Value = Workload> {
    let duty = prop_oneof![3 => Just(100_u32), 1 => 1..=100_u32];
    (1..=3_u32, 1..=2_u32, prop_oneof![2 => Just(0_i8), 1 => -20..=19_i8], duty, prop::bool::weighted(0.1))
        .prop_map(|(count, threads, nice, duty_percent, held)| Workload { count, threads, nice, duty_percent, held })
}

fn group() -> impl Strategy<Value = Group> {
    let one = |children: BoxedStrategy<Vec<Group>>| {
        (
            prop::option::weighted(0.8, 2..=10_000_u32),
            prop::option::weighted(0.3, 1..=120_u32),
            prop::bool::weighted(0.1),
            prop::collection::vec(workload(), 0..3),
            children,
        )
            .prop_map(|(weight, quota_percent, idle, workloads, children)| Group {
                weight,
                quota_percent,
                idle,
                workloads,
                children,
            })
    };
    one(Just(Vec::new()).boxed()).prop_recursive(3, 24, 4, move |inner| one(prop::collection::vec(inner, 0..4).boxed()))
}

/// The file of an experiment.
fn file(groups: &[Group]) -> String {
    let names: Vec<String> = (0..groups.len()).map(|index| format!("g{index}")).collect();
    let mut queue: Vec<(String, &Group)> = names.into_iter().zip(groups).collect();
    let mut lines = vec!["cpus = [0]".to_owned()];
    let mut workloads = Vec::new();
    while let Some((path, group)) = queue.pop() {
        lines.push(format!("[[group]]\npath = \"{path}\"\nidle = {}", group.idle));
        lines.extend(group.weight.map(|weight| format!("weight = {weight}")));
        lines.extend(group.quota_percent.map(|percent| format!("quota = {}", f64::from(percent) / 100.0)));
        workloads.extend(group.workloads.iter().map(|w| {
            let Workload { count, threads, nice, duty_percent, held } = w;
            let duty = f64::from(*duty_percent) / 100.0;
            format!(
                "[[workload]]\ngroup = \"{path}\"\ncount = {count}\nthreads = {threads}\nnice = {nice}\nduty = {duty}\n\
                 held = {held}"
            )
        }));
        queue.extend(group.children.iter().enumerate().map(|(index, child)| (format!("{path}/g{index}"), child)));
    }
    lines.extend(workloads);
    lines.join("\n")
}

/// Who competes in a group: weight, what it wants, and the path of a group (or none for a task).
enum Rival<'a> {
    Task(f64, f64),
    Group(f64, String, &'a Group),
}

fn demand(group: &Group) -> f64 {
    let own: f64 = group.workloads.iter().map(|w| f64::from(w.count * w.threads) * wants(w)).sum();
    let below: f64 = group.children.iter().map(demand).sum();
    let quota = group.quota_percent.map_or(f64::INFINITY, |percent| f64::from(percent) / 100.0);
    (own + below).min(quota)
}

fn wants(w: &Workload) -> f64 {
    if w.held { 0.0 } else { f64::from(w.duty_percent) / 100.0 }
}

/// The kernel's nice weights, from its documentation: 1024 at 0, and the table's values around it.
fn nice_weight(nice: i8) -> f64 {
    const TABLE: [f64; 40] = [
        88761.0, 71755.0, 56483.0, 46273.0, 36291.0, 29154.0, 23254.0, 18705.0, 14949.0, 11916.0, 9548.0, 7620.0,
        6100.0, 4904.0, 3906.0, 3121.0, 2501.0, 1991.0, 1586.0, 1277.0, 1024.0, 820.0, 655.0, 526.0, 423.0, 335.0,
        272.0, 215.0, 172.0, 137.0, 110.0, 87.0, 70.0, 56.0, 45.0, 36.0, 29.0, 23.0, 18.0, 15.0,
    ];
    TABLE[usize::try_from(i32::from(nice) + 20).unwrap_or(20)]
}

fn group_weight(group: &Group, version: Version) -> f64 {
    match (group.idle, version) {
        (true, _) => 3.0,
        (false, Version::V1) => f64::from(group.weight.unwrap_or(1024)),
        (false, Version::V2) => (f64::from(group.weight.unwrap_or(100)) * 1024.0 / 100.0).round(),
    }
}

/// Divides `cap` among the rivals; what each group gets is noted.
fn divide(rivals: Vec<Rival<'_>>, cap: f64, version: Version, owed: &mut Vec<(String, f64)>) {
    let wants: Vec<f64> = rivals
        .iter()
        .map(|rival| match rival {
            Rival::Task(_, wants) => *wants,
            Rival::Group(_, _, group) => demand(group),
        })
        .collect();
    let weight = |index: usize| match &rivals[index] {
        Rival::Task(weight, _) | Rival::Group(weight, ..) => *weight,
    };
    let mut got = vec![0.0; rivals.len()];
    let mut open: Vec<usize> = (0..rivals.len()).filter(|&index| wants[index] > 0.0).collect();
    let mut cap = cap;
    while !open.is_empty() {
        let all: f64 = open.iter().map(|&index| weight(index)).sum();
        let (satisfied, rest): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|&&index| wants[index] <= cap * weight(index) / all + 1e-12);
        if satisfied.is_empty() {
            for index in rest {
                got[index] = cap * weight(index) / all;
            }
            break;
        }
        for &index in &satisfied {
            got[index] = wants[index];
            cap = (cap - wants[index]).max(0.0);
        }
        open = rest;
    }
    for (rival, got) in rivals.into_iter().zip(got) {
        if let Rival::Group(_, path, group) = rival {
            owed.push((path.clone(), got));
            let tasks = group
                .workloads
                .iter()
                .flat_map(|w| (0..w.count * w.threads).map(move |_| Rival::Task(nice_weight(w.nice), self::wants(w))));
            let children =
                group.children.iter().enumerate().map(|(index, child)| {
                    Rival::Group(group_weight(child, version), format!("{path}/g{index}"), child)
                });
            divide(tasks.chain(children).collect(), got, version, owed);
        }
    }
}

fn tasks(group: &Group) -> u32 {
    let own: u32 = group.workloads.iter().map(|w| w.count * w.threads).sum();
    own + group.children.iter().map(tasks).sum::<u32>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn predictions_agree(groups in prop::collection::vec(group(), 1..4), v2 in any::<bool>()) {
        prop_assume!((1..=256).contains(&groups.iter().map(tasks).sum::<u32>()));
        let version = if v2 { Version::V2 } else { Version::V1 };
        let text = file(&groups);
        let experiment = parse(text.as_bytes(), Options::default()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let report = predict(experiment, Some(version)).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let top = groups.iter().enumerate().map(|(index, g)| Rival::Group(group_weight(g, version), format!("g{index}"), g));
        let mut owed = Vec::new();
        divide(top.collect(), 1.0, version, &mut owed);
        prop_assert_eq!(owed.len(), report.groups.len());
        for (path, owed) in owed {
            let row = report.groups.iter().find(|row| row.path == path).expect("a row a group");
            prop_assert!((row.expected_cpus - owed).abs() < 1e-5, "{}: {} or {}\n{}", path, row.expected_cpus, owed, text);
        }
        // Parts of all, and the sums of what is below.
        let all: f64 = report.workloads.iter().map(|w| w.expected_cpus).sum();
        if all > 1e-6 {
            let parts: f64 = report.workloads.iter().filter_map(|w| w.expected).sum();
            prop_assert!((parts - 1.0).abs() < 1e-3, "{}\n{}", parts, text);
        }
        let configured: f64 = report.groups.iter().filter(|g| !g.path.contains('/')).map(|g| g.configured).sum();
        prop_assert!((configured - 1.0).abs() < 1e-5);
    }
}

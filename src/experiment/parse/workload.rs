//! `[[workload]]` and `cpus`: who runs where.
use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::experiment::cpus::{CpuName, CpuSpec};
use crate::experiment::error::FileError;
use crate::experiment::file::{GroupSpec, WorkloadSpec};
use crate::experiment::reader::{At, Problems, Reader, closest, describe, number, show};
use crate::model::cpu_set::MAX_CPU;
use crate::model::workload::Spin;

use super::{MOST_TASKS, MOST_TASKS_FORCED, Options};

/// The workloads. Groups are looked up only if all of them could be read (`complete`).
pub(super) fn workloads(
    top: &Reader<'_, '_>,
    text: &str,
    groups: &[GroupSpec],
    complete: bool,
    cpus: &CpuSpec,
    options: Options,
    problems: &Problems,
) -> Vec<WorkloadSpec> {
    let index: BTreeMap<&str, usize> = groups.iter().map(|group| &*group.path).zip(0..).collect();
    let names: Vec<&str> = groups.iter().map(|group| &*group.path).collect();
    let mut tasks = 0_u64;
    let mut workloads = Vec::new();
    for table in top.tables("workload") {
        let Some((mut workload, group)) = workload(&table, text, cpus, problems) else { continue };
        match index.get(group.value) {
            Some(&index) => workload.group = index,
            None if !complete => continue,
            None => {
                let hint = closest(group.value, &names).map_or_else(
                    || format!("add [[group]] with path = \"{}\"", show(group.value)),
                    |name| format!("did you mean \"{}\"?", show(name)),
                );
                top.problem(group.offset, format!("there is no group \"{}\": {hint}", show(group.value)));
                continue;
            }
        }
        let before = tasks;
        tasks = tasks.saturating_add(u64::from(workload.count).saturating_mul(u64::from(workload.spin.threads)));
        let most = if options.force { MOST_TASKS_FORCED } else { MOST_TASKS };
        if tasks > most && before <= most {
            let way = if options.force { "" } else { "; --force allows more" };
            top.problem(table.offset, format!("with this workload there are {tasks} tasks: at most {most}{way}"));
        }
        workloads.push(workload);
    }
    workloads
}

/// A workload and the path of its group; its `group` is still to be set.
fn workload<'t>(
    table: &At<&'t DeTable<'_>>,
    text: &str,
    cpus: &CpuSpec,
    problems: &'t Problems,
) -> Option<(WorkloadSpec, At<&'t str>)> {
    const KEYS: [&str; 8] = ["group", "kind", "count", "threads", "nice", "cpus", "duty", "held"];
    let workload = Reader::new(table.value, table.offset, "[[workload]]", &KEYS, problems);
    if let Some(kind) = workload.text("kind").filter(|kind| kind.value != "spin") {
        let message = format!("`kind` is \"{}\": it must be \"spin\"", show(kind.value));
        workload.problem(kind.offset, message);
    }
    let count = workload.whole("count", &(1..=MOST_TASKS_FORCED.cast_signed()), " processes");
    let threads = workload.whole("threads", &(1..=MOST_TASKS_FORCED.cast_signed()), " threads");
    let nice = workload.whole("nice", &(-20..=19), "");
    let held = workload.boolean("held").unwrap_or(false);
    let duty = workload.number("duty", "above 0 and at most 1 (0.000001 at the least)", |n| (1e-6..=1.0).contains(&n));
    let own = cpus_of(&workload);
    let group = workload.required_text("group", "cg1")?;
    let whole = |at: Option<At<i64>>| at.and_then(|at| u32::try_from(at.value).ok()).unwrap_or(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 1000000, just checked")]
    let duty_millionths = duty.map_or(1_000_000, |duty| (duty.value * 1e6).round() as u32);
    let spec = WorkloadSpec {
        group: 0,
        line: FileError::at(text, table.offset, String::new()).line,
        spin: Spin { threads: whole(threads), duty_millionths },
        count: whole(count),
        nice: nice.and_then(|nice| i8::try_from(nice.value).ok()).unwrap_or(0),
        cpus: own.unwrap_or_else(|| cpus.clone()),
        held,
    };
    Some((spec, group))
}

/// The `cpus` of a table; `None` if it has none, or wrong ones.
pub(super) fn cpus_of(table: &Reader<'_, '_>) -> Option<CpuSpec> {
    let value = table.get("cpus")?;
    let offset = value.span().start;
    let expected = "a list of CPU numbers such as [0, 1], or \"first\" or \"quiet\"";
    match value.get_ref() {
        DeValue::String(text) => match CpuSpec::from_text(text) {
            Ok(spec) => Some(spec),
            Err(message) => {
                table.problem(offset, message);
                None
            }
        },
        DeValue::Array(array) if array.is_empty() => {
            table.problem(offset, format!("`cpus` is empty: it must be {expected}"));
            None
        }
        DeValue::Array(array) => array
            .iter()
            .map(|element| {
                let name = match element.get_ref() {
                    DeValue::Integer(cpu) => number(cpu)
                        .and_then(|cpu| u32::try_from(cpu).ok())
                        .filter(|&cpu| cpu <= MAX_CPU)
                        .map(CpuName::Number),
                    DeValue::String(text) => CpuName::from_text(text),
                    _ => None,
                };
                if name.is_none() {
                    let found = describe(element.get_ref());
                    table.problem(element.span().start, format!("`cpus` holds {found}: it must be {expected}"));
                }
                name
            })
            .collect::<Option<Vec<_>>>()
            .map(CpuSpec),
        other => table.wrong("cpus", expected, value.span(), other),
    }
}

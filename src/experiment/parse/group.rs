//! `[[group]]`: one group of an experiment, and the parents that the file does not list.
use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::experiment::error::FileError;
use crate::experiment::file::GroupSpec;
use crate::experiment::names::{Settable, check_path, check_setting};
use crate::experiment::reader::{At, Problems, Reader, describe, number, show};
use crate::experiment::weights::range_of;
use crate::model::cgroup::Quota;
use crate::model::hierarchy::Version;
use crate::plan::intent::Setting;

/// A group of the file, before parents are filled in.
pub(super) struct Listed {
    spec: GroupSpec,
    offset: usize,
}

/// Reads one `[[group]]`; `None` if it has no usable path.
pub(super) fn group(
    table: &At<&DeTable<'_>>,
    text: &str,
    version: Option<Version>,
    problems: &Problems,
) -> Option<Listed> {
    const KEYS: [&str; 6] = ["path", "weight", "quota", "period_ms", "idle", "set"];
    let group = Reader::new(table.value, table.offset, "[[group]]", &KEYS, problems);
    let (range, file) = range_of(version);
    let weight = group.whole("weight", &range, file);
    let quota = quota(&group);
    let idle = group.boolean("idle").unwrap_or(false);
    let set = settings(&group);
    let path = group.required_text("path", "cg1")?;
    if let Err(message) = check_path(path.value) {
        group.problem(path.offset, message);
        return None;
    }
    let line = FileError::at(text, table.offset, String::new()).line;
    let spec = GroupSpec {
        path: path.value.to_owned(),
        parent: None,
        line: Some(line),
        weight: weight.and_then(|weight| u64::try_from(weight.value).ok()),
        quota,
        idle,
        set,
    };
    Some(Listed { spec, offset: path.offset })
}

/// `quota` and `period_ms`.
fn quota(group: &Reader<'_, '_>) -> Option<Quota> {
    const MOST_CPUS: f64 = 8192.0;
    let period = group.number("period_ms", "1 to 1000 milliseconds", |n| (1.0..=1000.0).contains(&n));
    let quota = group.number("quota", "above 0, at most 8192 CPUs", |n| n > 0.0 && n <= MOST_CPUS);
    if let (Some(period), None) = (&period, group.get("quota")) {
        group.problem(period.offset, "`period_ms` is the period of a `quota`, and this group has none");
    }
    let quota = quota?;
    let period_us = micros(period.map_or(100.0, |period| period.value));
    let quota_us = micros(quota.value * period_us as f64 / 1000.0);
    if quota_us < 1000 {
        let message = format!(
            "`quota` is {} CPUs, {quota_us} µs of each period of {period_us} µs: the kernel takes 1000 µs or more",
            quota.value
        );
        group.problem(quota.offset, message);
        return None;
    }
    Some(Quota { quota_us: Some(quota_us), period_us })
}

/// `[group.set]`, in the order of the file.
fn settings(group: &Reader<'_, '_>) -> Vec<Setting> {
    let Some(value) = group.get("set") else { return Vec::new() };
    let DeValue::Table(table) = value.get_ref() else {
        group.wrong::<()>("set", "a table: write [group.set]", value.span(), value.get_ref());
        return Vec::new();
    };
    let mut settings: Vec<(usize, Setting)> = Vec::new();
    for (key, value) in table {
        let offset = key.span().start;
        let name = key.get_ref();
        let data = match value.get_ref() {
            DeValue::String(data) => data.to_string(),
            DeValue::Integer(integer) => {
                let Some(number) = number(integer) else {
                    group.problem(value.span().start, format!("{integer} does not fit in 64 bits"));
                    continue;
                };
                number.to_string()
            }
            DeValue::Table(inner) => {
                let file = inner.keys().next().map_or_else(String::new, |key| show(key.get_ref()));
                group.problem(offset, format!("the name of a file stands in quotes: \"{}.{file}\"", show(name)));
                continue;
            }
            other => {
                let message = format!("`{}` is {}: it must be what to write, in quotes", show(name), describe(other));
                group.problem(value.span().start, message);
                continue;
            }
        };
        match check_setting(name, &data) {
            Settable::Yes => {
                settings.push((offset, Setting { file: (&**name).into(), data: data.into_bytes().into() }));
            }
            Settable::NoFile(message) => group.problem(offset, message),
            Settable::NoData(message) => group.problem(value.span().start, message),
        }
    }
    settings.sort_by_key(|(offset, _)| *offset);
    settings.into_iter().map(|(_, setting)| setting).collect()
}

/// The groups with the parents that the file does not list, parents first.
pub(super) fn with_parents(listed: Vec<Listed>, problems: &Problems) -> Vec<GroupSpec> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (index, group) in listed.iter().enumerate() {
        if let Some(&other) = first.get(&group.spec.path) {
            let line = listed[other].spec.line.unwrap_or_default();
            let message = format!("\"{}\" stands twice: it is in line {line} already", show(&group.spec.path));
            problems.add(group.offset, message);
        } else {
            first.insert(group.spec.path.clone(), index);
        }
    }
    let order: Vec<String> = listed.iter().map(|group| group.spec.path.clone()).collect();
    let mut specs: Vec<Option<GroupSpec>> = listed.into_iter().map(|group| Some(group.spec)).collect();
    let mut groups: Vec<GroupSpec> = Vec::new();
    let mut placed: BTreeMap<String, usize> = BTreeMap::new();
    for path in &order {
        let mut parent = None;
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for prefix in ends.map(|end| &path[..end]) {
            if let Some(&index) = placed.get(prefix) {
                parent = Some(index);
                continue;
            }
            let mut spec = first.get(prefix).and_then(|&index| specs[index].take()).unwrap_or_else(|| GroupSpec {
                path: prefix.to_owned(),
                parent: None,
                line: None,
                weight: None,
                quota: None,
                idle: false,
                set: Vec::new(),
            });
            spec.parent = parent;
            parent = Some(groups.len());
            placed.insert(prefix.to_owned(), groups.len());
            groups.push(spec);
        }
    }
    groups
}

/// Milliseconds as whole microseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "callers pass 0 to 8192000 ms")]
fn micros(ms: f64) -> u64 {
    (ms * 1000.0).round() as u64
}

//! Files of several lines: what the number behind a key counts, and a line in words.
use super::{Entry, Format, Unit, human_bytes, human_time_us};

/// Keys of `memory.stat` that count events; all others are bytes.
const EVENTS: &[&str] =
    &["pg", "workingset_", "thp_", "zswpin", "zswpout", "zswpwb", "swpin", "swpout", "numa_", "oom"];

/// What the number behind `key` counts, where that is known.
#[must_use]
pub fn unit_of(entry: &Entry, key: &str) -> Option<Unit> {
    if key.ends_with("_usec") {
        return Some(Unit::Us);
    }
    match (&*entry.name, key) {
        ("cpu.stat" | "cpu.stat.local", "throttled_time" | "burst_time" | "wait_sum") => Some(Unit::Ns),
        ("memory.stat", key) => {
            let own = key.strip_prefix("total_").unwrap_or(key);
            (!EVENTS.iter().any(|prefix| own.starts_with(prefix))).then_some(Unit::Bytes)
        }
        ("io.stat", "rbytes" | "wbytes" | "dbytes") | ("io.max", "rbps" | "wbps") => Some(Unit::Bytes),
        (_, "total") if entry.format == Format::Pressure => Some(Unit::Us),
        ("cgroup.stat", _) => Some(Unit::Groups),
        _ => None,
    }
}

/// One line of a file in words, where that says more than the line: `throttled_time 1500000` is "1.5 ms".
#[must_use]
pub fn human_line(entry: &Entry, line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let key = words.next()?;
    let rest: Vec<&str> = words.collect();
    if let [value] = rest.as_slice()
        && let Ok(number) = value.parse::<u64>()
    {
        if &*entry.name == "cpuacct.stat" {
            // Hundredths of a second: USER_HZ is 100 on every kernel.
            return Some(human_time_us(number.saturating_mul(10_000)));
        }
        if entry.name.starts_with("blkio.throttle.") && entry.name.contains("_bps_") {
            return Some(match number {
                0 => "no limit".to_owned(),
                number => format!("{} a second", human_bytes(number)),
            });
        }
        return amount(unit_of(entry, key)?, number);
    }
    // Nested: "8:0 rbytes=4096 wbytes=0".
    let parts: Vec<String> = rest
        .iter()
        .filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            let said = amount(unit_of(entry, name)?, value.parse().ok()?)?;
            Some(format!("{name} {said}"))
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn amount(unit: Unit, number: u64) -> Option<String> {
    match unit {
        Unit::Us => Some(human_time_us(number)),
        Unit::Ns => Some(human_time_us(number / 1000)),
        // v1 prints "no limit" as the largest multiple of its page size.
        Unit::Bytes if number >= 1 << 62 => Some("no limit".to_owned()),
        Unit::Bytes => Some(human_bytes(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry_for;
    use super::human_line;
    use crate::model::hierarchy::Version::{self, V1, V2};

    fn say(version: Version, file: &str, line: &str) -> Option<String> {
        human_line(entry_for(version, file).unwrap(), line)
    }

    #[test]
    fn lines_in_words() {
        for (version, file, line, words) in [
            (V2, "cpu.stat", "usage_usec 1500000", Some("1.5 s")),
            (V2, "cpu.stat", "nr_throttled 5", None),
            (V1, "cpu.stat", "throttled_time 1500000", Some("1.5 ms")),
            (V1, "cpuacct.stat", "user 250", Some("2.5 s")),
            (V2, "memory.stat", "anon 4096", Some("4 KiB")),
            (V2, "memory.stat", "pgfault 4096", None),
            (V1, "memory.stat", "total_rss 1048576", Some("1 MiB")),
            (V1, "memory.stat", "total_pgfault 9", None),
            (V1, "memory.stat", "hierarchical_memory_limit 9223372036854771712", Some("no limit")),
            (V2, "io.stat", "8:0 rbytes=4096 wbytes=0 rios=1", Some("rbytes 4 KiB, wbytes 0 bytes")),
            (V2, "cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500", Some("total 2.5 ms")),
            (V1, "blkio.throttle.read_bps_device", "8:0 1048576", Some("1 MiB a second")),
            (V1, "memory.oom_control", "under_oom 0", None),
        ] {
            assert_eq!(say(version, file, line).as_deref(), words, "{file}: {line}");
        }
    }
}

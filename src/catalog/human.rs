//! A value in words.
use super::{Entry, Format, Unit};

/// The value `value` of `entry` in words that say what it means: "20 ms of every 100 ms = 0.2 CPU", "1024 = the default
/// weight". A value that is not of the entry's format comes back as it is.
#[must_use]
pub fn human(entry: &Entry, value: &str) -> String {
    let value = value.trim();
    words(entry, value).unwrap_or_else(|| value.to_owned())
}

fn words(entry: &Entry, value: &str) -> Option<String> {
    match entry.format {
        Format::Flag => match value {
            "0" => Some("0 = off".to_owned()),
            "1" => Some("1 = on".to_owned()),
            _ => None,
        },
        Format::QuotaPair => {
            let mut parts = value.split_ascii_whitespace();
            let quota = parts.next()?;
            let period = parts.next().map_or(Some(100_000), |period| period.parse().ok())?;
            let quota = if quota == "max" { None } else { Some(quota.parse().ok()?) };
            Some(human_quota(quota, period))
        }
        Format::Quota => {
            let quota: i64 = value.parse().ok()?;
            Some(match u64::try_from(quota) {
                Ok(quota) => format!("{} each period", human_time_us(quota)),
                Err(_) => "no limit".to_owned(),
            })
        }
        Format::List if value.is_empty() => Some(match entry.versions.as_slice() {
            [2] => "empty: those of the parent".to_owned(),
            _ => "empty: no task may enter".to_owned(),
        }),
        Format::Max | Format::MaxBytes if value == "max" => Some("no limit".to_owned()),
        Format::List => {
            let set = crate::model::cpu_set::CpuSet::parse(value)?;
            let (one, many) = if entry.unit == Some(Unit::Nodes) { ("node", "nodes") } else { ("CPU", "CPUs") };
            Some(format!("{value} = {} {}", set.len(), if set.len() == 1 { one } else { many }))
        }
        Format::Number | Format::Signed | Format::Max | Format::Bytes | Format::MaxBytes => number(entry, value),
        _ => None,
    }
}

fn number(entry: &Entry, value: &str) -> Option<String> {
    match entry.unit? {
        Unit::Weight => {
            let weight: u64 = value.parse().ok()?;
            let default: u64 = entry.default.as_deref()?.parse().ok()?;
            Some(match weight {
                weight if weight == default => format!("{weight} = the default weight"),
                weight => format!("{weight} = {} of the default weight", short(weight as f64 / default as f64)),
            })
        }
        Unit::Us => Some(human_time_us(value.parse().ok()?)),
        Unit::Ns => Some(human_time_us(value.parse::<u64>().ok()? / 1000)),
        // v1 prints "no limit" as the largest multiple of its page size; pages are at most 64 KiB.
        Unit::Bytes => Some(match value.parse::<i64>().ok()? {
            bytes if !(0..i64::MAX - 65_535).contains(&bytes) => "no limit".to_owned(),
            bytes => human_bytes(u64::try_from(bytes).ok()?),
        }),
        Unit::Class => {
            let class: u32 = value.parse().ok()?;
            Some(if class == 0 {
                "no class".to_owned()
            } else {
                format!("class {:x}:{:x} of tc, 0x{class:08x}", class >> 16, class & 0xffff)
            })
        }
        Unit::Tasks | Unit::Levels | Unit::Groups => {
            let number: u64 = value.parse().ok()?;
            let word = entry.unit?.word();
            Some(format!("{number} {}", if number == 1 { word.strip_suffix('s')? } else { word }))
        }
        _ => None,
    }
}

/// A bandwidth limit in words: "20 ms of every 100 ms = 0.2 CPU".
#[must_use]
pub fn human_quota(quota_us: Option<u64>, period_us: u64) -> String {
    match quota_us {
        None => "no limit".to_owned(),
        Some(quota) => {
            let cpus = short(quota as f64 / period_us.max(1) as f64);
            let word = if cpus.parse::<f64>().is_ok_and(|cpus| cpus > 1.0) { "CPUs" } else { "CPU" };
            format!("{} of every {} = {cpus} {word}", human_time_us(quota), human_time_us(period_us))
        }
    }
}

/// Microseconds in the unit that needs no leading zeros: "600 us", "20 ms", "1.5 s", "2 h 5 min".
#[must_use]
pub fn human_time_us(us: u64) -> String {
    match us {
        0..1000 => format!("{us} us"),
        1000..1_000_000 => format!("{} ms", short(us as f64 / 1e3)),
        1_000_000..60_000_000 => format!("{} s", short(us as f64 / 1e6)),
        60_000_000..3_600_000_000 => format!("{} min {} s", us / 60_000_000, us / 1_000_000 % 60),
        _ => format!("{} h {} min", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}

/// Bytes in the largest binary unit of which there is at least one: "512 bytes", "4 KiB", "1.5 GiB".
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{} {}", short(size), UNITS[unit])
}

/// At most two decimals, none that are zero; very small values keep one digit that counts.
fn short(value: f64) -> String {
    let text = if value != 0.0 && value.abs() < 0.01 { format!("{value:.4}") } else { format!("{value:.2}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{entry, entry_for};
    use super::*;
    use crate::model::hierarchy::Version;

    #[test]
    fn values_in_words() {
        let say = |name: &str, value: &str| human(entry(name).unwrap(), value);
        assert_eq!(say("cpu.shares", "1024\n"), "1024 = the default weight");
        assert_eq!(say("cpu.shares", "512"), "512 = 0.5 of the default weight");
        assert_eq!(say("cpu.weight", "300"), "300 = 3 of the default weight");
        assert_eq!(say("cpu.shares", "2"), "2 = 0.002 of the default weight");
        assert_eq!(say("cpu.max", "20000 100000"), "20 ms of every 100 ms = 0.2 CPU");
        assert_eq!(say("cpu.max", "150000 100000"), "150 ms of every 100 ms = 1.5 CPUs");
        assert_eq!(say("cpu.max", "max 100000"), "no limit");
        assert_eq!(say("cpu.cfs_quota_us", "-1"), "no limit");
        assert_eq!(say("cpu.cfs_quota_us", "20000"), "20 ms each period");
        assert_eq!(say("memory.max", "1572864"), "1.5 MiB");
        assert_eq!(say("memory.limit_in_bytes", "9223372036854771712"), "no limit");
        assert_eq!(say("pids.max", "max"), "no limit");
        assert_eq!(say("pids.max", "1"), "1 task");
        assert_eq!(say("cpu.idle", "1"), "1 = on");
        assert_eq!(say("cpuset.cpus", "0-1\n"), "0-1 = 2 CPUs");
        assert_eq!(say("cpuset.cpus", ""), "empty: those of the parent");
        assert_eq!(human(entry_for(Version::V1, "cpuset.cpus").unwrap(), "\n"), "empty: no task may enter");
    }

    #[test]
    fn what_is_not_of_the_format_stays_as_it_is() {
        assert_eq!(human(entry("cpu.shares").unwrap(), "many"), "many");
        assert_eq!(human(entry("cpu.max").unwrap(), "a b"), "a b");
        assert_eq!(human(entry("freezer.state").unwrap(), "FROZEN"), "FROZEN");
    }

    #[test]
    fn times_and_sizes() {
        assert_eq!(human_time_us(999), "999 us");
        assert_eq!(human_time_us(1_500_000), "1.5 s");
        assert_eq!(human_time_us(125_000_000), "2 min 5 s");
        assert_eq!(human_time_us(7_500_000_000), "2 h 5 min");
        assert_eq!(human_bytes(1023), "1023 bytes");
        assert_eq!(human_bytes(u64::MAX), "16 EiB");
    }
}

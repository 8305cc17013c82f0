//! Lines of a key and its value: one line is one write.
//!
//! Numbers are read with `sscanf`, which takes digits and stops at the first other character without an error: of `1M` the
//! kernel stores 1 (kernel-facts B6, and tried).
use crate::catalog::Entry;
use crate::model::bytes::escape;

use super::Wrong;
use super::number::{decimal, whole};

/// What a line of the file is, in words.
fn shape(file: &str) -> &'static str {
    match file {
        "io.max" => "MAJ:MIN and one or more of rbps= wbps= riops= wiops=, each a number or max",
        "io.latency" => "MAJ:MIN target=MICROSECONDS",
        "io.weight" | "io.bfq.weight" => "default N, or MAJ:MIN N",
        "net_prio.ifpriomap" => "INTERFACE N",
        "rdma.max" => "DEVICE hca_handle=N hca_object=N, max is no limit",
        "misc.max" => "RESOURCE N, or RESOURCE max",
        _ => "MAJ:MIN N",
    }
}

fn malformed(file: &str, text: &str) -> Wrong {
    Wrong::new(format!("A line of {file} is {}; \"{}\" is none. (EINVAL)", shape(file), escape(text.as_bytes())))
}

fn is_device(key: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    key.split_once(':').is_some_and(|(major, minor)| digits(major) && digits(minor))
}

pub(super) fn line(entry: &Entry, file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let with = |key: &str, value: String| format!("{key} {value}");
    let done = |text: String| Ok((text, Vec::new()));
    match (file, words.as_slice()) {
        ("memory.oom_control", ["0" | "1"]) => done(text.to_owned()),
        ("memory.oom_control", _) => {
            let rule = "memory.oom_control takes 1 (tasks wait when memory runs out) or 0 (one is killed). (EINVAL)";
            Err(Wrong::new(rule).or("0").or("1"))
        }
        (_, []) => Err(Wrong::new("An empty text changes nothing.")),
        ("io.weight" | "io.bfq.weight", [key, value]) if *key == "default" || is_device(key) => {
            if *value == "default" && *key != "default" {
                return done(text.to_owned());
            }
            let value = digits(file, key, value)?;
            in_range(entry, file, value).map_err(|wrong| behind(wrong, key))?;
            done(with(key, value.to_string()))
        }
        ("io.weight" | "io.bfq.weight", [value]) => {
            let value = digits(file, "default", value)?;
            in_range(entry, file, value).map_err(|wrong| behind(wrong, "default"))?;
            done(with("default", value.to_string()))
        }
        ("io.max", [key, limits @ ..]) if is_device(key) && !limits.is_empty() => {
            for limit in limits {
                let Some((name @ ("rbps" | "wbps" | "riops" | "wiops"), value)) = limit.split_once('=') else {
                    return Err(malformed(file, text));
                };
                if value == "max" {
                    continue;
                }
                let number = digits(file, &format!("{key} {name}="), value).map_err(tight)?;
                if number == 0 {
                    let rule = format!("{name} is at least 1, or max for none; 0 is refused. (ERANGE)");
                    return Err(Wrong::new(rule).or(format!("{key} {name}=max")));
                }
            }
            done(words.join(" "))
        }
        ("io.latency", [key, target]) if is_device(key) => match target.split_once('=') {
            Some(("target", "max")) => done(words.join(" ")),
            Some(("target", value)) => {
                digits(file, &format!("{key} target="), value).map_err(tight)?;
                done(words.join(" "))
            }
            _ => Err(malformed(file, text)),
        },
        ("net_prio.ifpriomap", [key, value]) => done(with(key, digits(file, key, value)?.to_string())),
        ("misc.max", [_, "max"]) => done(words.join(" ")),
        ("misc.max", [key, value]) => {
            let value = decimal(file, value).map_err(|wrong| behind(wrong, key))?;
            done(with(key, value.to_string()))
        }
        ("rdma.max", [_, limits @ ..]) if !limits.is_empty() => {
            let known = |limit: &&str| limit.starts_with("hca_handle=") || limit.starts_with("hca_object=");
            if limits.iter().all(known) { done(words.join(" ")) } else { Err(malformed(file, text)) }
        }
        (
            "io.weight" | "io.bfq.weight" | "io.max" | "io.latency" | "net_prio.ifpriomap" | "misc.max" | "rdma.max",
            _,
        ) => Err(malformed(file, text)),
        _ => device(file, text),
    }
}

/// `MAJ:MIN N`, for one disk.
fn device(file: &str, text: &str) -> Result<(String, Vec<String>), Wrong> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [key, value] = words.as_slice() else { return Err(malformed(file, text)) };
    if !is_device(key) {
        return Err(malformed(file, text));
    }
    let none = file.starts_with("blkio.throttle.") && super::is_no_limit(value);
    if none {
        let rule = format!("No limit is 0 in {file}, which removes the line; \"{value}\" is none. (EINVAL)");
        return Err(Wrong::new(rule).or(format!("{key} 0")));
    }
    let value = digits(file, key, value)?;
    if file == "blkio.bfq.weight_device" && !(0..=1000).contains(&value) {
        let rule =
            format!("A weight under BFQ is 1 to 1000, or 0 for that of blkio.bfq.weight; {value} is refused. (ERANGE)");
        return Err(Wrong::new(rule).or(format!("{key} 1000")));
    }
    Ok((format!("{key} {value}"), Vec::new()))
}

/// A number in digits alone, for which a leading zero means nothing.
fn digits(file: &str, key: &str, value: &str) -> Result<i128, Wrong> {
    let end = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = value.split_at(end);
    let parsed = number.parse::<i128>().ok().filter(|number| *number <= i128::from(u64::MAX));
    match (parsed, rest) {
        (Some(number), "") => Ok(number),
        (Some(number), rest) => {
            let wrong = Wrong::new(format!(
                "The kernel reads the digits and stops at the first other character: {value} would be stored as {number}."
            ));
            let unit = match rest.trim_end_matches(['b', 'B']).trim_end_matches('i').to_ascii_lowercase().as_str() {
                "k" => 1_u64 << 10,
                "m" => 1 << 20,
                "g" => 1 << 30,
                "t" => 1 << 40,
                _ => return Err(wrong.or(format!("{key} {number}"))),
            };
            let meant = number.saturating_mul(i128::from(unit));
            Err(wrong.or(format!("{key} {meant}")).or(format!("{key} {number}")))
        }
        (None, _) => {
            let wrong = Wrong::new(format!(
                "{file} takes a number after the key; \"{}\" is none. (EINVAL)",
                escape(value.as_bytes())
            ));
            Err(match whole(value, 1.0) {
                Some(whole) => wrong.or(format!("{key} {whole}")),
                None => wrong,
            })
        }
    }
}

fn in_range(entry: &Entry, file: &str, value: i128) -> Result<(), Wrong> {
    let clamped = value.clamp(entry.min.map_or(i128::MIN, i128::from), entry.max.map_or(i128::MAX, i128::from));
    if clamped == value {
        return Ok(());
    }
    let range = entry.range().unwrap_or_default();
    let errno = if file == "io.bfq.weight" { "ERANGE" } else { "EINVAL" };
    Err(Wrong::new(format!("{file} takes {range}; the kernel refuses {value}. ({errno})")).or(clamped.to_string()))
}

/// What stands instead of the value, behind its key.
fn behind(wrong: Wrong, key: &str) -> Wrong {
    let instead = wrong.instead.into_iter().map(|(_, data)| format!("{key} {data}"));
    Wrong { instead: instead.map(|data| (format!("write {data}"), data)).collect(), ..wrong }
}

/// `KEY NAME= VALUE` without the blank behind the equals sign.
fn tight(wrong: Wrong) -> Wrong {
    let instead = wrong.instead.into_iter().map(|(_, data)| data.replace("= ", "="));
    Wrong { instead: instead.map(|data| (format!("write {data}"), data)).collect(), ..wrong }
}

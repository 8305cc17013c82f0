//! Files of lines with a key each (`8:0 rbps=1048576`): one line is one write.
use super::{Entry, Format};

/// What takes the line of a key out of a file of such lines.
#[must_use]
pub fn removal(file: &str, key: &str) -> String {
    match file {
        "io.max" => format!("{key} rbps=max wbps=max riops=max wiops=max"),
        "io.weight" | "io.bfq.weight" | "blkio.bfq.weight_device" => format!("{key} default"),
        "io.latency" => format!("{key} target=0"),
        "rdma.max" => format!("{key} hca_handle=max hca_object=max"),
        "misc.max" => format!("{key} max"),
        _ => format!("{key} 0"),
    }
}

impl Entry {
    /// What to write to get from the value `now` back to the value `before`, one write each; `None` where it cannot be written
    /// back. Of a keyed file, keys that `before` has not are removed.
    #[must_use]
    pub fn writes_back(&self, before: &str, now: &str) -> Option<Vec<String>> {
        let mut writes = self.writes(before)?;
        if self.format == Format::Keyed {
            let key = |line: &str| line.split_ascii_whitespace().next().map(str::to_owned);
            let keys: Vec<String> = before.lines().filter_map(key).collect();
            let gone = now.lines().filter_map(key).filter(|key| !keys.contains(key));
            writes.splice(0..0, gone.map(|key| removal(&self.name, &key)));
        }
        Some(writes)
    }

    /// What a keyed file reads after a line was written into it, where it read `before`; `None` where that is not known.
    #[must_use]
    pub fn with_line(&self, before: &str, line: &str) -> Option<String> {
        let (key, value) = line.trim().split_once(' ')?;
        let mut lines: Vec<String> = before.lines().map(|line| line.trim().to_owned()).collect();
        let at = lines.iter().position(|line| line.split_ascii_whitespace().next() == Some(key));
        let value = match &*self.name {
            // Parts that are not named stay as they are.
            "io.max" => {
                let old = at.and_then(|at| lines[at].split_once(' ')).map_or("", |(_, old)| old);
                let part = |text: &str, name: &str| {
                    let found = text.split_ascii_whitespace().find_map(|part| part.strip_prefix(name));
                    found.map(|value| format!("{name}{value}"))
                };
                let parts: Vec<String> = ["rbps=", "wbps=", "riops=", "wiops="]
                    .into_iter()
                    .map(|name| part(value, name).or_else(|| part(old, name)).unwrap_or_else(|| format!("{name}max")))
                    .collect();
                parts.join(" ")
            }
            name if name.starts_with("blkio.throttle.")
                || name.ends_with("weight")
                || name.ends_with("weight_device") =>
            {
                value.to_owned()
            }
            _ => return None,
        };
        let line = format!("{key} {value}");
        match at {
            Some(at) if line == removal(&self.name, key) => drop(lines.remove(at)),
            Some(at) => lines[at] = line,
            None if line == removal(&self.name, key) => {}
            None => lines.push(line),
        }
        Some(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::entry;

    #[test]
    fn keys_that_were_not_there_are_removed() {
        let back = |name: &str, before: &str, now: &str| entry(name).unwrap().writes_back(before, now).unwrap();
        assert_eq!(back("blkio.throttle.read_bps_device", "", "7:0 5000\n"), ["7:0 0"]);
        assert_eq!(back("io.weight", "default 100", "default 100\n8:0 50"), ["8:0 default", "default 100"]);
        assert_eq!(back("cpu.shares", "5", "7"), ["5"]);
    }

    #[test]
    fn a_line_changes_what_a_keyed_file_reads() {
        let with = |name: &str, before: &str, line: &str| entry(name).unwrap().with_line(before, line);
        let bps = "blkio.throttle.read_bps_device";
        assert_eq!(with(bps, "", "7:0 5").as_deref(), Some("7:0 5"));
        assert_eq!(with(bps, "7:0 5\n7:1 6", "7:0 0").as_deref(), Some("7:1 6"));
        let max = "7:0 rbps=max wbps=9 riops=max wiops=50";
        assert_eq!(
            with("io.max", "7:0 rbps=5 wbps=9 riops=max wiops=max", "7:0 rbps=max wiops=50").as_deref(),
            Some(max)
        );
        assert_eq!(with("io.max", max, "7:0 wbps=max wiops=max").as_deref(), Some(""));
        assert_eq!(with("rdma.max", "", "x hca_handle=1"), None);
    }
}

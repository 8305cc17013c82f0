//! The experiments that come with cgrove, inside the binary.
use crate::app::experiment::Shipped;
use crate::experiment::parse::{Options, parse};

/// Name and text, in the order to offer.
const ALL: [(&str, &str); 9] = [
    ("figure2", include_str!("../../assets/experiments/figure2.toml")),
    ("work-conserving", include_str!("../../assets/experiments/work-conserving.toml")),
    ("two-loops-against-one", include_str!("../../assets/experiments/two-loops-against-one.toml")),
    ("tasks-beside-groups", include_str!("../../assets/experiments/tasks-beside-groups.toml")),
    ("nice-inside-a-group", include_str!("../../assets/experiments/nice-inside-a-group.toml")),
    ("quota-on-a-leaf", include_str!("../../assets/experiments/quota-on-a-leaf.toml")),
    ("idle-group", include_str!("../../assets/experiments/idle-group.toml")),
    ("duty", include_str!("../../assets/experiments/duty.toml")),
    ("two-cpus-pinned", include_str!("../../assets/experiments/two-cpus-pinned.toml")),
];

/// The text of one, by name.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// All, with their titles.
#[must_use]
pub fn all() -> Vec<Shipped> {
    let shipped = |(name, text): &(&str, &str)| {
        let title = parse(text.as_bytes(), Options { force: false }).ok()?.title;
        Some(Shipped { name: (*name).to_owned(), title })
    };
    ALL.iter().filter_map(shipped).collect()
}

#[cfg(test)]
mod tests {
    use super::{ALL, all};

    #[test]
    fn all_are_right_and_none_is_forgotten() {
        assert_eq!(all().len(), ALL.len());
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/experiments")).unwrap();
        assert_eq!(files.count(), ALL.len());
    }
}

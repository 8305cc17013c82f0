//! Making and removing groups.

use crate::Entry;
use crate::bench::Bench;
use crate::host::Need;
use libtest_mimic::Failed;
use std::fs;
use std::os::unix::fs::MetadataExt;

pub(crate) fn trials() -> Vec<Entry> {
    vec![Entry { name: "groups::links_and_rmdir", needs: &[Need::Cpu], measures: false, run: links_and_rmdir }]
}

/// A group's directory has two links and one a child; rmdir refuses a group with a child or with a process.
fn links_and_rmdir(bench: &mut Bench) -> Result<(), Failed> {
    let parent = bench.make("parent", 100)?;
    assert_eq!(fs::metadata(&parent)?.nlink(), 2);
    let child = bench.make("parent/child", 100)?;
    assert_eq!(fs::metadata(&parent)?.nlink(), 3);
    let busy = |result: std::io::Result<()>| assert_eq!(result.map_err(|error| error.raw_os_error()), Err(Some(16)));
    busy(fs::remove_dir(&parent));
    let spinner = bench.spin(&child)?;
    busy(fs::remove_dir(&child));
    drop(spinner);
    crate::stage::remove(&child)?;
    fs::remove_dir(&parent)?;
    Ok(())
}

//! What the kernel does with weights.

use crate::Entry;
use crate::bench::{self, Bench};
use crate::host::Need;
use libtest_mimic::Failed;
use std::fs;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Entry> {
    vec![
        Entry { name: "weights::v1_clamps", needs: &[Need::CpuV1], measures: false, run: v1_clamps },
        Entry { name: "weights::v2_refuses", needs: &[Need::CpuV2], measures: false, run: v2_refuses },
        Entry { name: "weights::three_to_one", needs: &[Need::Cpu], measures: true, run: three_to_one },
    ]
}

/// v1 stores the nearest weight that it knows, and says nothing.
fn v1_clamps(bench: &mut Bench) -> Result<(), Failed> {
    let group = bench.make("clamped", 1024)?;
    let file = group.join("cpu.shares");
    for (asked, stored) in [("0", "2"), ("1", "2"), ("999999999999", "262144"), ("0400", "256")] {
        fs::write(&file, asked)?;
        assert_eq!(fs::read_to_string(&file)?.trim(), stored, "asked {asked}");
    }
    Ok(())
}

/// v2 refuses a weight out of range.
fn v2_refuses(bench: &mut Bench) -> Result<(), Failed> {
    let group = bench.make("refused", 100)?;
    let file = group.join("cpu.weight");
    for asked in ["0", "10001"] {
        let errno = fs::write(&file, asked).map_err(|error| error.raw_os_error());
        assert_eq!(errno, Err(Some(34)), "asked {asked}: ERANGE");
        assert_eq!(fs::read_to_string(&file)?.trim(), "100");
    }
    Ok(())
}

/// Two loops in groups of weight 600 and 200 get three and one parts of their CPU.
fn three_to_one(bench: &mut Bench) -> Result<(), Failed> {
    let (heavy, light) = (bench.make("heavy", 600)?, bench.make("light", 200)?);
    let loops = [bench.spin(&heavy)?, bench.spin(&light)?];
    let [heavy, _] = bench::parts([&loops[0], &loops[1]], Duration::from_secs(3))?;
    // Counters move in ticks of 4 ms and the parts settle over seconds: 0.75 within 2 points.
    assert!((heavy - 0.75).abs() < 0.02, "the heavy loop got {heavy:.3} of the CPU, not 0.75");
    Ok(())
}

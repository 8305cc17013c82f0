use super::*;
use crate::model::hierarchy::Hierarchy;
use crate::model::id::{GroupKey, HierarchyId};
use crate::model::place::Place;

#[test]
fn only_values_of_groups_that_exist_are_tried() {
    let nowhere: Vec<Hierarchy> = Vec::new();
    let at = Place::new(HierarchyId(1), b"/a");
    let write = |key, prior: Option<&[u8]>| Step::Write {
        at: at.clone(),
        key,
        file: "cpu.shares".into(),
        data: b"5".as_slice().into(),
        prior: prior.map(Box::from),
        disturbs: Vec::new(),
    };
    let key = Some(GroupKey { hierarchy: HierarchyId(1), inode: 7 });
    for step in [Step::MakeGroup { at: at.clone() }, write(None, Some(b"1")), write(key, None)] {
        let said = tried(&step, &nowhere).unwrap_err().to_string();
        assert!(said.contains("only values"), "{said}");
    }
    let said = tried(&write(key, Some(b"1")), &nowhere).unwrap_err().to_string();
    assert!(said.contains("mounted nowhere"), "{said}");
}

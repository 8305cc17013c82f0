//! Every file of one group, as readdir and the mode bits give them: for the panel that shows them and for a survey.
use crate::model::bytes::Bytes;
use crate::model::errno::Errno;
use crate::model::field::Field;
use crate::model::id::GroupId;
use crate::model::snapshot::{File, Files};

use super::fs::{Fs, Kind};
use super::paths::join;
use super::values::refused;

/// Most that is read of one file.
const MOST: usize = 64 * 1024;
/// Any of the three bits that let somebody read.
const READABLE: u32 = 0o444;

/// The files of the group in slot `group`, sorted by name.
#[must_use]
pub fn files(fs: &dyn Fs, group: GroupId, directory: &[u8]) -> Files {
    let entries = match list(fs, directory) {
        Ok(files) => Field::new(files, fs.now()),
        Err(errno) => refused(errno),
    };
    Files { group, entries }
}

/// The files in `directory`, sorted by name. One that vanishes meanwhile is left out.
///
/// # Errors
/// The errno of listing the directory.
pub fn list(fs: &dyn Fs, directory: &[u8]) -> Result<Vec<File>, Errno> {
    let mut files = Vec::new();
    for entry in fs.list(directory)?.into_iter().filter(|entry| entry.kind == Kind::File) {
        if let Some(file) = file(fs, directory, entry.name) {
            files.push(file);
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn file(fs: &dyn Fs, directory: &[u8], name: Bytes) -> Option<File> {
    let path = join(directory, &name);
    let mode = match fs.stat(&path) {
        Ok(stat) => stat.mode,
        Err(errno) if errno.is_gone() => return None,
        Err(errno) => return Some(File { name, mode: 0, content: Field::Denied(errno) }),
    };
    if mode & READABLE == 0 {
        return Some(File { name, mode, content: Field::Unread });
    }
    match content(fs, &path) {
        Field::Absent => None,
        content => Some(File { name, mode, content }),
    }
}

/// What one file reads; absent if it is gone.
#[must_use]
pub fn content(fs: &dyn Fs, path: &[u8]) -> Field<Bytes> {
    match fs.read(path, MOST) {
        Ok(text) => Field::new(text.into_boxed_slice(), fs.now()),
        Err(errno) => refused(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::{Errno, Field, GroupId, files};
    use crate::kernel::fixture::Fixture;

    #[test]
    fn names_modes_and_contents() {
        let fs = Fixture::parse(
            "file /g/b mode=644\n|x\nfile /g/a mode=200 read=EINVAL\nfile /g/denied mode=600 read=EACCES\nfile /g/gone read=ENODEV\ndir /g/child\n",
        )
        .unwrap();
        let files = files(&fs, GroupId(3), b"/g");
        let files = files.entries.value().unwrap();
        assert_eq!(
            files.iter().map(|file| (&*file.name, file.mode)).collect::<Vec<_>>(),
            [(&b"a"[..], 0o200), (b"b", 0o644), (b"denied", 0o600)]
        );
        assert_eq!(files[0].content, Field::Unread);
        assert_eq!(files[1].content.value().unwrap().as_ref(), b"x\n");
        assert_eq!(files[2].content, Field::Denied(Errno::EACCES));
    }

    #[test]
    fn long_files_are_cut_and_a_group_that_is_gone_has_none() {
        let fs = Fixture::parse(&format!("file /g/long\n|{}\n", "x".repeat(100_000))).unwrap();
        assert_eq!(files(&fs, GroupId(0), b"/g").entries.value().unwrap()[0].content.value().unwrap().len(), 65536);
        assert_eq!(files(&fs, GroupId(0), b"/h").entries, Field::Absent);
    }
}

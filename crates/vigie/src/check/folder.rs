//! The files of a folder that can be checked, in order of their names.

use std::path::{Path, PathBuf};

/// Folders inside folders that are looked into.
const DEEP: usize = 64;

/// Files of one folder that are taken.
pub const MOST_FILES: usize = 100_000;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Found {
    /// Files that are neither hidden nor links.
    pub files: Vec<PathBuf>,
    /// Folders and files that cannot be read, and why.
    pub unread: Vec<(PathBuf, String)>,
    /// Whether there were more than [`MOST_FILES`].
    pub more: bool,
}

/// Walks a folder. What begins with a dot is left alone, and so are links, which may lead out of it or in circles.
pub fn walk(folder: &Path) -> Found {
    let mut found = Found::default();
    into(folder, 0, &mut found);
    found
}

fn into(folder: &Path, depth: usize, found: &mut Found) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => return found.unread.push((folder.to_owned(), e.to_string())),
    };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && depth < DEEP {
            into(&entry.path(), depth + 1, found);
        } else if kind.is_file() {
            if found.files.len() == MOST_FILES {
                found.more = true;
                return;
            }
            found.files.push(entry.path());
        }
    }
}

/// Whether the beginning of a file is that of no text: a byte that no text holds.
pub fn is_binary(head: &[u8]) -> bool {
    head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn hidden_files_and_links_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for inner in ["b/c", ".git"] {
            fs::create_dir_all(at(inner)).unwrap();
        }
        for file in ["z.txt", "b/c/a.txt", "b/.hidden", ".git/config"] {
            fs::write(at(file), "a").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), at("b/round")).unwrap();
        std::os::unix::fs::symlink(at("z.txt"), at("b/again.txt")).unwrap();
        let found = walk(folder.path());
        assert_eq!(found.files, [at("b/c/a.txt"), at("z.txt")]);
        assert!(found.unread.is_empty() && !found.more);
        assert_eq!(walk(&at("nowhere")).unread.len(), 1);
    }
}

//! Whatever lies in a folder, reading it gives files or findings, and a commit of it gives the same.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use gamctl::inventory::source::{Limits, Source, content_findings};
use git2::{ObjectType, Oid, Repository};
use proptest::prelude::*;

use crate::world::{brief, paths};

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    Link,
    Folder(Names),
}

type Names = BTreeMap<Vec<u8>, Node>;

fn name() -> impl Strategy<Value = Vec<u8>> {
    let likely = prop::sample::select(vec![
        "network.toml",
        "Network.toml",
        "policy.tml",
        "devices",
        "device",
        "subscribers",
        "devices.toml",
        "a.toml",
        "A.toml",
        "maple\u{200b}.toml",
        "é.toml",
        ".hidden.toml",
        "README",
    ])
    .prop_map(|name| name.as_bytes().to_vec());
    let any = prop::collection::vec(any::<u8>(), 1..12);
    let any_toml = any
        .clone()
        .prop_map(|name| [name, b".toml".to_vec()].concat());
    prop_oneof![6 => likely, 1 => any, 2 => any_toml].prop_filter("a name on disk", |name| {
        !name.contains(&0)
            && !name.contains(&b'/')
            && name != b"."
            && name != b".."
            && !name.eq_ignore_ascii_case(b".git")
    })
}

fn names() -> impl Strategy<Value = Names> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let leaf = prop_oneof![5 => bytes.prop_map(Node::File), 1 => Just(Node::Link)];
    let node = leaf.prop_recursive(4, 40, 6, |inner| {
        prop::collection::btree_map(name(), inner, 0..6).prop_map(Node::Folder)
    });
    prop::collection::btree_map(name(), node, 0..8)
}

fn write(folder: &Path, names: &Names) {
    for (name, node) in names {
        let path = folder.join(OsStr::from_bytes(name));
        match node {
            Node::File(bytes) => fs::write(path, bytes).unwrap(),
            Node::Link => std::os::unix::fs::symlink("elsewhere", path).unwrap(),
            Node::Folder(inner) => {
                fs::create_dir(&path).unwrap();
                write(&path, inner);
            }
        }
    }
}

fn tree(repository: &Repository, names: &Names) -> Oid {
    let mut bytes = Vec::new();
    for (name, node) in names {
        let (mode, id) = match node {
            Node::File(bytes) => ("100644", repository.blob(bytes).unwrap()),
            Node::Link => ("120000", repository.blob(b"elsewhere").unwrap()),
            Node::Folder(inner) => ("40000", tree(repository, inner)),
        };
        bytes.extend_from_slice(format!("{mode} ").as_bytes());
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
    }
    let objects = repository.odb().unwrap();
    objects.write(ObjectType::Tree, &bytes).unwrap()
}

fn commit(repository: &Repository, tree: Oid) -> String {
    let person = "A <a@example.org> 1700000000 +0000";
    let text = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nany\n");
    let objects = repository.odb().unwrap();
    let id = objects.write(ObjectType::Commit, text.as_bytes()).unwrap();
    id.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_folder_gives_files_or_findings_and_a_commit_gives_the_same(
        top in names(),
        devices in names(),
        files in 4_usize..60,
        folder_depth in 1_usize..4,
        file_bytes in 5_u64..60,
        total_bytes in 20_u64..400,
    ) {
        let mut all = top;
        all.insert(b"devices".to_vec(), Node::Folder(devices.clone()));
        let limits = Limits { files, folder_depth, file_bytes, total_bytes, ..Limits::default() };
        let (directory, git) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(directory.path(), &all);
        let repository = Repository::init_bare(git.path()).unwrap();
        let id = commit(&repository, tree(&repository, &all));

        let on_disk = Source::directory(directory.path()).unwrap();
        let committed = Source::git(git.path(), &id).unwrap();
        let (left, right) = (on_disk.list(&limits).unwrap(), committed.list(&limits).unwrap());
        prop_assert_eq!(paths(&left.entries), paths(&right.entries));
        prop_assert_eq!(&left.findings, &right.findings);
        prop_assert_eq!(left.stopped, right.stopped);

        let (mut disk_reader, mut git_reader) = (on_disk.reader().unwrap(), committed.reader().unwrap());
        for (one, other) in left.entries.iter().zip(&right.entries) {
            let bytes = disk_reader.read(one, &limits).unwrap();
            prop_assert_eq!(&bytes, &git_reader.read(other, &limits).unwrap());
            prop_assert_eq!(bytes.len() as u64, one.size);
            prop_assert!(content_findings(one, &bytes).is_none());
        }
        if !left.stopped {
            // Nothing that ends like an inventory file goes unmentioned.
            let known = brief(&left.findings).join("\n");
            for (name, node) in &devices {
                let Ok(name) = str::from_utf8(name) else { continue };
                if name.starts_with('.') || !name.ends_with(".toml") || matches!(node, Node::Folder(_)) {
                    continue;
                }
                let path = format!("devices/{name}");
                let is_listed = left.entries.iter().any(|entry| *entry.path == *path);
                // An odd name is shown escaped, so any finding about a name in the folder will do for it.
                let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic());
                let is_mentioned = known.contains(&path)
                    || !is_plain && known.contains("file-name devices/");
                prop_assert!(is_listed || is_mentioned, "{:?} is in neither {:?}", path, known);
            }
        }
    }
}

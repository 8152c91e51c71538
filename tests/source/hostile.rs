//! Git objects that no honest git writes, and objects that are not there.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use gamctl::inventory::source::{Limits, Listing, ReadProblem, Source, SourceError};
use git2::{ObjectType, Oid, Repository};

use crate::world::{World, brief, list};

struct Forge {
    world: World,
    repository: Repository,
}

impl Forge {
    fn new() -> Self {
        let world = World::empty();
        let repository = Repository::open(world.root()).unwrap();
        Self { world, repository }
    }

    fn blob(&self, text: &str) -> Oid {
        self.repository.blob(text.as_bytes()).unwrap()
    }

    /// Writes a tree object as it is told, in this order.
    fn tree(&self, entries: &[(&str, &[u8], Oid)]) -> Oid {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        let objects = self.repository.odb().unwrap();
        objects.write(ObjectType::Tree, &bytes).unwrap()
    }

    fn commit(&self, tree: Oid) -> String {
        let person = "A <a@example.org> 1700000000 +0000";
        let text = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nforged\n");
        let objects = self.repository.odb().unwrap();
        let id = objects.write(ObjectType::Commit, text.as_bytes()).unwrap();
        id.to_string()
    }

    fn list(&self, tree: Oid) -> Listing {
        list(&Source::git(self.world.root(), &self.commit(tree)).unwrap())
    }

    fn object_path(&self, id: Oid) -> std::path::PathBuf {
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        self.world
            .root()
            .join(".git/objects")
            .join(folder)
            .join(file)
    }
}

#[test]
fn names_that_lead_elsewhere_are_found_and_not_walked() {
    let forge = Forge::new();
    let blob = forge.blob("# x");
    let inner = forge.tree(&[("100644", b"inner.toml", blob)]);
    let long = [b"a".repeat(300), b".toml".to_vec()].concat();
    let devices = forge.tree(&[
        ("40000", b"..", inner),
        ("40000", b".", inner),
        ("100644", b"../../etc/passwd.toml", blob),
        ("100644", b"a.toml", blob),
        ("100644", b"a.toml", blob),
        ("40000", b"a/b", inner),
        ("100644", &long, blob),
        ("100644", b"line\nbreak.toml", blob),
    ]);
    let root = forge.tree(&[
        ("40000", b"devices", devices),
        ("40000", b"devices", devices),
        ("100644", b"x/network.toml", blob),
        ("100644", b"..", blob),
    ]);
    let listing = forge.list(root);
    let shown_long = format!("file-name devices/{}…", "a".repeat(80));
    assert_eq!(
        brief(&listing.findings),
        [
            "file-name devices",
            "file-name devices/.",
            "file-name devices/..",
            "file-name devices/../../etc/passwd.toml",
            "file-name devices/a.toml",
            "file-name devices/a/b",
            shown_long.as_str(),
            "file-name devices/line\\u{a}break.toml",
        ]
    );
    assert_eq!(listing.entries.len(), 1);
}

#[test]
fn odd_modes_are_taken_by_their_type() {
    let forge = Forge::new();
    let blob = forge.blob("# x");
    let folder = forge.tree(&[("100644", b"in.toml", blob)]);
    let devices = forge.tree(&[
        ("100664", b"group.toml", blob),
        ("100755", b"script.toml", blob),
        ("10644", b"pipe.toml", blob),
        ("120000", b"link.toml", blob),
        ("160000", b"module", blob),
        ("40755", b"north", folder),
    ]);
    let listing = forge.list(forge.tree(&[("40000", b"devices", devices)]));
    assert_eq!(
        brief(&listing.findings),
        [
            "symlink devices/link.toml",
            "submodule devices/module",
            "not-a-file devices/pipe.toml",
        ]
    );
    assert_eq!(listing.entries.len(), 3);
}

#[test]
fn a_folder_under_a_files_mode_is_unreadable_not_absent() {
    let forge = Forge::new();
    let empty = forge.tree(&[]);
    let devices = forge.tree(&[("100644", b"a.toml", empty)]);
    let listing = forge.list(forge.tree(&[("40000", b"devices", devices)]));
    assert_eq!(brief(&listing.findings), ["unreadable-file devices/a.toml"]);
}

/// Writes the beginning of a loose object that says it is a blob of three gigabytes.
fn write_huge_object(path: &Path) {
    let header = format!("blob {}\0", 3_u64 << 30);
    let length = u16::try_from(header.len()).unwrap();
    // zlib: a header, then one stored block, which may be cut off after what is needed.
    let mut bytes = vec![0x78, 0x01, 0x00];
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&(!length).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(path).unwrap().write_all(&bytes).unwrap();
}

// A real one is checked by hand, since adding it takes git half a minute: `truncate -s 3G devices/huge.toml`, commit,
// validate; the answer is immediate and the process stays small.
#[test]
fn a_blob_of_three_gigabytes_is_refused_by_its_header() {
    let forge = Forge::new();
    let huge = Oid::from_str(&"ab".repeat(20)).unwrap();
    write_huge_object(&forge.object_path(huge));
    let devices = forge.tree(&[("100644", b"huge.toml", huge)]);
    let listing = forge.list(forge.tree(&[("40000", b"devices", devices)]));
    assert_eq!(
        brief(&listing.findings),
        ["file-too-large devices/huge.toml"]
    );
    assert!(listing.findings[0].message.contains("3 GiB"));
    assert!(listing.entries.is_empty());
}

#[test]
fn a_tree_that_contains_itself_a_million_times_ends_at_a_limit() {
    let forge = Forge::new();
    let blob = forge.blob("# x");
    let mut tree = forge.tree(&[("100644", b"a.toml", blob)]);
    for _ in 0..7 {
        let names: Vec<Vec<u8>> = (0..12)
            .map(|name| format!("f{name:02}").into_bytes())
            .collect();
        let entries: Vec<_> = names.iter().map(|name| ("40000", &**name, tree)).collect();
        tree = forge.tree(&entries);
    }
    let listing = forge.list(forge.tree(&[("40000", b"devices", tree)]));
    assert!(listing.stopped && listing.entries.is_empty());
    assert_eq!(listing.findings.len(), 1);
    assert_eq!(listing.findings[0].rule.id, "too-many-files");
}

#[test]
fn a_missing_object_is_an_error_that_names_it_and_its_place() {
    let forge = Forge::new();
    let blob = forge.blob("# x");
    let devices = forge.tree(&[("100644", b"a.toml", blob)]);
    let root = forge.tree(&[("40000", b"devices", devices)]);
    let commit = forge.commit(root);
    let source = Source::git(forge.world.root(), &commit).unwrap();
    let listing = list(&source);
    let limits = Limits::default();

    fs::remove_file(forge.object_path(blob)).unwrap();
    let problem = source.reader().unwrap().read(&listing.entries[0], &limits);
    let Err(ReadProblem::Source(error)) = problem else {
        panic!("{problem:?}");
    };
    let said = error.to_string();
    assert!(
        said.contains(&blob.to_string()) && said.contains("devices/a.toml"),
        "{said}"
    );
    let error = source.list(&limits).unwrap_err();
    assert!(
        matches!(error, SourceError::MissingObject { .. }),
        "{error}"
    );

    fs::remove_file(forge.object_path(devices)).unwrap();
    let error = source.list(&limits).unwrap_err();
    assert!(error.to_string().contains("`devices`"), "{error}");
    fs::remove_file(forge.object_path(root)).unwrap();
    let error = Source::git(forge.world.root(), &commit).unwrap_err();
    assert!(
        matches!(error, SourceError::MissingObject { .. }),
        "{error}"
    );
}

#[test]
fn a_blob_with_other_bytes_than_its_id_is_refused() {
    let forge = Forge::new();
    let (blob, other) = (forge.blob("# as reviewed"), forge.blob("# swapped"));
    let devices = forge.tree(&[("100644", b"a.toml", blob)]);
    let commit = forge.commit(forge.tree(&[("40000", b"devices", devices)]));
    let path = forge.object_path(blob);
    fs::remove_file(&path).unwrap();
    fs::copy(forge.object_path(other), &path).unwrap();
    let source = Source::git(forge.world.root(), &commit).unwrap();
    let entry = &list(&source).entries[0];
    let problem = source.reader().unwrap().read(entry, &Limits::default());
    assert!(
        matches!(problem, Err(ReadProblem::Source(_))),
        "{problem:?}"
    );
}

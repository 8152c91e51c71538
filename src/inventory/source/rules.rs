//! Declares the rules that reading files can break, before their content is parsed.

use crate::inventory::rules::rules;

rules! {
    /// A link's target can lie outside the repository, differ between machines, and change without a commit.
    /// Nothing is followed, so what it points to would be missing from the inventory.
    SYMLINK = "symlink", Error, "a symbolic link is in place of a file of the inventory",
    wrong: [("$", "ln -s ../network.toml devices/other.toml")],
    right: [("$", "echo '# its own file' > devices/other.toml")];

    /// A submodule's files are not in the commit that is applied: the commit holds a pointer to another repository,
    /// which may not even be there.
    SUBMODULE = "submodule", Error, "another git repository lies inside the inventory's folders",
    wrong: [("$", "git init -q devices/north && git -C devices/north -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m north")],
    right: [("$", "mkdir devices/north && echo '# its own file' > devices/north/a.toml")];

    /// A folder, a pipe or a device under the name of an inventory file hides that the file is missing.
    NOT_A_FILE = "not-a-file", Error, "something that is not a file has an inventory file's name",
    wrong: [("$", "mkdir devices.toml && echo a > devices.toml/note")],
    right: [("devices.toml", "# the devices are in `devices/`\n")];

    /// A name must look the same to everybody, on every system, in a review and in a log. Control characters,
    /// characters that cannot be seen or that turn the text around, and bytes that are not UTF-8 do not.
    FILE_NAME = "file-name", Error, "a file's name cannot be shown or typed reliably",
    wrong: [("$", "echo '# spare' > \"devices/spare$(printf '\\342\\200\\213').toml\"")],
    right: [("$", "echo '# spare' > devices/spare.toml")];

    /// Two such files are one file on a Mac or on Windows: a checkout there silently loses one of them.
    CASE_ONLY_FILE = "case-only-file", Error, "two names in one folder differ only in upper and lower case",
    wrong: [("devices/North.toml", "# one\n"), ("devices/north.toml", "# other\n")],
    right: [("devices/north-1.toml", "# one\n"), ("devices/north-2.toml", "# other\n")];

    /// A file that is skipped because of its name is not provisioned, and no error shows it.
    UNREAD_FILE = "unread-file", Warning, "a file looks like part of the inventory and is not read",
    wrong: [("devices/north.tml", "# never read\n")],
    right: [("devices/north.toml", "# read\n")];

    /// An unreadable file is unknown, and unknown must never be treated as removed.
    /// It comes up for plain directories only: wrong permissions, a failing disk, a file that changes while it is read.
    UNREADABLE_FILE = "unreadable-file", Error, "a file of the inventory could not be read",
    wrong: [("$", "chmod 000 devices/maple.toml")],
    right: [("$", "chmod 644 devices/maple.toml")];

    /// Folders help people to find files; more than eight levels do not, and the walk must have a limit.
    TOO_DEEP = "too-deep", Error, "folders lie inside one another deeper than they are read",
    wrong: [("$", "mkdir -p devices/a/b/c/d/e/f/g/h && echo '# far' > devices/a/b/c/d/e/f/g/h/a.toml")],
    right: [("$", "mkdir -p devices/a/b/c/d/e/f/g && echo '# near' > devices/a/b/c/d/e/f/g/a.toml")];

    /// So many names are a mistake (a wrong folder, a script run wild) or an attack. The walk stops at the folder
    /// that is one too many, and nothing is read.
    TOO_MANY_FILES = "too-many-files", Error, "the inventory has more files than are read",
    wrong: [("$", "mkdir devices/all && cd devices/all && seq 50001 | xargs touch")],
    right: [("$", "mkdir devices/all && cd devices/all && seq 10 | xargs touch")];

    /// A file is read into memory as a whole. Its size is looked up first, so a file too large is never opened.
    FILE_TOO_LARGE = "file-too-large", Error, "a file has more bytes than are read",
    wrong: [("$", "yes '# too much' | head -c 16777217 > devices/large.toml")],
    right: [("$", "yes '# much' | head -c 100000 > devices/large.toml")];

    /// The whole inventory is in memory at once. The walk stops at the file that is one too many, and nothing is read.
    INVENTORY_TOO_LARGE = "inventory-too-large", Error, "the inventory's files together have more bytes than are read",
    wrong: [("$", "yes '# much' | head -c 16777216 > devices/1.toml; for i in 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cp devices/1.toml devices/$i.toml; done")],
    right: [("$", "yes '# much' | head -c 100000 > devices/1.toml; cp devices/1.toml devices/2.toml")];

    /// git LFS keeps the text on another server and commits a pointer to it. gamctl reads what is committed.
    LFS_POINTER = "lfs-pointer", Error, "a file's text is kept in git LFS, outside the repository",
    wrong: [("devices/north.toml", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n")],
    right: [("devices/north.toml", "# in git itself\n")];
}

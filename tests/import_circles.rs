//! Finds files of `src/` that import each other in a circle, for the architecture test.
//!
//! **What counts.** A file imports another one if a path in its production code leads to an item that the other file declares.
//! - Re-exports are followed: `super::Thing`, where `mod.rs` only has `pub use thing::Thing`, is an import of `thing.rs`. A
//!   `pub use` alone is not an import.
//! - `mod child;` is not an import, and neither is what a file takes from the `mod.rs` of a folder around it and what that
//!   `mod.rs` declares itself: a folder's own types stand in its `mod.rs`, whose functions call the files of the folder.
//! - Methods are not paths: a file may add methods to a type of another one without being imported by it.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust_scan::{Kind, PathSeen, Token, paths};

/// The most files that may import each other.
const MOST: usize = 2;

/// One file, for its imports.
pub(crate) struct ImportingFile {
    path: String,
    module: Vec<String>,
    paths: Vec<PathSeen>,
    /// What it declares by name.
    items: BTreeSet<String>,
}

impl ImportingFile {
    /// Reads the production tokens of the file that is the module `module`.
    pub(crate) fn new(path: &str, module: Vec<String>, tokens: &[Token]) -> Self {
        let words = [
            "const",
            "enum",
            "fn",
            "macro_rules",
            "mod",
            "static",
            "struct",
            "trait",
            "type",
            "union",
        ];
        // Only what the file itself declares: a function of an `impl` or inside another function is none of its items.
        let mut depth = 0_usize;
        let declared = tokens.windows(3).filter_map(|three| {
            let [word, mark, name] = three else {
                return None;
            };
            if word.is("{") {
                depth += 1;
            } else if word.is("}") {
                depth = depth.saturating_sub(1);
            }
            let is_declared = depth == 0 && words.iter().any(|declares| word.is(declares));
            // `macro_rules! name`
            let name = if mark.is("!") { name } else { mark };
            (is_declared && name.kind == Kind::Word).then(|| name.text.clone())
        });
        Self {
            path: path.to_owned(),
            items: declared.collect(),
            paths: paths(tokens, &module),
            module,
        }
    }

    /// Returns whether it is the `mod.rs` of a folder around `path`.
    fn is_around(&self, path: &str) -> bool {
        self.path
            .strip_suffix("mod.rs")
            .is_some_and(|folder| path.starts_with(folder))
    }

    fn root_path(&self) -> impl Iterator<Item = String> {
        std::iter::once("crate".to_owned()).chain(self.module.iter().cloned())
    }
}

/// Files that import each other, and the imports between them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Circle {
    pub(crate) files: BTreeSet<String>,
    /// Such as `src/a.rs:7 imports src/b.rs`.
    pub(crate) imports: Vec<String>,
}

/// Returns the circles of more than two files, the largest first.
pub(crate) fn import_circles(files: &[ImportingFile]) -> Vec<Circle> {
    let tree = Tree::of(files);
    let imports: Vec<BTreeMap<usize, usize>> =
        (0..files.len()).map(|file| tree.imports(file)).collect();
    let reached: Vec<BTreeSet<usize>> = (0..files.len())
        .map(|file| reached_from(file, &imports))
        .collect();
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for file in 0..files.len() {
        let back = reached[file].iter().copied();
        let circle: BTreeSet<usize> = back
            .filter(|other| reached[*other].contains(&file))
            .collect();
        if circle.len() <= MOST || !seen.insert(circle.clone()) {
            continue;
        }
        let inside = circle.iter().flat_map(|from| {
            let imports = imports[*from].iter();
            imports
                .filter(|(to, _)| circle.contains(to))
                .map(|(to, line)| {
                    format!("{}:{line} imports {}", files[*from].path, files[*to].path)
                })
        });
        circles.push(Circle {
            imports: inside.collect(),
            files: circle
                .iter()
                .map(|file| files[*file].path.clone())
                .collect(),
        });
    }
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.files.len()));
    circles
}

/// Returns the files that `file` leads to over one import or more.
fn reached_from(file: usize, imports: &[BTreeMap<usize, usize>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![file];
    while let Some(next) = waiting.pop() {
        waiting.extend(imports[next].keys().filter(|to| reached.insert(**to)));
    }
    reached
}

/// All files by their modules.
struct Tree<'a> {
    files: &'a [ImportingFile],
    by_module: BTreeMap<&'a [String], usize>,
}

impl<'a> Tree<'a> {
    fn of(files: &'a [ImportingFile]) -> Self {
        let modules = files.iter().enumerate().rev();
        Self {
            files,
            by_module: modules
                .map(|(number, file)| (file.module.as_slice(), number))
                .collect(),
        }
    }

    /// Returns the files that a file imports, and the line of the first import of each.
    fn imports(&self, number: usize) -> BTreeMap<usize, usize> {
        let file = &self.files[number];
        let mut imports = BTreeMap::new();
        for path in file.paths.iter().filter(|path| !path.is_re_export) {
            let full = self.absolute(number, &path.segments);
            let Some(to) = self.declaring(&full, 0) else {
                continue;
            };
            let to_file = &self.files[to];
            // A path that ends at the crate's root names a crate of another name or a macro.
            let is_root = to_file.module.is_empty();
            if to != number && !is_root && !to_file.is_around(&file.path) {
                imports.entry(to).or_insert(path.line);
            }
        }
        imports
    }

    /// Returns a path from `crate` on, where its first word is a module that the file declares.
    fn absolute(&self, number: usize, segments: &[String]) -> Vec<String> {
        let file = &self.files[number];
        let child: Vec<String> = file
            .module
            .iter()
            .chain(segments.first())
            .cloned()
            .collect();
        let is_child = segments.len() > 1 && self.by_module.contains_key(child.as_slice());
        match segments.first() {
            Some(first) if is_child && file.items.contains(first) => {
                file.root_path().chain(segments.iter().cloned()).collect()
            }
            _ => segments.to_vec(),
        }
    }

    /// Returns the file that declares what an absolute path names; re-exports are followed, but not for ever.
    fn declaring(&self, path: &[String], depth: usize) -> Option<usize> {
        let (root, mut rest) = path.split_first()?;
        if root != "crate" || depth > 8 {
            return None;
        }
        let mut module: Vec<String> = Vec::new();
        let mut at = *self.by_module.get(module.as_slice())?;
        while let Some((name, further)) = rest.split_first() {
            module.push(name.clone());
            if let Some(inner) = self.by_module.get(module.as_slice()) {
                (at, rest) = (*inner, further);
                continue;
            }
            return self.handed_on(at, name, further, depth).or(Some(at));
        }
        Some(at)
    }

    /// Returns the file that declares `name` where the file only imports it.
    fn handed_on(&self, at: usize, name: &str, further: &[String], depth: usize) -> Option<usize> {
        let file = &self.files[at];
        if file.items.contains(name) {
            return None;
        }
        let named = |wanted: &str| {
            let uses = file.paths.iter();
            let wanted = wanted.to_owned();
            uses.filter(move |path| path.name.as_ref() == Some(&wanted))
        };
        for path in named(name) {
            let mut full = self.absolute(at, &path.segments);
            full.extend_from_slice(further);
            if let Some(found) = self.declaring(&full, depth + 1) {
                return Some(found);
            }
        }
        named("*").find_map(|path| {
            let mut full = self.absolute(at, &path.segments);
            full.pop();
            let all_of = self.declaring(&full, depth + 1)?;
            let is_there = self.files[all_of].items.contains(name);
            (is_there && all_of != at).then_some(all_of)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rust_scan::{production, scan};

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: Vec<ImportingFile> = files
            .iter()
            .map(|(path, source)| {
                let module = path
                    .strip_prefix("src/")
                    .unwrap()
                    .strip_suffix(".rs")
                    .unwrap();
                let module = module.strip_suffix("/mod").unwrap_or(module).split('/');
                let module = module.filter(|part| *part != "lib").map(str::to_owned);
                ImportingFile::new(path, module.collect(), &production(&scan(source)).0)
            })
            .collect();
        let found = import_circles(&files).into_iter();
        found
            .map(|circle| circle.files.into_iter().collect())
            .collect()
    }

    const LIB: (&str, &str) = ("src/lib.rs", "mod a; mod b; mod c; mod d;");

    #[test]
    fn a_circle_of_three_is_found_and_one_of_two_is_not() {
        let a = ("src/a.rs", "use crate::b::B; pub struct A;");
        let b = ("src/b.rs", "fn f() -> crate::c::C { todo() } pub struct B;");
        let c = (
            "src/c.rs",
            "use super::a as other; fn f(x: other::A) {} pub struct C;",
        );
        assert_eq!(
            circles(&[LIB, a, b, c]),
            [["src/a.rs", "src/b.rs", "src/c.rs"]]
        );
        let back = ("src/b.rs", "use crate::a::A; pub struct B;");
        assert_eq!(circles(&[LIB, a, back, c]), [[""; 0]; 0]);
        let tests = (
            "src/b.rs",
            "#[cfg(test)] mod tests { use crate::c::C; } pub struct B;",
        );
        assert_eq!(circles(&[LIB, a, tests, c]), [[""; 0]; 0]);
    }

    #[test]
    fn two_circles_that_share_a_file_are_one() {
        let a = ("src/a.rs", "use crate::{b::B, c::C}; pub struct A;");
        let b = ("src/b.rs", "use crate::a::A; pub struct B;");
        let c = ("src/c.rs", "use crate::a::A; pub struct C;");
        assert_eq!(circles(&[LIB, a, b, c]).len(), 1);
    }

    #[test]
    fn re_exports_lead_to_the_file_that_declares() {
        let parent = (
            "src/d/mod.rs",
            "mod x; mod y; mod z; pub use x::X; pub use y::*; pub use z::Z as W;",
        );
        let x = ("src/d/x.rs", "use super::Y; pub struct X;");
        let y = ("src/d/y.rs", "use super::W; pub struct Y;");
        let z = ("src/d/z.rs", "use crate::d::X; pub struct Z;");
        assert_eq!(
            circles(&[LIB, parent, x, y, z]),
            [["src/d/x.rs", "src/d/y.rs", "src/d/z.rs"]]
        );
        let parent = (
            "src/d/mod.rs",
            "mod x; mod y; mod z; pub use x::X; pub use y::*; pub use z::Z as W; struct P; impl P { fn X() {} }",
        );
        assert_eq!(circles(&[LIB, parent, x, y, z]).len(), 1);
    }

    #[test]
    fn a_file_may_use_what_its_folder_declares() {
        let parent = (
            "src/d/mod.rs",
            "mod x; mod y; pub struct D; fn f() { x::f(); y::f() }",
        );
        let x = ("src/d/x.rs", "use super::D; pub fn f() {}");
        let y = ("src/d/y.rs", "use super::D; pub fn f() {}");
        assert_eq!(circles(&[LIB, parent, x, y]), [[""; 0]; 0]);
        let outside = ("src/a.rs", "use crate::d::D; pub struct A;");
        let x = ("src/d/x.rs", "use crate::a::A; pub fn f() {}");
        assert_eq!(
            circles(&[LIB, parent, x, y, outside]),
            [["src/a.rs", "src/d/mod.rs", "src/d/x.rs"]]
        );
    }
}

//! The rules' own examples: the wrong one brings its finding and no other, the right one none.

use gamctl::inventory::source::{Limits, Source, content_findings, rules};
use gamctl::model::ExampleFile;

use crate::source::world::World;

/// Lays the example over the good inventory and returns the ids of what is found.
fn found(files: &[ExampleFile]) -> Vec<&'static str> {
    let world = World::good();
    for (path, text) in files {
        if *path == "$" {
            let output = world.run(world.root(), "/bin/sh", &["-ec", text]);
            let talk = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{text}: {talk}");
        } else {
            world.write(path, text);
        }
    }
    world.commit_all("example");
    let source = Source::git(world.root(), "HEAD").unwrap();
    let limits = Limits::default();
    let listing = source.list(&limits).unwrap();
    let mut reader = source.reader().unwrap();
    let contents = listing.entries.iter().filter_map(|entry| {
        let bytes = reader.read(entry, &limits).unwrap();
        content_findings(entry, &bytes).map(|finding| finding.rule.id)
    });
    let names = listing.findings.iter().map(|finding| finding.rule.id);
    names.chain(contents).collect()
}

#[test]
fn wrong_examples_bring_their_finding_and_right_ones_none() {
    for rule in rules() {
        if rule.wrong.is_empty() {
            // A commit cannot be unreadable file by file; `directory.rs` shows this one.
            assert_eq!(rule.id, "unreadable-file");
            continue;
        }
        assert_eq!(found(rule.wrong), [rule.id], "wrong example of {}", rule.id);
        assert!(found(rule.right).is_empty(), "right example of {}", rule.id);
    }
}

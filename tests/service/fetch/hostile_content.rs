//! Inventories of an attacker, fetched and judged: nothing of them runs, and no link or setting of theirs is followed.

use std::fs;
use std::path::{Path, PathBuf};

use gamctl::service::fetch::{FetchError, Verdict};

use super::{Bed, canary, is_acceptable};

const CANARY: &str = "CANARY-of-a-private-file";

/// Makes a private folder beside the repository.
fn private(bed: &Bed) -> PathBuf {
    let private = bed.world.beside("victim");
    fs::create_dir(&private).unwrap();
    fs::write(private.join("private.toml"), CANARY).unwrap();
    private
}

/// Nothing was made or changed in the private folder.
fn is_untouched(private: &Path) -> bool {
    let text = fs::read_to_string(private.join("private.toml")).unwrap();
    fs::read_dir(private).unwrap().count() == 1 && text == CANARY
}

#[test]
fn links_to_the_files_of_this_host_are_findings_and_are_not_read() {
    for link in ["subscribers", "devices/more.toml", "network.toml"] {
        let bed = Bed::good();
        let target = bed.fetch();
        let private = private(&bed);
        let at = bed.world.root().join(link);
        let _folder = fs::remove_dir_all(&at);
        let _file = fs::remove_file(&at);
        std::os::unix::fs::symlink(private.join("private.toml"), &at).unwrap();
        let verdict = bed.push(&target);
        let Verdict::Invalid { findings } = &verdict else {
            panic!("{link}: {verdict:?}");
        };
        let is_link = |finding: &gamctl::model::Finding| finding.rule.id == "symlink";
        assert!(findings.iter().any(is_link), "{link}: {findings:?}");
        assert!(!format!("{verdict:?}").contains(CANARY), "{link}");
        assert!(is_untouched(&private));
    }
}

#[test]
fn a_link_in_the_place_of_the_sealed_secrets_is_not_followed() {
    let bed = Bed::good();
    let target = bed.fetch();
    let private = private(&bed);
    std::os::unix::fs::symlink(&private, bed.world.root().join("sealed")).unwrap();
    let verdict = bed.push(&target);
    assert!(!format!("{verdict:?}").contains(CANARY), "{verdict:?}");
    assert!(is_untouched(&private));
}

#[test]
fn settings_in_the_repository_are_no_settings_of_the_service() {
    let bed = Bed::good();
    let target = bed.fetch();
    let private = private(&bed);
    let note = canary(&bed.world, &bed.world.beside("program"));
    let settings = format!(
        "[git]\nurl = \"ext::{0}\"\nsigners = \"none\"\n\n[secrets]\ndirectory = \"{1}\"\ncommand = [\"{0}\"]\n\n[store]\nstate = \"{1}\"\n",
        bed.world.beside("program").display(),
        private.display()
    );
    bed.world.write("gamctl.toml", settings);
    assert!(is_acceptable(&bed.push(&target), 1));
    assert!(!note.exists() && is_untouched(&private));
}

#[test]
fn a_repository_hidden_in_the_inventory_runs_nothing() {
    let bed = Bed::good();
    let target = bed.fetch();
    let private = private(&bed);
    let program = bed.world.beside("program");
    let note = canary(&bed.world, &program);
    bed.world.git(&["clone", "-q", "--bare", ".", "inner"]);
    let inner = bed.world.root().join("inner");
    let run = program.to_str().unwrap();
    for (key, value) in [
        ("core.fsmonitor", run),
        ("core.hooksPath", "hooks"),
        ("core.worktree", private.to_str().unwrap()),
        ("core.bare", "false"),
        ("filter.x.clean", run),
        ("filter.x.smudge", run),
    ] {
        bed.world.git_in(&inner, &["config", key, value]);
    }
    for name in ["post-checkout", "reference-transaction"] {
        canary(&bed.world, &inner.join("hooks").join(name));
    }
    bed.world.write("inner/refs/heads/.keep", "");
    bed.world.write(".gitattributes", "* filter=x\n");
    bed.world.commit_all("hidden");
    let candidate = bed.fetch();
    let _whatever = bed.judge(Some(&target), &candidate);
    let _whatever = bed.judge_with(None, &candidate, |options| {
        options.folder = Path::new("inner");
    });
    assert!(!note.exists() && is_untouched(&private));
}

#[test]
fn a_submodule_whose_address_is_an_option_is_refused() {
    let bed = Bed::good();
    let first = bed.fetch();
    for url in ["-u./payload", "ext::sh -c id", "--upload-pack=x"] {
        bed.world.write(
            ".gitmodules",
            format!("[submodule \"x\"]\n\tpath = x\n\turl = {url}\n"),
        );
        bed.world.commit_all("submodule");
        match bed.try_fetch() {
            // git itself knows only some of them; gamctl reads no submodule at all.
            Ok(fetched) => assert!(url.starts_with("ext"), "{url}: {fetched:?}"),
            Err(error) => assert!(
                matches!(error, FetchError::CorruptObjects { .. }),
                "{url}: {error}"
            ),
        }
        bed.world.git(&["reset", "-q", "--hard", first.as_str()]);
    }
}

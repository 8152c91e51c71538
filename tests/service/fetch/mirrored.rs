//! The mirror: what is fetched, what is refused, and what becomes of a damaged one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use gamctl::service::fetch::{
    BranchName, FetchError, GitProgram, Mirror, RefWatch, StopRequest, Verdict,
};

use super::{Bed, LONG, git, is_acceptable, remote};
use crate::world::World;

#[test]
fn a_push_appears_whatever_the_form_of_the_address() {
    let bed = Bed::good();
    let bare = bed.world.beside("bare repository.git");
    let bare = bare.to_str().unwrap();
    bed.world.git(&["clone", "-q", "--bare", ".", bare]);
    let encoded = format!("file://{}", bare.replace(' ', "%20"));
    for (index, url) in [bare, &encoded].into_iter().enumerate() {
        let folder = bed.world.beside(&format!("mirrors/{index}"));
        let mirror = Mirror::open_or_create(&folder, git()).unwrap();
        let first = mirror.fetch(&remote(url), LONG).unwrap();
        assert!(first.is_new && first.bytes > 0);
        bed.add_subscriber("bob", 7);
        bed.world.commit_all("bob");
        bed.world.git(&["push", "-q", bare, "main"]);
        let second = mirror.fetch(&remote(url), LONG).unwrap();
        assert_eq!((&second.commit, second.is_new), (&bed.head(), false));
        assert!(mirror.has(&first.commit) && mirror.has(&second.commit));
        bed.world.write("README.md", index.to_string());
    }
}

#[test]
fn a_commit_in_a_work_tree_appears_and_is_noticed_at_once() {
    let bed = Bed::good();
    let first = bed.fetch();
    assert!(is_acceptable(&bed.judge(None, &first), 1));
    let (sender, receiver) = std::sync::mpsc::channel();
    let trigger = move || sender.send(()).unwrap_or_default();
    let watch = RefWatch::start(bed.world.root(), &bed.remote.branch, trigger).unwrap();
    bed.add_subscriber("bob", 7);
    let verdict = bed.push(&first);
    assert!(is_acceptable(&verdict, 1), "{verdict:?}");
    receiver.recv_timeout(LONG).unwrap();
    assert!(!watch.is_lost());
    assert_eq!(
        bed.judge(Some(&bed.head()), &bed.fetch()),
        Verdict::Unchanged
    );
}

#[test]
fn one_branch_is_fetched_and_nothing_else() {
    let bed = Bed::good();
    bed.world.git(&["tag", "-a", "-m", "tag", "v1"]);
    bed.world.git(&["branch", "other"]);
    bed.world.git(&["notes", "add", "-m", "note"]);
    bed.fetch();
    let bare = bed.mirror.repository();
    let refs = bed
        .world
        .git_in(&bare, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, "refs/gamctl/candidate\nrefs/gamctl/incoming");
    assert!(!bare.join("FETCH_HEAD").exists());
}

#[test]
fn files_are_for_the_owner_only() {
    let bed = Bed::good();
    bed.mirror.keep(&bed.fetch()).unwrap();
    let mut folders = vec![bed.world.beside("state/mirror")];
    while let Some(folder) = folders.pop() {
        assert_eq!(
            folder.metadata().unwrap().mode() & 0o7777 & 0o077,
            0,
            "{folder:?}"
        );
        let parent = folder == bed.world.beside("state/mirror");
        for entry in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if entry.is_dir() && parent {
                // The mode of the mirror's own folder keeps others out of what is below.
                continue;
            }
            assert!(!entry.is_symlink());
        }
    }
}

#[test]
fn a_deleted_branch_is_reported_and_the_candidate_stays() {
    let mut bed = Bed::good();
    let first = bed.fetch();
    bed.world.git(&["checkout", "-q", "-b", "other"]);
    bed.world.git(&["branch", "-D", "main"]);
    let error = bed.try_fetch().unwrap_err();
    assert!(matches!(error, FetchError::NoSuchBranch { .. }), "{error}");
    assert!(error.to_string().contains("`main`"), "{error}");
    let candidate = ["rev-parse", "refs/gamctl/candidate"];
    let kept = bed.world.git_in(&bed.mirror.repository(), &candidate);
    assert_eq!(kept, first.as_str());
    bed.remote.branch = BranchName::parse("other").unwrap();
    assert_eq!(bed.fetch(), first);
}

#[test]
fn a_missing_repository_is_reported_as_one() {
    let bed = Bed::good();
    let file = bed.world.root().join("network.toml");
    for path in [
        bed.world.beside("nothing"),
        file,
        bed.world.root().join("devices"),
    ] {
        let result = bed.mirror.fetch(&remote(path.to_str().unwrap()), LONG);
        // A folder inside a work tree is not a repository for `git-upload-pack`.
        let error = result.unwrap_err();
        assert!(
            matches!(error, FetchError::NoSuchRepository { .. }),
            "{error}"
        );
    }
    let closed = remote("https://127.0.0.1:1/x.git");
    let error = bed.mirror.fetch(&closed, LONG).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    let nowhere = GitProgram::in_path("/nonexistent");
    let mirror = Mirror::open_or_create(&bed.world.beside("other"), nowhere).unwrap();
    let error = mirror.fetch(&bed.remote, LONG).unwrap_err();
    assert!(matches!(error, FetchError::GitNotInstalled), "{error}");
}

#[test]
fn a_shallow_repository_is_refused() {
    let bed = Bed::good();
    bed.world.commit_all("second");
    let shallow = bed.world.beside("shallow");
    let url = format!("file://{}", bed.world.root().display());
    let shallow = shallow.to_str().unwrap();
    bed.world.git(&["clone", "-q", "--depth=1", &url, shallow]);
    for _ in 0..2 {
        let error = bed.mirror.fetch(&remote(shallow), LONG).unwrap_err();
        assert!(matches!(error, FetchError::Shallow { .. }), "{error}");
    }
    // Not the commit that was fetched before, though git reports success.
    let other = World::empty();
    let head = other.commit_all("another history");
    let other = remote(other.root().to_str().unwrap());
    let fetched = bed.mirror.fetch(&other, LONG).unwrap();
    assert_eq!(fetched.commit.as_str(), head);
    let error = bed.mirror.fetch(&remote(shallow), LONG).unwrap_err();
    assert!(matches!(error, FetchError::Shallow { .. }), "{error}");
}

#[test]
fn a_damaged_mirror_is_replaced_in_the_same_fetch() {
    let bed = Bed::good();
    let first = bed.fetch();
    let bare = bed.mirror.repository();
    let damage: [&dyn Fn(); 7] = [
        &|| fs::write(bare.join("HEAD"), "").unwrap(),
        &|| fs::remove_dir_all(bare.join("objects")).unwrap(),
        &|| fs::write(bare.join("config"), "[core]\n\tbare = true\n").unwrap(),
        &|| fs::write(bare.join("objects/info/alternates"), "/tmp\n").unwrap(),
        &|| fs::write(bare.join("shallow"), format!("{first}\n")).unwrap(),
        &|| truncate_packs(&bare),
        &|| {
            fs::remove_dir_all(&bare).unwrap();
            std::os::unix::fs::symlink(bed.world.root().join(".git"), &bare).unwrap();
        },
    ];
    for (index, damage) in damage.into_iter().enumerate() {
        damage();
        bed.world.write("README.md", index.to_string());
        bed.world.commit_all("next");
        let fetched = bed.try_fetch().unwrap();
        // After damage to all packs git asks for every object again, and the mirror is whole without a new one.
        assert!(fetched.is_new || index == 5, "{index}");
        assert_eq!(fetched.commit, bed.head());
        assert!(is_acceptable(
            &bed.judge(Some(&first), &fetched.commit),
            index + 1
        ));
    }
    let mirror = fs::read_dir(bed.world.beside("state/mirror")).unwrap();
    let mut names: Vec<_> = mirror.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["damaged.git", "lock", "repository.git"]);
}

fn truncate_packs(bare: &Path) {
    for entry in fs::read_dir(bare.join("objects/pack")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().unwrap() == "pack" {
            let writable = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(&path, writable).unwrap();
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_len(40)
                .unwrap();
        }
    }
}

#[test]
fn damage_that_a_fetch_does_not_meet_is_found_by_the_judgement() {
    let bed = Bed::good();
    let first = bed.fetch();
    truncate_packs(&bed.mirror.repository());
    let error = bed.judge_with(None, &first, |_| {}).unwrap_err();
    assert!(error.is_damage(), "{error}");
    bed.mirror.replace().unwrap();
    assert!(bed.try_fetch().unwrap().is_new);
    assert!(is_acceptable(&bed.judge(None, &first), 1));
}

#[test]
fn the_remains_of_a_killed_git_are_removed() {
    let bed = Bed::good();
    bed.fetch();
    let bare = bed.mirror.repository();
    let remains = [
        "refs/gamctl/candidate.lock",
        "objects/pack/tmp_pack_x",
        "packed-refs.lock",
    ];
    for name in remains {
        fs::write(bare.join(name), "").unwrap();
    }
    fs::create_dir(bare.join("objects/incoming-fetch-x")).unwrap();
    fs::create_dir(bed.world.beside("state/mirror/unfinished.git")).unwrap();
    bed.world.commit_all("next");
    assert_eq!(bed.fetch(), bed.head());
    assert!(remains.iter().all(|name| !bare.join(name).exists()));
    assert!(!bare.join("objects/incoming-fetch-x").exists());
}

#[test]
fn packs_of_many_fetches_are_merged_and_no_object_is_lost() {
    let bed = Bed::good();
    let first = bed.fetch();
    for index in 0..52 {
        bed.world.write("README.md", index.to_string());
        // Each commit replaces the one before it, so that earlier ones are not reachable.
        bed.world.git(&["add", "-A"]);
        bed.world.git(&["commit", "-q", "--amend", "-m", "next"]);
        bed.fetch();
    }
    let packs = fs::read_dir(bed.mirror.repository().join("objects/pack")).unwrap();
    let packs = packs.filter(|entry| entry.as_ref().unwrap().path().extension().unwrap() == "pack");
    assert!(packs.count() < 10);
    assert!(bed.mirror.has(&first));
    assert!(is_acceptable(&bed.judge(None, &first), 1));
}

#[test]
fn a_repository_that_is_too_large_is_refused() {
    let bed = Bed::good();
    let first = bed.fetch();
    let noise: Vec<u8> = (0..3_000_000_u32)
        .map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[1] ^ number.to_be_bytes()[2])
        .collect();
    bed.world.write("noise", noise);
    bed.world.commit_all("noise");
    let small = bed.mirror.clone().with_most_bytes(100_000);
    let error = small.fetch(&bed.remote, LONG).unwrap_err();
    assert!(
        matches!(error, FetchError::TooLarge { limit: 100_000, .. }),
        "{error}"
    );
    assert!(small.has(&first));
    assert_eq!(bed.fetch(), bed.head());
}

#[test]
fn a_second_process_waits_and_is_told_that_the_mirror_is_in_use() {
    let bed = Bed::good();
    let lock = fs::File::create(bed.world.beside("state/mirror/lock")).unwrap();
    lock.lock().unwrap();
    let short = Duration::from_millis(50);
    let error = bed.mirror.fetch(&bed.remote, short).unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    drop(lock);
    let other = bed.mirror.clone();
    std::thread::scope(|scope| {
        for mirror in [&bed.mirror, &other] {
            scope.spawn(|| assert_eq!(mirror.fetch(&bed.remote, LONG).unwrap().commit, bed.head()));
        }
    });
}

#[test]
fn a_stopping_service_fetches_nothing() {
    let world = World::good();
    let mut program = git();
    program.stop = StopRequest::default();
    let stop = program.stop.clone();
    let mirror = Mirror::open_or_create(&world.beside("mirror"), program).unwrap();
    stop.stop();
    let error = mirror
        .fetch(&remote(world.root().to_str().unwrap()), LONG)
        .unwrap_err();
    assert!(matches!(error, FetchError::Stopped { .. }), "{error}");
}

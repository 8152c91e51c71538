//! Commits signed by listed and other keys, with the real `git` and `ssh-keygen`.

use std::fs;
use std::path::PathBuf;

use gamctl::service::fetch::{CandidateError, SignatureResult, Verdict};

use super::{Bed, is_acceptable};

/// Ann is listed, Eve is not.
struct Signers {
    bed: Bed,
}

impl Signers {
    fn new() -> Self {
        let mut bed = Bed::good();
        for name in ["ann", "eve"] {
            let key = bed.world.beside(name);
            let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
            let arguments = [&arguments[..], &[key.to_str().unwrap()]].concat();
            assert!(
                bed.world
                    .run(bed.world.root(), "ssh-keygen", &arguments)
                    .status
                    .success()
            );
        }
        let signers = bed.world.beside("allowed signers");
        let key = fs::read_to_string(bed.world.beside("ann.pub")).unwrap();
        fs::write(&signers, format!("ann@example.net {key}")).unwrap();
        bed.remote.signers = Some(signers);
        Self { bed }
    }

    fn key(&self, name: &str) -> PathBuf {
        self.bed.world.beside(&format!("{name}.pub"))
    }

    fn git_signed(&self, name: &str, arguments: &[&str]) {
        let key = format!("user.signingkey={}", self.key(name).display());
        let settings = ["-c", "gpg.format=ssh", "-c", &key];
        self.bed.world.git(&[&settings[..], arguments].concat());
    }

    fn commit(&self, signer: Option<&str>) -> String {
        let arguments = ["commit", "-q", "--allow-empty", "-m", "change"];
        match signer {
            Some(name) => self.git_signed(name, &[&arguments[..], &["-S"]].concat()),
            None => drop(self.bed.world.git(&arguments)),
        }
        self.bed.world.head()
    }

    fn unsigned(&self, verdict: &Verdict<String>) -> (String, SignatureResult) {
        let Verdict::Unsigned { commit } = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(commit.email, "test@example.org");
        (commit.id.to_string(), commit.result)
    }
}

#[test]
fn commits_of_a_listed_signer_are_acceptable_and_name_the_signer() {
    let signers = Signers::new();
    let bed = &signers.bed;
    let target = bed.fetch();
    signers.commit(Some("ann"));
    signers.commit(Some("ann"));
    let verdict = bed.judge(Some(&target), &bed.fetch());
    let Verdict::Acceptable { commits } = &verdict else {
        panic!("{verdict:?}");
    };
    let names: Vec<_> = commits
        .iter()
        .map(|commit| commit.signer.as_deref())
        .collect();
    assert_eq!(names, [Some("ann@example.net"); 2]);
}

#[test]
fn the_oldest_commit_that_is_not_signed_by_a_listed_signer_is_reported() {
    for (signer, result) in [
        (None, SignatureResult::None),
        (Some("eve"), SignatureResult::UnknownSigner),
    ] {
        let signers = Signers::new();
        let target = signers.bed.fetch();
        signers.commit(Some("ann"));
        let bad = signers.commit(signer);
        signers.commit(signer);
        signers.commit(Some("ann"));
        let verdict = signers.bed.judge(Some(&target), &signers.bed.fetch());
        assert_eq!(signers.unsigned(&verdict), (bad, result));
    }
}

#[test]
fn an_unsigned_commit_behind_a_signed_merge_is_found() {
    let signers = Signers::new();
    let target = signers.bed.fetch();
    let world = &signers.bed.world;
    world.git(&["checkout", "-q", "-b", "side"]);
    let bad = signers.commit(None);
    world.git(&["checkout", "-q", "main"]);
    signers.commit(Some("ann"));
    signers.git_signed(
        "ann",
        &["merge", "-q", "--no-ff", "-S", "-m", "merge", "side"],
    );
    let verdict = signers.bed.judge(Some(&target), &signers.bed.fetch());
    assert_eq!(signers.unsigned(&verdict), (bad, SignatureResult::None));
}

#[test]
fn the_first_target_needs_a_signature_of_its_own_only() {
    let signers = Signers::new();
    let bed = &signers.bed;
    let unsigned = bed.fetch();
    let verdict = bed.judge(None, &unsigned);
    assert_eq!(signers.unsigned(&verdict).0, unsigned.as_str());
    signers.commit(Some("ann"));
    assert!(is_acceptable(&bed.judge(None, &bed.fetch()), 1));
}

#[test]
fn a_changed_commit_has_a_bad_signature_and_other_kinds_of_signatures_are_none() {
    let signers = Signers::new();
    let world = &signers.bed.world;
    let target = signers.bed.fetch();
    signers.commit(Some("ann"));
    let object = world.git(&["cat-file", "commit", "HEAD"]);
    let (head, _) = object.split_once("gpgsig ").unwrap();
    let pgp =
        "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nchange\n";
    let x509 = pgp.replace("PGP SIGNATURE", "SIGNED MESSAGE");
    for (text, result) in [
        (
            object.replace("\nchange", "\nchanged"),
            SignatureResult::Bad,
        ),
        (format!("{head}{pgp}"), SignatureResult::None),
        (format!("{head}{x509}"), SignatureResult::None),
    ] {
        fs::write(world.beside("object"), text).unwrap();
        let path = world.beside("object");
        let id = world.git(&["hash-object", "-t", "commit", "-w", path.to_str().unwrap()]);
        world.git(&["update-ref", "refs/heads/main", &id]);
        let verdict = signers.bed.judge(Some(&target), &signers.bed.fetch());
        assert_eq!(signers.unsigned(&verdict), (id, result));
    }
}

#[test]
fn without_the_file_of_signers_nothing_is_judged() {
    let signers = Signers::new();
    let candidate = signers.bed.fetch();
    fs::remove_file(signers.bed.world.beside("allowed signers")).unwrap();
    let error = signers
        .bed
        .judge_with(None, &candidate, |_| {})
        .unwrap_err();
    assert!(matches!(error, CandidateError::Signers { .. }), "{error}");
}

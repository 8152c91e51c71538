//! Computes an id for a finding that stays the same when its line moves.

use std::collections::BTreeMap;

use crate::model::Finding;

/// Assigns ids one by one, so that two equal findings of a file get different ids.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: BTreeMap<u64, u64>,
}

impl Fingerprints {
    /// Returns the id of the next finding.
    ///
    /// # Assumes
    /// Findings come in the order of their locations; among equal ones the first in the file gets the first id.
    pub(super) fn next(&mut self, finding: &Finding) -> String {
        let parts = [
            finding.rule.id.as_bytes(),
            finding.place.file.as_bytes(),
            finding.message.as_bytes(),
        ];
        let mut hash = fnv1a(&parts);
        let before = self.seen.entry(hash).or_default();
        if *before > 0 {
            hash = fnv1a(&[&hash.to_be_bytes(), &before.to_be_bytes()]);
        }
        *before += 1;
        format!("{hash:016x}")
    }
}

/// Returns the 64-bit FNV-1a hash of the parts, which depends only on them.
fn fnv1a(parts: &[&[u8]]) -> u64 {
    // No byte of UTF-8 is 0xff, so "ab" and "c" hash unlike "a" and "bc".
    let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::finding::sample;

    #[test]
    fn the_hash_is_the_published_one() {
        // The empty text and "a" from the reference's test vectors, with the 0xff after each undone.
        assert_eq!(fnv1a(&[]), 0xcbf2_9ce4_8422_2325);
        let undone = |hash: u64| hash.wrapping_mul(0xce96_5057_aff6_957b) ^ 0xff;
        assert_eq!(undone(fnv1a(&[b"a"])), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn a_finding_keeps_its_name_when_its_line_moves() {
        let finding = sample::finding(3, 1, 1);
        let moved = sample::finding(90, 4, 1);
        assert_eq!(
            Fingerprints::default().next(&finding),
            Fingerprints::default().next(&moved)
        );
    }

    #[test]
    fn rule_file_and_message_each_change_the_name() {
        let finding = sample::finding(3, 1, 1);
        let mut names = vec![Fingerprints::default().next(&finding)];
        let mut other = finding.clone();
        other.rule = &sample::OTHER_RULE;
        names.push(Fingerprints::default().next(&other));
        let mut other = finding.clone();
        other.place.file = "devices/b.toml".into();
        names.push(Fingerprints::default().next(&other));
        let mut other = finding;
        other.message.push('.');
        names.push(Fingerprints::default().next(&other));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn two_alike_in_one_file_have_two_names() {
        let finding = sample::finding(3, 1, 1);
        let mut fingerprints = Fingerprints::default();
        let names = [0, 1, 2].map(|_| fingerprints.next(&finding));
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    }
}

//! The committed corpus of the fuzzer, through every target: whatever once broke the product breaks it no more.

use guildhall_tests::fuzzed::{TARGETS, corpus};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// All of the corpus, in bytes.
const CORPUS_BYTES_MAX: u64 = 300_000;

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_corpus_breaks_nothing() {
    for target in TARGETS {
        let folder = corpus().join(target.name);
        for name in names(&folder) {
            let path = folder.join(name);
            let bytes = fs::read(&path).unwrap();
            let outcome = std::panic::catch_unwind(|| (target.run)(&bytes));
            assert!(outcome.is_ok(), "{} breaks {}", path.display(), target.name);
        }
    }
}

#[test]
fn every_target_has_a_small_corpus_and_nothing_else_does() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&corpus()), targets);
    let mut bytes = 0;
    for name in targets {
        let folder = corpus().join(&name);
        let files = names(&folder);
        assert!(!files.is_empty(), "{name} has no corpus");
        bytes += files.iter().map(|file| fs::metadata(folder.join(file)).unwrap().len()).sum::<u64>();
    }
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes}");
}

//! The places in the sources that call the table: all there are, as the sources show them, and the one that is calling, as the
//! stack shows it. So no list has to be kept, and the product need not say where it is.

use std::backtrace::Backtrace;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where calls of a table are made.
const ROOTS: [&str; 2] = ["shared/storage/src", "functions/src"];
/// What carries calls out or passes them on, and makes none of its own.
const PASSING_ON: [&str; 6] = [
    "shared/storage/src/contract",
    "shared/storage/src/dynamo",
    "shared/storage/src/memory",
    "shared/storage/src/permissions.rs",
    "shared/storage/src/change.rs",
    "functions/src/observed",
];
/// Places that no route reaches, each with the reason.
const UNREACHED: &[(&str, &str)] =
    &[("shared/storage/src/content.rs", "publishing is a command of operators; no route writes content")];

/// A place in the sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Site {
    file: String,
    line: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Site {
    /// The innermost place on the stack that calls a table, or the probe that opens a connection.
    pub(super) fn here() -> Self {
        let stack = Backtrace::force_capture().to_string();
        let frames = stack.lines().filter_map(|line| line.trim_start().strip_prefix("at "));
        let mut sites = frames.filter_map(Self::parse);
        sites.find(|site| !passes_on(&site.file)).unwrap_or(Self { file: "no repository".to_owned(), line: 0 })
    }

    /// Reads `PATH:LINE:COLUMN`.
    fn parse(frame: &str) -> Option<Self> {
        let mut parts = frame.rsplitn(3, ':');
        let (_, line, path) = (parts.next()?, parts.next()?, parts.next()?);
        let root = ROOTS.into_iter().find_map(|root| path.find(&format!("{root}/")))?;
        Some(Self { file: path[root..].to_owned(), line: line.parse().ok()? })
    }
}

fn passes_on(file: &str) -> bool {
    PASSING_ON.iter().any(|passing_on| file.starts_with(passing_on))
}

/// Every place in the sources.
fn all() -> BTreeSet<Site> {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sites = BTreeSet::new();
    for root in ROOTS {
        for path in files(&tree.join(root)) {
            let file = path.strip_prefix(&tree).unwrap().to_str().unwrap().to_owned();
            let is_test = file.ends_with("/tests.rs") || file.contains("/tests/");
            if !passes_on(&file) && !is_test {
                let source = std::fs::read_to_string(&path).unwrap();
                let product = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
                let lines = (1..).zip(product.lines()).filter(|(_, line)| calls_a_table(line));
                sites.extend(lines.map(|(line, _)| Site { file: file.clone(), line }));
            }
        }
    }
    sites
}

fn calls_a_table(line: &str) -> bool {
    ["table.get(", "table.query(", "table.commit("].iter().any(|call| line.contains(call))
        || [".commit(Commit::", ".commit(commit"].iter().any(|call| line.trim_start().starts_with(call))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inner = folders.iter().flat_map(|folder| self::files(folder));
    inner.chain(files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"))).collect()
}

/// What is wrong with the places that were reached.
pub(super) fn unreached(reached: &BTreeSet<Site>) -> Vec<String> {
    let all = all();
    assert!(all.len() >= 40, "the sources have only {} calls of a table", all.len());
    let excused = |site: &Site| UNREACHED.iter().any(|(file, _)| site.file == *file);
    let missed = all.difference(reached).filter(|site| !excused(site));
    let missed = missed.map(|site| format!("{site} calls the table, and no route comes there"));
    // One that the sources do not show would mean that the scan is blind.
    let unseen = reached.iter().filter(|site| site.line > 0 && !all.contains(site));
    missed.chain(unseen.map(|site| format!("{site} is on the stack, and no call is seen there"))).collect()
}

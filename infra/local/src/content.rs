//! Reads the game's content from a folder of JSON files, says everything that is wrong with it at once, and puts it in force.
//!
//! One file per field of [`Content`]: `loot-tables.json` holds `loot_tables`. Not here: what makes content right, which
//! [`Content::check`] knows.

use guildhall_domain::Content;
use guildhall_domain::content::{ContentEntry, ContentKind};
use guildhall_storage::content::{Published, PublishedEntry, publish};
use guildhall_storage::{CommitError, Table};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The files of a content folder.
const FILES: [&str; 11] = [
    "abilities.json",
    "classes.json",
    "dungeons.json",
    "enemies.json",
    "items.json",
    "loot-tables.json",
    "progression.json",
    "rules.json",
    "skills.json",
    "statuses.json",
    "zones.json",
];

/// The description of these files for editors, which lies beside them.
const SCHEMA: &str = "schema.json";

/// Content that may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedContent {
    /// The content.
    pub content: Content,
    /// Its version, 16 hexadecimal digits.
    pub version: String,
    /// Its canonical JSON.
    pub canonical: String,
    /// The canonical JSON of each entry.
    pub entries: Vec<PublishedEntry>,
}

/// Everything that is wrong with a content folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentProblems {
    folder: PathBuf,
    problems: Vec<String>,
}

impl ContentProblems {
    /// One line each: the file, the place in it, and what is wrong there.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ContentProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        if let [only] = self.problems.as_slice() {
            return write!(f, "the content in {folder} has a mistake: {only}");
        }
        write!(f, "the content in {folder} has {} mistakes:", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ContentProblems {}

/// The folder that `GUILDHALL_CONTENT` names, or the one that comes with the sources.
pub fn default_folder() -> PathBuf {
    let named = std::env::var_os("GUILDHALL_CONTENT").filter(|name| !name.is_empty());
    named.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../seed-data"), PathBuf::from)
}

/// Reads and checks the content of a folder.
///
/// # Errors
/// [`ContentProblems`]: all files that cannot be read and all entries of a wrong shape, or else everything that
/// [`Content::check`] finds.
pub fn load(folder: &Path) -> Result<LoadedContent, ContentProblems> {
    let refuse = |problems| ContentProblems { folder: folder.to_owned(), problems };
    let mut files = Files::read(folder);
    let content = Content {
        classes: files.entries("classes.json"),
        enemies: files.entries("enemies.json"),
        items: files.entries("items.json"),
        loot_tables: files.entries("loot-tables.json"),
        dungeons: files.entries("dungeons.json"),
        zones: files.entries("zones.json"),
        progression: guildhall_domain::content::Progression { xp_for_level: Vec::new() },
        rules: guildhall_domain::content::Rules::default(),
        skills: files.entries("skills.json"),
        abilities: files.entries("abilities.json"),
        statuses: files.entries("statuses.json"),
    };
    let content = match (files.whole("progression.json"), files.whole("rules.json")) {
        (Some(progression), Some(rules)) if files.problems.is_empty() => Content { progression, rules, ..content },
        _ => return Err(refuse(files.problems)),
    };
    content
        .check()
        .map_err(|errors| refuse(errors.iter().map(|error| format!("{}: {error}", file_of(&error.at))).collect()))?;
    LoadedContent::of(content).map_err(|error| refuse(vec![error.to_string()]))
}

fn entries(content: &Content) -> serde_json::Result<Vec<PublishedEntry>> {
    let published = |(kind, id, entry): (ContentKind, String, ContentEntry)| {
        Ok(PublishedEntry { kind: kind.to_string(), id, body: serde_json::to_string(&entry)? })
    };
    content.entries().map(published).collect()
}

impl LoadedContent {
    /// Content that was checked, ready to publish.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn of(content: Content) -> serde_json::Result<Self> {
        let canonical = serde_json::to_string(&content)?;
        let version = format!("{:016x}", Content::version_of(canonical.as_bytes()));
        let entries = entries(&content)?;
        Ok(Self { content, version, canonical, entries })
    }

    /// Puts it in force. Processes that read the content before notice within a minute.
    ///
    /// # Errors
    /// [`CommitError`] of the table.
    pub async fn publish(&self, table: &dyn Table) -> Result<(), CommitError> {
        let bundle = Published { version: self.version.clone(), body: self.canonical.clone() };
        publish(table, &bundle, &self.entries).await
    }
}

/// The files as far as they can be read, and what is wrong with them so far.
struct Files {
    values: BTreeMap<&'static str, Value>,
    problems: Vec<String>,
}

impl Files {
    fn read(folder: &Path) -> Self {
        let mut files = Self { values: BTreeMap::new(), problems: Vec::new() };
        for name in FILES {
            let text = match std::fs::read_to_string(folder.join(name)) {
                Ok(text) => text,
                Err(error) => {
                    files.problems.push(format!("{name}: {error}"));
                    continue;
                }
            };
            match serde_json::from_str(&text) {
                Ok(value) => drop(files.values.insert(name, value)),
                Err(error) => files.problems.push(format!("{name}: {error}")),
            }
        }
        files.problems.extend(unknown_files(folder));
        files
    }

    /// A file that maps ids to entries; entries of a wrong shape become problems of their own.
    fn entries<T: DeserializeOwned>(&mut self, name: &'static str) -> BTreeMap<String, T> {
        let mut entries = BTreeMap::new();
        match self.values.remove(name) {
            Some(Value::Object(values)) => {
                for (id, value) in values {
                    match serde_json::from_value(value) {
                        Ok(entry) => drop(entries.insert(id, entry)),
                        Err(error) => self.problems.push(format!("{name}: {id}: {error}")),
                    }
                }
            }
            Some(_) => self.problems.push(format!("{name}: expected an object with one entry per id")),
            None => {}
        }
        entries
    }

    fn whole<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        match serde_json::from_value(self.values.remove(name)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {error}"));
                None
            }
        }
    }
}

/// A file with a misspelt name would otherwise be left out in silence.
fn unknown_files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut unknown: Vec<String> = names
        .filter(|name| name.ends_with(".json") && *name != SCHEMA && !FILES.contains(&name.as_str()))
        .map(|name| format!("{name}: is no part of the content; expected {}", FILES.join(", ")))
        .collect();
    unknown.sort();
    unknown
}

/// The file that a path such as `loot_tables.goblin` is in.
fn file_of(at: &str) -> String {
    format!("{}.json", at.split('.').next().unwrap_or_default().replace('_', "-"))
}

#[cfg(test)]
mod tests;

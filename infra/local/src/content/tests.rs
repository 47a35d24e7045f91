//! The content that comes with the sources, and copies of it with mistakes.

use super::*;
use crate::scratch::Folder;

fn seed_copy() -> Folder {
    let folder = Folder::new("content");
    for name in FILES {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../seed-data").join(name);
        std::fs::copy(from, folder.path().join(name)).unwrap();
    }
    folder
}

fn problems(folder: &Folder) -> Vec<String> {
    load(folder.path()).unwrap_err().problems().to_vec()
}

#[test]
fn the_seed_content_is_right_and_its_version_follows_it() {
    let folder = seed_copy();
    let loaded = load(folder.path()).unwrap();
    assert_eq!(loaded.version.len(), 16);
    assert_eq!(serde_json::from_str::<Content>(&loaded.canonical).unwrap(), loaded.content);
    assert_eq!(load(folder.path()).unwrap(), loaded);

    // Order and blanks do not matter; numbers do.
    let progression = folder.path().join("progression.json");
    std::fs::write(&progression, serde_json::to_string(&loaded.content.progression).unwrap()).unwrap();
    assert_eq!(load(folder.path()).unwrap().version, loaded.version);
    std::fs::write(&progression, r#"{"xp_for_level":[0,7]}"#).unwrap();
    assert_ne!(load(folder.path()).unwrap().version, loaded.version);
}

#[test]
fn unreadable_files_and_misshapen_entries_are_all_reported() {
    let folder = seed_copy();
    std::fs::write(folder.path().join("classes.json"), r#"{"fighter": {"name": 1}, "mage": {"nmae": "x"}}"#).unwrap();
    std::fs::write(folder.path().join("items.json"), "[]").unwrap();
    std::fs::write(folder.path().join("progression.json"), "{\n  nonsense").unwrap();
    std::fs::write(folder.path().join("loot_tables.json"), "{}").unwrap();
    std::fs::write(folder.path().join("schema.json"), "{}").unwrap();
    std::fs::remove_file(folder.path().join("enemies.json")).unwrap();
    let problems = problems(&folder);
    for (file, part) in [
        ("classes.json: fighter: ", "invalid type"),
        ("classes.json: mage: ", "unknown field `nmae`"),
        ("enemies.json: ", "No such file"),
        ("items.json: ", "expected an object"),
        ("loot_tables.json: ", "is no part of the content"),
        ("progression.json: ", "line 2"),
    ] {
        assert!(problems.iter().any(|p| p.starts_with(file) && p.contains(part)), "{file}{part} in {problems:#?}");
    }
    assert_eq!(problems.len(), 6, "{problems:#?}");
}

#[test]
fn mistakes_of_meaning_are_all_reported_with_their_file() {
    let folder = seed_copy();
    let path = folder.path().join("enemies.json");
    let enemies = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, enemies.replace("\"loot_table\": \"goblin\"", "\"loot_table\": \"nothing\"")).unwrap();
    std::fs::write(folder.path().join("progression.json"), r#"{"xp_for_level":[5]}"#).unwrap();
    let problems = problems(&folder);
    for expected in [
        "enemies.json: enemies.goblin.loot_table: names no loot table",
        "enemies.json: enemies.goblin-archer.loot_table: names no loot table",
        "progression.json: progression.xp_for_level: ",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected} in {problems:#?}");
    }
    let text = load(folder.path()).unwrap_err().to_string();
    assert!(text.contains(&format!("has {} mistakes:\n  enemies.json: ", problems.len())), "{text}");

    std::fs::write(&path, enemies).unwrap();
    let text = load(folder.path()).unwrap_err().to_string();
    assert!(text.contains("has a mistake: progression.json: ") && text.lines().count() == 1, "{text}");
}

#[test]
fn a_missing_folder_is_a_clear_problem() {
    let folder = Folder::new("content");
    let problems = load(&folder.path().join("nowhere")).unwrap_err();
    assert_eq!(problems.problems().len(), FILES.len(), "{problems}");
}

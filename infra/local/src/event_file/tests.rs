//! The file by itself: what it takes, what it loses, and when it begins anew.

use super::*;
use crate::scratch::Folder;
use guildhall_storage::{Key, TableName};

/// The going of a character whose row is all that a character needs.
fn change(version: u64) -> Change {
    let row = serde_json::json!({
        "character_id": {"S": "0".repeat(32)}, "account_id": {"S": "1".repeat(32)}, "name": {"S": "Bryn"}, "class": {"S": "fighter"},
        "version": {"N": version.to_string()}, "created_at": {"N": "1"}, "request_fingerprint": {"S": ""},
        "level": {"N": "1"}, "xp": {"N": "0"}, "hp": {"N": "1"}, "hp_max": {"N": "1"}, "gold": {"N": "0"},
        "inventory": {"L": []}, "dungeons_cleared": {"N": "0"},
    });
    let key = Key::new(TableName::Characters, "1".repeat(32), "0".repeat(32));
    Change { key, before: Some(serde_json::from_value(row).unwrap()), after: None }
}

#[test]
fn what_was_handed_over_is_written_down_in_order_and_kept() {
    let folder = Folder::new("events");
    let path = folder.path().join("events.ndjson");
    for run in [[1, 2], [3, 4]] {
        let file = EventFile::open(&path).unwrap();
        let listener = file.listener();
        run.into_iter().for_each(|version| listener(Timestamp(7), change(version)));
        // Somebody still holds the listener, as the API does.
        assert_eq!(file.finish(), 0);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["type"] == "character.erased" && line["at"] == 7));
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap().rsplit('/').nth(1).unwrap()).collect();
    assert_eq!(ids, ["2", "3", "4", "5"]);
}

#[test]
fn a_writer_that_cannot_keep_up_costs_events_and_no_time() {
    let (to_writer, changes) = sync_channel(1);
    let lost = Arc::new(AtomicU64::new(0));
    let writer = std::thread::spawn(|| {});
    let file = EventFile { to_writer, lost, writer };
    let listener = file.listener();
    (0..3).for_each(|version| listener(Timestamp(7), change(version)));
    drop(changes);
    assert_eq!(file.finish(), 2);
}

#[test]
fn a_full_file_is_put_aside() {
    let folder = Folder::new("events");
    let path = folder.path().join("events.ndjson");
    let mut pages = Pages::open(&path).unwrap();
    pages.write("old\n").unwrap();
    pages.bytes = FILE_BYTES_MAX;
    pages.write("new\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    assert_eq!(std::fs::read_to_string(folder.path().join("events.before.ndjson")).unwrap(), "old\n");
}

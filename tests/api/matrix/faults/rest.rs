//! What happens too seldom to happen in any situation, and takes a table by a way of its own.

use super::super::situations::{Situation, who};
use super::super::world::Request;
use super::Sweep;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_domain::combat_log::{ChunkWriter, Deed, ViolationKind};
use guildhall_domain::limits::LOGIN_ATTEMPTS_PER_ADDRESS_MAX;
use guildhall_storage::{Action, Commit, Condition, Key, Table, TableName, Write};
use guildhall_tests::backend::route;
use serde_json::json;

/// Goes through all of it, the last situation being that everybody has given up.
pub(super) async fn sweep(sweep: &mut Sweep) {
    let start = sweep.table.items();
    let usual = |name: &str, sweep: &Sweep| sweep.situated.world.request(route(name), who(route(name)));

    // One login ends, and the others live on.
    let mut request = usual("logout-account", sweep);
    request.body = json!({"everywhere": false});
    run(sweep, "logout-account", &request).await;

    // A party finds no game sim of its build, and waits.
    sweep.table.restore(&start);
    let mut request = usual("create-game-session", sweep);
    request.body["build_version"] = json!("none");
    run(sweep, "create-game-session", &request).await;

    // A client did what a fair one does not.
    sweep.table.restore(&start);
    let mut request = usual("save-events", sweep);
    request.body["chunk"] = json!(violation(sweep));
    run(sweep, "save-events", &request).await;

    // A game sim lists a session whose row has gone.
    sweep.table.restore(&start);
    let session = Key::new(TableName::Sessions, sweep.situated.world.session.as_str(), "session");
    write(sweep, Write::delete(session, Condition::Exists)).await;
    let request = usual("reap-fleet", sweep);
    run(sweep, "reap-fleet", &request).await;

    // A later boot of a game sim is remembered already when an earlier one is removed.
    sweep.table.restore(&start);
    let last_epoch = Key::new(TableName::Gamesims, "gamesim#sim-0", "last-epoch");
    write(sweep, Write::update(last_epoch, [Action::set("epoch", 9u64)], Condition::Always)).await;
    run(sweep, "reap-fleet", &request).await;

    // Strangers have exhausted an address.
    sweep.table.restore(&start);
    let request = usual("login-account", sweep);
    sweep.start = start.clone();
    sweep.in_peace(route("login-account"), &request).await;
    let windows = sweep.table.items().into_iter().map(|(key, _)| key).filter(|key| {
        key.pk.starts_with("throttle#") && !key.pk.starts_with("throttle#global") && key.sk.starts_with("window#")
    });
    let exhausted = [Action::set("attempts", LOGIN_ATTEMPTS_PER_ADDRESS_MAX)];
    for window in windows.collect::<Vec<_>>() {
        write(sweep, Write::update(window, exhausted.clone(), Condition::Exists)).await;
    }
    run(sweep, "login-account", &request).await;
}

async fn run(sweep: &mut Sweep, name: &str, request: &Request) {
    sweep.request(route(name), Situation::GivenUp, request).await;
}

async fn write(sweep: &Sweep, write: Write) {
    sweep.table.commit(Commit::one(write)).await.unwrap();
}

/// A combat log with a violation by Ada's character that plays.
fn violation(sweep: &Sweep) -> String {
    let world = &sweep.situated.world;
    let now_ms = world.backend.now().0;
    let mut writer = ChunkWriter::begin(now_ms).unwrap();
    let account_id = world.ada.parse().unwrap();
    let character_id = world.playing["character_id"].as_str().unwrap().parse().unwrap();
    let deed = Deed::Violation { seat: 0, account_id, character_id, kind: ViolationKind::Cooldown, count: 1 };
    assert!(writer.push(now_ms, None, &deed));
    STANDARD.encode(writer.into_bytes())
}

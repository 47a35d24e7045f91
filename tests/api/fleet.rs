//! Registration and heartbeats of game sims.

use guildhall_domain::GamesimId;
use guildhall_storage::gamesims;
use guildhall_tests::{Backend, Caller};
use serde_json::{Value, json};

fn beat(epoch: u64, state: &str) -> Value {
    json!({"epoch": epoch, "state": state, "load": {"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0}})
}

async fn heartbeat(backend: &Backend, caller: &str, name: &str, body: &Value) -> guildhall_tests::Answer {
    backend.call("heartbeat-gamesim", Caller::Gamesim(caller), &[("gamesim_id", name)], body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_sim_is_who_its_signature_says_and_where_it_called_from() {
    let backend = Backend::start().await;
    assert_eq!(backend.gamesim("i-0abc", 10, "boot-1").await, 1);
    let id: GamesimId = "i-0abc".parse().unwrap();
    let row = gamesims::find_latest(backend.table(), &id).await.unwrap().unwrap();
    assert_eq!(row.ip, "127.0.0.1");
    assert!(!row.sealed_connect_key.contains("AAAA"), "the key lies open");
    let answer = heartbeat(&backend, "i-0abc", "i-0abc", &beat(1, "ready")).await.expect(200);
    assert_eq!(answer, json!({"state": "ready", "sessions": {}, "queued": 0, "queue_wait_ms": 0}));
    heartbeat(&backend, "i-0other", "i-0abc", &beat(1, "ready")).await.refused(403, "forbidden");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_boot_gets_a_higher_epoch_and_fences_the_one_before() {
    let backend = Backend::start().await;
    assert_eq!(backend.gamesim("sim-1", 10, "boot-1").await, 1);
    assert_eq!(backend.gamesim("sim-1", 10, "boot-1").await, 1, "a repeated call is the same boot");
    assert_eq!(backend.gamesim("sim-1", 10, "boot-2").await, 2);
    heartbeat(&backend, "sim-1", "sim-1", &beat(1, "ready")).await.refused(409, "fenced");
    heartbeat(&backend, "sim-1", "sim-1", &beat(2, "ready")).await.expect(200);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_repetition_of_an_old_registration_does_not_retire_the_living_boot() {
    let backend = Backend::start().await;
    for (boot, epoch) in [("boot-1", 1), ("boot-2", 2), ("boot-3", 3)] {
        assert_eq!(backend.gamesim("sim-1", 10, boot).await, epoch);
    }
    for late in ["boot-1", "boot-2"] {
        backend.register_gamesim("sim-1", 10, late).await.refused(409, "fenced");
    }
    heartbeat(&backend, "sim-1", "sim-1", &beat(3, "ready")).await.expect(200);
    assert_eq!(backend.gamesim("sim-1", 10, "boot-3").await, 3);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_sim_lives_as_long_as_its_heartbeats_count() {
    let backend = Backend::start().await;
    backend.gamesim("sim-1", 10, "boot-1").await;
    let id: GamesimId = "sim-1".parse().unwrap();
    for (pass_ms, alive) in [(5_999, true), (1, false)] {
        backend.pass_ms(pass_ms);
        let row = gamesims::find_latest(backend.table(), &id).await.unwrap().unwrap();
        assert_eq!(row.is_alive(backend.now()), alive);
    }
    heartbeat(&backend, "sim-1", "sim-1", &beat(1, "gone")).await.expect(200);
    heartbeat(&backend, "sim-1", "sim-1", &beat(1, "ready")).await.refused(409, "fenced");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_and_strangers_cannot_speak_for_a_game_sim() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    for caller in [Caller::Anyone, Caller::Bearer(&token)] {
        let answer = backend.call("heartbeat-gamesim", caller, &[("gamesim_id", "sim-1")], &beat(1, "ready")).await;
        answer.refused(403, "forbidden");
    }
    backend.stop().await;
}

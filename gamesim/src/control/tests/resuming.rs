//! Whole game sims and a real S3 server: what one has stored the next one goes on from. And accounts that have to go.

use super::*;
use crate::bucket;
use crate::bucket::tests::{Server, bucket};
use crate::checkpoint::object;
use guildhall_domain::api::{FormerPlacement, HeldCharacter, WriteName};
use guildhall_domain::progress::WriteSeq;
use guildhall_domain::{Build, Character, CharacterName, Timestamp};

/// The first character, as the script's API has it.
fn stored() -> Character {
    Character {
        character_id: CharacterId::from_bits(2),
        account_id: AccountId::from_bits(1),
        name: CharacterName::parse("Ada").unwrap(),
        class: "hero".to_owned(),
        version: 3,
        created_at: Timestamp(0),
        deleted_at: None,
        build: Build::default(),
        hot: HotState { level: 1, hp: 100, hp_max: 100, ..HotState::default() },
    }
}

pub(super) async fn sim_on(server: &Server) -> Sim {
    Sim::start_on(0, 10, "unused".into(), Some(bucket(&server.address, "kept", "secret"))).await
}

#[tokio::test]
async fn a_session_goes_on_from_what_the_game_sim_before_has_stored() {
    let server = Server::start("control").await;
    let mut first = sim_on(&server).await;
    let port = enter(&mut first, 1).await;
    let reader = bucket(&server.address, "kept", "secret");
    let key = bucket::key(&"sim-1".parse().unwrap(), EPOCH, port);
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        let kept = reader.get(key.clone()).await.unwrap().unwrap_or_default();
        if object::find(&kept, SESSION, 1).is_some() {
            break;
        }
        assert!(Instant::now() < give_up, "no checkpoint");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // As far as anybody can tell from outside, it has died.
    first.running.abort();

    let mut second = sim_on(&server).await;
    let never = FormerPlacement { session_epoch: 2, gamesim_id: "sim-2".parse().unwrap(), gamesim_epoch: 1, port };
    let before = FormerPlacement { session_epoch: 1, gamesim_id: "sim-1".parse().unwrap(), gamesim_epoch: EPOCH, port };
    // Something was written: without its checkpoint the session could not go on.
    let last_write = Some(WriteName { session_epoch: 1, seq: WriteSeq::default().next(1).into() });
    let held = HeldCharacter { seat: 0, character: stored(), last_write };
    second.script.lock().unwrap().resume =
        Some(Resume { before: vec![never, before], characters: vec![held], left: None });
    enter(&mut second, 3).await;
    second.shutdown.drain.cancel();
    let write = second.call("/progress").await;
    assert_eq!((&write["session_epoch"], &write["groups"][0]["writes"][0]["release"]), (&3.into(), &true.into()));
    second.end().await.1.unwrap();
}

#[tokio::test]
async fn an_account_that_has_to_go_is_let_go_once_and_confirmed() {
    let mut sim = Sim::start(0).await;
    enter(&mut sim, 1).await;
    let expulsion = Expulsion { account_id: AccountId::from_bits(1), at: Timestamp(7) };
    sim.script.lock().unwrap().expelled.push(expulsion);
    let write = sim.call("/progress").await["groups"][0]["writes"][0].clone();
    assert_eq!(
        (&write["release"], &write["character_id"]),
        (&true.into(), &CharacterId::from_bits(2).to_string().into())
    );
    for _ in 0..3 {
        let beat = sim.call("/heartbeat").await;
        assert_eq!(serde_json::from_value::<Vec<Expulsion>>(beat["expelled"].clone()).unwrap(), [expulsion]);
    }
    sim.script.lock().unwrap().expelled.clear();
    while sim.call("/heartbeat").await.get("expelled").is_some() {}
    sim.shutdown.drain.cancel();
    sim.end().await.1.unwrap();
}

//! A cheating client, over real UDP, and what comes of it: nothing in the dungeon, and an operator who knows.

use crate::scene::{Scene, soon};
use base64::Engine;
use guildhall_client::game::GameClient;
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use guildhall_protocol::payload::{Action, EntityKind, flags};
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// How long the cheater plays: somewhat more than a window in which oddities are counted.
const PLAYS: Duration = Duration::from_secs(12);

/// Stands where it came in, strikes at the king in every tick, and makes three inputs where one is due. Then leaves.
async fn cheat(token: &str) {
    let token = base64::engine::general_purpose::STANDARD.decode(token).unwrap();
    let mut client = GameClient::new(&token, 0).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(client.server_address()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let started = Instant::now();
    let mut is_leaving = false;
    while client.disconnected().is_none() {
        let now_ms = u64::try_from(started.elapsed().as_millis()).unwrap();
        let mut datagram = [0; PACKET_BYTES_MAX];
        while let Ok(length) = socket.recv(&mut datagram) {
            client.handle_datagram(now_ms, &mut datagram[..length]);
        }
        while client.poll_event().is_some() {}
        let king = client.view().entities.iter().find(|entity| entity.flags & flags::BOSS != 0);
        if let Some(king) = king.map(|king| (king.id, king.kind)) {
            assert!(matches!(king.1, EntityKind::Enemy { .. }));
            let strike = Action::Attack { target: king.0 };
            for _ in 0..3 {
                let _ = client.push_input(0, 0, if is_leaving { Action::Leave } else { strike });
            }
        }
        is_leaving |= started.elapsed() > PLAYS;
        client.handle_tick(now_ms);
        while let Some(sent) = client.poll_transmit() {
            let _ = socket.send(&sent.bytes);
        }
        tokio::time::sleep(Duration::from_millis(TICK_MS.into())).await;
    }
}

fn kinds(violations: &[Value]) -> Vec<&str> {
    violations.iter().filter_map(|violation| violation["kind"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_who_cheats() {
    let scene = Scene::start().await;
    let placement = scene.create(0).await;
    let session_id = placement.game_session.session_id;
    tokio::time::timeout(PLAYS * 4, cheat(&placement.connect.token)).await.expect("the cheater was never let go");
    let found = soon("the violations", async {
        loop {
            let found = scene.inspect("/internal/violations").await["violations"].as_array().unwrap().clone();
            if !found.is_empty() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    let told = kinds(&found);
    assert!(told.contains(&"reach") && told.contains(&"inputs_in_excess"), "{found:?}");
    for violation in &found {
        assert_eq!(violation["session_id"], json!(session_id));
        assert_eq!(violation["character_id"], json!(scene.members[0].character_id));
    }
    let events = scene.inspect(&format!("/internal/game-sessions/{session_id}/events?limit=500")).await;
    let deeds = events["events"].as_array().unwrap();
    let in_log = deeds.iter().filter(|event| event["deed"].get("violation").is_some()).count();
    assert_eq!(in_log, found.len());
    let harm = |event: &&Value| event["deed"]["struck"]["by"] == json!(0);
    assert_eq!(deeds.iter().find(harm), None, "the cheater hurt somebody");
    // Its player is not told.
    let shown = scene.members[0].player.game_session_events(session_id, None).await.unwrap();
    assert_eq!(shown.events.len() + found.len(), deeds.len());
    scene.stack.shutdown().await;
}

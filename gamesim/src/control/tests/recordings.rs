//! Recordings on their way: stored when a game sim has ended, with all that it takes to play them; lost where that cannot be.

use super::super::boot::LoadedContent;
use super::super::errands::Office;
use super::super::uploads::{Shelf, Uploads};
use super::resuming::sim_on;
use super::*;
use crate::bucket::tests::{Server, bucket};
use crate::limits::RECORDINGS_WAITING_BYTES_MAX;
use crate::recording::{End, PartName, RecordingPart, content_version, play};
use crate::recordings::Recordings;
use crate::world::Game;
use tokio::sync::Semaphore;

#[tokio::test]
async fn a_session_can_be_replayed_once_its_game_sim_has_ended() {
    let server = Server::start("recordings").await;
    let mut sim = sim_on(&server).await;
    enter(&mut sim, 1).await;
    sim.shutdown.drain.cancel();
    sim.end().await.1.unwrap();

    let recordings = Recordings::at(&server.address, "kept".to_owned(), "us-east-1", "AKID", "secret");
    let listing = recordings.list(None).await.unwrap();
    let name = PartName { session_epoch: 1, number: 0 };
    assert_eq!((listing.is_complete, listing.sessions), (true, BTreeMap::from([(SESSION, vec![name])])));
    assert_eq!(recordings.list(Some(SessionId::from_bits(1))).await.unwrap().sessions, BTreeMap::new());
    let bytes = recordings.part(SESSION, name).await.unwrap().unwrap();
    assert_eq!(recordings.part(SESSION, PartName { number: 1, ..name }).await, Ok(None));
    let version = content_version(&bytes).unwrap();
    let stored = recordings.content(version).await.unwrap().unwrap();
    assert_eq!(stored, *content());
    assert_eq!(recordings.content(version + 1).await, Ok(None));
    let played = play(&bytes, &Game::standard(Arc::new(stored)), &mut |_, _| {}).unwrap();
    assert!(played.end == End::Complete && played.ticks > 0, "{played:?}");
}

#[tokio::test]
async fn even_a_game_sim_that_is_fenced_off_waits_for_its_recordings() {
    let server = Server::start("fenced").await;
    let mut sim = sim_on(&server).await;
    enter(&mut sim, 1).await;
    sim.script.lock().unwrap().is_fenced = true;
    assert!(matches!(sim.end().await.1, Err(RunError::Fenced)));
    let recordings = Recordings::at(&server.address, "kept".to_owned(), "us-east-1", "AKID", "secret");
    assert!(recordings.list(None).await.unwrap().sessions.contains_key(&SESSION));
}

#[tokio::test]
async fn what_cannot_be_stored_is_lost_and_counted() {
    let (_script, _calls, config, signer) = surroundings(0, 10, "unused").await;
    let tracer = guildhall_telemetry::Tracer::default();
    let metrics = Arc::new(SimMetrics::new(1, &tracer));
    let api = Api::new(&config.api, Arc::new(Https::connect(&config.api, signer).unwrap()), tracer);
    let loaded = LoadedContent { content: content(), version: "0000000000000001".into(), version_number: 1 };
    let office = Arc::new(Office {
        api: Arc::new(api),
        bucket: Some(bucket("http://127.0.0.1:1", "kept", "secret")),
        shelf: Shelf::new(loaded),
        clock: Arc::new(Clock::start()),
        metrics: Arc::clone(&metrics),
        letters: Arc::new(DeadLetters::new(Letters::File("unused".into()), "sim".parse().unwrap())),
        permits: Semaphore::new(1),
    });
    let part = |length| RecordingPart { session_id: SESSION, session_epoch: 1, number: 0, bytes: vec![0; length] };
    let lost = |count: u32| metrics.render().contains(&format!("guildhall_recordings_lost_total {count}\n"));
    let mut uploads = Uploads::default();
    uploads.start(&office, part(100));
    assert!(lost(0));
    uploads.start(&office, part(RECORDINGS_WAITING_BYTES_MAX));
    assert!(lost(1), "there is no room for it");
    uploads.finish().await;
    assert!(lost(2), "nobody listens there");
    assert!(uploads.join_next().await.is_none());
    assert!(metrics.render().contains("guildhall_recordings_stored_total 0\n"));
}

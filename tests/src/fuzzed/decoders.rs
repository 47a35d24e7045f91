//! What is read from bytes in one go: the messages of the game, recordings, combat logs.

use super::shard;
use super::tape::Tape;
use guildhall_domain::combat_log::{Chunk, ChunkWriter};
use guildhall_gamesim::recording;
use guildhall_protocol::payload::{
    ClientMessage, INPUTS_MAX, PAYLOAD_BYTES_MAX, ServerHeader, Snapshot, decode_server, encode_server,
};

/// A client's message, which means the same once it is written again.
pub(super) fn run_client_message(bytes: &[u8]) {
    let Ok(message) = ClientMessage::decode(bytes) else { return };
    assert!(message.inputs.len() <= INPUTS_MAX);
    assert_eq!(ClientMessage::decode(&message.encode()), Ok(message));
}

/// A message of the server and one that builds on it, each in a chunk: what fits a datagram means the same once it is
/// written again.
pub(super) fn run_server_message(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let mut held: Option<Snapshot> = None;
    for bytes in [tape.chunk(), tape.rest()] {
        let find = |tick| held.as_ref().filter(|held| held.tick == tick);
        let Ok(message) = decode_server(bytes, find) else { continue };
        let header = ServerHeader {
            input_ack: message.input_ack,
            progress_seq: message.progress_seq,
            durable_seq: message.durable_seq,
        };
        let baseline = find(message.baseline);
        let written = encode_server(&header, &message.snapshot, baseline, message.first_event_seq, &message.events);
        assert!(written.bytes.len() <= PAYLOAD_BYTES_MAX);
        let again = decode_server(&written.bytes, find).expect("what was written can be read");
        assert_eq!(again.snapshot, written.held);
        assert_eq!(again.events, message.events[..written.events_sent]);
        assert_eq!((again.tick, again.input_ack), (message.tick, message.input_ack));
        assert_eq!((again.progress_seq, again.durable_seq), (message.progress_seq, message.durable_seq));
        held = Some(message.snapshot);
    }
}

/// A part of a recording, played as far as it makes sense.
pub(super) fn run_recording(bytes: &[u8]) {
    let _ = recording::content_version(bytes);
    let _ = recording::zone_of(bytes);
    let mut ticks = 0;
    if let Some(played) = recording::play(bytes, shard::game(), &mut |_, _| ticks += 1) {
        assert!(played.ticks <= ticks);
    }
}

/// A chunk of a combat log, whose entries can be written again.
pub(super) fn run_combat_log(bytes: &[u8]) {
    let Some(chunk) = Chunk::decode(bytes) else { return };
    let mut writer = ChunkWriter::begin(chunk.began_ms).expect("memory can be written to");
    for entry in &chunk.entries {
        // Beyond the end of time there is no time.
        if chunk.began_ms.checked_add(entry.after_ms.into()).is_none() {
            return;
        }
        assert!(writer.push(chunk.at_ms(entry), entry.character_id, &entry.deed), "it is longer when written again");
    }
    assert_eq!(Chunk::decode(writer.bytes()), Some(chunk));
}

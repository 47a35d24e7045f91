//! Junk, damaged and repeated datagrams, from strangers and from a player's own address, at a game sim on which a party
//! plays: all of it is counted, none of it is answered, nobody notices.

use crate::program::{Program, stranger};
use crate::scene::{Scene, soon};
use guildhall_client::party::{MemberEnding, PartyOptions, PartyProgress, play_dungeon};
use guildhall_protocol::netcode::ClientState;
use guildhall_tests::party::DUNGEON;
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// Datagrams that are sent before the game sim is given time to read them: fewer than any socket buffer holds.
const BATCH: usize = 100;
/// Datagrams of the flood: every size comes.
const FLOOD: usize = 1_600;

/// A few datagrams of each kind that a client sends, damaged in every way there is: cut, lengthened, with single bits
/// flipped.
fn damaged(sent: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let kind = |datagram: &&Vec<u8>| datagram[0] & 0xf;
    let mut damaged = Vec::new();
    for wanted in [0, 3, 5] {
        let original = sent.iter().rfind(|datagram| kind(datagram) == wanted).expect("the client sent one");
        let lengths = (0..original.len()).step_by(1 + original.len() / 40);
        damaged.extend(lengths.map(|length| original[..length].to_vec()));
        damaged.push([original.as_slice(), &[0]].concat());
        let bits = original.len() * 8;
        damaged.extend((0..bits).step_by(1 + bits / 80).map(|bit| {
            let mut copy = original.clone();
            copy[bit / 8] ^= 1 << (bit % 8);
            copy
        }));
    }
    damaged
}

/// Bytes without any sense, of every size up to beyond the largest packet.
fn nonsense() -> impl Iterator<Item = Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0_usize..).map(move |number| {
        let bytes = (0..number * 37 % 1_400).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        });
        bytes.collect()
    })
}

/// Sends everything and waits until each datagram of it is counted as bad, and not one more.
async fn counted(scene: &Scene, from: &UdpSocket, datagrams: impl Iterator<Item = Vec<u8>>) {
    let mut bad = scene.page.bad("").await;
    let datagrams: Vec<_> = datagrams.collect();
    for batch in datagrams.chunks(BATCH) {
        for datagram in batch {
            from.send(datagram).await.unwrap();
        }
        bad += batch.len() as u64;
        scene.page.until_bad("", bad).await;
    }
    assert_eq!(scene.page.bad("").await, bad, "something was counted that was not sent");
}

fn assert_unanswered(socket: &UdpSocket) {
    let mut buffer = [0; 2_048];
    assert!(socket.try_recv(&mut buffer).is_err(), "junk was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_is_counted_and_neither_answered_nor_noticed() {
    let scene = Scene::start().await;
    // One of the four shows what it sends; the other three play.
    let mut open = Program::new(&scene.create(3).await).await;
    soon("the program's entry", open.enter()).await;
    let (stop, stopped) = watch::channel(false);
    let (progress, mut seen) = watch::channel(PartyProgress::default());
    let options = PartyOptions { stop: Some(stopped), progress: Some(progress), ..PartyOptions::default() };
    let (api, party) = (scene.api.clone(), scene.members[..3].to_vec());
    let playing = tokio::spawn(async move { play_dungeon(&api, &party, DUNGEON, options).await.unwrap() });
    let all_in = seen.wait_for(|party| party.members.len() == 3 && party.members.iter().all(|bot| bot.is_connected));
    open.while_waiting(soon("the party's entry", all_in)).await.unwrap();
    let lines = scene.page.log().lines().count();
    let tick = open.client.view().tick;

    let recorded = open.sent.clone();
    let nobody = stranger(open.client.server_address()).await;
    open.while_waiting(soon("counting nonsense", counted(&scene, &nobody, nonsense().take(FLOOD)))).await;
    open.while_waiting(soon("counting damage", counted(&scene, &nobody, damaged(&recorded).into_iter()))).await;
    open.while_waiting(soon("counting repetitions", counted(&scene, &nobody, recorded.clone().into_iter()))).await;
    assert_unanswered(&nobody);
    // From the address of a player who is connected and goes on playing meanwhile. The copy of the socket is only lent.
    let own = UdpSocket::from_std(duplicate(&open.socket)).unwrap();
    open.while_waiting(soon("counting damage", counted(&scene, &own, damaged(&recorded).into_iter()))).await;
    open.while_waiting(soon("counting repetitions", counted(&scene, &own, recorded.into_iter()))).await;

    for reason in ["malformed", "unknown_address", "token_reused", "unauthentic", "replayed"] {
        assert!(scene.page.bad(reason).await > 0, "nothing was {reason}");
    }
    soon("the game's going on", open.until(|client| client.view().tick > tick + 20)).await;
    assert_eq!((open.client.state(), open.client.dropped()), (ClientState::Connected, 0));
    assert_eq!(scene.page.total("players{", "").await, 4);
    assert_eq!(scene.page.log().lines().count(), lines, "junk is logged:\n{}", scene.page.log());
    stop.send_replace(true);
    let result = soon("the party's end", playing).await.unwrap();
    for member in result.members {
        assert_eq!((member.rejoins, &member.ending), (0, &MemberEnding::Stopped), "{member:?}");
    }
    scene.stack.shutdown().await;
}

fn duplicate(socket: &UdpSocket) -> std::net::UdpSocket {
    rustix::io::dup(socket).unwrap().into()
}

//! A player whose network loses a quarter of everything and breaks off again and again, over real UDP: what happens in the
//! session arrives once and in order, as it does for the one beside them who never leaves.

use crate::PATIENCE_S;
use crate::scene::Scene;
use base64::Engine;
use guildhall_client::game::{GameClient, Kept};
use guildhall_domain::api::Placement;
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use guildhall_protocol::payload::{Action, GameEvent};
use guildhall_tests::backend::seed_data;
use guildhall_tests::dice::Dice;
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Datagrams that the unlucky one loses, each way, in percent.
const LOSS_PERCENT: u64 = 25;
/// How often the unlucky one is cut off, and how much happens each time while they are.
const DROPS: u64 = 3;
const MISSED: usize = 12;
/// What the witness can shout.
const WORDS: usize = 4;

/// A client that owns its socket, so that the test can lose what it likes.
struct Hero {
    client: GameClient,
    socket: UdpSocket,
    dice: Dice,
    loss_percent: u64,
    started: Instant,
}

impl Hero {
    fn connect(placement: &Placement, kept: Kept, loss_percent: u64, seed: u64) -> Self {
        let token = base64::engine::general_purpose::STANDARD.decode(&placement.connect.token).unwrap();
        let client = GameClient::carry_on(&token, 0, kept).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(client.server_address()).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { client, socket, dice: Dice(seed), loss_percent, started: Instant::now() }
    }

    /// One tick: hears what has come, wishes something, sends.
    fn tick(&mut self, action: Action, heard: &mut Vec<GameEvent>) {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap();
        let mut datagram = [0; PACKET_BYTES_MAX];
        while let Ok(length) = self.socket.recv(&mut datagram) {
            if !self.dice.percent(self.loss_percent) {
                self.client.handle_datagram(now_ms, &mut datagram[..length]);
            }
        }
        heard.extend(std::iter::from_fn(|| self.client.poll_event()));
        if self.is_in() {
            let _ = self.client.push_input(0, 0, action);
        }
        self.client.handle_tick(now_ms);
        while let Some(sent) = self.client.poll_transmit() {
            if !self.dice.percent(self.loss_percent) {
                let _ = self.socket.send(&sent.bytes);
            }
        }
    }

    /// Number of the last input that the server has applied.
    fn applied(&self) -> u32 {
        self.client.view().input_ack
    }

    fn is_in(&self) -> bool {
        self.client.view().my_entity.is_some()
    }
}

/// Every shout that was heard, in the order in which it was.
fn shouts(events: &[GameEvent]) -> Vec<u8> {
    let shout = |event: &GameEvent| match event {
        GameEvent::AbilityUsed { ability, .. } => Some(*ability),
        _ => None,
    };
    events.iter().filter_map(shout).collect()
}

/// The shipped content, in which fighters can shout one of four words in every tick.
fn content_with_shouts(folder: &Path) -> PathBuf {
    let edit = |name: &str, change: &dyn Fn(&mut Value)| {
        let text = std::fs::read_to_string(seed_data().join(name)).unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        std::fs::write(folder.join(name), value.to_string()).unwrap();
    };
    for file in std::fs::read_dir(seed_data()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let word = |nth: usize| format!("shout-{nth}");
    edit("abilities.json", &|abilities| {
        for nth in 0..WORDS {
            let effects = json!([{ "status": { "status": "guarded" } }]);
            abilities[word(nth)] = json!({ "name": word(nth), "cooldown_ms": 50, "target": "own", "effects": effects });
        }
    });
    edit("classes.json", &|classes| {
        classes["fighter"]["abilities"] = (0..WORDS).map(|nth| Value::from(word(nth))).collect();
    });
    folder.to_owned()
}

/// The two of them, and what each has heard over all their connections.
struct Pair {
    witness: (Hero, Vec<GameEvent>),
    unlucky: (Hero, Vec<GameEvent>),
    dice: Dice,
}

impl Pair {
    /// Plays until `is_done`; the witness shouts in every tick if wanted.
    async fn play(&mut self, shouts: bool, mut is_done: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        while !is_done(self) {
            let heard = (self.witness.1.len(), self.unlucky.1.len());
            assert!(since.elapsed() < Duration::from_secs(PATIENCE_S), "it did not come about: {heard:?}");
            let number = u8::try_from(self.dice.below(WORDS as u64)).unwrap();
            let action = if shouts { Action::Ability { number, target: 0 } } else { Action::None };
            self.witness.0.tick(action, &mut self.witness.1);
            self.unlucky.0.tick(Action::None, &mut self.unlucky.1);
            tokio::time::sleep(Duration::from_millis(TICK_MS.into())).await;
        }
    }

    fn witnessed(&self) -> usize {
        shouts(&self.witness.1).len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_cut_off_again_and_again_hears_everything_once_and_in_order() {
    let content = TempDir::new().unwrap();
    let scene = Scene::with_content(content_with_shouts(content.path())).await;
    // Both are fighters.
    let placement = scene.create(0).await;
    let beside = scene.join(3, &placement).await;
    let mut pair = Pair {
        unlucky: (Hero::connect(&placement, Kept::default(), LOSS_PERCENT, 1), Vec::new()),
        witness: (Hero::connect(&beside, Kept::default(), 0, 2), Vec::new()),
        dice: Dice(9),
    };
    pair.play(false, |pair| pair.unlucky.0.is_in() && pair.witness.0.is_in()).await;
    for drop in 0..DROPS {
        // Deaf first, so that the server does not know how much was heard, and nobody knows yet that the connection is gone.
        pair.unlucky.0.loss_percent = 100;
        let known = pair.witnessed();
        pair.play(true, |pair| pair.witnessed() >= known + MISSED).await;
        let again = scene.join(0, &placement).await;
        let kept = pair.unlucky.0.client.keep();
        pair.unlucky.0 = Hero::connect(&again, kept, LOSS_PERCENT, 3 + drop);
        pair.play(true, |pair| pair.unlucky.0.is_in()).await;
    }
    // Until the server has applied all that the witness wished, a last word may still be to come.
    let (wished, applied) =
        (pair.witness.0.client.pending_inputs().last().map(|input| input.seq), pair.witness.0.applied());
    let wished = wished.unwrap_or(applied);
    pair.play(false, |pair| pair.witness.0.applied() >= wished).await;
    pair.play(false, |pair| shouts(&pair.unlucky.1).len() >= pair.witnessed()).await;
    assert_eq!(shouts(&pair.unlucky.1), shouts(&pair.witness.1));
    assert!(pair.witnessed() >= MISSED * DROPS as usize);
    scene.stack.shutdown().await;
}

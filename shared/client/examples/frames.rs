//! The loop of a game that draws: sixty frames a second, twenty ticks, a socket of its own, no tokio while it plays. One's own
//! character is predicted, everybody else interpolated; instead of a picture there is a line of text now and then.
//! Start the stack with `make run`, then `cargo run -p guildhall-client --example frames`.

use base64::Engine;
use guildhall_client::floor::{distance_mm, position};
use guildhall_client::{Api, GameClient, Interpolator, Predictor};
use guildhall_domain::content::{Content, Dungeon};
use guildhall_domain::{CharacterName, Email, Password};
use guildhall_protocol::netcode::PACKET_BYTES_MAX;
use guildhall_protocol::payload::Action;
use std::error::Error;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How long to play, in milliseconds.
const PLAY_MS: u64 = 6_000;
/// Time between two frames, ticks and lines, in milliseconds.
const FRAME_MS: u64 = 16;
const TICK_MS: u64 = 50;
const LINE_MS: u64 = 500;
const DUNGEON: &str = "goblin-warren";

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (token, content) = runtime.block_on(enter())?;
    let dungeon = content.dungeons.get(DUNGEON).ok_or("the content has no such dungeon")?;
    play(&token, dungeon)
}

/// Over REST: a place to play, and what is played.
async fn enter() -> Result<(Vec<u8>, Content), Box<dyn Error>> {
    let url = std::env::var("GUILDHALL_API").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let api = Api::new(&url)?;
    let unique = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
    let email = Email::parse(&format!("runner-{unique}@example.com"))?;
    let player = api.register(email, Password::parse("correct horse battery")?).await?;
    let hero = player.create_character(CharacterName::parse("Runner")?, "fighter").await?;
    let content = api.content().await?.content;
    let placement = player.create_game_session(hero.character.character_id, DUNGEON).await?;
    Ok((base64::engine::general_purpose::STANDARD.decode(&placement.connect.token)?, content))
}

fn play(token: &[u8], dungeon: &Dungeon) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut client = GameClient::new(token, 0)?;
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(client.server_address())?;
    socket.set_nonblocking(true)?;
    let (mut predictor, mut interpolator) = (Predictor::new(), Interpolator::new());
    let (mut next_tick_ms, mut next_line_ms) = (0, LINE_MS);
    loop {
        let now_ms = u64::try_from(started.elapsed().as_millis())?;
        receive(&socket, now_ms, &mut client)?;
        interpolator.handle_view(now_ms, client.view());
        if now_ms >= next_tick_ms {
            next_tick_ms += TICK_MS;
            // To and fro. The wish to leave is repeated until the server has heard it, like any other.
            let move_x = if now_ms / 1_000 % 3 == 2 { -127 } else { 127 };
            let action = if now_ms > PLAY_MS { Action::Leave } else { Action::None };
            let _ = client.push_input(move_x, 0, action);
            client.handle_tick(now_ms);
        }
        predictor.update(now_ms, &client, dungeon);
        while let Some(transmit) = client.poll_transmit() {
            socket.send(&transmit.bytes)?;
        }
        if now_ms >= next_line_ms {
            next_line_ms += LINE_MS;
            draw(now_ms, &client, &predictor, &interpolator);
        }
        if client.disconnected().is_some() || now_ms > 2 * PLAY_MS {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(FRAME_MS));
    }
}

fn receive(socket: &UdpSocket, now_ms: u64, client: &mut GameClient) -> Result<(), Box<dyn Error>> {
    let mut datagram = [0; PACKET_BYTES_MAX];
    loop {
        match socket.recv(&mut datagram) {
            Ok(length) => client.handle_datagram(now_ms, datagram.get_mut(..length).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a picture would be made of.
fn draw(now_ms: u64, client: &GameClient, predictor: &Predictor, interpolator: &Interpolator) {
    let (Some(at), Some(own)) = (predictor.shown(now_ms), client.view().own_entity()) else { return };
    let ahead_mm = distance_mm(at, position(own));
    let corrected = predictor.corrections();
    println!("at ({}, {}) mm, {ahead_mm} mm ahead of the server's word; {} corrections", at.x, at.y, corrected.count);
    println!("   others as they were {} ms before the last word:", interpolator.delay_ms(now_ms));
    for (entity, pose) in interpolator.poses(now_ms).filter(|(entity, _)| entity.id != own.id && entity.hp > 0) {
        println!("   {:?} {} at ({}, {}), facing {}", entity.kind, entity.id, pose.at.x, pose.at.y, pose.facing);
    }
}

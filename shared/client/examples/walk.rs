//! The smallest game: an account, a character, a dungeon of one's own, and a walk to the east until the first enemy bites.
//! Start the stack with `make run`, then `cargo run -p guildhall-client --example walk`.

use guildhall_client::{Api, GameConnection, Wish};
use guildhall_domain::{CharacterName, Email, Password};
use guildhall_protocol::payload::Action;
use std::error::Error;
use std::time::{Duration, SystemTime};

/// How long to walk, in seconds.
const WALK_S: u64 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("GUILDHALL_API").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let api = Api::new(&url)?;

    // REST: who we are, whom we play, and a place to play.
    let unique = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
    let email = Email::parse(&format!("walker-{unique}@example.com"))?;
    let player = api.register(email, Password::parse("correct horse battery")?).await?;
    let hero = player.create_character(CharacterName::parse("Walker")?, "fighter").await?;
    let placement = player.create_game_session(hero.character.character_id, "goblin-warren").await?;
    println!("session {} at udp://{}", placement.game_session.session_id, placement.connect.address);

    // UDP: connect with the ticket, and say what we want twenty times a second; the server says what is.
    let mut game = GameConnection::open(&placement).await?;
    let mut view = game.view();
    view.wait_for(|view| view.own_entity().is_some()).await?;
    game.set_input(Wish { move_x: 127, move_y: 0, action: Action::None });
    let started = tokio::time::Instant::now();
    while started.elapsed() < Duration::from_secs(WALK_S) {
        tokio::select! {
            Some(event) = game.events().recv() => println!("{event:?}"),
            () = tokio::time::sleep(Duration::from_millis(500)) => {
                let seen = view.borrow();
                let Some(own) = seen.own_entity() else { continue };
                println!("tick {} at ({}, {}) cm, {}/{} hp, {} enemies", seen.tick, own.x, own.y, own.hp, own.hp_max, seen.living_enemies().count());
            }
        }
    }
    game.close().await;
    Ok(())
}

//! Connect tokens that were used before, and connect tokens of a life that is over: neither opens anything.

use crate::program::{Program, stranger, token};
use crate::scene::{GAMESIM, Scene, soon};
use guildhall_client::game::GameClient;
use guildhall_local::stack::Signal;
use guildhall_protocol::netcode::ClientState;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_one_connection_and_never_another() {
    let scene = Scene::start().await;
    let placement = scene.create(0).await;
    let mut first = Program::new(&placement).await;
    soon("the entry", first.enter()).await;

    // Somebody else shows the same token while the first connection stands.
    let mut second = Program::new(&placement).await;
    let refused = second.while_waiting(scene.page.until_bad("token_reused", 3));
    first.while_waiting(soon("the refusal", refused)).await;
    assert_eq!(second.client.state(), ClientState::SendingRequest);
    assert_eq!(first.client.state(), ClientState::Connected);
    let tick = first.client.view().tick;
    soon("the game's going on", first.until(|client| client.view().tick > tick + 5)).await;

    // The owner shows it once more, from the same address, after saying goodbye.
    first.disconnect().await;
    soon("the goodbye", scene.page.until_players(0)).await;
    let reused = scene.page.bad("token_reused").await;
    let mut third = first.again(&placement);
    soon("the refusal", third.while_waiting(scene.page.until_bad("token_reused", reused + 3))).await;
    assert_eq!(third.client.state(), ClientState::SendingRequest);
    assert_eq!(scene.page.total("players{", "").await, 0);

    // A new token for the same seat is all it takes.
    let mut fourth = Program::new(&scene.join(0, &placement).await).await;
    soon("the way back", fourth.enter()).await;
    assert_eq!(fourth.client.view().my_seat, Some(placement.connect.seat.into()));
    scene.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_an_earlier_life_is_worth_nothing() {
    let scene = Scene::start().await;
    let placement = scene.create(0).await;
    let (_, epoch) = scene.gamesim().await;
    assert!(scene.stack.kill_gamesim(GAMESIM, Signal::KILL).await);
    let restarted = async {
        while scene.gamesim().await.1 == epoch {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("the restart", restarted).await;
    assert_eq!(scene.stack.gamesim_starts(GAMESIM), 2);

    // The new life has another port; whoever holds the old token will find it.
    let mut client = GameClient::new(&token(&placement), 0).unwrap();
    client.handle_tick(0);
    let request = client.poll_transmit().unwrap().bytes;
    let (address, _) = scene.gamesim().await;
    let socket = stranger(address).await;
    let shown = async {
        // The page of the new life counts from zero, and may come up after the game's socket.
        while scene.page.bad("unauthentic").await == 0 {
            socket.send(&request).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("the refusal", shown).await;
    assert!(socket.try_recv(&mut [0; 2_048]).is_err(), "an old token was answered");

    // And the new life is a whole one.
    let mut other = Program::new(&scene.create(1).await).await;
    assert_eq!(other.client.server_address(), address);
    soon("the entry of somebody else", other.enter()).await;
    scene.stack.shutdown().await;
}

//! A whole shard: clients that come and go, datagrams that are repeated, damaged and made up, a clock that jumps, and an API
//! that answers late, out of order, or with what it should not.

mod api;
mod house;

use super::tape::Tape;
use crate::recorded::seed_content;
use api::Api;
use guildhall_gamesim::world::Game;
use house::House;
use std::sync::{Arc, LazyLock};

/// Things that are done in one run.
const ACTS_MAX: usize = 160;

/// The game that is played: the content that ships with the product.
pub(super) fn game() -> &'static Arc<Game> {
    static GAME: LazyLock<Arc<Game>> = LazyLock::new(|| Game::standard(Arc::new(seed_content())));
    &GAME
}

/// Does to a shard what the bytes say, then lets it stop.
pub(super) fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let mut house = House::new(Api::default());
    for _ in 0..ACTS_MAX {
        if tape.is_over() {
            break;
        }
        house.act(&mut tape);
        house.check();
    }
    house.stop();
}

/// A checkpoint, given to a shard that is to go on from it: its player is either let in or told why not.
pub(super) fn run_checkpoint(bytes: &[u8]) {
    let mut house = House::new(Api::with_checkpoint(bytes.to_vec()));
    house.arrive(0, 0, 0);
    for _ in 0..10 {
        house.tick();
        house.check();
    }
    house.stop();
}

//! The stage of these tests: a stack with one game sim, four accounts with a character each, and the game sim's page.

use crate::page::Page;
use crate::{EXE, PATIENCE_S};
use guildhall_client::party::PartyMember;
use guildhall_client::rest::Api;
use guildhall_domain::api::Placement;
use guildhall_local::stack::{Stack, StackConfig};
use guildhall_tests::party::{DUNGEON, register};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;

/// The name of the only game sim.
pub(crate) const GAMESIM: &str = "sim-1";

/// A running stack and who plays on it.
pub(crate) struct Scene {
    pub(crate) stack: Stack,
    pub(crate) api: Api,
    pub(crate) members: Vec<PartyMember>,
    pub(crate) page: Page,
    _folder: TempDir,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let config = StackConfig { gamesims: 1, ..StackConfig::new(folder.path(), EXE) };
        let stack = Stack::start(config).await.unwrap();
        let api = Api::new(&stack.api_url()).unwrap();
        let members = register(&api).await;
        let page = Page::new(folder.path(), GAMESIM);
        Self { stack, api, members, page, _folder: folder }
    }

    /// A session of its own for a member.
    pub(crate) async fn create(&self, member: usize) -> Placement {
        let PartyMember { player, character_id } = &self.members[member];
        player.create_game_session(*character_id, DUNGEON).await.unwrap()
    }

    /// A seat beside the others.
    pub(crate) async fn join(&self, member: usize, placement: &Placement) -> Placement {
        let PartyMember { player, character_id } = &self.members[member];
        player.join_game_session(placement.game_session.session_id, *character_id).await.unwrap()
    }

    /// Where the game sim is, according to the registry, and in which of its lives.
    pub(crate) async fn gamesim(&self) -> (SocketAddr, u64) {
        let rows = self.stack.gamesims().await.unwrap();
        let address = SocketAddr::new(rows[0].ip.parse().unwrap(), rows[0].ports[0]);
        (address, rows[0].epoch)
    }
}

/// Waits for something that a sound product brings about in a moment.
#[track_caller]
pub(crate) fn soon<F: Future>(what: &'static str, future: F) -> impl Future<Output = F::Output> {
    let at = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(Duration::from_secs(PATIENCE_S), future).await {
            Ok(output) => output,
            Err(_) => panic!("{at}: {what} did not come about"),
        }
    }
}

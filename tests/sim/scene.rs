//! The stage of these tests: a stack with one game sim, four accounts with a character each, and the game sim's page.

use crate::page::Page;
use crate::{EXE, PATIENCE_S};
use guildhall_client::party::PartyMember;
use guildhall_client::rest::Api;
use guildhall_domain::api::Placement;
use guildhall_local::sigv4::Identity;
use guildhall_local::stack::{Stack, StackConfig};
use guildhall_tests::backend::seed_data;
use guildhall_tests::party::{DUNGEON, register};
use guildhall_tests::signed::sign;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The name of the only game sim.
pub(crate) const GAMESIM: &str = "sim-1";

/// A running stack and who plays on it.
pub(crate) struct Scene {
    pub(crate) stack: Stack,
    pub(crate) api: Api,
    pub(crate) members: Vec<PartyMember>,
    pub(crate) page: Page,
    folder: TempDir,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        Self::with_content(seed_data()).await
    }

    /// The same, with the content of this folder.
    pub(crate) async fn with_content(content_dir: PathBuf) -> Self {
        let folder = TempDir::new().unwrap();
        let config = StackConfig { gamesims: 1, content_dir, ..StackConfig::new(folder.path(), EXE) };
        let stack = Stack::start(config).await.unwrap();
        let api = Api::new(&stack.api_url()).unwrap();
        let members = register(&api).await;
        let page = Page::new(folder.path(), GAMESIM);
        Self { stack, api, members, page, folder }
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

    /// What an operator is told at this path, by the keys that the stack has written for one.
    pub(crate) async fn inspect(&self, path: &str) -> Value {
        let keys = std::fs::read_to_string(self.folder.path().join("operator.env")).unwrap();
        let key = |name: &str| keys.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let operator = Identity {
            role: "guildhall-operator",
            name: "local".to_owned(),
            access_key: key("AWS_ACCESS_KEY_ID="),
            secret_key: key("AWS_SECRET_ACCESS_KEY="),
        };
        let mut request = http::Request::get(format!("{}{path}", self.stack.api_url())).body(Vec::new()).unwrap();
        sign(&mut request, &operator, &key("AWS_REGION="), SystemTime::now()).unwrap();
        let answer = reqwest::Client::new().execute(request.try_into().unwrap()).await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
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

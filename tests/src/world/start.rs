//! What every world begins with: the content, and players with a character each. It is made once for all of them.

use super::player::{Account, PASSWORDS, Player};
use super::roads::Api;
use super::store::{Shared, Store};
use super::{PLAYERS, World, lock};
use crate::backend::all_secrets;
use crate::crowd::{Failure, table};
use crate::recorded::seed_content;
use crate::{Backend, Caller};
use guildhall_domain::{Content, Timestamp};
use guildhall_functions::{App, Config, ROUTES};
use guildhall_storage::memory::MemoryTable;
use guildhall_storage::{Commit, Condition, Item, Key, Table, Write};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock};

/// The class of everybody's characters.
const CLASS: &str = "fighter";

/// The beginning.
#[derive(Debug)]
pub(super) struct Start {
    rows: Vec<(Key, Item)>,
    accounts: Vec<Account>,
    content: Arc<Content>,
    /// What the API says of the content.
    pub(super) bundle: Arc<Vec<u8>>,
}

/// The beginning, made by whoever asks first.
pub(super) fn shared() -> Result<&'static Start, Failure> {
    static START: OnceLock<Start> = OnceLock::new();
    if let Some(start) = START.get() {
        return Ok(start);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let start = runtime.block_on(Start::prepare())?;
    Ok(START.get_or_init(|| start))
}

impl Start {
    async fn prepare() -> Result<Self, Failure> {
        let table = table().await?;
        let backend = Backend::over(table.clone() as Arc<dyn Table>);
        let mut accounts = Vec::new();
        for number in 1..=PLAYERS {
            let (address, email) = (format!("10.0.{number}.1"), format!("player-{number}@example.com"));
            let body = json!({ "email": email, "password": PASSWORDS[0] });
            let tokens = backend.call("register-account", Caller::From(&address), &[], &body).await.expect(201);
            let token = tokens["access_token"].as_str().ok_or("no token")?;
            let character_id = backend.character(token, &format!("Hero {number}")).await.parse()?;
            accounts.push(Account { address, email, character_id, tokens });
        }
        let bundle = backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
        let bundle = Arc::new(bundle.to_string().into_bytes());
        Ok(Self { rows: table.items(), accounts, content: Arc::new(seed_content()), bundle })
    }

    /// A table with everything in it that there is at the beginning.
    pub(super) async fn table(&self, world: &World) -> Result<MemoryTable, Failure> {
        let table = MemoryTable::new();
        for (key, item) in &self.rows {
            let commit = Commit::one(Write::put_item(key.clone(), item.clone(), Condition::Always));
            table.commit(commit.clone()).await?;
            lock(&world.ledger).take_in(Timestamp(world.now_ms()), &commit, vec![Some(item.clone())])?;
        }
        let ledger = lock(&world.ledger);
        let stands = ledger.characters.iter().map(|(id, row)| (*id, (row.character.version, row.character.hot.gold)));
        lock(&world.notes).first = stands.collect();
        drop(ledger);
        Ok(table)
    }

    /// One instance of every function, with a clock of its own.
    pub(super) fn app(&self, world: &Arc<World>, store: &Arc<Store>) -> Arc<App> {
        let (clock, entropy, skew_ms) = (Arc::clone(world), Arc::clone(world), world.skew_ms());
        let app = App::new(Config {
            tracer: guildhall_telemetry::Tracer::default(),
            routes: ROUTES.to_vec(),
            table: Arc::new(Shared(Arc::clone(store))),
            secrets: all_secrets(),
            gamesim_role: "guildhall-gamesim".into(),
            operator_role: "guildhall-operator".into(),
            clock: Arc::new(move || Timestamp(clock.now_ms().saturating_add_signed(skew_ms))),
            entropy: Arc::new(move |bytes| entropy.fill(bytes)),
        });
        Arc::new(app.hashing_in_place())
    }

    /// Everybody who plays.
    pub(super) fn players(&self, world: &Arc<World>, api: &Arc<Api>) -> Vec<Player> {
        let player = |(number, account): (u8, &Account)| Player {
            world: Arc::clone(world),
            api: Arc::clone(api),
            content: Arc::clone(&self.content),
            account: account.clone(),
            tokens: Arc::new(Mutex::new(Some(account.tokens.clone()))),
            password: Arc::default(),
            class: CLASS,
            number,
        };
        self.accounts.iter().for_each(|account| lock(&world.logins).note_tokens(&account.tokens));
        (1..).zip(&self.accounts).map(player).collect()
    }
}

//! The REST client that games link, against the routes over HTTP: every method once, and how a player stays signed in.

use guildhall_client::rest::{Api, ClientError, Player, RoutedIntent};
use guildhall_domain::api::CharacterSheet;
use guildhall_domain::content::{ContentKind, Item};
use guildhall_domain::intents::{
    ChangeCurrency, ChangeHitPoints, EquipArmor, EquipWeapon, LearnSkill, MergeItems, MoveItem, RaiseAbility,
    SplitItems, UnequipArmor, UnequipWeapon, UseItem,
};
use guildhall_domain::{Ability, AbilityScores, CharacterName, Email, Password};
use guildhall_local::front::Front;
use guildhall_tests::{Backend, Caller};
use serde_json::{Value, json};

const HOUR_MS: u64 = 3_600_000;
const PASSWORD: &str = "correct horse";

/// A backend behind its front, and Ada.
struct World {
    backend: Backend,
    front: Front,
    api: Api,
    ada: Player,
}

impl World {
    async fn start() -> Self {
        let backend = Backend::start().await;
        let front = backend.serve().await;
        let api = Api::new(&format!("http://{}", front.address())).unwrap();
        let email = Email::parse("ada@example.com").unwrap();
        let ada = api.register(email, Password::parse(PASSWORD).unwrap()).await.unwrap();
        Self { backend, front, api, ada }
    }

    async fn login(&self, password: &str) -> Result<Player, ClientError> {
        self.api.login("ada@example.com", password).await
    }

    async fn fighter(&self) -> CharacterSheet {
        self.ada.create_character(CharacterName::parse("Ada").unwrap(), "fighter").await.unwrap()
    }

    /// How many refreshes succeeded, and how many were refused.
    async fn refreshes(&self) -> [u64; 2] {
        let page = self.backend.call("get-metrics", Caller::Anyone, &[], &Value::Null).await.expect(200);
        ["2xx", "4xx"].map(|class| {
            let name = format!("guildhall_requests_total{{route=\"refresh-token\",class=\"{class}\"}} ");
            page.as_str().unwrap().lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap()
        })
    }

    async fn stop(self) {
        self.front.shutdown().await;
        self.backend.stop().await;
    }
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T, ClientError>) -> String {
    result.unwrap_err().code().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_calls_with_an_old_token_one_renews_it() {
    let world = World::start().await;
    world.backend.pass_ms(HOUR_MS);
    let calls = (0..8).map(|_| {
        let player = world.ada.clone();
        tokio::spawn(async move { player.list_characters().await })
    });
    for call in futures_util::future::join_all(calls).await {
        assert_eq!(call.unwrap().unwrap(), []);
    }
    assert_eq!(world.refreshes().await, [1, 0]);
    world.backend.pass_ms(HOUR_MS);
    world.ada.list_characters().await.unwrap();
    assert_eq!(world.refreshes().await, [2, 0]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_call_is_the_same_call() {
    let world = World::start().await;
    world.backend.pass_ms(HOUR_MS);
    let made = world.fighter().await;
    assert_eq!(world.ada.list_characters().await.unwrap(), [made]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_was_ended_is_not_renewed() {
    let world = World::start().await;
    let elsewhere = world.login(PASSWORD).await.unwrap();
    elsewhere.logout().await.unwrap();
    assert_eq!(code(elsewhere.list_characters().await), "invalid_refresh_token");
    let elsewhere = world.login(PASSWORD).await.unwrap();
    world.ada.logout_everywhere().await.unwrap();
    for player in [&world.ada, &elsewhere] {
        assert_eq!(code(player.list_characters().await), "invalid_refresh_token");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_changes_under_calls_that_go_on() {
    let world = World::start().await;
    let elsewhere = world.login(PASSWORD).await.unwrap();
    let wrong = world.ada.change_password("wrong horse", Password::parse("battery staple").unwrap()).await;
    assert_eq!(code(wrong), "wrong_password");
    world.backend.pass_ms(HOUR_MS);
    let clone = world.ada.clone();
    let (changed, listed) = tokio::join!(
        world.ada.change_password(PASSWORD, Password::parse("battery staple").unwrap()),
        clone.list_characters()
    );
    changed.unwrap();
    listed.unwrap();
    world.backend.pass_ms(HOUR_MS);
    clone.list_characters().await.unwrap();
    assert_eq!(code(elsewhere.list_characters().await), "invalid_refresh_token");
    assert_eq!(code(world.login(PASSWORD).await), "wrong_credentials");
    let again = world.login("battery staple").await.unwrap();
    assert_eq!(again.account_id(), world.ada.account_id());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_with_its_password() {
    let world = World::start().await;
    assert_eq!(code(world.ada.delete_account("wrong horse").await), "wrong_password");
    world.ada.delete_account(PASSWORD).await.unwrap();
    assert_eq!(code(world.login(PASSWORD).await), "wrong_credentials");
    assert_eq!(code(world.ada.list_characters().await), "invalid_refresh_token");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn characters_are_made_deleted_and_restored() {
    let world = World::start().await;
    let scores =
        AbilityScores { strength: 15, dexterity: 15, constitution: 8, intelligence: 15, wisdom: 8, charisma: 8 };
    let name = CharacterName::parse("Frail").unwrap();
    let made = world.ada.create_character_with(name, "fighter", scores).await.unwrap();
    let id = made.character.character_id;
    assert_eq!((made.character.build.ability_scores, made.derived.hp_max), (scores, 118));
    assert_eq!(world.ada.character(id).await.unwrap(), made);
    let deleted = world.ada.delete_character(id).await.unwrap();
    assert!(deleted.restorable_until.is_some());
    assert_eq!(world.ada.list_characters().await.unwrap(), []);
    assert_eq!(world.ada.list_characters_with_deleted().await.unwrap(), [deleted]);
    let restored = world.ada.restore_character(id).await.unwrap();
    assert_eq!(restored.character.version, 3);
    assert_eq!(world.ada.list_characters().await.unwrap(), [restored]);
    world.stop().await;
}

/// Carries out what `intent` makes of the version that the character is at.
async fn go_on<I: RoutedIntent>(player: &Player, at: &CharacterSheet, intent: impl FnOnce(u64) -> I) -> CharacterSheet {
    let after = player.carry_out(&intent(at.character.version)).await.unwrap();
    assert_eq!(after.character.version, at.character.version + 1);
    after
}

#[tokio::test(flavor = "multi_thread")]
async fn every_intent_is_carried_out() {
    let world = World::start().await;
    let (ada, at) = (&world.ada, world.fighter().await);
    let character_id = at.character.character_id;
    let stack = |item: &str, quantity: u32| json!({"item": item, "quantity": quantity});
    let inventory = [stack("chain-mail", 1), stack("iron-sword", 1), stack("healing-potion", 5)];
    let grown = json!({"inventory": inventory, "hp": 50, "level": 4, "xp": 800, "hp_max": 169});
    world.backend.give(&ada.account_id().to_string(), &character_id.to_string(), &grown).await;
    // Reading shows the routes what no route has written.
    let at = ada.character(at.character.character_id).await.unwrap();
    let (armor, sword) = ("chain-mail".to_owned(), "iron-sword".to_owned());
    let at = go_on(ada, &at, |version| ChangeHitPoints { character_id, version, delta: -10 }).await;
    let at = go_on(ada, &at, |version| ChangeCurrency { character_id, version, delta: 5 }).await;
    assert_eq!((at.character.hot.hp, at.character.hot.gold), (40, 5));
    let at = go_on(ada, &at, |version| EquipArmor { character_id, version, item: armor.clone() }).await;
    let at = go_on(ada, &at, |version| EquipWeapon { character_id, version, item: sword.clone() }).await;
    let worn: Vec<&str> = at.character.hot.equipment.items().collect();
    assert_eq!(worn, [&armor, &sword]);
    let at = go_on(ada, &at, |version| UseItem { character_id, version, slot: 0 }).await;
    let at = go_on(ada, &at, |version| SplitItems { character_id, version, slot: 0, quantity: 1 }).await;
    let at = go_on(ada, &at, |version| MoveItem { character_id, version, from_slot: 0, to_slot: 1 }).await;
    let quantities = |at: &CharacterSheet| at.character.hot.inventory.iter().map(|s| s.quantity).collect::<Vec<_>>();
    assert_eq!((at.character.hot.hp, quantities(&at)), (80, vec![1, 3]));
    let at = go_on(ada, &at, |version| MergeItems { character_id, version, from_slot: 0, to_slot: 1 }).await;
    assert_eq!(quantities(&at), [4]);
    let at = go_on(ada, &at, |version| LearnSkill { character_id, version, skill: "athletics".into() }).await;
    let ability = Ability::Strength;
    let at = go_on(ada, &at, |version| RaiseAbility { character_id, version, ability }).await;
    assert_eq!(at.character.build.ability_scores.strength, 16);
    let at = go_on(ada, &at, |version| UnequipArmor { character_id, version, item: armor }).await;
    let at = go_on(ada, &at, |version| UnequipWeapon { character_id, version, item: sword }).await;
    assert_eq!(quantities(&at), [4, 1, 1]);
    assert_eq!(ada.character(character_id).await.unwrap(), at);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_gives_the_latest_character_to_go_on_from() {
    let world = World::start().await;
    let character_id = world.fighter().await.character.character_id;
    let earn = |version| ChangeCurrency { character_id, version, delta: 5 };
    let latest = world.ada.carry_out(&earn(1)).await.unwrap();
    let error = world.ada.carry_out(&earn(1)).await.unwrap_err();
    assert_eq!((error.code(), error.latest_character()), (Some("version_conflict"), Some(&latest)));
    let version = error.latest_character().unwrap().character.version;
    assert_eq!(world.ada.carry_out(&earn(version)).await.unwrap().character.hot.gold, 10);
    let poor = world.ada.carry_out(&ChangeCurrency { character_id, version: version + 1, delta: -11 }).await;
    let error = poor.unwrap_err();
    assert_eq!((error.code(), error.latest_character()), (Some("currency_out_of_range"), None));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_fetched_again_only_when_it_has_changed() {
    let world = World::start().await;
    let whole = world.api.content().await.unwrap();
    let manifest = world.api.content_manifest(None).await.unwrap().unwrap();
    assert_eq!(manifest.value.version, whole.version);
    assert_eq!(world.api.content_manifest(Some(&manifest.tag)).await.unwrap(), None);
    let item = world.api.content_entry::<Item>(ContentKind::Items, "chain-mail", None).await.unwrap().unwrap();
    assert_eq!(Some(&item.value), whole.content.items.get("chain-mail"));
    assert_eq!(item.tag, manifest.value.kinds["items"]["chain-mail"]);
    let fetch = |known| world.api.content_entry::<Item>(ContentKind::Items, "chain-mail", Some(known));
    assert_eq!(fetch(item.tag.as_str()).await.unwrap(), None);
    assert_eq!(fetch("another").await.unwrap(), Some(item.clone()));
    for missing in ["no-such-thing", "a/b", "ä?"] {
        assert_eq!(code(world.api.content_entry::<Item>(ContentKind::Items, missing, None).await), "not_found");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_session_is_made_joined_and_shown() {
    let world = World::start().await;
    world.backend.gamesim("sim-1", 4, "boot-1").await;
    let character_id = world.fighter().await.character.character_id;
    let made = world.ada.create_game_session(character_id, "goblin-warren").await.unwrap();
    let session_id = made.game_session.session_id;
    let back = world.ada.join_game_session(session_id, character_id).await.unwrap();
    assert_eq!((back.connect.seat, &back.connect.address), (0, &made.connect.address));
    assert_eq!(world.ada.game_session(session_id).await.unwrap(), back.game_session);
    world.stop().await;
}

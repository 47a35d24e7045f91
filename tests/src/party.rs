//! Four players with a character each, as the stories need them, and what the API says of them before and after.

use guildhall_client::party::{GainKind, MemberResult, PartyMember};
use guildhall_client::rest::{Api, Player};
use guildhall_domain::api::GameSessionView;
use guildhall_domain::{Character, CharacterName, Email, Password, SessionId};
use std::time::Duration;

/// How often to look whether a session is closed, 50 ms apart: far longer than it ever takes.
const CLOSED_POLLS_MAX: u32 = 600;
/// The dungeon of the seed content.
pub const DUNGEON: &str = "goblin-warren";
/// The password of every test account.
pub const PASSWORD: &str = "correct horse battery";
/// Name and class of the members.
pub const MEMBERS: [(&str, &str); 4] =
    [("Bryn", "fighter"), ("Ayla", "ranger"), ("Osric", "cleric"), ("Tamsin", "fighter")];

/// Name and class of the members of another party.
pub const STRANGERS: [(&str, &str); 4] =
    [("Wilda", "fighter"), ("Edric", "ranger"), ("Maerwyn", "cleric"), ("Hale", "fighter")];

/// The address of a member's account.
pub fn email(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase())
}

/// Registers four accounts with a character each.
pub async fn register(api: &Api) -> Vec<PartyMember> {
    register_all(api, MEMBERS).await
}

/// Registers accounts with characters of these names and classes.
pub async fn register_all(api: &Api, roster: [(&str, &str); 4]) -> Vec<PartyMember> {
    let mut members = Vec::new();
    for (name, class) in roster {
        let address = Email::parse(&email(name)).expect("an address");
        let player = api.register(address, Password::parse(PASSWORD).expect("a password")).await.expect("registered");
        let name = CharacterName::parse(name).expect("a name");
        let character = player.create_character(name, class).await.expect("a character");
        members.push(PartyMember { player, character_id: character.character.character_id });
    }
    members
}

/// Logs the four in again.
pub async fn login(api: &Api) -> Vec<Player> {
    let mut players = Vec::new();
    for (name, _) in MEMBERS {
        players.push(api.login(&email(name), PASSWORD).await.expect("logged in"));
    }
    players
}

/// The session's record once it is closed: players hear of the end before the game sim has told the registry.
pub async fn ended(player: &Player, session_id: SessionId) -> GameSessionView {
    for _ in 0..CLOSED_POLLS_MAX {
        let view = player.game_session(session_id).await.expect("the session");
        if !view.state.is_live() {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the session is never closed");
}

/// The members' characters, as the API shows them.
pub async fn characters(members: &[PartyMember]) -> Vec<Character> {
    let mut characters = Vec::new();
    for member in members {
        characters.push(member.player.character(member.character_id).await.expect("the character").character);
    }
    characters
}

/// Units of an item in a character's inventory.
pub fn carried(character: &Character, item: &str) -> u64 {
    character.hot.inventory.iter().filter(|stack| stack.item == item).map(|stack| u64::from(stack.quantity)).sum()
}

/// Asserts that everything that this member gained, up to change `seq`, is in its character.
#[track_caller]
pub fn assert_holds(before: &Character, after: &Character, result: &MemberResult, seq: u64) {
    let gains = || result.gains.iter().filter(|gain| gain.seq <= seq);
    let xp: u64 = gains().map(|gain| if let GainKind::Xp(amount) = gain.what { u64::from(amount) } else { 0 }).sum();
    let gold: u64 =
        gains().map(|gain| if let GainKind::Gold(amount) = gain.what { u64::from(amount) } else { 0 }).sum();
    assert!(
        after.hot.xp >= before.hot.xp + xp,
        "{}: xp {} of {} + {xp}",
        after.name.as_str(),
        after.hot.xp,
        before.hot.xp
    );
    assert!(after.hot.gold >= before.hot.gold + gold, "{}: gold {} + {gold}", after.name.as_str(), after.hot.gold);
    for gain in gains() {
        let GainKind::Item { item, .. } = &gain.what else { continue };
        let gained: u64 = gains()
            .map(|gain| match &gain.what {
                GainKind::Item { item: other, quantity } if other == item => u64::from(*quantity),
                _ => 0,
            })
            .sum();
        let carried = (carried(before, item), carried(after, item));
        assert!(carried.1 >= carried.0 + gained, "{}: {item} {carried:?} + {gained}", after.name.as_str());
    }
}

//! From what was stored before and after a write to what happened. Pure: the same images give the same events.

use super::{DomainEvent, Happening, ItemChange};
use crate::session::Outcome;
use crate::{Character, Seat, SeatState, Session, SessionState, Timestamp};
use std::collections::BTreeMap;

/// What happened to a character in one write at `at`.
pub fn of_character(before: Option<&Character>, after: Option<&Character>, at: Timestamp) -> Vec<DomainEvent> {
    let Some(of) = after.or(before) else { return Vec::new() };
    let (character_id, account_id) = (of.character_id, of.account_id);
    let happenings = match (before, after) {
        (None, None) => Vec::new(),
        (None, Some(after)) => {
            let (name, class) = (after.name.as_str().to_owned(), after.class.clone());
            vec![Happening::CharacterCreated { character_id, account_id, name, class }]
        }
        (Some(_), None) => vec![Happening::CharacterErased { character_id, account_id }],
        (Some(before), Some(after)) => changes(before, after),
    };
    // A row that is gone has no version of its own.
    let number = after.map_or(of.version.saturating_add(1), |after| after.version);
    told(&format!("character/{character_id}"), number, at, happenings)
}

/// What happened to a session in one write at `at`. A row that goes away was over long before, and tells nothing.
pub fn of_session(before: Option<&Session>, after: Option<&Session>, at: Timestamp) -> Vec<DomainEvent> {
    let Some(after) = after else { return Vec::new() };
    let mut happenings = Vec::new();
    if before.is_none() {
        happenings.push(Happening::SessionCreated {
            created_by: after.created_by,
            dungeon_id: after.dungeon_id.clone(),
            in_zone: after.in_zone,
            gamesim_id: after.gamesim_id.clone(),
        });
    }
    if before.is_some_and(|before| before.epoch != after.epoch) {
        happenings.push(Happening::SessionMoved { gamesim_id: after.gamesim_id.clone(), epoch: after.epoch });
    }
    let was_active = before.is_some_and(|before| before.state == SessionState::Active);
    if after.state == SessionState::Active && !was_active {
        happenings.push(match after.former.is_empty() {
            true => Happening::SessionStarted { dungeon_id: after.dungeon_id.clone() },
            false => Happening::SessionResumed { epoch: after.epoch },
        });
    }
    happenings.extend(comings_and_goings(before, after));
    let was_live = before.is_none_or(|before| before.state.is_live());
    match after.state {
        SessionState::Ended if was_live => {
            let outcome = after.outcome.unwrap_or(Outcome::Failed);
            happenings.push(Happening::SessionEnded { outcome });
        }
        SessionState::Lost if was_live => happenings.push(Happening::SessionLost {}),
        _ => {}
    }
    told(&format!("session/{}", after.session_id), after.revision, at, happenings)
}

fn told(subject: &str, number: u64, at: Timestamp, happenings: Vec<Happening>) -> Vec<DomainEvent> {
    let numbered = happenings.into_iter().enumerate();
    let event = |(index, happening): (usize, Happening)| DomainEvent {
        id: format!("{subject}/{number}/{index}"),
        at,
        subject: subject.to_owned(),
        version: happening.version(),
        happening,
    };
    numbered.map(event).collect()
}

fn changes(before: &Character, after: &Character) -> Vec<Happening> {
    let (character_id, account_id) = (after.character_id, after.account_id);
    let mut happenings = Vec::new();
    match (before.deleted_at, after.deleted_at) {
        (None, Some(_)) => happenings.push(Happening::CharacterDeleted { character_id, account_id }),
        (Some(_), None) => happenings.push(Happening::CharacterRestored { character_id, account_id }),
        _ => {}
    }
    let (was, is) = (before.hot.level, after.hot.level);
    if is > was {
        happenings.push(Happening::CharacterLeveledUp { character_id, account_id, before: was, after: is });
    }
    let items = item_changes(before, after);
    if !items.is_empty() {
        happenings.push(Happening::CharacterItemsChanged { character_id, account_id, items });
    }
    let (was, is) = (before.hot.gold, after.hot.gold);
    if was != is {
        happenings.push(Happening::CharacterGoldChanged { character_id, account_id, before: was, after: is });
    }
    happenings
}

fn item_changes(before: &Character, after: &Character) -> Vec<ItemChange> {
    let mut units: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (character, side) in [(before, 0), (after, 1)] {
        let carried = character.hot.inventory.iter().map(|stack| (stack.item.as_str(), u64::from(stack.quantity)));
        let worn = character.hot.equipment.items().map(|item| (item, 1));
        for (item, quantity) in carried.chain(worn) {
            if let Some(count) = units.entry(item).or_default().get_mut(side) {
                *count += quantity;
            }
        }
    }
    let changed = units.into_iter().filter(|(_, [before, after])| before != after);
    changed.map(|(item, [before, after])| ItemChange { item: item.to_owned(), before, after }).collect()
}

/// Who left, then who joined. Whoever has gone when the session is over leaves before it ends.
fn comings_and_goings(before: Option<&Session>, after: &Session) -> Vec<Happening> {
    let seats = before.map_or(0, |before| before.seats.len()).max(after.seats.len());
    let (mut left, mut joined) = (Vec::new(), Vec::new());
    for number in 0..seats {
        let was = before.and_then(|before| before.seats.get(number)).and_then(Option::as_ref);
        let was = was.filter(|seat| before.is_some_and(|before| is_present(before, seat)));
        let is = after.seats.get(number).and_then(Option::as_ref).filter(|_| after.state.is_live());
        let seat = u32::try_from(number).unwrap_or(u32::MAX);
        if let Some(was) = was
            && !is.is_some_and(|is| is.character_id == was.character_id && is.state != SeatState::Left)
        {
            let Seat { account_id, character_id, .. } = *was;
            left.push(Happening::PlayerLeft { account_id, character_id, seat });
        }
        let had_arrived =
            |is: &Seat| was.is_some_and(|was| was.character_id == is.character_id && was.state == SeatState::Admitted);
        if let Some(is) = is.filter(|is| is.state == SeatState::Admitted && !had_arrived(is)) {
            let Seat { account_id, character_id, .. } = *is;
            joined.push(Happening::PlayerJoined { account_id, character_id, seat });
        }
    }
    left.into_iter().chain(joined).collect()
}

/// Whether somebody is there whose going is to be told: who has arrived, and in a session that was moved whoever has a seat.
fn is_present(session: &Session, seat: &Seat) -> bool {
    let arrived = seat.state == SeatState::Admitted;
    let comes_back = seat.state == SeatState::Reserved && !session.former.is_empty();
    session.state.is_live() && (arrived || comes_back)
}

#[cfg(test)]
mod tests;

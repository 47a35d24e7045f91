//! The little that a bot remembers from tick to tick.

use super::{Decision, Intent};
use crate::game::View;
use guildhall_protocol::payload::{Action, GameEvent};
use std::collections::BTreeMap;

/// Ticks that a bot rests or waits at most before something happens that renews its patience.
const PATIENCE_TICKS: u32 = 400;
/// Refusals after which a bot gives a piece of loot up: its bag must be full.
const REFUSALS_MAX: u32 = 3;
/// Ticks until a bot asks for the same piece of loot again.
const ASK_AGAIN_TICKS: u32 = 10;

/// What a bot knows besides the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotMemory {
    class: String,
    patience_ticks: u32,
    last_tick: u32,
    /// By loot entity: when it was asked for last, and how often it was refused.
    asked: BTreeMap<u16, (u32, u32)>,
    /// By number of the class's abilities: when it was tried last.
    tried: BTreeMap<u8, u32>,
}

impl BotMemory {
    /// The memory of a character of this class that has just arrived.
    pub fn new(class: &str) -> Self {
        Self {
            class: class.to_owned(),
            patience_ticks: PATIENCE_TICKS,
            last_tick: 0,
            asked: BTreeMap::new(),
            tried: BTreeMap::new(),
        }
    }

    /// The character's class.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// Takes notice of an event.
    pub fn note_event(&mut self, event: &GameEvent) {
        match event {
            GameEvent::ChamberCleared { .. } | GameEvent::PlayerDied { .. } => self.patience_ticks = PATIENCE_TICKS,
            GameEvent::PickUpRefused { entity } => self.asked.entry(*entity).or_default().1 += 1,
            // The view may show it for a moment longer.
            GameEvent::LootTaken { entity, .. } => self.asked.entry(*entity).or_default().1 = REFUSALS_MAX,
            _ => {}
        }
    }

    /// Takes notice of a decision that is being carried out.
    pub fn note_decision(&mut self, view: &View, decision: &Decision) {
        let passed = view.tick.saturating_sub(self.last_tick);
        if matches!(decision.intent, Intent::Rest | Intent::Wait) && self.last_tick > 0 {
            self.patience_ticks = self.patience_ticks.saturating_sub(passed);
        }
        self.last_tick = view.tick;
        match decision.action {
            Action::PickUp { target } => self.asked.entry(target).or_default().0 = view.tick,
            Action::Ability { number, .. } => {
                self.tried.insert(number, view.tick);
            }
            _ => {}
        }
    }

    /// Whether so many ticks have passed since an ability of the class was tried.
    pub(super) fn has_rested(&self, ability: u8, tick: u32, cooldown_ticks: u32) -> bool {
        self.tried.get(&ability).is_none_or(|tried| tick.saturating_sub(*tried) >= cooldown_ticks)
    }

    /// Whether there is patience left for resting and waiting.
    pub(super) fn is_patient(&self) -> bool {
        self.patience_ticks > 0
    }

    /// Whether a piece of loot has been given up.
    pub(super) fn is_lost(&self, loot: u16) -> bool {
        self.asked.get(&loot).is_some_and(|(_, refusals)| *refusals >= REFUSALS_MAX)
    }

    /// Whether to ask for a piece of loot at this tick: not while the last question is still on its way.
    pub(super) fn may_ask_for(&self, loot: u16, tick: u32) -> bool {
        let asked = self.asked.get(&loot);
        asked.is_none_or(|(at, refusals)| {
            *refusals < REFUSALS_MAX && (*at == 0 || tick.saturating_sub(*at) >= ASK_AGAIN_TICKS)
        })
    }
}

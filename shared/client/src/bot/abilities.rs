//! Which ability of its class a bot uses in a fight: the first one that it can pay, that has rested, and that does somebody
//! some good right now.

use super::scene::Scene;
use super::{BotMemory, relied_on};
use guildhall_domain::content::{AbilityTarget, CombatAbility, Content};
use guildhall_domain::limits::TICK_MS;
use guildhall_protocol::payload::Action;

/// Hit points, in percent, below which somebody is worth healing.
const HEAL_BELOW_PERCENT: u32 = 60;
/// Enemies about oneself that are worth an ability which works on all of them.
const CROWD: usize = 2;
/// What a try that the server did not grant costs at least: the view is a moment old.
const COOLDOWN_MARGIN_TICKS: u32 = 4;

pub(super) fn choose(scene: &Scene<'_>, content: &Content, memory: &BotMemory) -> Option<Action> {
    let class = content.classes.get(memory.class())?;
    let own = &scene.view.own;
    (0_u8..).zip(&class.abilities).find_map(|(number, id)| {
        let ability = content.abilities.get(id)?;
        let pays = u32::from(own.mana) >= ability.mana && u32::from(own.stamina) >= ability.stamina;
        let cooldown_ticks = ability.cooldown_ms.div_ceil(TICK_MS).saturating_add(COOLDOWN_MARGIN_TICKS);
        let rested = memory.has_rested(number, scene.view.tick, cooldown_ticks);
        let target = if pays && rested { target(scene, ability) } else { None }?;
        Some(Action::Ability { number, target })
    })
}

/// Whom the ability would be good for, as an entity.
fn target(scene: &Scene<'_>, ability: &CombatAbility) -> Option<u16> {
    let own = scene.view.my_entity?;
    match ability.target {
        AbilityTarget::Enemy => scene.within(relied_on(ability.range_mm)).map(|foe| foe.id).next(),
        AbilityTarget::Ally => {
            let (worst, percent) = scene.worst_hurt(relied_on(ability.range_mm))?;
            (percent < HEAL_BELOW_PERCENT).then_some(worst)
        }
        AbilityTarget::Own => scene.weakest_in_range().map(|_| own),
        AbilityTarget::Around => (scene.within(relied_on(ability.radius_mm)).count() >= CROWD).then_some(own),
    }
}

//! How a character begins: ability scores that are bought with points, and hit points.

use crate::content::{Class, Rules};
use crate::limits::HIT_POINTS_MAX;
use crate::{Ability, AbilityScores, Build, Content, HotState, Invalid};

/// A character of the first level: what its player chose, and the state that it begins in. Scores that were not chosen are
/// the class's own.
///
/// # Errors
/// [`Invalid`] when the content has no such class, or the scores cannot be bought.
pub fn first_level(
    content: &Content,
    class_id: &str,
    chosen: Option<AbilityScores>,
) -> Result<(Build, HotState), Invalid> {
    let class = content.classes.get(class_id).ok_or_else(|| {
        let known: Vec<&str> = content.classes.keys().map(String::as_str).collect();
        Invalid::new("class", format!("expected one of {}", known.join(", ")))
    })?;
    let scores = chosen.unwrap_or(class.rules.ability_scores);
    point_buy(&content.rules, &scores)?;
    let hp_max = hp_max(content, class_id, &scores, 1);
    let hot = HotState { level: 1, hp: hp_max, hp_max, ..HotState::default() };
    Ok((Build { ability_scores: scores, ..Build::default() }, hot))
}

/// What the scores cost. SRD, "Customizing Ability Scores": every score begins at 8, a higher one costs by the table, and
/// the points need not all be spent.
///
/// # Errors
/// [`Invalid`] when a score is not for sale or all of them together cost too much.
pub fn point_buy(rules: &Rules, scores: &AbilityScores) -> Result<u32, Invalid> {
    let first = rules.ability_score_first;
    let mut spent: u32 = 0;
    for ability in Ability::ALL {
        let place = scores.of(ability).checked_sub(first).map(usize::from);
        let cost = place.and_then(|place| rules.ability_score_costs.get(place)).ok_or_else(|| {
            let last = usize::from(first) + rules.ability_score_costs.len().saturating_sub(1);
            Invalid::new("ability_scores", format!("each score must be {first} to {last}"))
        })?;
        spent = spent.saturating_add(*cost);
    }
    let points = rules.ability_points;
    let problem = || Invalid::new("ability_scores", format!("they cost {spent} points of {points}"));
    (spent <= points).then_some(spent).ok_or_else(problem)
}

/// Hit points when unhurt: our own formula, as the game's numbers are about ten times the SRD's. A class's `hp_base` and
/// `hp_per_level` are meant for its own ability scores; each point by which the constitution modifier differs from theirs
/// is worth a fixed number of hit points, whatever the level. So a level gained in a dungeon adds the same to everybody of
/// a class, and [`HotState::add_xp`] stays right without knowing the scores.
pub fn hp_max(content: &Content, class_id: &str, scores: &AbilityScores, level: u32) -> u32 {
    let Some(class) = content.classes.get(class_id) else { return 0 };
    let by_level = i64::from(class.hp_base) + i64::from(class.hp_per_level) * i64::from(level.saturating_sub(1));
    let hp = by_level + constitution_hp(content, class, scores);
    u32::try_from(hp.clamp(1, i64::from(HIT_POINTS_MAX))).unwrap_or(HIT_POINTS_MAX)
}

fn constitution_hp(content: &Content, class: &Class, scores: &AbilityScores) -> i64 {
    let modifier = |scores: &AbilityScores| i64::from(scores.modifier(Ability::Constitution));
    let ahead = modifier(scores) - modifier(&class.rules.ability_scores);
    ahead * i64::from(content.rules.hp_per_constitution_modifier)
}

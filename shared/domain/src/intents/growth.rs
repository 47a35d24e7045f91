//! The choices that levels bring: skills and ability scores.

use super::{Illegal, intent};
use crate::rules::{ability_points, class_rules, hp_max, skill_points};
use crate::{Ability, Character, Content};

intent! {
    /// Spend a skill point on becoming proficient in a skill of the class.
    LearnSkill {
        /// Id of the skill.
        skill: String,
    }
}

impl LearnSkill {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        if !class_rules((&*character).into(), content).is_some_and(|class| class.skills.contains(&self.skill)) {
            return Err(Illegal::SkillNotOfClass);
        }
        if character.build.skills.contains(&self.skill) {
            return Err(Illegal::SkillKnown);
        }
        if skill_points(&*character, content) == 0 {
            return Err(Illegal::NoSkillPoints);
        }
        character.build.skills.push(self.skill.clone());
        Ok(())
    }
}

intent! {
    /// Spend a point of a level-up on an ability score (SRD, "Ability Score Improvement").
    RaiseAbility {
        /// The ability.
        ability: Ability,
    }
}

impl RaiseAbility {
    fn decide(&self, character: &mut Character, content: &Content) -> Result<(), Illegal> {
        if ability_points(&*character, content) == 0 {
            return Err(Illegal::NoAbilityPoints);
        }
        let hp = |character: &Character| {
            hp_max(content, &character.class, &character.build.ability_scores, character.hot.level)
        };
        let before = hp(character);
        let score = character.build.ability_scores.of_mut(self.ability);
        if *score >= content.rules.ability_score_max {
            return Err(Illegal::AbilityAtMaximum);
        }
        *score += 1;
        character.build.ability_points_spent += 1;
        // The maximum in force moves by what the formula moves by, and whoever gains endurance feels better for it.
        let gained = hp(character).saturating_sub(before);
        character.hot.hp_max = character.hot.hp_max.saturating_add(gained);
        character.hot.hp = character.hot.hp.saturating_add(gained).min(character.hot.hp_max);
        Ok(())
    }
}

//! Hit points and currency: a difference, judged against the limits.

use super::{Illegal, intent};
use crate::limits::GOLD_MAX;
use crate::{Character, Content};

intent! {
    /// Hurt or heal. Hit points end between 0 and the maximum, whatever the difference (SRD, "Damage and Healing").
    ChangeHitPoints {
        /// Hit points to add; negative for damage.
        delta: i64,
    }
}

impl ChangeHitPoints {
    fn decide(&self, character: &mut Character, _: &Content) -> Result<(), Illegal> {
        let hot = &mut character.hot;
        let wanted = i64::from(hot.hp).saturating_add(self.delta).clamp(0, i64::from(hot.hp_max));
        let hp = u32::try_from(wanted).unwrap_or(hot.hp_max);
        if hp == hot.hp {
            return Err(Illegal::NoChange);
        }
        hot.hp = hp;
        Ok(())
    }
}

intent! {
    /// Earn or pay. What one cannot pay, one does not pay in part.
    ChangeCurrency {
        /// Gold to add; negative for paying.
        delta: i64,
    }
}

impl ChangeCurrency {
    fn decide(&self, character: &mut Character, _: &Content) -> Result<(), Illegal> {
        if self.delta == 0 {
            return Err(Illegal::NoChange);
        }
        let gold = character.hot.gold.checked_add_signed(self.delta).filter(|gold| *gold <= GOLD_MAX);
        character.hot.gold = gold.ok_or(Illegal::CurrencyOutOfRange)?;
        Ok(())
    }
}

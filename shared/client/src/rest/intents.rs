//! Where each intent goes. The types themselves, with what they mean and why they can be refused, are in
//! [`guildhall_domain::intents`].

use guildhall_domain::intents::{
    ChangeCurrency, ChangeHitPoints, EquipArmor, EquipWeapon, Intent, LearnSkill, MergeItems, MoveItem, RaiseAbility,
    SplitItems, UnequipArmor, UnequipWeapon, UseItem,
};
use reqwest::Method;
use serde::Serialize;

/// An intent that has a route: every one of [`guildhall_domain::intents`].
pub trait RoutedIntent: Intent + Serialize + Sync {
    /// HTTP method.
    const METHOD: Method;
    /// The path below the character's.
    const ACTION: &'static str;
}

macro_rules! routes {
    ($($intent:ident: $method:ident $action:literal),+ $(,)?) => {$(
        impl RoutedIntent for $intent {
            const METHOD: Method = Method::$method;
            const ACTION: &'static str = $action;
        }
    )+};
}

routes! {
    ChangeHitPoints: PATCH "hitpoints",
    ChangeCurrency: PATCH "currency",
    EquipArmor: POST "equip-armor",
    UnequipArmor: POST "unequip-armor",
    EquipWeapon: POST "equip-weapon",
    UnequipWeapon: POST "unequip-weapon",
    MoveItem: POST "items/move",
    SplitItems: POST "items/split",
    MergeItems: POST "items/merge",
    UseItem: POST "items/use",
    LearnSkill: POST "skills",
    RaiseAbility: POST "level-up",
}

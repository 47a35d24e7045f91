//! The plain data that the systems work on, and how a dungeon looks before anybody has entered it.

use super::effect::Effect;
use super::entity::{FIRST_DOOR, FIRST_ENEMY, nth_id};
use super::rules::{Game, Kit, stride_mm, ticks};
use super::states::States;
use super::zone::Sight;
use guildhall_domain::content::{self, Area, Point};
use guildhall_domain::limits::{ABILITIES_EACH_MAX, SEATS_PER_SESSION_MAX};
use guildhall_domain::ruleset::Fighter;
use guildhall_domain::{Build, HotState, Sheet};

/// How long a blow can be seen, in milliseconds.
pub(super) const BLOW_SHOWN_MS: u32 = 200;
/// How long a dead enemy can still be seen, in milliseconds.
const DEAD_SHOWN_MS: u32 = 1_500;

/// A player who is present.
#[derive(Debug, Clone)]
pub(super) struct Player {
    pub(super) seat: u16,
    pub(super) class: String,
    /// Number of what the class brings.
    kit: usize,
    pub(super) build: Build,
    /// What follows from class, build and hot state.
    pub(super) fighter: Fighter,
    pub(super) at: Point,
    pub(super) facing: u8,
    pub(super) hot: HotState,
    pub(super) mana: u32,
    pub(super) stamina: u32,
    pub(super) states: States,
    /// Of the class's abilities.
    pub(super) cooldowns: Cooldowns,
    /// Changes to `hot` so far in this session: the `progress_seq`.
    pub(super) changes: u64,
    /// A change that has not been reported yet, and whether it is urgent.
    pub(super) unreported: Option<bool>,
    /// Whether the inventory or the equipment has changed since its player was told.
    pub(super) rearranged: bool,
    pub(super) blow: Blow,
    /// The last tick in which the player walked.
    pub(super) walked_at: u32,
    /// The last tick in which the player was refused loot.
    pub(super) refused_at: u32,
    /// The last tick in which the player struck or was struck.
    pub(super) fought_at: u32,
    /// When a dead player stands again.
    pub(super) respawn_at: u32,
    /// Whom and what they see in a zone. Follows from the rest, a little late.
    pub(super) sight: Sight,
}

/// When somebody struck, and may strike again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Blow {
    pub(super) ready_at: u32,
    pub(super) shown_until: u32,
}

/// When each ability of somebody can be used again, by its number. Whoever has used none takes no memory for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cooldowns(Option<Box<[u32; ABILITIES_EACH_MAX]>>);

/// An enemy, living or dead: one line of the processor's cache, because every tick goes through all of them.
#[derive(Debug, Clone)]
pub(super) struct Enemy {
    pub(super) id: u16,
    pub(super) kind: u8,
    pub(super) chamber: u16,
    pub(super) home: Point,
    pub(super) at: Point,
    pub(super) facing: u8,
    pub(super) hp: u32,
    pub(super) hp_max: u32,
    pub(super) boss: bool,
    pub(super) phase: u8,
    pub(super) mood: Mood,
    pub(super) blow: Blow,
    pub(super) died_at: u32,
    pub(super) states: States,
    pub(super) cooldowns: Cooldowns,
}

const _: () = assert!(size_of::<Enemy>() <= 64);

/// What an enemy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Stands at home and looks out for players.
    Idle,
    /// Follows and strikes the player in this seat.
    Chasing(u16),
    /// Walks home and minds nobody.
    Returning,
}

/// A chamber's progress.
#[derive(Debug, Clone)]
pub(super) struct Chamber {
    /// Enemies at home here that live.
    pub(super) living: usize,
    /// Whether its doors have been opened.
    pub(super) cleared: bool,
}

/// A door.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) id: u16,
    pub(super) area: Area,
    /// The chamber that must be cleared first.
    pub(super) opens_with: usize,
    pub(super) open: bool,
}

/// A piece of loot on the ground.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loot {
    pub(super) id: u16,
    pub(super) item: u8,
    pub(super) quantity: u16,
    pub(super) wear: u32,
    pub(super) at: Point,
    /// Who alone sees it and can take it.
    pub(super) owner: Owner,
    /// The first tick without it, if it goes by itself.
    pub(super) gone_at: Option<u32>,
}

/// Whose a thing on the ground is, each with the first tick at which that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Owner {
    /// The player in this seat alone.
    pub(super) seat: Option<(u16, u32)>,
    /// This party, in a zone.
    pub(super) party: Option<(u16, u32)>,
}

impl Owner {
    /// Whether everybody can see it and take it.
    pub(super) fn is_over(&self, tick: u32) -> bool {
        [self.seat, self.party].iter().flatten().all(|(_, until)| tick >= *until)
    }

    fn is_open_to(&self, seat: u16, tick: u32) -> bool {
        self.seat.is_none_or(|(owner, until)| owner == seat || tick >= until)
            && self.party.is_none_or(|(party, until)| party == party_of(seat) || tick >= until)
    }
}

impl Loot {
    /// Whether the player in this seat can see it and take it.
    pub(super) fn is_open_to(&self, seat: u16, tick: u32) -> bool {
        self.owner.is_open_to(seat, tick)
    }
}

/// The party of the player in this seat: a zone has as many seats for each as a session.
pub(super) const fn party_of(seat: u16) -> u16 {
    seat / SEATS_PER_SESSION_MAX as u16
}

/// The seats of a party.
pub(super) fn seats_of(party: u16) -> impl Iterator<Item = u16> {
    (0..SEATS_PER_SESSION_MAX as u16).map(move |seat| party.saturating_mul(SEATS_PER_SESSION_MAX as u16) + seat)
}

/// The place of the player in this seat; players are sorted by seat.
pub(super) fn place_of(players: &[Player], seat: u16) -> Option<usize> {
    // Where nobody is missing, the seat is the place.
    let place = usize::from(seat);
    let is_place = players.get(place).is_some_and(|player| player.seat == seat);
    if is_place { Some(place) } else { players.binary_search_by_key(&seat, |player| player.seat).ok() }
}

/// Where players appear and come back after death.
#[derive(Debug, Clone)]
pub(super) struct Spawns(Vec<Point>);

impl Spawns {
    pub(super) fn new(places: &[Point]) -> Self {
        Self(places.to_vec())
    }

    /// The place of this seat's party.
    pub(super) fn of(&self, seat: u16) -> Point {
        let nth = usize::from(party_of(seat)).checked_rem(self.0.len()).unwrap_or_default();
        self.0.get(nth).copied().unwrap_or(Point { x: 0, y: 0 })
    }
}

impl Player {
    /// A player who arrives with this character, if the content has its class.
    pub(super) fn new(seat: u16, character: Sheet<'_>, game: &Game, at: Point, changes: u64) -> Option<Self> {
        let Sheet { class, build, hot } = character;
        Self::of(seat, class, (build.clone(), hot.clone()), game, at, changes)
    }

    /// The same, with the parts of the character that play knows.
    pub(super) fn of(
        seat: u16,
        class: &str,
        (build, hot): (Build, HotState),
        game: &Game,
        at: Point,
        changes: u64,
    ) -> Option<Self> {
        let number = game.content.classes.keys().position(|id| id == class)?;
        let kit = game.kits.get(number)?;
        let mut player = Self {
            seat,
            class: class.to_owned(),
            kit: number,
            build,
            fighter: Fighter::default(),
            at,
            facing: 0,
            hot,
            mana: kit.resources.mana_max,
            stamina: kit.resources.stamina_max,
            states: States::default(),
            cooldowns: Cooldowns::default(),
            changes,
            unreported: None,
            rearranged: false,
            blow: Blow::default(),
            walked_at: 0,
            refused_at: 0,
            fought_at: 0,
            respawn_at: 0,
            sight: Sight::default(),
        };
        player.size_up(game);
        Some(player)
    }

    /// Works out anew what follows from equipment and level.
    pub(super) fn size_up(&mut self, game: &Game) {
        let sheet = Sheet { class: &self.class, build: &self.build, hot: &self.hot };
        self.fighter = game.ruleset.fighter(sheet, &game.content);
    }

    /// What the class brings.
    pub(super) fn kit<'a>(&self, game: &'a Game) -> Option<&'a Kit> {
        game.kits.get(self.kit)
    }

    /// Walking speed as things stand, in millimetres per second.
    pub(super) fn speed_mm_per_s(&self, game: &Game) -> u32 {
        self.states.walked(game, self.fighter.speed_mm_per_s)
    }

    /// How far one tick carries as things stand.
    pub(super) fn stride_mm(&self, game: &Game) -> u32 {
        stride_mm(self.speed_mm_per_s(game))
    }

    /// Whether the player can do anything.
    pub(super) fn can_act(&self, game: &Game) -> bool {
        self.is_alive() && !self.states.stun(game)
    }

    /// Whether the player can act and be hurt.
    pub(super) fn is_alive(&self) -> bool {
        self.hot.hp > 0
    }

    /// Counts a change of the hot state; returns the `progress_seq` that includes it.
    pub(super) fn change(&mut self, urgent: bool) -> u64 {
        self.changes += 1;
        self.unreported = Some(urgent || self.unreported == Some(true));
        self.changes
    }

    /// Reports the changes since the last report as one effect.
    pub(super) fn report_change(&mut self, effects: &mut Vec<Effect>) {
        if let Some(urgent) = self.unreported.take() {
            effects.push(Effect::Changed { seat: self.seat, urgent });
        }
    }
}

impl Blow {
    /// Whether the weapon is ready.
    pub(super) fn is_ready(&self, tick: u32) -> bool {
        tick >= self.ready_at
    }

    /// Begins the cooldown.
    pub(super) fn strike(&mut self, tick: u32, cooldown_ticks: u32) {
        self.ready_at = tick.saturating_add(cooldown_ticks);
        self.show(tick);
    }

    /// Can be seen for a while.
    pub(super) fn show(&mut self, tick: u32) {
        self.shown_until = tick.saturating_add(ticks(BLOW_SHOWN_MS));
    }

    /// Whether the blow can still be seen.
    pub(super) fn is_shown(&self, tick: u32) -> bool {
        tick < self.shown_until
    }
}

impl Cooldowns {
    /// Those of a saved dungeon, without the zeros at the end; `None` for more than there can be.
    pub(super) fn restored(saved: &[u32]) -> Option<Self> {
        let mut ready_at = [0; ABILITIES_EACH_MAX];
        ready_at.get_mut(..saved.len())?.copy_from_slice(saved);
        Some(Self((ready_at != [0; ABILITIES_EACH_MAX]).then(|| Box::new(ready_at))))
    }

    /// From which tick on each can be used.
    pub(super) fn ready_at(&self) -> [u32; ABILITIES_EACH_MAX] {
        self.0.as_deref().copied().unwrap_or_default()
    }

    /// Whether the ability with this number can be used; there is none beyond the limit.
    pub(super) fn is_ready(&self, number: usize, tick: u32) -> bool {
        number < ABILITIES_EACH_MAX
            && self.0.as_ref().and_then(|all| all.get(number)).is_none_or(|ready_at| tick >= *ready_at)
    }

    /// The ability with this number rests until then.
    pub(super) fn rest(&mut self, number: usize, until: u32) {
        if let Some(ready_at) = self.0.get_or_insert_default().get_mut(number) {
            *ready_at = until;
        }
    }
}

impl Enemy {
    /// Whether it can act and be hurt.
    pub(super) fn is_alive(&self) -> bool {
        self.hp > 0
    }

    /// Whether it lives or died a moment ago.
    pub(super) fn is_visible(&self, tick: u32) -> bool {
        self.is_alive() || tick < self.died_at.saturating_add(ticks(DEAD_SHOWN_MS))
    }
}

/// The enemies of a dungeon, each at its place.
pub(super) fn enemies_of(template: &content::Dungeon, game: &Game) -> Vec<Enemy> {
    let spawns = template.chambers.iter().enumerate();
    let spawns = spawns.flat_map(|(n, chamber)| chamber.enemies.iter().map(move |spawn| (n, &spawn.enemy, spawn.at)));
    enemies_at(spawns, game)
}

/// The enemies of a zone, each at its place; their chamber is their camp.
pub(super) fn enemies_of_camps(template: &content::Zone, game: &Game) -> Vec<Enemy> {
    let camps = template.camps.iter().enumerate();
    enemies_at(camps.flat_map(|(n, camp)| camp.places().map(move |at| (n, &camp.enemy, at))), game)
}

fn enemies_at<'a>(spawns: impl Iterator<Item = (usize, &'a String, Point)>, game: &Game) -> Vec<Enemy> {
    let mut enemies = Vec::new();
    for (chamber, id, at) in spawns {
        let index = game.content.enemies.keys().position(|key| key == id);
        let Some((index, kind)) = index.and_then(|index| Some((index, game.kinds.get(index)?))) else { continue };
        enemies.push(Enemy {
            id: nth_id(FIRST_ENEMY, enemies.len()),
            kind: u8::try_from(index).unwrap_or(u8::MAX),
            chamber: u16::try_from(chamber).unwrap_or(u16::MAX),
            home: at,
            at,
            facing: 0,
            hp: kind.template.hp,
            hp_max: kind.template.hp,
            boss: kind.template.boss,
            phase: 0,
            mood: Mood::Idle,
            blow: Blow::default(),
            died_at: 0,
            states: States::default(),
            cooldowns: Cooldowns::default(),
        });
    }
    enemies
}

/// The chambers of a dungeon before anybody has died.
pub(super) fn chambers_of(template: &content::Dungeon) -> Vec<Chamber> {
    template.chambers.iter().map(|chamber| Chamber { living: chamber.enemies.len(), cleared: false }).collect()
}

/// The doors of a dungeon, all closed.
pub(super) fn doors_of(template: &content::Dungeon) -> Vec<Door> {
    let chamber = |id: &String| template.chambers.iter().position(|chamber| chamber.id == *id).unwrap_or(usize::MAX);
    let door = |(index, door): (usize, &content::Door)| Door {
        id: nth_id(FIRST_DOOR, index),
        area: door.area,
        opens_with: chamber(&door.opens_when_cleared),
        open: false,
    };
    template.doors.iter().enumerate().map(door).collect()
}

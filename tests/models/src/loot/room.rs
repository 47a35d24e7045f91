//! A room: its world, the journal's open batch, what waits in the writer, and the groups that are out.

use super::{CHARACTERS, Loot, Lying, Purse, Row, THINGS, Twin, UNCOVERED, World};

/// Characters whose states go the same way, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Marks {
    changed: u8,
    /// Those who are written in one transaction. There are too few characters for two such groups.
    bound: u8,
    leaving: u8,
}

impl Marks {
    fn forget(&mut self, characters: u8) {
        self.changed &= !characters;
        self.bound &= !characters;
        self.leaving &= !characters;
    }

    fn join(&mut self, other: Self) {
        self.changed |= other.changed;
        self.bound |= other.bound;
        self.leaving |= other.leaving;
    }
}

/// States on their way to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Batch {
    marks: Marks,
    purses: [Purse; CHARACTERS],
}

/// What is written in one transaction.
pub(super) struct Group {
    pub(super) purses: Vec<(usize, Purse)>,
    pub(super) cover: u8,
    /// Who of it leaves, one bit each.
    pub(super) leaving: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Room {
    world: World,
    number: u8,
    cover: u8,
    open: Marks,
    waits: Batch,
    out: Batch,
    out_cover: u8,
}

impl Room {
    /// A dungeon that begins: its thing lies on the ground.
    pub(super) fn fresh(rows: &[Row; CHARACTERS], inside: u8) -> Self {
        let purses =
            std::array::from_fn(|index| if inside & 1 << index == 0 { Purse::default() } else { rows[index].purse });
        let mut ground = [None; THINGS];
        ground[THINGS - 1] = Some(Lying { only: None, from: None });
        Self::of(World { purses, ground, inside, leaving: 0 })
    }

    fn of(world: World) -> Self {
        let (open, batch) = (Marks::default(), Batch::default());
        Self { world, number: 0, cover: 0, open, waits: batch, out: batch, out_cover: 0 }
    }

    /// From a checkpoint: whom the session does not hold any more is not in it, who is held and was not in it comes in as
    /// stored, and what the store lacks is written.
    pub(super) fn restored(model: &Loot, mut world: World, rows: &[Row; CHARACTERS]) -> Self {
        let mut marks = Marks::default();
        for (index, row) in rows.iter().enumerate() {
            let bit = 1 << index;
            if !row.is_held || world.inside & bit == 0 {
                world.purses[index] = if row.is_held { row.purse } else { Purse::default() };
                world.inside = if row.is_held { world.inside | bit } else { world.inside & !bit };
                world.leaving &= !bit;
            } else if world.purses[index] != row.purse {
                marks.changed |= bit;
            }
        }
        marks.leaving = world.leaving;
        marks.changed |= world.leaving;
        if marks.changed != 0 && !model.is(Twin::RestoredAlone) {
            // Written together: what one of them has, and may lay down in a moment, the store may have with another one.
            (marks.changed, marks.bound) = (world.inside, world.inside);
        }
        let mut room = Self::of(world);
        room.record(model, marks);
        room
    }

    pub(super) const fn number(&self) -> u8 {
        self.number
    }

    pub(super) const fn cover(&self) -> u8 {
        self.cover
    }

    pub(super) const fn world(&self) -> &World {
        &self.world
    }

    fn acts(&self, character: u8) -> bool {
        (self.world.inside & !self.world.leaving) & 1 << character != 0
    }

    /// `Journal::record`: into the open batch, or at once to the writer.
    fn record(&mut self, model: &Loot, marks: Marks) {
        if self.cover == UNCOVERED || model.is(Twin::WritesFirst) {
            self.pour(marks);
        } else {
            self.open.join(marks);
        }
    }

    fn pour(&mut self, marks: Marks) {
        self.waits.marks.join(marks);
        for index in (0..CHARACTERS).filter(|index| marks.changed & 1 << index != 0) {
            self.waits.purses[index] = self.world.purses[index];
        }
    }

    pub(super) fn arrive(&mut self, character: u8, row: Row) -> Option<()> {
        let bit = 1 << character;
        if self.world.inside & bit != 0 || !row.is_held {
            return None;
        }
        self.world.inside |= bit;
        self.world.purses[usize::from(character)] = row.purse;
        if self.cover == UNCOVERED {
            // Nobody of this session may be without an uncovered write.
            self.pour(Marks { changed: bit, ..Marks::default() });
        }
        Some(())
    }

    pub(super) fn lay_down(&mut self, model: &Loot, character: u8, thing: u8) -> Option<()> {
        let purse = &mut self.world.purses[usize::from(character)];
        if purse.things & 1 << thing == 0 || !self.acts(character) {
            return None;
        }
        self.world.purses[usize::from(character)].things &= !(1 << thing);
        self.world.ground[usize::from(thing)] = Some(Lying { only: Some(character), from: Some(character) });
        self.record(model, Marks { changed: 1 << character, ..Marks::default() });
        Some(())
    }

    pub(super) fn open(&mut self, thing: u8) -> Option<()> {
        self.world.ground[usize::from(thing)].as_mut()?.only.take().map(drop)
    }

    /// Whether what was taken was somebody else's alone.
    pub(super) fn pick_up(&mut self, model: &Loot, character: u8, thing: u8) -> Option<bool> {
        let lying = self.world.ground[usize::from(thing)];
        let is_others = lying.is_some_and(|lying| lying.only.is_some_and(|only| only != character));
        let may = lying.is_some() || model.is(Twin::UncheckedPickUp);
        if !may || (is_others && !model.is(Twin::AnybodysAtOnce)) || !self.acts(character) {
            return None;
        }
        self.world.ground[usize::from(thing)] = None;
        self.world.purses[usize::from(character)].things |= 1 << thing;
        let mut together = 1 << character;
        // Who laid it down is written with who takes it, or the store could have it with both.
        if let Some(from) = lying.and_then(|lying| lying.from)
            && !model.is(Twin::PickUpAlone)
        {
            together |= 1 << from & self.world.inside;
        }
        let bound = if together.count_ones() > 1 { together } else { 0 };
        self.record(model, Marks { changed: together, bound, leaving: 0 });
        Some(is_others)
    }

    pub(super) fn pay(&mut self, model: &Loot) -> Option<()> {
        if !self.acts(0) || !self.acts(1) {
            return None;
        }
        let [payer, payee, _] = &mut self.world.purses;
        payer.coins = payer.coins.checked_sub(1)?;
        payee.coins += 1;
        self.record(model, Marks { changed: 0b011, bound: 0b011, leaving: 0 });
        Some(())
    }

    pub(super) fn leave(&mut self, model: &Loot, character: u8) -> Option<()> {
        let bit = 1 << character;
        self.acts(character).then_some(())?;
        self.world.leaving |= bit;
        self.record(model, Marks { changed: bit, bound: 0, leaving: bit });
        Some(())
    }

    /// A checkpoint is taken and confirmed: what it includes goes to the writer.
    pub(super) fn seal(&mut self) -> (u8, World) {
        self.number += 1;
        self.cover = self.number;
        let open = std::mem::take(&mut self.open);
        self.pour(open);
        (self.number, self.world)
    }

    /// Everything there is goes to the writer, in one transaction for everybody.
    pub(super) fn uncover(&mut self) {
        self.cover = UNCOVERED;
        let open = std::mem::take(&mut self.open);
        let everybody = self.world.inside;
        self.pour(Marks { changed: everybody, bound: everybody, leaving: open.leaving });
    }

    /// One batch is out at a time.
    pub(super) fn flush(&mut self) -> Option<()> {
        if self.out.marks.changed != 0 || self.waits.marks.changed == 0 {
            return None;
        }
        (self.out, self.out_cover) = (std::mem::take(&mut self.waits), self.cover);
        Some(())
    }

    /// The group that this character is in.
    pub(super) fn take_group(&mut self, model: &Loot, character: u8) -> Option<Group> {
        let bit = 1 << character;
        let marks = &mut self.out.marks;
        if marks.changed & bit == 0 {
            return None;
        }
        let is_bound = marks.bound & bit != 0 && !model.is(Twin::TornTrade);
        let group = if is_bound { marks.bound & marks.changed } else { bit };
        let leaving = marks.leaving & group;
        marks.forget(group);
        let members = (0..CHARACTERS).filter(|index| group & 1 << index != 0);
        let group = members.map(|index| (index, self.out.purses[index])).collect();
        for index in (0..CHARACTERS).filter(|index| leaving & 1 << index != 0) {
            self.world.inside &= !(1 << index);
            self.world.leaving &= !(1 << index);
            self.world.purses[index] = Purse::default();
        }
        // Nothing more is written for those who have left.
        self.open.forget(leaving);
        self.waits.marks.forget(leaving);
        if self.out.marks.changed == 0 {
            self.out = Batch::default();
        }
        Some(Group { purses: group, cover: self.out_cover, leaving })
    }
}

//! The dungeon from above, drawn with characters. A cell of a terminal is about twice as high as it is wide, and so is the
//! piece of floor that it stands for.

use super::{Line, Style};
use guildhall_domain::content::{Area, Dungeon, Point};

/// A dungeon and who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MapScene {
    /// The floors of the chambers.
    pub floors: Vec<Area>,
    /// The floors of the doors, and whether they are open.
    pub doors: Vec<(Area, bool)>,
    /// Who and what is where. Later marks cover earlier ones.
    pub marks: Vec<Mark>,
}

/// Something on the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it is.
    pub at: Point,
    /// What it is.
    pub kind: MarkKind,
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// Something to pick up.
    Loot,
    /// An enemy.
    Enemy,
    /// A boss.
    Boss,
    /// One of the party, and whether it lives.
    Player {
        /// Its seat.
        seat: u8,
        /// Whether it lives.
        alive: bool,
    },
}

impl MapScene {
    /// An empty dungeon with these doors open, by their place in its list.
    pub fn of(dungeon: &Dungeon, is_open: impl Fn(usize) -> bool) -> Self {
        Self {
            floors: dungeon.chambers.iter().map(|chamber| chamber.area).collect(),
            doors: dungeon.doors.iter().enumerate().map(|(place, door)| (door.area, is_open(place))).collect(),
            marks: Vec::new(),
        }
    }

    /// Lines that show the whole dungeon within this size. Their number follows from the dungeon's shape.
    pub fn render(&self, width: usize, height: usize) -> Vec<Line> {
        let Some(grid) = Grid::fitting(self, width, height) else { return Vec::new() };
        let mut cells = vec![vec![(' ', Style::Plain); grid.columns]; grid.rows];
        let mut put = |column: usize, row: usize, cell: (char, Style)| {
            if let Some(place) = cells.get_mut(row).and_then(|row| row.get_mut(column)) {
                *place = cell;
            }
        };
        let doors =
            self.doors.iter().map(|(area, open)| (area, if *open { ('·', Style::Dim) } else { ('▒', Style::Warning) }));
        for (area, cell) in self.floors.iter().map(|area| (area, ('·', Style::Dim))).chain(doors) {
            for (column, row) in grid.cells_of(area) {
                put(column, row, cell);
            }
        }
        for mark in &self.marks {
            let (column, row) = grid.cell_at(mark.at);
            put(column, row, mark.kind.cell());
        }
        cells.into_iter().map(|row| row.into_iter().fold(Line::new(), |line, (c, style)| line.with(c, style))).collect()
    }
}

impl MarkKind {
    fn cell(self) -> (char, Style) {
        match self {
            Self::Loot => ('*', Style::Gold),
            Self::Enemy => ('o', Style::Bad),
            Self::Boss => ('W', Style::Bad),
            Self::Player { alive: false, .. } => ('x', Style::Dim),
            Self::Player { seat, .. } => (char::from(b'1'.saturating_add(seat.min(8))), Style::Player(seat)),
        }
    }
}

/// How millimetres become cells.
struct Grid {
    west: i32,
    north: i32,
    cell_mm: i32,
    columns: usize,
    rows: usize,
}

impl Grid {
    /// The finest grid on which everything fits.
    fn fitting(map: &MapScene, width: usize, height: usize) -> Option<Self> {
        let areas = || map.floors.iter().chain(map.doors.iter().map(|(area, _)| area));
        let west = areas().map(|area| area.x).min()?;
        let north = areas().map(|area| area.y).min()?;
        let extent_x = areas().map(|area| area.x.saturating_add(area.width)).max()?.saturating_sub(west).max(1);
        let extent_y = areas().map(|area| area.y.saturating_add(area.height)).max()?.saturating_sub(north).max(1);
        let (width, height) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
        if width < 1 || height < 1 {
            return None;
        }
        let cell_mm = (extent_x / width + 1).max(extent_y / height / 2 + 1);
        let columns = usize::try_from(extent_x / cell_mm + 1).ok()?;
        let rows = usize::try_from(extent_y / (cell_mm * 2) + 1).ok()?;
        Some(Self { west, north, cell_mm, columns, rows })
    }

    fn cell_at(&self, point: Point) -> (usize, usize) {
        let cell = |offset: i32, size: i32| usize::try_from(offset.max(0) / size).unwrap_or_default();
        let (x, y) = (point.x.saturating_sub(self.west), point.y.saturating_sub(self.north));
        (cell(x, self.cell_mm).min(self.columns - 1), cell(y, self.cell_mm * 2).min(self.rows - 1))
    }

    /// The cells whose middle lies within the area, and at least one.
    fn cells_of(&self, area: &Area) -> impl Iterator<Item = (usize, usize)> + use<> {
        let half = self.cell_mm / 2;
        let (left, top) = self.cell_at(Point { x: area.x + half, y: area.y + self.cell_mm });
        let far = Point { x: area.x + area.width - half, y: area.y + area.height - self.cell_mm };
        let (right, bottom) = self.cell_at(far);
        let (right, bottom) = (right.max(left), bottom.max(top));
        (top..=bottom).flat_map(move |row| (left..=right).map(move |column| (column, row)))
    }
}

//! The terminal view: what a newcomer sees first. A [`Scene`] is everything that is shown, as plain values; `render` turns
//! it into styled lines that fit, and `screen` puts them on the terminal in place of the ones before.
//!
//! Not here: where the values come from.

mod map;
mod render;
mod screen;

pub use map::{MapScene, Mark, MarkKind};
pub use render::render;
pub use screen::{Screen, terminal_size};

use std::time::Duration;

/// Everything that is shown at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// Where the API is.
    pub url: String,
    /// Since when.
    pub uptime: Duration,
    /// The demo party; `None` where it is turned off.
    pub demo: Option<DemoScene>,
    /// The game sims.
    pub gamesims: Vec<GamesimScene>,
    /// What the API does.
    pub traffic: TrafficScene,
}

/// The demo party and its dungeon.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DemoScene {
    /// Name of the dungeon.
    pub dungeon: String,
    /// Number of this run, from 1.
    pub run: u32,
    /// What is going on, in a few words.
    pub status: String,
    /// Cleared chambers, of all chambers.
    pub chambers: (usize, usize),
    /// Living enemies.
    pub enemies_left: usize,
    /// The boss, while it is in sight.
    pub boss: Option<BossScene>,
    /// The party.
    pub players: Vec<PlayerScene>,
    /// The dungeon from above.
    pub map: Option<MapScene>,
    /// What happened, in words, oldest first.
    pub events: Vec<String>,
}

/// A boss.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BossScene {
    /// Its name.
    pub name: String,
    /// Hit points.
    pub hp: u32,
    /// Hit points when unhurt.
    pub hp_max: u32,
}

/// A player of the party.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlayerScene {
    /// The character's name.
    pub name: String,
    /// Name of its class.
    pub class: String,
    /// Its level.
    pub level: u32,
    /// Hit points.
    pub hp: u32,
    /// Hit points when unhurt.
    pub hp_max: u32,
    /// Gold in all.
    pub gold: u64,
    /// Experience in all.
    pub xp: u64,
    /// What it is about, in a word.
    pub doing: &'static str,
}

/// A game sim.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GamesimScene {
    /// Its name.
    pub name: String,
    /// `ready`, `draining`, `gone` or `silent`.
    pub state: &'static str,
    /// Number of its boot.
    pub epoch: u64,
    /// Live sessions.
    pub sessions: usize,
    /// Sessions that fit.
    pub capacity: u32,
    /// Players connected.
    pub players: u32,
    /// How late ticks started, 99th percentile, in microseconds.
    pub tick_lateness_p99_us: u64,
}

/// What the API does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrafficScene {
    /// Requests answered per second.
    pub requests_per_s: f64,
    /// Answers so far that were the server's fault.
    pub server_errors: u64,
    /// Median latency, in microseconds.
    pub latency_p50_us: u64,
    /// Its 99th percentile.
    pub latency_p99_us: u64,
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// As the terminal has it.
    #[default]
    Plain,
    /// Less than plain.
    Dim,
    /// More than plain.
    Strong,
    /// A name or a title.
    Title,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
    /// All is not well.
    Bad,
    /// Gold, loot.
    Gold,
    /// One of the party, by seat.
    Player(u8),
}

/// A line of the view: pieces of text, each with its style.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(Vec<(String, Style)>);

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line with one more piece.
    #[must_use]
    pub fn with(mut self, text: impl Into<String>, style: Style) -> Self {
        let text = text.into();
        match self.0.last_mut() {
            Some((last, same)) if *same == style => last.push_str(&text),
            _ => self.0.push((text, style)),
        }
        self
    }

    /// The line with all pieces of another one behind its own.
    #[must_use]
    pub fn followed_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Its width, in columns. Every character that the view uses is one column wide.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| text.chars().count()).sum()
    }

    /// The line, cut or filled up to exactly this many columns.
    #[must_use]
    pub fn fitted(mut self, width: usize) -> Self {
        self = self.cut(width);
        let missing = width - self.width();
        if missing > 0 {
            self.0.push((" ".repeat(missing), Style::Plain));
        }
        self
    }

    /// The line, at most this many columns wide.
    #[must_use]
    pub fn cut(self, width: usize) -> Self {
        let mut left = width;
        let mut pieces = Vec::with_capacity(self.0.len());
        for (text, style) in self.0 {
            let kept: String = text.chars().take(left).collect();
            left -= kept.chars().count();
            if !kept.is_empty() {
                pieces.push((kept, style));
            }
        }
        Self(pieces)
    }

    /// Its pieces.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, Style)> {
        self.0.iter().map(|(text, style)| (text.as_str(), *style))
    }

    /// The text alone.
    pub fn text(&self) -> String {
        self.0.iter().map(|(text, _)| text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests;

//! A week as text: sessions as blocks, the room for them as a line above.

use super::outcome::{Hour, Outcome};
use std::fmt::Write;

const HEIGHT: u32 = 14;
const HOURS_PER_COLUMN: usize = 2;

/// Draws an outcome: one column for two hours.
pub fn draw(outcome: &Outcome) -> String {
    let columns: Vec<Hour> = outcome.hours.chunks(HOURS_PER_COLUMN).map(highest).collect();
    let top = columns.iter().map(|hour| hour.room.max(hour.sessions)).max().unwrap_or_default().max(1);
    let mut text = String::new();
    for row in (1..=HEIGHT).rev() {
        let line: String = columns.iter().map(|hour| mark(hour, row, top)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:>7} {}", top * row / HEIGHT, line.trim_end());
    }
    let days: String = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(|day| format!("{day:<12}")).concat();
    let _ = writeln!(text, "        {}", days.get(..columns.len().min(days.len())).unwrap_or_default().trim_end());
    text + "        █ sessions   ▁ room   ! somebody waits\n"
}

fn highest(hours: &[Hour]) -> Hour {
    let mut highest = Hour::default();
    for hour in hours {
        highest.take_in(hour.sessions, hour.room, hour.queue, hour.instances);
    }
    highest
}

fn mark(hour: &Hour, row: u32, top: u32) -> char {
    let height = |value: u32| (value * HEIGHT).div_ceil(top);
    match row {
        HEIGHT if hour.queue > 0 => '!',
        row if row <= height(hour.sessions) => '█',
        row if row == height(hour.room) => '▁',
        _ => ' ',
    }
}

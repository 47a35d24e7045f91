//! A scene as lines that fit. What matters most comes first and survives in a small window; the map and older events fill
//! what is left.

use super::{BossScene, DemoScene, GamesimScene, Line, PlayerScene, Scene, Style, TrafficScene};
use std::time::Duration;

/// Columns of the widest view; more would only tear it apart.
const WIDTH_MAX: usize = 100;
/// Narrowest view with a map beside the events, in columns.
const WIDTH_WITH_MAP: usize = 78;
/// Narrowest view in which long bars leave room for everything else, in columns.
const WIDTH_WITH_LONG_BARS: usize = 90;
/// Columns of the map.
const MAP_WIDTH: usize = 42;
/// Lines of the map and of the events, at most.
const STAGE_HEIGHT_MAX: usize = 14;
/// Lines of events that are shown before anything less important.
const EVENTS_MIN: usize = 3;

/// The scene in at most `height` lines of at most `width` columns.
pub fn render(scene: &Scene, width: usize, height: usize) -> Vec<Line> {
    let width = width.min(WIDTH_MAX);
    let mut head = header(scene, width);
    let mut foot = gamesims(&scene.gamesims);
    foot.push(traffic(&scene.traffic));
    foot.extend(hints(scene));
    match &scene.demo {
        Some(demo) => {
            head.extend(room(demo, width));
            let used = head.len() + foot.len() + 1;
            head.extend(stage(demo, width, height.saturating_sub(used)));
        }
        None => {
            head.push(Line::new().with("The demo is off (DEMO=0). Everything is there for your own game.", Style::Dim));
        }
    }
    head.push(Line::new());
    head.extend(foot);
    head.truncate(height);
    head.into_iter().map(|line| line.cut(width)).collect()
}

fn header(scene: &Scene, width: usize) -> Vec<Line> {
    let title = Line::new().with("Guildhall", Style::Title).with("  ", Style::Plain).with(&scene.url, Style::Strong);
    let uptime = format!("up {}", clock(scene.uptime));
    let gap = width.saturating_sub(title.width() + uptime.len()).max(1);
    let rule = Line::new().with("─".repeat(width), Style::Dim);
    vec![title.with(" ".repeat(gap), Style::Plain).with(uptime, Style::Dim), rule]
}

fn room(demo: &DemoScene, width: usize) -> Vec<Line> {
    let (cleared, all) = demo.chambers;
    let mut title = Line::new().with(demo.dungeon.clone(), Style::Title);
    if demo.run > 0 {
        title = title.with(format!("  run {}", demo.run), Style::Dim);
    }
    title = title.with(format!("  {}", demo.status), Style::Strong);
    let progress = Line::new()
        .with("chambers ", Style::Dim)
        .with("■".repeat(cleared), Style::Good)
        .with("□".repeat(all.saturating_sub(cleared)), Style::Dim)
        .with(format!("  enemies {}", demo.enemies_left), Style::Dim);
    let gap = width.saturating_sub(title.width() + progress.width()).max(2);
    let mut lines = vec![title.with(" ".repeat(gap), Style::Plain).followed_by(progress)];
    let bar_width = if width >= WIDTH_WITH_LONG_BARS { 20 } else { 10 };
    lines.extend((0_u8..).zip(&demo.players).map(|(seat, it)| player(seat, it, bar_width)));
    lines.push(demo.boss.as_ref().map_or_else(Line::new, |it| boss(it, bar_width)));
    lines
}

fn player(seat: u8, player: &PlayerScene, bar_width: usize) -> Line {
    let health = match player.hp * 100 / player.hp_max.max(1) {
        0..=25 => Style::Bad,
        26..=60 => Style::Warning,
        _ => Style::Good,
    };
    Line::new()
        .with(format!("{} {:<9}", seat.saturating_add(1), shortened(&player.name, 9)), Style::Player(seat))
        .with(format!("{:<8} L{:<3}", shortened(&player.class, 8), player.level), Style::Plain)
        .followed_by(bar(player.hp, player.hp_max, bar_width, health))
        .with(format!(" {:>4}/{:<4}", player.hp, player.hp_max), Style::Plain)
        .with(format!(" {:>7} gold", grouped(player.gold)), Style::Gold)
        .with(format!(" {:>8} xp", grouped(player.xp)), Style::Plain)
        .with(format!("  {}", player.doing), Style::Dim)
}

fn boss(boss: &BossScene, bar_width: usize) -> Line {
    Line::new()
        .with(format!("  {:<21} ", shortened(&boss.name, 21)), Style::Bad)
        .followed_by(bar(boss.hp, boss.hp_max, bar_width, Style::Bad))
        .with(format!(" {:>4}/{:<4}", boss.hp, boss.hp_max), Style::Plain)
}

/// The map with the events beside it, or the events alone where there is no room.
fn stage(demo: &DemoScene, width: usize, height: usize) -> Vec<Line> {
    let height = height.clamp(EVENTS_MIN, STAGE_HEIGHT_MAX);
    let map = demo.map.as_ref().filter(|_| width >= WIDTH_WITH_MAP && height > EVENTS_MIN);
    let map = map.map(|map| map.render(MAP_WIDTH, height)).unwrap_or_default();
    let height = if map.is_empty() { height } else { map.len() };
    let shown = demo.events.len().saturating_sub(height);
    let mut events = demo.events.iter().skip(shown).map(|event| Line::new().with(event.clone(), Style::Plain));
    if map.is_empty() {
        return (0..height).map(|_| events.next().unwrap_or_default()).collect();
    }
    let beside = |line: Line| line.fitted(MAP_WIDTH + 3).followed_by(events.next().unwrap_or_default());
    map.into_iter().map(beside).collect()
}

fn gamesims(gamesims: &[GamesimScene]) -> Vec<Line> {
    let title = format!(
        "{:<10}{:<10}{:>6}{:>11}{:>9}{:>16}",
        "game sim", "state", "epoch", "sessions", "players", "late ticks p99"
    );
    let mut lines = vec![Line::new().with(title, Style::Dim)];
    for it in gamesims {
        let state = match it.state {
            "ready" => Style::Good,
            "draining" => Style::Warning,
            _ => Style::Bad,
        };
        let numbers = format!(
            "{:>6}{:>11}{:>9}{:>16}",
            it.epoch,
            format!("{}/{}", it.sessions, it.capacity),
            it.players,
            millis(it.tick_lateness_p99_us)
        );
        let name = format!("{:<10}", shortened(&it.name, 9));
        lines.push(
            Line::new().with(name, Style::Plain).with(format!("{:<10}", it.state), state).with(numbers, Style::Plain),
        );
    }
    lines
}

fn traffic(it: &TrafficScene) -> Line {
    let errors = if it.server_errors == 0 { Style::Good } else { Style::Bad };
    Line::new()
        .with("API       ", Style::Dim)
        .with(format!("{:.1} requests/s  ", it.requests_per_s), Style::Plain)
        .with(format!("{} errors", it.server_errors), errors)
        .with(format!("  p50 {}  p99 {}", millis(it.latency_p50_us), millis(it.latency_p99_us)), Style::Plain)
}

fn hints(scene: &Scene) -> Vec<Line> {
    let hint = |text: String| Line::new().with(text, Style::Dim);
    vec![
        Line::new(),
        hint(format!("Try:  curl {}/v1/content", scene.url)),
        hint("Ctrl-C stops everything; characters and levels are kept.".to_owned()),
    ]
}

fn bar(value: u32, of: u32, width: usize, style: Style) -> Line {
    let share = u64::from(value.min(of)) * width as u64;
    let filled = usize::try_from(share.div_ceil(u64::from(of.max(1)))).unwrap_or(width).min(width);
    Line::new().with("█".repeat(filled), style).with("░".repeat(width - filled), Style::Dim)
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn millis(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10)
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn shortened(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

//! A ramp as a picture: lateness and processor time against the number of players, one panel above the other. A race as one:
//! a bar for everybody who took part.

use super::figures::Measurement;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const PANEL: f64 = 220.0;
const MARGIN: f64 = 60.0;
/// Height of a bar with the gap to the next one, and the part of the width that names take.
const BAR: f64 = 30.0;
const NAMES: f64 = 80.0;

/// One line of a panel: its name, its colour, what it shows.
type Line<'a> = (&'a str, &'a str, &'a dyn Fn(&Measurement) -> f64);

/// Draws the measurements, sorted by players.
pub(super) fn draw(measurements: &[Measurement]) -> String {
    let mut svg = sheet(2.0 * (PANEL + MARGIN) + MARGIN);
    let ms = |us: u64| us as f64 / 1e3;
    panel(
        &mut svg,
        MARGIN,
        "slot has sent after, ms",
        measurements,
        &[("p50", "#4c78a8", &|m| ms(m.served.sent_us.p50)), ("p99", "#e45756", &|m| ms(m.served.sent_us.p99))],
    );
    panel(
        &mut svg,
        2.0 * MARGIN + PANEL,
        "CPU per player-tick, µs",
        measurements,
        &[("total", "#4c78a8", &|m| m.cpu_ns().0 / 1e3), ("user space", "#54a24b", &|m| m.cpu_ns().1 / 1e3)],
    );
    svg + "</svg>\n"
}

/// Draws a bar for each figure, as long as it is large, with a label behind it; a missing one has its label alone.
pub(super) fn bars(title: &str, bars: &[(&str, Option<f64>, String)]) -> String {
    let mut svg = sheet(BAR * bars.len() as f64 + 2.0 * MARGIN);
    let highest = bars.iter().filter_map(|(_, value, _)| *value).fold(0.001, f64::max);
    let left = MARGIN + NAMES;
    // Writing to a String cannot fail.
    let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"{}\">{title}</text>", MARGIN - 20.0);
    for (number, (name, value, label)) in bars.iter().enumerate() {
        let top = MARGIN + BAR * number as f64;
        let (middle, height) = (top + BAR / 2.0, BAR - 8.0);
        // Half of the width is the labels'.
        let length = value.map_or(0.0, |value| WIDTH / 2.0 * value / highest);
        let colour = if number == 0 { "#54a24b" } else { "#4c78a8" };
        let bar = format!("x=\"{left}\" y=\"{top}\" width=\"{length:.1}\" height=\"{height}\"");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{name}</text>", left - 8.0);
        let _ = writeln!(svg, "<rect {bar} fill=\"{colour}\"/>");
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{middle}\">{label}</text>", left + length + 8.0);
    }
    svg + "</svg>\n"
}

/// The beginning of a picture of this height.
fn sheet(height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH + 2.0 * MARGIN
    )
}

fn panel(svg: &mut String, top: f64, title: &str, measurements: &[Measurement], lines: &[Line<'_>]) {
    let most = measurements.iter().map(|m| f64::from(m.players)).fold(1.0, f64::max);
    let highest = lines.iter().flat_map(|(_, _, of)| measurements.iter().map(of)).fold(0.001, f64::max);
    let bottom = top + PANEL;
    let x = |players: f64| MARGIN + WIDTH * players / most;
    let y = |value: f64| bottom - PANEL * value / highest;
    // Writing to a String cannot fail.
    let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"{}\">{title}</text>", top - 8.0);
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (at, value) = (y(part * highest), part * highest);
        let right = MARGIN + WIDTH;
        let _ = writeln!(svg, "<path d=\"M{MARGIN} {at:.1}H{right}\" stroke=\"#ddd\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{at:.1}\" text-anchor=\"end\">{value:.2}</text>", MARGIN - 6.0);
        let players = part * most;
        let label = bottom + 16.0;
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{label}\" text-anchor=\"middle\">{players:.0}</text>", x(players));
    }
    for (number, (name, colour, of)) in lines.iter().enumerate() {
        let points: Vec<_> = measurements.iter().map(|m| (x(m.players.into()), y(of(m)))).collect();
        let line: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\"/>", line.join(" "));
        for (x, y) in points {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let at = MARGIN + 80.0 * number as f64 + 240.0;
        let _ = writeln!(svg, "<text x=\"{at}\" y=\"{}\" fill=\"{colour}\">{name}</text>", top - 8.0);
    }
}

//! A measured figure and how it is printed: a row of a table for people, and a line of JSON, after the word `figure`, for
//! programs.

use serde_json::json;
use std::time::Duration;

/// One figure.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    /// None, if it could not be measured here; the note says why.
    value: Option<f64>,
    unit: &'static str,
    goal_min: Option<f64>,
    goal_max: Option<f64>,
    note: String,
}

impl Figure {
    /// A figure that nobody has promised anything about.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        let value = Some(value);
        Self { name: name.into(), value, unit, goal_min: None, goal_max: None, note: String::new() }
    }

    /// A figure that needs something that was not given.
    pub(crate) fn not_measured(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { value: None, ..Self::new(name, 0.0, "").note(why) }
    }

    /// A time, in milliseconds.
    pub(crate) fn time(name: impl Into<String>, value: Duration) -> Self {
        Self::new(name, value.as_secs_f64() * 1_000.0, "ms")
    }

    /// The largest value that meets the promise, in the figure's own unit.
    pub(crate) fn at_most(self, goal_max: f64) -> Self {
        Self { goal_max: Some(goal_max), ..self }
    }

    /// The smallest value that meets the promise, in the figure's own unit.
    pub(crate) fn at_least(self, goal_min: f64) -> Self {
        Self { goal_min: Some(goal_min), ..self }
    }

    /// What a reader has to know to read the value rightly.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    fn verdict(&self) -> &'static str {
        match (self.value, self.goal_min, self.goal_max) {
            (None, _, _) => "not measured",
            (_, None, None) => "no goal",
            (Some(value), min, max) if min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max) => {
                "met"
            }
            _ => "MISSED",
        }
    }

    fn cells(&self) -> [String; 5] {
        let bound = |sign: &str, goal: Option<f64>| goal.map(|goal| format!("{sign} {}", written(goal)));
        let goals: Vec<_> = [bound(">=", self.goal_min), bound("<=", self.goal_max)].into_iter().flatten().collect();
        let goal = if goals.is_empty() { "-".to_owned() } else { goals.join(", ") };
        let value = self.value.map_or_else(|| "-".to_owned(), |value| format!("{} {}", written(value), self.unit));
        [self.name.clone(), value, goal, self.verdict().to_owned(), self.note.clone()]
    }
}

/// Prints the table and then the lines of JSON.
pub(crate) fn print(figures: &[Figure]) {
    let head = ["figure", "value", "goal", "verdict", "note"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(figures.iter().map(Figure::cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: [usize; 4] = std::array::from_fn(width);
    println!();
    for [name, value, goal, verdict, note] in &rows {
        let [a, b, c, d] = widths;
        println!("{}", format!("{name:<a$}  {value:>b$}  {goal:>c$}  {verdict:<d$}  {note}").trim_end());
    }
    println!();
    for figure in figures {
        let Figure { name, value, unit, goal_min, goal_max, note } = figure;
        let verdict = figure.verdict();
        println!(
            "figure {}",
            json!({"name": name, "value": value, "unit": unit, "goal_min": goal_min, "goal_max": goal_max, "verdict": verdict, "note": note})
        );
    }
}

/// Three significant digits, or all digits before the point.
fn written(value: f64) -> String {
    let before_the_point = value.abs().max(f64::MIN_POSITIVE).log10().floor() as i32 + 1;
    let decimals = usize::try_from(3 - before_the_point).unwrap_or_default().min(7);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The value that `share` of all values do not exceed.
pub(crate) fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The one in the middle, or the mean of the two there.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or_default();
    if values.len() % 2 == 1 { upper } else { (upper + values.get(middle.wrapping_sub(1)).unwrap_or(&upper)) / 2.0 }
}

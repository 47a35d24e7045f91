//! The terminal: draws each view over the one before, in the same place, and leaves the last one standing at the end. What
//! was on the screen before scrolls up and is not lost.

use super::{Line, Style};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use crossterm::{QueueableCommand, queue};
use std::io::{self, Write};

/// Size of a terminal that does not tell, in columns and lines.
const SIZE_UNKNOWN: (u16, u16) = (80, 24);
/// The colours of the party, by seat.
const PLAYERS: [Color; 4] = [Color::Cyan, Color::Magenta, Color::Blue, Color::Green];

/// A terminal that shows a view. Dropping it gives the cursor back, below the last view.
#[derive(Debug)]
pub struct Screen<W: Write> {
    terminal: W,
    colours: bool,
    lines_shown: u16,
}

impl<W: Write> Screen<W> {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(mut terminal: W, colours: bool) -> io::Result<Self> {
        let (_, height) = terminal_size();
        terminal.write_all("\n".repeat(height.into()).as_bytes())?;
        terminal.queue(Hide)?;
        terminal.flush()?;
        Ok(Self { terminal, colours, lines_shown: 0 })
    }

    /// Draws `lines` over whatever was there.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn draw(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut page = Vec::with_capacity(8 * 1_024);
        queue!(page, BeginSynchronizedUpdate)?;
        let mut row = 0;
        for line in lines {
            queue!(page, MoveTo(0, row))?;
            for (text, style) in line.pieces() {
                piece(&mut page, text, style, self.colours)?;
            }
            queue!(page, Clear(ClearType::UntilNewLine))?;
            row = row.saturating_add(1);
        }
        queue!(page, MoveTo(0, row), Clear(ClearType::FromCursorDown), EndSynchronizedUpdate)?;
        self.lines_shown = row;
        self.terminal.write_all(&page)?;
        self.terminal.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        let below = self.lines_shown;
        // A terminal that is gone needs nothing back.
        let _ = queue!(self.terminal, MoveTo(0, below), Show).and_then(|()| self.terminal.flush());
    }
}

/// Columns and lines of the terminal. One line is left free, so that the last one never scrolls the others up.
pub fn terminal_size() -> (u16, u16) {
    let (width, height) = terminal::size().unwrap_or(SIZE_UNKNOWN);
    (width, height.saturating_sub(1))
}

/// Writes a piece of text in its style, and leaves the terminal as it was. `NO_COLOR` leaves weight and drops colour.
fn piece(page: &mut Vec<u8>, text: &str, style: Style, colours: bool) -> io::Result<()> {
    let (weight, colour) = match style {
        Style::Plain => (None, None),
        Style::Dim => (Some(Attribute::Dim), None),
        Style::Strong => (Some(Attribute::Bold), None),
        Style::Title => (Some(Attribute::Bold), Some(Color::Cyan)),
        Style::Good => (None, Some(Color::Green)),
        Style::Warning => (None, Some(Color::Yellow)),
        Style::Bad => (None, Some(Color::Red)),
        Style::Gold => (None, Some(Color::DarkYellow)),
        Style::Player(seat) => (Some(Attribute::Bold), PLAYERS.get(usize::from(seat) % PLAYERS.len()).copied()),
    };
    if let Some(weight) = weight {
        queue!(page, SetAttribute(weight))?;
    }
    let colour = colour.filter(|_| colours);
    if let Some(colour) = colour {
        queue!(page, SetForegroundColor(colour))?;
    }
    queue!(page, Print(text))?;
    if colour.is_some() {
        queue!(page, ResetColor)?;
    }
    if weight.is_some() {
        queue!(page, SetAttribute(Attribute::Reset))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(colours: bool) -> String {
        let mut terminal = Vec::new();
        let mut screen = Screen::open(&mut terminal, colours).unwrap();
        let lines =
            [Line::new().with("plain ", Style::Plain).with("bad", Style::Bad), Line::new().with("x", Style::Strong)];
        screen.draw(&lines).unwrap();
        drop(screen);
        String::from_utf8(terminal).unwrap()
    }

    #[test]
    fn it_draws_in_place_and_gives_the_cursor_back() {
        let text = drawn(true);
        let hide = text.find("\u{1b}[?25l").unwrap();
        let first = text.find("\u{1b}[1;1Hplain ").unwrap();
        let second = text.find("\u{1b}[2;1H").unwrap();
        let show = text.rfind("\u{1b}[3;1H\u{1b}[?25h").unwrap();
        assert!(hide < first && first < second && second < show, "{text:?}");
        assert!(!text.contains("\u{1b}[?1049"), "an alternate screen would take the last view away");
    }

    #[test]
    fn without_colours_there_are_none() {
        let (with, without) = (drawn(true), drawn(false));
        assert_ne!(with, without);
        for code in 30..=38 {
            assert!(!without.contains(&format!("\u{1b}[{code}")), "{without:?}");
        }
        assert!(without.contains("bad") && without.contains("\u{1b}[1m"));
    }
}

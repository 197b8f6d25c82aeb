//! How far a long check has come: a line on a terminal, after a second; nothing anywhere else.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use vigie_check::Lang;

use super::cli::core;
use crate::words::Said;

/// Nothing is shown of what ends sooner.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is drawn.
const PACE: Duration = Duration::from_millis(100);

/// How far a check has come.
pub struct Progress {
    /// `None` = nobody looks.
    drawn: Option<Instant>,
    bar: Option<ProgressBar>,
    lang: Lang,
    /// Files to check, where that is known.
    of: usize,
    files: usize,
    lines: u64,
}

impl Progress {
    /// Begins to count; something is shown only when standard error is a terminal.
    pub fn new(of: usize, lang: Lang) -> Self {
        Self {
            drawn: std::io::stderr()
                .is_terminal()
                .then(|| Instant::now() + PATIENCE - PACE),
            bar: None,
            lang,
            of,
            files: 0,
            lines: 0,
        }
    }

    /// A file is done.
    pub fn file(&mut self) {
        self.files += 1;
        self.draw();
    }

    /// A line of a file is done.
    pub fn line(&mut self) {
        self.lines += 1;
        self.draw();
    }

    /// Takes the line away, so that something else can be written.
    pub fn hide(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn draw(&mut self) {
        let Some(drawn) = self.drawn else { return };
        let now = Instant::now();
        if now < drawn + PACE {
            return;
        }
        self.drawn = Some(now);
        let said = if self.lines > 0 {
            Said::new("check-progress").with("n", self.lines)
        } else {
            let said = Said::new("check-progress-files").with("n", self.files);
            said.with("of", self.of)
        };
        let bar = self.bar.get_or_insert_with(ProgressBar::new_spinner);
        bar.set_message(said.text(core(self.lang)));
        bar.tick();
    }
}

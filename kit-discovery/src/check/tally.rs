use kit_core::Error;

use super::Config;

/// What the answers of one instance say so far.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Why it does not pass, if it does not.
    failing: Option<Error>,
    /// Answers in a row that say otherwise.
    against: u32,
}

impl Tally {
    /// The first answer decides alone.
    pub(crate) fn first(answer: Result<(), Error>) -> Self {
        Self { failing: answer.err(), against: 0 }
    }

    /// Whether this answer changes whether the instance passes.
    pub(crate) fn note(&mut self, answer: Result<(), Error>, config: &Config) -> bool {
        let row = match (&mut self.failing, &answer) {
            (None, Ok(())) => {
                self.against = 0;
                return false;
            }
            // What it fails with now says more than what it failed with first.
            (Some(failing), Err(error)) => {
                *failing = error.clone();
                self.against = 0;
                return false;
            }
            (None, Err(_)) => config.unhealthy,
            (Some(_), Ok(())) => config.healthy,
        };
        self.against += 1;
        if self.against < row {
            return false;
        }
        *self = Self::first(answer);
        true
    }

    /// Why it does not pass, if it does not.
    pub(crate) fn failing(&self) -> Option<&Error> {
        self.failing.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(first: bool, later: &[bool]) -> Vec<bool> {
        let answer = |well: bool| if well { Ok(()) } else { Err(Error::unavailable("ill")) };
        let mut tally = Tally::first(answer(first));
        let note = |well: &bool| {
            tally.note(answer(*well), &Config::default());
            tally.failing().is_none()
        };
        later.iter().map(note).collect()
    }

    #[test]
    fn three_failures_in_a_row_take_it_out_and_two_answers_bring_it_back() {
        let (t, f) = (true, false);
        assert_eq!(answers(t, &[f, f, t, f, f, f, t, f, t, t, t]), [t, t, t, t, t, f, f, f, f, t, t]);
        assert_eq!(answers(f, &[f, t, t]), [f, f, t]);
    }
}

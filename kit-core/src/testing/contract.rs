//! What contracts have in common: suites of rules that parts written outside kit are tried with.

/// Which rules of a contract were played. One that is broken panics by its name instead.
///
/// ```
/// use kit_core::testing::contract::{NotShown, Report};
///
/// let mut report = Report::default();
/// report.note("answers", Ok(()));
/// report.note("keeps answering while the disk is full", Err(NotShown));
/// assert_eq!(report.not_shown, ["keeps answering while the disk is full"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Those that hold.
    pub held: Vec<&'static str>,
    /// Those that could not be shown, because the rig does not have what they are about.
    pub not_shown: Vec<&'static str>,
}

/// The rig does not have what the rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotShown;

impl Report {
    /// Notes what became of a rule.
    pub fn note(&mut self, rule: &'static str, played: Result<(), NotShown>) {
        match played {
            Ok(()) => self.held.push(rule),
            Err(NotShown) => self.not_shown.push(rule),
        }
    }
}

//! The join.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kit::Outcome;

use super::Judged;
use super::judged::Share;
use crate::clock::nanos;
use crate::ledger::{Call, Executed};

/// What a call may take beyond its deadline, to say so.
const GRACE: Duration = Duration::from_millis(100);

/// What a caller and its instances wrote down.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    calls: Vec<Call>,
    executed: Vec<(String, Vec<Executed>)>,
    /// How often each id was executed.
    times: HashMap<String, u64>,
}

/// What of them is looked at, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// Whether the calls could be executed twice; if nobody says, what is stricter.
    pub(crate) idempotent: Option<bool>,
    pub(crate) deadline: Option<Duration>,
    /// How many calls there should be; those that are missing are lost.
    pub(crate) expected: Option<u64>,
    /// Calls that were meant to be sent from then on, in nanoseconds.
    pub(crate) from: u64,
    /// And before then.
    pub(crate) to: u64,
}

impl Default for Question {
    fn default() -> Self {
        Self { idempotent: None, deadline: None, expected: None, from: 0, to: u64::MAX }
    }
}

impl Books {
    /// # Errors
    /// Two calls have one id: nothing can be told apart.
    pub(crate) fn new(calls: Vec<Call>, executed: Vec<(String, Vec<Executed>)>) -> Result<Self, String> {
        let mut lines: HashMap<&str, usize> = HashMap::with_capacity(calls.len());
        for (at, call) in calls.iter().enumerate() {
            if let Some(first) = lines.insert(&call.id, at) {
                return Err(format!("{}: the id {:?} is that of line {} too", at + 1, call.id, first + 1));
            }
        }
        let mut times = HashMap::new();
        for line in executed.iter().flat_map(|(_, lines)| lines) {
            *times.entry(line.id.clone()).or_default() += 1;
        }
        Ok(Self { calls, executed, times })
    }

    /// When the first call was meant to be sent.
    pub(crate) fn begun(&self) -> u64 {
        self.calls.iter().map(|call| call.start).min().unwrap_or(0)
    }

    /// The calls that were meant to be sent in that time.
    pub(crate) fn calls(&self, from: u64, to: u64) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| (from..to).contains(&call.start))
    }

    pub(crate) fn judge(&self, question: &Question) -> Judged {
        let mut judged = Judged::default();
        let mut shares: BTreeMap<String, Share> = BTreeMap::new();
        for call in self.calls(question.from, question.to) {
            judged.calls += 1;
            judged.latencies.push(call.end - call.start);
            *judged.attempts.entry(call.attempts).or_default() += 1;
            if !call.is_answered() {
                judged.failed += 1;
                let code = call.code.map_or("OK", kit::Code::as_str);
                *judged.errors.entry(format!("{} {code}", call.outcome)).or_default() += 1;
            }
            let late = question.deadline.is_some_and(|limit| call.end - call.start > nanos(limit + GRACE));
            judged.late += u64::from(late);
            judged.lost += u64::from(late || is_lost(call, question.idempotent));
            let times = self.times.get(&call.id).copied().unwrap_or(0);
            judged.executed += times;
            judged.repeated += u64::from(times > 1);
            judged.doubled += u64::from(times > 1 && question.idempotent != Some(true));
            judged.unexecuted += u64::from(call.outcome == Outcome::Success && times == 0);
            for (at, instance) in call.instances.iter().enumerate() {
                if !call.instances[..at].contains(instance) {
                    shares.entry(instance.clone()).or_default().touched += 1;
                }
            }
        }
        if let Some(expected) = question.expected {
            judged.missing = expected.saturating_sub(judged.calls);
            judged.lost += judged.missing;
        }
        for (instance, lines) in &self.executed {
            let within = lines.iter().filter(|line| (question.from..question.to).contains(&line.at)).count();
            shares.entry(instance.clone()).or_default().executed += within as u64;
        }
        judged.shares = shares;
        judged.latencies.sort_unstable();
        judged
    }
}

/// Whether it should have been answered.
fn is_lost(call: &Call, idempotent: Option<bool>) -> bool {
    // Provably not sent: nobody was picked, or it was refused here.
    let unsent = call.attempts == 0 || call.outcome == Outcome::Rejected;
    !call.is_answered() && (idempotent != Some(false) || unsent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::call;

    fn executed(lines: &[&str]) -> Vec<Executed> {
        lines.iter().map(|line| line.parse().unwrap()).collect()
    }

    fn books(calls: &[&str], ledgers: &[(&str, &[&str])]) -> Books {
        let ledgers = ledgers.iter().map(|(name, lines)| ((*name).to_owned(), executed(lines))).collect();
        Books::new(calls.iter().map(|line| call(line)).collect(), ledgers).unwrap()
    }

    #[test]
    fn calls_are_joined_with_what_was_executed_wherever_that_was() {
        let books = books(
            &["1 0 10 success OK 1 a", "2 5 25 success OK 2 a,b", "3 9 30 success OK 1 b"],
            &[("a", &["1 3", "2 7", "other 8"]), ("b", &["2 20", "3 15"])],
        );
        let judged = books.judge(&Question { idempotent: Some(true), ..Question::default() });
        assert_eq!((judged.calls, judged.failed, judged.lost, judged.doubled), (3, 0, 0, 0));
        assert_eq!((judged.executed, judged.repeated, judged.unexecuted), (4, 1, 0));
        assert_eq!(judged.attempts, BTreeMap::from([(1, 2), (2, 1)]));
        assert_eq!(judged.share("a"), 0.6);
        assert_eq!(judged.touched("b"), 2.0 / 3.0);
        let strict = books.judge(&Question { idempotent: Some(false), ..Question::default() });
        assert_eq!((strict.lost, strict.doubled), (0, 1));
        assert_eq!(books.judge(&Question::default()).doubled, 1);
    }

    #[test]
    fn of_calls_that_may_be_repeated_every_error_is_lost() {
        let books = books(
            &[
                "1 0 1 success OK 1 a",
                "2 0 1 business_error InvalidArgument 1 a",
                "3 0 1 backend_error Unavailable 3 a,b,a",
                "4 0 1 rejected Unavailable 0 -",
                "5 0 1 timed_out DeadlineExceeded 1 a",
                "6 0 1 rejected ResourceExhausted 1 a",
            ],
            &[("a", &["1 0", "2 0", "3 0", "5 0"])],
        );
        let lost = |idempotent| books.judge(&Question { idempotent, ..Question::default() }).lost;
        assert_eq!(lost(Some(true)), 4);
        assert_eq!(lost(None), 4);
        // The third and the fifth may have run, and may not be made again.
        assert_eq!(lost(Some(false)), 2);
    }

    #[test]
    fn an_end_after_the_deadline_is_lost_whatever_it_says() {
        let books = books(
            &[
                "1 0 200000000 success OK 1 a",
                "2 0 200000001 success OK 1 a",
                "3 0 300000000 backend_error Unavailable 1 a",
            ],
            &[("a", &["1 0", "2 0", "3 0"])],
        );
        let deadline = Some(Duration::from_millis(100));
        let judged = books.judge(&Question { idempotent: Some(false), deadline, ..Question::default() });
        assert_eq!((judged.late, judged.lost), (2, 2));
        let judged = books.judge(&Question { idempotent: Some(true), deadline, ..Question::default() });
        assert_eq!((judged.late, judged.lost), (2, 2));
    }

    #[test]
    fn a_call_without_a_line_is_lost_and_one_that_nobody_executed_is_told() {
        let books = books(&["1 0 1 success OK 1 a", "2 0 1 success OK 1 a"], &[("a", &["1 0"])]);
        let judged = books.judge(&Question { expected: Some(5), ..Question::default() });
        assert_eq!((judged.missing, judged.lost, judged.unexecuted), (3, 3, 1));
        assert_eq!(books.judge(&Question { expected: Some(1), ..Question::default() }).lost, 0);
    }

    #[test]
    fn a_window_is_of_calls_by_when_they_were_meant_to_be_sent() {
        let books = books(
            &["1 10 90 success OK 1 a", "2 20 30 success OK 1 b", "3 30 40 backend_error Unavailable 1 b"],
            &[("a", &["1 25"]), ("b", &["2 22", "3 33"])],
        );
        assert_eq!(books.begun(), 10);
        let judged = books.judge(&Question { from: 20, to: 30, ..Question::default() });
        assert_eq!((judged.calls, judged.failed, judged.touched("a"), judged.touched("b")), (1, 0, 0.0, 1.0));
        // What was executed then, by whichever call.
        assert_eq!((judged.share("a"), judged.share("b")), (0.5, 0.5));
        assert_eq!(books.judge(&Question { from: 40, ..Question::default() }).calls, 0);
    }

    #[test]
    fn two_calls_of_one_id_cannot_be_told_apart() {
        let calls = ["1 0 1 success OK 1 a", "2 0 1 success OK 1 a", "1 0 1 success OK 1 a"].map(call);
        assert_eq!(Books::new(calls.to_vec(), vec![]).unwrap_err(), "3: the id \"1\" is that of line 1 too");
    }
}

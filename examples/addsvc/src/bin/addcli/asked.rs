//! What it is asked to do: the words before the flags, or behind them.

use std::ffi::OsString;
use std::time::Duration;

use addsvc::service::Series;
use kit::{Error, duration};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Sum(i64, i64),
    Concat(String, String),
    Series(Series),
}

const USAGE: &str = "what is it to do? sum A B, concat A B or series A B [COUNT [PAUSE]]; --help says how";

const OPERATIONS: [&str; 3] = ["sum", "concat", "series"];

/// The words, and the flags round them. A negative number is no flag: it has one dash.
pub(crate) fn split(args: impl IntoIterator<Item = OsString>) -> (Vec<String>, Vec<OsString>) {
    let all: Vec<OsString> = args.into_iter().collect();
    let is_flag = |arg: &OsString| arg.to_string_lossy().starts_with("--");
    let begin = match all.first() {
        Some(first) if is_flag(first) || first == "-h" => {
            // The first operation that is no flag's value.
            let named = |arg: &OsString| OPERATIONS.iter().any(|operation| arg == operation);
            let value = |at: usize| is_flag(&all[at - 1]) && !all[at - 1].to_string_lossy().contains('=');
            (1..all.len()).find(|&at| named(&all[at]) && !value(at)).unwrap_or(all.len())
        }
        _ => 0,
    };
    let end = all[begin..].iter().position(is_flag).map_or(all.len(), |length| begin + length);
    let words = all[begin..end].iter().map(|word| word.to_string_lossy().into_owned()).collect();
    (words, [&all[..begin], &all[end..]].concat())
}

impl Asked {
    /// # Errors
    /// `InvalidArgument` for words that are none of its own, and for a number that is none.
    pub(crate) fn read(words: &[String]) -> Result<Self, Error> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["sum", a, b] => Ok(Self::Sum(number(a)?, number(b)?)),
            ["concat", a, b] => Ok(Self::Concat(a.to_owned(), b.to_owned())),
            ["series", a, b] => series(a, b, "0", "0s"),
            ["series", a, b, count] => series(a, b, count, "0s"),
            ["series", a, b, count, pause] => series(a, b, count, pause),
            _ => Err(Error::invalid_argument(USAGE)),
        }
    }
}

fn series(a: &str, b: &str, count: &str, pause: &str) -> Result<Asked, Error> {
    let (a, b, count) = (number(a)?, number(b)?, number(count)?);
    let pause: Duration = duration::parse(pause).map_err(|error| Error::invalid_argument(error.to_string()))?;
    Ok(Asked::Series(Series { a, b, count, pause }))
}

/// Go kit's addcli takes what is no number for zero.
fn number<T: std::str::FromStr<Err = std::num::ParseIntError>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|error| Error::invalid_argument(format!("{text:?} is no number that it can take: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked, String> {
        let (words, _) = split(line.split_whitespace().map(OsString::from));
        Asked::read(&words).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn what_is_asked_stands_before_the_flags_or_behind_them() {
        assert_eq!(read("sum -1 2"), Ok(Asked::Sum(-1, 2)));
        assert_eq!(read("concat -a b --transport http"), Ok(Asked::Concat("-a".into(), "b".into())));
        let from = Series { a: 1, b: 2, count: 0, pause: Duration::ZERO };
        assert_eq!(read("series 1 2"), Ok(Asked::Series(from)));
        let from = Series { count: 5, pause: Duration::from_millis(1_500), ..from };
        assert_eq!(read("series 1 2 5 1s500ms --deadline=9s"), Ok(Asked::Series(from)));
        let (words, flags) = split(["sum", "1", "2", "--addr", "a:1"].map(OsString::from));
        assert_eq!((words.len(), flags), (3, vec![OsString::from("--addr"), OsString::from("a:1")]));

        assert_eq!(read("--addr a:1 --transport=grpc sum -1 2 --deadline 9s"), Ok(Asked::Sum(-1, 2)));
        assert_eq!(read("--addr sum sum 1 2"), Ok(Asked::Sum(1, 2)), "the first is a value");
        let (words, flags) = split(["--addr", "a:1", "sum", "1", "2", "--help"].map(OsString::from));
        assert_eq!((words.len(), flags.len()), (3, 3));
        assert_eq!(split(["-h".into()]), (vec![], vec!["-h".into()]));
    }

    #[test]
    fn what_is_no_number_is_an_error_and_never_zero() {
        for line in ["sum 1x 2", "sum 1 9223372036854775808", "sum 1.5 2", "series 1 2 -1", "series 1 2 x"] {
            assert!(read(line).unwrap_err().contains("is no number that it can take"), "{line}");
        }
        assert!(read("series 1 2 3 soon").unwrap_err().contains("soon"));
        for line in
            ["", "sum", "sum 1", "sum 1 2 3", "subtract 1 2", "--addr a:1", "--addr sum", "--addr a:1 subtract 1 2"]
        {
            assert_eq!(read(line), Err(USAGE.to_owned()), "{line}");
        }
    }
}

//! The two ledgers: what a caller's calls came to, and what an instance executed. A line each, in one write, so that a process that is
//! killed leaves whole lines.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

use kit::{Code, Outcome};

/// What became of a call: `id start_ns end_ns outcome code attempts instances`, with tabs between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) id: String,
    /// When it was meant to be sent, in nanoseconds of the run's [clock](crate::clock::Clock).
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) outcome: Outcome,
    /// `None` is written `OK`.
    pub(crate) code: Option<Code>,
    pub(crate) attempts: u32,
    /// The instances that attempts went to, in their order; none is written `-`.
    pub(crate) instances: Vec<String>,
}

/// A call that an instance began to execute: `id executed_ns`, with a space between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executed {
    pub(crate) id: String,
    pub(crate) at: u64,
}

impl Call {
    /// Whether the service answered, if only to say no.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.outcome, Outcome::Success | Outcome::BusinessError)
    }

    pub(crate) fn touched(&self, instance: &str) -> bool {
        self.instances.iter().any(|touched| touched == instance)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, start, end, outcome, code, attempts, instances } = self;
        let code = code.map_or(OK, Code::as_str);
        let instances = if instances.is_empty() { NOBODY.to_owned() } else { instances.join(",") };
        write!(f, "{id}\t{start}\t{end}\t{outcome}\t{code}\t{attempts}\t{instances}")
    }
}

const OK: &str = "OK";
const NOBODY: &str = "-";

impl FromStr for Call {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[id, start, end, outcome, code, attempts, instances] = &fields[..] else {
            return Err(format!("{} fields with tabs between them, it must be 7", fields.len()));
        };
        let call = Self {
            id: word("id", id)?,
            start: number("start_ns", start)?,
            end: number("end_ns", end)?,
            outcome: known("outcome", outcome, Outcome::ALL.into_iter().find(|known| known.as_str() == outcome))?,
            code: match code {
                OK => None,
                code => Some(known("code", code, Code::ALL.into_iter().find(|known| known.as_str() == code))?),
            },
            attempts: number("attempts", attempts)?,
            instances: match instances {
                NOBODY => Vec::new(),
                all => all.split(',').map(|one| word("instance", one)).collect::<Result<_, _>>()?,
            },
        };
        if call.end < call.start {
            return Err(format!("end_ns is {end}, before start_ns, which is {start}"));
        }
        Ok(call)
    }
}

impl fmt::Display for Executed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.at)
    }
}

impl FromStr for Executed {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let fields: Vec<&str> = line.split([' ', '\t']).collect();
        let &[id, at] = &fields[..] else {
            return Err(format!("{} fields with a space between them, it must be 2", fields.len()));
        };
        Ok(Self { id: word("id", id)?, at: number("executed_ns", at)? })
    }
}

fn word(field: &str, text: &str) -> Result<String, String> {
    match text {
        "" => Err(format!("{field} is empty")),
        text if text.contains(char::is_whitespace) => Err(format!("{field} is {text:?}, it must be one word")),
        text => Ok(text.to_owned()),
    }
}

fn number<T: FromStr>(field: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{field} is {text:?}, it must be a number"))
}

fn known<T>(field: &str, text: &str, known: Option<T>) -> Result<T, String> {
    known.ok_or_else(|| format!("{field} is {text:?}, there is no such one"))
}

/// All lines of a ledger.
///
/// # Errors
/// The file cannot be read, or a line is malformed: the message has its number.
pub(crate) fn read<L: FromStr<Err = String>>(file: &Path) -> Result<Vec<L>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(&text).map_err(|error| format!("{}:{error}", file.display()))
}

fn parse<L: FromStr<Err = String>>(text: &str) -> Result<Vec<L>, String> {
    let lines = text.lines().enumerate();
    let lines = lines.map(|(at, line)| line.parse().map_err(|reason| format!("{}: {reason}", at + 1)));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(format!("{}: the line is cut off", lines.len()));
    }
    Ok(lines)
}

/// A ledger that lines are added to.
#[derive(Debug)]
pub(crate) struct Ledger(File);

impl Ledger {
    /// Goes on with `file`, which need not be there.
    pub(crate) fn open(file: &Path) -> io::Result<Self> {
        let opened = File::options().create(true).append(true).open(file);
        opened.map(Self).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
    }

    /// Adds a line in one write, which no other line can come between.
    pub(crate) fn add(&self, line: &impl fmt::Display) -> io::Result<()> {
        (&self.0).write_all(format!("{line}\n").as_bytes())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn call(line: &str) -> Call {
        line.replace(' ', "\t").parse().unwrap()
    }

    #[test]
    fn a_line_reads_back_as_what_was_written() {
        for line in [
            "a-1\t10\t30\tsuccess\tOK\t1\tone",
            "a-2\t10\t30\tbackend_error\tUnavailable\t3\tone,two,one",
            "a-3\t10\t10\trejected\tUnavailable\t0\t-",
        ] {
            assert_eq!(line.parse::<Call>().unwrap().to_string(), line);
        }
        assert_eq!("a-1 17".parse::<Executed>().unwrap().to_string(), "a-1 17");
        assert_eq!("a-1\t17".parse::<Executed>().unwrap().to_string(), "a-1 17");
    }

    #[test]
    fn a_malformed_line_is_an_error_with_its_number_and_the_reason() {
        let good = "a\t1\t2\tsuccess\tOK\t1\tone";
        for (line, reason) in [
            ("", "1 fields with tabs between them, it must be 7"),
            ("a 1 2 success OK 1 one", "1 fields with tabs between them, it must be 7"),
            ("a\t1\t2\tsuccess\tOK\t1", "6 fields with tabs between them, it must be 7"),
            ("\t1\t2\tsuccess\tOK\t1\tone", "id is empty"),
            ("a\t-1\t2\tsuccess\tOK\t1\tone", "start_ns is \"-1\", it must be a number"),
            ("a\t3\t2\tsuccess\tOK\t1\tone", "end_ns is 2, before start_ns, which is 3"),
            ("a\t1\t2\tfine\tOK\t1\tone", "outcome is \"fine\", there is no such one"),
            ("a\t1\t2\tsuccess\tok\t1\tone", "code is \"ok\", there is no such one"),
            ("a\t1\t2\tsuccess\tOK\tx\tone", "attempts is \"x\", it must be a number"),
            ("a\t1\t2\tsuccess\tOK\t2\tone,", "instance is empty"),
        ] {
            let text = format!("{good}\n{good}\n{line}\n{good}\n");
            assert_eq!(parse::<Call>(&text).unwrap_err(), format!("3: {reason}"), "{line:?}");
        }
        assert_eq!(parse::<Executed>("a 1\nb\n").unwrap_err(), "2: 1 fields with a space between them, it must be 2");
        assert_eq!(parse::<Executed>("a 1\nb 2").unwrap_err(), "2: the line is cut off");
        assert_eq!(parse::<Executed>("").unwrap(), []);
    }
}

//! The story on a terminal.

use std::io::{self, Write};
use std::time::Duration;

use crate::claims::STORY;
use crate::client::Got;
use crate::story::{Call, Record, Second, percentile, share};
use crate::upstream::Fault;

/// What the columns are.
///
/// # Errors
/// If it cannot be written.
pub fn head(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        " s  the service is │ bare ok      p95 │ layers new   old  none     p95 │ sent  at once  breaker    budget"
    )
}

/// A second: of the bare client its calls, of the other one everything.
///
/// # Errors
/// If it cannot be written.
pub fn row(out: &mut impl Write, [(_, bare), (second, calls)]: [(Second, &[Call]); 2]) -> io::Result<()> {
    let fault = Fault::at(Duration::from_secs(second.number)).as_str();
    let [new, old, none] = [Got::New, Got::Old, Got::Nothing].map(|got| share(calls, got));
    let [bare_p95, p95] = [bare, calls].map(|calls| percentile(calls, 95).as_millis());
    let (number, breaker) = (second.number, second.breaker.as_str());
    let Second { sent, at_once, budget, .. } = second;
    let bare = share(bare, Got::New);
    writeln!(
        out,
        "{number:>2}  {fault:<14} │    {bare:>3.0} % {bare_p95:>5}ms │      {new:>3.0} % {old:>3.0} % {none:>3.0} % {p95:>5}ms │ {sent:>4} {at_once:>8}  {breaker:<9} {budget:>7}"
    )
}

/// A call that is so late was not the service's doing.
const BUSY: Duration = Duration::from_millis(100);

/// The sentences, and whether they held: all of them is `true`.
///
/// # Errors
/// If it cannot be written.
pub fn story(out: &mut impl Write, record: &Record) -> io::Result<bool> {
    let mut all = true;
    for claim in &STORY {
        let finding = claim.check(record);
        all &= finding.held;
        let (mark, name) =
            (if finding.held { "held " } else { "FALSE" }, claim.part.map_or("all", |part| part.as_str()));
        writeln!(out, "{mark}  {name:<8}  {} ({})", claim.sentence, finding.measured)?;
    }
    if !all && record.late > BUSY {
        writeln!(
            out,
            "This machine was busy: a call was made {:.0?} late. The tests have a clock that is not.",
            record.late
        )?;
    }
    Ok(all)
}

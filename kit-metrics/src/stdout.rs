//! Snapshots on standard output, or any other writer: a table for people, JSON lines for programs.

use std::fmt::{self, Write as _};
use std::io::{self, Stdout, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::backend::Backend;
use crate::json::{push_number, push_string};
use crate::snapshot::readings::readings;
use crate::snapshot::{FamilySnapshot, Kind, SeriesSnapshot, Snapshot, Value};

/// How a [`Printer`] writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// A table, a line a series, under a line of headings.
    #[default]
    Table,
    /// A JSON object a series and line, with `time` in seconds since 1970.
    JsonLines,
}

/// Writes every series of each snapshot, in one write.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use kit_metrics::Backend;
/// use kit_metrics::stdout::{Form, Printer};
///
/// let registry = kit_metrics::Registry::new();
/// registry.counter("calls_total", "Calls").labels(["method"])?.with(["GET"])?.add(3);
/// let mut shown = Vec::new();
/// Printer::to(&mut shown, Form::Table).export(&registry.snapshot())?;
/// assert_eq!(String::from_utf8(shown)?, "NAME         LABELS      VALUE\ncalls_total  method=GET  3\n");
/// # Ok(())
/// # }
/// ```
pub struct Printer<W = Stdout> {
    to: W,
    form: Form,
    clock: Box<dyn Fn() -> SystemTime + Send>,
}

impl Printer {
    /// Writes to standard output.
    pub fn new(form: Form) -> Self {
        Self::to(io::stdout(), form)
    }
}

impl<W: Write + Send> Printer<W> {
    /// Writes to something else.
    pub fn to(to: W, form: Form) -> Self {
        Self { to, form, clock: Box::new(SystemTime::now) }
    }

    /// Reads the time of [`Form::JsonLines`] from here. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }
}

impl<W: Write + Send> Backend for Printer<W> {
    fn name(&self) -> &'static str {
        "stdout"
    }

    fn export(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let text = match self.form {
            Form::Table => table(snapshot),
            Form::JsonLines => json_lines(snapshot, (self.clock)()),
        };
        self.to.write_all(text.as_bytes())?;
        self.to.flush()
    }
}

impl<W> fmt::Debug for Printer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("form", &self.form).finish_non_exhaustive()
    }
}

fn series(snapshot: &Snapshot) -> impl Iterator<Item = (&FamilySnapshot, &SeriesSnapshot)> {
    snapshot.families().iter().flat_map(|family| family.series().iter().map(move |series| (family, series)))
}

fn table(snapshot: &Snapshot) -> String {
    let heading = ["NAME", "LABELS", "VALUE"].map(str::to_owned);
    let rows = series(snapshot).map(|(family, series)| {
        let labels: Vec<String> = family.labels(series).map(|(name, value)| format!("{name}={value}")).collect();
        let readings = readings(series.value());
        let value = match series.value() {
            Value::Counter(value) | Value::Gauge(value) => value.to_string(),
            Value::Histogram(_) | Value::Summary(_) => {
                let numbers: Vec<String> = readings.iter().map(|(name, number)| format!("{name}={number}")).collect();
                numbers.join(" ")
            }
        };
        [family.name().to_owned(), labels.join(" "), value]
    });
    let rows: Vec<[String; 3]> = std::iter::once(heading).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (names, labels) = (width(0), width(1));
    rows.iter().fold(String::new(), |mut text, [name, label, value]| {
        let _ = writeln!(text, "{name:names$}  {label:labels$}  {value}");
        text
    })
}

fn json_lines(snapshot: &Snapshot, now: SystemTime) -> String {
    let time = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as f64 / 1e3;
    let mut json = String::new();
    for (family, series) in series(snapshot) {
        json.push_str("{\"time\":");
        push_number(&mut json, time);
        json.push_str(",\"name\":");
        push_string(&mut json, family.name());
        json.push_str(",\"kind\":");
        push_string(&mut json, kind(family.kind()));
        json.push_str(",\"labels\":{");
        for (i, (name, value)) in family.labels(series).enumerate() {
            if i > 0 {
                json.push(',');
            }
            push_string(&mut json, name);
            json.push(':');
            push_string(&mut json, value);
        }
        json.push('}');
        for (name, number) in readings(series.value()) {
            json.push(',');
            push_string(&mut json, &name);
            json.push(':');
            push_number(&mut json, number);
        }
        json.push_str("}\n");
    }
    json
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Registry;

    fn shown(form: Form) -> String {
        let registry = Registry::new();
        let calls = registry.counter("calls_total", "Calls").labels(["method", "status"]).unwrap();
        calls.with(["GET", "200"]).unwrap().add(3);
        calls.with(["PUT", "say \"no\"\n"]).unwrap().inc();
        registry.gauge("depth", "Depth").unlabelled().unwrap().set(f64::NAN);
        let wait = registry.histogram("wait_seconds", "Waits").buckets(&[1.0]).unlabelled().unwrap();
        wait.observe(Duration::from_millis(500));
        let mut shown = Vec::new();
        let clock = || UNIX_EPOCH + Duration::from_millis(1_500_000_000_123);
        Printer::to(&mut shown, form).clock(clock).export(&registry.snapshot()).unwrap();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn a_table_lines_up_and_no_value_breaks_a_line() {
        let expected = "\
NAME                                     LABELS                       VALUE
calls_total                              method=GET status=200        3
calls_total                              method=PUT status=say \"no\"_  1
depth                                                                 NaN
kit_metrics_label_values_replaced_total  family=calls_total           1
wait_seconds                                                          count=1 sum=0.5 p50=0.5 p90=0.9 p99=0.99
";
        assert_eq!(shown(Form::Table), expected);
    }

    #[test]
    fn json_lines_are_an_object_each() {
        let shown = shown(Form::JsonLines);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            lines[0],
            r#"{"time":1500000000.123,"name":"calls_total","kind":"counter","labels":{"method":"GET","status":"200"},"value":3}"#
        );
        assert_eq!(lines[2], r#"{"time":1500000000.123,"name":"depth","kind":"gauge","labels":{},"value":null}"#);
        assert_eq!(lines.len(), 5);
        for line in lines {
            let read: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(read["name"].is_string());
        }
    }

    #[test]
    fn a_writer_that_is_gone_is_an_error_and_no_panic() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let registry = Registry::new();
        registry.gauge("depth", "Depth").unlabelled().unwrap();
        let error = Printer::to(Gone, Form::Table).export(&registry.snapshot()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}

//! Nothing that a stranger sends makes a line of its own.

use crate::contract::{Subject, VALID};
use crate::registry::Registry;

/// Values that have broken one format or another.
const HOSTILE: [&[u8]; 24] = [
    b"",
    b" ",
    b"\"quoted\" \\ back\\",
    b"a\nfake_total 1\n# HELP x y",
    b"\r\n\t\0\x07\x1b[31mred\x7f",
    b"name:1|c",
    b"x:1|g|@0.1|#tag:value,other:thing",
    b"a,b=c d=e",
    b"{le=\"+Inf\"} 1",
    b"}\n{",
    b"a;b;c=d",
    b"..//../etc/passwd",
    b"%s%n$(id)`id`",
    b"caf\xe9 \xff\xfe not utf-8",
    b"\xf0\x9f",
    "\u{202e}desrever\u{2066}\u{200b}\u{feff}".as_bytes(),
    "\u{2028}line\u{2029}separators\u{85}".as_bytes(),
    "日本 \u{1f600} é".as_bytes(),
    b"__name__",
    b"other",
    b"NaN",
    b"<script>alert(1)</script>",
    b"'; drop table metrics; --",
    b"*",
];

/// Every value that has broken a format arrives, once, and makes nothing but its own series.
pub fn hostile_values_forge_nothing(mut subject: impl Subject) {
    let registry = Registry::new();
    let calls = registry.counter("calls_total", "Calls, with \"quotes\", a \\ and a\nnew line").labels(["path", "to"]);
    let calls = calls.expect(VALID);
    let long = "x\n".repeat(5 * 1024);
    for value in HOSTILE.into_iter().chain([long.as_bytes()]) {
        calls.with([value, b"same"]).expect(VALID).inc();
        calls.with([b"same", value]).expect(VALID).inc();
    }
    subject.flush(&registry.snapshot());
    subject.flush(&registry.snapshot());
    assert_eq!(subject.malformed(), [""; 0]);
    assert_eq!(subject.total("calls_total"), 2.0 * (HOSTILE.len() + 1) as f64);
    assert_eq!(subject.total("fake_total"), 0.0);
}

/// NaN, the infinities and extremes make no malformed line, and harm no neighbour.
pub fn numbers_without_a_value_do_no_harm(mut subject: impl Subject) {
    let registry = Registry::new();
    let gauge = registry.gauge("depth", "Depth").labels(["of"]).expect(VALID);
    let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, -0.0];
    for (i, number) in numbers.into_iter().enumerate() {
        gauge.with([i.to_string()]).expect(VALID).set(number);
    }
    gauge.with(["neighbour"]).expect(VALID).set(1.5);
    registry.summary("wait_seconds", "Waits; none yet").unlabelled().expect(VALID);
    subject.flush(&registry.snapshot());
    subject.flush(&registry.snapshot());
    assert_eq!(subject.malformed(), [""; 0]);
    assert_eq!(subject.value("depth", &[("of", "neighbour")]), Some(1.5));
}

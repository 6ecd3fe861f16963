//! What the figures were meant to be.

use std::fmt::Write as _;

use kit_bench::cases::{self, Set};

use crate::measured::Measured;

/// The aims, each with what came of it.
pub(crate) fn text(set: Set, measured: &[Measured]) -> String {
    let mut aims = Aims { measured, text: String::new() };
    match set {
        Set::Micro => aims.micro(),
        Set::Observe => aims.observe(),
        Set::Circuit => aims.circuit(),
        Set::Client => aims.client(),
        Set::Grpc => aims.grpc(),
    }
    aims.text
}

struct Aims<'a> {
    measured: &'a [Measured],
    text: String,
}

impl Aims<'_> {
    fn micro(&mut self) {
        let (fixed, erased) = ("layers/8 named futures", "layers/8 named futures, erased once");
        self.nanoseconds("8 layers, static (row 14)", fixed, 5.0);
        self.allocations("8 layers, static (row 14)", fixed, 0.0);
        self.nanoseconds("8 layers, erased once (row 14)", erased, 16.0);
        self.allocations("8 layers, erased once (row 14)", erased, 1.0);
        self.allocations("the default stack and its context", "layers/default stack and its context", 0.0);
        let reads = Some(f64::from(cases::clock_reads()));
        self.aim("clock reads of a call through the default stack (row 18)", reads, 2.0, "reads");
        for name in ["wire/kit bare", "wire/kit full", "wire/axum", "wire/axum + layers"] {
            if let Some(ratio) = self.instructions(name, "wire/raw hyper") {
                let _ =
                    writeln!(self.text, "- {name}: {ratio:.2} x the instructions of raw hyper, without the kernel's");
            }
        }
    }

    fn observe(&mut self) {
        for (what, case, most) in [
            ("a line of six pairs, logfmt (row 19)", "text/kit", 100.0),
            ("the same with the time (row 19)", "text with the time/kit", 150.0),
            ("the same in JSON, without it (row 20)", "JSON/kit", 130.0),
            ("a refused line (row 21)", "refused/kit", 2.0),
            ("a counter (row 22)", "counter/kit", 6.0),
            ("a counter by a typed label (row 22)", "counter by a typed label/kit", 15.0),
            ("a histogram (row 23)", "histogram/kit", 16.0),
            ("a StatsD counter, the caller's part (row 24)", "StatsD counter/kit", 10.0),
        ] {
            self.nanoseconds(what, case, most);
            self.allocations(what, case, 0.0);
        }
        self.nanoseconds("a histogram, each of two threads (row 23)", "histogram, two threads/kit", 30.0);
        let time = |name| self.case(name).and_then(|case| case.nanoseconds);
        let ratio = |one, other| time(one).zip(time(other)).map(|(one, other)| one / other);
        let by_texts = ratio("counter by labels/kit", "counter by labels/prometheus");
        let slower = ratio("counter, two threads/kit", "counter/kit");
        self.aim("a counter by the texts of two labels", by_texts, 1.0, "x prometheus");
        self.aim("two threads on one counter, each", slower, 2.0, "x one thread");
        let ratio = self.instructions("wire/stringsvc", "wire/stringsvc, all off");
        self.aim("stringsvc, all on: instructions, without the kernel's", ratio, 1.12, "x all off");
    }

    fn circuit(&mut self) {
        for (what, case, most) in [
            ("a closed breaker, given the call's time (row 15)", "breaker/kit", 12.0),
            ("a retry whose first attempt succeeds", "retry/kit", 60.0),
            ("breaker, retry and timeout", "breaker, retry, timeout/kit", 120.0),
        ] {
            self.nanoseconds(what, case, most);
            self.allocations(what, case, 0.0);
        }
        self.nanoseconds("a closed breaker, each of two threads (row 15)", "breaker, two threads/kit", 40.0);
        // Measured on this machine when the aims were set; Go is not run here.
        let _ = writeln!(self.text, "- gobreaker, for comparison (performance.md): 123 ns, 261 ns each of two threads");
    }

    fn client(&mut self) {
        for (what, case, most) in [
            ("round robin over 100 (row 25)", "round robin, the choice/kit", 18.0),
            ("P2C over 100 (row 25)", "P2C, the choice/kit", 35.0),
        ] {
            self.nanoseconds(what, case, most);
        }
        for (what, case) in [("a turn, picked and ended", "round robin/kit"), ("P2C, picked and ended", "P2C/kit")] {
            self.allocations(what, case, 0.0);
        }
        self.allocations("a whole call, stretch (row 13)", "call/kit", 15.0);
    }

    fn grpc(&mut self) {
        self.allocations("a call, stretch (row 11)", "wire/kit bare", 25.0);
        for server in ["kit bare", "kit full"] {
            let ratio = self.instructions(&format!("wire/{server}"), "wire/tonic");
            let most = if server == "kit bare" { 1.03 } else { 1.12 };
            self.aim(&format!("{server}: instructions, without the kernel's (rows 9, 10)"), ratio, most, "x tonic");
        }
        for client in ["client/kit", "client/kit, balanced"] {
            if let Some(ratio) = self.instructions(client, "client/tonic") {
                let _ =
                    writeln!(self.text, "- {client}: {ratio:.2} x the instructions of tonic's, without the kernel's");
            }
        }
    }

    fn case(&self, name: &str) -> Option<&Measured> {
        self.measured.iter().find(|case| case.name == name)
    }

    fn nanoseconds(&mut self, what: &str, name: &str, most: f64) {
        let case = self.case(name);
        let counted = case.and_then(|case| case.instructions).map(|count| format!(" ({count:.0} instructions)"));
        let got = case.and_then(|case| case.nanoseconds);
        self.aim(&format!("{what}{}", counted.unwrap_or_default()), got, most, "ns");
    }

    fn allocations(&mut self, what: &str, name: &str, most: f64) {
        // As it is printed: what is allocated once in a thousand calls is no allocation a call.
        let got = self.case(name).and_then(|case| case.allocations).map(|got| (got * 10.0).round() / 10.0);
        self.aim(what, got, most, "allocations");
    }

    fn instructions(&self, name: &str, base: &str) -> Option<f64> {
        Some(self.case(name)?.instructions? / self.case(base)?.instructions?)
    }

    fn aim(&mut self, what: &str, got: Option<f64>, most: f64, unit: &str) {
        let Some(got) = got else {
            let _ = writeln!(self.text, "- {what}: not measured");
            return;
        };
        let verdict = match got <= most {
            true => "met".to_owned(),
            false if most == 0.0 => "missed".to_owned(),
            false => format!("missed by {:.0} %", (got / most - 1.0) * 100.0),
        };
        // Ratios are near one.
        let decimals = if most < 10.0 { 2 } else { 1 };
        let _ = writeln!(self.text, "- {what}: {got:.decimals$} {unit}, aim {most} {unit}: {verdict}");
    }
}

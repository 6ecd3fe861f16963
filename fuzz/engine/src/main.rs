//! libFuzzer round the target that `KIT_FUZZ` names.
#![no_main]

use std::sync::OnceLock;

use kit_fuzz::TARGETS;
use libfuzzer_sys::fuzz_target;

fn target() -> fn(&[u8]) {
    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();
    *TARGET.get_or_init(|| {
        let name = std::env::var("KIT_FUZZ").unwrap_or_default();
        TARGETS.iter().find(|target| target.name == name).expect("KIT_FUZZ names a target").run
    })
}

fuzz_target!(|bytes: &[u8]| target()(bytes));

//! The story on a paused clock: whole it holds, and without a part that part's sentence does not.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use kit::endpoint_with;
use resilient::claims::STORY;
use resilient::client::{Client, Part};
use resilient::story::{self, Record};
use resilient::upstream::Upstream;
use tokio::time::Instant;

async fn tell(parts: &[Part]) -> Record {
    let began = Instant::now();
    let service = endpoint_with(Upstream::new(began), Upstream::price);
    let [record] = story::tell(began, [Client::new(service, parts).unwrap()], |_| {}).await;
    assert_eq!(record.calls.len(), 1_350, "every call has ended");
    record
}

#[tokio::test(start_paused = true)]
async fn with_all_parts_every_sentence_holds() {
    let record = tell(&Part::ALL).await;
    for claim in &STORY {
        let finding = claim.check(&record);
        assert!(finding.held, "{}: {}", claim.sentence, finding.measured);
    }
}

#[tokio::test(start_paused = true)]
async fn every_part_has_its_sentence_and_without_it_that_is_false() {
    for missing in Part::ALL {
        let parts: Vec<_> = Part::ALL.into_iter().filter(|part| *part != missing).collect();
        let record = tell(&parts).await;
        let claim = STORY.iter().find(|claim| claim.part == Some(missing)).expect("a sentence for each part");
        let finding = claim.check(&record);
        assert!(!finding.held, "without the {}: {} ({})", missing.as_str(), claim.sentence, finding.measured);
    }
}

#[tokio::test(start_paused = true)]
async fn bare_no_sentence_about_a_fault_holds() {
    let record = tell(&[]).await;
    let held: Vec<_> = STORY.iter().filter(|claim| claim.check(&record).held).map(|claim| claim.part).collect();
    // There is nothing that sends too much, and nothing that has to come back.
    assert_eq!(held, [Some(Part::Budget), None]);
}

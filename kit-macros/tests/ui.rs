//! What the compiler says to the usual mistakes. `TRYBUILD=overwrite` writes the messages anew.

// Each compiler words its messages a little differently: these are the ones of the version that the workspace asks for.
#[rustversion::attr(not(stable(1.95)), ignore = "the messages are those of Rust 1.95")]
#[test]
fn the_usual_mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/right.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}

//! What the compiler says to layers in a wrong order. `TRYBUILD=overwrite` writes the messages anew.

// Each compiler words its messages a little differently: these are the ones of the version that the workspace asks for.
#[rustversion::attr(not(stable(1.95)), ignore = "the messages are those of Rust 1.95")]
#[test]
fn a_wrong_order_is_explained() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/right.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}

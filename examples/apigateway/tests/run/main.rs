//! The program itself, in front of instances of stringsvc and addsvc that the tests start and end: called well and badly, with nobody behind it,
//! and asked to stop.

mod adds;
mod behind;
mod ends;
mod instances;
mod routes;
mod support;

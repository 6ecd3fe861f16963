//! Settings from all their places: who is stronger, what is refused and how it is said, what is printed.

mod any_text;
mod errors;
mod files;
mod layers;
mod printed;
mod secrets;
mod support;

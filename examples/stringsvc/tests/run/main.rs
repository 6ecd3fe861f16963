//! The program itself: started on a port of its own, called on every route, well and badly, and asked to stop.

mod ends;
mod lines;
mod metrics;
mod routes;
mod settings;
mod support;

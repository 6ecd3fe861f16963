//! The program itself: started on a port of its own, called on every route, well and badly, and asked to stop.

mod addresses;
mod ends;
mod operator;
mod profiles;
mod support;
mod wrong;

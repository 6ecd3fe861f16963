//! The client binding against servers written by hand on sockets: what is sent, what becomes of every answer, every fault and
//! every deadline. The clock stands still until a test moves it.

mod calls;
mod deadlines;
mod faults;
mod http2;
mod pool;
mod raw;
mod services;
mod streams;
mod support;

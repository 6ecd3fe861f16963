//! Go kit's profile service: a small REST service, written out. From the inside out: [`profile`] is what it keeps, [`error`] what it
//! says no with; [`service`] is the business, nine operations; [`store`] does them in memory; [`endpoints`] gives them names and types
//! of their own; [`transport`] puts them on HTTP, and [`client`] calls them there, at whichever instance discovery finds;
//! `main.rs` puts the parts together as [`settings`] say.
//!
//! | operation | request | answer |
//! |---|---|---|
//! | create a profile | `POST /profiles/` | 201, `Location`, the profile |
//! | read one | `GET /profiles/{id}` | 200, the profile |
//! | create or replace one | `PUT /profiles/{id}` | 201 and `Location`, or 204 |
//! | change one | `PATCH /profiles/{id}` | 200, the profile as it is now |
//! | delete one | `DELETE /profiles/{id}` | 204 |
//! | read its addresses | `GET /profiles/{id}/addresses/` | 200, all of them |
//! | read one of them | `GET /profiles/{id}/addresses/{address}` | 200, the address |
//! | add one | `POST /profiles/{id}/addresses/` | 201, `Location`, the address |
//! | delete one | `DELETE /profiles/{id}/addresses/{address}` | 204 |
//!
//! The paths are Go kit's. Its bodies are not: there each answer is wrapped in an object that may hold an error instead, and its
//! client takes a 404 for an empty profile.

pub mod client;
pub mod endpoints;
pub mod error;
pub mod profile;
pub mod service;
pub mod settings;
pub mod store;
pub mod transport;

//! Stories of people who log in, and of what becomes of them afterwards.

mod absence;
#[cfg(feature = "database")]
mod administrators;
mod changes;
mod doors;
mod faults;
#[cfg(feature = "database")]
mod registry;
mod timing;

//! Stories of people who log in, and of what becomes of them afterwards.

mod absence;
mod administrators;
mod changes;
mod doors;
mod faults;
mod registry;
mod timing;

//! Asking on purpose.

//! Real counterparts for the tests.

//! The machines behind a backend: how each of them does, for the operator.

use std::time::Duration;

/// One machine behind a backend, as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// As it is configured or was found in the DNS: `ldaps://dc1.example:636`. Never with a secret.
    pub name: String,
    /// Whether it answers.
    pub state: HostState,
    /// Its connections, if the backend keeps any.
    pub pool: Option<Pool>,
}

/// Whether a host answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostState {
    /// Nobody has asked it yet.
    Untried,
    /// It answered when it was last asked.
    Up,
    /// It did not.
    Down {
        /// Why, for the operator.
        cause: String,
        /// When it is asked again.
        retry_in: Duration,
    },
}

/// The connections that are kept to a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// How many there may be.
    pub most: usize,
    /// How many there are.
    pub open: usize,
    /// How many of them wait for work.
    pub idle: usize,
    /// How many callers wait for one.
    pub waiting: usize,
}

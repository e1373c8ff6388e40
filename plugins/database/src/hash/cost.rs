//! What one argon2 hash costs, and how much is ever paid.

use argon2::Params;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// In KiB.
    pub memory: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    /// 1 GiB.
    pub const MOST_MEMORY: u32 = 1024 * 1024;
    pub const MOST_PASSES: u32 = 64;
    pub const MOST_LANES: u32 = 16;

    pub(super) fn of(params: &Params) -> Self {
        Self { memory: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
    }

    /// Whether a stored hash of this cost may be verified: whoever can write a row must not be able
    /// to stop the machine.
    pub(super) fn is_bearable(self) -> bool {
        self.memory <= Self::MOST_MEMORY
            && self.passes <= Self::most_passes(self.memory)
            && self.lanes <= Self::MOST_LANES
    }

    /// The more memory, the fewer passes: 16 GiB are written at most, which takes seconds.
    pub(super) fn most_passes(memory: u32) -> u32 {
        (16 * Self::MOST_MEMORY / memory.max(1)).min(Self::MOST_PASSES)
    }
}

impl Default for Cost {
    /// The first recommendation of OWASP's Password Storage Cheat Sheet that needs 19 MiB.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1 }
    }
}

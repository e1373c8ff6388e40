//! How passwords are hashed: options of every type of backend that keeps them.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use serde_json::{Map, Value};

use super::Cost;
use crate::BadOption;

/// Every option there is.
pub const OPTIONS: &[&str] =
    &["hash_memory", "hash_passes", "hash_lanes", "hash_workers", "hash_queue"];

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `hash_memory` (KiB), `hash_passes`, `hash_lanes`: the cost of one argon2id hash.
    pub cost: Cost,
    /// `hash_workers`: passwords hashed at the same time. By default as many as there are cores.
    pub workers: usize,
    /// `hash_queue`: logins that may wait for their turn. Who comes later is told to try again.
    pub queue: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let workers = available_parallelism().map_or(1, NonZeroUsize::get);
        Self { cost: Cost::default(), workers, queue: 64 * workers }
    }
}

impl Settings {
    /// Reads the options that are there; the names have been compared with [`OPTIONS`] already.
    pub fn parse(options: &Map<String, Value>) -> Result<Self, BadOption> {
        let default = Self::default();
        let lanes = number(options, "hash_lanes", 1, Cost::MOST_LANES, default.cost.lanes)?;
        let cost = Cost {
            lanes,
            // RFC 9106 §3.1: the memory is at least eight blocks for each lane.
            memory: number(
                options,
                "hash_memory",
                8 * lanes,
                Cost::MOST_MEMORY,
                default.cost.memory,
            )?,
            passes: 1,
        };
        let most = Cost::most_passes(cost.memory);
        let passes = number(options, "hash_passes", 1, most, default.cost.passes)?;
        let cost = Cost { passes, ..cost };
        Ok(Self {
            cost,
            workers: count(options, "hash_workers", 1, default.workers)?,
            queue: count(options, "hash_queue", 0, default.queue)?,
        })
    }
}

fn number(
    options: &Map<String, Value>,
    option: &'static str,
    least: u32,
    most: u32,
    default: u32,
) -> Result<u32, BadOption> {
    let Some(value) = options.get(option) else { return Ok(default) };
    value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| BadOption::out_of_bounds(option, least, most))
}

fn count(
    options: &Map<String, Value>,
    option: &'static str,
    least: u32,
    default: usize,
) -> Result<usize, BadOption> {
    const MOST: u32 = 1_000_000;
    if options.contains_key(option) {
        let number = number(options, option, least, MOST, least)?;
        return usize::try_from(number).map_err(|_| BadOption::out_of_bounds(option, least, MOST));
    }
    Ok(default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(options: &Value) -> Result<Settings, BadOption> {
        Settings::parse(options.as_object().unwrap())
    }

    #[test]
    fn every_option_is_read() {
        let settings = parse(&json!({
            "hash_memory": 65536, "hash_passes": 3, "hash_lanes": 2, "hash_workers": 1, "hash_queue": 5,
        }));
        let cost = Cost { memory: 65536, passes: 3, lanes: 2 };
        assert_eq!(settings, Ok(Settings { cost, workers: 1, queue: 5 }));
        assert_eq!(parse(&json!({})), Ok(Settings::default()));
    }

    #[test]
    fn a_bad_option_is_named_with_its_bounds() {
        let refused = parse(&json!({ "hash_memory": "64 MiB" })).unwrap_err();
        assert_eq!(refused.to_string(), "`hash_memory` must be a number from 8 to 1048576");
        for bad in [
            json!({ "hash_memory": 8, "hash_lanes": 2 }),
            json!({ "hash_passes": 0 }),
            json!({ "hash_passes": 17, "hash_memory": 1_048_576 }),
            json!({ "hash_workers": 0 }),
            json!({ "hash_queue": -1 }),
            json!({ "hash_memory": 4_000_000_000_u64 }),
        ] {
            assert!(parse(&bad).is_err(), "{bad}");
        }
    }
}

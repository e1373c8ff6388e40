//! `cargo bench --bench load -- [flows|logins] [--seconds 15] [--connections 64] [--people 100000]`
//!
//! `flows` starts the release binary on SQLite, logs in once through the real login form, and loads it from
//! another core. Beside each figure stands the floor: how often one core can make the signatures
//! that the flow needs. Nothing is asserted: figures depend on the machine, their ratios less so.
//!
//! `logins` has people of a real OpenLDAP server log in; see [`logins`].
//!
//! Latencies are those of a server that is kept busy by so many callers at a time.

#![expect(unreachable_pub, reason = "nothing is reachable from outside a benchmark")]

mod browser;
mod flows;
mod load;
mod logins;
mod provider;
mod signatures;
mod wire;

use std::error::Error;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use flows::Flow;
use provider::Provider;

type Anyhow<T> = Result<T, Box<dyn Error>>;

/// The server's core and ours.
const CORES: (&str, &str) = ("0", "1");

/// Tells the second run of this program that it has a core of its own.
const PINNED: &str = "VESTIBULE_BENCH_PINNED";

struct Options {
    what: What,
    /// Of load, for each flow: four make the minute after which memory is read.
    seconds: u64,
    connections: usize,
    /// In the directory.
    people: u32,
}

enum What {
    Flows,
    Logins,
}

fn main() -> ExitCode {
    let outcome = options().and_then(|options| {
        let pinned = std::env::var_os(PINNED).is_some();
        if !pinned && pin().is_ok() {
            return Ok(());
        }
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            match options.what {
                What::Flows => measure(&options, pinned).await,
                What::Logins => logins::measure(&options, pinned.then_some(CORES.0)).await,
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Anyhow<Options> {
    let mut options = Options { what: What::Flows, seconds: 15, connections: 64, people: 100_000 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().ok_or(format!("{word} needs a number"));
        match word.as_str() {
            "flows" => options.what = What::Flows,
            "logins" => options.what = What::Logins,
            "--people" => options.people = number()?.parse()?,
            "--seconds" => options.seconds = number()?.parse()?,
            "--connections" => options.connections = number()?.parse()?,
            // What cargo itself adds.
            "--bench" => {}
            _ => return Err(format!("unknown option {word}").into()),
        }
    }
    Ok(options)
}

/// Becomes this program on its own core. Returns only if that cannot be.
fn pin() -> Anyhow<()> {
    if std::thread::available_parallelism()?.get() < 2 {
        return Err("a single core".into());
    }
    let program = std::env::current_exe()?;
    let works = Command::new("taskset").args(["-c", CORES.1, "true"]).status()?;
    if !works.success() {
        return Err("taskset does not work here".into());
    }
    let failed: io::Error = Command::new("taskset")
        .args(["-c", CORES.1])
        .arg(program)
        .args(std::env::args().skip(1))
        .env(PINNED, "1")
        .exec();
    Err(failed.into())
}

async fn measure(options: &Options, pinned: bool) -> Anyhow<()> {
    if !pinned {
        println!("taskset is missing or there is one core: server and load share what there is");
    }
    let signatures = signatures::measure()?;
    let (provider, first_start) = Provider::install(pinned.then_some(CORES.0), None).await?;
    let (provider, start) = provider.restart().await?;
    let memory_at_start = provider.memory()?;
    let session = browser::log_in(&provider).await?;

    let length = Duration::from_secs(options.seconds);
    println!(
        "{:<28}{:>12}{:>10}{:>10}{:>12}{:>8}",
        "", "per second", "p50 ms", "p99 ms", "floor", "share"
    );
    for flow in Flow::ALL {
        let figures = load::run(&provider, &session, flow, options.connections, length).await?;
        let floor = signatures.floor(flow);
        println!(
            "{:<28}{:>12.0}{:>10.2}{:>10.2}{:>12}{:>8}",
            flow.title(),
            figures.per_second,
            figures.p50.as_secs_f64() * 1e3,
            figures.p99.as_secs_f64() * 1e3,
            floor.map_or("-".to_owned(), |floor| format!("{floor:.0}")),
            floor.map_or("-".to_owned(), |floor| {
                format!("{:.0} %", figures.per_second / floor * 100.0)
            }),
        );
    }
    println!();
    println!(
        "signatures of one core       RS256 {:.0}/s, ES256 {:.0}/s",
        signatures.rs256, signatures.es256
    );
    println!(
        "resident memory              {:.1} MB at start, {:.1} MB after {} s of load",
        megabytes(memory_at_start),
        megabytes(provider.memory()?),
        options.seconds * 4
    );
    println!(
        "start to first answer        {} ms; {} ms where keys are made first",
        start.as_millis(),
        first_start.as_millis()
    );
    println!("binary                       {:.1} MB", megabytes(Provider::binary_size()?));
    provider.stop().await
}

fn megabytes(bytes: u64) -> f64 {
    // Exact enough: no process has 2^52 bytes.
    u32::try_from(bytes / 1024).map_or(f64::INFINITY, f64::from) / 1024.0
}

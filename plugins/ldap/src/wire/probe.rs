//! What an administrator asks: every host now, and how a connection comes about.

mod rehearsal;
mod steps;

use std::sync::Arc;
use std::time::Instant;

use ldap3::SearchEntry;
use tokio::task::JoinSet;
use vestibule_plugin::Probe;

use super::Wire;
use super::failure::Failure;
use super::machine::Machine;
use super::question::Search;
use crate::settings::{Place, Scope};

impl Wire {
    /// Asks every host now, all at once, on new connections.
    pub(crate) async fn probe(&self) -> Vec<Probe> {
        let started = Instant::now();
        let machines = match self.hosts.in_turn().await {
            Ok(machines) => machines,
            Err(cause) => {
                return vec![Probe {
                    host: self.place(),
                    outcome: Err(cause),
                    took: started.elapsed(),
                }];
            }
        };
        let order: Vec<String> = machines.iter().map(|machine| machine.name().to_owned()).collect();
        let mut probes = JoinSet::new();
        for machine in machines {
            probes.spawn(async move {
                let started = Instant::now();
                let outcome = introduction(&machine).await;
                let outcome =
                    outcome.map_err(|failure| failure.cause().unwrap_or_else(|| machine.cause()));
                Probe { host: machine.name().to_owned(), outcome, took: started.elapsed() }
            });
        }
        let mut probes = probes.join_all().await;
        probes.sort_by_key(|probe| order.iter().position(|name| *name == probe.host));
        probes
    }

    fn place(&self) -> String {
        match self.hosts.place() {
            Place::Srv(name) => name.clone(),
            Place::Listed(addresses) => {
                addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// What a host says of itself in its rootDSE.
async fn introduction(machine: &Arc<Machine>) -> Result<String, Failure> {
    let mut lease = machine.fresh().await?;
    let search = Search {
        base: "",
        scope: Scope::Base,
        filter: "(objectClass=*)",
        attributes: &["vendorName", "vendorVersion", "dnsHostName", "namingContexts"],
        limit: 1,
    };
    let found = machine.ask_on(&mut lease, &search).await?;
    let Some(SearchEntry { attrs, .. }) = found.first() else { return Ok("it answers".to_owned()) };
    let value = |wanted: &str| {
        attrs
            .iter()
            .find(|(name, values)| name.eq_ignore_ascii_case(wanted) && !values.is_empty())
            .map(|(_, values)| values.join(", "))
    };
    let told = ["vendorName", "vendorVersion", "dnsHostName", "namingContexts"].map(value);
    Ok(told.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

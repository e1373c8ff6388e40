//! Names and the addresses behind them; and hosts that the DNS tells (RFC 2782).
//!
//! Names are resolved by the machine, unless `dns_servers` names servers to ask instead.
//!
//! *Why* certificates are checked against the target of an SRV record and not against the domain:
//! that is what directories have in theirs. Whoever forges the DNS must therefore not get a
//! certificate of a trusted CA for a host of their own. From a public CA anybody gets one: where no
//! private one is named, only hosts of the domain itself are believed.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use tokio::net::lookup_host;

use crate::settings::{Address, BadOption, Place, Settings};

/// Where names are looked up.
#[derive(Clone)]
pub(super) struct Names {
    /// For SRV records, and for addresses if the servers are ours to choose.
    resolver: Option<TokioResolver>,
    chosen: bool,
}

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) address: Address,
}

impl Names {
    pub(super) fn open(settings: &Settings) -> Result<Self, BadOption> {
        let chosen = !settings.dns_servers.is_empty();
        let mut builder = if chosen {
            let servers = settings.dns_servers.iter().copied().map(server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        } else if matches!(settings.place, Place::Srv(_)) {
            TokioResolver::builder_tokio().map_err(|error| no_resolver("srv", &error))?
        } else {
            return Ok(Self { resolver: None, chosen });
        };
        let options = builder.options_mut();
        // A lost packet is sent again while somebody still waits.
        options.timeout = options.timeout.min(settings.connect_timeout / 3);
        // What is worth keeping is kept by `Hosts`, and for as long as it says there.
        options.cache_size = 0;
        let resolver = builder.build().map_err(|error| no_resolver("dns_servers", &error))?;
        Ok(Self { resolver: Some(resolver), chosen })
    }

    /// Every address of a host; itself if it is one.
    pub(super) async fn addresses(&self, address: &Address) -> Result<Vec<SocketAddr>, String> {
        let (host, port) = (address.host.as_str(), address.port);
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let unknown = |error: String| format!("the name {host} cannot be resolved: {error}");
        let found: Vec<SocketAddr> = match &self.resolver {
            Some(resolver) if self.chosen => {
                let found = resolver.lookup_ip(host).await.map_err(|e| unknown(e.to_string()))?;
                found.iter().map(|ip| SocketAddr::new(ip, port)).collect()
            }
            _ => lookup_host((host, port)).await.map_err(|e| unknown(e.to_string()))?.collect(),
        };
        if found.is_empty() { Err(unknown("it has no address".to_owned())) } else { Ok(found) }
    }

    /// The hosts of a service, and how long they may be believed.
    pub(super) async fn records(&self, name: &str) -> Result<(Vec<Record>, Duration), String> {
        let no = |error: String| format!("the SRV records of {name} cannot be read: {error}");
        let resolver =
            self.resolver.as_ref().ok_or_else(|| no("no DNS server is known".to_owned()))?;
        let found = resolver.srv_lookup(format!("{name}.")).await.map_err(|e| no(e.to_string()))?;
        let records: Vec<Record> = found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(srv) => Some(srv),
                _ => None,
            })
            // RFC 2782: a target of "." means that "the service is decidedly not available at this domain".
            .filter(|srv| !srv.target.is_root())
            .map(|srv| Record {
                priority: srv.priority,
                weight: srv.weight,
                address: Address {
                    host: srv.target.to_ascii().trim_end_matches('.').to_ascii_lowercase(),
                    port: srv.port,
                },
            })
            .collect();
        if records.is_empty() {
            return Err(no("there are none".to_owned()));
        }
        let ttl = found.answers().iter().map(|record| record.ttl).min().unwrap_or_default();
        Ok((records, Duration::from_secs(ttl.into())))
    }
}

fn server(address: SocketAddr) -> NameServerConfig {
    let mut ways = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for way in &mut ways {
        way.port = address.port();
    }
    NameServerConfig::new(address.ip(), true, ways)
}

fn no_resolver(option: &str, error: &impl ToString) -> BadOption {
    BadOption::new(
        option,
        format!("needs DNS servers, and they cannot be used: {}", error.to_string()),
    )
}

/// The hosts at or below the domain of this name, and those that are not.
pub(super) fn own(records: Vec<Record>, name: &str) -> (Vec<Record>, Vec<Record>) {
    // It follows the last label with an underscore; sites stand before that.
    let last = name.rsplit_once("._").map_or(name, |(_, last)| last);
    let domain = last.split_once('.').map_or(last, |(_, domain)| domain);
    records.into_iter().partition(|record| {
        let below = record.address.host.strip_suffix(domain);
        below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
    })
}

/// The order in which hosts are tried: by priority, and by lot within one, weighted (RFC 2782).
pub(super) fn draw(mut records: Vec<Record>) -> Vec<Address> {
    draw_with(&mut records, lot)
}

fn draw_with(records: &mut Vec<Record>, mut lot: impl FnMut(u64) -> u64) -> Vec<Address> {
    let mut order = Vec::new();
    records.sort_by_key(|record| (record.priority, record.weight));
    while let Some(first) = records.first() {
        let priority = first.priority;
        let rivals = records.iter().take_while(|record| record.priority == priority);
        // "a number between 0 and the sum computed (inclusive)", and those of weight 0 come first.
        let sum: u64 = rivals.clone().map(|record| u64::from(record.weight)).sum();
        let lot = lot(sum);
        let mut running = 0;
        let chosen = rivals
            .enumerate()
            .find(|(_, record)| {
                running += u64::from(record.weight);
                running >= lot
            })
            .map_or(0, |(index, _)| index);
        order.push(records.remove(chosen).address);
    }
    order
}

/// From 0 to `most`. Spreads load; nothing secret depends on it, so that the seed of the standard
/// hash tables is random enough.
fn lot(most: u64) -> u64 {
    RandomState::new().hash_one(0) % (most + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, host: &str) -> Record {
        Record { priority, weight, address: Address { host: host.to_owned(), port: 389 } }
    }

    fn hosts(order: &[Address]) -> String {
        order.iter().map(|address| address.host.as_str()).collect()
    }

    #[test]
    fn the_hosts_of_a_domain_are_at_it_or_below_it() {
        for name in ["_ldap._tcp.corp.test", "_ldap._tcp.oslo._sites.dc._msdcs.corp.test"] {
            for (host, is_own) in [
                ("corp.test", true),
                ("one.corp.test", true),
                ("one.eu.corp.test", true),
                ("evilcorp.test", false),
                ("corp.test.evil.test", false),
                ("test", false),
            ] {
                let (own, others) = own(vec![record(0, 0, host)], name);
                assert_eq!((own.len(), others.len()), (is_own.into(), (!is_own).into()), "{host}");
            }
        }
    }

    #[test]
    fn the_lowest_priority_is_tried_first() {
        let records = vec![record(20, 0, "c"), record(10, 0, "b"), record(0, 9, "a")];
        assert_eq!(hosts(&draw(records)), "abc");
    }

    #[test]
    fn the_lot_falls_by_weight() {
        let records = vec![record(0, 30, "b"), record(0, 10, "a"), record(0, 60, "c")];
        assert_eq!(hosts(&draw_with(&mut records.clone(), |_| 0)), "abc");
        assert_eq!(hosts(&draw_with(&mut records.clone(), |_| 11)), "bca");
        assert_eq!(hosts(&draw_with(&mut records.clone(), |sum| sum)), "cba");
        let firsts = (0..300).filter(|_| hosts(&draw(records.clone())).starts_with('c')).count();
        assert!((110..260).contains(&firsts), "{firsts} of 300 lots fell on 60 of 100");
    }
}

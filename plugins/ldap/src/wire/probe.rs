//! What an administrator asks: every host now, and how a connection comes about, step by step.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ldap3::SearchEntry;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vestibule_plugin::{Outcome, Probe, Step};

use super::bound::Bound;
use super::certificate::{Witness, ends_soon, facts};
use super::connection::{Connection, over, tcp};
use super::machine::Machine;
use super::pool::Lease;
use super::question::{Answer, Bind, Question, Search};
use super::tls::Tls;
use super::{Wire, failure::Failure};
use crate::settings::{Place, Scope, Security, Service};

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
                let outcome = introduction(&machine).await.map_err(|failure| match failure {
                    Failure::Down(cause)
                    | Failure::Broken(cause)
                    | Failure::Late(cause)
                    | Failure::Elsewhere(cause)
                    | Failure::Final(cause)
                    | Failure::Cut(cause) => cause,
                    Failure::Busy | Failure::Died => machine.cause(),
                });
                Probe { host: machine.name().to_owned(), outcome, took: started.elapsed() }
            });
        }
        let mut probes = probes.join_all().await;
        probes.sort_by_key(|probe| order.iter().position(|name| *name == probe.host));
        probes
    }

    /// A new connection as a login would have it, telling each step; to the first host that gives
    /// one. What is asked next is asked as the service account.
    pub(crate) async fn rehearse(&self) -> (Vec<Step>, Option<Bound>) {
        let mut steps = Steps::default();
        let started = Instant::now();
        let machines = match self.hosts.in_turn().await {
            Ok(machines) => machines,
            Err(cause) => {
                steps.add("SRV", started, vec![("name", self.place())], Outcome::Failed(cause));
                return (steps.0, None);
            }
        };
        if let Place::Srv(name) = self.hosts.place() {
            let mut found = vec![("name", name.clone())];
            found.extend(machines.iter().map(|machine| ("host", machine.address.to_string())));
            steps.add("SRV", started, found, Outcome::Passed);
        }
        for machine in machines {
            if let Some(bound) = self.connect(&machine, &mut steps).await {
                return (steps.0, Some(bound));
            }
        }
        (steps.0, None)
    }

    /// One host. `None` after the step that failed.
    async fn connect(&self, machine: &Arc<Machine>, steps: &mut Steps) -> Option<Bound> {
        let way = &self.hosts.way;
        let host = ("host", machine.name().to_owned());
        let addresses = steps
            .try_to("DNS", way.patience, vec![host.clone()], way.names.addresses(&machine.address))
            .await?;
        let told = addresses.iter().map(|address| ("address", address.ip().to_string()));
        steps.tell(told.collect());
        let stream = steps.try_to("TCP", way.patience, vec![host], tcp(&addresses)).await?;
        let peer = stream.peer_addr().map(|address| address.to_string()).unwrap_or_default();
        steps.tell(vec![("connected to", peer)]);
        let connection = match &way.tls {
            None => {
                steps.add("TLS", Instant::now(), Vec::new(), Outcome::Doubtful(
                    "there is none: `security` is \"plaintext\", and whoever listens on the network \
                     reads passwords; take it out or set it to \"starttls\""
                        .to_owned(),
                ));
                over(stream).await
            }
            Some(tls) => {
                let witness = Witness::beside(&tls.verifier);
                let asked = match way.security {
                    Security::StartTls => "StartTLS",
                    _ => "TLS from the first byte",
                };
                let known = vec![
                    ("asked for", asked.to_owned()),
                    ("checked against", machine.address.host.clone()),
                ];
                let connector = watched(tls, &witness);
                let secured = way.secure(stream, &machine.address, &connector);
                let secured = steps.try_to("TLS", way.patience, known, secured).await;
                let chain = witness.shown();
                if let Some(stream) = &secured {
                    steps.tell(session(stream));
                }
                steps.tell_more(facts(&chain));
                if ends_soon(&chain) {
                    steps.doubt("the certificate of the host ends within three weeks; renew it");
                }
                over(secured?).await
            }
        };
        let connection = steps.took_off(connection)?;
        self.introduce(machine, connection, steps).await
    }

    /// Binds as the service account, if there is one.
    async fn introduce(
        &self,
        machine: &Arc<Machine>,
        mut connection: Connection,
        steps: &mut Steps,
    ) -> Option<Bound> {
        let nobody = Answer { code: 0, text: String::new(), controls: Vec::new() };
        let Some(Service { dn, password }) = self.hosts.service() else {
            steps.add("bind", Instant::now(), vec![("as", "nobody".to_owned())], Outcome::Passed);
            return Some(Bound {
                answer: nobody,
                lease: Lease::own(connection),
                machine: Arc::clone(machine),
            });
        };
        let known = vec![("as", dn.clone())];
        let bind = Bind { dn, password };
        let patience = self.hosts.way.patience;
        let bind = async {
            match bind.put(&mut connection.ldap).await {
                Ok(answer) if answer.code == 0 => Ok(answer),
                Ok(Answer { code: 49, text, .. }) => Err(format!(
                    "the host refuses the name or the password (result 49: {}); check `bind_dn` and \
                     `bind_password`",
                    text.trim_end_matches('\0')
                )),
                Ok(Answer { code, text, .. }) => {
                    Err(format!("the host answers {code}: {}", text.trim_end_matches('\0')))
                }
                Err(Failure::Broken(_)) => Err(String::new()),
                Err(failure) => Err(vestibule_plugin::Unavailable::from(failure).to_string()),
            }
        };
        let answer = steps.try_to("bind", patience, known, bind).await;
        let Some(answer) = answer else {
            steps.explain(&connection.cause());
            return None;
        };
        Some(Bound { answer, lease: Lease::own(connection), machine: Arc::clone(machine) })
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

fn watched(tls: &Tls, witness: &Arc<Witness>) -> TlsConnector {
    let mut config = (*tls.config).clone();
    // Not less strict: the witness asks the same verifier. And not resumed, so that it is asked.
    config.dangerous().set_certificate_verifier(Arc::clone(witness) as _);
    config.resumption = rustls::client::Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

fn session(stream: &TlsStream<tokio::net::TcpStream>) -> Vec<(&'static str, String)> {
    let (_, session) = stream.get_ref();
    let version = session.protocol_version().map(|version| format!("{version:?}"));
    let cipher = session.negotiated_cipher_suite().map(|cipher| format!("{:?}", cipher.suite()));
    [("version", version), ("cipher", cipher)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The steps so far.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(
        &mut self,
        name: &str,
        started: Instant,
        known: Vec<(&'static str, String)>,
        outcome: Outcome,
    ) {
        let (name, took) = (name.to_owned(), started.elapsed());
        self.0.push(Step { name, outcome, facts: Vec::new(), took });
        self.tell(known);
    }

    /// Makes a step, within its time.
    async fn try_to<T>(
        &mut self,
        name: &str,
        patience: Duration,
        known: Vec<(&'static str, String)>,
        attempt: impl Future<Output = Result<T, String>>,
    ) -> Option<T> {
        let started = Instant::now();
        let ended = timeout(patience, attempt).await;
        let ended = ended.unwrap_or_else(|_| Err(format!("no answer within {patience:?}")));
        let (value, outcome) = match ended {
            Ok(value) => (Some(value), Outcome::Passed),
            Err(cause) => (None, Outcome::Failed(cause)),
        };
        self.add(name, started, known, outcome);
        value
    }

    /// Adds to the last step what it found.
    fn tell(&mut self, found: Vec<(&'static str, String)>) {
        self.tell_more(found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    }

    fn tell_more(&mut self, found: Vec<(String, String)>) {
        if let Some(step) = self.0.last_mut() {
            step.facts.extend(found);
        }
    }

    /// The last step passed, and yet.
    fn doubt(&mut self, why: &str) {
        if let Some(step) = self.0.last_mut().filter(|step| step.outcome == Outcome::Passed) {
            step.outcome = Outcome::Doubtful(why.to_owned());
        }
    }

    /// Why the last step failed, if it does not say so itself.
    fn explain(&mut self, why: &str) {
        if let Some(step) = self.0.last_mut()
            && step.outcome == Outcome::Failed(String::new())
        {
            step.outcome = Outcome::Failed(why.to_owned());
        }
    }

    fn took_off<T>(&mut self, made: Result<T, String>) -> Option<T> {
        match made {
            Ok(made) => Some(made),
            Err(cause) => {
                self.add("LDAP", Instant::now(), Vec::new(), Outcome::Failed(cause));
                None
            }
        }
    }
}

//! How a connection comes about, step by step.

use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vestibule_plugin::{Outcome, Step};

use super::super::Wire;
use super::super::answer::Answer;
use super::super::bound::Bound;
use super::super::certificate::{Witness, ends_soon, facts};
use super::super::connection::{Connection, over, tcp};
use super::super::failure::Failure;
use super::super::introduction::admitted;
use super::super::machine::Machine;
use super::super::pool::Lease;
use super::super::question::{Bind, Question};
use super::super::tls::Tls;
use super::steps::Steps;
use crate::settings::{Place, Security, Service};

impl Wire {
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
        let stream = async { tcp(&addresses).await.map_err(words) };
        let stream = steps.try_to("TCP", way.patience, vec![host], stream).await?;
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
        let connection = steps.must(connection.map_err(words))?;
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
                Ok(answer) if answer.code == 0 => admitted(dn, &answer).map(|_| answer),
                Ok(Answer { code: 49, text, .. }) => Err(format!(
                    "the host refuses the name or the password (result 49: {}); check `bind_dn` and \
                     `bind_password`",
                    text.trim_end_matches('\0')
                )),
                Ok(Answer { code, text, .. }) => {
                    Err(format!("the host answers {code}: {}", text.trim_end_matches('\0')))
                }
                Err(Failure::Broken(_)) => Err(String::new()),
                Err(failure) => Err(words(failure)),
            }
        };
        let answer = steps.try_to("bind", patience, known, bind).await;
        let Some(answer) = answer else {
            steps.explain(&connection.cause());
            return None;
        };
        Some(Bound { answer, lease: Lease::own(connection), machine: Arc::clone(machine) })
    }
}

fn words(failure: Failure) -> String {
    failure.cause().unwrap_or_default()
}

fn watched(tls: &Tls, witness: &Arc<Witness>) -> TlsConnector {
    let mut config = (*tls.config).clone();
    // Not less strict: the witness asks the same verifier. And not resumed, so that it is asked.
    config.dangerous().set_certificate_verifier(Arc::clone(witness) as _);
    config.resumption = rustls::client::Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

fn session(stream: &TlsStream<TcpStream>) -> Vec<(&'static str, String)> {
    let (_, session) = stream.get_ref();
    let version = session.protocol_version().map(|version| format!("{version:?}"));
    let cipher = session.negotiated_cipher_suite().map(|cipher| format!("{:?}", cipher.suite()));
    [("version", version), ("cipher", cipher)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

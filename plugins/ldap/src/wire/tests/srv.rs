//! Hosts that the DNS tells.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::rdata::{A, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use vestibule_counterparts::free_ports;

use super::*;

/// One SRV record: priority, weight, port and target.
type Told = (u16, u16, u16, &'static str);

/// A DNS server that says that every name is this machine's, and tells these hosts of every service.
struct Dns {
    address: SocketAddr,
    told: Arc<Mutex<Option<Vec<Told>>>>,
}

impl Dns {
    async fn start(told: &[Told]) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_ports(1)));
        let socket = UdpSocket::bind(address).await.unwrap();
        let told = Arc::new(Mutex::new(Some(told.to_vec())));
        let known = Arc::clone(&told);
        tokio::spawn(async move {
            let mut bytes = vec![0; 4096];
            while let Ok((read, from)) = socket.recv_from(&mut bytes).await {
                let Some(told) = known.lock().unwrap().clone() else { continue };
                let answer = answer(&bytes[..read], &told).to_vec().unwrap();
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, told }
    }

    /// What it tells from now on; nothing at all, if there is nothing.
    fn tell(&self, told: Option<&[Told]>) {
        *self.told.lock().unwrap() = told.map(<[Told]>::to_vec);
    }

    fn wire(&self, more: Value) -> Result<Wire, BadOption> {
        let usual = json!({
            "srv": "corp.test",
            "dns_servers": self.address.to_string(),
            "security": "plaintext",
            "connect_timeout": "600ms",
            "operation_timeout": "1s",
        });
        let (Value::Object(mut all), Value::Object(more)) = (usual, more) else {
            panic!("objects")
        };
        all.extend(more);
        open(Value::Object(all))
    }
}

fn answer(question: &[u8], told: &[Told]) -> Message {
    let question = Message::from_vec(question).unwrap();
    let query = question.queries[0].clone();
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    let name = || query.name().clone();
    match query.query_type() {
        RecordType::SRV => {
            assert_eq!(name().to_ascii(), "_ldap._tcp.corp.test.");
            for (priority, weight, port, target) in told {
                let srv = SRV::new(*priority, *weight, *port, Name::from_ascii(target).unwrap());
                answer.add_answer(Record::from_rdata(name(), 1, RData::SRV(srv)));
            }
        }
        RecordType::A => {
            answer.add_answer(Record::from_rdata(name(), 1, RData::A(A::new(127, 0, 0, 1))));
        }
        _ => {}
    }
    answer.add_query(query);
    answer
}

fn names(wire: &Wire) -> Vec<String> {
    wire.hosts().into_iter().map(|host| host.name).collect()
}

#[tokio::test]
async fn the_hosts_of_a_domain_are_tried_by_priority() {
    let slapd = Slapd::start().await;
    let mut proxies = [Proxy::to(slapd.address()).await, Proxy::to(slapd.address()).await];
    let ports = proxies.each_ref().map(|proxy| proxy.address().port());
    let told = [(20, 0, ports[1], "two.corp.test."), (10, 0, ports[0], "one.corp.test.")];
    let dns = Dns::start(&told).await;
    let wire = dns.wire(json!({})).unwrap();
    assert!(wire.hosts().is_empty(), "nobody was asked yet");
    log_in(&wire, "alice").await.unwrap();
    let expected = [
        format!("ldap://one.corp.test:{}", ports[0]),
        format!("ldap://two.corp.test:{}", ports[1]),
    ];
    assert_eq!(names(&wire), expected);
    assert_eq!(proxies[1].connections(), 0);
    proxies[0].kill().await;
    log_in(&wire, "alice").await.unwrap();
    assert!(proxies[1].connections() > 0);
}

#[tokio::test]
async fn the_list_is_looked_up_again_and_an_old_one_is_better_than_none() {
    let slapd = Slapd::start().await;
    let proxies = [Proxy::to(slapd.address()).await, Proxy::to(slapd.address()).await];
    let ports = proxies.each_ref().map(|proxy| proxy.address().port());
    let one = (0, 0, ports[0], "one.corp.test.");
    let two = (1, 0, ports[1], "two.corp.test.");
    let dns = Dns::start(&[one]).await;
    let wire = dns.wire(json!({})).unwrap();
    log_in(&wire, "alice").await.unwrap();
    let opened = proxies[0].connections();
    dns.tell(Some(&[one, two]));
    until("the second host is known", async || {
        log_in(&wire, "alice").await.unwrap();
        names(&wire).len() == 2
    })
    .await;
    assert_eq!(proxies[0].connections(), opened, "the first keeps its connections");
    dns.tell(None);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1200) {
        log_in(&wire, "alice").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(names(&wire).len(), 2, "the DNS is silent, and nothing is forgotten");
}

#[tokio::test]
async fn a_domain_without_hosts_is_told_in_words_and_asked_again() {
    let slapd = Slapd::start().await;
    let dns = Dns::start(&[]).await;
    let wire = dns.wire(json!({})).unwrap();
    let error = log_in(&wire, "alice").await.unwrap_err().to_string();
    assert!(error.contains("the SRV records of _ldap._tcp.corp.test cannot be read"), "{error}");
    let a_while = Duration::from_millis(1050);
    tokio::time::sleep(a_while).await;
    // "A Target of "." means that the service is decidedly not available" (RFC 2782).
    dns.tell(Some(&[(0, 0, 0, ".")]));
    assert!(log_in(&wire, "alice").await.is_err());
    tokio::time::sleep(a_while).await;
    dns.tell(Some(&[(0, 0, slapd.address().port(), "one.corp.test.")]));
    log_in(&wire, "alice").await.unwrap();
}

// LD6
#[tokio::test]
async fn the_certificate_is_checked_against_the_target() {
    let slapd = Slapd::start().await;
    let port = slapd.address().port();
    for (target, is_right) in [("ldap.test.", true), ("other.test.", false)] {
        let dns = Dns::start(&[(0, 0, port, target)]).await;
        let options = json!({ "security": null, "ca": slapd.ca_file() });
        let wire = dns.wire(options).unwrap();
        match log_in(&wire, "alice").await {
            Ok(()) => assert!(is_right),
            Err(error) => {
                assert!(!is_right, "{error}");
                assert!(
                    error.to_string().contains("is not for other.test but for ldap.test"),
                    "{error}"
                );
            }
        }
    }
}

// LD6
#[tokio::test]
async fn without_a_ca_only_hosts_of_the_domain_are_believed() {
    let proxy = Proxy::to(Slapd::start().await.address()).await;
    let port = proxy.address().port();
    let foreign = (0, 0, port, "one.evil.test.");
    let dns = Dns::start(&[foreign]).await;
    let wire = dns.wire(json!({ "security": null })).unwrap();
    let error = log_in(&wire, "alice").await.unwrap_err().to_string();
    assert!(error.contains("outside that domain") && error.contains("name it in `ca`"), "{error}");
    assert!(error.contains(&format!("one.evil.test:{port}")), "{error}");
    assert_eq!(proxy.connections(), 0, "nothing was said to it");
    dns.tell(Some(&[foreign, (1, 0, port, "one.corp.test.")]));
    let wire = dns.wire(json!({ "security": null })).unwrap();
    let error = log_in(&wire, "alice").await.unwrap_err().to_string();
    assert_eq!(names(&wire), [format!("ldap://one.corp.test:{port}")]);
    assert!(!error.contains("evil"), "{error}");
}

#[tokio::test]
async fn a_dns_that_is_silent_is_asked_for_all_at_once() {
    let dns = Dns::start(&[]).await;
    dns.tell(None);
    let wire = dns.wire(json!({})).unwrap();
    let begin = Instant::now();
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let wire = wire.clone();
        logins.spawn(async move { log_in(&wire, "alice").await });
    }
    assert!(logins.join_all().await.iter().all(Result::is_err));
    assert!(begin.elapsed() < Duration::from_millis(1200), "{:?}", begin.elapsed());
}

/// A configuration is checked where nothing runs.
#[test]
fn opening_asks_nobody_and_needs_no_runtime() {
    for dns_servers in [json!("192.0.2.1"), Value::Null] {
        let options = json!({ "srv": "corp.test", "dns_servers": dns_servers });
        let wire = open(options).unwrap();
        assert!(wire.hosts().is_empty());
    }
    let wire = plain(&["ldap://ldap.test".to_owned()]);
    assert_eq!(host(&wire, 0).state, HostState::Untried);
}

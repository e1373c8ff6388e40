//! Logins of people whom a real OpenLDAP server knows, of whom there are many.
//!
//! The provider has a core of its own; slapd shares the other with the load, so what each of the two
//! spends on a login is read from the kernel and not from the clock. Beside the storm a few
//! applications refresh their tokens at a steady pace: they must hardly notice.

use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use vestibule_counterparts::{Setup, Slapd};

use crate::browser::{self, Session};
use crate::flows::{Caller, Flow, authorization};
use crate::load::{Figures, together};
use crate::provider::{PASSWORD, Provider, USERNAME};
use crate::wire::Wire;
use crate::{Anyhow, Options};

/// Applications that refresh, and how long each waits between two times.
const REFRESHING: usize = 4;
const PAUSE: Duration = Duration::from_millis(20);

/// Logins before anything is counted, by each caller.
const WARM_UP: u32 = 20;

/// Ticks of the processor's account in a second, on every Linux that we know.
const TICKS: f64 = 100.0;

pub async fn measure(options: &Options, core: Option<&'static str>) -> Anyhow<()> {
    let slapd = Slapd::with(Setup::default().seed(people(options.people)?).log(32768)).await;
    let (provider, _) = Provider::install(core, Some(&backend(&slapd))).await?;
    let session = browser::log_in(&provider).await?;
    let length = Duration::from_secs(options.seconds);

    let alone = refresh(&provider, &session, length).await?;
    storm(&provider, options, Until::Count(WARM_UP)).await?;
    let before = Spent::read(&provider, &slapd).await?;
    let (logins, beside) = tokio::join!(
        storm(&provider, options, Until::Time(Instant::now() + length)),
        refresh(&provider, &session, length),
    );
    let (mut logins, beside) = (logins?, beside?);
    let spent = Spent::read(&provider, &slapd).await?.since(&before);
    let count = f64::from(u32::try_from(logins.len())?);
    let refreshes = beside.per_second * length.as_secs_f64();
    let figures = Figures::of(&mut logins, length)?;

    println!("people in the directory      {}", options.people);
    println!(
        "logins                       {:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
        figures.per_second,
        milliseconds(figures.p50),
        milliseconds(figures.p99)
    );
    println!(
        "processor per login          {:.2} ms of ours ({refreshes:.0} refreshes beside them are in it), \
         {:.2} ms of slapd's",
        spent.ours / count * 1e3,
        spent.slapd / count * 1e3
    );
    println!(
        "connections per login        {:.4} ({})",
        spent.connections / count,
        spent.connections
    );
    println!(
        "refresh                      p50 {:.2} ms, p99 {:.2} ms alone; p50 {:.2} ms, p99 {:.2} ms in the storm",
        milliseconds(alone.p50),
        milliseconds(alone.p99),
        milliseconds(beside.p50),
        milliseconds(beside.p99)
    );
    provider.stop().await
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// When a caller has had enough.
#[derive(Clone, Copy)]
enum Until {
    Count(u32),
    Time(Instant),
}

/// Many people log in at once; how long each waited for the answer to name and password.
async fn storm(provider: &Provider, options: &Options, until: Until) -> Anyhow<Vec<Duration>> {
    let path = authorization(&provider.client_id, "code");
    let stride = usize::try_from(options.people)?.div_ceil(options.connections);
    let mut callers = Vec::new();
    for caller in 0..options.connections {
        let wire = Wire::connect(provider.address).await?;
        let (path, issuer) = (path.clone(), provider.issuer.clone());
        // Everyone from another part of the directory, so that nobody's entry is always at hand.
        let names = (0..stride).map(move |step| name(caller * stride + step)).cycle();
        callers.push(call(wire, path, issuer, names, until));
    }
    together(callers).await
}

async fn call(
    mut wire: Wire,
    path: String,
    issuer: String,
    names: impl Iterator<Item = String>,
    until: Until,
) -> Anyhow<Vec<Duration>> {
    let mut took = Vec::new();
    for (count, name) in (0..).zip(names) {
        let over = match until {
            Until::Count(most) => count >= most,
            Until::Time(end) => Instant::now() > end,
        };
        if over {
            break;
        }
        took.push(log_in(&mut wire, &path, &issuer, &name).await?);
    }
    Ok(took)
}

/// A browser that has never been here: the authorization endpoint, the page, the form.
async fn log_in(wire: &mut Wire, path: &str, issuer: &str, name: &str) -> Anyhow<Duration> {
    let mut session = Session::default();
    let answer = wire.get(path, "").await?;
    session.keep(&answer);
    let location = answer.location()?;
    let page = location.strip_prefix(issuer).unwrap_or(location);
    let (_, pending) = page.split_once("pending=").ok_or("no login page was offered")?;
    let cookies = session.header();
    session.keep(&wire.get(page, &cookies).await?.expect("200")?);
    let form = format!("pending={pending}&username={name}&password={}", password(name));
    let begun = Instant::now();
    let answer = wire.post("/login", &session.header(), &form).await?;
    let took = begun.elapsed();
    answer.location().map_err(|error| format!("{name}: {error}"))?;
    Ok(took)
}

/// A few applications at a steady pace.
async fn refresh(provider: &Provider, session: &Session, length: Duration) -> Anyhow<Figures> {
    let mut callers = Vec::new();
    for _ in 0..REFRESHING {
        callers.push(Caller::ready(provider, session, Flow::Refresh).await?);
    }
    let end = Instant::now() + length;
    let callers = callers.into_iter().map(|mut caller| async move {
        let mut took = Vec::new();
        while Instant::now() < end {
            let begun = Instant::now();
            caller.call().await?;
            took.push(begun.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Ok(took)
    });
    Figures::of(&mut together(callers).await?, length)
}

/// What was spent so far: seconds of processor time, and connections to the directory.
struct Spent {
    ours: f64,
    slapd: f64,
    connections: f64,
}

impl Spent {
    async fn read(provider: &Provider, slapd: &Slapd) -> Anyhow<Self> {
        Ok(Self {
            ours: processor(provider.process_id())?,
            slapd: processor(slapd.process_id())?,
            connections: provider.counter("vestibule_ldap_connections_opened_total").await?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            ours: self.ours - before.ours,
            slapd: self.slapd - before.slapd,
            connections: self.connections - before.connections,
        }
    }
}

/// Seconds that a process has computed, in both modes (proc(5): fields 14 and 15 of `stat`).
fn processor(process_id: u32) -> Anyhow<f64> {
    let stat = fs::read_to_string(format!("/proc/{process_id}/stat"))?;
    // The name of the program comes before it, in parentheses, and may hold spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("stat has no name in it")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(f64::from(ticks.sum::<Result<u32, _>>()?) / TICKS)
}

fn name(number: usize) -> String {
    format!("person{number}")
}

fn password(name: &str) -> String {
    format!("{name}-Passw0rd")
}

fn backend(slapd: &Slapd) -> String {
    let (url, ca) = (slapd.tls_url(), slapd.ca_file());
    let (dn, password) = (Slapd::SERVICE_DN, Slapd::SERVICE_PASSWORD);
    format!(
        "\n[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nurl = \"{url}\"\nca = \"{}\"\nbind_dn = \"{dn}\"\n\
         bind_password = \"{password}\"\nbase = \"ou=people,dc=example,dc=test\"\nfilter = \"(uid={{username}})\"\n\n\
         [backend.claims]\nname = \"cn\"\nemail = \"mail\"\n",
        ca.display()
    )
}

/// The directory's entries: what it stands on, the person of the other flows, and everybody else.
fn people(count: u32) -> Anyhow<String> {
    let mut ldif = format!(
        "dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
         dn: {service}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: svc\n\
         userPassword: {service_password}\n\n\
         dn: cn=readers,dc=example,dc=test\nobjectClass: groupOfNames\ncn: readers\nmember: {service}\n\n\
         dn: ou=people,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n\n",
        service = Slapd::SERVICE_DN,
        service_password = Slapd::SERVICE_PASSWORD,
    );
    let usual = (0..usize::try_from(count)?).map(|number| {
        let name = name(number);
        let password = password(&name);
        (name, password)
    });
    let known = std::iter::once((USERNAME.to_owned(), PASSWORD.to_owned()));
    for (name, password) in known.chain(usual) {
        write!(
            ldif,
            "dn: uid={name},ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: {name}\n\
             cn: {name}\nsn: Example\nmail: {name}@example.test\nuserPassword: {password}\n\n"
        )?;
    }
    Ok(ldif)
}

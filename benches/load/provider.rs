//! The release binary, set up by its own commands and running on a core of its own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Anyhow;
use crate::wire::Wire;

const BINARY: &str = env!("CARGO_BIN_EXE_vestibule");

/// Nobody listens there, and nobody is sent there: answers are read off the redirect.
pub const REDIRECT_URI: &str = "https://app.example/callback";
pub const USERNAME: &str = "alice";
pub const PASSWORD: &str = "correct horse battery staple";

/// A server that does not answer by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Provider {
    child: Child,
    core: Option<&'static str>,
    folder: PathBuf,
    operations: SocketAddr,
    pub address: SocketAddr,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
}

impl Provider {
    /// A new installation with one client, started; and how long the start took. Its one person is
    /// kept in its own database, unless a `backend`, in TOML, knows people.
    pub async fn install(
        core: Option<&'static str>,
        backend: Option<&str>,
    ) -> Anyhow<(Self, Duration)> {
        // On a real disk: commits must cost what they cost.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir_all(&folder)?,
        }
        let address = free_address()?;
        let issuer = format!("http://{address}");
        let config = folder.join("vestibule.toml");
        run(&config, ["init", "--issuer", &issuer], "")?;
        run(&config, ["migrate"], "")?;
        match backend {
            Some(backend) => {
                File::options().append(true).open(&config)?.write_all(backend.as_bytes())?;
            }
            None => {
                let person = ["user", "add", USERNAME, "--attribute", "email=alice@example.com"];
                run(&config, person, PASSWORD)?;
            }
        }
        let client = run(
            &config,
            [
                "--json",
                "client",
                "add",
                "Load",
                "--redirect-uri",
                REDIRECT_URI,
                "--refresh-tokens",
                "--response-type",
                "code",
                "--response-type",
                "id_token token",
            ],
            "",
        )?;
        let client: serde_json::Value = serde_json::from_str(&client)?;
        let member = |name: &str| {
            let text = client.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
            text.ok_or_else(|| format!("no {name} in {client}"))
        };
        let (client_id, client_secret) = (member("client_id")?, member("client_secret")?);
        let operations = free_address()?;
        let (child, took) = start(&folder, core, address, operations).await?;
        let provider =
            Self { child, core, folder, operations, address, issuer, client_id, client_secret };
        Ok((provider, took))
    }

    /// Stops and starts again.
    pub async fn restart(mut self) -> Anyhow<(Self, Duration)> {
        self.end()?;
        let (child, took) = start(&self.folder, self.core, self.address, self.operations).await?;
        self.child = child;
        Ok((self, took))
    }

    pub async fn stop(mut self) -> Anyhow<()> {
        self.end()
    }

    fn end(&mut self) -> Anyhow<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The sum of a counter over all its labels; zero before it has counted.
    pub async fn counter(&self, name: &str) -> Anyhow<f64> {
        let answer = Wire::connect(self.operations).await?.get("/metrics", "").await?;
        let samples = answer.expect("200")?.body;
        let values = samples.lines().filter_map(|line| {
            let (labelled, value) = line.rsplit_once(' ')?;
            let (known, _) = labelled.split_once('{').unwrap_or((labelled, ""));
            (known == name).then(|| value.parse::<f64>())
        });
        Ok(values.sum::<Result<f64, _>>()?)
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> Anyhow<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
        Ok(kilobytes.parse::<u64>()? * 1024)
    }

    pub fn binary_size() -> Anyhow<u64> {
        Ok(fs::metadata(BINARY)?.len())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Ended already, unless something went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> Anyhow<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs a command to its end; what it prints.
fn run<'a>(config: &Path, words: impl IntoIterator<Item = &'a str>, input: &str) -> Anyhow<String> {
    let mut command = Command::new(BINARY);
    command.arg("--config").arg(config).args(words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{command:?} failed").into())
}

/// Starts the server and waits for its first answer; and how long that took.
async fn start(
    folder: &Path,
    core: Option<&str>,
    address: SocketAddr,
    operations: SocketAddr,
) -> Anyhow<(Child, Duration)> {
    let mut command = match core {
        Some(core) => {
            let mut taskset = Command::new("taskset");
            taskset.args(["-c", core, BINARY]);
            taskset
        }
        None => Command::new(BINARY),
    };
    let log = File::options().create(true).append(true).open(folder.join("log.json"))?;
    command
        .args([
            OsStr::new("--config"),
            folder.join("vestibule.toml").as_os_str(),
            OsStr::new("serve"),
        ])
        .env("VESTIBULE_SERVER__LISTEN", format!("[\"{address}\"]"))
        .env("VESTIBULE_SERVER__OPERATIONS", operations.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    let begun = Instant::now();
    let mut child = command.spawn()?;
    while begun.elapsed() < PATIENCE {
        if answers(address).await {
            return Ok((child, begun.elapsed()));
        }
        if let Some(status) = child.try_wait()? {
            return Err(format!(
                "the server ended with {status}; see {}",
                folder.join("log.json").display()
            )
            .into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    child.kill()?;
    Err("the server does not answer".into())
}

async fn answers(address: SocketAddr) -> bool {
    let Ok(mut wire) = Wire::connect(address).await else { return false };
    let path = "/.well-known/openid-configuration";
    wire.get(path, "").await.is_ok_and(|answer| answer.status() == "200")
}

//! Another program: started, listened to line by line, and stopped by its own process id.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// How long it may be silent. Longer than anything takes on a loaded machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: UnboundedReceiver<String>,
    complaints: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// What it had still to say.
    pub output: String,
    pub complaints: String,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        let (output, mut errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (said, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&complaints);
        let listener = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Some(read) = errors.read(&mut bytes).ok().filter(|read| *read > 0) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        Self { input: child.stdin.take(), child, lines, complaints, listener: Some(listener) }
    }

    /// The next line that it writes; `None` once it writes no more.
    pub async fn line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.lines.recv()).await;
        line.unwrap_or_else(|_| panic!("silent for {PATIENCE:?}\n{}", self.complaints()))
    }

    /// What it has written to standard error.
    pub fn complaints(&self) -> String {
        self.complaints.lock().unwrap().clone()
    }

    pub fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").unwrap_or_else(|error| panic!("{error}\n{}", self.complaints()));
    }

    /// Lets it read the end of its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Asks it to stop (SIGTERM).
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Stops it in the middle of whatever it does (SIGKILL).
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub async fn end(mut self) -> Ended {
        let mut output = String::new();
        while let Some(line) = self.line().await {
            output.push_str(&line);
            output.push('\n');
        }
        let status = self.within(PATIENCE).unwrap_or_else(|| {
            panic!("writes no more, but does not end\n{output}{}", self.complaints())
        });
        // Now that it is gone, the end of what it wrote is near.
        let _ = self.listener.take().map(JoinHandle::join);
        Ended { status, output, complaints: self.complaints() }
    }

    /// Its status, once it ends in this time.
    pub fn within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                None if begin.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                status => return status,
            }
        }
    }
}

impl Ended {
    /// What it wrote; a failure of the story if it failed.
    pub fn success(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.output
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

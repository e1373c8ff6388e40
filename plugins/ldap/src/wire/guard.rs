//! Stands between ldap3 and the network: passes questions on, and of the answers only those that
//! ldap3 can bear.
//!
//! ldap3 speaks into one end of a pair of sockets inside this process, and one task per connection
//! carries bytes between the other end and the network, TLS or not. That costs two copies of a few
//! hundred bytes per question, and buys that nothing a server sends is parsed unchecked; it also
//! leaves DNS, TCP and TLS to us.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroize;

use super::ber::{self, Nonsense};
use super::shapes::{Awaited, Verdict, awaited};

/// A question of ours is never longer: a name, a filter, a few changes.
const LONGEST_QUESTION: usize = 1 << 20;

/// A host that takes nothing off the network for so long is gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// An unbind request (RFC 4511 §4.3) with a message ID that nobody else uses.
const UNBIND: &[u8] = &[0x30, 0x08, 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff, 0x42, 0x00];

/// Why a connection is over, for whoever waits for an answer on it.
pub(super) type Ended = Arc<OnceLock<String>>;

/// Carries bytes until either side ends. Both ends are closed when this returns.
pub(super) async fn relay<N>(mut network: N, mut inside: UnixStream, ended: Ended)
where
    N: AsyncRead + AsyncWrite + Unpin,
{
    let cause = match carry(&mut network, &mut inside).await {
        Ok(By::Us) => {
            // Courtesy: servers log connections that just break off.
            let farewell = async {
                network.write_all(UNBIND).await?;
                network.shutdown().await
            };
            let _ = timeout(Duration::from_secs(1), farewell).await;
            return;
        }
        Ok(By::Them) => "the host closed the connection".to_owned(),
        Err(Fault::Io(error)) => format!("the connection broke: {error}"),
        Err(Fault::Nonsense(Nonsense(expected))) => {
            format!("the host answered nonsense: expected {expected}")
        }
    };
    // Set before `inside` is dropped, and so before ldap3 notices.
    let _ = ended.set(cause);
}

/// Who ended the connection.
enum By {
    Us,
    Them,
}

/// Whether more may come.
enum Passed {
    On,
    Over,
}

enum Fault {
    Io(io::Error),
    Nonsense(Nonsense),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Nonsense> for Fault {
    fn from(nonsense: Nonsense) -> Self {
        Self::Nonsense(nonsense)
    }
}

async fn carry<N>(network: &mut N, inside: &mut UnixStream) -> Result<By, Fault>
where
    N: AsyncRead + AsyncWrite + Unpin,
{
    let mut questions = Vec::new();
    let mut answers = Vec::new();
    let mut open: Option<Awaited> = None;
    loop {
        questions.reserve(1024);
        answers.reserve(4096);
        tokio::select! {
            read = inside.read_buf(&mut questions) => {
                if read? == 0 {
                    return Ok(By::Us);
                }
                while let Some(length) = whole(&questions, LONGEST_QUESTION)? {
                    let question = questions.get(..length).unwrap_or_default();
                    if let Some(next) = awaited(question)? {
                        open = Some(next);
                    }
                    timeout(PATIENCE, network.write_all(question)).await.map_err(late)??;
                    // It may have held a password.
                    wipe(&mut questions, length);
                }
                timeout(PATIENCE, network.flush()).await.map_err(late)??;
            }
            read = network.read_buf(&mut answers) => {
                if read? == 0 {
                    return Ok(By::Them);
                }
                let mut at = 0;
                while let Some(rest) = answers.get_mut(at..) {
                    let room = open.as_ref().map_or(0, Awaited::room);
                    let Some(length) = whole(rest, room)? else { break };
                    let Some(answer) = rest.get_mut(..length) else { break };
                    if let Passed::Over = pass(answer, &mut open, inside).await? {
                        return Ok(By::Them);
                    }
                    at += length;
                }
                answers.drain(..at);
                answers.shrink_to(1 << 16);
            }
        }
    }
}

/// Judges one answer, and hands it to ldap3 if it may have it.
async fn pass(
    answer: &mut [u8],
    open: &mut Option<Awaited>,
    inside: &mut UnixStream,
) -> Result<Passed, Fault> {
    let question = open.as_mut().ok_or(Nonsense("nothing, as nothing was asked"))?;
    let foreign = match question.judge(answer)? {
        Verdict::Drop => return Ok(Passed::On),
        Verdict::Over => return Ok(Passed::Over),
        Verdict::Pass => Vec::new(),
        Verdict::Last { foreign, .. } => {
            *open = None;
            foreign
        }
    };
    for place in foreign {
        for byte in answer.get_mut(place).unwrap_or_default() {
            if !byte.is_ascii() {
                *byte = b'?';
            }
        }
    }
    inside.write_all(answer).await?;
    Ok(Passed::On)
}

/// The length of the message at the start, once all of it is there.
fn whole(bytes: &[u8], most: usize) -> Result<Option<usize>, Nonsense> {
    match ber::length(bytes)? {
        Some(length) if length > most => {
            Err(Nonsense(if most == 0 { "nothing, as nothing was asked" } else { "less" }))
        }
        Some(length) if length <= bytes.len() => Ok(Some(length)),
        _ => Ok(None),
    }
}

fn wipe(bytes: &mut Vec<u8>, length: usize) {
    if let Some(sent) = bytes.get_mut(..length) {
        sent.zeroize();
    }
    bytes.drain(..length);
}

fn late(_: tokio::time::error::Elapsed) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "nothing is taken off it")
}

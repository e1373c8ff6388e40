//! HTTP/1.1 as little as a load needs it: requests by hand, answers of known length.
//!
//! *Why:* a whole client library would take more of its core than the server of the other.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Anyhow;

pub struct Wire {
    stream: TcpStream,
    address: SocketAddr,
    received: Vec<u8>,
}

/// An answer, its parts still text.
pub struct Answer {
    head: String,
    pub body: String,
}

impl Wire {
    pub async fn connect(address: SocketAddr) -> Anyhow<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address, received: Vec::with_capacity(16 * 1024) })
    }

    /// GETs a path; `headers` are whole lines.
    pub async fn get(&mut self, path: &str, headers: &str) -> Anyhow<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address);
        self.exchange(&request).await
    }

    /// POSTs a form that is encoded already.
    pub async fn post(&mut self, path: &str, headers: &str, form: &str) -> Anyhow<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        );
        self.exchange(&request).await
    }

    async fn exchange(&mut self, request: &str) -> Anyhow<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        let head = loop {
            if let Some(end) = end_of_head(&self.received) {
                break end;
            }
            self.read().await?;
        };
        let text = str::from_utf8(self.received.get(..head).unwrap_or_default())?.to_owned();
        let answer = Answer { head: text, body: String::new() };
        let length: usize = answer.header("content-length").unwrap_or("0").parse()?;
        while self.received.len() < head + length {
            self.read().await?;
        }
        let body = self.received.get(head..head + length).unwrap_or_default();
        Ok(Answer { body: str::from_utf8(body)?.to_owned(), ..answer })
    }

    async fn read(&mut self) -> Anyhow<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

impl Answer {
    pub fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.lines().filter_map(move |line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Whether it has this status; otherwise says what came instead.
    pub fn expect(self, status: &str) -> Anyhow<Self> {
        if self.status() == status {
            return Ok(self);
        }
        Err(format!("{status} was expected, not:\n{}{}", self.head, self.body).into())
    }

    /// Whether it leads elsewhere, and where.
    pub fn location(&self) -> Anyhow<&str> {
        match self.header("location") {
            Some(location) if self.status().starts_with('3') => Ok(location),
            _ => Err(format!("a redirect was expected, not:\n{}{}", self.head, self.body).into()),
        }
    }
}

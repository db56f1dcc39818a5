//! A collector that a test started, and how to speak to it.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::command;

/// Far longer than anything here takes; only a test that fails waits for it.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Collector {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    pub out: Receiver<String>,
    log: Receiver<Value>,
    /// Log lines that nobody asked for, for tenants write theirs when they will.
    seen: RefCell<Vec<Value>>,
}

impl Collector {
    pub fn start(config: &str) -> Self {
        let mut child = command()
            .args(["run", "--config", config, "--log-format", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, out) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        let (send, log) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| send.send(serde_json::from_str(&line).unwrap_or(Value::String(line))))
        });
        let stdin = child.stdin.take();
        Collector { child, stdin, out, log, seen: RefCell::default() }
    }

    /// The first log line with this message that was not asked for yet.
    pub fn logged(&self, message: &str) -> Value {
        let is_it = |line: &Value| line["message"].as_str().is_some_and(|text| text.contains(message));
        let mut seen = self.seen.borrow_mut();
        if let Some(at) = seen.iter().position(is_it) {
            return seen.remove(at);
        }
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if is_it(&line) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("not logged: {message}\nbut: {seen:#?}"),
            }
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.logged("listening")["address"].as_str().unwrap().parse().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn alert(&self) -> Value {
        serde_json::from_str(&self.out.recv_timeout(PATIENCE).unwrap()).unwrap()
    }

    /// Waits for the end; the exit status and the alerts that were not yet taken.
    pub fn end(mut self) -> (i32, Vec<Value>) {
        let code = self.child.wait().unwrap().code().unwrap();
        (code, self.out.iter().map(|line| serde_json::from_str(&line).unwrap()).collect())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request and gives the status and the body.
pub fn http(address: SocketAddr, request: &str, body: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{request}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// What `GET /status` says of the first tenant.
pub fn status(address: SocketAddr) -> Value {
    http(address, "GET /status HTTP/1.1", b"").1["tenants"][0].clone()
}

/// Waits until the status is as it should be.
pub fn await_status(address: SocketAddr, is_expected: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let status = status(address);
        if is_expected(&status) {
            return status;
        }
        assert!(started.elapsed() < PATIENCE, "it never came to that: {status:#}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Has events evaluated; all of them must be readable.
pub fn post(address: SocketAddr, events: &[String]) {
    let (status, answer) = http(address, "POST /v1/events HTTP/1.1", events.join("\n").as_bytes());
    assert_eq!((status, &answer["accepted"]), (200, &events.len().into()), "{answer}");
}

//! `tripline playground`: the page where rules are written, from this binary.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use host_runner::playground;
use tokio::net::TcpListener;

use crate::args::PlaygroundArgs;
use crate::{Outcome, output};

pub fn run(args: &PlaygroundArgs) -> Result<Outcome> {
    if !playground::is_built() {
        bail!("this build carries no playground: run `cargo xtask js` and build again");
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &PlaygroundArgs) -> Result<Outcome> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .with_context(|| format!("cannot listen on 127.0.0.1:{} (try another --port, or 0 for any)", args.port))?;
    let url = format!("http://{}/", listener.local_addr()?);
    println!("{url}");
    if args.open && !open(&url) {
        output::warning("found nothing to open the page with (tried xdg-open and open)");
    }
    tokio::select! {
        () = playground::serve(listener) => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(Outcome::Done)
}

fn open(url: &str) -> bool {
    ["xdg-open", "open"].iter().any(|opener| {
        let mut command = Command::new(opener);
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().is_ok()
    })
}

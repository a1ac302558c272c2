//! The `mainline` crate, asked a line: an info-hash. It says its port, then a line for
//! each peer that it found. Its arguments are the nodes to join by.

use std::error::Error;
use std::{env, io, thread};

use mainline::{Dht, Id};

fn main() -> Result<(), Box<dyn Error>> {
    let bootstrap: Vec<_> = env::args().skip(1).collect();
    let dht = Dht::builder().bootstrap(&bootstrap).build()?;
    println!("{}", dht.info().local_addr().port());
    for line in io::stdin().lines() {
        let line = line?;
        let info_hash: Id = line.parse()?;
        let dht = dht.clone();
        thread::spawn(move || {
            for peer in dht.get_peers(info_hash).flatten() {
                println!("{line} {peer}");
            }
        });
    }
    Ok(())
}

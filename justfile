# `just` comes from PyPI: pip install rust-just

# What CI runs: everything below, on a fresh machine, as root
ci:
    bash .ci/run

test:
    cargo test

lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
    cargo deny check --hide-inclusion-graph bans licenses sources

# The actor tree against a synthetic swarm on loopback
demo:
    cargo run --release -- --demo

# How fast it is, beside what bounds it (docs/performance.md); `just bench --quick` only shows that the benches work
bench *options:
    for bench in codec recorder sweep watch scale churn dht; do cargo bench --bench $bench -- {{ options }} || exit 1; done

# A swarm of real clients in network namespaces, as root; `just interop --help` lists the options
interop *options:
    cargo build --release
    /usr/bin/python3 tests/interop/run.py {{ options }}

# All with real clients: each in each way of behaving; hard to reach; with a cut of the network; one thing each
interop-all *options: (interop "--profile all" options) (interop "--profile mixed" options) (interop "--profile mixed --cut 60" options) interop-each

# Swarms that can be found in one way only
interop-only *options: (interop "--only dht --magnet" options) (interop "--only dht --magnet --family 6" options) (interop "--only pex" options) (interop "--only lsd" options)

# One thing each: metadata, DHT, gossip, local discovery, torrents of version 2, uTP, encryption, hole punching, an outage
interop-each:
    cargo build --release
    for script in magnet dht pex lsd v2 utp encryption punch outage; do /usr/bin/python3 tests/interop/$script.py || exit 1; done

# Swarms of thousands in virtual time: recall of each kind of peer, and under scarcity
sim-big seeds="1 2 3":
    SIM_SEEDS="{{ seeds }}" cargo test --release --test sim -- --ignored --nocapture --test-threads 1 kinds:: scarcity::

//! What is compared: bare sled, the store's writer, and the Recorder as the program has
//! it. All write the same rows in batches of the same size and flush after each.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use actix::prelude::*;
use bta::actors::recorder::{Close, Confirm, Recorder, Write};
use bta::actors::supervision::{ChildExited, Class, Nursery};
use bta::clock::Clock;
use bta::store::Writer;
use bta::swarm::facts::Verdict;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use slog::{Discard, Logger, o};
use tokio::sync::oneshot;
use tokio::time::interval;

use crate::common::{now, timed};
use crate::rows::{BATCH, BATCHES, Pool, Put, TORRENT};

/// As the program opens it.
const CACHE_BYTES: u64 = 32 << 20;
/// How often a Swarm sends its rows (`actors::swarm`).
const TICK: Duration = Duration::from_millis(100);
const TICKS_A_SECOND: usize = 10;
/// Crossings of one Swarm on their way at most (`actors::permits`).
const CROSSINGS: usize = 500;

/// Bytes that a folder takes of the disk.
pub(crate) fn bytes_on_disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let bytes = entries.map(|entry| match entry.metadata().unwrap() {
        it if it.is_dir() => bytes_on_disk(&entry.path()),
        it => it.blocks() * 512,
    });
    bytes.sum()
}

/// The database in a run's folder.
pub(crate) fn database(run_dir: &Path) -> sled::Db {
    sled::open(run_dir.join("store")).unwrap()
}

/// sled alone, with what is to be written in its hand.
pub(crate) struct Bare {
    peers: sled::Tree,
    completions: sled::Tree,
    db: sled::Db,
    journal: File,
}

impl Bare {
    pub(crate) fn open(folder: &Path) -> Bare {
        let config = sled::Config::new().path(folder.join("store"));
        let config = config.cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = config.open().unwrap();
        Bare {
            peers: db.open_tree("peers").unwrap(),
            completions: db.open_tree("completions").unwrap(),
            journal: File::create(folder.join("journal")).unwrap(),
            db,
        }
    }

    pub(crate) fn write(&self, pool: &Pool, puts: &[Put]) -> Duration {
        each(puts, BATCH, keys, |batch, keys| {
            apply(&self.peers, &keys, batch, &pool.peer_values);
            self.db.flush().unwrap();
        })
    }

    /// The same with a completion for each peer. With `synced` as many bytes of each as
    /// the journal has go to a file beside it, and through the disk's cache.
    pub(crate) fn confirm(&self, pool: &Pool, puts: &[Put], synced: Option<usize>) -> Duration {
        let keys = |batch: &[Put]| (keys(batch), confirmed_keys(batch));
        each(puts, BATCH / 2, keys, |batch, (peers, completions)| {
            if let Some(bytes) = synced {
                let rows = vec![0x5a; bytes * batch.len()];
                (&self.journal).write_all(&rows).unwrap();
                self.journal.sync_data().unwrap();
            }
            apply(&self.peers, &peers, batch, &pool.peer_values);
            apply(
                &self.completions,
                &completions,
                batch,
                &pool.completion_values,
            );
            self.db.flush().unwrap();
        })
    }
}

fn apply<K: AsRef<[u8]>>(tree: &sled::Tree, keys: &[K], batch: &[Put], values: &[Vec<u8>]) {
    let mut entries = sled::Batch::default();
    for (key, put) in keys.iter().zip(batch) {
        entries.insert(key.as_ref(), values[put.1 as usize].as_slice());
    }
    tree.apply_batch(entries).unwrap();
}

fn keys(batch: &[Put]) -> Vec<Vec<u8>> {
    let key = |number: u32| [TORRENT.0.to_be_bytes(), number.to_be_bytes()].concat();
    batch.iter().map(|it| key(it.0)).collect()
}

fn confirmed_keys(batch: &[Put]) -> Vec<Vec<u8>> {
    let confirmed = |key: Vec<u8>| [&key[..], &[Verdict::Confirmed.code()]].concat();
    keys(batch).into_iter().map(confirmed).collect()
}

/// The store's writer on this thread: the durability without the actor.
pub(crate) fn write(writer: &mut Writer, pool: &Pool, puts: &[Put]) -> Duration {
    let records = |batch: &[Put]| batch.iter().map(|put| pool.peer(*put)).collect::<Vec<_>>();
    each(puts, BATCH, records, |_, records| {
        writer.commit(&records).unwrap()
    })
}

/// The same with a completion for each peer.
pub(crate) fn confirm(writer: &mut Writer, pool: &Pool, puts: &[Put]) -> Duration {
    let records = |batch: &[Put]| {
        batch
            .iter()
            .flat_map(|put| pool.risen(*put))
            .collect::<Vec<_>>()
    };
    each(puts, BATCH / 2, records, |_, records| {
        writer.commit(&records).unwrap()
    })
}

/// The time that the work on batches takes, without that of making them.
fn each<T>(
    puts: &[Put],
    size: usize,
    make: impl Fn(&[Put]) -> T,
    mut work: impl FnMut(&[Put], T),
) -> Duration {
    let mut spent = Duration::ZERO;
    for batch in puts.chunks(size) {
        let made = make(batch);
        spent += timed(|| work(batch, made)).0;
    }
    spent
}

/// The Recorder on an arbiter of its own, fed from another thread as a Swarm does: so
/// many batches, or crossings, on their way, each answered when it is durable.
pub(crate) fn record(writer: Writer, pool: &Pool, puts: &[Put], crossings: bool) -> Duration {
    System::new().block_on(async {
        let recorder = start(writer);
        // Its mailbox has its size once it runs.
        let (records, done) = (Vec::new(), None);
        recorder.send(Write { records, done }).await.unwrap();
        let began = now();
        match crossings {
            false => send_rows(&recorder, pool, puts).await,
            true => send_crossings(&recorder, pool, puts).await,
        }
        let spent = began.elapsed();
        recorder.send(Close).await.unwrap().unwrap();
        spent
    })
}

/// The same at a pace, in bursts as Swarms send them; every so many-th row is followed
/// by its peer's completion.
pub(crate) fn record_at(
    rows_a_second: usize,
    writer: Writer,
    pool: &Pool,
    puts: &[Put],
    confirmed: usize,
) -> Duration {
    System::new().block_on(async {
        let recorder = start(writer);
        let began = now();
        let mut ticks = interval(TICK);
        for burst in puts.chunks(rows_a_second / TICKS_A_SECOND) {
            ticks.tick().await;
            send_rows(&recorder, pool, burst).await;
            let risen: Vec<_> = burst.iter().step_by(confirmed).copied().collect();
            send_crossings(&recorder, pool, &risen).await;
        }
        let spent = began.elapsed();
        recorder.send(Close).await.unwrap().unwrap();
        spent
    })
}

async fn send_rows(recorder: &Addr<Recorder>, pool: &Pool, puts: &[Put]) {
    let mut on_their_way: FuturesUnordered<oneshot::Receiver<()>> = FuturesUnordered::new();
    for batch in puts.chunks(BATCH) {
        if on_their_way.len() == BATCHES {
            on_their_way.next().await.unwrap().unwrap();
        }
        let (done, receipt) = oneshot::channel();
        let records = batch.iter().map(|put| pool.peer(*put)).collect();
        let done = Some(done);
        recorder.try_send(Write { records, done }).unwrap();
        on_their_way.push(receipt);
    }
    for answer in join_all(on_their_way).await {
        answer.unwrap();
    }
}

async fn send_crossings(recorder: &Addr<Recorder>, pool: &Pool, puts: &[Put]) {
    let mut on_their_way: FuturesUnordered<oneshot::Receiver<()>> = FuturesUnordered::new();
    for put in puts {
        if on_their_way.len() == CROSSINGS {
            on_their_way.next().await.unwrap().unwrap();
        }
        let (done, receipt) = oneshot::channel();
        let confirm = Confirm {
            records: Box::new(pool.risen(*put)),
            peer_waits: Some(done),
            done: None,
        };
        recorder.try_send(confirm).unwrap();
        on_their_way.push(receipt);
    }
    for answer in join_all(on_their_way).await {
        answer.unwrap();
    }
}

fn start(writer: Writer) -> Addr<Recorder> {
    let mut lifeline = None;
    Parent::create(|ctx| {
        lifeline = Some(Nursery::open(ctx).lifeline().1);
        Parent
    });
    Recorder::start_in_arbiter(&Arbiter::new().handle(), move |ctx| {
        ctx.set_mailbox_capacity(Class::Recorder.spec().mailbox);
        let log = Logger::root(Discard, o!());
        Recorder::new(writer, Clock::start(), log, lifeline.unwrap())
    })
}

/// Whose child the Recorder is.
struct Parent;

impl Actor for Parent {
    type Context = Context<Self>;
}

impl StreamHandler<ChildExited> for Parent {
    fn handle(&mut self, _: ChildExited, _: &mut Self::Context) {}
}

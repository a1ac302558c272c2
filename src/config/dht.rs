//! How a run takes part in the DHT.

use std::path::PathBuf;

use crate::cli::crawl::CrawlArgs;
use crate::cli::dht::{DhtState, HostAndPort};

/// Nodes that the DHT is entered by, of those who keep the big clients.
const DHT_ROUTERS: [(&str, u16); 4] = [
    ("router.bittorrent.com", 6881),
    ("router.utorrent.com", 6881),
    ("dht.transmissionbt.com", 6881),
    ("dht.libtorrent.org", 25401),
];

/// Where the DHT's nodes are kept from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DhtFile {
    /// Nowhere.
    Nowhere,
    /// In the user's cache folder, if there is one.
    Cache,
    /// In this file.
    At(PathBuf),
}

/// How a run takes part in the DHT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dht {
    /// Host and port of the nodes that it is entered by.
    pub bootstrap: Vec<(String, u16)>,
    /// Queries of others are not answered.
    pub read_only: bool,
    /// Where its nodes are kept.
    pub file: DhtFile,
}

impl Dht {
    /// A lab's nodes and the world's are kept apart.
    pub(super) fn new(args: &CrawlArgs, in_a_lab: bool) -> Option<Dht> {
        let named = args.dht_bootstrap.iter();
        let named = named.map(|HostAndPort { host, port }| (host.clone(), *port));
        let bootstrap: Vec<_> = match args.dht_bootstrap.is_empty() && !in_a_lab {
            true => DHT_ROUTERS
                .map(|(host, port)| (host.to_owned(), port))
                .into(),
            false => named.collect(),
        };
        let file = match &args.dht_state {
            Some(DhtState::None) => DhtFile::Nowhere,
            Some(DhtState::File(path)) => DhtFile::At(path.clone()),
            None if in_a_lab => DhtFile::Nowhere,
            None => DhtFile::Cache,
        };
        let dht = Dht {
            bootstrap,
            read_only: args.dht_read_only,
            file,
        };
        (!args.no_dht).then_some(dht)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Surroundings};
    use super::*;
    use crate::moment::Moment;

    #[test]
    fn the_dht_is_entered_by_well_known_routers_but_in_a_lab() {
        let dht = |args: &[&str]| {
            let args = ["bta"].iter().chain(args).map(Into::into);
            let around = Surroundings {
                now: Moment::EPOCH,
                no_color: false,
            };
            let args = crate::cli::parse("bta", args).unwrap();
            Config::new(args, &around).unwrap().dht
        };
        let world = dht(&["a"]).unwrap();
        assert_eq!((world.bootstrap.len(), &world.file), (4, &DhtFile::Cache));
        let lab = dht(&["a", "--allow-local"]).unwrap();
        assert_eq!((lab.bootstrap.len(), &lab.file), (0, &DhtFile::Nowhere));
        let own = [
            "a",
            "--dht-bootstrap",
            "[::1]:7000",
            "--dht-state",
            "x",
            "--dht-read-only",
        ];
        let own = dht(&own).unwrap();
        assert_eq!(own.bootstrap, [("::1".to_owned(), 7000)]);
        assert_eq!((own.file, own.read_only), (DhtFile::At("x".into()), true));
        let none = dht(&["a", "--dht-state", "none"]).unwrap();
        assert_eq!(none.file, DhtFile::Nowhere);
        assert_eq!(dht(&["a", "--no-dht"]), None);
        let demo = dht(&["--demo"]).unwrap();
        assert_eq!((demo.bootstrap, demo.file), (vec![], DhtFile::Nowhere));
    }
}

//! A judgement, to be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Judgement, Share};
use crate::lab::truth::{Miss, PeerTruth};

/// The truth beside what was confirmed, as tables.
impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<44}{}", "true completions confirmed", self.all)?;
        writeln!(
            f,
            "{:<44}{}",
            "  of those announced 3 s before completing", self.fair
        )?;
        writeln!(f, "{:<44}{}", "  of those that told enough", self.showable)?;
        if self.short_of_all() > 0 {
            let short = "confirmed at the threshold, never complete";
            writeln!(f, "{short:<44}{}", self.short_of_all())?;
        }
        let [median, most] = [0.5, 0.95].map(|share| self.time_error(share).as_secs_f64());
        writeln!(
            f,
            "{:<44}median {median:.2} s, 95 % under {most:.2} s",
            "error of the time"
        )?;
        self.table(f, "client", |peer| peer.client.label())?;
        self.table(f, "fate", |peer| peer.fate.label())?;
        self.table(f, "reach", |peer| peer.reach.label())?;
        self.table(f, "known to", |peer| peer.known.label())?;
        for wrong in &self.wrong {
            let peer = wrong.peer.map(|index| &self.truth.peers[index]);
            let (ip, at) = (wrong.confirmation.ip, wrong.confirmation.at);
            let what = match peer {
                None => "no such peer".to_owned(),
                Some(_) if wrong.again => "confirmed twice".to_owned(),
                Some(peer) => format!("{}, {}", peer.client, peer.fate),
            };
            writeln!(f, "wrong: {ip} at {at}: {what}")?;
        }
        for (peer, why) in self.missed() {
            let (at, completed) = (peer.address, peer.completed.unwrap_or_default());
            writeln!(
                f,
                "missed: {at} at {completed}: {}, {}, {}: {}",
                peer.client,
                peer.fate,
                peer.reach,
                why.label()
            )?;
        }
        for (offence, count) in &self.truth.offences {
            writeln!(f, "bad conduct: {offence} ({count})")?;
        }
        Ok(())
    }
}

impl Judgement {
    fn table(
        &self,
        f: &mut fmt::Formatter<'_>,
        head: &str,
        kind: impl Fn(&PeerTruth) -> &'static str,
    ) -> fmt::Result {
        let mut rows: BTreeMap<&str, (Share, [usize; 4])> = BTreeMap::new();
        let hits: BTreeSet<usize> = self.hits.iter().map(|hit| hit.peer).collect();
        for (index, peer) in self.truth.peers.iter().enumerate() {
            if peer.completed.is_some() {
                let (share, misses) = rows.entry(kind(peer)).or_default();
                let confirmed = hits.contains(&index);
                share.count(confirmed);
                let miss = Miss::ALL.iter().position(|it| *it == peer.miss());
                if let Some(miss) = miss.filter(|_| !confirmed) {
                    misses[miss] += 1;
                }
            }
        }
        write!(f, "\n{head:<16}{:>10}{:>10}", "completed", "confirmed")?;
        Miss::ALL
            .iter()
            .try_for_each(|it| write!(f, "{:>14}", it.label()))?;
        writeln!(f)?;
        for (label, (share, misses)) in rows {
            write!(f, "{label:<16}{:>10}{:>10}", share.of, share.confirmed)?;
            misses.iter().try_for_each(|it| write!(f, "{it:>14}"))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

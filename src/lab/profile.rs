//! What a swarm looked like in 2015, to draw synthetic peers from.
//!
//! Source: 34.5 h of ten torrents, 205,339 peers (S. Schindler, *Analysis of
//! BitTorrent Trackers and Peers*, 2015). No address is in that data.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Deserialize;

use super::peer::client::Client;

const PROFILE_2015: &str = include_str!("swarm-profile-2015.json");

/// Distributions to draw peers from.
#[derive(Clone, Debug)]
pub struct Profile {
    progress: Progress,
    /// (share of peers at or below, bytes per second), both rising.
    speeds: Vec<(f64, f64)>,
    /// (client, weight).
    clients: Vec<(Client, f64)>,
}

/// The embedded profile is not what this program was built for.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not the JSON that is expected.
    #[error("swarm profile: {0}")]
    Json(#[from] serde_json::Error),
    /// A table that is needed has no rows.
    #[error("swarm profile: no {0}")]
    Missing(&'static str),
}

#[derive(Deserialize)]
struct Document {
    progress_at_first_contact: BTreeMap<String, Progress>,
    max_download_speed_bytes_per_s: BTreeMap<String, f64>,
    client_prefix_share_2015: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Progress {
    count: f64,
    share_at_0: f64,
    share_ge_98pct: f64,
    histogram_of_progress_in_20ths: Vec<f64>,
}

impl Profile {
    /// The profile of 2015. Half of the clients that it draws are as common as
    /// they were then, half are spread evenly over those in use today.
    ///
    /// # Errors
    /// The embedded document lacks what is drawn from.
    pub fn of_2015() -> Result<Self, ProfileError> {
        let document: Document = serde_json::from_str(PROFILE_2015)?;
        let progress = document
            .progress_at_first_contact
            .get("tracker")
            .filter(|it| it.histogram_of_progress_in_20ths.len() >= 20)
            .cloned()
            .ok_or(ProfileError::Missing("progress at first contact"))?;
        let speeds: Vec<_> = document
            .max_download_speed_bytes_per_s
            .iter()
            .filter_map(|(name, &speed)| {
                let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
                Some((percent / 100.0, speed))
            })
            .collect();
        if speeds.len() < 2 {
            return Err(ProfileError::Missing("download speeds"));
        }
        Ok(Profile {
            progress,
            speeds,
            clients: weigh_clients(&document.client_prefix_share_2015),
        })
    }

    /// How much a peer has when it is met, 0 to 1; 1 is a seed.
    pub fn draw_progress(&self, rng: &mut impl Rng) -> f64 {
        let all = &self.progress;
        let draw: f64 = rng.random();
        if draw < all.share_ge_98pct {
            return 1.0;
        }
        if draw < all.share_ge_98pct + all.share_at_0 {
            return 0.0;
        }
        // The first 20th counts those at 0 too, and the last one most seeds.
        let mut bins = all.histogram_of_progress_in_20ths[..20].to_vec();
        bins[0] -= all.count * all.share_at_0;
        let before: f64 = all.histogram_of_progress_in_20ths[..19].iter().sum();
        bins[19] = all.count * (1.0 - all.share_ge_98pct) - before;
        let bin = draw_index(bins.into_iter().map(|it| it.max(0.0)), rng);
        let width = if bin == 19 { 0.03 } else { 0.05 };
        bin as f64 * 0.05 + rng.random::<f64>() * width
    }

    /// The highest download speed of a peer, bytes per second.
    pub fn draw_speed(&self, rng: &mut impl Rng) -> f64 {
        let draw: f64 = rng.random();
        let above = self.speeds.partition_point(|&(share, _)| share < draw);
        let above = above.clamp(1, self.speeds.len() - 1);
        let (low, high) = (self.speeds[above - 1], self.speeds[above]);
        let part = ((draw - low.0) / (high.0 - low.0)).clamp(0.0, 1.0);
        // Speeds span five decades: straight lines in the logarithm.
        (low.1.ln() + part * (high.1.ln() - low.1.ln())).exp()
    }

    /// Which client a peer runs.
    pub fn draw_client(&self, rng: &mut impl Rng) -> Client {
        let index = draw_index(self.clients.iter().map(|&(_, weight)| weight), rng);
        self.clients[index].0
    }
}

/// An index with the probability of its weight; the last one if all are 0.
pub(super) fn draw_index(weights: impl IntoIterator<Item = f64>, rng: &mut impl Rng) -> usize {
    let weights: Vec<f64> = weights.into_iter().collect();
    let mut draw = rng.random::<f64>() * weights.iter().sum::<f64>();
    let drawn = weights.iter().position(|weight| {
        draw -= weight;
        draw < 0.0
    });
    drawn.unwrap_or(weights.len().saturating_sub(1))
}

fn weigh_clients(shares: &BTreeMap<String, f64>) -> Vec<(Client, f64)> {
    let old = shares
        .iter()
        .filter_map(|(prefix, &share)| Some((Client::of_2015(prefix)?, share)));
    let old: Vec<_> = old.collect();
    let sum: f64 = old.iter().map(|(_, share)| share).sum();
    let even = sum.max(f64::MIN_POSITIVE) / Client::ALL.len() as f64;
    let today = Client::ALL.iter().map(|&client| (client, even));
    old.into_iter().chain(today).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn draws_what_was_seen() {
        let profile = Profile::of_2015().unwrap();
        let rng = &mut SmallRng::seed_from_u64(1);
        let draws: Vec<f64> = (0..20_000).map(|_| profile.draw_progress(rng)).collect();
        let share = |test: &dyn Fn(f64) -> bool| {
            draws.iter().filter(|&&it| test(it)).count() as f64 / draws.len() as f64
        };
        assert!((share(&|it| it == 1.0) - 0.70).abs() < 0.02);
        assert!((share(&|it| it == 0.0) - 0.03).abs() < 0.01);
        assert_eq!(share(&|it| (0.98..1.0).contains(&it)), 0.0);
        // 3,853 of 58,624 in the first 20th.
        assert!((share(&|it| it < 0.05) - 0.07).abs() < 0.02);
    }

    #[test]
    fn speeds_follow_the_quantiles() {
        let profile = Profile::of_2015().unwrap();
        let rng = &mut SmallRng::seed_from_u64(2);
        let mut draws: Vec<f64> = (0..20_001).map(|_| profile.draw_speed(rng)).collect();
        draws.sort_by(f64::total_cmp);
        let median = draws[10_000];
        assert!((60_000.0..120_000.0).contains(&median), "{median}");
        assert!(draws[0] > 500.0 && draws[20_000] < 2e8);
    }

    #[test]
    fn every_client_appears() {
        let profile = Profile::of_2015().unwrap();
        let rng = &mut SmallRng::seed_from_u64(3);
        let drawn: Vec<Client> = (0..2_000).map(|_| profile.draw_client(rng)).collect();
        for client in Client::ALL {
            assert!(drawn.contains(client), "{client:?}");
        }
        let utorrent = drawn.iter().filter(|&&it| it == Client::Utorrent).count();
        assert!((700..1_100).contains(&utorrent), "{utorrent}");
    }
}

//! How a run takes part in local discovery.

use std::net::IpAddr;

use crate::actors::lsd::LsdPlan;
use crate::actors::swarm::Shared;
use crate::config::Config;
use crate::protocol::address::IpFamily;
use crate::swarm::pace::Pace;

/// One for each family that is used.
pub(super) fn plans(
    config: &Config,
    announced_port: Option<u16>,
    shared: &Shared,
    pace: Pace,
) -> Vec<LsdPlan> {
    let bound = [
        config.bind.v4.map(IpAddr::V4),
        config.bind.v6.map(IpAddr::V6),
    ];
    let used = bound.into_iter().flatten().filter(|_| config.lsd);
    used.map(|ip| LsdPlan {
        family: IpFamily::of(ip),
        own: Some(ip).filter(|it| !it.is_unspecified()),
        announced_port,
        network: shared.network.clone(),
        signs: shared.signs.clone(),
        pace,
    })
    .collect()
}

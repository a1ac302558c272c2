//! What the Monitor samples, also after a death.

use std::time::Duration;

use bta::actors::supervision::Class;
use bta::store::records::SampleRow;

use crate::world::{MINUTE, World, in_virtual_time};
use crate::{kill, lively};

fn gauge(sample: &SampleRow, name: &str) -> Option<u64> {
    let mut gauges = sample.gauges.iter();
    gauges.find(|it| &*it.0 == name).map(|it| it.1)
}

/// A sample stands at each full ten seconds; none is missing but for a moment around a
/// death, and those after it tell of it.
#[test]
fn samples_stand_at_full_ten_seconds() {
    in_virtual_time(async {
        let world = World::of(&lively(39)).await;
        let running = world.begin().await;
        let begun = world.clock.now();
        world.pass(10 * MINUTE + Duration::from_secs(3)).await;
        kill(&running, Class::Monitor).await;
        world.pass(5 * MINUTE).await;
        kill(&running, Class::Recorder).await;
        world.pass(5 * MINUTE).await;
        world.stop(running).await;

        let samples = world.harvest().samples;
        assert_eq!(samples[0].at, begun);
        let on_time = samples
            .iter()
            .filter(|it| it.at.as_millis().is_multiple_of(10_000));
        // Every one of twenty minutes; what the Recorder died with is lost.
        assert!((119..=121).contains(&on_time.count()), "{}", samples.len());
        assert!(samples.is_sorted_by(|a, b| a.at < b.at));

        for name in [
            "sessions_incoming",
            "sessions_limit",
            "memory_bytes",
            "descriptors",
            "descriptors_limit",
            "load_permille",
            "recorder_delay_ms",
            "swarms",
            "addresses",
            "observations_waiting",
            "crossings_waiting",
            "rows_waiting",
            "batches_waiting",
            "rises_waiting",
            "coordinator_busy_permille",
            "recorder_busy_permille",
            "worker_1_busy_permille",
        ] {
            assert!(gauge(&samples[30], name).is_some(), "{name}");
        }
        let of = |name| samples.iter().filter_map(move |it| gauge(it, name));
        assert!(of("sessions_outgoing").max().unwrap() >= 5);
        assert!(of("addresses").max().unwrap() >= 20);
        assert!(of("restarts").is_sorted());
        let restarts: Vec<_> = of("restarts").collect();
        assert_eq!((restarts[0], restarts.last()), (0, Some(&2)));
    });
}

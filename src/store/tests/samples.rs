//! Samples are kept for a day, and one a minute for good.

use super::*;

/// 2026-03-01 11:40 UTC.
const BEGUN: Moment = Moment::from_millis(1_772_365_200_000);

fn samples(path: &Path) -> Vec<u64> {
    let reader = Reader::open(path).unwrap();
    let rows = reader.samples().map(Result::unwrap);
    let seconds = rows.map(|row| {
        let after = row.at.since(BEGUN).as_secs();
        assert_eq!(row.gauges, [("seconds".into(), after)]);
        after
    });
    seconds.collect()
}

#[test]
fn samples_are_thinned_to_one_a_minute_after_a_day() {
    const DAY: u64 = 24 * 3_600;
    let folder = tempfile::tempdir().unwrap();
    let write = |from: u64, until: u64| {
        let records: Vec<_> = (from..until)
            .step_by(10)
            .map(|after| {
                Record::Sample(SampleRow {
                    at: BEGUN + Duration::from_secs(after),
                    gauges: vec![("seconds".into(), after)],
                })
            })
            .collect();
        stored(folder.path(), &records);
    };
    write(0, 600);
    let all: Vec<_> = (0..600).step_by(10).collect();
    assert_eq!(samples(folder.path()), all);
    // The same time of the next day, and an hour more.
    write(DAY, DAY + 4_200);
    let minutes = (0..600).step_by(60);
    let all: Vec<_> = minutes.chain((DAY..DAY + 4_200).step_by(10)).collect();
    assert_eq!(samples(folder.path()), all);
}

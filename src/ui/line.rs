//! How a run stands, in one line, for a log or a pipe.

use crate::report::units::{clock, count, span};

use super::view::View;

/// One line, all torrents together.
pub fn line(view: &View) -> String {
    let all = view.all();
    let torrents = match view.torrents.len() {
        1 => "1 torrent".to_owned(),
        many => format!("{many} torrents"),
    };
    let trackers = match view.trackers.len() {
        0 => String::new(),
        some => format!("; {} of {some} trackers answer", view.answering()),
    };
    let network = match view.network_down {
        Some(down) => format!("; THE NETWORK IS DOWN since {}", span(down)),
        None => String::new(),
    };
    format!(
        "{} {torrents}, {} addresses, {} of {} sessions, {:.1} contacts/s; \
         {} seen: {} already complete, {} below {}; {} confirmed{trackers}{network}",
        clock(view.running),
        count(all.addresses),
        count(view.sessions as u64),
        count(view.slots as u64),
        view.rates.contacts,
        count(all.seen),
        count(all.complete),
        count(all.below),
        view.threshold,
        count(all.confirmed),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::view::{Rates, Torrent, Tracker};
    use super::*;

    #[test]
    fn says_how_a_run_stands() {
        let torrent = Torrent {
            addresses: 1_120,
            seen: 60,
            complete: 31,
            below: 24,
            confirmed: 5,
            ..Torrent::default()
        };
        let mut view = View {
            threshold: "98 %".into(),
            running: Duration::from_secs(93_725),
            torrents: vec![torrent.clone()],
            sessions: 45,
            slots: 1_000,
            rates: Rates {
                contacts: 3.26,
                ..Rates::default()
            },
            ..View::default()
        };
        assert_eq!(
            line(&view),
            "1d 02:02:05 1 torrent, 1,120 addresses, 45 of 1,000 sessions, 3.3 contacts/s; \
             60 seen: 31 already complete, 24 below 98 %; 5 confirmed"
        );
        view.torrents.push(torrent);
        view.trackers.push(Tracker {
            answering: 1,
            torrents: 2,
            ..Tracker::default()
        });
        view.network_down = Some(Duration::from_secs(61));
        let line = line(&view);
        assert!(line.contains(" 2 torrents, 2,240 addresses"), "{line}");
        assert!(
            line.ends_with("1 of 1 trackers answer; THE NETWORK IS DOWN since 1m 1s"),
            "{line}"
        );
    }
}

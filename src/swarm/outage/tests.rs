use super::*;

/// A script of one family, second by second.
struct Script {
    outage: Outage,
    now: Moment,
    heard_at: Option<Moment>,
    route: Option<bool>,
    /// Each `n`th second something is heard; none: nothing.
    speaks_every: Option<u64>,
    news: Vec<(u64, News)>,
    seconds: u64,
}

const T0: Moment = Moment::from_millis(1_000_000);

impl Script {
    fn new() -> Self {
        Script {
            outage: Outage::default(),
            now: T0,
            heard_at: None,
            route: Some(true),
            speaks_every: None,
            news: Vec::new(),
            seconds: 0,
        }
    }

    /// A swarm in which something is heard every so often, for a while.
    fn lively(every: u64, seconds: u64) -> Self {
        let mut script = Script::new();
        script.speaks_every = Some(every);
        script.pass(seconds);
        script
    }

    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.seconds += 1;
            self.now = self.now + LOOK_EVERY;
            let speaks = self.speaks_every;
            if speaks.is_some_and(|every| self.seconds.is_multiple_of(every)) {
                self.hear();
            }
            let news = self.outage.look(self.now, self.heard_at, self.route);
            self.news.extend(news.map(|it| (self.seconds, it)));
        }
    }

    fn hear(&mut self) {
        self.heard_at = Some(self.now - Duration::from_millis(100));
    }

    fn ask(&mut self, hosts: std::ops::Range<u8>, whom: Asked) {
        for host in hosts {
            self.outage.asked(self.now, [44, 0, 0, host].into(), whom);
        }
    }

    fn silence(&mut self) {
        self.speaks_every = None;
    }

    fn gaps(&self) -> Vec<Gap> {
        let gaps = self.news.iter().filter_map(|(_, news)| match news {
            News::Up(gap) => Some(*gap),
            _ => None,
        });
        gaps.collect()
    }

    fn suspicions(&self) -> usize {
        let suspected = |it: &&(u64, News)| it.1 == News::Suspected;
        self.news.iter().filter(suspected).count()
    }

    fn is_down(&self) -> bool {
        self.outage.gap().is_some()
    }
}

#[test]
fn a_route_that_is_gone_is_noticed_in_two_seconds_and_missed_no_longer() {
    let mut script = Script::lively(1, 300);
    script.silence();
    script.route = Some(false);
    script.pass(1);
    assert!(!script.is_down(), "a lease may be renewed");
    script.pass(1);
    let gap = script.outage.gap().unwrap();
    assert_eq!(gap.cause, Cause::NoRoute);
    assert_eq!(gap.since, script.now - Duration::from_secs(2));
    assert!(!script.outage.is_worth_a_try());
    script.pass(58);
    script.route = Some(true);
    script.pass(1);
    assert!(script.is_down(), "nobody was heard yet");
    assert!(script.outage.is_worth_a_try());
    script.hear();
    script.pass(1);
    let gaps = script.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].length(T0), Duration::from_secs(61));
}

#[test]
fn a_route_that_is_back_is_enough_where_nobody_speaks() {
    let mut script = Script::lively(50, 300);
    script.route = Some(false);
    script.silence();
    script.pass(30);
    script.route = None;
    script.pass(6);
    assert_eq!(script.gaps().len(), 1);
}

#[test]
fn everybody_silent_at_once_is_noticed_in_seconds() {
    let mut script = Script::lively(1, 300);
    script.silence();
    script.pass(1);
    script.ask(0..3, Asked::Peer);
    script.pass(2);
    assert!(!script.is_down());
    script.pass(1);
    let gap = script.outage.gap().unwrap();
    assert_eq!(
        (gap.cause, Some(gap.since)),
        (Cause::Silence, script.heard_at)
    );
    assert!(script.outage.is_worth_a_try());
    script.pass(600);
    assert!(script.is_down());
    script.hear();
    script.pass(1);
    assert!(!script.is_down());
}

#[test]
fn an_unusual_silence_makes_us_ask_once() {
    let mut script = Script::lively(2, 300);
    assert_eq!(script.suspicions(), 0);
    script.silence();
    script.pass(4);
    assert_eq!(script.suspicions(), 1);
    script.pass(600);
    assert_eq!(script.suspicions(), 1);
    assert!(!script.is_down(), "there was nobody to ask");
}

#[test]
fn a_quiet_swarm_is_no_outage() {
    let mut script = Script::lively(45, 6 * 3600);
    assert!(script.suspicions() <= 4, "{:?}", script.news);
    // Its three peers are visited one by one, and one of them is gone.
    for host in 0..3 {
        script.ask(host..host + 1, Asked::Peer);
        script.pass(30);
    }
    script.ask(0..2, Asked::Peer);
    script.pass(30);
    assert!(script.gaps().is_empty() && !script.is_down());
}

#[test]
fn addresses_that_never_answered_prove_nothing() {
    // Nobody is asked who is known to answer, and nobody was ever heard.
    let mut script = Script::new();
    script.route = None;
    script.pass(3_600);
    assert!(script.news.is_empty());
    // The same, but one tracker answers twice an hour.
    script.speaks_every = Some(1_800);
    script.pass(4 * 3600);
    assert!(script.gaps().is_empty() && !script.is_down());
}

#[test]
fn peers_that_die_one_after_the_other_are_no_outage() {
    let mut script = Script::lively(1, 300);
    script.silence();
    for host in 0..10 {
        script.ask(host..host + 1, Asked::Peer);
        script.pass(15);
    }
    assert!(!script.is_down());
}

#[test]
fn one_host_is_one_voice_however_often_it_is_asked() {
    let mut script = Script::lively(1, 300);
    script.silence();
    for _ in 0..10 {
        script.ask(0..1, Asked::Peer);
        script.pass(1);
    }
    assert!(!script.is_down());
}

#[test]
fn nodes_of_the_dht_are_worth_less() {
    let mut script = Script::lively(1, 300);
    script.silence();
    script.ask(0..5, Asked::Node);
    script.pass(5);
    assert!(!script.is_down());
    script.ask(5..6, Asked::Node);
    script.pass(3);
    assert!(script.is_down());
}

#[test]
fn an_answer_in_time_clears_all_questions() {
    let mut script = Script::lively(1, 300);
    script.silence();
    script.ask(0..20, Asked::Peer);
    script.pass(2);
    script.hear();
    script.pass(60);
    assert!(!script.is_down());
}

#[test]
fn a_look_that_was_held_up_proves_nothing() {
    let mut script = Script::lively(1, 300);
    script.ask(0..20, Asked::Peer);
    script.silence();
    script.now = script.now + Duration::from_secs(60);
    script.pass(5);
    assert!(!script.is_down());
}

#[test]
fn failures_in_a_gap_are_our_own() {
    let mut script = Script::lively(1, 300);
    script.silence();
    let from = script.now;
    let to = from + Duration::from_secs(2);
    let verdict = |it: &Script, from, to| it.outage.verdict(it.now, from, to, it.heard_at);
    script.pass(2);
    assert_eq!(verdict(&script, from, to), Verdict::Open);
    script.ask(0..3, Asked::Peer);
    script.pass(3);
    assert_eq!(verdict(&script, from, to), Verdict::Ours);
    script.speaks_every = Some(1);
    script.pass(10);
    assert_eq!(verdict(&script, from, to), Verdict::Ours);
    // The control: before and after it they are the others'.
    let (before, after) = (from - Duration::from_secs(9), script.now);
    assert_eq!(verdict(&script, before, before), Verdict::Theirs);
    assert_eq!(verdict(&script, after, after), Verdict::Open);
    script.pass(2);
    assert_eq!(verdict(&script, after, after), Verdict::Theirs);
}

#[test]
fn in_a_long_silence_failures_are_charged_all_the_same() {
    let mut script = Script::lively(1, 300);
    script.silence();
    let failed = script.now + Duration::from_secs(30);
    script.pass(30);
    let verdict = |it: &Script| it.outage.verdict(it.now, failed, failed, it.heard_at);
    assert_eq!(verdict(&script), Verdict::Open);
    script.pass(20);
    assert_eq!(verdict(&script), Verdict::Theirs);
}

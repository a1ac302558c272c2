//! What a crowd is told while it runs: a line, and a line in answer.

use std::str::FromStr;

use super::Crowd;

/// HAVE messages to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// A second, by all peers together; `u64::MAX`: as many as are taken.
    pub per_second: u64,
    /// For so long.
    pub millis: u64,
    /// That one peer sends in one write.
    pub batch: u16,
    /// Nobody comes to hold more than that.
    pub most: u16,
}

/// HAVE messages that were sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// How many.
    pub messages: u64,
    /// Peers that had no room for theirs, each time that it happened.
    pub refused: u64,
    /// From when, in nanoseconds since the epoch.
    pub from_ns: u64,
    /// Until when.
    pub to_ns: u64,
}

/// What a crowd has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stats {
    /// Connections that were accepted.
    pub accepted: u64,
    /// Those that shook hands.
    pub greeted: u64,
    /// Peers that were greeted at least once.
    pub visited: u64,
    /// Those that are open.
    pub open: u64,
    /// That were no handshake for this torrent.
    pub strange: u64,
    /// When the first one was accepted, in nanoseconds since the epoch.
    pub accepted_ns: u64,
    /// When the last one shook hands.
    pub greeted_ns: u64,
    /// When the last one ended.
    pub closed_ns: u64,
}

impl Crowd {
    /// Each connected peer sends so many HAVE now, as far as it does not come to hold
    /// more than `most`.
    pub(crate) fn have(&mut self, messages: u16, most: u16) -> Sent {
        let answer = self.order(&format!("have {messages} {most}"));
        Sent::read(&answer)
    }

    /// Connected peers send HAVE in turn; answers when that is over.
    pub(crate) fn flow(&mut self, flow: Flow) -> Sent {
        self.begin_flow(flow);
        self.end_flow()
    }

    /// The same, without waiting: the next call must be [`Self::end_flow`].
    pub(crate) fn begin_flow(&mut self, flow: Flow) {
        use std::io::Write;
        let Flow {
            per_second,
            millis,
            batch,
            most,
        } = flow;
        let order = format!("flow {per_second} {millis} {batch} {most}");
        writeln!(self.orders, "{order}").unwrap();
    }

    /// Waits for the end of a flow.
    pub(crate) fn end_flow(&mut self) -> Sent {
        Sent::read(&self.answers.next().unwrap().unwrap())
    }

    /// Who has reached the threshold, and when that was sent (nanoseconds since the
    /// epoch); 20-byte peer ids are [`super::peers::peer_id`]'s.
    pub(crate) fn crossings(&mut self) -> Vec<(usize, u64)> {
        let answer = self.order("crossings");
        let crossings = answer.split_ascii_whitespace().map(|it| {
            let (peer, at) = it.split_once(':').unwrap();
            (peer.parse().unwrap(), at.parse().unwrap())
        });
        crossings.collect()
    }

    /// How long each session lasted from the HAVE of its peer's threshold, in nanoseconds:
    /// the program leaves who is complete as soon as that is stored.
    pub(crate) fn farewells(&mut self) -> Vec<u64> {
        let answer = self.order("farewells");
        let farewells = answer.split_ascii_whitespace();
        farewells.map(|it| it.parse().unwrap()).collect()
    }

    /// What it has seen so far.
    pub(crate) fn stats(&mut self) -> Stats {
        let answer = self.order("stats");
        let [
            accepted,
            greeted,
            visited,
            open,
            strange,
            accepted_ns,
            greeted_ns,
            closed_ns,
        ] = numbers(&answer);
        Stats {
            accepted,
            greeted,
            visited,
            open,
            strange,
            accepted_ns,
            greeted_ns,
            closed_ns,
        }
    }

    /// The same, once nobody is connected any more.
    pub(crate) fn settled_stats(&mut self) -> Stats {
        loop {
            let stats = self.stats();
            if stats.open == 0 {
                return stats;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Forgets all counts, and holds again what it held at first.
    pub(crate) fn begin_anew(&mut self) {
        self.order("anew");
    }
}

impl Sent {
    fn read(answer: &str) -> Sent {
        let [messages, refused, from_ns, to_ns] = numbers(answer);
        Sent {
            messages,
            refused,
            from_ns,
            to_ns,
        }
    }

    pub(super) fn line(&self) -> String {
        let Sent {
            messages,
            refused,
            from_ns,
            to_ns,
        } = self;
        format!("{messages} {refused} {from_ns} {to_ns}")
    }
}

impl Stats {
    pub(super) fn line(&self) -> String {
        let all = [
            self.accepted,
            self.greeted,
            self.visited,
            self.open,
            self.strange,
            self.accepted_ns,
            self.greeted_ns,
            self.closed_ns,
        ];
        all.map(|it| it.to_string()).join(" ")
    }
}

/// As the crowd's process reads them.
pub(super) enum Order {
    Have { messages: u16, most: u16 },
    Flow(Flow),
    Crossings,
    Farewells,
    Stats,
    Anew,
}

impl FromStr for Order {
    type Err = ();

    fn from_str(line: &str) -> Result<Order, ()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "have" => {
                let [messages, most] = numbers(rest);
                Order::Have {
                    messages: messages as u16,
                    most: most as u16,
                }
            }
            "flow" => {
                let [per_second, millis, batch, most] = numbers(rest);
                Order::Flow(Flow {
                    per_second,
                    millis,
                    batch: batch as u16,
                    most: most as u16,
                })
            }
            "crossings" => Order::Crossings,
            "farewells" => Order::Farewells,
            "stats" => Order::Stats,
            "anew" => Order::Anew,
            _ => return Err(()),
        })
    }
}

fn numbers<const N: usize>(line: &str) -> [u64; N] {
    let words = line.split_ascii_whitespace();
    let numbers: Vec<_> = words.map(|it| it.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

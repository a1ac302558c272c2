//! Whether the other side of a connection is still there.
//!
//! A stream that nobody speaks on looks like one whose other end has gone without a word,
//! as libtorrent's does. So who falls silent is asked: by a packet that it must answer and
//! throws away. It is gone if it answers none of a row of questions while others are heard
//! at the same socket; where nobody is heard our own network may be at fault.

use super::limits::{FALLEN_SILENT, FIRST_QUESTION, QUESTIONS, QUESTIONS_APART, QUIET};
use crate::moment::Moment;

/// What one side knows of the other's being there.
#[derive(Debug)]
pub(super) struct Liveness {
    /// When something was sent or heard last.
    active: Moment,
    /// Their last packet said something.
    spoke: bool,
    /// When the first question is due; none: it was asked.
    first_due: Option<Moment>,
    /// They have answered a question.
    answers: bool,
    /// The questions since they were heard last.
    row: Option<Row>,
}

/// What a packet of theirs brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Bytes, or their end.
    Speech,
    /// That ours have arrived.
    Acknowledgement,
    /// Neither: it answers a question.
    NothingNew,
}

/// Questions without an answer.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// When the first was asked.
    began: Moment,
    /// When the last was.
    asked: Moment,
    /// How many were in vain since somebody else was heard, after the first of all.
    in_vain: u8,
}

impl Liveness {
    pub(super) fn new(now: Moment) -> Self {
        Liveness {
            active: now,
            spoke: false,
            first_due: Some(now + FIRST_QUESTION),
            answers: false,
            row: None,
        }
    }

    /// They were heard.
    pub(super) fn heard(&mut self, now: Moment, what: Heard) {
        let was_asked = self.first_due.is_none();
        self.answers |= was_asked && what == Heard::NothingNew;
        self.spoke = what == Heard::Speech;
        (self.active, self.row) = (now, None);
    }

    /// Something was sent that is no question.
    pub(super) fn sent(&mut self, now: Moment) {
        self.active = now;
    }

    /// They have answered questions: silence means something.
    pub(super) fn answers(&self) -> bool {
        self.answers
    }

    /// When to ask, or to think about the answers that did not come.
    pub(super) fn due(&self) -> Moment {
        let quiet = self.active + QUIET;
        match (self.first_due, self.row) {
            (Some(due), _) => due,
            (None, _) if !self.answers => quiet,
            (None, Some(row)) if row.in_vain > 0 || row.asked == row.began => {
                row.asked + QUESTIONS_APART
            }
            (None, Some(row)) => row.asked + FALLEN_SILENT,
            (None, None) if self.spoke => quiet.min(self.active + FALLEN_SILENT),
            (None, None) => quiet,
        }
    }

    /// What is due: whether they are gone. Somebody else was heard last at `others`.
    pub(super) fn is_gone(&mut self, now: Moment, others: Option<Moment>) -> bool {
        let due = self.due() <= now && self.answers;
        let Some(row) = self.row.as_mut().filter(|_| due) else {
            return false;
        };
        let witnessed = row.in_vain > 0 || others.is_some_and(|at| at > row.began);
        row.in_vain += u8::from(witnessed);
        row.in_vain > QUESTIONS
    }

    /// Whether to ask now; if so, it is asked.
    pub(super) fn ask(&mut self, now: Moment) -> bool {
        if now < self.due() {
            return false;
        }
        self.first_due = None;
        self.active = now;
        let row = self.row.get_or_insert(Row {
            began: now,
            asked: now,
            in_vain: 0,
        });
        row.asked = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Moment = Moment::from_millis(1_772_365_200_000);

    fn seconds(seconds: u64) -> Moment {
        START + Duration::from_secs(seconds)
    }

    /// One that has answered the first question, and was heard last after 4 s.
    fn answering() -> Liveness {
        let mut liveness = Liveness::new(START);
        assert!(!liveness.ask(seconds(2)));
        assert!(liveness.ask(seconds(3)));
        liveness.heard(seconds(4), Heard::NothingNew);
        liveness
    }

    /// When it counts as gone, if others are heard as `others` says; within ten minutes.
    fn gone(liveness: &mut Liveness, others: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        (5..605).find(|&second| {
            let heard = others(second).map(seconds);
            let gone = liveness.is_gone(seconds(second), heard);
            liveness.ask(seconds(second));
            gone
        })
    }

    #[test]
    fn who_spoke_last_is_asked_sooner_and_gone_within_half_a_minute() {
        let mut spoke = answering();
        spoke.heard(seconds(5), Heard::Speech);
        assert_eq!(gone(&mut spoke, |now| Some(now - 1)), Some(33));
        let mut quiet = answering();
        assert_eq!(gone(&mut quiet, |now| Some(now - 1)), Some(51));
    }

    #[test]
    fn where_nobody_is_heard_or_nothing_was_ever_answered_nobody_is_gone() {
        assert_eq!(gone(&mut answering(), |_| Some(4)), None);
        assert_eq!(gone(&mut answering(), |_| None), None);
        let mut mute = Liveness::new(START);
        assert!(mute.ask(seconds(3)));
        mute.heard(seconds(4), Heard::Speech);
        mute.heard(seconds(4), Heard::Acknowledgement);
        assert_eq!(gone(&mut mute, |now| Some(now - 1)), None);
    }

    #[test]
    fn any_answer_begins_a_new_row() {
        let mut liveness = answering();
        for second in 5..600 {
            assert!(!liveness.is_gone(seconds(second), Some(seconds(second - 1))));
            liveness.ask(seconds(second));
            if second % 45 == 0 {
                liveness.heard(seconds(second), Heard::NothingNew);
            }
        }
    }

    #[test]
    fn after_a_cut_as_many_questions_are_asked_as_ever_before_anybody_is_gone() {
        let mut liveness = answering();
        let back = |now: u64| Some(if now > 100 { now - 1 } else { 4 });
        let gone = gone(&mut liveness, back).unwrap();
        assert!(gone >= 100 + 15, "{gone}");
    }
}

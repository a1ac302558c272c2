//! What many peers are called by is kept once.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

/// Texts remembered on an arbiter. A swarm's clients have some dozens; who draws a new
/// one for each session does not make us keep them.
const MOST: usize = 512;

thread_local! {
    static TEXTS: RefCell<HashSet<Arc<str>>> = RefCell::default();
}

/// `text`, in the one copy of it that the sessions of this arbiter share.
pub(super) fn shared(text: &str) -> Arc<str> {
    TEXTS.with_borrow_mut(|texts| match texts.get(text) {
        Some(known) => Arc::clone(known),
        None => {
            if texts.len() >= MOST {
                texts.clear();
            }
            let text = Arc::<str>::from(text);
            texts.insert(Arc::clone(&text));
            text
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_of_each_text_and_a_bounded_number() {
        assert!(Arc::ptr_eq(&shared("a client"), &shared("a client")));
        let other = shared("another");
        (0..2 * MOST).for_each(|number| {
            shared(&number.to_string());
        });
        assert!(TEXTS.with_borrow(|it| it.len() <= MOST));
        assert_eq!(shared("another"), other);
    }
}

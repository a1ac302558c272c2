use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::cipher::KeyStream;
use super::exchange::{KeyPair, Secret, name};
use super::*;
use crate::protocol::info_hash::InfoHash;

const TORRENT: InfoHash = InfoHash([0xaa; 20]);
const OTHER: InfoHash = InfoHash([0xbb; 20]);
const UNKNOWN: InfoHash = InfoHash([0xcc; 20]);
const HELLO: &[u8] = b"the handshake of BEP 3";

fn known() -> SharedKeys {
    let mut known = SharedKeys::default();
    known.insert(TORRENT);
    known.insert(OTHER);
    known
}

/// What a side says, laid by hand: to try what no honest side would.
struct Stranger {
    pair: KeyPair,
}

impl Stranger {
    fn new() -> Self {
        let pair = KeyPair::new(&mut StdRng::seed_from_u64(9));
        Stranger { pair }
    }

    /// A public key without padding.
    fn opening(&self) -> Vec<u8> {
        let mut opening = self.pair.opening(&mut StdRng::seed_from_u64(9));
        opening.truncate(96);
        opening
    }

    fn secret(&self, theirs: &[u8]) -> Secret {
        self.pair.agree(&theirs[..96]).unwrap()
    }
}

/// A caller's third step, and the two streams as it has them then.
fn asks(
    secret: &Secret,
    torrent: InfoHash,
    (vc, provide, pad_c): ([u8; 8], u32, u16),
    behind: &[u8],
) -> (Vec<u8>, KeyStream, KeyStream) {
    let mut ours = secret.of_initiator(&torrent);
    let mut sealed = vc.to_vec();
    sealed.extend(provide.to_be_bytes());
    sealed.extend(pad_c.to_be_bytes());
    sealed.extend(behind);
    ours.apply(&mut sealed);
    let mut bytes = secret.marker().to_vec();
    bytes.extend(secret.veil(&name(&torrent)));
    bytes.extend(sealed);
    (bytes, ours, secret.of_responder(&torrent))
}

/// A responder that has answered a stranger's key, and the secret of the two.
fn called() -> (Responder, Secret) {
    let (stranger, mut responder) = (Stranger::new(), Responder::new([2; 32]));
    let opening = stranger.opening();
    assert!(responder.handle_input(&mut &opening[..], &known()).is_ok());
    let secret = stranger.secret(&responder.take_transmit());
    (responder, secret)
}

/// An initiator that has heard a stranger's key, and the secret of the two.
fn answered() -> (Initiator, Secret) {
    let (stranger, mut initiator) = (Stranger::new(), Initiator::new([1; 32], TORRENT, HELLO));
    let secret = stranger.secret(&initiator.take_transmit());
    let opening = stranger.opening();
    assert!(initiator.handle_input(&mut &opening[..]).is_ok());
    (initiator, secret)
}

fn selects(secret: &Secret, select: u32, pad_d: &[u8]) -> (Vec<u8>, KeyStream) {
    let mut stream = secret.of_responder(&TORRENT);
    let mut bytes = VC.to_vec();
    bytes.extend(select.to_be_bytes());
    bytes.extend((pad_d.len() as u16).to_be_bytes());
    bytes.extend(pad_d);
    stream.apply(&mut bytes);
    (bytes, stream)
}

/// Hands bytes over in pieces of these lengths; what is left when the two agree.
fn in_pieces<T>(
    bytes: &[u8],
    cuts: &mut impl Iterator<Item = usize>,
    mut take: impl FnMut(&mut &[u8]) -> Option<T>,
) -> Option<(T, Vec<u8>)> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let cut = cuts.next().unwrap_or(1).min(rest.len());
        let (mut now, later) = rest.split_at(cut);
        rest = later;
        if let Some(result) = take(&mut now) {
            return Some((result, [now, later].concat()));
        }
        assert!(now.is_empty());
    }
    None
}

proptest! {
    #[test]
    fn two_of_ours_agree_however_their_bytes_are_cut(
        a: [u8; 32], b: [u8; 32],
        cuts in proptest::collection::vec(1..200usize, 1..20),
        said in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut cuts = cuts.into_iter().cycle();
        let (mut initiator, mut responder) = (Initiator::new(a, OTHER, HELLO), Responder::new(b));
        let known = known();
        let mut answer = |bytes: Vec<u8>, cuts: &mut _| {
            let agreed = in_pieces(&bytes, cuts, |it| responder.handle_input(it, &known).unwrap());
            (agreed, responder.take_transmit())
        };
        let (none, bytes) = answer(initiator.take_transmit(), &mut cuts);
        prop_assert!(none.is_none());
        let nothing = in_pieces(&bytes, &mut cuts, |it| initiator.handle_input(it).unwrap());
        prop_assert!(nothing.is_none());
        let (agreed, bytes) = answer(initiator.take_transmit(), &mut cuts);
        let (Agreed { info_hash, cipher: mut theirs }, mut rest) = agreed.unwrap();
        theirs.decrypt(&mut rest);
        prop_assert_eq!((info_hash, &rest[..]), (OTHER, HELLO));

        let mut bytes = bytes;
        let mut behind = said.clone();
        theirs.encrypt(&mut behind);
        bytes.extend(&behind);
        let agreed = in_pieces(&bytes, &mut cuts, |it| initiator.handle_input(it).unwrap());
        let (mut ours, mut rest) = agreed.unwrap();
        ours.decrypt(&mut rest);
        prop_assert_eq!(&rest, &said);
        ours.encrypt(&mut rest);
        prop_assert!(said.len() < 8 || rest != said);
        theirs.decrypt(&mut rest);
        prop_assert_eq!(&rest, &said);
        prop_assert!(!ours.is_spent() && !theirs.is_spent());
    }

    #[test]
    fn noise_ends_bounded(noise in proptest::collection::vec(any::<u8>(), 700..1400)) {
        let mut responder = Responder::new([2; 32]);
        let input = &mut &noise[..];
        prop_assert!(responder.handle_input(input, &known()).is_err());
        prop_assert!(noise.len() - input.len() <= 96 + 512 + 20);
        let mut initiator = Initiator::new([1; 32], TORRENT, HELLO);
        let input = &mut &noise[..];
        prop_assert!(initiator.handle_input(input).is_err());
        prop_assert!(noise.len() - input.len() <= 96 + 512 + 8);
    }
}

#[test]
fn says_its_first_words_without_waiting() {
    let (mut initiator, secret) = answered();
    let said = initiator.take_transmit();
    let behind = [&(HELLO.len() as u16).to_be_bytes()[..], HELLO].concat();
    let (expected, ..) = asks(&secret, TORRENT, (VC, 3, 0), &behind);
    assert_eq!(said, expected);
}

#[test]
fn computes_nothing_before_a_whole_key_has_come() {
    let mut responder = Responder::new([2; 32]);
    let opening = Stranger::new().opening();
    let known = known();
    assert!(responder.handle_input(&mut &opening[..95], &known).is_ok());
    assert_eq!(responder.take_transmit(), b"");
    assert!(responder.handle_input(&mut &opening[95..], &known).is_ok());
    assert!((96..=96 + 512).contains(&responder.take_transmit().len()));
}

#[test]
fn takes_the_longest_padding_and_no_more() {
    for (padding, fits) in [(0, true), (512, true), (513, false)] {
        let (mut responder, secret) = called();
        let (asked, ..) = asks(&secret, TORRENT, (VC, RC4, 0), &[0, 0]);
        let bytes = [vec![7; padding], asked].concat();
        let agreed = responder.handle_input(&mut &bytes[..], &known());
        assert_eq!(agreed.is_ok_and(|it| it.is_some()), fits, "PadA {padding}");

        let (mut initiator, secret) = answered();
        let bytes = [vec![7; padding], selects(&secret, RC4, &[]).0].concat();
        let agreed = initiator.handle_input(&mut &bytes[..]);
        assert_eq!(agreed.is_ok_and(|it| it.is_some()), fits, "PadB {padding}");

        let too_long = EncryptionError::PaddingTooLong { len_bytes: padding };
        let error = (!fits).then_some(too_long);
        let (mut responder, secret) = called();
        let behind = vec![7; padding + 2];
        let (bytes, ..) = asks(&secret, TORRENT, (VC, RC4, padding as u16), &behind);
        let agreed = responder.handle_input(&mut &bytes[..], &known());
        assert_eq!(agreed.as_ref().err(), error.as_ref(), "PadC {padding}");

        let (mut initiator, secret) = answered();
        let (bytes, _) = selects(&secret, RC4, &vec![7; padding]);
        let agreed = initiator.handle_input(&mut &bytes[..]);
        assert_eq!(agreed.as_ref().err(), error.as_ref(), "PadD {padding}");
    }
}

#[test]
fn selects_rc4_where_it_is_offered() {
    for (offered, selected) in [(RC4, RC4), (PLAIN, PLAIN), (3, RC4), (0xffff_ff01, PLAIN)] {
        let (mut responder, secret) = called();
        let behind = [&[0, 5][..], b"first"].concat();
        let (mut bytes, mut ours, mut theirs) = asks(&secret, TORRENT, (VC, offered, 0), &behind);
        let mut second = b"second".to_vec();
        if selected == RC4 {
            ours.apply(&mut second);
        }
        bytes.extend(second);
        let input = &mut &bytes[..];
        let agreed = responder.handle_input(input, &known()).unwrap().unwrap();
        let mut answer = responder.take_transmit();
        theirs.apply(&mut answer);
        let expected = [&VC[..], &selected.to_be_bytes(), &[0; 2]].concat();
        assert_eq!(answer, expected);

        let mut cipher = agreed.cipher;
        let mut heard = input.to_vec();
        heard.chunks_mut(3).for_each(|it| cipher.decrypt(it));
        assert_eq!(heard, b"firstsecond");
        assert_eq!(cipher.is_spent(), selected == PLAIN);
        let mut said = *b"said";
        cipher.encrypt(&mut said);
        assert_eq!(&said == b"said", selected == PLAIN);
    }
}

#[test]
fn speaks_plainly_if_that_is_selected() {
    let (mut initiator, secret) = answered();
    let mut bytes = selects(&secret, PLAIN, &[0; 30]).0;
    bytes.extend(b"plain");
    let input = &mut &bytes[..];
    let mut cipher = initiator.handle_input(input).unwrap().unwrap();
    let mut heard = input.to_vec();
    cipher.decrypt(&mut heard);
    assert_eq!(heard, b"plain");
    assert!(cipher.is_spent());
}

#[test]
fn refuses_methods_that_it_did_not_offer() {
    for methods in [0, 3, 4, 0x0200_0000] {
        let (mut initiator, secret) = answered();
        let (bytes, _) = selects(&secret, methods, &[]);
        let error = initiator.handle_input(&mut &bytes[..]).unwrap_err();
        assert_eq!(error, EncryptionError::NoCommonMethod { methods });
    }
    for methods in [0, 4, 0x0200_0000] {
        let (mut responder, secret) = called();
        let (bytes, ..) = asks(&secret, TORRENT, (VC, methods, 0), &[0, 0]);
        let error = responder.handle_input(&mut &bytes[..], &known());
        let expected = EncryptionError::NoCommonMethod { methods };
        assert_eq!(error.unwrap_err(), expected);
    }
}

#[test]
fn refuses_a_torrent_it_does_not_know() {
    let (mut responder, secret) = called();
    let (bytes, ..) = asks(&secret, UNKNOWN, (VC, RC4, 0), &[0, 0]);
    let error = responder.handle_input(&mut &bytes[..], &known());
    assert_eq!(error.unwrap_err(), EncryptionError::UnknownTorrent);
}

#[test]
fn refuses_a_wrong_verification() {
    let (mut responder, secret) = called();
    let wrong = [0, 0, 0, 0, 0, 0, 0, 1];
    let (bytes, ..) = asks(&secret, TORRENT, (wrong, RC4, 0), &[0, 0]);
    let error = responder.handle_input(&mut &bytes[..], &known());
    assert_eq!(error.unwrap_err(), EncryptionError::WrongVerification);
}

#[test]
fn names_each_failure_by_a_label_of_its_own() {
    use EncryptionError::*;
    let labels = [
        DegenerateKey.label(),
        NotSynchronised.label(),
        UnknownTorrent.label(),
        WrongVerification.label(),
        NoCommonMethod { methods: 0 }.label(),
        PaddingTooLong { len_bytes: 0 }.label(),
    ];
    assert_eq!(labels.len(), std::collections::HashSet::from(labels).len());
}

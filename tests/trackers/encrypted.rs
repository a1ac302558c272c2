//! Trackers behind TLS.

use bta::lab::tracker::authority::{Authority, EVER};

use crate::world::{NAME, THERE, World, reply, there};

const URL: &str = "https://tracker.example:8080/announce";
const PEERS: &[u8] = b"d8:intervali900e5:peers0:e";

#[tokio::test(start_paused = true)]
async fn a_tracker_must_prove_its_name() {
    let world = World::new();
    let stranger = Authority::invent().unwrap();
    let ip = THERE.to_string();
    let cases = [
        (world.authority.vouch(NAME, EVER), "ok"),
        (world.authority.vouch(NAME, 2001..=2002), "tls_expired"),
        (world.authority.vouch(NAME, 3001..=3002), "tls_expired"),
        (
            world.authority.vouch("other.example", EVER),
            "tls_wrong_name",
        ),
        (world.authority.vouch(&ip, EVER), "tls_wrong_name"),
        (stranger.vouch(NAME, EVER), "tls_unknown_issuer"),
    ];
    for (port, (identity, expected)) in (8000..).zip(cases) {
        let answers = vec![reply(200, "", PEERS)];
        let at = (THERE, port).into();
        world.serve_as(at, Some(identity.unwrap()), answers).await;
        let url = format!("https://{NAME}:{port}/announce");
        let outcome = world.announce(&url).await;
        let label = outcome.as_ref().map_or_else(|it| it.label(), |_| "ok");
        assert_eq!(label, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_may_be_proven_too() {
    let world = World::new();
    let identity = world.authority.vouch(&THERE.to_string(), EVER).unwrap();
    let answers = vec![reply(200, "", PEERS)];
    world.serve_as(there(), Some(identity), answers).await;
    let answer = world.announce("https://44.1.1.1:8080/announce").await;
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn what_speaks_no_tls_is_not_spoken_to() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28",
    ] {
        let world = World::new();
        let heard = world.serve(there(), vec![answer.to_vec()]).await;
        let error = world.announce(URL).await.unwrap_err();
        let expected = if answer.is_empty() {
            "reset"
        } else {
            "tls_failed"
        };
        assert_eq!(error.label(), expected, "{}", answer.escape_ascii());
        assert!(!heard.lock().unwrap()[0].contains("info_hash"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_leads_into_tls_and_not_out_of_it() {
    let world = World::new();
    let identity = world.authority.vouch(NAME, EVER).unwrap();
    let open = (THERE, 80).into();
    let to = |url: &str| reply(302, &format!("Location: {url}\r\n"), b"");
    let in_tls = vec![reply(200, "", PEERS), to("http://tracker.example/out")];
    world.serve_as(there(), Some(identity), in_tls).await;
    let heard = world.serve(open, vec![to(URL)]).await;
    let answer = world.announce("http://tracker.example/announce").await;
    assert!(answer.is_ok(), "{answer:?}");
    let error = world.announce(URL).await.unwrap_err();
    assert_eq!(error.label(), "redirect_to_http");
    assert_eq!(heard.lock().unwrap().len(), 1);
}

//! Pages over HTTP.

use std::io::Write;
use std::net::SocketAddr;

use bta::protocol::limits;
use bta::protocol::tracker::Scraped;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::world::{LIMIT, World, reply, there};

const URL: &str = "http://tracker.example:8080/announce";
const PEERS: &[u8] = b"d8:intervali900e5:peers6:\x2c\x05\x05\x05\x1a\xe1e";
const FIGURES: &[u8] = b"d5:filesd20:aaaaaaaaaaaaaaaaaaaa\
    d8:completei5e10:downloadedi50e10:incompletei10eeee";

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const GZIP: &str = "Content-Encoding: gzip\r\n";

/// The outcome of an announce that is answered so.
async fn outcome(answer: &[u8]) -> &'static str {
    let world = World::new();
    world.serve(there(), vec![answer.to_vec()]).await;
    match world.announce(URL).await {
        Ok(_) => "ok",
        Err(error) => error.label(),
    }
}

#[tokio::test(start_paused = true)]
async fn each_bad_answer_has_its_outcome() {
    let zipped = gzip(PEERS);
    let whole = reply(200, "", PEERS);
    let bomb = gzip(&vec![b'd'; 64 * limits::ANNOUNCE_BODY_BYTES]);
    let huge = vec![b'd'; limits::ANNOUNCE_BODY_BYTES + 1];
    let chunked = "Transfer-Encoding: chunked\r\n\r\nzz\r\n";
    for (answer, expected) in [
        (whole.clone(), "ok"),
        (reply(200, GZIP, &zipped), "ok"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "malformed"),
        (b"\0\x01\x02".to_vec(), "malformed"),
        (b"".to_vec(), "reset"),
        (whole[..whole.len() - 5].to_vec(), "malformed"),
        (format!("HTTP/1.1 200 X\r\n{chunked}").into(), "malformed"),
        (reply(200, "", b"<html>It works!</html>"), "malformed"),
        (reply(200, "", b""), "malformed"),
        (reply(200, "", &PEERS[..20]), "malformed"),
        (reply(200, "", b"d14:failure reason2:noe"), "failure"),
        (reply(403, "", b"d14:failure reason2:noe"), "failure"),
        (
            reply(403, GZIP, &gzip(b"d14:failure reason2:noe")),
            "failure",
        ),
        (reply(403, "", b"forbidden"), "http_status"),
        (reply(404, GZIP, b"forbidden"), "http_status"),
        (reply(503, "", PEERS), "http_status"),
        (reply(200, "", &huge), "body_too_large"),
        (reply(200, GZIP, &bomb), "body_too_large"),
        (
            reply(200, GZIP, &zipped[..zipped.len() - 9]),
            "bad_encoding",
        ),
        (reply(200, GZIP, PEERS), "bad_encoding"),
        (
            reply(200, "Content-Encoding: br\r\n", PEERS),
            "bad_encoding",
        ),
    ] {
        let outcome = outcome(&answer).await;
        let shown = answer[..answer.len().min(120)].escape_ascii();
        assert_eq!(outcome, expected, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_followed_as_far_as_it_makes_sense() {
    let moved = |to: &str| reply(302, &format!("Location: {to}\r\n"), b"");
    let answers = |first: Vec<u8>| vec![first, reply(200, "", PEERS)];
    for (answers, expected, requests) in [
        (answers(moved("/other?x=1")), "ok", 2),
        (answers(moved("http://44.1.1.1:8080/a")), "ok", 2),
        (answers(reply(301, "Location: b\r\n", b"moved")), "ok", 2),
        (answers(moved("udp://44.1.1.1:8080")), "bad_redirect", 1),
        (answers(reply(307, "", b"")), "bad_redirect", 1),
        (answers(moved("http://127.0.0.1/")), "forbidden_address", 1),
        (answers(moved("http://[::1]:8080/")), "forbidden_address", 1),
        (answers(moved("http://10.0.0.1/a")), "forbidden_address", 1),
        (answers(moved("http://nowhere.example/")), "no_such_host", 1),
        (answers(reply(304, "", b"")), "http_status", 1),
        (vec![moved("/announce")], "too_many_redirects", 6),
    ] {
        let world = World::new();
        let heard = world.serve(there(), answers).await;
        let outcome = world.announce(URL).await;
        let label = outcome.as_ref().map_or_else(|it| it.label(), |_| "ok");
        let heard = heard.lock().unwrap();
        assert_eq!((label, heard.len()), (expected, requests), "{heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_leads_home_is_not_followed() {
    let world = World::new();
    world.net.name("home.example", &[[192, 168, 1, 1].into()]);
    let moved = reply(302, "Location: http://home.example:8080/a\r\n", b"");
    world.serve(there(), vec![moved]).await;
    let home: SocketAddr = ([192, 168, 1, 1], 8080).into();
    let heard = world.serve(home, vec![reply(200, "", PEERS)]).await;
    let error = world.announce(URL).await.unwrap_err();
    assert_eq!(error.label(), "forbidden_address");
    assert!(heard.lock().unwrap().is_empty());
    // In a lab it is.
    let url = bta::protocol::tracker::TrackerUrl::parse(URL).unwrap();
    let lab = world.asker(true);
    let answer = lab.announce(&url, &crate::world::request(), LIMIT).await;
    assert_eq!(answer.unwrap().peers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn says_who_asks_and_what_it_understands() {
    let world = World::new();
    let heard = world.serve(there(), vec![reply(200, "", PEERS)]).await;
    let announced = world.announce(URL).await.unwrap();
    assert_eq!(announced.peers, [SocketAddr::from(([44, 5, 5, 5], 6881))]);
    let heard = heard.lock().unwrap()[0].to_lowercase();
    for header in [
        "get /announce?info_hash=aaaaaaaaaaaaaaaaaaaa&",
        "host: tracker.example:8080\r\n",
        "user-agent: bta/test\r\n",
        "accept-encoding: gzip\r\n",
    ] {
        assert!(heard.contains(header), "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_scrape_has_its_outcome() {
    let other = b"d5:filesd20:bbbbbbbbbbbbbbbbbbbbd8:completei5eeee";
    let negative = b"d5:filesd20:aaaaaaaaaaaaaaaaaaaa\
        d8:completei-5e10:downloadedi-1e10:incompletei99999999999eeee";
    let figures = |seeders, leechers, downloaded| {
        Ok(Scraped {
            seeders,
            leechers,
            downloaded,
            min_interval: None,
        })
    };
    for (answer, expected) in [
        (
            reply(200, "", FIGURES),
            figures(Some(5), Some(10), Some(50)),
        ),
        (
            reply(200, GZIP, &gzip(FIGURES)),
            figures(Some(5), Some(10), Some(50)),
        ),
        (reply(200, "", negative), figures(None, None, None)),
        (reply(200, "", other), Err("torrent_missing")),
        (reply(200, "", b"d5:filesdee"), Err("torrent_missing")),
        (reply(200, "", PEERS), Err("malformed")),
        (reply(200, "", b"d14:failure reason2:noe"), Err("failure")),
        (reply(404, "", b"not found"), Err("http_status")),
    ] {
        let world = World::new();
        let heard = world.serve(there(), vec![answer]).await;
        let outcome = world.scrape(URL).await.map_err(|error| error.label());
        assert_eq!(outcome, expected);
        let heard = heard.lock().unwrap();
        let target = "GET /scrape?info_hash=aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n";
        assert!(heard[0].starts_with(target), "{heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_scrape_is_invented_where_the_url_names_none() {
    let world = World::new();
    let heard = world.serve(there(), vec![reply(200, "", FIGURES)]).await;
    let url = "http://tracker.example:8080/a";
    let error = world.scrape(url).await.unwrap_err();
    assert_eq!(error.label(), "no_scrape");
    assert!(heard.lock().unwrap().is_empty());
}

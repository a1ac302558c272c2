//! What options come to.

use super::*;

fn config(args: &[&str]) -> Result<Config, ConfigError> {
    let args = ["bta"].iter().chain(args).map(Into::into);
    let around = Surroundings {
        now: Moment::from_millis(1_795_405_441_250),
        no_color: false,
    };
    Config::new(crate::cli::parse("bta", args).unwrap(), &around)
}

#[test]
fn decides_what_the_options_leave_open() {
    let config = config(&["a.torrent"]).unwrap();
    assert_eq!(config.task, Task::Crawl(vec!["a.torrent".into()]));
    assert_eq!(config.output, PathBuf::from("output/2026-11-23T03-44-01Z"));
    assert_eq!(config.listen, Listen::FirstOf(6881..=6889));
    assert_eq!(config.threshold_permille, 980);
    assert_eq!(config.timeout, Duration::from_secs(10));
    assert_eq!(config.delay, Duration::from_secs(600));
    assert_eq!((config.interval, config.duration), (None, None));
    assert!(config.lsd && !config.allow_local && !config.keep_addresses);
    assert!(config.bind.v4.is_some() && config.bind.v6.is_some());
}

#[test]
fn a_demo_needs_no_input_and_is_local() {
    let config = config(&["--demo"]).unwrap();
    assert_eq!(config.task, Task::Demo);
    assert!(config.allow_local && !config.lsd);
    let both = Err(ConfigError::DemoOfInput);
    assert_eq!(self::config(&["--demo", "a.torrent"]), both);
    assert_eq!(self::config(&["--demo", "--check"]), both);
    assert_eq!(self::config(&[]), Err(ConfigError::NoInput));
    assert_eq!(self::config(&["--check"]), Err(ConfigError::NoInput));
}

#[test]
fn keeps_a_quarter_of_the_sessions_for_incoming_peers() {
    let sessions = |args: &[&str], limit| {
        let Sessions { outgoing, incoming } = config(args).unwrap().sessions(limit);
        (outgoing, incoming)
    };
    assert_eq!(sessions(&["-j", "100", "a"], 20_000), (75, 25));
    assert_eq!(sessions(&["-j1", "a"], 20_000), (1, 0));
    assert_eq!(sessions(&["-j100", "-p0", "a"], 20_000), (100, 0));
    assert_eq!(sessions(&["-j0", "a"], 1_128), (0, 250));
    assert_eq!(sessions(&["a"], 1_128), (750, 250));
    assert_eq!(sessions(&["-j5000", "a"], 1_128), (750, 250));
    assert_eq!(sessions(&["a"], 1_000_000), (15_000, 5_000));
    assert_eq!(sessions(&["a"], 20), (8, 2));
}

#[test]
fn binds_at_most_one_address_a_family() {
    let one = config(&["a", "--bind", "192.0.2.7"]).unwrap().bind;
    assert_eq!((one.v4, one.v6), (Some([192, 0, 2, 7].into()), None));
    assert_eq!(one.unused(), Some(IpFamily::V6));
    assert_eq!(config(&["a"]).unwrap().bind.unused(), None);
    let both = ["a", "--bind", "192.0.2.7", "--bind", "[2001:db8::7]"];
    assert!(config(&both).unwrap().bind.v6.is_some());
    let twice = config(&["a", "--bind", "192.0.2.7", "--bind", "192.0.2.8"]);
    assert!(matches!(twice, Err(ConfigError::BindTwice(..))));
}

#[test]
fn neither_dialling_nor_listening_is_refused() {
    let neither = config(&["a", "-j0", "-p0"]);
    assert_eq!(neither, Err(ConfigError::DeafAndDumb));
    assert!(config(&["a", "-j0"]).is_ok() && config(&["a", "-p0"]).is_ok());
}

#[test]
fn location_databases_are_named_found_or_left_out() {
    let geoip = |args: &[&str]| config(args).map(|it| it.geoip);
    assert_eq!(geoip(&["a"]), Ok(Geoip::Folder("input".into())));
    let two = ["a", "--geoip", "city.mmdb", "--geoip", "asn.mmdb"];
    let files = Geoip::Files(vec!["city.mmdb".into(), "asn.mmdb".into()]);
    assert_eq!(geoip(&two), Ok(files));
    assert_eq!(geoip(&["a", "--geoip", "none"]), Ok(Geoip::Nowhere));
    let both = ["a", "--geoip", "none", "--geoip", "asn.mmdb"];
    assert_eq!(geoip(&both), Err(ConfigError::GeoipAndNone));
}

#[test]
fn encryption_is_preferred_required_or_off() {
    let encryption = |args: &[&str]| config(args).unwrap().encryption;
    assert_eq!(encryption(&["a"]), Encryption::Prefer);
    let required = encryption(&["a", "--encryption", "require"]);
    assert_eq!(required, Encryption::Require);
    assert_eq!(encryption(&["a", "--encryption=off"]), Encryption::Off);
}

#[test]
fn no_color_is_obeyed_unless_colours_are_asked_for() {
    let color = |args: &[&str]| {
        let args = ["bta", "a"].iter().chain(args).map(Into::into);
        let around = Surroundings {
            now: Moment::EPOCH,
            no_color: true,
        };
        let config = Config::new(crate::cli::parse("bta", args).unwrap(), &around);
        config.unwrap().color
    };
    assert_eq!(color(&[]), Color::Never);
    assert_eq!(color(&["--color", "always"]), Color::Always);
}

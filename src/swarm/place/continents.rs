//! The continent of each country: some databases name the country alone.

/// Continents and their countries (ISO 3166-1 alpha-2, and `XK` for Kosovo).
///
/// Source: the continent column of <https://download.geonames.org/export/dump/countryInfo.txt>.
const CONTINENTS: &[(&str, &str)] = &[
    (
        "AF",
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG \
         ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    ),
    ("AN", "AQ BV GS HM TF"),
    (
        "AS",
        "AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK \
         MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE",
    ),
    (
        "EU",
        "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI \
         LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    ),
    (
        "NA",
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI \
         PA PM PR SV SX TC TT US VC VG VI",
    ),
    (
        "OC",
        "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS",
    ),
    ("SA", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
];

/// The continent of a country; `None` for what is none.
pub fn continent_of(country: &str) -> Option<&'static str> {
    let mut all = CONTINENTS.iter();
    let holds = |countries: &str| countries.split(' ').any(|it| it == country);
    all.find(|(_, countries)| holds(countries))
        .map(|(continent, _)| *continent)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_country_is_on_one_continent() {
        let all: Vec<&str> = CONTINENTS.iter().flat_map(|it| it.1.split(' ')).collect();
        assert!(all.iter().all(|it| it.len() == 2), "{all:?}");
        let different: HashSet<_> = all.iter().collect();
        // ISO 3166-1 has 249; Kosovo's code is its user's.
        assert_eq!((all.len(), different.len()), (250, 250));
    }

    #[test]
    fn knows_countries_and_nothing_else() {
        for (country, continent) in [("DE", "EU"), ("US", "NA"), ("IN", "AS"), ("AQ", "AN")] {
            assert_eq!(continent_of(country), Some(continent));
        }
        for none in ["", "ZZ", "de", "DE AT"] {
            assert_eq!(continent_of(none), None);
        }
    }
}

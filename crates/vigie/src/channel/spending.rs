//! What a network that asks money for calls has cost this month, and what a month at this pace costs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vigie_connect::price::Prices;
use vigie_core::content::Platform;
use vigie_store::Conn;

use crate::app::App;
use crate::words::Lang;

/// What was used of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// What, the name of its price.
    pub what: &'static str,
    /// What one costs.
    pub each: String,
    /// How many this month.
    pub count: u64,
    /// What they cost.
    pub cost: String,
}

/// A network's month so far, in US dollars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// The network's name.
    pub network: &'static str,
    /// Each thing.
    pub used: Vec<Used>,
    /// How many calls.
    pub calls: u64,
    /// What all of it has cost.
    pub so_far: String,
    /// What the whole month costs at this pace; nothing while less than a day has passed.
    pub pace: Option<String>,
    /// The day the prices were read, and where.
    pub read: &'static str,
    /// Where the prices are from.
    pub source: &'static str,
}

/// Notes what was used since the last time. What a process had not noted when it was killed is not counted.
///
/// # Errors
/// The database.
pub async fn note(app: &App) -> anyhow::Result<()> {
    let month = month(app.clock.now());
    for (platform, connector) in app.connectors.all() {
        let used = connector.used();
        if used.is_empty() {
            continue;
        }
        let mut tx = app.store.begin().await?;
        for (what, count) in used {
            tx.network_use_add(platform, &month, what, count).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The month so far of each network that asks money, where something was used.
///
/// # Errors
/// The database.
pub async fn months(
    app: &App,
    conn: &mut Conn,
    lang: Lang,
) -> Result<Vec<Month>, vigie_store::Error> {
    let now = app.clock.now();
    let mut all = Vec::new();
    for (platform, connector) in app.connectors.all() {
        let Some(prices) = connector.describe().prices else {
            continue;
        };
        let used = conn.network_use(platform, &month(now)).await?;
        if !used.is_empty() {
            all.push(so_far(platform, &prices, &used, now, lang));
        }
    }
    Ok(all)
}

/// `2026-11`, UTC: networks bill by it.
fn month(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC)
        .strftime("%Y-%m")
        .to_string()
}

fn so_far(
    platform: Platform,
    prices: &Prices,
    used: &[(String, u64)],
    now: Timestamp,
    lang: Lang,
) -> Month {
    let count = |what: &str| {
        let found = used.iter().find(|(name, _)| name == what);
        found.map_or(0, |(_, count)| *count)
    };
    let cost = |what: &str| u128::from(count(what)) * u128::from(prices.of(what));
    let sum: u128 = prices.list.iter().map(|price| cost(price.what)).sum();
    let z = now.to_zoned_datetime(TimeZone::UTC);
    // Hours of the month that have passed, of all its hours.
    let hour = |n: i8| u128::from(n.unsigned_abs());
    let passed = (hour(z.day()) - 1) * 24 + hour(z.hour());
    let all = hour(z.date().days_in_month()) * 24;
    Month {
        network: platform.name(),
        used: prices
            .list
            .iter()
            .map(|price| Used {
                what: price.what,
                each: dollars(u128::from(price.thousandths), 3, lang),
                count: count(price.what),
                cost: dollars(cost(price.what), 2, lang),
            })
            .collect(),
        calls: count("call"),
        so_far: dollars(sum, 2, lang),
        pace: (passed >= 24).then(|| dollars(sum * all / passed, 2, lang)),
        read: prices.read,
        source: prices.source,
    }
}

/// Thousandths as dollars; with two digits, rounded up: never less than it costs.
pub fn dollars(thousandths: u128, digits: u32, lang: Lang) -> String {
    let point = match lang {
        Lang::Fr => ',',
        Lang::En => '.',
    };
    if digits == 2 {
        let cents = thousandths.div_ceil(10);
        return format!("{}{point}{:02}", cents / 100, cents % 100);
    }
    format!("{}{point}{:03}", thousandths / 1_000, thousandths % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigie_connect::x::PRICES;

    #[test]
    fn a_month_at_this_pace() {
        let used = [
            ("call".to_owned(), 900),
            ("post".to_owned(), 20),
            ("post_with_link".to_owned(), 3),
            ("own_post_read".to_owned(), 411),
        ];
        let at = |text: &str| so_far(Platform::X, &PRICES, &used, text.parse().unwrap(), Lang::En);
        let month = at("2026-11-10T12:00:00Z");
        // 20 × 0.015 + 3 × 0.200 + 411 × 0.001 = 1.311
        assert_eq!((month.so_far.as_str(), month.calls), ("1.32", 900));
        // In 9.5 of 30 days.
        assert_eq!(month.pace.as_deref(), Some("4.14"));
        assert_eq!(month.used[0].each, "0.015");
        assert_eq!(at("2026-11-01T23:59:59Z").pace, None, "too early to tell");
        assert_eq!(at("2026-11-30T23:00:00Z").pace.as_deref(), Some("1.32"));
        assert_eq!(dollars(0, 2, Lang::En), "0.00");
        assert_eq!(dollars(1_235, 2, Lang::Fr), "1,24");
    }
}

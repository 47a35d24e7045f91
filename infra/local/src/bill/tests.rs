//! Everything has a dated price, and sums are sums.

use super::*;
use guildhall_domain::Timestamp;

#[test]
fn everything_has_a_price_of_a_day_and_a_source() {
    let prices = Prices::read().unwrap();
    assert!(Timestamp::is_day(&prices.as_of), "{}", prices.as_of);
    assert_eq!(prices.currency, "USD");
    assert_eq!(prices.prices.keys().copied().collect::<Vec<_>>(), Charged::ALL);
    for (charged, price) in &prices.prices {
        assert!(price.usd > 0.0 && price.per >= 1.0 && !price.source.is_empty(), "{charged:?}");
    }
}

#[test]
fn a_bill_adds_up() {
    let prices = Prices::read().unwrap();
    let mut used = Quantities::default();
    used.add(Charged::DynamodbWriteUnits, 1_500_000.0);
    used.add(Charged::DynamodbWriteUnits, 500_000.0);
    used.add(Charged::DynamodbReadUnits, 2_000_000.0);
    used.add(Charged::InstanceHours, 10.0);
    let bill = Bill::new(&prices, &used, 1_000.0, 4_000.0);
    let close = |left: f64, right: f64| (left - right).abs() < 1e-9;
    // 2 million write units at $0.625, 2 million read units at $0.125, ten hours at $0.0725.
    assert!(close(bill.total_usd, 1.25 + 0.25 + 0.725), "{bill:?}");
    assert!(close(bill.usd_per_1000_session_hours, bill.total_usd));
    assert!(close(bill.dynamodb_usd_per_session_hour, 0.0015));
    assert!(close(bill.usd_per_ccu_month, bill.total_usd / 4_000.0 * 730.0));
    let twice = Bill::new(&prices, &used.times(2.0), 1_000.0, 4_000.0);
    assert!(close(twice.total_usd, 2.0 * bill.total_usd));
    let shown = bill.to_string();
    assert!(shown.contains("dynamodb_write_units") && shown.contains("$0.001500 per room-hour"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&bill.json()).unwrap();
    assert_eq!(json["items"][0]["charged"], "dynamodb_write_units");
}

#[test]
fn nobody_who_played_nothing_is_divided_by() {
    let bill = Bill::new(&Prices::read().unwrap(), &Quantities::default(), 0.0, 0.0);
    assert_eq!((bill.total_usd, bill.usd_per_ccu_month, bill.usd_per_1000_session_hours), (0.0, 0.0, 0.0));
}

//! The bill does not grow unnoticed. A party plays in virtual time over the real handlers, so what it uses depends on the code
//! alone; it is compared with what was agreed to.

use guildhall_local::bill::{Charged, Prices};
use guildhall_tests::hour::{self, Agreed};

/// By how much anything may differ from what was agreed, in percent.
const TOLERANCE_PERCENT: f64 = 5.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_hour_costs_what_was_agreed() {
    let (agreed, prices) = (Agreed::read().unwrap(), Prices::read().unwrap());
    let now = Agreed::of(hour::play().await.unwrap(), &prices);
    let mut problems = Vec::new();
    for charged in Charged::ALL {
        let percent = (agreed.growth(&now, charged) - 1.0) * 100.0;
        if percent > TOLERANCE_PERCENT {
            problems.push(format!("{charged:?}: {percent:.1} % more than was agreed"));
        } else if percent < -TOLERANCE_PERCENT {
            problems.push(format!("{charged:?}: {:.1} % less; agree to it with `make agree-bill`", -percent));
        }
    }
    let long = now.dynamodb_usd_per_hour_long_session / agreed.dynamodb_usd_per_hour_long_session;
    if (long - 1.0).abs() > TOLERANCE_PERCENT / 100.0 {
        problems.push(format!("an hour in one session: {long:.2} times what was agreed"));
    }
    assert!(problems.is_empty(), "a standard hour costs something else by now:\n{}", problems.join("\n"));
}

/// What was agreed is of today's price list, and adds up.
#[test]
fn what_was_agreed_is_priced_by_the_list() {
    let (agreed, prices) = (Agreed::read().unwrap(), Prices::read().unwrap());
    let again = Agreed::of(agreed.room_hour.clone(), &prices);
    assert_eq!(agreed.prices_as_of, again.prices_as_of);
    for (written, computed) in [
        (agreed.usd_per_1000_session_hours, again.usd_per_1000_session_hours),
        (agreed.usd_per_ccu_month, again.usd_per_ccu_month),
        (agreed.dynamodb_usd_per_session_hour, again.dynamodb_usd_per_session_hour),
        (agreed.dynamodb_usd_per_hour_long_session, again.dynamodb_usd_per_hour_long_session),
    ] {
        assert!((written / computed - 1.0).abs() < 1e-6, "{written} is {computed} by now");
    }
}

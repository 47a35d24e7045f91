//! The bill: what was used, priced by `infra/prices.json`. Quantities are what the cloud would charge for, whoever has counted
//! them: a running stack ([`crate::meter`]), or a standard hour in virtual time.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

const PRICES: &str = include_str!("../../prices.json");
/// Hours of a month, as Amazon counts them.
const MONTH_HOURS: f64 = 730.0;

/// Something that is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charged {
    /// Write units of DynamoDB, those of transactions counted twice as it does.
    DynamodbWriteUnits,
    /// Its read units.
    DynamodbReadUnits,
    /// Requests that API Gateway answers.
    ApiRequests,
    /// Calls of Lambda functions.
    FunctionRequests,
    /// Memory of Lambda functions, in GB, times the seconds that they ran.
    FunctionGbSeconds,
    /// Calls of PutMetricData.
    MetricRequests,
    /// Metrics of CloudWatch, times months.
    MetricMonths,
    /// Objects written to S3.
    ObjectPuts,
    /// Objects read from it.
    ObjectGets,
    /// What they take, in GB, times months.
    ObjectGbMonths,
    /// What leaves for the internet, in GB of 10⁹ bytes.
    GigabytesOut,
    /// Hours of the game sims' instances.
    InstanceHours,
    /// Hours of their public addresses.
    AddressHours,
}

/// How much of everything was used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Quantities(BTreeMap<Charged, f64>);

impl Charged {
    /// Everything.
    pub const ALL: [Self; 13] = [
        Self::DynamodbWriteUnits,
        Self::DynamodbReadUnits,
        Self::ApiRequests,
        Self::FunctionRequests,
        Self::FunctionGbSeconds,
        Self::MetricRequests,
        Self::MetricMonths,
        Self::ObjectPuts,
        Self::ObjectGets,
        Self::ObjectGbMonths,
        Self::GigabytesOut,
        Self::InstanceHours,
        Self::AddressHours,
    ];
}

impl Quantities {
    /// So much more of something.
    pub fn add(&mut self, charged: Charged, quantity: f64) {
        *self.0.entry(charged).or_default() += quantity;
    }

    /// How much of something.
    pub fn of(&self, charged: Charged) -> f64 {
        self.0.get(&charged).copied().unwrap_or_default()
    }

    /// The same, so many times over.
    #[must_use]
    pub fn times(mut self, factor: f64) -> Self {
        self.0.values_mut().for_each(|quantity| *quantity *= factor);
        self
    }
}

/// A price list of one day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of which region.
    pub region: String,
    /// Of which day, `YYYY-MM-DD`.
    pub as_of: String,
    /// In what.
    pub currency: String,
    /// What is left out.
    pub note: String,
    /// Each.
    pub prices: BTreeMap<Charged, Price>,
}

/// One price.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// In US dollars.
    pub usd: f64,
    /// For so many.
    pub per: f64,
    /// Where it is written.
    pub source: String,
}

impl Prices {
    /// The list in `infra/prices.json`.
    ///
    /// # Errors
    /// If the file has another form.
    pub fn read() -> serde_json::Result<Self> {
        serde_json::from_str(PRICES)
    }

    /// What so much of something costs, in dollars. What has no price costs nothing; a test sees to it that everything has.
    pub fn usd(&self, charged: Charged, quantity: f64) -> f64 {
        self.prices.get(&charged).map_or(0.0, |price| price.usd * quantity / price.per)
    }
}

/// Quantities with their prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// Of which day the prices are.
    pub prices_as_of: String,
    /// Each item.
    pub items: Vec<Item>,
    /// Hours that rooms were open, all together.
    pub session_hours: f64,
    /// Hours that players were connected, all together.
    pub player_hours: f64,
    /// What everything costs, in dollars.
    pub total_usd: f64,
    /// What 1,000 hours of a room cost, in dollars.
    pub usd_per_1000_session_hours: f64,
    /// What it costs to have one player connected for a month, in dollars.
    pub usd_per_ccu_month: f64,
    /// What DynamoDB costs for an hour of a room, in dollars.
    pub dynamodb_usd_per_session_hour: f64,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// What.
    pub charged: Charged,
    /// How much.
    pub quantity: f64,
    /// For how much, in dollars.
    pub usd: f64,
}

impl Bill {
    /// The bill for what was used while rooms were open and players connected for so many hours.
    pub fn new(prices: &Prices, used: &Quantities, session_hours: f64, player_hours: f64) -> Self {
        let item =
            |(&charged, &quantity): (&Charged, &f64)| Item { charged, quantity, usd: prices.usd(charged, quantity) };
        let items: Vec<Item> = used.0.iter().map(item).collect();
        let total_usd = items.iter().map(|item| item.usd).sum();
        let each = |usd: f64, hours: f64| if hours > 0.0 { usd / hours } else { 0.0 };
        let units = [Charged::DynamodbWriteUnits, Charged::DynamodbReadUnits];
        let dynamodb_usd = units.into_iter().map(|units| prices.usd(units, used.of(units))).sum();
        Self {
            prices_as_of: prices.as_of.clone(),
            items,
            session_hours,
            player_hours,
            total_usd,
            usd_per_1000_session_hours: each(total_usd, session_hours) * 1_000.0,
            usd_per_ccu_month: each(total_usd, player_hours) * MONTH_HOURS,
            dynamodb_usd_per_session_hour: each(dynamodb_usd, session_hours),
        }
    }

    /// The bill in one line of JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24}{:>16}{:>14}{:>10}", "what", "quantity", "USD", "share")?;
        for Item { charged, quantity, usd } in &self.items {
            let share = if self.total_usd > 0.0 { usd / self.total_usd * 100.0 } else { 0.0 };
            // As it is called in the price list.
            let name = serde_json::to_value(charged).ok();
            let name = name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
            writeln!(f, "{name:<24}{quantity:>16.3}{usd:>14.6}{share:>9.1}%")?;
        }
        writeln!(f, "{:<24}{:>16}{:>14.6}", "all", "", self.total_usd)?;
        writeln!(
            f,
            "{:.2} session-hours and {:.2} player-hours at the prices of {}: ${:.3} per 1,000 session-hours, ${:.4} per CCU-month; \
             DynamoDB ${:.6} per room-hour",
            self.session_hours,
            self.player_hours,
            self.prices_as_of,
            self.usd_per_1000_session_hours,
            self.usd_per_ccu_month,
            self.dynamodb_usd_per_session_hour,
        )
    }
}

#[cfg(test)]
mod tests;

//! Prints what a standard hour costs: a hundred rooms in which four bots each play one dungeon after the other. With the word
//! `agree`, prints what `infra/bill.json` should be.

#![allow(clippy::print_stdout, reason = "that is all it does")]

use guildhall_local::bill::{Bill, Prices};
use guildhall_tests::hour::{self, Agreed, PLAYERS_PER_ROOM, ROOMS, RouteUse};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (hour, prices) = (hour::play().await?, Prices::read()?);
    if std::env::args().nth(1).as_deref() == Some("agree") {
        println!("{}", serde_json::to_string_pretty(&Agreed::of(hour, &prices))?);
        return Ok(());
    }
    println!("An hour of one room: {:.1} dungeons.\n", hour.dungeons);
    println!("{:<28}{:>10}{:>14}{:>14}", "route", "calls", "write units", "read units");
    for (name, used) in &hour.routes {
        println!("{name:<28}{:>10.1}{:>14.1}{:>14.1}", used.calls, used.write_units, used.read_units);
    }
    let bill = Bill::new(&prices, &hour.of_fleet(ROOMS), ROOMS, ROOMS * PLAYERS_PER_ROOM as f64);
    let alone = Agreed::of(hour.clone(), &prices).dynamodb_usd_per_hour_long_session;
    let RouteUse { calls, write_units, read_units, .. } = hour.long_session;
    println!("\n{:<28}{calls:>10.1}{write_units:>14.1}{read_units:>14.1}", "an hour in one session");
    println!("DynamoDB ${alone:.6} for that hour");
    println!("\nAn hour of {ROOMS} rooms:\n\n{bill}\n{}", bill.json());
    Ok(())
}

//! What is to be measured.

use super::Outcome;
use std::path::PathBuf;

/// What `--help` prints.
const HELP: &str = "\
swarm: plays N encrypted clients at 20 Hz against one shard and prints what a player costs

  --players N     how many, in rooms of four (1000)
  --seconds S     how long one measurement lasts (5)
  --rounds R      measurements, each followed by one of the bare echo if --floor is given (1)
  --floor         measure the bare echo of the same datagrams beside it, and print the ratio
  --ramp          look for the largest N that holds in one of two runs: p99 of lateness within 5 ms, nothing lost
  --loss P        percent of datagrams that are lost in each direction (0)
  --latency MS    delay in each direction (0)
  --churn P       percent of players per second who leave and come back (0)
  --flood N       measure it calm, and again with so many forged datagrams a second; print the ratio of lateness (0)
  --namespace N   the server runs in this network namespace, at 10.222.0.1; clients come from 10.64.0.1 on (this one)
  --bare          no checkpoints and no recordings
  --rehearse      play in this process, on virtual time and without sockets: the shard's own work, for profilers
  --race FOLDER   measure the bare echo and the peers that tests/peers/build put there beside it, and print the ratios
  --plot FILE     write the ramp's lateness and CPU against N, or the race's bars, as SVG";

/// The settings of a measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Clients.
    pub players: u32,
    /// Length of one measurement, in seconds.
    pub seconds: u64,
    /// Measurements.
    pub rounds: u32,
    /// Whether the bare echo is measured beside.
    pub floor: bool,
    /// Whether the largest N is looked for.
    pub ramp: bool,
    /// Datagrams lost in each direction, in percent.
    pub loss_percent: u64,
    /// Delay in each direction, in milliseconds.
    pub latency_ms: u64,
    /// Players per second who leave and come back, in percent.
    pub churn_percent: u64,
    /// Forged datagrams in each second, beside which it is measured once more.
    pub flood_per_s: u64,
    /// The network namespace of the server, if it is not this process's own.
    pub namespace: Option<String>,
    /// Whether the shard goes without checkpoints and recordings.
    pub bare: bool,
    /// Whether to play in one process and without sockets.
    pub rehearse: bool,
    /// Where the peers of a race are.
    pub race: Option<PathBuf>,
    /// Where to draw the result of a ramp or of a race.
    pub plot: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            players: 1_000,
            seconds: 5,
            rounds: 1,
            floor: false,
            ramp: false,
            loss_percent: 0,
            latency_ms: 0,
            churn_percent: 0,
            flood_per_s: 0,
            namespace: None,
            bare: false,
            rehearse: false,
            race: None,
            plot: None,
        }
    }
}

impl Options {
    /// Reads the arguments of a process.
    ///
    /// # Errors
    /// An argument that is none, or the help if it is asked for.
    pub fn parse(arguments: &[String]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} wants a value"));
            match name.as_str() {
                "--players" => options.players = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--rounds" => options.rounds = value()?.parse()?,
                "--loss" => options.loss_percent = value()?.parse()?,
                "--latency" => options.latency_ms = value()?.parse()?,
                "--churn" => options.churn_percent = value()?.parse()?,
                "--flood" => options.flood_per_s = value()?.parse()?,
                "--namespace" => options.namespace = Some(value()?.clone()),
                "--race" => options.race = Some(value()?.into()),
                "--plot" => options.plot = Some(value()?.into()),
                "--floor" => options.floor = true,
                "--ramp" => options.ramp = true,
                "--bare" => options.bare = true,
                "--rehearse" => options.rehearse = true,
                "--help" => return Err(HELP.into()),
                _ => return Err(format!("{name} is no option\n\n{HELP}").into()),
            }
        }
        if options.players == 0 || options.seconds == 0 || options.rounds == 0 {
            return Err("players, seconds and rounds are at least 1".into());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Outcome<Options> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let options = parse("--players 40 --floor --loss 3 --race target/peers --plot a.svg").unwrap();
        let (race, plot) = (Some("target/peers".into()), Some("a.svg".into()));
        let expected = Options { players: 40, floor: true, loss_percent: 3, race, plot, ..Options::default() };
        assert_eq!(options, expected);
        for nonsense in ["--players", "--players many", "--player 3", "--seconds 0"] {
            assert!(parse(nonsense).is_err(), "{nonsense}");
        }
    }
}

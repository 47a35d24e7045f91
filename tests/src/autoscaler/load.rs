//! Who comes: parties that want a session each, more of them in the evening and at the weekend, and five times as many when
//! a new dungeon opens. All chance comes from one seed.

use std::f64::consts::TAU;

/// Length of a session, in minutes; every length is as likely.
const SESSION_MINUTES: std::ops::RangeInclusive<u32> = 20..=60;
const SESSION_S_MEAN: f64 = 2_400.0;
/// The hour of the day at which most play.
const PEAK_HOUR: f64 = 21.0;
/// Share of the peak that plays at the quietest hour.
const NIGHT_SHARE: f64 = 0.15;
/// How much more come on Saturday and Sunday.
const WEEKEND_FACTOR: f64 = 1.3;
/// How much of the load is chance, from one minute to the next.
const NOISE_SHARE: f64 = 0.1;
/// How long it takes until all of a launch have heard of it, in seconds.
const LAUNCH_RAMP_S: f64 = 600.0;
/// How long a launch keeps its height, in seconds.
const LAUNCH_PLATEAU_S: f64 = 3_600.0;
/// Time in which its excess halves afterwards, in seconds.
const LAUNCH_HALF_LIFE_S: f64 = 7_200.0;

/// The shape of a week that begins on a Monday at midnight.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Sessions that go on at the peak of an ordinary day.
    pub peak_sessions: f64,
    /// When a launch begins, in seconds.
    pub launch_s: u32,
    /// How many times as many come then.
    pub launch_factor: f64,
}

impl Default for Load {
    /// Sixteen thousand players, and a launch on Wednesday at 18:00.
    fn default() -> Self {
        Self { peak_sessions: 4_000.0, launch_s: (2 * 24 + 18) * 3_600, launch_factor: 5.0 }
    }
}

impl Load {
    /// Parties that come in one second, on average.
    pub fn rate(&self, now_s: u32) -> f64 {
        let day = now_s / 86_400;
        let hour = f64::from(now_s % 86_400) / 3_600.0;
        let swing = (1.0 + (TAU * (hour - PEAK_HOUR) / 24.0).cos()) / 2.0;
        let daily = NIGHT_SHARE + (1.0 - NIGHT_SHARE) * swing.powf(1.5);
        let weekly = if day % 7 >= 5 { WEEKEND_FACTOR } else { 1.0 };
        self.peak_sessions / SESSION_S_MEAN * daily * weekly * self.launch(now_s)
    }

    /// Sessions that go on where as many have come for a while as do in this second.
    pub fn sessions(&self, now_s: u32) -> f64 {
        self.rate(now_s) * SESSION_S_MEAN
    }

    /// Whether an announced launch is near enough to stand ready for it.
    pub fn is_around_launch(&self, now_s: u32) -> bool {
        (self.launch_s.saturating_sub(1_800)..self.launch_s + 10_800).contains(&now_s)
    }

    /// The parties, second by second.
    pub fn arrivals(&self, seed: u64) -> Arrivals {
        Arrivals { load: self.clone(), chance: Chance::seeded(seed), noise: 1.0 }
    }

    fn launch(&self, now_s: u32) -> f64 {
        let Some(since_s) = now_s.checked_sub(self.launch_s).map(f64::from) else { return 1.0 };
        let plateau_end_s = LAUNCH_RAMP_S + LAUNCH_PLATEAU_S;
        let share = if since_s < LAUNCH_RAMP_S {
            since_s / LAUNCH_RAMP_S
        } else if since_s < plateau_end_s {
            1.0
        } else {
            0.5_f64.powf((since_s - plateau_end_s) / LAUNCH_HALF_LIFE_S)
        };
        1.0 + (self.launch_factor - 1.0) * share
    }
}

/// Who comes, one second after the other.
#[derive(Debug)]
pub struct Arrivals {
    load: Load,
    chance: Chance,
    noise: f64,
}

impl Arrivals {
    /// The lengths of the sessions that are wanted in this second, in minutes.
    pub fn handle_second(&mut self, now_s: u32) -> Vec<u32> {
        if now_s.is_multiple_of(60) {
            // Each minute remembers most of the last, so that there are good and bad quarters of an hour.
            self.noise = 1.0 + 0.8 * (self.noise - 1.0) + NOISE_SHARE * (2.0 * self.chance.share() - 1.0);
        }
        let mean = self.load.rate(now_s) * self.noise;
        (0..self.poisson(mean)).map(|_| self.chance.within(SESSION_MINUTES)).collect()
    }

    /// How many of something that happens `mean` times on average (Knuth's multiplication).
    fn poisson(&mut self, mean: f64) -> u32 {
        let floor = (-mean).exp();
        let (mut count, mut product) = (0, self.chance.share());
        while product > floor {
            count += 1;
            product *= self.chance.share();
        }
        count
    }
}

/// Chance from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same chance.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in the range, each as likely.
    pub fn within(&mut self, range: std::ops::RangeInclusive<u32>) -> u32 {
        let span = u64::from(range.end() - range.start()) + 1;
        range.start() + (self.draw() % span) as u32
    }

    /// A number from 0 to 1, without 1.
    fn share(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

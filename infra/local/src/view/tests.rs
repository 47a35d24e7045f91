//! Views of a given moment, as text of a given size.

use super::*;
use guildhall_domain::content::{Area, Point};

fn scene() -> Scene {
    let player = |name: &str, class: &str, hp, doing| PlayerScene {
        name: name.to_owned(),
        class: class.to_owned(),
        level: 3,
        hp,
        hp_max: 120,
        gold: 1_204,
        xp: 12_345,
        doing,
    };
    let floor = |x, width| Area { x, y: 0, width, height: 12_000 };
    let mark = |x, kind| Mark { at: Point { x, y: 6_000 }, kind };
    Scene {
        url: "http://127.0.0.1:8080".to_owned(),
        uptime: Duration::from_secs(3_725),
        demo: Some(DemoScene {
            dungeon: "Goblin Warren".to_owned(),
            run: 7,
            status: "playing".to_owned(),
            chambers: (2, 6),
            enemies_left: 14,
            boss: Some(BossScene { name: "Goblin King".to_owned(), hp: 450, hp_max: 900 }),
            players: vec![player("Ada", "Fighter", 120, "fights"), player("Bryn", "Cleric", 30, "rests")],
            map: Some(MapScene {
                floors: vec![floor(0, 20_000), floor(24_000, 18_000)],
                doors: vec![(Area { x: 20_000, y: 4_000, width: 4_000, height: 4_000 }, false)],
                marks: vec![
                    mark(30_000, MarkKind::Boss),
                    mark(10_000, MarkKind::Loot),
                    mark(5_000, MarkKind::Player { seat: 0, alive: true }),
                    mark(15_000, MarkKind::Player { seat: 1, alive: false }),
                ],
            }),
            events: (1..=20).map(|number| format!("event {number}")).collect(),
        }),
        gamesims: vec![
            GamesimScene {
                name: "sim-1".to_owned(),
                state: "ready",
                epoch: 12,
                sessions: 1,
                capacity: 10,
                players: 4,
                tick_lateness_p99_us: 140,
            },
            GamesimScene {
                name: "sim-2".to_owned(),
                state: "silent",
                epoch: 3,
                capacity: 10,
                ..GamesimScene::default()
            },
        ],
        traffic: TrafficScene { requests_per_s: 12.34, server_errors: 0, latency_p50_us: 1_230, latency_p99_us: 9_999 },
    }
}

fn text(scene: &Scene, width: usize, height: usize) -> Vec<String> {
    render(scene, width, height).iter().map(|line| line.text().trim_end().to_owned()).collect()
}

#[test]
fn the_usual_window_shows_everything() {
    let expected = "\
Guildhall  http://127.0.0.1:8080                                     up 01:02:05
────────────────────────────────────────────────────────────────────────────────
Goblin Warren  run 7  playing                        chambers ■■□□□□  enemies 14
1 Ada      Fighter  L3  ██████████  120/120    1,204 gold   12,345 xp  fights
2 Bryn     Cleric   L3  ███░░░░░░░   30/120    1,204 gold   12,345 xp  rests
  Goblin King           █████░░░░░  450/900
····················    ··················   event 15
····················    ··················   event 16
····1····*····x·····▒▒▒▒·····W············   event 17
····················▒▒▒▒··················   event 18
····················    ··················   event 19
····················    ··················   event 20

game sim  state      epoch   sessions  players  late ticks p99
sim-1     ready         12       1/10        4         0.14 ms
sim-2     silent         3       0/10        0         0.00 ms
API       12.3 requests/s  0 errors  p50 1.23 ms  p99 9.99 ms

Try:  curl http://127.0.0.1:8080/v1/content
Ctrl-C stops everything; characters and levels are kept.";
    assert_eq!(text(&scene(), 80, 24).join("\n"), expected);
}

#[test]
fn every_size_is_kept_to() {
    let scene = scene();
    for (width, height) in [(0, 0), (1, 1), (20, 5), (40, 12), (79, 23), (80, 24), (100, 50), (300, 100)] {
        let lines = render(&scene, width, height);
        assert!(lines.len() <= height, "{width}×{height} gives {} lines", lines.len());
        assert!(lines.iter().all(|line| line.width() <= width), "{width}×{height}");
    }
}

/// In a small window the party stays, and the map goes.
#[test]
fn a_small_window_keeps_what_matters() {
    let lines = text(&scene(), 60, 18);
    assert!(lines.iter().any(|line| line.starts_with("1 Ada")));
    assert!(lines.iter().any(|line| line.starts_with("event 20")));
    assert!(!lines.iter().any(|line| line.contains("····")));
}

#[test]
fn without_a_demo_it_says_so() {
    let lines = text(&Scene { demo: None, ..scene() }, 80, 24);
    assert!(lines[2].starts_with("The demo is off"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("sim-1")));
}

#[test]
fn bars_are_never_empty_for_the_living() {
    let mut scene = scene();
    let demo = scene.demo.as_mut().unwrap();
    demo.players[0].hp = 1;
    demo.players[1].hp = 0;
    let lines = text(&scene, 80, 24);
    assert!(lines[3].contains(" █░░░") && lines[4].contains(" ░░░░"), "{lines:#?}");
    let ada = &render(&scene, 80, 24)[3];
    assert!(ada.pieces().any(|(text, style)| text == "█" && style == Style::Bad));
}

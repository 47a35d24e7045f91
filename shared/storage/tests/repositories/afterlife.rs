//! What becomes of sessions whose game sim has died or been succeeded, and of players who have to go.

use super::*;

#[tokio::test]
async fn a_new_boot_takes_the_name_and_the_old_ones_sessions_wait_to_go_on() {
    let (table, sim, row, session) = playing().await;
    let again = gamesims::register(&table, gamesim("sim-1", "boot-1"), NOW).await.unwrap();
    assert_eq!(again.epoch, 1, "the same boot keeps its epoch");
    let next = gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap();
    assert_eq!((next.epoch, next.sessions.len()), (2, 0));
    let beat = gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Ready, &GamesimLoad::default(), &[], NOW)
        .await
        .unwrap();
    assert_eq!(beat, Beat::Fenced);
    let (_, whereabouts) = sessions::find_living(&table, session.session_id, NOW).await.unwrap().unwrap();
    assert_eq!(whereabouts, Whereabouts::Orphaned);
    // It goes on where it was, on the new boot: the zombie is fenced.
    let moved = sessions::relocate(&table, &session, &next, "127.0.0.1:5000", NOW).await.unwrap();
    let Relocated::Done(moved) = moved else { panic!("{moved:?}") };
    assert_eq!((moved.epoch, moved.gamesim_epoch, moved.state), (2, 2, SessionState::Reserved));
    assert_eq!(stored(&table, &row).await.lease, Some(moved.lease()));
    let late = sessions::apply_group(&table, &session.lease(), &write(&row, 1, 1, 9)).await.unwrap();
    assert_eq!(late, GroupStatus::Fenced);
    let boots = gamesims::list(&table).await.unwrap();
    let places: Vec<_> = boots.iter().map(|boot| (boot.epoch, boot.sessions.get(&session.session_id))).collect();
    assert_eq!(places, [(1, None), (2, Some(&2))]);
}

#[tokio::test]
async fn of_several_who_move_a_session_one_does() {
    let (table, _, row, session) = playing().await;
    let living = |name: &str| GamesimRow { lease_until: NOW.plus_secs(11), ..gamesim(name, "boot-1") };
    let second = gamesims::register(&table, living("sim-2"), NOW.plus_secs(5)).await.unwrap();
    let third = gamesims::register(&table, living("sim-3"), NOW.plus_secs(5)).await.unwrap();
    let move_to =
        async |to: &GamesimRow, at| sessions::relocate(&table, &session, to, "127.0.0.1:1", at).await.unwrap();
    assert_eq!(move_to(&second, NOW.plus_secs(5)).await, Relocated::GamesimAlive);
    let dead = NOW.plus_secs(6);
    let Relocated::Done(moved) = move_to(&second, dead).await else { panic!("not moved") };
    let Relocated::Changed(latest) = move_to(&third, dead).await else { panic!("moved twice") };
    assert_eq!(latest, moved);
    // The write that the session made before names itself to the game sim that goes on.
    let group = write(&row, 7, 1, 70);
    assert_eq!(sessions::apply_group(&table, &moved.lease(), &group).await.unwrap(), GroupStatus::Applied);
    let held = sessions::held_characters(&table, &moved).await.unwrap();
    assert_eq!((held.len(), held[0].seat, held[0].character.hot.gold), (1, 0, 70));
    assert_eq!(held[0].last_write, Some(WriteName { session_epoch: 2, seq: 7 }));
    // Nobody comes back: after their time the seats hold nothing, and its game sim closes the session.
    let late = dead.plus_secs(60);
    let closed = sessions::close(&table, *moved, Closing::End(Outcome::Expired), late).await.unwrap();
    assert!(matches!(closed, Closed::Done(_)), "{closed:?}");
    assert_eq!(stored(&table, &row).await.lease, None);
}

#[tokio::test]
async fn a_full_or_draining_game_sim_takes_no_orphan() {
    let (table, _, _, session) = playing().await;
    let mut small = gamesim("sim-2", "boot-1");
    (small.capacity, small.lease_until) = (1, NOW.plus_secs(11));
    let at = NOW.plus_secs(5);
    let small = gamesims::register(&table, small, at).await.unwrap();
    let other = character(&table, 2).await;
    sessions::allocate(&table, &self::session(10, &small, &other), &small, &other, None, at).await.unwrap().unwrap();
    let moved = sessions::relocate(&table, &session, &small, "127.0.0.1:1", NOW.plus_secs(6)).await.unwrap();
    assert_eq!(moved, Relocated::Gamesim);
    let unchanged = sessions::find(&table, session.session_id).await.unwrap().unwrap();
    assert_eq!(unchanged, session);
}

#[tokio::test]
async fn the_reaper_gives_up_what_waited_in_vain_and_forgets_no_epoch() {
    let (table, sim, row, session) = playing().await;
    let reap = async |at| reaper::reap(&table, at).await.unwrap();
    let dead = NOW.plus_secs(6);
    assert_eq!(reap(dead).await, Reaped::default());
    let hopeless = dead.plus_millis(SESSION_ORPHAN_MS);
    assert_eq!(reap(hopeless).await, Reaped { sessions_lost: 1, gamesims_removed: 0 });
    assert_eq!(reap(hopeless).await, Reaped::default());
    assert_eq!(stored(&table, &row).await.lease, None);
    assert_eq!(sessions::find(&table, session.session_id).await.unwrap().unwrap().state, SessionState::Lost);
    assert_eq!(reap(dead.plus_millis(GAMESIM_KEPT_MS)).await, Reaped { sessions_lost: 0, gamesims_removed: 1 });
    assert_eq!(gamesims::find(&table, &sim.gamesim_id, 1).await.unwrap(), None);
    let back = gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap();
    assert_eq!(back.epoch, 2, "an epoch is never used again");
}

#[tokio::test]
async fn an_expulsion_is_repeated_until_it_is_confirmed() {
    let (table, sim, row, _) = playing().await;
    let beat = async |obeyed: &[Expulsion]| {
        let load = GamesimLoad::default();
        let beat =
            gamesims::heartbeat(&table, &sim.gamesim_id, 1, GamesimState::Ready, &load, obeyed, NOW).await.unwrap();
        let Beat::Renewed(row) = beat else { panic!("fenced") };
        row.expelled.into_values().collect::<Vec<_>>()
    };
    let first = Expulsion { account_id: row.character.account_id, at: NOW };
    let second = Expulsion { at: NOW.plus_secs(1), ..first };
    assert!(gamesims::expel(&table, &sim.gamesim_id, 1, first).await.unwrap());
    assert_eq!(beat(&[]).await, [first]);
    assert!(gamesims::expel(&table, &sim.gamesim_id, 1, second).await.unwrap());
    assert_eq!(beat(&[first]).await, [second], "what came since stays");
    assert_eq!(beat(&[second, second]).await, []);
    gamesims::register(&table, gamesim("sim-1", "boot-2"), NOW).await.unwrap();
    assert!(!gamesims::expel(&table, &sim.gamesim_id, 1, first).await.unwrap(), "that boot is over");
}

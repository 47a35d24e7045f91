//! Both ways of going about it, over real sockets.

use super::*;
use std::net::Ipv4Addr;

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// Everything that waits, in order of its arrival: whom from, and what.
fn drain(inbox: &mut Inbox, socket: &UdpSocket) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut all = Vec::new();
    while inbox.receive(socket).is_ok() {
        all.extend(inbox.datagrams().map(|(from, bytes)| (*from, bytes.to_vec())));
    }
    all
}

#[test]
fn batches_arrive_whole_in_order_and_with_their_sender() {
    let (server, client) = (socket(), socket());
    let to = server.local_addr().unwrap();
    let (mut inbox, mut outbox) = (Inbox::new(), Outbox::new());
    for round in 0..3_u8 {
        let sizes = (1..=BATCH_DATAGRAMS).map(|size| vec![round; size]);
        sizes.clone().for_each(|bytes| outbox.push(Transmit { to, bytes }));
        assert!(outbox.is_full());
        let mut spare = Vec::new();
        let sent = outbox.send(&client, |bytes| spare.push(bytes));
        let bytes = (1..=BATCH_DATAGRAMS as u64).sum();
        assert_eq!((sent.datagrams, sent.bytes, sent.unsent), (BATCH_DATAGRAMS as u64, bytes, 0));
        assert_eq!(spare.len(), BATCH_DATAGRAMS, "every buffer comes back");
        let from = client.local_addr().unwrap();
        assert_eq!(drain(&mut inbox, &server), sizes.map(|bytes| (from, bytes)).collect::<Vec<_>>());
    }
    assert_eq!(inbox.receive(&server).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(inbox.datagrams().count(), 0, "what was there before is gone");
}

#[test]
fn one_that_cannot_be_sent_does_not_keep_the_others() {
    let (server, client) = (socket(), socket());
    let to = server.local_addr().unwrap();
    let nowhere = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 9));
    let mut outbox = Outbox::new();
    for (to, byte) in [(nowhere, 0), (to, 1), (nowhere, 2), (nowhere, 3), (to, 4)] {
        outbox.push(Transmit { to, bytes: vec![byte] });
    }
    let sent = outbox.send(&client, drop);
    assert_eq!((sent.datagrams, sent.unsent), (2, 3));
    let arrived: Vec<_> = drain(&mut Inbox::new(), &server).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(arrived, [[1], [4]]);
    assert_eq!(outbox.send(&client, drop), Sent::default(), "nothing is sent twice");
}

#[test]
fn what_is_longer_than_a_packet_is_cut() {
    let (server, client) = (socket(), socket());
    client.send_to(&[7; PACKET_BYTES_MAX + 9], server.local_addr().unwrap()).unwrap();
    assert_eq!(drain(&mut Inbox::new(), &server)[0].1.len(), PACKET_BYTES_MAX);
}

#[test]
fn one_by_one_comes_to_the_same() {
    let (server, client) = (socket(), socket());
    let to = server.local_addr().unwrap();
    let transmits = [vec![1], vec![2, 2]].map(|bytes| Transmit { to, bytes });
    let mut calls = single::SendCalls::new();
    assert_eq!(calls.send(&client, &transmits).unwrap(), 1);
    assert_eq!(calls.send(&client, &transmits[1..]).unwrap(), 1);
    assert_eq!(calls.send(&client, &[]).unwrap(), 0);
    let (mut buffers, mut envelopes) = ([[0; PACKET_BYTES_MAX]; 4], Vec::new());
    single::ReceiveCalls::new().receive(&server, &mut buffers, &mut envelopes).unwrap();
    let from = Some(client.local_addr().unwrap());
    assert_eq!(envelopes, [(from, 1), (from, 2)]);
    envelopes.clear();
    assert!(single::ReceiveCalls::new().receive(&server, &mut buffers, &mut envelopes).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_that_keeps_datagrams_whole_lets_nobody_cut_them() {
    use rustix::net::sockopt::{Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, ip_mtu_discover, ipv6_mtu_discover};
    let four = socket();
    keep_whole(&four);
    assert_eq!(ip_mtu_discover(&four).unwrap(), Ipv4PathMtuDiscovery::PROBE);
    // Not every machine has an IPv6 address.
    if let Ok(six) = UdpSocket::bind((std::net::Ipv6Addr::LOCALHOST, 0)) {
        keep_whole(&six);
        assert_eq!(ipv6_mtu_discover(&six).unwrap(), Ipv6PathMtuDiscovery::PROBE);
    }
}

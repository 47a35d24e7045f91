/* ENet as a server and as its load, with the arguments, the answers and the rules of src/main.rs: payloads of a given size in
   both directions at 20 Hz on absolute time, by unreliable packets that carry their number. ENet does not encrypt.

   Choices: one pass of the host's service per tick, with a receive buffer that holds what comes between two, because every
   pass looks at every peer; unreliable sequenced packets, as for snapshots; the packet throttle, which would drop some of them
   when round trips vary, is off, as games that send little set it. Channels, pings and timeouts are ENet's own. */
#define _GNU_SOURCE
#include <enet/enet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICK_US = 50000, LOAD_SLOT_US = 1000, LOAD_SLOTS = 50, BUFFER_BYTES = 8 << 20, SAMPLES_MAX = 1 << 17, BYTES_MAX = 1200 };

/* A connection: the number that is expected next, once one has come. */
struct seat {
    int has_begun;
    uint32_t next;
};

static uint64_t arrived, skipped;
static int64_t missing;
static uint32_t late_us[SAMPLES_MAX], done_us[SAMPLES_MAX];
static size_t late_count, done_count;

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_until(int64_t due_us) {
    struct timespec due = {due_us / 1000000, due_us % 1000000 * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void sample(uint32_t *samples, size_t *count, int64_t due_us) {
    int64_t late = now_us() - due_us;
    if (*count < SAMPLES_MAX) samples[(*count)++] = late > 0 ? (uint32_t)late : 0;
}

static int compare(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static uint32_t p99(uint32_t *samples, size_t count) {
    qsort(samples, count, sizeof *samples, compare);
    return count ? samples[count * 99 / 100] : 0;
}

/* Answers a line of the input and counts from zero again. 0 at the input's end. */
static int answer(int players) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    char line[64];
    if (poll(&input, 1, 0) <= 0) return 1;
    if (read(0, line, sizeof line) <= 0) return 0;
    printf("{\"players\":%d,\"arrived\":%llu,\"missing\":%lld,\"skipped\":%llu,\"late_us\":%u,\"done_us\":%u}\n", players,
           (unsigned long long)arrived, (long long)(missing > 0 ? missing : 0), (unsigned long long)skipped,
           p99(late_us, late_count), p99(done_us, done_count));
    fflush(stdout);
    arrived = skipped = missing = 0;
    late_count = done_count = 0;
    return 1;
}

static void take_in(struct seat *seat, ENetPacket *packet) {
    uint32_t number;
    memcpy(&number, packet->data, sizeof number);
    if (!seat->has_begun) seat->has_begun = 1, seat->next = number;
    arrived++;
    if (number >= seat->next) {
        missing += number - seat->next;
        seat->next = number + 1;
    } else {
        missing--;
    }
}

static void send_message(ENetPeer *peer, uint32_t number, size_t bytes) {
    unsigned char message[BYTES_MAX];
    memset(message, 0x5a, bytes);
    memcpy(message, &number, sizeof number);
    ENetPacket *packet = enet_packet_create(message, bytes, 0);
    if (packet == NULL || enet_peer_send(peer, 0, packet) < 0) exit(1);
}

/* Handles what has come. The number of connections that have begun grows with `*players`. */
static void service(ENetHost *host, int *players) {
    ENetEvent event;
    while (enet_host_service(host, &event, 0) > 0) {
        if (event.type == ENET_EVENT_TYPE_CONNECT) {
            event.peer->data = calloc(1, sizeof(struct seat));
            if (event.peer->data == NULL) exit(1);
            enet_peer_throttle_configure(event.peer, ENET_PEER_PACKET_THROTTLE_INTERVAL, ENET_PEER_PACKET_THROTTLE_SCALE, 0);
        } else if (event.type == ENET_EVENT_TYPE_RECEIVE) {
            struct seat *seat = event.peer->data;
            *players += !seat->has_begun;
            take_in(seat, event.packet);
            enet_packet_destroy(event.packet);
        } else if (event.type == ENET_EVENT_TYPE_DISCONNECT) {
            --*players;
        }
    }
}

static void enlarge(ENetHost *host) {
    int bytes = BUFFER_BYTES;
    if (setsockopt(host->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        enet_socket_set_option(host->socket, ENET_SOCKOPT_RCVBUF, bytes);
}

static int serve(size_t most, size_t out_bytes) {
    ENetAddress address = {.host = htonl(INADDR_LOOPBACK), .port = 0};
    ENetHost *host = enet_host_create(&address, most, 1, 0, 0);
    if (host == NULL) return 1;
    enlarge(host);
    printf("%u\n", host->address.port);
    fflush(stdout);
    int players = 0;
    int64_t due_us = now_us();
    for (uint32_t tick = 1;; tick++) {
        sample(late_us, &late_count, due_us);
        service(host, &players);
        /* To each one's own: what a player sees differs from what the next one sees. */
        for (ENetPeer *peer = host->peers; peer < host->peers + host->peerCount; peer++)
            if (peer->state == ENET_PEER_STATE_CONNECTED) send_message(peer, tick, out_bytes);
        enet_host_flush(host);
        sample(done_us, &done_count, due_us);
        if (!answer(players)) return 0;
        due_us += TICK_US;
        int64_t behind = now_us() > due_us ? (now_us() - due_us) / TICK_US : 0;
        skipped += (uint64_t)behind;
        due_us += behind * TICK_US;
        wait_until(due_us);
    }
}

/* All clients are peers of one host and share its socket: the cheapest load that ENet has. */
static int load(size_t most, size_t in_bytes, const char *place) {
    ENetAddress server = {.host = htonl(INADDR_LOOPBACK), .port = (enet_uint16)atoi(place)};
    ENetHost *host = enet_host_create(NULL, most, 1, 0, 0);
    if (host == NULL) return 1;
    enlarge(host);
    printf("%s\n", place);
    fflush(stdout);
    int players = 0;
    size_t started = 0;
    uint32_t ticks = 0;
    int64_t due_us = now_us();
    for (size_t slot = 0;; slot = (slot + 1) % LOAD_SLOTS) {
        sample(late_us, &late_count, due_us);
        service(host, &players);
        if (started < most && enet_host_connect(host, &server, 1, 0) != NULL) started++;
        ticks += slot == 0;
        for (size_t client = slot; client < host->peerCount; client += LOAD_SLOTS)
            if (host->peers[client].state == ENET_PEER_STATE_CONNECTED) send_message(&host->peers[client], ticks, in_bytes);
        enet_host_flush(host);
        if (!answer(players)) return 0;
        /* A few slots are made up for; a whole tick behind, it goes on from here. */
        due_us += LOAD_SLOT_US;
        if (now_us() - due_us > TICK_US) due_us = now_us();
        wait_until(due_us);
    }
}

int main(int count, char **arguments) {
    if (count < 5 || enet_initialize() != 0) return 1;
    size_t players = strtoul(arguments[2], NULL, 10), in_bytes = strtoul(arguments[3], NULL, 10);
    size_t out_bytes = strtoul(arguments[4], NULL, 10);
    if (in_bytes < 4 || in_bytes > BYTES_MAX || out_bytes < 4 || out_bytes > BYTES_MAX) return 1;
    if (strcmp(arguments[1], "serve") == 0) return serve(players, out_bytes);
    return count < 6 ? 1 : load(players, in_bytes, arguments[5]);
}

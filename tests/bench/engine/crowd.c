/* Sockets: many members, one epoll, and what Python calls. */
#define _GNU_SOURCE
#include "engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_AT_ONCE 1024
#define READ (1 << 20)

struct engine E;
/* What was kept of a member, followed by what is read now. */
static unsigned char buffer[16 << 20];

double monotonic(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void listen_for(struct member *m, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)m->number};
    epoll_ctl(E.epoll, how, m->fd, &event);
}

void keep(struct member *m, const unsigned char *data, size_t size) {
    if (size && m->state != CLOSED) {
        m->rest = realloc(m->rest, size);
        memcpy(m->rest, data, size);
    } else if (m->rest) {
        free(m->rest);
        m->rest = NULL;
    }
    m->kept = m->rest ? size : 0;
}

/* Send, and keep what the socket doesn't take. */
void put(struct member *m, const void *data, size_t size) {
    ssize_t sent = 0;
    if (m->state == CLOSED) return;
    if (!m->unsent) sent = send(m->fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;
    if (sent < 0) sent = 0;
    if ((size_t)sent == size) return;
    m->late = realloc(m->late, m->unsent + size - (size_t)sent);
    memcpy(m->late + m->unsent, (const char *)data + sent, size - (size_t)sent);
    m->unsent += size - (size_t)sent;
    listen_for(m, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void put_rest(struct member *m) {
    ssize_t sent = send(m->fd, m->late, m->unsent, MSG_NOSIGNAL);
    if (sent <= 0) return;
    memmove(m->late, m->late + sent, m->unsent -= (size_t)sent);
    if (!m->unsent) listen_for(m, EPOLLIN, EPOLL_CTL_MOD);
}

/* So many members come from one address of the loopback, because servers limit the connections of an address that
   are not upgraded yet. Besides, once half of an address's ports are taken, Linux looks through all of them for each
   that is free: milliseconds, when thousands are. */
#define FROM_EACH 100

static void come_from(const struct member *m) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    int one = 1;
    from.sin_addr.s_addr = htonl((uint32_t)(INADDR_LOOPBACK + m->number / FROM_EACH));
    /* The port is chosen with the connection, so that only the pair of both ends must be free. */
    setsockopt(m->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    bind(m->fd, (struct sockaddr *)&from, sizeof from);
}

static void open_next(void) {
    if (E.opened >= E.wanted) return;
    struct member *m = &E.members[E.opened];
    *m = (struct member){.number = E.opened, .room = E.opened % E.rooms};
    m->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int one = 1, small = 4096, slot = E.opened++ / E.rooms;
    setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    m->stalled = E.stalled_every && m->number % E.stalled_every == E.stalled_every - 1;
    if (m->stalled) setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (m->number >= FROM_EACH) come_from(m);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)E.ports[slot % E.port_count])};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listen_for(m, EPOLLOUT, EPOLL_CTL_ADD);
    if (connect(m->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) lose(m);
}

void joined(struct member *m) {
    m->state = JOINED;
    E.counts.joined++;
    if (m->stalled) epoll_ctl(E.epoll, EPOLL_CTL_DEL, m->fd, NULL);
    open_next();
}

void lose(struct member *m) {
    if (m->state == CLOSED) return;
    bool opening = m->state != JOINED;
    close(m->fd);
    m->state = CLOSED;
    E.counts.closed++;
    if (opening) open_next();
}

static void connected(struct member *m) {
    char request[2048];
    int fault = 0;
    socklen_t size = sizeof fault;
    getsockopt(m->fd, SOL_SOCKET, SO_ERROR, &fault, &size);
    if (fault) {
        lose(m);
        return;
    }
    m->state = UPGRADING;
    listen_for(m, EPOLLIN, EPOLL_CTL_MOD);
    put(m, request, expand(request, E.wire.upgrade, m, 0));
}

static void readable(struct member *m) {
    if (m->kept) memcpy(buffer, m->rest, m->kept);
    ssize_t got = recv(m->fd, buffer + m->kept, READ, 0);
    if (got < 0 && errno == EAGAIN) return;
    E.now = monotonic();
    if (got <= 0 || m->kept + (size_t)got > sizeof buffer - READ) {
        lose(m);
        return;
    }
    E.counts.bytes += (uint64_t)got;
    E.counts.reads++;
    unsigned char *data = buffer;
    size_t size = m->kept + (size_t)got, skip = 0;
    if (m->state == UPGRADING) {
        skip = take_upgrade(m, data, size);
        if (!skip) {
            keep(m, data, size);
            return;
        }
    }
    take_frames(m, data + skip, size - skip);
}

static void serve_one(struct member *m, uint32_t events) {
    if (m->state == CLOSED) return;
    if (m->state == CONNECTING) {
        connected(m);
        return;
    }
    if ((events & EPOLLOUT) && m->unsent) put_rest(m);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(m);
}

/* Those who speak at a pace: the time in the text is the one at which it was due, however late it is said. */
struct pace {
    double start, rate;
    uint64_t said;
};

static void keep_pace(struct pace *pace) {
    while (pace->rate > 0 && E.now >= pace->start + (double)pace->said / pace->rate) {
        int speaker = (int)(pace->said % (uint64_t)(E.rooms * E.speakers));
        say_message(&E.members[speaker], pace->start + (double)pace->said++ / pace->rate);
    }
}

static void wait_until(double end) {
    double left = end - monotonic();
    if (left <= 0) return;
    struct timespec t = {.tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
    ppoll(&(struct pollfd){.fd = E.epoll, .events = POLLIN}, 1, &t, NULL);
}

static void serve(double end, struct pace *pace) {
    struct epoll_event events[MOST_AT_ONCE];
    double next = pace->rate > 0 ? pace->start + (double)pace->said / pace->rate : end;
    wait_until(next < end ? next : end);
    int count = epoll_wait(E.epoll, events, MOST_AT_ONCE, 0);
    E.now = monotonic();
    keep_pace(pace);
    for (int n = 0; n < count; n++) {
        serve_one(&E.members[events[n].data.u32], events[n].events);
        keep_pace(pace);
    }
}

void engine_begin(const struct wire *wire, const int *ports, int port_count, int most, int rooms, int text_size) {
    E = (struct engine){.wire = *wire, .port_count = port_count, .rooms = rooms, .text_size = (size_t)text_size};
    memcpy(E.ports, ports, sizeof *ports * (size_t)port_count);
    E.members = calloc((size_t)most, sizeof *E.members);
    E.padding = malloc(E.text_size);
    for (size_t at = 0; at < E.text_size; at++) E.padding[at] = "the quick brown fox "[at % 20];
    E.epoll = epoll_create1(0);
    E.now = monotonic();
}

/* Open so many more; return how many seconds it took until all had joined, or were lost, or the time was over. */
double engine_open(int more, int at_once, int stalled_every, double limit) {
    double start = monotonic(), end = start + limit;
    uint64_t before = E.counts.joined + E.counts.closed;
    E.stalled_every = stalled_every;
    E.wanted += more;
    for (int n = 0; n < at_once; n++) open_next();
    while (E.counts.joined + E.counts.closed - before < (uint64_t)more && monotonic() < end)
        serve(end, &(struct pace){0});
    return monotonic() - start;
}

/* Say how many members of each room speak. */
void engine_speakers(int each_room) {
    E.speakers = each_room;
    E.count = E.opened;
    for (int n = 0; n < E.count; n++) E.members[n].next = calloc((size_t)each_room, sizeof(uint32_t));
}

/* Let each speaker have so many messages in flight, from now on. */
void engine_talk(int mode, int in_flight) {
    E.mode = (enum mode)mode;
    E.now = monotonic();
    for (int n = 0; n < E.rooms * E.speakers && mode != QUIET; n++)
        for (int each = 0; each < in_flight; each++) say_message(&E.members[n], E.now);
}

/* Listen for a time, and speak at a rate, if it isn't 0. */
void engine_run(double seconds, double rate) {
    struct pace pace = {.start = monotonic(), .rate = rate};
    double end = pace.start + seconds;
    while (monotonic() < end) serve(end, &pace);
}

/* Wait until so many deliveries were made, or none came for a time. */
void engine_drain(uint64_t wanted, double patience) {
    double end = monotonic() + patience;
    for (uint64_t seen = E.counts.delivered; E.counts.delivered < wanted && monotonic() < end;) {
        serve(monotonic() + 0.05, &(struct pace){0});
        if (E.counts.delivered != seen) end = monotonic() + patience;
        seen = E.counts.delivered;
    }
}

struct counts engine_counts(void) { return E.counts; }

int engine_deaf(void) {
    int stalled = 0;
    for (int n = 0; n < E.opened; n++) stalled += E.members[n].stalled;
    return stalled;
}

void engine_end(void) {
    struct linger now = {.l_onoff = 1};
    for (int n = 0; n < E.opened; n++) {
        struct member *m = &E.members[n];
        if (m->state != CLOSED) setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        if (m->state != CLOSED) close(m->fd);
        free(m->rest), free(m->late), free(m->next);
    }
    close(E.epoll);
    free(E.members), free(E.padding);
    E = (struct engine){0};
}

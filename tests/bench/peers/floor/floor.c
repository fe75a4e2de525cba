/* The floor: what the kernel takes for fan-out, with nothing around it. One epoll, no rooms kept but as lists, no
   memory of anything, no limits: a frame that comes in goes out to the room, one write for each member.
   With a second argument, frames are gathered for so many milliseconds and leave as one write. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MOST 65536
#define ROOMS 4096
#define GATHER (1 << 22)

static const char UPGRADED[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Accept: none\r\n\r\n";

struct room {
    int *members, count, most;
    unsigned char *waiting;
    size_t size;
};

static struct room rooms[ROOMS];
static int room_of[MOST]; /* by file descriptor; -1 before the upgrade */
static int poller, timer, gather_ms;

static void watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void write_all(struct room *room, const void *data, size_t size) {
    for (int n = 0; n < room->count; n++)
        if (send(room->members[n], data, size, MSG_NOSIGNAL) < 0) continue; /* who can't take it misses it */
}

static void broadcast(struct room *room, const void *data, size_t size) {
    if (!gather_ms) {
        write_all(room, data, size);
        return;
    }
    if (!room->waiting) room->waiting = malloc(GATHER);
    if (room->size + size > GATHER) return;
    if (!room->size) {
        struct itimerspec soon = {.it_value = {.tv_nsec = gather_ms * 1000000L}}, now;
        timerfd_gettime(timer, &now);
        if (!now.it_value.tv_nsec) timerfd_settime(timer, 0, &soon, NULL);
    }
    memcpy(room->waiting + room->size, data, size);
    room->size += size;
}

static void flush(void) {
    uint64_t times;
    if (read(timer, &times, sizeof times) < 0) return;
    for (int n = 0; n < ROOMS; n++) {
        if (rooms[n].size) write_all(&rooms[n], rooms[n].waiting, rooms[n].size);
        rooms[n].size = 0;
    }
}

/* One frame of a client, unmasked and framed anew; return its length, 0 if it isn't whole. */
static size_t frame(int fd, unsigned char *data, size_t size) {
    static unsigned char out[1 << 17];
    if (size < 6) return 0;
    size_t length = data[1] & 127, head = 2;
    if (length == 126) length = (size_t)data[2] << 8 | data[3], head = 4;
    if (size < head + 4 + length) return 0;
    memcpy(out, data, head);
    out[1] &= 127;
    for (size_t n = 0; n < length; n++) out[head + n] = data[head + 4 + n] ^ data[head + (n & 3)];
    if ((data[0] & 15) == 1) broadcast(&rooms[room_of[fd]], out, head + length);
    return head + 4 + length;
}

static void upgrade(int fd, const char *request) {
    const char *room = strstr(request, "room=");
    int number = room ? atoi(room + 5) % ROOMS : 0;
    struct room *to = &rooms[number];
    if (to->count == to->most) to->members = realloc(to->members, sizeof(int) * (size_t)(to->most = to->most * 2 + 4));
    to->members[to->count++] = fd;
    room_of[fd] = number;
    if (send(fd, UPGRADED, sizeof UPGRADED - 1, MSG_NOSIGNAL) < 0) close(fd);
}

static void leave(int fd) {
    struct room *room = room_of[fd] < 0 ? NULL : &rooms[room_of[fd]];
    for (int n = 0; room && n < room->count; n++)
        if (room->members[n] == fd) room->members[n] = room->members[--room->count];
    close(fd);
}

/* A client's frames come whole, but for the large ones: those are waited for. */
static void readable(int fd) {
    static unsigned char data[1 << 18];
    ssize_t got = recv(fd, data, sizeof data - 1, MSG_PEEK);
    if (got <= 0) {
        leave(fd);
        return;
    }
    data[got] = 0;
    size_t at = 0, took = (size_t)got;
    if (room_of[fd] < 0) {
        upgrade(fd, (char *)data);
        at = took;
    } else {
        while ((took = frame(fd, data + at, (size_t)got - at))) at += took;
    }
    if (at && recv(fd, data, at, 0) < 0) leave(fd);
}

int main(int count, char **arguments) {
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
    struct epoll_event events[256];
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    gather_ms = count > 2 ? atoi(arguments[2]) : 0;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&where, sizeof where) || listen(listener, 4096)) return 1;
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(listener), watch(timer);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int n = 0; n < ready; n++) {
            int fd = events[n].data.fd;
            if (fd == timer) {
                flush();
            } else if (fd != listener) {
                readable(fd);
            } else if ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0 && fd < MOST) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                room_of[fd] = -1;
                watch(fd);
            }
        }
    }
}

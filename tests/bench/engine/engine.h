/* The load generator: many websocket clients in one thread, over one epoll. Python sets it up (library.py). */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEPS 4

/* How a server is spoken to. In what is said, %m is the member's number, %r its room's, %n counts what it says,
   %k is a key that no other message has, and %t is the text. */
struct wire {
    const char *upgrade;      /* the HTTP request */
    const char *say[STEPS];   /* what is said to join; "" says nothing */
    const char *await[STEPS]; /* and what must be in the answer; NULL ends the steps */
    const char *message;      /* a message */
    const char *answer;       /* how an acknowledgement begins, or NULL */
    const char *ping, *pong;  /* the application's own, or NULL */
};

enum state { CONNECTING, UPGRADING, JOINING, JOINED, CLOSED };
enum mode { QUIET, ECHO, ANSWER };

struct member {
    int fd, number, room, step;
    enum state state;
    bool stalled;
    uint64_t said, delivered, order;
    uint32_t *next;             /* for each speaker of its room: the message that must come next */
    unsigned char *rest, *late; /* received and not yet whole; not yet sent */
    size_t kept, whole, unsent;
};

struct counts {
    uint64_t joined, closed, refused, said, answered, delivered, wrong, bytes, reads;
};

struct engine {
    struct wire wire;
    struct member *members;
    int epoll, count, ports[8], port_count, rooms, speakers, stalled_every, at_once, opened, wanted;
    size_t text_size;
    char *padding;
    enum mode mode;
    double now;
    struct counts counts;
};

extern struct engine E;

/* check.c: what a delivery must be, and how long it took. */
#define TAG 31
size_t write_text(char *to, const struct member *m, double due);
void check(struct member *m, const unsigned char *data, size_t size);

/* wire.c: bytes of HTTP and of RFC 6455. */
size_t expand(char *to, const char *from, const struct member *m, double due);
size_t take_upgrade(struct member *m, const unsigned char *data, size_t size);
void take_frames(struct member *m, unsigned char *data, size_t size);
void say(struct member *m, const char *what, double due);
void say_message(struct member *m, double due);
void frame(struct member *m, int opcode, const void *payload, size_t size);

/* crowd.c: sockets. */
double monotonic(void);
void put(struct member *m, const void *data, size_t size);
void keep(struct member *m, const unsigned char *data, size_t size);
void lose(struct member *m);
void joined(struct member *m);

#endif

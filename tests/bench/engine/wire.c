/* The bytes of HTTP and of RFC 6455, as a client speaks them. */
#define _GNU_SOURCE
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIN 0x80
#define MASKED 0x80
enum { CONTINUATION, TEXT, BINARY, CLOSE = 8, PING, PONG };

static size_t value(char *to, char what, const struct member *m, double due) {
    switch (what) {
        case 't': return write_text(to, m, due);
        case 'm': return (size_t)sprintf(to, "%d", m->number);
        case 'r': return (size_t)sprintf(to, "%d", m->room);
        case 'n': return (size_t)sprintf(to, "%lu", (unsigned long)m->said + 10);
        case 'k': return (size_t)sprintf(to, "BENCH%011d%010lu", m->number, (unsigned long)m->said);
    }
    *to = what;
    return 1;
}

size_t expand(char *to, const char *from, const struct member *m, double due) {
    char *start = to;
    for (; *from; from++) {
        if (*from == '%' && from[1])
            to += value(to, *++from, m, due);
        else
            *to++ = *from;
    }
    return (size_t)(to - start);
}

void frame(struct member *m, int opcode, const void *payload, size_t size) {
    static unsigned char out[1 << 20];
    size_t head = 2;
    out[0] = (unsigned char)(FIN | opcode);
    if (size < 126) {
        out[1] = (unsigned char)(MASKED | size);
    } else {
        bool huge = size > 0xFFFF;
        out[1] = MASKED | (huge ? 127 : 126);
        for (int shift = huge ? 56 : 8; shift >= 0; shift -= 8) out[head++] = (unsigned char)(size >> shift);
    }
    uint32_t mask = (uint32_t)random() | 1;
    memcpy(out + head, &mask, 4);
    unsigned char *to = out + head + 4;
    memcpy(to, payload, size);
    for (size_t at = 0; at < size; at++) to[at] ^= ((unsigned char *)&mask)[at & 3];
    put(m, out, head + 4 + size);
}

void say(struct member *m, const char *what, double due) {
    static char text[1 << 19];
    frame(m, TEXT, text, expand(text, what, m, due));
}

void say_message(struct member *m, double due) {
    if (m->state != JOINED) return;
    say(m, E.wire.message, due);
    m->said++;
    E.counts.said++;
}

/* Say the next thing that joining needs, until something must be waited for. */
static void advance(struct member *m) {
    for (; m->step < STEPS && E.wire.await[m->step]; m->step++) {
        if (*E.wire.say[m->step]) say(m, E.wire.say[m->step], 0);
        if (*E.wire.await[m->step]) return;
    }
    joined(m);
}

/* Take the answer to the upgrade; return how many bytes it had, 0 if it isn't whole. */
size_t take_upgrade(struct member *m, const unsigned char *data, size_t size) {
    const unsigned char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (!memmem(data, 16, " 101", 4)) {
        E.counts.refused++;
        lose(m);
        return 0;
    }
    m->state = JOINING;
    advance(m);
    return (size_t)(end + 4 - data);
}

static bool is(const unsigned char *data, size_t size, const char *text, bool whole) {
    size_t length = text ? strlen(text) : 0;
    return length && size >= length && (!whole || size == length) && !memcmp(data, text, length);
}

static void message(struct member *m, const unsigned char *data, size_t size) {
    if (is(data, size, E.wire.ping, true)) {
        say(m, E.wire.pong, 0);
    } else if (m->state == JOINING) {
        const char *await = E.wire.await[m->step];
        if (memmem(data, size, await, strlen(await))) {
            m->step++;
            advance(m);
        }
    } else if (is(data, size, E.wire.answer, false)) {
        E.counts.answered++;
        if (E.mode == ANSWER) say_message(m, E.now);
    } else {
        check(m, data, size);
    }
}

static void control(struct member *m, int opcode, const unsigned char *data, size_t size) {
    if (opcode == PING) frame(m, PONG, data, size);
    if (opcode == CLOSE) lose(m);
}

/* Find the length of a frame's head and payload; return false if the head isn't whole. */
static bool head_of(const unsigned char *data, size_t size, size_t *head, size_t *length) {
    if (size < 2) return false;
    size_t more = data[1] < 126 ? 0 : data[1] == 126 ? 2 : 8;
    *head = 2 + more;
    if (size < *head) return false;
    *length = more ? 0 : data[1];
    for (size_t at = 0; at < more; at++) *length = *length << 8 | data[2 + at];
    return true;
}

/* Take all frames that are whole and keep the rest. The first `m->whole` bytes are the beginning of a message whose
   other fragments are still to come. */
void take_frames(struct member *m, unsigned char *data, size_t size) {
    size_t at = m->whole, part = m->whole, head, length;
    while (m->state != CLOSED && head_of(data + at, size - at, &head, &length) && head + length <= size - at) {
        unsigned char *payload = data + at + head;
        int opcode = data[at] & 15;
        bool fin = data[at] & FIN;
        at += head + length;
        if (opcode >= CLOSE) {
            control(m, opcode, payload, length);
        } else if (fin && !part) {
            message(m, payload, length);
        } else {
            memmove(data + part, payload, length);
            part += length;
            if (fin) message(m, data, part);
            if (fin) part = 0;
        }
    }
    memmove(data + part, data + at, size - at);
    m->whole = part;
    keep(m, data, part + size - at);
}

/* What a delivery must be. Each text begins with a tag, @speaker.count.microseconds@, so that every delivery shows
   whose it is, which one, and when it was due. Nothing else of it is parsed. */
#define _GNU_SOURCE
#include "engine.h"

#include <stdio.h>
#include <string.h>

/* Latencies in microseconds: 64 buckets for each power of two, so a bucket is 1.6 % wide at most. */
#define BUCKETS (64 * 40)
static uint64_t latencies[BUCKETS];

size_t write_text(char *to, const struct member *m, double due) {
    snprintf(to, TAG + 1, "@%06d.%08lu.%013llu@", m->number, (unsigned long)m->said,
             (unsigned long long)(due * 1e6));
    memcpy(to + TAG, E.padding, E.text_size - TAG);
    return E.text_size;
}

static uint64_t digits(const unsigned char *at, int count) {
    uint64_t value = 0;
    while (count--) value = value * 10 + (*at++ - '0');
    return value;
}

static void note(uint64_t micro) {
    int shift = micro < 128 ? 0 : 57 - __builtin_clzll(micro);
    size_t bucket = (size_t)shift * 64 + (micro >> shift);
    latencies[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

/* A message that comes again, or behind a later one of its speaker, is wrong; one that never comes is missing. */
static void delivery(struct member *m, const unsigned char *tag) {
    uint64_t speaker = digits(tag + 1, 6), count = digits(tag + 8, 8), due = digits(tag + 17, 13);
    uint64_t slot = speaker / (uint64_t)E.rooms;
    if (!m->next || speaker % (uint64_t)E.rooms != (uint64_t)m->room || slot >= (uint64_t)E.speakers ||
        count < m->next[slot]) {
        E.counts.wrong++;
        return;
    }
    m->next[slot] = (uint32_t)count + 1;
    m->delivered++;
    m->order = m->order * 0x9E3779B97F4A7C15u + (speaker << 32 | count);
    E.counts.delivered++;
    uint64_t now = (uint64_t)(E.now * 1e6);
    note(now > due ? now - due : 0);
    if (speaker == (uint64_t)m->number && E.mode == ECHO) say_message(m, E.now);
}

void check(struct member *m, const unsigned char *data, size_t size) {
    const unsigned char *end = data + size, *at = data;
    while ((at = memchr(at, '@', (size_t)(end - at))) && end - at >= TAG) {
        if (at[7] == '.' && at[16] == '.' && at[30] == '@') {
            delivery(m, at);
            at += E.text_size < (size_t)(end - at) ? E.text_size : (size_t)(end - at);
        } else {
            at++;
        }
    }
}

void engine_forget_latencies(void) { memset(latencies, 0, sizeof latencies); }

/* Seconds that a share of all deliveries took at most; 0 if there were none. */
double engine_latency(double share) {
    uint64_t all = 0, seen = 0;
    for (size_t b = 0; b < BUCKETS; b++) all += latencies[b];
    for (size_t b = 0; b < BUCKETS && all; b++) {
        seen += latencies[b];
        if ((double)seen >= share * (double)all) {
            size_t shift = b < 128 ? 0 : b / 64 - 1;
            return (double)((b - shift * 64) << shift) / 1e6;
        }
    }
    return 0;
}

/* Members that received all, but in another order than the first of their room that did. */
int engine_other_orders(void) {
    int others = 0;
    for (int n = E.rooms; n < E.count; n++) {
        const struct member *first = &E.members[n % E.rooms], *m = &E.members[n];
        others += m->delivered == first->delivered && m->order != first->order;
    }
    return others;
}

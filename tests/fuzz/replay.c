/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for libFuzzer with any compiler: every file of the corpus, and the same 2000 changes of
 * each on every machine.
 *
 *   fuzz_NAME [FILE|FOLDER]...    without arguments: tests/fuzz/corpus/NAME
 */
#include "probes/core/mem.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CORPUS     "tests/fuzz/corpus"
#define CHANGES    2000
#define SEEDS_MOST 512
#define BYTES_MOST (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seed {
	char *path;
	uint8_t *bytes;
	size_t len;
};

struct replay {
	struct seed seeds[SEEDS_MOST];
	size_t count;
	unsigned long ran;
};

/* What was running when it crashed: the handler has no other way to know. */
static struct {
	const char *path;
	unsigned change;
} now;

static uint64_t next(uint64_t *state) /* xorshift64* */
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static size_t below(uint64_t *state, size_t n)
{
	return n ? (size_t)(next(state) >> 16) % n : 0;
}

/* An allocation of exactly this size, so that a sanitizer sees one byte too far. */
static void feed(struct replay *r, const uint8_t *bytes, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		exit(EXIT_FAILURE);
	if (n)
		memcpy(exact, bytes, n);
	LLVMFuzzerTestOneInput(n ? exact : exact + 1, n);
	free(exact);
	r->ran++;
}

static void flip_bits(uint8_t *b, size_t n, uint64_t *state)
{
	for (size_t i = 1 + below(state, 4); n && i > 0; i--)
		b[below(state, n)] ^= (uint8_t)(1u << below(state, 8));
}

static void odd_bytes(uint8_t *b, size_t n, uint64_t *state)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, '"', ',', '\n', 0x1b, 0x3b, 0x5b,
		0x9f };

	for (size_t i = 1 + below(state, 3); n && i > 0; i--)
		b[below(state, n)] = odd[below(state, sizeof(odd))];
}

/* The front of one and the back of another. */
static size_t splice(uint8_t *b, size_t n, const struct seed *other, uint64_t *state)
{
	size_t keep = below(state, n + 1), from = below(state, other->len + 1);
	size_t more = other->len - from;

	memcpy(b + keep, other->bytes + from, more);
	return keep + more;
}

static size_t repeat(uint8_t *b, size_t n, uint64_t *state)
{
	size_t from = below(state, n), len = below(state, n - from) + 1;

	memcpy(b + n, b + from, len);
	return n + len;
}

static void change(struct replay *r, const struct seed *seed)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL;
	uint8_t *b = malloc(BYTES_MOST * 2);

	if (!b)
		exit(EXIT_FAILURE);
	for (now.change = 1; now.change <= CHANGES; now.change++) {
		size_t n = seed->len;

		memcpy(b, seed->bytes, n);
		switch (below(&state, 6)) {
		case 0:
			n = below(&state, n);
			break;
		case 1:
			odd_bytes(b, n, &state);
			break;
		case 2:
			n = splice(b, n, &r->seeds[below(&state, r->count)], &state);
			break;
		case 3:
			n = n ? repeat(b, n, &state) : 0;
			break;
		default:
			flip_bits(b, n, &state);
		}
		feed(r, b, n);
	}
	free(b);
}

static bool add_file(struct replay *r, const char *path)
{
	struct seed *seed = &r->seeds[r->count];
	FILE *f = r->count < SEEDS_MOST ? fopen(path, "rb") : NULL;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path,
			r->count < SEEDS_MOST ? strerror(errno) : "too many");
		return false;
	}
	seed->bytes = malloc(BYTES_MOST);
	if (!seed->bytes)
		exit(EXIT_FAILURE);
	seed->len = fread(seed->bytes, 1, BYTES_MOST, f);
	seed->bytes = mem_grow(seed->bytes, seed->len, 1);
	seed->path = mem_copy(path);
	r->count++;
	fclose(f);
	return true;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool add(struct replay *r, const char *path)
{
	struct dirent **names;
	struct stat st;
	bool fine = true;
	int n;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return add_file(r, path);
	n = scandir(path, &names, not_hidden, alphasort);
	for (int i = 0; i < n; i++) {
		char file[1024];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		fine = add_file(r, file) && fine;
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return fine && n >= 0;
}

static void say_where(int signo)
{
	char text[1200];
	int n = snprintf(
		text, sizeof(text), "signal %d in %s, change %u\n", signo, now.path, now.change);

	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
		_exit(1);
	signal(signo, SIG_DFL);
	raise(signo);
}

int main(int argc, char *argv[])
{
	static struct replay r;
	const char *base = strrchr(argv[0], '/'), *name = base ? base + 1 : argv[0];
	char corpus[512];
	bool fine = true;

	signal(SIGABRT, say_where);
	signal(SIGALRM, say_where); /* an input that takes for ever */
	snprintf(corpus, sizeof(corpus), CORPUS "/%s", strncmp(name, "fuzz_", 5) ? name : name + 5);
	for (int i = 1; i < argc; i++)
		fine = add(&r, argv[i]) && fine;
	if (argc == 1)
		fine = add(&r, corpus);
	for (size_t i = 0; i < r.count; i++) {
		now.path = r.seeds[i].path;
		now.change = 0;
		alarm(120);
		feed(&r, r.seeds[i].bytes, r.seeds[i].len);
		change(&r, &r.seeds[i]);
	}
	for (size_t i = 0; i < r.count; i++) {
		free(r.seeds[i].bytes);
		free(r.seeds[i].path);
	}
	printf("%s: %lu inputs from %zu seeds\n", name, r.ran, r.count);
	if (!r.count)
		fprintf(stderr, "%s: nothing to feed\n", corpus);
	return fine && r.count ? EXIT_SUCCESS : EXIT_FAILURE;
}

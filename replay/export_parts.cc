/* SPDX-License-Identifier: GPL-2.0-only */
/* What every exported program begins with, and how its operations wait for each other. */
#include "replay/export_parts.h"

#include <cassert>
#include <sstream>

namespace daxrace::replay {

const ExportPart kSharedParts[] = {
    {"shared", "", R"c(
/* --- what all processes share --------------------------------------------- */

struct record {			/* of an operation, in this round */
	uint32_t begun, ended;	/* tickets, and futexes; 0: not yet */
	int result;		/* >= 0, -errno, or SIGNALLED */
	struct timespec start;
};

struct note {			/* of what an operation did to a place */
	enum { SAW = 1, WROTE, SYNCED } kind;
	int op, process, place;
	int direct;		/* by O_DIRECT */
	uint32_t ended;		/* 0: when the operation did */
	uint64_t value;
};

static struct shared {
	char directory[400];
	char lacking[200];	/* what the race needs, and this machine has not */
	uint32_t clock, arrived, go, notes_used;
	unsigned round;
	int late;		/* gates that were given up */
	int dead[PROCESSES];	/* has been killed, or has ended itself */
	pid_t pid[PROCESSES];
	uint64_t took[OPS];	/* nanoseconds, of the round before */
	struct record record[OPS];
	struct note note[NOTES];
} *s;

#define NEVER UINT32_MAX
#define SIGNALLED(number) (-1000 - (number))

static int me = CONTROLLER;	/* this process */
static int fds[FILES + 1];
static int force, verbose, patience = 10;

/* Each operation of each round writes a value of its own. */
#define VALUE(op) (0xdaULL << 56 | (uint64_t)s->round << 16 | (unsigned)((op) + 1))

static uint64_t ns_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000000000LL + now.tv_nsec - start->tv_nsec;
}

static void tick(uint32_t *word)
{
	__atomic_store_n(word, __atomic_add_fetch(&s->clock, 1, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void begin(int op)
{
	clock_gettime(CLOCK_MONOTONIC, &s->record[op].start);
	tick(&s->record[op].begun);
}

static void end(int op, long result)
{
	s->took[op] = ns_since(&s->record[op].start);
	s->record[op].result = result < 0 ? (int)result : 0;
	tick(&s->record[op].ended);
}

/* The race needs `what`: without it a clean result would mean nothing. */
__attribute__((unused)) static void lacking(const char *what)
{
	if (!force && !s->lacking[0])
		snprintf(s->lacking, sizeof(s->lacking), "%s", what);
}
)c"},
    {"await", "shared", R"c(
/* --- the order ------------------------------------------------------------ */

/* Spins first, so as to be close behind; gives up when nobody can come any more. */
static void await(uint32_t *word, int process)
{
	const struct timespec a_moment = { .tv_nsec = 10 * 1000 * 1000 };
	int tries;

	for (tries = 0; tries < 20000; tries++)
		if (__atomic_load_n(word, __ATOMIC_SEQ_CST))
			return;
	for (tries = 0; tries < 200; tries++) {
		syscall(SYS_futex, word, FUTEX_WAIT, 0, &a_moment, NULL, 0);
		if (__atomic_load_n(word, __ATOMIC_SEQ_CST))
			return;
		if (process >= 0 && s->dead[process])
			return;
	}
	s->late++;
}
)c"},
    {"after", "await", R"c(
/* That operation has returned. */
static void after(int op)
{
	await(&s->record[op].ended, ops[op].process);
}
)c"},
    {"spin", "shared", R"c(
/* Another moment in each round: how deep the other one is in the kernel then cannot be forced from here. */
static void spin(int op, uint64_t ns)
{
	struct timespec start;
	uint32_t dice = (s->round * 64 + op) * 2654435761u;

	clock_gettime(CLOCK_MONOTONIC, &start);
	ns = ns * (dice >> 16) >> 16;
	while (ns_since(&start) < ns)
		;
}
)c"},
    {"during", "await spin", R"c(
/* That operation has begun, and runs on: they overlap. */
static void during(int op)
{
	await(&s->record[op].begun, ops[op].process);
	spin(op, s->took[op] + 1000);
}
)c"},
    {"notes", "shared", R"c(
/* --- what operations did to places in files and memory -------------------- */

static int same_process(int place, int a, int b)
{
	return !objects[places[place].object].private || a == b;
}

static int place_of(int object, off_t at)
{
	int i;

	for (i = 0; i < PLACES; i++)
		if (places[i].object == object && places[i].at == at)
			return i;
	return -1;
}

static struct note *note(int op, int kind, int place, uint64_t value)
{
	uint32_t i = __atomic_fetch_add(&s->notes_used, 1, __ATOMIC_SEQ_CST);
	struct note *n = &s->note[i < NOTES ? i : NOTES - 1];

	if (place < 0)
		place = 0;
	*n = (struct note){ .kind = kind, .op = op, .process = me, .place = place, .value = value };
	return n;
}
)c"},
    {"threads", "shared", R"c(
/* --- processes and tasks -------------------------------------------------- */

static pthread_t threads[TASKS + 1];
static int started;

static void be(int process)
{
	me = process;
	started = 0;
	s->pid[process] = getpid();
}

static void join(void)
{
	while (started > 0)
		pthread_join(threads[--started], NULL);
}
)c"},
    {"start", "threads", R"c(
static void start(void *(*task)(void *))
{
	if (pthread_create(&threads[started], NULL, task, NULL) == 0)
		started++;
}
)c"},
    {"arrive", "await", R"c(
/* All tasks that there are from the start, and the set-up, begin together. */
static void arrive(void)
{
	if (__atomic_add_fetch(&s->arrived, 1, __ATOMIC_SEQ_CST) == AT_START)
		tick(&s->go);
	else
		await(&s->go, -1);
}
)c"},
    {nullptr, nullptr, nullptr},
};

void need_part(std::set<std::string>& parts, const std::string& name) {
  if (!parts.insert(name).second) return;
  for (const ExportPart* table : {kSharedParts, kOperationParts, kDeviceParts, kCheckParts}) {
    for (const ExportPart* part = table; part->name != nullptr; ++part) {
      if (name != part->name) continue;
      std::istringstream needs(part->needs);
      for (std::string other; needs >> other;) need_part(parts, other);
      return;
    }
  }
  assert(!"a part that exists");
}

namespace {

void append(const ExportPart* table, const std::set<std::string>& parts, std::string& out) {
  for (const ExportPart* part = table; part->name != nullptr; ++part) {
    if (parts.contains(part->name)) out += part->text;
  }
}

}  // namespace

std::string shared_parts(const std::set<std::string>& parts) {
  std::string out;
  append(kSharedParts, parts, out);
  return out;
}

std::string operation_parts(const std::set<std::string>& parts) {
  std::string out;
  append(kOperationParts, parts, out);
  append(kDeviceParts, parts, out);
  append(kCheckParts, parts, out);
  return out;
}

}  // namespace daxrace::replay

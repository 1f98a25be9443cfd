/* SPDX-License-Identifier: GPL-2.0-only */
/* What an exported program looks for when a round is over, and its main(). */
#include "replay/export_parts.h"

namespace daxrace::replay {

const ExportPart kCheckParts[] = {
    {"check", "notes", R"c(
/* --- was it right? -------------------------------------------------------- */

static uint32_t end_of(const struct note *n)
{
	const struct record *r = &s->record[n->op];

	if (n->ended)
		return n->ended;
	/* What failed may have been done in part. */
	return r->ended && (n->kind == SAW || r->result >= 0) ? r->ended : NEVER;
}

static uint32_t count(void)
{
	return s->notes_used < NOTES ? s->notes_used : NOTES;
}
)c"},
    {"excuse", "check", R"c(
/* open(2) has it under O_DIRECT: not while the process forks. Where a pin survives that, this can go. */
static int excused(const struct note *n)
{
	int i;

	for (i = 0; i < PROCESSES && n->direct; i++)
		if (forks[i].op >= 0 && s->record[forks[i].op].begun &&
		    s->record[forks[i].op].begun <= end_of(n) &&
		    (!s->record[forks[i].op].ended || s->record[forks[i].op].ended >= s->record[n->op].begun))
			return 1;
	return 0;
}
)c"},
    {"no_excuse", "check", R"c(
static int excused(const struct note *n)
{
	(void)n;
	return 0;
}
)c"},
    {"values", "check", R"c(
/* Something was written there that began after `since` and had returned before `before`. */
static int overwritten(int process, int place, uint32_t since, uint32_t before)
{
	uint32_t i;

	for (i = 0; i < count(); i++) {
		const struct note *n = &s->note[i];

		if (n->kind == WROTE && n->place == place && same_process(place, n->process, process) &&
		    s->record[n->op].begun > since && end_of(n) < before && !excused(n))
			return 1;
	}
	return 0;
}

/* May who looked from ticket `begin` to ticket `end` have seen that value there? */
static int may_be(int process, int place, uint64_t value, uint32_t begin, uint32_t end)
{
	const int object = places[place].object;
	uint32_t i;

	for (i = 0; i < count(); i++) {
		const struct note *n = &s->note[i];

		if (n->kind == WROTE && n->place == place && n->value == value &&
		    same_process(place, n->process, process) && s->record[n->op].begun <= end &&
		    !overwritten(process, place, end_of(n), begin))
			return 1;
	}
	if (overwritten(process, place, 0, begin))
		return 0;
	/* What was there before: */
	if (objects[object].private && process >= 0 && forks[process].op >= 0) {
		const struct record *fork = &s->record[forks[process].op];

		return may_be(forks[process].parent, place, value, fork->begun, fork->ended ? fork->ended : NEVER);
	}
	if (objects[object].under >= 0) {
		int below = place_of(objects[object].under, places[place].at);

		return below < 0 || may_be(CONTROLLER, below, value, 0, end);
	}
	return value == 0;
}

static const char *whose(uint64_t value)
{
	static char text[100];
	int op = (int)(value & 0xffff) - 1;

	if (value == 0)
		return "zeros";
	if (value >> 56 != 0xda || op < 0 || op >= OPS)
		return "something that nobody here has written";
	if ((value >> 16 & 0xffffffff) == s->round)
		snprintf(text, sizeof(text), "what %s had written", ops[op].text);
	else
		snprintf(text, sizeof(text), "what %s had written in round %u", ops[op].text,
			 (unsigned)(value >> 16 & 0xffffffff));
	return text;
}

static int check_values(void)
{
	int wrong = 0;
	uint32_t i;

	for (i = 0; i < count(); i++) {
		const struct note *n = &s->note[i];

		if (n->kind != SAW || objects[places[n->place].object].unchecked ||
		    may_be(n->process, n->place, n->value, s->record[n->op].begun, end_of(n)))
			continue;
		printf("round %u: %s saw %s at %s; that cannot have been there any more, or yet\n", s->round,
		       ops[n->op].text, whose(n->value), places[n->place].name);
		wrong++;
	}
	return wrong;
}
)c"},
    {"faults", "check", R"c(
static int check_faults(void)
{
	int wrong = 0, op;

	for (op = 0; op < OPS; op++) {
		if (!ops[op].inside || s->record[op].result != SIGNALLED(SIGBUS))
			continue;
		printf("round %u: %s got SIGBUS, inside the file and with space left\n", s->round, ops[op].text);
		wrong++;
	}
	return wrong;
}
)c"},
    {"kernel_log", "check", R"c(
static int kernel_log = -1;

static void open_kernel_log(void)
{
	kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (kernel_log < 0)
		printf("cannot read /dev/kmsg: look at dmesg yourself\n");
	else
		lseek(kernel_log, 0, SEEK_END);
}

/* What the finding is about shows there, if the kernel was built to look for it. */
static int check_kernel_log(void)
{
	static const char *const signs[] = { "WARNING:", "BUG:", "KASAN:", "KCSAN:", "Oops:", "refcount_t:",
					     "circular locking dependency", "blocked for more than" };
	char line[4096];
	ssize_t n;
	int wrong = 0;
	size_t i;

	while (kernel_log >= 0 && ((n = read(kernel_log, line, sizeof(line) - 1)) > 0 || errno == EPIPE)) {
		line[n > 0 ? n : 0] = '\0';
		for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
			if (!strstr(line, signs[i]))
				continue;
			printf("round %u: the kernel says%s", s->round, strchr(line, ';') ? strchr(line, ';') : line);
			wrong++;
			break;
		}
	}
	return wrong;
}
)c"},
    {"power", "values", R"c(
static const char *history, *to_check;

/* -c: what was done goes to a file that survives, with what must be there after a power failure. */
static void wait_for_power_failure(void)
{
	int fd = open(history, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, s, sizeof(*s)) != (ssize_t)sizeof(*s) || fsync(fd) != 0) {
		fprintf(stderr, "%s: %s\n", history, strerror(errno));
		exit(2);
	}
	printf("cut the power now, so that the caches of the CPU are lost; then: -C %s\n", history);
	fflush(stdout);
	for (;;)
		pause();
}

/* A store that had returned before an fsync(2) began is there, or a later one. */
static int check_durable(void)
{
	int wrong = 0, place;
	uint32_t i;

	for (place = 0; place < PLACES; place++) {
		uint32_t promised = 0;
		uint64_t value = 0;
		int fd;

		for (i = 0; i < count(); i++)
			if (s->note[i].kind == SYNCED && s->note[i].place == place &&
			    s->record[s->note[i].op].begun > promised)
				promised = s->record[s->note[i].op].begun;
		fd = open(path_of(places[place].object), O_RDONLY);
		if (promised && fd >= 0 && !objects[places[place].object].unchecked &&
		    pread(fd, &value, sizeof(value), places[place].at) == sizeof(value) &&
		    !may_be(CONTROLLER, place, value, promised, NEVER)) {
			printf("%s holds %s; what was there when it was synced is lost\n", places[place].name,
			       whose(value));
			wrong++;
		}
		if (fd >= 0)
			close(fd);
	}
	return wrong;
}

static int after_power_failure(void)
{
	int fd = open(to_check, O_RDONLY), wrong;

	if (fd < 0 || read(fd, s, sizeof(*s)) != (ssize_t)sizeof(*s)) {
		fprintf(stderr, "%s: not a history that -c has written\n", to_check);
		return 2;
	}
	wrong = check_durable();
	printf("%s: %s\n", s->directory, wrong ? "SHOWN" : "all that was synced is there");
	return wrong ? 1 : 0;
}
)c"},
    {"dax", "files", R"c(
static void need_dax(int file)
{
	int fd = open(path_of(file), O_RDWR);
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);

	if (at == MAP_FAILED)
		lacking("a file system mounted with -o dax");
	else
		munmap(at, PAGE);
	close(fd);
}
)c"},
    {"report", "values", R"c(
static void print_operations(void)
{
	int op;
	uint32_t i;

	printf("tickets   operation\n");
	for (op = 0; op < OPS; op++) {
		const struct record *r = &s->record[op];

		if (!r->begun)
			continue;
		printf("%4u-%-4u %s", r->begun, r->ended, ops[op].text);
		if (!r->ended)
			printf(": has not returned");
		else if (r->result <= SIGNALLED(0))
			printf(": %s", strsignal(SIGNALLED(0) - r->result));
		else if (r->result < 0)
			printf(": %s", strerror(-r->result));
		for (i = 0; i < count(); i++)
			if (s->note[i].kind == SAW && s->note[i].op == op)
				printf("; %s: %s", places[s->note[i].place].name, whose(s->note[i].value));
		printf("\n");
	}
}
)c"},
    {"processes", "threads", R"c(
/* --- a round -------------------------------------------------------------- */

static volatile sig_atomic_t out_of_patience;

static void on_alarm(int number)
{
	(void)number;
	out_of_patience = 1;
}

static void run_process(int process, void (*body)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	s->pid[process] = pid;
}

/* How many processes have not ended when patience has. */
static int wait_for_processes(void)
{
	/* Again every second, lest the alarm comes just before the wait. */
	const struct itimerval alarm_in = { { 1, 0 }, { patience, 0 } }, off = { { 0, 0 }, { 0, 0 } };
	int i, op, status, running;
	pid_t pid;

	out_of_patience = 0;
	setitimer(ITIMER_REAL, &alarm_in, NULL);
	while ((pid = waitpid(-1, &status, 0)) > 0 || (errno == EINTR && !out_of_patience)) {
		for (i = 0; i < PROCESSES && pid > 0; i++) {
			if (s->pid[i] != pid)
				continue;
			for (op = 0; op < OPS; op++)
				if (ops[op].ends && ops[op].process == i && s->record[op].begun)
					end(op, 0);
			s->dead[i] = 1;
			s->pid[i] = -1;
			if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
				fprintf(stderr, "a process died: %s\n", strsignal(WTERMSIG(status)));
				exit(2);
			}
		}
	}
	setitimer(ITIMER_REAL, &off, NULL);
	for (i = 0, running = 0; i < PROCESSES; i++)
		running += s->pid[i] > 0;
	return running;
}

static void kill_all(void)
{
	int i;

	for (i = 0; i < PROCESSES; i++)
		if (s->pid[i] > 0)
			kill(s->pid[i], SIGKILL);
}
)c"},
    {nullptr, nullptr, nullptr},
};

}  // namespace daxrace::replay

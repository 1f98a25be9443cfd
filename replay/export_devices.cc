/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations of ops.def as system calls: swap, devices, processes. */
#include "replay/export_parts.h"

namespace daxrace::replay {

const ExportPart kDeviceParts[] = {
    {"swap", "shared", R"c(
static void need_swap(void)
{
	struct sysinfo info;

	if (sysinfo(&info) == 0 && info.totalswap == 0)
		lacking("a swap device that is on");
}
)c"},
    {"swapoff", "shared", R"c(
static const char *swap_device;

static void swap_off(int op)
{
	if (!swap_device)
		lacking("a swap device to take off and on again: -S DEVICE");
	begin(op);
	end(op, !swap_device ? -ENODEV : swapoff(swap_device) != 0 ? -errno : 0);
}
)c"},
    {"put", "shared", R"c(
/* What only a file of the kernel's can be told. */
static void put(int op, const char *path, const char *text)
{
	int fd, error;

	begin(op);
	fd = open(path, O_WRONLY);
	error = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
	end(op, error);
	if (fd >= 0)
		close(fd);
	if (error)
		lacking(path);
}
)c"},
    {"command", "shared", R"c(
static const char *remount, *unbind;

/* What it takes a command of the machine's own for. */
static void command(int op, const char *line, const char *option)
{
	begin(op);
	end(op, !line ? -ENOSYS : system(line) != 0 ? -EBUSY : 0);
	if (!line)
		lacking(option);
}
)c"},
    {"direct", "region notes", R"c(
/* --- O_DIRECT between a mapping and a file elsewhere, by its device ------- */

#define SECTOR 512
static const char *elsewhere = "/var/tmp";
static char direct_path[500];
static int direct = -1;

static void open_direct(void)
{
	int fd;

	snprintf(direct_path, sizeof(direct_path), "%s/daxrace-%d", elsewhere, (int)getpid());
	fd = open(direct_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, (OPS + 1) * PAGE) != 0) {
		lacking("a directory for a file that is used with O_DIRECT: -o DIR");
		return;
	}
	close(fd);
	direct = open(direct_path, O_RDWR | O_DIRECT);
	if (direct < 0)
		lacking("O_DIRECT; name a directory on a disk: -o DIR");
}

static void fill_direct(void)
{
	static uint64_t block[PAGE / 8];
	int fd = open(direct_path, O_WRONLY), op;
	unsigned k;

	for (op = 0; fd >= 0 && op < OPS; op++) {
		for (k = 0; k < PAGE / 8; k++)
			block[k] = VALUE(op);
		if (pwrite(fd, block, PAGE, op * PAGE) != (ssize_t)PAGE)
			lacking("room for a file that is used with O_DIRECT");
	}
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}
)c"},
    {"dioread", "direct", R"c(
static void direct_read(int op, struct region *r, size_t at)
{
	ssize_t n;

	note(op, WROTE, place_of(r->object, r->from + at), VALUE(op))->direct = 1;
	begin(op);
	n = pread(direct, r->base ? r->base + at : NULL, SECTOR, op * PAGE);
	end(op, n == SECTOR ? 0 : n < 0 ? -errno : -EIO);
	if (s->record[op].result == -EINVAL)
		lacking("O_DIRECT in units of 512 bytes; name another directory: -o DIR");
}
)c"},
    {"diowrite", "direct", R"c(
static void direct_write(int op, struct region *r, size_t at)
{
	static uint64_t block[PAGE / 8] __attribute__((aligned(4096)));
	ssize_t n;

	begin(op);
	n = pwrite(direct, r->base ? r->base + at : NULL, SECTOR, op * PAGE);
	end(op, n == SECTOR ? 0 : n < 0 ? -errno : -EIO);
	if (s->record[op].result == -EINVAL)
		lacking("O_DIRECT in units of 512 bytes; name another directory: -o DIR");
	if (s->record[op].result == 0 && pread(direct, block, PAGE, op * PAGE) > 0)
		note(op, SAW, place_of(r->object, r->from + at), block[0]);
}
)c"},
    {"aioread", "direct", R"c(
static aio_context_t aio;
static struct iocb aio_block[OPS], *aio_list[OPS];
static struct note *aio_note[OPS];
static int aio_running;

/* io_submit(2): returns once the device has been asked. */
static void submit_read(int op, struct region *r, size_t at)
{
	struct iocb *block = &aio_block[op];
	long n;

	if (!aio && syscall(SYS_io_setup, OPS, &aio) != 0)
		lacking("io_setup(2)");
	aio_note[op] = note(op, WROTE, place_of(r->object, r->from + at), VALUE(op));
	aio_note[op]->direct = 1;
	aio_note[op]->ended = NEVER;
	*block = (struct iocb){ .aio_data = op, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = direct,
				.aio_buf = (uintptr_t)(r->base ? r->base + at : NULL),
				.aio_nbytes = SECTOR, .aio_offset = op * PAGE };
	aio_list[op] = block;
	begin(op);
	n = syscall(SYS_io_submit, aio, 1, &aio_list[op]);
	end(op, n == 1 ? 0 : n < 0 ? -errno : -EIO);
	if (n == 1)
		__atomic_add_fetch(&aio_running, 1, __ATOMIC_SEQ_CST);
	else if (s->record[op].result == -EINVAL)
		lacking("O_DIRECT in units of 512 bytes; name another directory: -o DIR");
}

static void reap(void)
{
	struct io_event event;

	for (; aio_running > 0; aio_running--) {
		if (syscall(SYS_io_getevents, aio, 1, 1, &event, NULL) != 1)
			break;
		if (event.res == SECTOR)
			aio_note[event.data]->ended = __atomic_add_fetch(&s->clock, 1, __ATOMIC_SEQ_CST);
	}
}
)c"},
    {"pipe", "shared", R"c(
static int pipes[2] = { -1, -1 };

static void drain_pipe(void)
{
	static char buffer[65536];

	while (read(pipes[0], buffer, sizeof(buffer)) > 0)
		;
}
)c"},
    {"vmsplice", "pipe region", R"c(
/* The pipe holds the page itself, not a copy of it. */
static void splice_page(int op, struct region *r, size_t at)
{
	struct iovec page = { r->base ? r->base + (at & ~(PAGE - 1)) : NULL, PAGE };

	begin(op);
	end(op, vmsplice(pipes[1], &page, 1, SPLICE_F_NONBLOCK) < 0 ? -errno : 0);
}
)c"},
    {"mr", "region", R"c(
/* --- memory that is pinned for long: fixed buffers of io_uring, as RDMA pins it -- */

#include <linux/io_uring.h>

static pthread_mutex_t mr_lock = PTHREAD_MUTEX_INITIALIZER;	/* of all rings of a process */
static struct mr {
	char *page;
	pid_t owner;
	int ring;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
} mrs[OPS];

static void unlock_in_child(void)
{
	mr_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static void __attribute__((constructor)) watch_fork(void)
{
	pthread_atfork(NULL, NULL, unlock_in_child);
}
)c"},
    {"regmr", "mr", R"c(
static void register_page(int op, struct region *r, size_t at)
{
	struct mr *mr = &mrs[op];
	struct iovec page = { r->base ? r->base + (at & ~(PAGE - 1)) : NULL, PAGE };
	int error;

	begin(op);
	mr->ring = syscall(SYS_io_uring_setup, 1, &mr->p);
	if (mr->ring < 0) {
		end(op, -errno);
		lacking("io_uring; see /proc/sys/kernel/io_uring_disabled");
		return;
	}
	error = syscall(SYS_io_uring_register, mr->ring, IORING_REGISTER_BUFFERS, &page, 1) == 0 ? 0 : -errno;
	mr->sq = mmap(NULL, mr->p.sq_off.array + mr->p.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
		      MAP_SHARED, mr->ring, IORING_OFF_SQ_RING);
	mr->cq = mmap(NULL, mr->p.cq_off.cqes + mr->p.cq_entries * sizeof(struct io_uring_cqe),
		      PROT_READ | PROT_WRITE, MAP_SHARED, mr->ring, IORING_OFF_CQ_RING);
	mr->sqes = mmap(NULL, mr->p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			MAP_SHARED, mr->ring, IORING_OFF_SQES);
	if (mr->sq == MAP_FAILED || mr->cq == MAP_FAILED || mr->sqes == MAP_FAILED)
		error = -ENOMEM;
	pthread_mutex_lock(&mr_lock);
	if (error)
		close(mr->ring);
	else
		mr->owner = getpid();
	mr->page = page.iov_base;
	pthread_mutex_unlock(&mr_lock);
	end(op, error);
	if (error == -ENOMEM)
		lacking("memory that may be locked: ulimit -l");
}
)c"},
    {"rdmawrite", "direct mr", R"c(
/* The disk writes to the page, which nobody pins for it. */
static int read_fixed(struct mr *mr, char *to, off_t from)
{
	unsigned *tail = (unsigned *)(mr->sq + mr->p.sq_off.tail);
	unsigned *head = (unsigned *)(mr->cq + mr->p.cq_off.head);
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)(mr->cq + mr->p.cq_off.cqes);
	unsigned *mask = (unsigned *)(mr->cq + mr->p.cq_off.ring_mask);
	unsigned *filled = (unsigned *)(mr->cq + mr->p.cq_off.tail);
	int n, result;

	mr->sqes[0] = (struct io_uring_sqe){ .opcode = IORING_OP_READ_FIXED, .fd = direct, .off = from,
					     .addr = (uintptr_t)to, .len = SECTOR };
	((unsigned *)(mr->sq + mr->p.sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	n = syscall(SYS_io_uring_enter, mr->ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (n != 1)
		return n < 0 ? -errno : -EIO;
	while (__atomic_load_n(filled, __ATOMIC_ACQUIRE) == *head)
		if (syscall(SYS_io_uring_enter, mr->ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			return -errno;
	result = cqe[*head & *mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result == SECTOR ? 0 : result < 0 ? result : -EIO;
}

static void write_registered(int op, struct region *r, size_t at)
{
	char *to = r->base ? r->base + at : NULL;
	int i, result = -EINVAL;

	note(op, WROTE, place_of(r->object, r->from + at), VALUE(op))->direct = 1;
	begin(op);
	pthread_mutex_lock(&mr_lock);
	for (i = 0; to && i < OPS; i++)
		if (mrs[i].owner == getpid() && to >= mrs[i].page && to < mrs[i].page + PAGE) {
			result = read_fixed(&mrs[i], to, op * PAGE);
			break;
		}
	pthread_mutex_unlock(&mr_lock);
	end(op, result);
}
)c"},
    {"deregmr", "mr", R"c(
static void give_up_registered(int op)
{
	int i;

	begin(op);
	pthread_mutex_lock(&mr_lock);
	for (i = 0; i < OPS; i++)
		if (mrs[i].owner == getpid()) {
			mrs[i].owner = 0;
			syscall(SYS_io_uring_register, mrs[i].ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
			close(mrs[i].ring);
		}
	pthread_mutex_unlock(&mr_lock);
	end(op, 0);
}
)c"},
    {"drain", "pipe", R"c(
static void drain(int op)
{
	begin(op);
	drain_pipe();
	end(op, 0);
}
)c"},
    {"fork", "threads", R"c(
static void fork_process(int op, int process, void (*body)(void))
{
	pid_t pid = -1;

	begin(op);
	if (s->pid[process] == 0)
		pid = fork();
	if (pid == 0) {
		body();
		_exit(0);
	}
	if (pid > 0)
		s->pid[process] = pid;
	end(op, pid < 0 ? -EAGAIN : 0);
}
)c"},
    {"exit", "shared", R"c(
/* main() says that it has ended: then all that the process had is gone. */
static void end_process(int op)
{
	begin(op);
	_exit(0);
}
)c"},
    {"killall", "shared", R"c(
/* SIGUSR1 does nothing but end what can be interrupted. */
static void on_signal(int number)
{
	(void)number;
}

static void signal_others(int op, int number)
{
	int i;

	begin(op);
	for (i = 0; i < PROCESSES; i++)
		if (i != me && s->pid[i] > 0)
			kill(s->pid[i], number);
	end(op, 0);
}
)c"},
    {"crash", "shared", R"c(
/* Here the power would fail; -c waits for it once the others have come to an end. */
static void crash(int op)
{
	begin(op);
	end(op, 0);
}
)c"},
    {"by_hand", "shared", R"c(
/* User space cannot: see the head of this file. */
static void by_hand(int op, const char *what)
{
	begin(op);
	end(op, -ENOSYS);
	lacking(what);
}
)c"},
    {"look", "touch notes", R"c(
/* What is mapped there in the end. */
static void look(int op, struct region *r)
{
	int i;

	begin(op);
	for (i = 0; i < PLACES; i++) {
		uint64_t value = 0;

		if (places[i].object == r->object && places[i].at >= r->from &&
		    places[i].at < r->from + (off_t)r->length &&
		    touch(r->base, places[i].at - r->from, &value, 0) == 0)
			note(op, SAW, i, value);
	}
	end(op, 0);
}
)c"},
    {"look_file", "files notes", R"c(
/* What the file holds in the end. */
static void look_file(int op, int file)
{
	uint64_t value;
	int fd, i;

	begin(op);
	fd = open(path_of(file), O_RDONLY);
	for (i = 0; i < PLACES && fd >= 0; i++)
		if (places[i].object == file && pread(fd, &value, sizeof(value), places[i].at) == sizeof(value))
			note(op, SAW, i, value);
	end(op, fd < 0 ? -errno : 0);
	if (fd >= 0)
		close(fd);
}
)c"},
    {nullptr, nullptr, nullptr},
};

}  // namespace daxrace::replay

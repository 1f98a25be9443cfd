/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations of ops.def as system calls: files and mappings. */
#include "replay/export_parts.h"

namespace daxrace::replay {

const ExportPart kOperationParts[] = {
    {"files", "shared", R"c(
/* --- files ---------------------------------------------------------------- */

static const char *path_of(int file)
{
	static __thread char path[600];

	snprintf(path, sizeof(path), "%s/%s", s->directory, objects[file].name);
	return path;
}

)c"},
    {"create", "files", R"c(
static int create(int file, off_t size)
{
	int fd = open(path_of(file), O_RDWR | O_CREAT | O_TRUNC, 0600);
	int error = fd < 0 || ftruncate(fd, size) != 0;

	if (fd >= 0)
		close(fd);
	return error;
}
)c"},
    {"open_file", "files", R"c(
static void open_file(int file)
{
	if (fds[file] < 0)
		fds[file] = open(path_of(file), O_RDWR);
	if (fds[file] < 0 && errno == EISDIR)
		fds[file] = open(path_of(file), O_RDONLY | O_DIRECTORY);
}
)c"},
    {"open", "open_file", R"c(
static void reopen(int op, int file)
{
	begin(op);
	open_file(file);
	end(op, fds[file] < 0 ? -errno : 0);
}
)c"},
    {"opencreat", "files", R"c(
static void reopen_or_create(int op, int file)
{
	begin(op);
	if (fds[file] < 0)
		fds[file] = open(path_of(file), O_RDWR | O_CREAT, 0600);
	end(op, fds[file] < 0 ? -errno : 0);
}
)c"},
    {"mkdir", "files", R"c(
static void make_directory(int file)
{
	if (mkdir(path_of(file), 0700) != 0 && errno != EEXIST) {
		perror(path_of(file));
		exit(2);
	}
}
)c"},
    {"rmdir", "files", R"c(
static void remove_directory(int op, int file)
{
	begin(op);
	end(op, rmdir(path_of(file)) != 0 ? -errno : 0);
}
)c"},
    {"readdir", "files", R"c(
static void list_directory(int op, int file)
{
	char entries[4096];

	lseek(fds[file], 0, SEEK_SET);
	begin(op);
	end(op, syscall(SYS_getdents64, fds[file], entries, sizeof(entries)) < 0 ? -errno : 0);
}
)c"},
    {"close", "files", R"c(
static void close_file(int op, int file)
{
	int fd = fds[file];

	begin(op);
	fds[file] = -1;
	end(op, close(fd) != 0 ? -errno : 0);
}
)c"},
    {"unlink", "files", R"c(
static void unlink_file(int op, int file)
{
	begin(op);
	end(op, unlink(path_of(file)) != 0 ? -errno : 0);
}
)c"},
    {"rename", "files", R"c(
static void rename_file(int op, int from, int to)
{
	char old[600];

	strcpy(old, path_of(from));
	begin(op);
	end(op, rename(old, path_of(to)) != 0 ? -errno : 0);
}
)c"},
    {"read", "files notes", R"c(
static void read_file(int op, int file, off_t from, size_t length)
{
	char *buffer = calloc(1, length);
	ssize_t n;
	int i;

	begin(op);
	n = pread(fds[file], buffer, length, from);
	end(op, n < 0 ? -errno : 0);
	for (i = 0; i < PLACES; i++)
		if (places[i].object == file && places[i].at >= from && places[i].at + 8 <= from + n)
			note(op, SAW, i, *(uint64_t *)(buffer + places[i].at - from));
	free(buffer);
}
)c"},
    {"write", "files notes", R"c(
static void write_file(int op, int file, off_t from, size_t length)
{
	uint64_t *buffer = malloc(length);
	size_t k;
	ssize_t n;
	int i;

	for (k = 0; k < length / 8; k++)
		buffer[k] = VALUE(op);
	for (i = 0; i < PLACES; i++)
		if (places[i].object == file && places[i].at >= from && places[i].at < from + (off_t)length)
			note(op, WROTE, i, VALUE(op));
	begin(op);
	n = pwrite(fds[file], buffer, length, from);
	end(op, n < 0 ? -errno : (size_t)n < length ? -ENOSPC : 0);
	free(buffer);
}
)c"},
    {"fsync", "files notes", R"c(
static void sync_file(int op, int file)
{
	int i;

	begin(op);
	end(op, fsync(fds[file]) != 0 ? -errno : 0);
	for (i = 0; i < PLACES && s->record[op].result == 0; i++)
		if (places[i].object == file)
			note(op, SYNCED, i, 0);
}
)c"},
    {"zeros", "notes", R"c(
static void note_zeros(int op, int object, off_t from, off_t to)
{
	int i;

	for (i = 0; i < PLACES; i++)
		if (places[i].object == object && places[i].at >= from && places[i].at < to)
			note(op, WROTE, i, 0);
}
)c"},
    {"truncate", "files zeros", R"c(
static void truncate_file(int op, int file, off_t size)
{
	note_zeros(op, file, size, LONG_MAX);
	begin(op);
	end(op, ftruncate(fds[file], size) != 0 ? -errno : 0);
}
)c"},
    {"fallocate", "files zeros", R"c(
static void allocate(int op, int file, int mode, off_t from, off_t length)
{
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		note_zeros(op, file, from, from + length);
	begin(op);
	end(op, fallocate(fds[file], mode, from, length) != 0 ? -errno : 0);
	if (s->record[op].result == -EOPNOTSUPP)
		lacking("a file system that can do this fallocate(2)");
}
)c"},
    {"region", "shared", R"c(
/* --- mappings ------------------------------------------------------------- */

struct region {
	int object;		/* file, or memory that is private */
	int file;		/* -1: anonymous */
	off_t from;
	size_t length;
	int prot, flags;
	char *base;		/* in this process; NULL: not mapped */
};

static void map(int op, struct region *r)
{
	char *room, *at;

	begin(op);
	/* Where a huge page could be mapped: address and offset agree modulo its size. */
	room = mmap(NULL, r->length + 2 * PMD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	room += PMD - (uintptr_t)room % PMD + (size_t)r->from % PMD;
	at = mmap(room, r->length, r->prot, r->flags | MAP_FIXED, r->file < 0 ? -1 : fds[r->file],
		  r->file < 0 ? 0 : r->from);
	if (at == MAP_FAILED && (r->flags & MAP_SYNC)) {
		lacking("MAP_SYNC, so a file on DAX");
		at = mmap(room, r->length, r->prot, MAP_SHARED | MAP_FIXED, fds[r->file], r->from);
	}
	if (at != MAP_FAILED && r->file < 0)
		madvise(at, r->length, MADV_NOHUGEPAGE);
	r->base = at == MAP_FAILED ? NULL : at;
	end(op, r->base ? 0 : -errno);
}
)c"},
    {"munmap", "region", R"c(
static void unmap(int op, struct region *r)
{
	char *base = r->base;

	begin(op);
	end(op, base && munmap(base, r->length) == 0 ? 0 : -EINVAL);
	r->base = NULL;
}
)c"},
    {"touch", "region", R"c(
static __thread sigjmp_buf fault;
static __thread volatile sig_atomic_t touching;

static void on_fault(int number)
{
	if (touching)
		siglongjmp(fault, number);
	signal(number, SIG_DFL);
	raise(number);
}

static int touch(char *base, size_t at, uint64_t *value, int write)
{
	volatile uint64_t *cell = (volatile uint64_t *)(base + at);
	int number;

	if (!base)
		return SIGNALLED(SIGSEGV);
	number = sigsetjmp(fault, 0);
	if (number == 0) {
		touching = 1;
		if (write)
			*cell = *value;
		else
			*value = *cell;
	}
	touching = 0;
	return number ? SIGNALLED(number) : 0;
}
)c"},
    {"load", "touch notes", R"c(
static void load(int op, struct region *r, size_t at)
{
	uint64_t value = 0;

	begin(op);
	end(op, touch(r->base, at, &value, 0));
	if (s->record[op].result == 0)
		note(op, SAW, place_of(r->object, r->from + at), value);
}
)c"},
    {"store", "touch notes", R"c(
static void store(int op, struct region *r, size_t at)
{
	uint64_t value = VALUE(op);

	note(op, WROTE, place_of(r->object, r->from + at), value);
	begin(op);
	end(op, touch(r->base, at, &value, 1));
}
)c"},
    {"clwb", "region notes", R"c(
static __thread int flushed[PLACES], flushed_by[PLACES], flushed_used;

/* clflush does what clwb does, and drops the line, too. */
static void flush_line(int op, struct region *r, size_t at)
{
	begin(op);
#if defined(__x86_64__)
	if (r->base)
		__builtin_ia32_clflush(r->base + at);
#endif
	end(op, r->base ? 0 : SIGNALLED(SIGSEGV));
	if (r->base && flushed_used < PLACES) {
		flushed_by[flushed_used] = op;
		flushed[flushed_used++] = place_of(r->object, r->from + at);
	}
}
)c"},
    {"sfence", "clwb", R"c(
static void fence(int op)
{
	begin(op);
	__sync_synchronize();
#if defined(__x86_64__)
	__builtin_ia32_sfence();
#endif
	end(op, 0);
	while (flushed_used > 0) {
		flushed_used--;
		note(flushed_by[flushed_used], SYNCED, flushed[flushed_used], 0);
	}
}
)c"},
    {"readto", "region", R"c(
/* read(2) into a mapping. */
static void read_into(int op, struct region *r, size_t at, int file, off_t from, size_t length)
{
	begin(op);
	end(op, pread(fds[file], r->base ? r->base + at : NULL, length, from) < 0 ? -errno : 0);
}
)c"},
    {"writefrom", "region", R"c(
/* write(2) from a mapping. */
static void write_from(int op, struct region *r, size_t at, int file, off_t from, size_t length)
{
	begin(op);
	end(op, pwrite(fds[file], r->base ? r->base + at : NULL, length, from) < 0 ? -errno : 0);
}
)c"},
    {"mprotect", "region", R"c(
static void protect(int op, struct region *r, int prot)
{
	begin(op);
	end(op, mprotect(r->base, r->length, prot) != 0 ? -errno : 0);
}
)c"},
    {"madvise", "region", R"c(
static void advise(int op, struct region *r, size_t at, size_t length, int advice)
{
	begin(op);
	end(op, !r->base || madvise(r->base + (at & ~(PAGE - 1)), length, advice) != 0 ? -errno : 0);
}
)c"},
    {"dontneed", "madvise zeros", R"c(
static void forget(int op, struct region *r, size_t at, size_t length)
{
	if (r->file < 0)
		note_zeros(op, r->object, at & ~(PAGE - 1), (at & ~(PAGE - 1)) + length);
	advise(op, r, at, length, MADV_DONTNEED);
}
)c"},
    {nullptr, nullptr, nullptr},
};

}  // namespace daxrace::replay

#include "fault_vfs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

struct registered {
	struct fault_vfs faults; /* first: it is what the tests see */
	sqlite3_vfs vfs;
	sqlite3_vfs *below;
};

struct file {
	sqlite3_file base; /* first: SQLite's view of it */
	struct fault_vfs *faults;
	sqlite3_file *below; /* behind this one in memory */
};

static sqlite3_file *below(sqlite3_file *f)
{
	return ((struct file *)f)->below;
}

static struct fault_vfs *faults(sqlite3_file *f)
{
	return ((struct file *)f)->faults;
}

static int file_close(sqlite3_file *f)
{
	return below(f)->pMethods->xClose(below(f));
}

static int file_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return below(f)->pMethods->xRead(below(f), p, n, at);
}

static int file_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int error = atomic_load(&faults(f)->write_error);

	atomic_fetch_add(&faults(f)->writes, 1);
	return error ? error : below(f)->pMethods->xWrite(below(f), p, n, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return below(f)->pMethods->xTruncate(below(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
	int ms = atomic_load(&faults(f)->sync_ms);
	int error = atomic_load(&faults(f)->sync_error);
	const struct timespec delay = {ms / 1000, ms % 1000 * 1000000L};

	atomic_fetch_add(&faults(f)->syncs, 1);
	if (ms)
		nanosleep(&delay, NULL);
	return error ? error : below(f)->pMethods->xSync(below(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return below(f)->pMethods->xFileSize(below(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
	return below(f)->pMethods->xLock(below(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
	return below(f)->pMethods->xUnlock(below(f), level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
	return below(f)->pMethods->xCheckReservedLock(below(f), out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	return below(f)->pMethods->xFileControl(below(f), op, arg);
}

static int file_sector(sqlite3_file *f)
{
	return below(f)->pMethods->xSectorSize(below(f));
}

static int file_traits(sqlite3_file *f)
{
	return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return below(f)->pMethods->xShmMap(below(f), page, size, extend, out);
}

static int shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return below(f)->pMethods->xShmLock(below(f), at, n, flags);
}

static void shm_barrier(sqlite3_file *f)
{
	below(f)->pMethods->xShmBarrier(below(f));
}

static int shm_unmap(sqlite3_file *f, int delete)
{
	return below(f)->pMethods->xShmUnmap(below(f), delete);
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	static const sqlite3_io_methods methods = {
		2,         file_close,  file_read,     file_write,   file_truncate, file_sync,   file_size,
		file_lock, file_unlock, file_reserved, file_control, file_sector,   file_traits, shm_map,
		shm_lock,  shm_barrier, shm_unmap,     NULL,         NULL,
	};
	struct registered *r = vfs->pAppData;
	struct file *file = (struct file *)f;
	int rc = atomic_load(&r->faults.open_error);

	file->base.pMethods = NULL;
	file->faults = &r->faults;
	file->below = (sqlite3_file *)(file + 1);
	if (!rc)
		rc = r->below->xOpen(r->below, name, file->below, flags, out);
	if (!rc)
		file->base.pMethods = &methods;
	return rc;
}

struct fault_vfs *fault_vfs_register(void)
{
	struct registered *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->below = sqlite3_vfs_find(NULL);
	r->vfs = *r->below;
	r->vfs.pNext = NULL;
	r->vfs.szOsFile = (int)sizeof(struct file) + r->below->szOsFile;
	r->vfs.zName = "fault";
	r->vfs.pAppData = r;
	r->vfs.xOpen = vfs_open;
	sqlite3_vfs_register(&r->vfs, 1);
	return &r->faults;
}

void fault_vfs_unregister(struct fault_vfs *f)
{
	struct registered *r = (struct registered *)f;

	sqlite3_vfs_unregister(&r->vfs);
	free(r);
}

/* SPDX-License-Identifier: PostgreSQL
 *
 * Another library in the same server, which takes as many callback slots as it is told to, and has
 * hooks of its own. For test/t/043_neighbours.pl.
 */

#include "postgres.h"

#include "catalog/objectaccess.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/syscache.h"

PG_MODULE_MAGIC;

void _PG_init(void);

static int relcache_slots;
static int syscache_slots;
static object_access_hook_type previous_access;
static shmem_request_hook_type previous_request;
static shmem_startup_hook_type previous_startup;

static void
on_relation(Datum arg, Oid relation)
{
}

static void
on_syscache(Datum arg, int cache, uint32 hash)
{
}

static void
on_access(ObjectAccessType access, Oid type, Oid object, int part, void *argument)
{
	if (previous_access)
		previous_access(access, type, object, part, argument);
	if (access == OAT_DROP)
		ereport(DEBUG1, (errmsg("neighbour: a drop")));
}

static void
on_request(void)
{
	if (previous_request)
		previous_request();
	RequestAddinShmemSpace(64);
	RequestNamedLWLockTranche("neighbour", 1);
}

static void
on_startup(void)
{
	bool		found;

	if (previous_startup)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	ShmemInitStruct("neighbour", 64, &found);
	LWLockRelease(AddinShmemInitLock);
}

void
_PG_init(void)
{
	DefineCustomIntVariable("neighbour.relcache_slots", "slots to take", NULL, &relcache_slots,
							0, 0, 1000, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("neighbour.syscache_slots", "slots to take", NULL, &syscache_slots,
							0, 0, 1000, PGC_SUSET, 0, NULL, NULL, NULL);
	for (int i = 0; i < relcache_slots; i++)
		CacheRegisterRelcacheCallback(on_relation, 0);
	for (int i = 0; i < syscache_slots; i++)
		CacheRegisterSyscacheCallback(AUTHOID, on_syscache, 0);
	previous_access = object_access_hook;
	object_access_hook = on_access;
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request = shmem_request_hook;
	shmem_request_hook = on_request;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = on_startup;
}

/* SPDX-License-Identifier: PostgreSQL
 *
 * Functions that do nothing, called as the measured ones are: what a call costs by itself; and one
 * that times single calls of another.
 */
#include "postgres.h"

#include <time.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/uuid.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(empty_bigint);
PG_FUNCTION_INFO_V1(empty_uuid);
PG_FUNCTION_INFO_V1(empty_text);
PG_FUNCTION_INFO_V1(empty_set);
PG_FUNCTION_INFO_V1(tail);

Datum
empty_bigint(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(1);
}

Datum
empty_uuid(PG_FUNCTION_ARGS)
{
	static pg_uuid_t uuid;

	PG_RETURN_UUID_P(&uuid);
}

Datum
empty_text(PG_FUNCTION_ARGS)
{
	static struct
	{
		int32		length;
		char		characters[32];
	}			text_;

	SET_VARSIZE(&text_, sizeof(text_));
	PG_RETURN_POINTER(&text_);
}

Datum
empty_set(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;

	if (SRF_IS_FIRSTCALL())
	{
		context = SRF_FIRSTCALL_INIT();
		context->max_calls = PG_GETARG_INT32(1);
	}
	context = SRF_PERCALL_SETUP();
	if (context->call_cntr < context->max_calls)
		SRF_RETURN_NEXT(context, Int64GetDatum(1));
	SRF_RETURN_DONE(context);
}

static int
compare(const void *a, const void *b)
{
	int64		x = *(const int64 *) a,
				y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* tail(function regprocedure, argument regclass, calls integer): nanoseconds of single calls, at
 * 0.5, 0.99, 0.999 and 1 of all. */
Datum
tail(PG_FUNCTION_ARGS)
{
	int			n = PG_GETARG_INT32(2);
	int64	   *ns = palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
	Datum		result[4];
	FmgrInfo	function;
	LOCAL_FCINFO(call, 1);

	fmgr_info(PG_GETARG_OID(0), &function);
	InitFunctionCallInfoData(*call, &function, 1, InvalidOid, NULL, NULL);
	call->args[0].value = PG_GETARG_DATUM(1);
	call->args[0].isnull = false;
	for (int i = 0; i < n; i++)
	{
		struct timespec from,
					to;

		CHECK_FOR_INTERRUPTS();
		clock_gettime(CLOCK_MONOTONIC, &from);
		(void) FunctionCallInvoke(call);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns[i] = (to.tv_sec - from.tv_sec) * INT64CONST(1000000000) + to.tv_nsec - from.tv_nsec;
	}
	qsort(ns, n, sizeof(int64), compare);
	result[0] = Float8GetDatum((double) ns[n / 2]);
	result[1] = Float8GetDatum((double) ns[(int64) n * 99 / 100]);
	result[2] = Float8GetDatum((double) ns[(int64) n * 999 / 1000]);
	result[3] = Float8GetDatum((double) ns[n - 1]);
	PG_RETURN_ARRAYTYPE_P(construct_array(result, 4, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
										  TYPALIGN_DOUBLE));
}

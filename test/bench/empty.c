/* SPDX-License-Identifier: PostgreSQL
 *
 * Functions that do nothing, called as the measured ones are: what a call costs by itself.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/uuid.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(empty_bigint);
PG_FUNCTION_INFO_V1(empty_uuid);
PG_FUNCTION_INFO_V1(empty_set);

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

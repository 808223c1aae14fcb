# SPDX-License-Identifier: PostgreSQL
#
# What a superuser may do to the extension's tables, and what a site's defaults may have granted:
# nothing crashes, no row is lost without a word, no seed is shown.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('owners', extension => 0, conf => "detid.allow_schema_changes = on\n");

# ALTER DEFAULT PRIVILEGES gives an application everything, but not this.
$node->safe_psql('postgres', q{
	CREATE ROLE app;
	ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO app;
	ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO app;
	CREATE EXTENSION pg_detid;
});
for my $statement (
	'SELECT seed FROM detid._seed',
	"INSERT INTO detid._seed VALUES (99, '', '')",
	'SELECT * FROM detid._horizon',
	'INSERT INTO detid._horizon VALUES (1, 1, 1, 0, 0, 0, 0, 0, 0, 0)',
	'SELECT * FROM detid.ledger',
	'SELECT * FROM detid._ledger',
	'SELECT * FROM detid._contexts',
	'INSERT INTO detid._ledger SELECT * FROM detid._ledger',
	"SELECT detid.prune_ledger('2099-01-01')",
	'SELECT detid.rotate_seed()')
{
	fails_with($node, "SET ROLE app; $statement", '42501', qr/permission denied/, "app: $statement");
}
same_sql($node, 'SET ROLE app; SELECT detid.next_id() > 0', 't', 'app mints');

# DDL on the ledger.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('g', audit => 'each');
	CREATE TABLE t (id bigint DEFAULT detid.next_id('g', 'x') PRIMARY KEY, x int);
	CREATE FUNCTION in_sql(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
	CREATE FUNCTION in_plpgsql(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT upper($1)); END';
});
for my $ddl (
	'ALTER TABLE detid._ledger ADD COLUMN note text, ADD COLUMN other int',
	'CREATE INDEX ON detid._ledger (in_sql(tag))',
	'CREATE INDEX ON detid._ledger (in_plpgsql(tag))',
	'CREATE INDEX ON detid._ledger (count) WHERE in_sql(tag) = \'NOBODY\'',
	'CREATE INDEX ON detid._ledger (tag, count)',
	'ALTER TABLE detid._contexts ADD COLUMN note text',
	'CREATE INDEX ON detid._contexts (in_sql(role))',
	'VACUUM FULL detid._ledger',
	'VACUUM FULL detid._contexts',
	'VACUUM FULL detid._horizon',
	'REINDEX TABLE detid._ledger')
{
	$node->safe_psql('postgres', $ddl);
	my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM t');
	$node->safe_psql('postgres', 'INSERT INTO t (x) SELECT generate_series(1, 100)');
	same_sql($node, q{SELECT count(*) - (SELECT count(*) FROM t) FROM detid.replay('g') WHERE matches}, '0',
		"$ddl: every id is in the ledger");
}
same_sql($node, q{SELECT count(DISTINCT id) = 1100 FROM t}, 't', 'no id twice');

# Renamed away: an error, not ids without a record.
$node->safe_psql('postgres', 'ALTER TABLE detid._ledger RENAME TO elsewhere');
fails_with($node, 'INSERT INTO t (x) VALUES (1)', '42P01', qr/ledger cannot be written/,
	'without its ledger an audited generator commits nothing');
$node->safe_psql('postgres', 'ALTER TABLE detid.elsewhere RENAME TO _ledger');
same_sql($node, 'INSERT INTO t (x) VALUES (1) RETURNING x', '1', 'with it, it does');

# A transaction that is made read-only after it minted.
same_sql($node, q{BEGIN; SELECT detid.next_id() > 0; SET TRANSACTION READ ONLY; COMMIT; SELECT 1},
	"t\n1", 'what was minted is recorded');

# Two seeds in one transaction.
same_sql($node, q{
	SELECT detid.create_generator('u', 'uuid7', audit => 'each');
	BEGIN;
	SELECT count(detid.next_uuid('u')) FROM generate_series(1, 10);
	SELECT length(detid.rotate_seed());
	SELECT detid.set_audit('u', 'each');
	SELECT count(detid.next_uuid('u')) FROM generate_series(1, 10);
	COMMIT;
	SELECT ids, mismatches, unverified FROM detid.verify_replay('u');},
	"u\n10\n32\n\n10\n20|0|0", 'each id replays under its own seed');

# A tag that is no text.
{
	local $ENV{PGOPTIONS} = "-c detid.tag=\xff\xfe";
	$node->safe_psql('postgres', 'INSERT INTO t (x) VALUES (1)');
}
same_sql($node, q{SELECT tag FROM detid.ledger WHERE tag IS NOT NULL}, '??', 'the ledger holds text only');

# The extension dropped and made again: nothing published is left behind by a rollback.
$node->safe_psql('postgres', 'DROP TABLE t');
fails_with($node, q{
	SELECT detid.next_id();
	BEGIN;
	DROP EXTENSION pg_detid;
	CREATE EXTENSION pg_detid;
	SELECT detid.next_id();}, '55000', qr/made anew in this transaction/, 'not before it is committed');
my $ahead = q{SELECT extract(epoch FROM detid.minted_at(detid.next_id()) - clock_timestamp()) < 5};
for (1 .. 5)
{
	$node->safe_psql('postgres', 'DROP EXTENSION pg_detid; CREATE EXTENSION pg_detid');
	$node->safe_psql('postgres', 'SELECT detid.next_id()');
}
same_sql($node, $ahead, 't', 'making it again and again does not drive node time ahead');
$node->stop('fast');

done_testing();

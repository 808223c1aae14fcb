# SPDX-License-Identifier: PostgreSQL
#
# A dump brings along generators, defaults, what is computed from ids, and the ledger; in the
# restored database ids go on above the old ones.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('dumped', conf => "max_connections = 30\n");
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', <<'EOS');
CREATE EXTENSION pg_detid;
CREATE SCHEMA shop;
CREATE SCHEMA "Odd Schema; ""quoted""";
SELECT detid.create_generator('orders_id');
SELECT detid.create_generator('shop.items_id', 'js53', '2025-03-01Z', 'each', 'node');
SELECT detid.create_generator('"Odd Schema; ""quoted"""."It''s, 100% ""odd"""', 'time:41@1ms node:10 sequence:12', audit => 'each');
SELECT detid.create_generator('visit_id', 'uuid7', audit => 'each');
SELECT detid.create_generator('coupon', 'time:40@1ms node:16 sequence:8 hash:64 hash:32', audit => 'each');
SELECT detid.create_generator('silent_id', 'twitter', audit => 'off');
SELECT detid.create_generator('unused_id', 'time:32@1s node:8 sequence:20', '2025-02-03 04:05:06.789Z');

CREATE TABLE orders (
  id bigint PRIMARY KEY DEFAULT detid.next_id('orders_id'),
  note text,
  minted timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'orders_id')) STORED,
  node int GENERATED ALWAYS AS (detid.node_of(id, 'orders_id')) STORED
);
CREATE INDEX orders_minted ON orders (detid.minted_at(id, 'orders_id'));
CREATE TABLE shop.items (
  id bigint PRIMARY KEY DEFAULT detid.next_id('shop.items_id'),
  order_id bigint REFERENCES orders
);
CREATE TABLE "Odd Schema; ""quoted""".odd (
  id bigint PRIMARY KEY DEFAULT detid.next_id('"Odd Schema; ""quoted"""."It''s, 100% ""odd"""'),
  at timestamptz GENERATED ALWAYS AS
    (detid.minted_at(id, '"Odd Schema; ""quoted"""."It''s, 100% ""odd"""')) STORED
);
CREATE TABLE visits (
  id uuid PRIMARY KEY DEFAULT detid.next_uuid('visit_id'),
  at timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'visit_id')) STORED
);
CREATE TABLE defaults (
  id bigint PRIMARY KEY DEFAULT detid.next_id(), token uuid DEFAULT detid.next_uuid());
CREATE TABLE silent (id bigint PRIMARY KEY DEFAULT detid.next_id('silent_id'));
CREATE TABLE coupons (code text PRIMARY KEY, person text);

SELECT detid.define_topology('region:3 cluster:4 member:3');
SELECT detid.assign_prefix('us', number => 5);
SELECT detid.assign_prefix('eu', 'ann');
SELECT detid.assign_prefix('eu/prod-a', 'o''neill; "x"');
SELECT detid.assign_prefix('eu/prod-a/db1'), detid.assign_prefix('eu/prod-a/db2');
SELECT detid.release_prefix('us'), detid.assign_prefix('ap');

INSERT INTO orders (note) SELECT 'order ' || i FROM generate_series(1, 5000) i;
INSERT INTO shop.items (order_id) SELECT id FROM orders;
INSERT INTO "Odd Schema; ""quoted""".odd SELECT FROM generate_series(1, 10);
INSERT INTO visits SELECT FROM generate_series(1, 500);
INSERT INTO defaults SELECT FROM generate_series(1, 100);
INSERT INTO silent SELECT FROM generate_series(1, 100);
INSERT INTO coupons SELECT detid.next_text('coupon', p), p FROM unnest('{ann,bob,"o''neill; \""}'::text[]) p;
EOS

# What must be the same on both sides.
my %same = (
	generators => q{SELECT * FROM detid.generators ORDER BY generator::text},
	orders => q{SELECT count(*), md5(string_agg(o::text, '|' ORDER BY id)) FROM orders o},
	items => q{SELECT count(*), md5(string_agg(i::text, '|' ORDER BY id)) FROM shop.items i},
	odd => q{SELECT count(*), md5(string_agg(o::text, '|' ORDER BY id)) FROM "Odd Schema; ""quoted""".odd o},
	visits => q{SELECT count(*), md5(string_agg(v::text, '|' ORDER BY id)) FROM visits v},
	coupons => q{SELECT count(*), md5(string_agg(c::text, '|' ORDER BY code)) FROM coupons c},
	ledger => q{SELECT count(*), md5(string_agg(l::text, '|' ORDER BY node, entry)) FROM detid.ledger l},
	topology => q{SELECT * FROM detid.topology ORDER BY level},
	prefixes => q{SELECT * FROM detid.prefixes ORDER BY path},
	'expressions of columns' => q{SELECT adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)
		FROM pg_attrdef ORDER BY adrelid::regclass::text, adnum},
	'an index' => q{SELECT pg_get_indexdef('orders_minted'::regclass)});
my @schema_only = ('generators', 'expressions of columns', 'an index');
my %expected = map { $_ => $node->safe_psql('source', $same{$_}) } keys %same;
like($expected{generators}, qr/odd.*shop\.items_id\|js53\|.*2025-03-01/s, 'the view shows the generators');

sub same_as_source
{
	my ($db, @what) = @_;
	same_sql($node, $same{$_}, $expected{$_}, "$db: $_: the same", db => $db) for @what;
	return;
}

# A plain nextval or setval would give a number that is no id.
sub sequences_are_spent
{
	my ($db) = @_;
	for my $g ('orders_id', 'shop.items_id', 'unused_id', 'detid.default_id')
	{
		fails_with($node, "SELECT nextval('$g')", '2200H', qr/reached maximum/,
			"$db: nextval on $g", db => $db);
		for my $value (1, 1000000, 9223372036854775807)
		{
			fails_with($node, "SELECT setval('$g', $value)", '22003', qr/out of bounds/,
				"$db: setval($value) on $g", db => $db);
		}
	}
	return;
}

sub goes_on
{
	my ($db) = @_;
	same_sql($node, q{
		SELECT max(id) AS was FROM orders \gset
		SELECT max(id) AS item_was FROM shop.items \gset
		SELECT max(id) AS odd_was FROM "Odd Schema; ""quoted""".odd \gset
		SELECT max(id::text) AS visit_was FROM visits \gset
		SELECT max(id) AS default_was FROM defaults \gset
		SELECT max(id) AS silent_was FROM silent \gset
		INSERT INTO orders (note) VALUES ('later') RETURNING id > :was;
		INSERT INTO shop.items VALUES (DEFAULT, NULL) RETURNING id > :item_was;
		INSERT INTO "Odd Schema; ""quoted""".odd DEFAULT VALUES RETURNING id > :odd_was;
		INSERT INTO visits DEFAULT VALUES RETURNING id > :'visit_was';
		INSERT INTO defaults DEFAULT VALUES RETURNING id > :default_was;
		INSERT INTO silent DEFAULT VALUES RETURNING id > :silent_was;
		SELECT abs(extract(epoch FROM minted - now())) < 5, node = 7 FROM orders
		WHERE note = 'later' AND id > :was;
	}, "t\nt\nt\nt\nt\nt\nt|t", "$db: ids go on above the old ones", db => $db);
	return;
}

# The ledger came along. Its digests need the seed, which dumps leave out; ids that follow from their
# coordinates are made again without it.
sub replays
{
	my ($db) = @_;
	same_sql($node, q{
		SELECT generator::text, ids, mismatches, unverified FROM detid.verify_replay()
		WHERE generator::text NOT IN ('visit_id', 'detid.default_uuid') ORDER BY 1;
	}, join("\n",
		q{"Odd Schema; ""quoted"""."It's, 100% ""odd"""|10|0|10},
		'coupon|3|0|3', 'detid.default_id|100|0|100', 'orders_id|5000|0|5000', 'shop.items_id|5000|0|5000'),
		"$db: bigint and text ids are unverified, not mismatches", db => $db);
	same_sql($node, q{
		SELECT coalesce(generator::text, 'visit_id'), ids, mismatches, unverified
		FROM detid.verify_replay('visit_id') ORDER BY 1;
		SELECT count(*), count(matches), count(regenerated), count(DISTINCT reason), min(reason) ~ 'seed'
		FROM detid.replay('visit_id');
	}, "visit_id|500|0|500\n500|0|0|1|t", "$db: uuids are unverified, not mismatches", db => $db);
	same_sql($node, q{
		SELECT verdict FROM (SELECT id FROM orders LIMIT 1) o, detid.trace(o.id, 'orders_id');
		SELECT verdict ~ 'cannot be replayed.*seed' FROM (SELECT id FROM visits LIMIT 1) v, detid.trace(v.id, 'visit_id');
		SELECT input FROM coupons c, detid.trace(c.code, 'coupon') WHERE c.person = 'ann';
			SELECT count(*) FROM detid.replay('orders_id') WHERE matches IS NULL AND reason ~ 'seed' AND regenerated::bigint IN (SELECT id FROM orders);
	}, "cannot be replayed: the seed is not at hand\nt\nann\n5000", "$db: trace works", db => $db);
	return;
}

sub restore_plain
{
	my ($db, @options) = @_;
	my $file = $node->basedir . "/$db.sql";
	$node->command_ok([ 'pg_dump', @options, '-f', $file, '-d', $node->connstr('source') ],
		"$db: pg_dump @options");
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->command_ok(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($db) ],
		"$db: restored without an error");
	unlike(slurp_file($file), qr/COPY detid\._seed/, "$db: seeds are not dumped");
	return;
}

# Plain.
restore_plain('plain');
same_as_source('plain', sort keys %same);
replays('plain');
sequences_are_spent('plain');
goes_on('plain');

# As statements: the rows with generated columns are computed anew.
restore_plain('inserts', '--inserts');
same_as_source('inserts', sort keys %same);
goes_on('inserts');

# Schema only, as structure.sql has it.
restore_plain('structure', '--schema-only');
same_as_source('structure', @schema_only);
sequences_are_spent('structure');
same_sql($node, q{
	INSERT INTO orders (note) VALUES ('first') RETURNING id > 0, abs(extract(epoch FROM minted - now())) < 5;
	SELECT ids, mismatches, unverified FROM detid.verify_replay('orders_id');
}, "t|t\n1|0|0", 'structure: it mints', db => 'structure');

# Custom format, restored by four jobs.
my $archive = $node->basedir . '/source.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $archive, '-d', $node->connstr('source') ], 'pg_dump -Fc');
$node->safe_psql('postgres', 'CREATE DATABASE parallel');
$node->command_ok(
	[ 'pg_restore', '-j', '4', '--exit-on-error', '-d', $node->connstr('parallel'), $archive ],
	'pg_restore -j 4');
same_as_source('parallel', sort keys %same);
replays('parallel');
sequences_are_spent('parallel');
goes_on('parallel');

# And into the same database, once more, over what is there.
$node->command_ok(
	[ 'pg_restore', '--clean', '--if-exists', '-d', $node->connstr('parallel'), $archive ],
	'pg_restore --clean');
same_as_source('parallel', sort keys %same);
goes_on('parallel');

# A dump of a restored database restores.
$node->command_ok([ 'pg_dump', '-Fc', '-f', $archive, '-d', $node->connstr('plain') ], 'pg_dump of a restored one');
$node->safe_psql('postgres', 'CREATE DATABASE twice');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('twice'), $archive ], 'restored again');
same_as_source('twice', 'generators', 'an index');
goes_on('twice');
same_sql($node, q{SELECT ids, mismatches, unverified FROM detid.verify_replay('orders_id')},
	'5002|0|5001', 'twice: what this database minted replays, and nothing is a mismatch', db => 'twice');

# Who had node numbers has them, and the next one gets the next.
same_sql($node, q{
	SELECT detid.node_path(7), detid.node_of_path('eu/prod-a/db2'), detid.assign_prefix('eu/prod-a/db3');
}, 'eu/prod-a|1|[2,3)', 'topology: prefixes are assigned behind those that were restored', db => 'twice');

# Both tables can be copied by themselves to another database.
my $numbers = $node->basedir . '/numbers.sql';
$node->command_ok([ 'pg_dump', '--data-only', '--table=detid.topology', '--table=detid.prefixes', '-f', $numbers,
	'-d', $node->connstr('source') ], 'pg_dump of the topology');
$node->safe_psql('postgres', 'CREATE DATABASE reader');
$node->safe_psql('reader', 'CREATE EXTENSION pg_detid');
$node->command_ok([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $numbers, '-d', $node->connstr('reader') ],
	'topology: copied to another database');
same_as_source('reader', 'topology', 'prefixes');

# A generator that was renamed and moved before the dump.
$node->safe_psql('source', q{
	ALTER SEQUENCE silent_id RENAME TO quiet_id;
	ALTER SEQUENCE quiet_id SET SCHEMA shop;
});
restore_plain('renamed');
same_sql($node, q{
	SELECT layout FROM detid.generators WHERE generator = 'shop.quiet_id'::regclass;
	SELECT count(*) FROM silent, detid.decode(id, 'shop.quiet_id') d WHERE d.node = 7;
	INSERT INTO silent DEFAULT VALUES RETURNING id = (SELECT max(id) FROM silent) OR true;
}, "twitter\n100\nt", 'renamed: a generator that was renamed and moved', db => 'renamed');

$node->stop;
done_testing();

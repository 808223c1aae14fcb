# SPDX-License-Identifier: PostgreSQL
#
# The ledger in segments, while others mint: nobody waits long, no row is lost, and what the ledger
# promises holds over segments: crashes, standbys, dumps, replication, other tablespaces.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = new_node('node', init => { allows_streaming => 1 }, conf => "wal_level = logical\nmax_connections = 40\ndetid.allow_manual_clock = on\n");
my $sound = q{SELECT count(*) FROM detid.verify_ledger(detid.checkpoint()); SELECT sum(mismatches) FROM detid.verify_replay()};
# Every id of the table is in the ledger once.
my $complete = q{SELECT count(*) - (SELECT sum(count) FROM detid.ledger WHERE generator_name = 'public.g') FROM kept};
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('g'), detid.create_generator('each', 'uuid7', audit => 'each');
	CREATE TABLE kept (id bigint PRIMARY KEY DEFAULT detid.next_id('g'), worker int, public uuid DEFAULT detid.next_uuid('each', repeat('long ', 150)));
});

# --- While others mint ---------------------------------------------------------------------------

my $script = PostgreSQL::Test::Utils::tempdir() . '/mint.sql';
append_to_file($script, "INSERT INTO kept (worker) VALUES (:client_id);\n");
my ($out, $err) = ('', '');
my $bench = IPC::Run::start([ 'pgbench', '-n', '-c', '8', '-T', '8', '-f', $script, '--log', '--log-prefix', "$script.log", $node->connstr('postgres') ], '>', \$out, '2>', \$err);
my @segments;
for (1 .. 5)
{
	sleep 1;
	push @segments, $node->safe_psql('postgres', 'SELECT detid.rotate_ledger()');
}
$bench->finish;
like($out, qr/number of failed transactions: 0 /, 'nobody who mints fails') or diag("$out$err");
my @latencies = sort { $a <=> $b } map { (split ' ')[2] / 1000 } map { split /\n/, slurp_file($_) } glob "$script.log*";
cmp_ok($latencies[-1], '<', 2000, sprintf('nobody waits long: the longest of %d transactions took %.0f ms', scalar @latencies, $latencies[-1]));
is(scalar(grep { /^detid\._ledger_\d{8}_\d{6}(_\d)?$/ } @segments), 5, 'five segments');
same_sql($node, $complete, '0', 'each id is in the ledger, once');
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
same_sql($node, $sound, "0\n0", 'and it is sound');
same_sql($node, 'SELECT count(*), bool_and(sealed), bool_and(minted_from <= minted_until) FROM detid.ledger_segments; SELECT count(DISTINCT part) > 1 FROM (SELECT tableoid AS part FROM detid._ledger) p', "6|t|t\nt", 'of rows in several');
same_sql($node, q{SELECT count(*) FROM kept TABLESAMPLE BERNOULLI (5), detid.trace(kept.id, 'g') t WHERE t.verdict !~ '^genuine'}, '0', 'trace finds ids in each');

# Somebody writes on, or reads.
my $open = session($node);
$open->query(q{BEGIN; INSERT INTO kept (worker) VALUES (100); SET CONSTRAINTS ALL IMMEDIATE; SELECT count(*) FROM detid._ledger});
my $began = time;
fails_with($node, 'SELECT detid.rotate_ledger()', '55P03', qr/the ledger is in use all the time.*HINT:.*pg_locks/s, 'who keeps the ledger is not waited for long');
cmp_ok(time - $began, '<', 40, 'it gives up');
my $waits = session($node);
$waits->send('SELECT detid.rotate_ledger()');
for (1 .. 10)
{
	my $from = time;
	$node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (101)');
	cmp_ok(time - $from, '<', 1.5, 'nor does it keep others');
}
$open->query('COMMIT');
like(($waits->wait)[0], qr/_ledger_/, 'and goes on when it can');
same_sql($node, $complete, '0', 'nothing is lost');

# A dump that runs would miss the segment; a segment that is being moved keeps nobody.
my $dumping = session($node);
$node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (102)');
$dumping->query("SET application_name = 'pg_dump'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
fails_with($node, 'SELECT detid.rotate_ledger()', '55P03', qr/DETAIL:  pg_dump runs \(pid \d+\)/, 'nothing is rotated while a dump runs');
$dumping->query("ROLLBACK; RESET application_name; BEGIN; LOCK TABLE $segments[1]");
$began = time;
$node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (102)');
cmp_ok(time - $began, '<', 1.5, 'who commits does not wait for a segment');
$dumping->query('ROLLBACK');
$dumping->quit;
same_sql($node, $complete, '0', 'nothing is lost');

# --- Rolled back, and crashes --------------------------------------------------------------------

$node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (1)'); run_sql($node, 'DO $$ BEGIN PERFORM detid.rotate_ledger(); INSERT INTO kept (worker) VALUES (2); RAISE EXCEPTION $x$no$x$; END $$'); $node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (3)');
same_sql($node, $complete, '0', 'rolled back, it is as before');
$node->safe_psql('postgres', q{SELECT detid.rotate_ledger(); INSERT INTO kept (worker) SELECT 4 FROM generate_series(1, 500)});
$node->stop('immediate');
$node->start;
same_sql($node, $complete, '0', 'after a crash each id is there');
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
same_sql($node, $sound, "0\n0", 'and the ledger is sound');
$node->safe_psql('postgres', "VACUUM (FULL, ANALYZE) $_; REINDEX TABLE $_") for 'detid._ledger', $segments[0];
same_sql($node, "$sound; $complete; SELECT count(*) FROM pg_class t JOIN pg_class c ON c.reltoastrelid = t.oid WHERE c.relname ~ '^_ledger' AND t.relname <> 'pg_toast_' || c.oid", "0\n0\n0\n0", 'VACUUM FULL and REINDEX of both');
same_sql($node, q{SELECT count(*) FROM detid.check() WHERE "check" = 'objects' AND NOT ok}, '0', 'check() has nothing against segments');

# --- Elsewhere -----------------------------------------------------------------------------------

# A standby, and what it becomes.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (5); SELECT detid.rotate_ledger(); INSERT INTO kept (worker) VALUES (6); SELECT detid.seal_ledger()');
$node->wait_for_catchup($standby);
same_sql($standby, $sound, "0\n0", 'a standby follows');
fails_with($standby, 'SELECT detid.rotate_ledger()', '25006', qr/rotate_ledger\(\)/, 'and rotates nothing');
$standby->promote;
$standby->safe_psql('postgres', 'SELECT detid.accept_copy(); INSERT INTO kept (worker) VALUES (7); SELECT detid.rotate_ledger(); INSERT INTO kept (worker) VALUES (8); SELECT detid.seal_ledger()');
same_sql($standby, $sound, "0\n0", 'promoted, it does');
$standby->stop;

# A dump has the segments, and the restored database goes on.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'a dump');
my $seed = $node->safe_psql('postgres', 'SELECT detid.export_seed()');
$node->safe_psql('postgres', 'CREATE DATABASE restored; ALTER DATABASE restored SET detid.node_id = 9');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'restored');
$node->safe_psql('restored', "SELECT detid.import_seed('$seed')");
same_sql($node, "$sound; SELECT count(*) FROM detid.check() WHERE \"check\" = 'objects' AND NOT ok", "0\n0\n0", 'the ledger is as it was, and its segments are guarded', db => 'restored');
is($node->safe_psql('restored', 'SELECT count(*) FROM detid.ledger_segments'), $node->safe_psql('postgres', 'SELECT count(*) FROM detid.ledger_segments'), 'in as many segments');
$node->safe_psql('restored', 'INSERT INTO kept (worker) VALUES (9); SELECT detid.rotate_ledger(); INSERT INTO kept (worker) VALUES (10); SELECT detid.seal_ledger()');
same_sql($node, $sound, "0\n0", 'and it goes on', db => 'restored');

# Replication goes on over a rotation: who publishes detid._ledger publishes what comes.
$node->safe_psql('postgres', 'CREATE PUBLICATION p FOR TABLE ONLY detid._ledger, ONLY detid._contexts');
my $collector = new_node('collector', node_id => 8, conf => "wal_retrieve_retry_interval = 200ms\n");
$collector->safe_psql('postgres', 'CREATE SUBSCRIPTION s CONNECTION $$' . $node->connstr('postgres') . '$$ PUBLICATION p');
$collector->wait_for_subscription_sync($node, 's');
my $theirs = $collector->safe_psql('postgres', 'SELECT coalesce(sum(count), 0) FROM detid._ledger WHERE node = 7');
for my $turn (1 .. 3)
{
	$node->safe_psql('postgres', 'INSERT INTO kept (worker) SELECT 11 FROM generate_series(1, 10); SELECT detid.rotate_ledger(); INSERT INTO kept (worker) SELECT 11 FROM generate_series(1, 10)');
	$collector->safe_psql('postgres', 'SELECT detid.rotate_ledger()');
	$node->wait_for_catchup('s');
}
is($collector->safe_psql('postgres', 'SELECT sum(count) FROM detid._ledger WHERE node = 7') - $theirs, 120, 'what is minted before and behind comes, of both generators');
$collector->safe_psql('postgres', "SELECT detid.import_seed('$seed')");
same_sql($collector, 'SELECT sum(mismatches) FROM detid.verify_replay()', '0', 'and holds there');
# A collector seals what it minted itself; the others' rows are sealed where they were minted.
$collector->safe_psql('postgres', q{SELECT detid.create_generator('own'); SELECT detid.next_id('own')});
is($collector->safe_psql('postgres', 'SELECT detid.seal_ledger()'), '1', 'its own row');
same_sql($collector, 'SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', '0', 'and all that it has is sound');
$node->safe_psql('postgres', 'INSERT INTO kept (worker) VALUES (12)');
$node->wait_for_catchup('s');
$collector->safe_psql('postgres', "BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger DISABLE TRIGGER USER; UPDATE ONLY detid._ledger SET tag = 'x' WHERE node = 7 AND position = (SELECT max(position) FROM ONLY detid._ledger WHERE node = 7); COMMIT");
like($collector->safe_psql('postgres', 'SELECT problem, detail FROM detid.verify_ledger()'), qr/^altered\|By its digest/, 'a row of another node that was changed there shows by its digest');
# Its own rows come back: they are known, though they are in a segment.
$collector->safe_psql('postgres', 'ALTER SUBSCRIPTION s DISABLE');
my $row = $node->safe_psql('postgres', "SELECT format('INSERT INTO detid._ledger SELECT * FROM %s WHERE worker >= -1 ORDER BY position DESC LIMIT 1', (SELECT max(segment::text) FROM detid.ledger_segments WHERE NOT current))");
$node->safe_psql('postgres', "SET session_replication_role = replica; $row");
same_sql($node, $complete . q{; SELECT ok FROM detid.check() WHERE "check" = 'duplicate'}, $node->safe_psql('postgres', $complete) . "\nt", 'a row of this database that comes back is known, though a segment has it');
$collector->stop;
$_->quit for $open, $waits;

# --- In another place ---------------------------------------------------------------------------

my $place = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', "CREATE TABLESPACE slow LOCATION '$place'");
$node->safe_psql('postgres', "ALTER TABLE $segments[1] SET TABLESPACE slow");
same_sql($node, "SELECT tablespace FROM detid.ledger_segments WHERE segment = '$segments[1]'::regclass", 'slow', 'a segment in another tablespace');
$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
same_sql($node, $sound, "0\n0", 'is read as before');

# --- Taken out -----------------------------------------------------------------------------------

$node->safe_psql('postgres', 'SELECT detid.seal_ledger()');
my $kept_checkpoint = $node->safe_psql('postgres', 'SELECT detid.checkpoint()');
my ($id) = lines($node->safe_psql('postgres', "SELECT first_id FROM detid.ledger l WHERE generator_name = 'public.g' AND EXISTS (SELECT FROM ONLY detid._ledger o WHERE o.position = l.entry AND o.definition = l.definition) LIMIT 1"));
$node->safe_psql('postgres', "SELECT detid.detach_segment('$_')") for @segments[0, 2];
same_sql($node, "SELECT problem, count(*) FROM detid.verify_ledger(\$\$$kept_checkpoint\$\$) GROUP BY 1", 'detached|2', 'what is left is verified, the rest is said to be detached');
same_sql($node, "SELECT detid.receipt($id, 'g') IS NOT NULL", 't', 'and has receipts');
$node->command_ok([ 'pg_dump', '-Fc', '-t', $segments[0], '-f', "$dump.segment", $node->connstr('postgres') ], 'one that is detached is dumped');
$node->safe_psql('postgres', "DROP TABLE $segments[0]");
same_sql($node, "SELECT problem, count(*) FROM detid.verify_ledger(\$\$$kept_checkpoint\$\$) GROUP BY 1", 'detached|2', 'and dropped');
$node->safe_psql('postgres', "BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE detid._ledger DISABLE TRIGGER refuse_change; DELETE FROM ONLY detid._ledger WHERE ctid = (SELECT ctid FROM ONLY detid._ledger WHERE worker = -1 ORDER BY position DESC LIMIT 1); ALTER TABLE detid._ledger ENABLE TRIGGER refuse_change; COMMIT");
like($node->safe_psql('postgres', "SELECT string_agg(DISTINCT problem, ' ') FROM detid.verify_ledger(\$\$$kept_checkpoint\$\$)"), qr/missing/, 'a row that is missing besides is named');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('postgres'), "$dump.segment" ], 'brought back');
$node->safe_psql('postgres', "SELECT detid.attach_segment('$segments[0]')");
same_sql($node, "SELECT problem, count(*) FROM detid.verify_ledger(\$\$$kept_checkpoint\$\$) WHERE problem = 'detached' GROUP BY 1", 'detached|1', 'and attached, it is verified with the rest');
$node->stop;

# --- One seal over several segments, with claims and rows that were pruned -------------------------

my $several = new_node('several');
$several->safe_psql('postgres', q{SELECT detid.create_generator('g'); CREATE TABLE ids (part int, id bigint)});
my @parts;
for my $part (0 .. 3)
{
	$several->safe_psql('postgres', join ';', map { ("INSERT INTO ids SELECT $part, detid.next_id('g')", "SELECT detid.claim_id('g', 'claim $part $_')") } 1 .. 40);
	push @parts, $several->safe_psql('postgres', 'SELECT detid.rotate_ledger()');
}
$several->safe_psql('postgres', 'SELECT detid.seal_ledger()');
same_sql($several, 'SELECT count(*) FROM detid._seals; SELECT count(*) FROM detid.verify_ledger(detid.checkpoint())', "1\n0", 'one seal');
$several->safe_psql('postgres', "SELECT detid.detach_segment('$parts[1]')");
same_sql($several, 'SELECT problem, count(*) FROM detid.verify_ledger(detid.checkpoint()) GROUP BY 1', 'detached|1', 'of which a part is detached');
same_sql($several, q{SELECT count(detid.receipt(id, 'g')) FROM ids WHERE part <> 1}, '120', 'the rest has receipts');
my $one_row = "(SELECT min(position) FROM $parts[0])";
$several->safe_psql('postgres', "BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE $parts[0] DISABLE TRIGGER refuse_change; DELETE FROM $parts[0] WHERE position = $one_row; ALTER TABLE $parts[0] ENABLE TRIGGER refuse_change; COMMIT");
same_sql($several, 'SELECT problem, count(*) FROM detid.verify_ledger(detid.checkpoint()) GROUP BY 1 ORDER BY 1', "detached|1\nmissing|1", 'one row that is missing is one row that is missing');
$several->safe_psql('postgres', "SELECT detid.detach_segment('$_')") for @parts[0, 3];
same_sql($several, 'SELECT problem, count(*) FROM detid.verify_ledger(detid.checkpoint()) GROUP BY 1 ORDER BY 1', "detached|3\nmissing|1", 'and others are detached');
$several->safe_psql('postgres', "BEGIN; SET LOCAL detid.allow_schema_changes = on; ALTER TABLE $parts[2] DISABLE TRIGGER refuse_change; DELETE FROM $parts[2]; ALTER TABLE $parts[2] ENABLE TRIGGER refuse_change; COMMIT");
same_sql($several, 'SELECT problem, count(*) > 0 FROM detid.verify_ledger(detid.checkpoint()) GROUP BY 1 ORDER BY 1', "detached|t\nmissing|t", 'many rows that are missing are not taken for altered');
# Where the ledger is, it stays.
my $fast = PostgreSQL::Test::Utils::tempdir();
$several->safe_psql('postgres', "CREATE TABLESPACE fast LOCATION '$fast'");
$several->safe_psql('postgres', $_) for 'ALTER TABLE detid._ledger SET TABLESPACE fast', q{SELECT detid.next_id('g')}, 'SELECT detid.rotate_ledger()';
same_sql($several, 'SELECT count(*) FILTER (WHERE current), count(*) FROM detid.ledger_segments WHERE tablespace = $$fast$$', '1|2', 'the next one is in the same tablespace');
# Another key: another tree seals the same rows, and both hold.
$several->safe_psql('postgres', q{SELECT detid.next_id('g'); SELECT detid.seal_ledger()});
$several->safe_psql('postgres', q{DELETE FROM detid._seal_key; SELECT detid.seal_ledger()});
same_sql($several, 'SELECT problem FROM detid.verify_ledger(detid.checkpoint()) GROUP BY 1 ORDER BY 1; SELECT count(DISTINCT name) FROM detid._seals', "detached\nmissing\n2", 'two trees of the same rows');
$several->stop;

# --- With wal_level minimal what is new is not logged --------------------------------------------

my $minimal = new_node('minimal', conf => "wal_level = minimal\nmax_wal_senders = 0\n");
$minimal->safe_psql('postgres', q{SELECT detid.create_generator('g'), detid.create_generator('each', audit => 'each'); CREATE TABLE kept (id bigint DEFAULT detid.next_id('g'), worker int); INSERT INTO kept (worker) VALUES (1); SELECT detid.next_id('each', 'a secret');
	CHECKPOINT;
	DO $$ BEGIN PERFORM detid.rotate_ledger(); INSERT INTO kept (worker) SELECT 2 FROM generate_series(1, 2000); PERFORM detid.redact_inputs('a secret'); END $$; INSERT INTO kept (worker) VALUES (3)});
$minimal->stop('immediate');
$minimal->start;
same_sql($minimal, "$complete; SELECT sum(mismatches) FROM detid.verify_replay(); SELECT count(*) FROM detid._ledger WHERE inputs::text ~ 'secret'", "0\n0\n0", 'a crash loses nothing of either, nor what was changed in the closed one');
$minimal->stop;

done_testing();

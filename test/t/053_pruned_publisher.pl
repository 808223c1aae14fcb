# SPDX-License-Identifier: PostgreSQL
#
# A collector of ledgers keeps what the publisher prunes, deletes or empties; inserts still arrive.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = new_node('publisher', init => { allows_streaming => 1 }, conf => "wal_level = logical\n");
my $collector = new_node('collector', node_id => 8, conf => "wal_retrieve_retry_interval = 200ms\n");
$publisher->safe_psql('postgres', q{
	SELECT detid.create_generator('g', audit => 'each');
	SELECT detid.set_namespace_secret('n');
	SELECT detid.define_topology('member:10');
	SELECT detid.assign_prefix('a');
	CREATE TABLE t (id bigint PRIMARY KEY);
	CREATE PUBLICATION everything FOR ALL TABLES;
});
$collector->safe_psql('postgres', q{
	CREATE TABLE t (id bigint PRIMARY KEY);
	SELECT detid.create_generator('own', audit => 'each');
	SELECT detid.next_ids('own', 10);
	SELECT detid.claim_id('own', 'theirs');
	SELECT detid.set_namespace_secret('own');
});
my $secrets = 'SELECT commitment FROM detid.seeds UNION ALL SELECT commitment FROM detid.namespaces ORDER BY 1';
my $own = $collector->safe_psql('postgres', $secrets);
$collector->safe_psql('postgres',
	'CREATE SUBSCRIPTION all_of_it CONNECTION $$' . $publisher->connstr('postgres') . '$$ PUBLICATION everything');
$collector->wait_for_subscription_sync($publisher, 'all_of_it');

my $minted = 0;
# Of ids, as how many rows they take depends on the clock.
my $rows = q{SELECT sum(count) FILTER (WHERE node = 7), sum(count) FILTER (WHERE node = 8) FROM ONLY detid._ledger};
my $claims = 'SELECT count(*) FROM detid.claims';

# Mints n ids and a claim on the publisher.
sub mint
{
	my ($n) = @_;
	$publisher->safe_psql('postgres', "INSERT INTO t SELECT detid.next_id('g') FROM generate_series(1, $n); SELECT detid.claim_id('g', 'input $minted')");
	$minted++;
	return;
}

# Everything was applied, and nothing of ours was lost.
sub kept
{
	my ($what, $in_ledger, $in_claims) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	mint(1);  # which arrives
	$publisher->wait_for_catchup('all_of_it');
	is($collector->safe_psql('postgres', "$rows; $claims"), ($in_ledger + 1) . "|10\n" . ($in_claims + 1), $what);
	return;
}
mint(5) for 1 .. 4;
kept('inserts arrive', 20, 5);
is($publisher->safe_psql('postgres', q{SELECT detid.prune_ledger('2900-01-01') > 0}), 't', 'the publisher prunes');
kept('the collector keeps what is pruned elsewhere', 21, 6);

# As a superuser who takes the guards off can do.
for my $change ("UPDATE detid.claims SET tag = 'x'", 'DELETE FROM detid.claims', 'DELETE FROM ONLY detid._ledger', "UPDATE detid._contexts SET role = 'x'", 'DELETE FROM detid._contexts')
{
	my ($table) = $change =~ /detid\.(\w+)/;
	$publisher->safe_psql('postgres', "SET detid.allow_schema_changes = on; ALTER TABLE detid.$table DISABLE TRIGGER refuse_change;
		$change; ALTER TABLE detid.$table ENABLE TRIGGER refuse_change");
	my ($in_ledger) = split /\|/, $collector->safe_psql('postgres', $rows);
	kept("passed over: $change", $in_ledger, $collector->safe_psql('postgres', $claims));
}
$publisher->safe_psql('postgres', 'DELETE FROM detid._namespace; DELETE FROM detid.prefixes');
$publisher->wait_for_catchup('all_of_it');
is($collector->safe_psql('postgres', $secrets), $own, 'its secrets are its own');
same_sql($collector, 'SET session_replication_role = replica; DELETE FROM detid._ledger; DELETE FROM detid.claims; RESET session_replication_role;'
	. 'SELECT count(*) > 0 FROM detid.claims', 't', 'a session in the role of a replica removes nothing either');

# TRUNCATE is refused where it would come from, in that role too.
for my $table ('_ledger', '_contexts', 'claims', '_horizon', '_seed', '_namespace', 'topology', 'prefixes', '_nodes', '_numbers', '_coordinator', '_registration')
{
	fails_with($publisher, "$_ TRUNCATE detid.$table", '42501', qr/TRUNCATE on detid\.$table was refused/, "$_ TRUNCATE detid.$table is refused")
	  for 'SET session_replication_role = replica;', '';
}

# And where it arrives all the same: nothing is lost, and replication goes on once it is skipped.
for my $table ('_ledger', '_contexts', '_seed')
{
	my $before = $collector->safe_psql('postgres', "$rows; $claims; $secrets");
	my $log = -s $collector->logfile;
	$publisher->safe_psql('postgres', "SET detid.allow_schema_changes = on; ALTER TABLE detid.$table DISABLE TRIGGER refuse_truncate;
		TRUNCATE ONLY detid.$table; ALTER TABLE detid.$table ENABLE ALWAYS TRIGGER refuse_truncate");
	$collector->wait_for_log(qr/another server's TRUNCATE would empty this table/, $log);
	is($collector->safe_psql('postgres', "$rows; $claims; $secrets"), $before, "a TRUNCATE of $table that arrives is refused");
	$collector->wait_for_log(qr/finished at [0-9A-F\/]+/, $log);
	my ($lsn) = slurp_file($collector->logfile, $log) =~ /finished at ([0-9A-F]+\/[0-9A-F]+)/;
	$collector->safe_psql('postgres', "ALTER SUBSCRIPTION all_of_it SKIP (lsn = '$lsn')");
	$publisher->wait_for_catchup('all_of_it');
	is($collector->safe_psql('postgres', "$rows; $claims; $secrets"), $before, 'and replication goes on once it is skipped');
}
$publisher->safe_psql('postgres', 'SELECT detid.rotate_seed()');
my ($in_ledger) = split /\|/, $collector->safe_psql('postgres', $rows);
kept('inserts arrive again', $in_ledger, $collector->safe_psql('postgres', $claims));

$publisher->stop;
$collector->stop;
done_testing();

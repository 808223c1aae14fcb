# SPDX-License-Identifier: PostgreSQL
#
# A dump restored elsewhere: ids go on above the old ones, also where the old server's node time
# was ahead of the clock that both have. An older dump restored over a newer database lowers
# nothing. A subscriber of a publication FOR ALL TABLES keeps its own horizon, seed and topology.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = new_node('old', conf => "detid.horizon_window = 60s\n");
$old->safe_psql('postgres', q{
	SELECT detid.create_generator('g');
	CREATE TABLE t (id bigint PRIMARY KEY DEFAULT detid.next_id('g'), x int);
	INSERT INTO t (x) VALUES (1);
});
# A crash: node time begins at the horizon, up to a minute ahead.
$old->stop('immediate');
$old->start;
$old->safe_psql('postgres', 'INSERT INTO t (x) SELECT generate_series(1, 1000)');
same_sql($old, q{SELECT max(detid.minted_at(id, 'g')) > clock_timestamp() + interval '20 seconds' FROM t},
	't', 'the old server is ahead of its clock');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
command_ok([ 'pg_dump', '-h', $old->host, '-p', $old->port, '-f', $dump, 'postgres' ], 'pg_dump');
my $horizon = $old->safe_psql('postgres', 'SELECT horizon FROM detid._horizon');

my $new = new_node('new', extension => 0);
$new->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $new->host, '-p', $new->port, '-f', $dump, 'restored' ],
	'restored without an error');
same_sql($new, "SELECT horizon >= $horizon, count(*) OVER () FROM detid._horizon", 't|1',
	'the horizon came along, in one row', db => 'restored');
$new->safe_psql('restored', 'INSERT INTO t (x) SELECT generate_series(1001, 2000)');
same_sql($new,
	q{SELECT min(id) FILTER (WHERE x > 1000) > max(id) FILTER (WHERE x <= 1000) FROM t},
	't', 'ids go on above the old ones', db => 'restored');

same_sql($new, 'SELECT copy_suspected FROM detid.node_status', 't',
	'what was restored under the node id of the original is suspected', db => 'restored');
same_sql($new, q{SELECT NOT ok, detail ~ 'dump', hint ~ 'accept_copy' FROM detid.check() WHERE "check" = 'copy'},
	't|t|t', 'and detid.check() says so', db => 'restored');
$new->restart;
same_sql($new, 'SELECT copy_suspected FROM detid.node_status', 't', 'also after a restart', db => 'restored');
$new->append_conf('postgresql.conf', 'detid.node_id = 9');
$new->reload;
$new->poll_query_until('restored', 'SELECT NOT copy_suspected FROM detid.node_status')
  or die 'a node id of its own does not end the suspicion';
$new->append_conf('postgresql.conf', 'detid.node_id = 7');
$new->reload;
$new->poll_query_until('restored', 'SELECT copy_suspected FROM detid.node_status')
  or die 'the suspicion does not come back with the node id';
$new->safe_psql('restored', 'SELECT detid.accept_copy()');
same_sql($new, 'SELECT copy_suspected FROM detid.node_status', 'f',
	'accept_copy() ends the suspicion', db => 'restored');

# A dump from the far future: minting goes on, but the next start wants an operator's command.
my ($out, $err) = run_sql($new, "CREATE DATABASE future TEMPLATE restored");
($out, $err) = run_sql($new, "INSERT INTO detid._horizon VALUES (2524608000000000, 5, 0, 0, 0, 5, 1, 3, -1, 0)", db => 'future');
like($err, qr/WARNING:.*horizon that was restored is \d+ s ahead/, 'a horizon of the year 2050 is warned of');
fails_with($new, 'SELECT detid.next_id()', '55000', qr/too far behind the ids/,
	'nothing is minted below it', db => 'future');
same_sql($new, 'SELECT ready, reason FROM detid.node_status',
	'f|the system clock is too far behind the ids that were minted before',
	'node_status says why', db => 'future');
same_sql($new, "SELECT detid.accept_clock() > '2050-01-01Z'", 't', 'unless the clock is accepted',
	db => 'future');
same_sql($new, "SELECT detid.minted_at(detid.next_id()) > '2049-12-31Z'", 't',
	'then ids go on above it', db => 'future');

# An older dump over a newer horizon.
my $before = $new->safe_psql('restored', 'SELECT horizon FROM detid._horizon');
$new->safe_psql('restored', "COPY detid._horizon (horizon, instance, directory, moved_at, moved, database, timeline, node, moved_node, checksum) FROM stdin;\n1000000\t5\t0\t0\t0\t5\t1\t7\t-1\t0\n\\.\n");
same_sql($new, "SELECT horizon = $before, count(*) OVER () FROM detid._horizon", 't|1',
	'an older dump lowers nothing', db => 'restored');

# Logical replication of all tables.
my $publisher = new_node('publisher', init => { allows_streaming => 'logical' }, conf => "wal_level = logical\n");
my $subscriber = new_node('subscriber', node_id => 8);
$publisher->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
$publisher->safe_psql('postgres', 'SELECT detid.next_id()');
$publisher->safe_psql('postgres', q{
	SELECT detid.define_topology('region:3 member:3'), detid.assign_prefix('eu'), detid.assign_prefix('us')});
$subscriber->safe_psql('postgres', q{
	SELECT detid.define_topology('zone:4'), detid.assign_prefix('us', 'here')});
my $seed = $subscriber->safe_psql('postgres', 'SELECT commitment FROM detid._seed');
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '$connection' PUBLICATION p");
$subscriber->poll_query_until('postgres',
	"SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')")
  or die 'the subscription did not start';
same_sql($subscriber, "SELECT count(*), bool_and(commitment = '$seed') FROM detid._seed", '1|t',
	'the subscriber keeps its seed');
same_sql($subscriber, 'SELECT count(*) FROM detid._horizon', '1', 'and its horizon');
my $prefixes = 'SELECT t.name, t.bits, p.path, p.nodes, p.owner FROM detid.topology t, detid.prefixes p';
same_sql($subscriber, $prefixes, 'zone|4|us|[0,1)|here', 'and its topology');
$publisher->safe_psql('postgres', q{
	SELECT detid.release_prefix('us'), detid.assign_prefix('ap'), detid.define_topology('zone:4 member:3')});
same_sql($subscriber, 'SELECT detid.node_of(detid.next_id())', '8', 'and mints');
$publisher->wait_for_catchup('s');
same_sql($subscriber, $prefixes, 'zone|4|us|[0,1)|here', 'whatever is done to the other one');
# That is of replication alone: a restore that fires no triggers brings the rows.
$subscriber->safe_psql('postgres', q{SET session_replication_role = replica;
	INSERT INTO detid.prefixes (path, level, nodes) VALUES ('eu', 1, '[1,2)'); DELETE FROM detid.prefixes WHERE path = 'us'});
same_sql($subscriber, $prefixes, 'zone|4|eu|[1,2)|', 'a restore without triggers is a restore');
same_sql($subscriber, 'SELECT node, count(*) FROM detid.ledger GROUP BY node ORDER BY node', "7|1\n8|1",
	'one ledger holds what both minted');
$_->stop('fast') for $subscriber, $publisher, $new, $old;

done_testing();

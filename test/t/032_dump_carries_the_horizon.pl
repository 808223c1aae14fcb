# SPDX-License-Identifier: PostgreSQL
#
# A dump restored elsewhere: ids go on above the old ones, also where the old server's node time
# was ahead of the clock that both have. An older dump restored over a newer database lowers
# nothing. A subscriber of a publication FOR ALL TABLES keeps its own horizon and seed.

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

# An older dump over a newer horizon.
my $before = $new->safe_psql('restored', 'SELECT horizon FROM detid._horizon');
$new->safe_psql('restored', "COPY detid._horizon FROM stdin;\n1000000\t5\n\\.\n");
same_sql($new, "SELECT horizon = $before, count(*) OVER () FROM detid._horizon", 't|1',
	'an older dump lowers nothing', db => 'restored');

# Logical replication of all tables.
my $publisher = new_node('publisher', init => { allows_streaming => 'logical' }, conf => "wal_level = logical\n");
my $subscriber = new_node('subscriber', node_id => 8);
$publisher->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
$publisher->safe_psql('postgres', 'SELECT detid.next_id()');
my $seed = $subscriber->safe_psql('postgres', 'SELECT commitment FROM detid._seed');
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '$connection' PUBLICATION p");
$subscriber->poll_query_until('postgres',
	"SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')")
  or die 'the subscription did not start';
same_sql($subscriber, "SELECT count(*), bool_and(commitment = '$seed') FROM detid._seed", '1|t',
	'the subscriber keeps its seed');
same_sql($subscriber, 'SELECT count(*) FROM detid._horizon', '1', 'and its horizon');
same_sql($subscriber, 'SELECT detid.node_of(detid.next_id())', '8', 'and mints');
same_sql($subscriber, 'SELECT node, count(*) FROM detid.ledger GROUP BY node ORDER BY node', "7|1\n8|1",
	'one ledger holds what both minted');
$_->stop('fast') for $subscriber, $publisher, $new, $old;

done_testing();

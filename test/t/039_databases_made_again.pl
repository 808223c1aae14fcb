# SPDX-License-Identifier: PostgreSQL
#
# Databases that are dropped, made again under their old oid, copied from templates, restored from
# dumps and moved, all in one server: whatever a database's shared memory, its oid and its stored
# horizon say, ids go on above those that were minted before, also after a crash; and as all
# databases of a server share one clock, none of it puts node time ahead.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use List::Util qw(max min);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant OID => 90000;

my $node = new_node('again', extension => 0);
$node->safe_psql('postgres', 'CREATE DATABASE a');
$node->safe_psql('a', q{
	CREATE EXTENSION pg_detid;
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.create_generator('u', 'uuid7');
	CREATE TABLE t (id uuid PRIMARY KEY DEFAULT detid.next_uuid('u'));
});
$node->stop;
my $clock = fake_clock($node);
$clock->start;

my %highest;    # generator => id

# Mints in a database; all ids are above all that were minted so far.
sub mints_above
{
	my ($db, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @below;
	for my $generator (qw(lease second))
	{
		my @ids = lines($node->safe_psql($db, "SELECT detid.next_ids('$generator', 300)"));
		my $before = $highest{$generator} // 0;
		push @below, $generator . ': ' . scalar(grep { $_ <= $before } @ids) if min(@ids) <= $before;
		$highest{$generator} = max($before, @ids);
	}
	is("@below", '', "$name: ids go on above those that were minted before");
	return;
}

# What is stored in a database is above what it has minted (H1).
sub is_covered
{
	my ($db, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	same_sql($node, "SELECT to_timestamp(horizon / 1e6) > detid.minted_at($highest{lease}, 'lease') FROM detid._horizon",
		't', "$name: the stored horizon is above the ids", db => $db);
	return;
}

# A crash, and a start with this clock.
sub crash
{
	my ($seconds) = @_;
	$node->stop('immediate');
	$clock->set($seconds);
	$clock->start;
	return;
}

# Node time is hardly ahead of the system clock.
sub not_ahead
{
	my ($db, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $ms = $node->safe_psql($db, 'SELECT lead_ms FROM detid.node_status');
	cmp_ok($ms, '<', 1500, "$name: node time is not put ahead");
	return;
}

sub oid_of
{
	my ($db) = @_;
	return $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = '$db'");
}

# --- Dropped, and made again under its oid -----------------------------------------------------

my $name = 'made again from another template';
mints_above('a', 'the template');
# What the template has stored lies far below from here on.
$clock->set(60);
my $make = 'CREATE DATABASE b TEMPLATE a OID ' . OID;
$node->safe_psql('postgres', $make);
mints_above('b', 'a copy');
$node->safe_psql('postgres', 'DROP DATABASE b');
$node->safe_psql('postgres', $make);
mints_above('b', $name);
is_covered('b', $name);
# As much back as the server allows without its operator; what is stored is all that is known.
crash(0);
mints_above('b', "$name, after a crash with the clock back");
is_covered('b', "$name, after a crash");
$node->safe_psql('postgres', 'DROP DATABASE b');
$clock->set(60);
$node->restart;

$name = 'made again from its own copy';
%highest = ();    # another database
mints_above('a', 'the original');
my $oid = oid_of('a');
$node->safe_psql('postgres', 'CREATE DATABASE x TEMPLATE a');
$clock->set(120);
sleep(1);
mints_above('a', 'the original goes on');
$node->safe_psql('postgres', "DROP DATABASE a");
$node->safe_psql('postgres', "CREATE DATABASE a TEMPLATE x OID $oid");
mints_above('a', $name);
is_covered('a', $name);
same_sql($node, q{SELECT copy_suspected FROM detid.node_status}, 'f',
	"$name: it is no copy of a database that is there", db => 'a');
crash(60);
mints_above('a', "$name, after a crash with the clock back");
$node->safe_psql('postgres', 'DROP DATABASE x');

$name = 'made again from its own copy, and a crash before its first id';
$clock->set(120);
$node->restart;
$node->safe_psql('postgres', 'CREATE DATABASE x TEMPLATE a');
mints_above('a', 'the original goes on');
$node->safe_psql('postgres', 'DROP DATABASE a');
$node->safe_psql('postgres', "CREATE DATABASE a TEMPLATE x OID $oid");
my $at = -s $node->logfile;
crash(118);
mints_above('a', $name);
like(slurp_file($node->logfile, $at),
	qr/"a" has other files than when it minted last: node time starts 10000 ms above its horizon/,
	"$name: what was minted after the copy is covered by the guard");
$node->stop;

# --- One clock for all databases ---------------------------------------------------------------

# The true time, so that nothing is ahead.
$node = new_node('clones', extension => 0);
%highest = ();
$node->safe_psql('postgres', 'CREATE DATABASE a');
$node->safe_psql('a', q{
	CREATE EXTENSION pg_detid;
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.create_generator('u', 'uuid7');
	CREATE TABLE t (id uuid PRIMARY KEY DEFAULT detid.next_uuid('u'));
	INSERT INTO t SELECT FROM generate_series(1, 10);
});

# A database goes on above its original, and knows nothing of other copies of it: what two of them
# mint in the same tick may be equal. The longest tick is a second, and they begin in the next one.
sub next_second { sleep(2); return }

# Clones of the template, as test suites make them.
sub clones
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $strategy (qw(wal_log file_copy))
	{
		$node->safe_psql('postgres', "CREATE DATABASE clone TEMPLATE a STRATEGY $strategy");
		mints_above('clone', "$name, $strategy");
		$node->safe_psql('clone', 'INSERT INTO t SELECT FROM generate_series(1, 10)');
		sleep(0.01);
		same_sql($node, q{SELECT count(*), count(*) FILTER (WHERE id < detid.uuid_at('u', clock_timestamp())) FROM t},
			'20|20', "$name, $strategy: ids are not in the future", db => 'clone');
		not_ahead('clone', "$name, $strategy");
		is_covered('clone', "$name, $strategy");
		$node->safe_psql('postgres', 'DROP DATABASE clone');
		next_second();
	}
	return;
}

mints_above('a', 'a template that mints');
$at = -s $node->logfile;
clones('clones of a template that has minted');
like(slurp_file($node->logfile, $at), qr/WARNING:  database "clone" is a copy: ids go on above those that were minted before/,
	'clones of a template that has minted: the log says how they begin');

$node->restart;
# The template's horizon is ahead by up to detid.horizon_window.
sleep(4);
clones('clones of a template that has not minted since the start');

$name = 'a clone after its original';
$node->safe_psql('postgres', 'CREATE DATABASE clone TEMPLATE a');
mints_above('a', 'an original goes on');
$node->safe_psql('postgres', 'DROP DATABASE a');
mints_above('clone', $name);
not_ahead('clone', $name);
$node->safe_psql('postgres', 'ALTER DATABASE clone RENAME TO a');

$name = 'a dump restored in the same server';
mints_above('a', 'before the dump');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
command_ok([ 'pg_dump', '-d', $node->connstr('a'), '-f', $dump ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], $name);
mints_above('restored', $name);
not_ahead('restored', $name);

$name = 'moved to another tablespace';
$node->safe_psql('postgres', q{SET allow_in_place_tablespaces = on; CREATE TABLESPACE elsewhere LOCATION ''});
next_second();
mints_above('a', 'before it is moved');
my $suspected = $node->safe_psql('a', 'SELECT copy_suspected FROM detid.node_status');
$node->safe_psql('postgres', 'ALTER DATABASE a SET TABLESPACE elsewhere');
mints_above('a', $name);
not_ahead('a', $name);
is_covered('a', $name);
same_sql($node, 'SELECT copy_suspected FROM detid.node_status', $suspected, "$name: as suspected as before", db => 'a');

$name = 'a drop that fails';
my $session = session($node, db => 'a');
my $last = $session->query("SELECT detid.next_id('lease')");
fails_with($node, 'DROP DATABASE a', '55006', qr/is being accessed by other users/, "$name: while somebody is connected");
cmp_ok($session->query("SELECT detid.next_id('lease')"), '>', $last, "$name: the session goes on above");
$session->quit;
mints_above('a', $name);
is_covered('a', $name);
$node->stop;

done_testing();

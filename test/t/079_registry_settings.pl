# SPDX-License-Identifier: PostgreSQL
#
# A registry under settings that people give to databases: read-only by default, another isolation
# level, timeouts, the replication role of logical replication. What is granted is recorded, what
# nodes send is stored, whatever they say.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c', conf => "detid.quarantine = 0\n");
my $db1 = registered($c, 'eu/a/db1');
my $w1 = registered($c, 'eu/pool/w1', mode => 'leased');
mints_again($_, $_->name . ' mints') for $db1, $w1;

sub stored { return $_[0]->safe_psql('postgres', 'SELECT next_counter FROM detid._registration'); }

# That the node asks, stores what it asks, and is recorded as having asked.
sub goes_on
{
	my ($node, $path, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $counter = stored($node);
	ok($node->poll_query_until('postgres', "SELECT next_counter > $counter + 2 FROM detid._registration"), "$name: the node stores what it sends");
	my $seen = $c->safe_psql('postgres', 'SELECT clock_timestamp()');
	ok($c->poll_query_until('postgres', "SELECT last_seen > '$seen' FROM detid.nodes WHERE path = '$path'"), "$name: the registry records that it has asked");
	ok($node->poll_query_until('postgres', 'SELECT ready AND registry_trouble IS NULL FROM detid.node_status'), "$name: it is ready to mint");
	return;
}

# That it stops minting soon.
sub fenced_after_word
{
	my ($node, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($begin, $state) = (time(), '');
	while ($state ne 'DT001' && time() < $begin + 10)
	{
		$state = sqlstate_of($node, 'SELECT detid.next_id()');
		sleep 0.1;
	}
	is($state, 'DT001', "$name: nothing is minted");
	return;
}

# --- Of a node's database ---

my @settings = ("default_transaction_read_only = 'on'", "default_transaction_isolation = 'serializable'", "statement_timeout = '1ms'",
	"lock_timeout = '1ms'", "session_replication_role = 'replica'", "search_path = 'nowhere'", "row_security = 'off'", "synchronous_commit = 'off'");
for my $node ($db1, $w1)
{
	$node->safe_psql('template1', "ALTER DATABASE postgres SET $_") for @settings;
	$node->restart;
}
{
	local $ENV{PGOPTIONS} = '-c statement_timeout=0 -c lock_timeout=0';
	goes_on($db1, 'eu/a/db1', 'settings of its database, assigned');
	goes_on($w1, 'eu/pool/w1', 'settings of its database, leased');
}
for my $node ($db1, $w1)
{
	$node->safe_psql('template1', "ALTER DATABASE postgres RESET ALL");
	$node->restart;
	mints_again($node, $node->name . ' mints');
}

# --- Of the coordinator's ---

sub with_setting
{
	my ($setting, $then) = @_;
	my ($name) = $setting =~ /^(\w+)/;
	$c->safe_psql('template1', "ALTER ROLE detid_node IN DATABASE postgres SET $setting");
	$c->safe_psql('postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'detid_node'});
	$then->($setting);
	$c->safe_psql('template1', "ALTER ROLE detid_node IN DATABASE postgres RESET $name");
	$c->safe_psql('postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'detid_node'});
	goes_on($db1, 'eu/a/db1', "$setting, which is over");
	return;
}
for my $setting ("search_path = 'nowhere'",
	"synchronous_commit = 'off'", "session_replication_role = 'replica'")
{
	with_setting($setting, sub {
		goes_on($db1, 'eu/a/db1', "$setting of the coordinator, assigned");
		goes_on($w1, 'eu/pool/w1', "$setting of the coordinator, leased");
	});
}
# Where nothing can be recorded, or what others have recorded not be seen, nothing is granted.
for my $setting ("default_transaction_read_only = 'on'", "default_transaction_isolation = 'serializable'")
{
	with_setting($setting, sub {
		ok($w1->poll_query_until('postgres', "SELECT registry_trouble LIKE 'The coordinator refused to answer: %' FROM detid.node_status"),
			"$setting of the coordinator: nothing is granted, and the node says why") or diag($w1->safe_psql('postgres', 'SELECT * FROM detid.node_status'));
		ok($w1->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'), "$setting of the coordinator: a leased node stops");
	});
	goes_on($w1, 'eu/pool/w1', "$setting, which is over, leased");
}

# Who mints more than his layout has room for runs ahead of the clock by max_ahead. If that is longer
# than a lease, the interval is used up before it is over: he waits.
$w1->append_conf('postgresql.conf', "detid.max_ahead = 10s\n");
$w1->reload;
$w1->safe_psql('postgres', q{SELECT detid.create_generator('few', 'time:41@1ms node:10 sequence:1', audit => 'off')});
same_sql($w1, q{SELECT count(DISTINCT detid.next_id('few')) FROM generate_series(1, 20000)}, '20000', 'a lead that is longer than a lease: who mints waits');

unlike(slurp_file($_->logfile), qr/DT001/, $_->name . ': nobody is fenced') for $c, $db1, $w1;

# --- Words, while the coordinator is away ---

$c->stop;
# Nobody writes WAL that was not waited for.
$db1->append_conf('postgresql.conf', "wal_writer_delay = 10s\nautovacuum = off\n");
$db1->restart;
mints_again($db1, 'an assigned node mints');
# As the registry client sees it, whoever has written it.
$db1->safe_psql('postgres', 'UPDATE detid._registration SET retires = true');
fenced_after_word($db1, 'a word that the registry client sees');
$db1->safe_psql('postgres', 'UPDATE detid._registration SET retires = false');
$db1->restart;
mints_again($db1, 'taken back, it mints');
$db1->safe_psql('postgres', 'SET synchronous_commit = off; SELECT detid.retire_node()');
$db1->stop('immediate');
$db1->start;
is(sqlstate_of($db1, 'SELECT detid.next_id()'), 'DT001', 'retired in a session that does not wait for its commits, and crashed: it stays so');

$_->stop for $db1, $w1;
done_testing();

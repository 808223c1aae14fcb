# SPDX-License-Identifier: PostgreSQL
#
# Nodes that ask by way of a connection pooler, which gives one connection to the coordinator to all
# of them in turn, a transaction each. What a node asks is one statement, so it does not matter which
# connection it comes by: all goes as it does without.

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

my $c = coordinator('c', init => { allows_streaming => 1 });    # else nobody waits for a standby

# --- The pooler ---

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $dir = PostgreSQL::Test::Utils::tempdir_short();
append_to_file("$dir/users", qq{"detid_node" ""\n});
append_to_file("$dir/ini", join "\n", '[databases]', sprintf('postgres = host=%s port=%d', $c->host, $c->port),
	'[pgbouncer]', 'pool_mode = transaction', 'default_pool_size = 1', 'max_client_conn = 100', 'listen_addr =',
	"listen_port = $port", "unix_socket_dir = $dir", 'auth_type = trust', "auth_file = $dir/users", "logfile = $dir/log",
	'server_login_retry = 0.5', '');
my $pooler;
sub start_pooler { $pooler = IPC::Run::start([ 'pgbouncer', '-q', "$dir/ini" ], '>', '/dev/null', '2>', \my $err); return; }
sub stop_pooler { $pooler->kill_kill if $pooler; undef $pooler; return; }
END { stop_pooler(); }
start_pooler();

my @by_it = (coordinator => "host=$dir port=$port dbname=postgres user=detid_node");
my $a = registered($c, 'eu/a/db1', @by_it, init => { allows_streaming => 1 });
my $l = registered($c, 'eu/pool/w1', @by_it, mode => 'leased');
my @more = map { registered($c, "eu/pool/w$_", @by_it, mode => 'leased') } 2, 3;
my @all = ($a, $l, @more);
my $log = -s $c->logfile;

sub all_go_on
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	unlike(slurp_file($c->logfile, $log), qr/DT001/, "$name: nobody is fenced");
	ok($_->poll_query_until('postgres', 'SELECT ready AND registry_trouble IS NULL FROM detid.node_status'), "$name: " . $_->name . ' goes on') for @all;
	return;
}

mints_again($_, $_->name . ' mints') for @all;
sleep 3 * HEARTBEAT;
all_go_on('heartbeats by a pooler');
my $connections = q{SELECT pid FROM pg_stat_activity WHERE usename = 'detid_node'};
is(scalar(lines($c->safe_psql('postgres', $connections))), 1, 'four nodes have one connection to the coordinator');
same_sql($c, 'SELECT count(*), count(DISTINCT node) FROM detid.nodes WHERE state = $$active$$', '4|4', 'a number each');

# --- Of others it tells as little ---

my ($out, $err) = run_sql($c, q{SELECT detid._heartbeat('no', 'no', 0, 0, 1, 1, 'leased', -1, 1, 1, 1, 1, 0, 0, 0, false, false, false, 'plainly', 0, NULL, 0, 0, 0, NULL)},
	connstr => "host=$dir port=$port dbname=postgres user=detid_node");
like($err, qr/ERROR:  28000: the registration is refused/, 'who has no token is refused');

# --- What hangs, and what is cut ---

for (1 .. 5)
{
	my @pids = lines($c->safe_psql('postgres', $connections));
	kill 'STOP', @pids;
	sleep 1.5 * HEARTBEAT;
	kill 'CONT', @pids;
}
all_go_on('its connection hangs');
for (1 .. 20)
{
	$c->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) FROM ($connections) p");
	sleep 0.1;
}
all_go_on('its connection is cut');
stop_pooler();
ok($l->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'), 'the pooler is away: a leased node stops at the end of its interval');
is(sqlstate_of($a, 'SELECT detid.next_id()'), '00000', 'an assigned one goes on');
start_pooler();
all_go_on('the pooler is there again');
$c->restart;
all_go_on('the coordinator was started again');

# A commit that waits for a standby that is not there, again and again.
$c->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'away'});
$c->reload;
ok($l->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'), 'no standby: a leased node stops, as no answer counts');
cmp_ok($c->safe_psql('postgres', "SELECT count(*) FROM ($connections) p"), '<=', 2, 'nothing piles up at the coordinator');
$c->safe_psql('postgres', q{SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names});
$c->reload;
all_go_on('standbys are not needed any more');

# --- A clone ---

$a->backup('clone');
my $clone = PostgreSQL::Test::Cluster->new('clone');
$clone->init_from_backup($a, 'clone');
my $since = time();
$clone->start;
is(sqlstate_of($clone, 'SELECT detid.next_id()'), 'DT001', 'a clone beside its original never mints');
fenced_within_a_heartbeat($a, 'its original', $since);
$clone->stop;

$_->stop for @all, $c;
stop_pooler();
done_testing();

# SPDX-License-Identifier: PostgreSQL
#
# A node keeps locks of the coordinator for a few seconds, whatever it makes of its transaction. In the
# meantime new nodes are enrolled and granted, other nodes go on, and operators are answered; where
# somebody else has the lock, they are told who.

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

# With a lease of 3 s: 0.5 s for a lock, and 2 s beyond. Operators wait 3 s longer. Machines are busy.
use constant { LIMIT => 2.5, PATIENCE => 5.5, BUSY => 6 };

my $c = coordinator('c', conf => "max_prepared_transactions = 5\n");
play_nodes($c);
my $good = registered($c, 'eu/a/db1');
mints_again($good, 'a node mints');
$c->safe_psql('postgres', 'CREATE ROLE evil LOGIN');
my $token = $c->safe_psql('postgres', q{SELECT detid.enroll_node('eu/a/evil', 'assigned', 'evil')});
my $number = $c->safe_psql('postgres', q{SELECT detid.node_of_path('eu/a/evil')});
my $counter = 0;
my $us = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
sub heartbeat
{
	my $old = $counter++;
	return "ask('$token', $old, $old, $counter, 'assigned', $number, 1, 1, $us, 0, 0)";
}
my $new = 0;

# What a leased node asks first.
sub first_heartbeat
{
	my ($path) = @_;
	my $t = $c->safe_psql('postgres', "SELECT detid.enroll_node('$path', 'leased', 'detid_node')");
	return "SELECT outcome, reason FROM ask('$t', 0, 0, 7, 'leased', -1, " . ++$new . ", 1, $us, 0, 0)";
}

# Others go on while somebody holds what a heartbeat locks.
sub others_go_on
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $since = time();
	my $heartbeat = first_heartbeat("eu/pool/n$new");
	cmp_ok(time() - $since, '<', PATIENCE + BUSY, "$name: a node is enrolled");
	same_sql($c, $heartbeat, 'granted|none', "$name: and granted an interval", extra_params => [ '-U', 'detid_node' ]);
	$since = time();
	my (undef, $err) = run_sql($c, q{SELECT detid.unfence('eu/a/evil')});
	cmp_ok(time() - $since, '<', PATIENCE + BUSY, "$name: an operator is answered");
	is($err, '', "$name: he has his way");
	return;
}

# --- A transaction that is made to last ---

my %ways = (
	'an open transaction' => sub { "BEGIN; SELECT outcome FROM " . heartbeat() },
	'a sleep behind it' => sub { "BEGIN; SELECT outcome FROM " . heartbeat() . "; SELECT pg_sleep(45)" },
	'a sleep in one statement' => sub { "SELECT outcome, pg_sleep(45) FROM " . heartbeat() },
	'a block' => sub { "DO \$\$ BEGIN PERFORM " . heartbeat() . "; PERFORM pg_sleep(45); END \$\$" },
	'a cursor' => sub { "BEGIN; DECLARE x CURSOR FOR SELECT outcome, pg_sleep(0) FROM " . heartbeat() . "; FETCH x" },
	'a savepoint' => sub { "BEGIN; SAVEPOINT a; SELECT outcome FROM " . heartbeat() . "; RELEASE a; SELECT pg_sleep(45)" },
	'heartbeat upon heartbeat' => sub { "BEGIN; SELECT outcome FROM " . heartbeat() . "; DO \$\$ BEGIN FOR i IN 1 .. 400 LOOP PERFORM " . heartbeat() . "; PERFORM pg_sleep(0.1); END LOOP; END \$\$" },
	'timeouts that are switched off' => sub { "BEGIN; SELECT outcome FROM " . heartbeat() . "; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_sleep(45)" },
	'a deferred trigger' => sub { "BEGIN; CREATE TEMP TABLE t (i int); CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(45); RETURN NULL; END';
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.f();
		INSERT INTO t VALUES (1); SELECT outcome FROM " . heartbeat() . '; COMMIT' },
	'a cursor that outlives its transaction' => sub { "BEGIN; DECLARE x CURSOR WITH HOLD FOR SELECT outcome, pg_sleep(45) FROM " . heartbeat() . '; COMMIT' },
);
for my $name (sort keys %ways)
{
	$c->safe_psql('postgres', q{SELECT detid.unfence('eu/a/evil')});
	my $evil = session($c, user => 'evil');
	my $pid = $evil->query('SELECT pg_backend_pid()');
	my $log = -s $c->logfile;
	my $since = time();
	$evil->send($ways{$name}->());
	sleep 0.3;
	others_go_on($name) if $name =~ /open|statement|upon/;
	ok($c->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"), "$name: its session is ended");
	my $took = time() - $since;
	cmp_ok($took, '<', 2 * LIMIT + PATIENCE + 2 * BUSY, sprintf('%s: soon (%.1f s)', $name, $took));
	like(slurp_file($c->logfile, $log), qr/LOG:  a session of role evil is ended: its transaction went on after _heartbeat\(\)/, "$name: the log says why");
	eval { $evil->quit };
}
ok($c->poll_query_until('postgres', q{SELECT last_seen > now() - interval '2 s' FROM detid.nodes WHERE path = 'eu/a/db1'}), 'the other node heartbeats on');

# A transaction that ends is left alone, and so is its session.
my $evil = session($c, user => 'evil');
$evil->query('BEGIN; SELECT outcome FROM ' . heartbeat());
$evil->query('COMMIT');
sleep LIMIT + 1;
is($evil->query('SELECT 1'), '1', 'a session whose transaction has ended goes on');
$evil->query('BEGIN; SELECT outcome FROM ' . heartbeat() . '; ROLLBACK');
sleep LIMIT + 1;
is($evil->query('SELECT 1'), '1', 'one that has rolled back, too');
like(($evil->try('BEGIN; SELECT outcome FROM ' . heartbeat() . q{; PREPARE TRANSACTION 'x'}))[1], qr/ERROR:  0A000: .*cannot be prepared/, 'it cannot be prepared');
$evil->try('ROLLBACK');
same_sql($c, 'SELECT count(*) FROM pg_prepared_xacts', '0', 'so nothing is left behind');

# --- Many sessions at once, without end ---

my @crowd = map { session($c, user => 'evil') } 1 .. 4;
$_->send('BEGIN; SELECT outcome FROM ' . heartbeat() . '; SELECT pg_sleep(45)') for @crowd;
sleep 0.3;
others_go_on('a crowd');
eval { $_->quit } for @crowd;

# --- A coordinator that has started, and cannot store that it has ---

# It grants nothing new until what it may have lost is over, and asks new nodes back. Neither begins
# again with each that asks.
my $holder = session($c);
my @late = map { first_heartbeat("eu/pool/late$_") } 1 .. 2;
$good->stop('immediate');
$c->restart;
my $since = time();
$holder = session($c);
$holder->query('BEGIN; SELECT FROM detid._coordinator FOR UPDATE');
same_sql($c, $late[0], 'refused|too_far_ahead', 'a new node is refused for a while', extra_params => [ '-U', 'detid_node' ]);
# The floor is (4 + 1 + 2) leases and 20 s ahead, and an interval begins at most 3 leases and 20 s ahead.
my $told = '';
until ($told eq 'granted|none' || time() > $since + 60)
{
	sleep 0.5;
	$told = $c->safe_psql('postgres', $late[1], extra_params => [ '-U', 'detid_node' ]);
}
is($told, 'granted|none', 'and granted an interval then');
cmp_ok(time() - $since, '<', 4 * LEASE + 2 * BUSY, sprintf('in time (%.1f s)', time() - $since));
$holder->query('ROLLBACK');
$good->start;
mints_again($good, 'a node that was known mints');

# --- Others who have the lock ---

my $pid = $holder->query('SELECT pg_backend_pid()');
my $me = $c->safe_psql('postgres', 'SELECT session_user');
# [lock, operator's functions that wait for it]
for (
	[ q{SELECT detid.unfence('eu/a/evil')}, q{SELECT detid.assign_prefix('us')}, q{SELECT detid.enroll_node('eu/a/db7')}, q{SELECT detid.retire_node('eu/a/evil')} ],
	[ q{SELECT FROM detid._nodes WHERE path = 'eu/a/evil' FOR UPDATE}, q{SELECT detid.unfence('eu/a/evil')}, q{SELECT detid.new_token('eu/a/evil')} ],
	[ q{LOCK TABLE detid.prefixes}, q{SELECT detid.release_prefix('eu/a')} ])
{
	my ($lock, @functions) = @$_;
	$holder->query("BEGIN; $lock");
	for my $function (@functions)
	{
		my $since = time();
		my (undef, $err) = run_sql($c, $function);
		like($err, qr/ERROR:  55P03: another transaction has locked what this one is to change\nDETAIL:  Session $pid of role $me has locked it\.\nHINT:  If it does not end by itself: SELECT pg_terminate_backend\($pid\);/,
			"$lock: $function says who has it");
		cmp_ok(time() - $since, '<', PATIENCE + BUSY, 'soon');
	}
	$holder->query('ROLLBACK');
}
$holder->query(q{BEGIN; SELECT detid.unfence('eu/a/evil'); PREPARE TRANSACTION 'x'});
like((run_sql($c, q{SELECT detid.unfence('eu/a/evil')}))[1], qr/55P03: .*\nDETAIL:  Another session or a prepared transaction has locked it\.\nHINT:  See pg_locks and pg_prepared_xacts/,
	'of a prepared transaction, where to look');
$holder->query(q{ROLLBACK PREPARED 'x'});
is((run_sql($c, q{SET lock_timeout = '7s'; SELECT detid.unfence('eu/a/evil'); SHOW lock_timeout}))[0] =~ s/^\n*//r, '7s', "an operator's own setting stays as it is");

# On the node: what one operator has said and not committed.
my $open = session($good);
$pid = $open->query('SELECT pg_backend_pid()');
$open->query('BEGIN; SELECT detid.claim_registration()');
like((run_sql($good, 'SELECT detid.retire_node()'))[1], qr/ERROR:  55P03: .*\nDETAIL:  Session $pid of role $me has locked it\./, 'on a node, too');
$open->query('ROLLBACK');
is(sqlstate_of($good, 'SELECT detid.next_id()'), '00000', 'the node mints');

$open->quit;
$holder->quit;
$evil->quit;
$_->stop for $good, $c;
done_testing();

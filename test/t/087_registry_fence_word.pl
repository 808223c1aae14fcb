# SPDX-License-Identifier: PostgreSQL
#
# A fence is in the row and in memory, and an operator's command ends it in both, wherever the registry client
# was stopped: between its look at the row and its store in memory, or before it has stored a fence.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c');
my $db1 = registered($c, 'eu/a/db1');
mints_again($db1, 'a node mints');

sub registry_client
{
	my $pid = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client'};
	$db1->poll_query_until('template1', "SELECT count(*) = 1 FROM ($pid) r") or die 'there is no registry client';
	return $db1->safe_psql('template1', $pid);
}
sub fence_there { return $c->safe_psql('postgres', q{UPDATE detid._nodes SET state = 'fenced', reason = 'used_nonce', fenced_at = now() WHERE path = 'eu/a/db1'}); }
sub unfence_there { return $c->safe_psql('postgres', q{SELECT detid.unfence('eu/a/db1')}); }
sub fence_rows { return $db1->safe_psql('postgres', q{SELECT string_agg(detail, ' ') FROM detid.check() WHERE "check" = 'fence'}); }
my $in_row = q{SELECT fenced IS NOT NULL FROM detid._registration};

# --- Stopped between the look and the store ---

fence_there();
ok($db1->poll_query_until('postgres', $in_row), 'it is fenced');
unfence_there();
like(fence_rows(), qr/^this node is fenced: another server with the same past/, 'check() says so');

# Stops the registry client at the end of its next transaction, in which it has read the row; returns what
# lets it go on, or nothing.
sub stop_registry_client
{
	my $directory = PostgreSQL::Test::Utils::tempdir();
	my ($script, $ready, $inside, $go) = map { "$directory/$_" } qw(script ready inside go);
	append_to_file($script, join("\n", 'set pagination off', 'set breakpoint pending off',
		'handle SIGUSR1 SIGUSR2 SIGALRM SIGURG SIGHUP nostop noprint pass', 'break CommitTransactionCommand',
		"shell touch $ready", 'continue', "shell touch $inside; until test -e $go; do sleep 0.05; done", 'delete', 'detach', ''));
	my ($out, $err) = ('', '');
	my $gdb = IPC::Run::start([ 'gdb', '-nx', '-batch', '-iex', 'set debuginfod enabled off', '-x', $script, '-p', registry_client() ],
		'<', \undef, '>', \$out, '2>', \$err);
	my $since = time();
	until (-e $ready || !$gdb->pumpable || time() > $since + 120) { $gdb->pump_nb; sleep 0.05; }
	if (!-e $ready) { $gdb->finish; note($err); return; }
	$db1->reload;    # it looks at once
	until (-e $inside || time() > $since + 180) { sleep 0.05; }
	return sub { append_to_file($go, ''); $gdb->finish; };
}

SKIP:
{
	my $go_on = stop_registry_client() or skip 'there is no gdb, or it may not look at a process', 4;
	$db1->safe_psql('postgres', 'SELECT detid.unfence()');
	same_sql($db1, $in_row, 'f', 'unfence() is committed while the registry client is between its look at the row and its store');
	$go_on->();
	mints_again($db1, 'the node mints');
	sleep 2 * HEARTBEAT;
	is(sqlstate_of($db1, 'SELECT detid.next_id()'), '00000', 'and goes on');
	is(fence_rows(), '', 'as check() says');
}

# The other way round: read while it was not fenced, and retired since.
SKIP:
{
	my $go_on = stop_registry_client() or skip 'there is no gdb, or it may not look at a process', 2;
	$db1->safe_psql('postgres', q{UPDATE detid._registration SET fenced = 'used_nonce', commands = commands + 1});
	run_sql($db1, 'BEGIN; SELECT detid.claim_registration(); ROLLBACK');
	$go_on->();
	fenced_within_a_heartbeat($db1, 'fenced since the look', time());
	unfence_there();
	$db1->safe_psql('postgres', 'SELECT detid.unfence()');
	mints_again($db1, 'unfenced, it mints');
}

# --- In memory, and not in the row ---

my $open = session($db1);
$open->query('BEGIN; SELECT FROM detid._registration FOR UPDATE');
fence_there();
fenced_within_a_heartbeat($db1, 'a fence that cannot be stored', time());
same_sql($db1, $in_row, 'f', 'it is not in the row');
like(fence_rows(), qr/^this node is fenced in memory, and not in detid\._registration$/, 'check() says where it is');
same_sql($db1, 'SELECT ready, reason, fenced FROM detid.node_status', 'f|this node is fenced in memory, and not in detid._registration|t', 'so does node_status');
unfence_there();
my (undef, $err) = $open->try('SELECT detid.unfence()');
unlike($err, qr/not fenced/, 'unfence() sees it');
$open->query('COMMIT');
mints_again($db1, 'and clears it, with the row that is clean');
sleep 2 * HEARTBEAT;
same_sql($db1, $in_row, 'f', 'the fence that was waiting to be stored is not stored any more');
is(sqlstate_of($db1, 'SELECT detid.next_id()'), '00000', 'the node goes on');
is(fence_rows(), '', 'as check() says');
like(($open->try('SELECT detid.unfence()'))[1], qr/NOTICE:  .*this node is not fenced/, 'now unfence() has nothing to do');

# --- A command that is rolled back ---

$c->stop;
$db1->safe_psql('postgres', q{UPDATE detid._registration SET fenced = 'used_nonce'});
$db1->restart;
$open = session($db1);
my ($out, $refused) = $open->try('BEGIN; SELECT detid.unfence(); SELECT detid.next_id()');
like($refused, qr/ERROR:  DT001/, 'before the first mint of an incarnation: a command that is not committed does not count');
$open->query('ROLLBACK');
is(sqlstate_of($db1, 'SELECT detid.next_id()'), 'DT001', 'nor once it is rolled back');
$db1->safe_psql('postgres', 'SELECT detid.unfence()');
$c->start;
unfence_there();
mints_again($db1, 'committed, it does');

# --- An extension that is made again begins above what the memory knows ---

$open->quit;
$db1->safe_psql('postgres', 'DROP EXTENSION pg_detid');
$db1->safe_psql('postgres', 'CREATE EXTENSION pg_detid');
unfence_there();
mints_again($db1, 'the extension made again: it mints') or diag(slurp_file($db1->logfile));

# --- Registry clients that end ---

# How many users the record of the database has, as the registry client sees it.
sub users
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'gdb', '-nx', '-batch', '-iex', 'set debuginfod enabled off', '-ex', 'set language c++', '-ex', q{print ('src/state/registry/client.cpp'::'detid::(anonymous namespace)::client').database->users._M_i},
		'-p', registry_client() ], '>', \$out, '2>', \$err);
	return $1 if $out =~ /^\$1 = (\d+)/m;
	note("$out$err");
	return;
}
SKIP:
{
	my $users = users() // skip 'there is no gdb, or the library has no symbols', 1;
	for (1 .. 3)
	{
		my $pid = registry_client();
		$db1->safe_psql('template1', "SELECT pg_terminate_backend($pid, 10000)");
		ok($db1->poll_query_until('template1', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client' AND pid <> $pid"), 'another registry client');
		mints_again($db1, 'the node mints');
	}
	sleep 2 * HEARTBEAT;
	is(users(), $users, 'registry clients that have ended are no users of their database');
}

$_->stop for $db1, $c;
done_testing();

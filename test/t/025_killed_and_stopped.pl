# SPDX-License-Identifier: PostgreSQL
#
# Servers that are killed, and backends that are stopped for seconds wherever they happen to be:
# with a block of ids half used, in the middle of a statement, between the readings of the clocks
# and the switch of node time. Nobody waits for them, and no id is there twice.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use IPC::Run;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { STOPPED_S => 5, CONNECTIONS => 500 };

my $node = new_node('killed', conf => "restart_after_crash = on\ndetid.max_ahead = 30s\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('wide', 'uuid7');
	SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node', audit => 'off');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.create_generator('workers', 'time:32@1s node:8 worker:8 sequence:12', audit => 'off');
	SELECT detid.create_generator('ahead', 'time:41@1ms node:10 sequence:4', audit => 'off');
	SELECT detid.create_generator('row_id');
	CREATE TABLE kept (id bigint DEFAULT detid.next_id('row_id') PRIMARY KEY);
});
my @minting = (generators => [qw(lease wide node_order second workers)], inserts => { row_id => 'kept' });

# Some ids at once after a start, while node time may be behind what was minted.
sub first_ids
{
	my ($journal) = @_;
	for my $g (qw(lease node_order second ahead))
	{
		$journal->add($g, lines($node->safe_psql('postgres', "SELECT detid.next_ids('$g', 50)")));
	}
	return;
}

# The pid of some backend that mints.
sub minting_backend
{
	$node->poll_query_until('postgres',
		q{SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%detid.next%' AND pid <> pg_backend_pid()});
	return $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%detid.next%' AND pid <> pg_backend_pid() ORDER BY state LIMIT 1});
}

sub state_of { return (eval { slurp_file("/proc/$_[0]/stat") } // '') =~ /\) (\w) (\d+)/ ? ($1, $2) : ('', 0); }

sub children
{
	my ($parent) = @_;
	return grep { (state_of($_))[1] == $parent } map { /(\d+)/ } glob '/proc/[0-9]*';
}

sub is_stopped { return (state_of($_[0]))[0] =~ /t/i; }

sub wait_until
{
	my ($condition, $what) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if $condition->();
		sleep(0.1);
	}
	die "waited in vain until $what";
}

# kill -9 of a minting backend: the postmaster ends all others and starts again. The clients come
# back at once.
my $journal = journal();
my $clients = $journal->start($node, @minting, clients => 8, reconnect => 1);
for my $round (1 .. 2)
{
	$journal->wait_for_all($clients);
	my $at = -s $node->logfile;
	kill('KILL', minting_backend()) == 1 or die 'there is no backend to kill';
	$node->wait_for_log(qr/was terminated by signal 9/, $at);
	$node->poll_query_until('postgres', 'SELECT 1', '1');
	first_ids($journal);
}
$journal->wait_for_all($clients);
$journal->stop($clients);
$journal->check('kill -9 of a backend');

# kill -9 of the postmaster: its children end when they notice, and until then they mint.
$journal = journal();
for my $round (1 .. 2)
{
	$clients = $journal->start($node, @minting, clients => 8);
	$journal->wait_for_all($clients);
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my @all = ($postmaster, children($postmaster));
	$node->kill9;
	$journal->stop($clients);
	wait_until(sub { !grep { kill(0, $_) } @all }, 'postmaster and backends are gone');
	like($journal->errors($clients), qr/connection/, 'the clients have lost the server');
	$node->start;
	first_ids($journal);
}
$journal->check('kill -9 of the postmaster');

# A backend that has used half of a block, which lies 25 seconds ahead: so it is still good when
# the backend goes on.
$journal = journal();
my $stopped = session($node);
$stopped->query("SELECT count(detid.next_id('ahead')) FROM generate_series(1, 400000)");
# Blocks double while one backend uses them up within a tick: after 9 ids of a tick some are left.
for (1 .. 64)
{
	my $id = $stopped->query("SELECT detid.next_id('ahead')");
	$journal->add('ahead', $id);
	last if $id % 16 == 8;
}
my $pid = $stopped->query('SELECT pg_backend_pid()');
kill('STOP', $pid);
wait_until(sub { is_stopped($pid) }, 'it is stopped');
$clients = $journal->start($node, clients => 4, generators => [qw(ahead lease node_order)]);
$journal->wait_for_all($clients);
my $since = time;
while (time - $since < STOPPED_S) { $journal->wait_for_all($clients); }
ok(is_stopped($pid), 'a backend is stopped in mid-block while others mint');
my $theirs = $node->safe_psql('postgres', "SELECT detid.next_id('ahead')");
$journal->add('ahead', $theirs);
kill('CONT', $pid);
my @ours = lines($stopped->query("SELECT detid.next_id('ahead') FROM generate_series(1, 100)"));
cmp_ok($ours[0], '<', $theirs, 'then it goes on in its block');
$journal->add('ahead', @ours);

# One that is stopped in the middle of a statement.
for my $g (qw(second node_order lease))
{
	$stopped->send("SELECT detid.next_id('$g') FROM generate_series(1, 100000)");
	sleep(0.01 + rand(0.02));
	kill('STOP', $pid);
	wait_until(sub { is_stopped($pid) }, 'it is stopped');
	my $among = $stopped->busy;
	$journal->wait_for_all($clients) for 1 .. 3;
	kill('CONT', $pid);
	my ($out, $err) = $stopped->wait;
	is($err, '', "$g: a statement goes on after its backend was stopped" . ($among ? '' : ' (at its end)'));
	$journal->add($g, lines($out));
}
$journal->stop($clients);
is($journal->errors($clients), '', 'nobody had an error');
$journal->check('SIGSTOP of a backend');

$stopped->quit;

# Many short connections in turn on few slots: each backend goes on from the slot it finds.
$node->append_conf('postgresql.conf', "max_connections = 12\nmax_wal_senders = 0\n");
$node->restart;
$journal = journal();
my @runs;
for my $client (1 .. 4)
{
	my $file = "$client.sql";
	my $mint = join '', map { "SELECT '$_', detid.next_id('$_'); SELECT '$_', detid.next_ids('$_', 3);\n" }
	  qw(workers second lease node_order);
	append_to_file($node->basedir . "/$file", "\\connect\n$mint" x (CONNECTIONS / 4));
	my $out = '';
	push @runs, [ \$out, IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-f', $node->basedir . "/$file" ],
		'>', \$out, '2>', $node->basedir . "/$file.err", IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default)) ];
}
for my $run (@runs)
{
	$run->[1]->finish;
	for my $line (lines(${ $run->[0] })) { $journal->add(split /\|/, $line); }
}
is(join('', map { slurp_file($node->basedir . "/$_.sql.err") } 1 .. 4), '', CONNECTIONS . ' connections in turn');
is($journal->check('short connections on few slots'), CONNECTIONS * 16, 'and each of them has minted');

# One that is stopped between the readings of the clocks and the switch of node time. A debugger
# finds the place in the code, and holds the backend there. The system clock is set forward meanwhile
# and others follow it, so that what the stopped backend has read would take node time back.
$node->stop;
$node = new_node('calibrating', conf => "detid.horizon_window = 100ms\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node', audit => 'off');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off')});
$node->stop;
my $clock = fake_clock($node);
{
	# Not a look into a file for each reading, which takes longer than a reading may.
	local %ENV = (%ENV, LD_PRELOAD => $clock->{library}, FAKETIME_TIMESTAMP_FILE => $clock->{file},
		FAKETIME_CACHE_DURATION => 1, FAKETIME_DONT_FAKE_MONOTONIC => 1, NO_FAKE_STAT => 1);
	$node->start;
}
$stopped = session($node);
$stopped->query("SELECT detid.next_id('node_order')");
$pid = $stopped->query('SELECT pg_backend_pid()');
SKIP:
{
	my $place = after_the_readings() or skip 'there is no gdb, or the library has no symbols', 9;

	my $looking = session($node);
	my @times;
	my $look = sub {
		push @times, $looking->query('SELECT (extract(epoch FROM node_time) * 1000000)::bigint FROM detid.node_status');
	};
	$journal = journal();
	my $directory = PostgreSQL::Test::Utils::tempdir();
	my ($script, $ready, $inside, $go) = map { "$directory/$_" } qw(script ready inside go);
	append_to_file($script, join("\n", 'set pagination off', 'set breakpoint pending off',
		'handle SIGUSR1 SIGUSR2 SIGALRM nostop noprint pass', "break *($place)",
		"shell touch $ready", 'continue', 'info symbol $pc',
		"shell touch $inside; until test -e $go; do sleep 0.05; done", 'delete', 'detach', ''));
	my ($gdb_out, $gdb_err) = ('', '');
	my $gdb = IPC::Run::start(
		[ 'gdb', '-nx', '-batch', '-iex', 'set debuginfod enabled off', '-x', $script, '-p', $pid ],
		'<', \undef, '>', \$gdb_out, '2>', \$gdb_err);
	wait_until(sub { $gdb->pump_nb; -e $ready || !$gdb->pumpable }, 'the debugger is ready');
	if (!-e $ready)
	{
		$gdb->finish;
		note($gdb_err);
		skip 'the debugger may not look at a backend', 9;
	}
	$clients = $journal->start($node, clients => 4, generators => [qw(node_order lease second)]);
	$journal->wait_for_all($clients);
	$look->();

	# Slowly, so that it is this backend's turn to calibrate at some time.
	my $mint = "SELECT detid.next_id('node_order') FROM generate_series(1, 200) WHERE pg_sleep(0.001) IS NOT NULL";
	$stopped->send($mint);
	until (-e $inside)
	{
		sleep(0.05);
		next if $stopped->busy;
		$journal->add('node_order', lines(($stopped->wait)[0]));
		$stopped->send($mint);
	}
	$clock->set(5);
	$since = time;
	while (time - $since < STOPPED_S)
	{
		$journal->wait_for_all($clients);
		$look->();
	}
	cmp_ok($times[-1] - $times[0], '>', (STOPPED_S + 4) * 1e6, 'node time follows a step of the system clock meanwhile');
	ok(is_stopped($pid) && $stopped->busy, 'a backend is stopped inside the calibration while others mint');
	append_to_file($go, '');
	while ($stopped->busy) { $look->(); }
	for (1 .. 20) { $look->(); }
	my ($out, $err) = $stopped->wait;
	is($err, '', 'it goes on');
	$gdb->finish;
	like($gdb_out, qr/CalibrateNodeClock.*\+ \d+ in section/, 'that was the place');
	$journal->add('node_order', lines($out));
	$journal->stop($clients);
	is($journal->errors($clients), '', 'nobody had an error');
	my @backwards = grep { $times[$_] < $times[ $_ - 1 ] } 1 .. $#times;
	is("@backwards", '', 'node time has not run backwards') or diag("$times[$backwards[0]] after $times[$backwards[0] - 1]");
	$journal->check('SIGSTOP inside the calibration');
	$looking->quit;
}
$stopped->quit;

$node->stop;
done_testing();

# An expression for the address in the calibration at which all clocks have been read; undef if
# it cannot be found.
sub after_the_readings
{
	my ($out, $err) = ('', '');
	my ($library) = slurp_file("/proc/$pid/maps") =~ m{(/\S*/pg_detid\.so)$}m or return;
	eval {
		IPC::Run::run([ 'gdb', '-nx', '-batch', '-iex', 'set debuginfod enabled off',
			'-ex', 'disassemble detid::CalibrateNodeClock', $library ], '>', \$out, '2>', \$err);
	};
	# The readings are three calls, unless they are one function's.
	my ($calls, $wanted) = (0, $out =~ /call.*Read/ ? 1 : 3);
	for my $line (lines($out))
	{
		my ($offset) = $line =~ /<\+(\d+)>:/ or next;
		return "(char *) 'detid::CalibrateNodeClock()' + $offset" if $calls == $wanted;
		$calls++ if $line =~ /(?:call|bl)\b.*(?:clock_gettime|BootUs|SystemUs|Read)/;
	}
	note($err);
	return;
}

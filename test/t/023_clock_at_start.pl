# SPDX-License-Identifier: PostgreSQL
#
# Servers that start with a wrong system clock: behind the ids that they minted before they were
# stopped in the act, before a generator's epoch, past its end. They go on above what was minted,
# or refuse until the clock is right or said to be; no id is minted twice.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use Journal;
use List::Util qw(max maxstr);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { HOUR => 3600, DAY => 86400, YEAR => 365 * 86400 };

my ($node, $clock, $journal, $clients, $crowd);

# When the server was started with its clock set.
my $begun = time;
my $unbelieved = 0;

# A node that has minted nothing, stopped.
sub fresh_node
{
	my ($name) = @_;
	$node = new_node($name);
	create_generators($node);
	$node->stop;
	$clock = fake_clock($node);
	$journal = journal();
	return;
}

my @generators = qw(lease node_order wide second);

sub start_clients
{
	my (@more) = @_;
	$clients = $journal->start($node, clients => 14, generators => [ @generators, @more ],
		inserts => { row_id => 'kept' });
	$crowd = $journal->start($node, clients => 2, generators => ['few']);
	return;
}

sub wait_for_clients
{
	my ($name) = @_;
	my $minting = eval { $journal->wait_for_all($_) for $clients, $crowd; 1 };
	ok($minting, "$name: 16 clients mint") or diag(substr($@, 0, 1000));
	return;
}

sub stop_clients { $journal->stop($_) for $clients, $crowd; return; }

# Clients mint; the server is stopped at once, and started with its clock at this offset.
sub crash
{
	my ($seconds, $name) = @_;
	start_clients();
	wait_for_clients("$name: before");
	$node->stop('immediate');
	stop_clients();
	$clock->set($seconds);
	$begun = time;
	$unbelieved = 0;
	$clock->start;
	return;
}

# The first ids since the start are above all that were received before.
sub goes_on_above
{
	my ($name) = @_;
	my $session = session($node);
	for my $generator (qw(lease node_order second few row_id))
	{
		my $before = max(lines(slurp_file($journal->file($generator))));
		my $first = $session->query("SELECT detid.next_id('$generator')");
		cmp_ok($first, '>', $before, "$name: $generator goes on above what was minted before");
		$journal->add($generator, $first);
	}
	my $before = maxstr(lines(slurp_file($journal->file('wide'))));
	my $first = $session->query("SELECT detid.next_uuid('wide')");
	cmp_ok($first, 'gt', $before, "$name: wide goes on above what was minted before");
	$journal->add('wide', $first);
	$session->quit;
	return;
}

# Clients that ask for ids receive this error, all of them, and no id.
sub refused
{
	my ($sqlstate, $name) = @_;
	start_clients();
	my @refused = map { @{ $_->{list} } } $clients, $crowd;
	my $tries = 10 * $PostgreSQL::Test::Utils::timeout_default;
	sleep(0.1) while (grep { !-s "$_->{file}.err" } @refused) && $tries-- > 0;
	my %errors = map { $_ => 1 } map { $journal->errors($_) =~ /ERROR:  (\w+):/g } $clients, $crowd;
	is(join(' ', sort keys %errors), $sqlstate, "$name: refused with $sqlstate");
	is(join('', map { slurp_file($_->{file}) =~ /\w+\|.*/g } @refused), '', "$name: no id is given out");
	return;
}

sub accept_clock
{
	my ($name) = @_;
	my (undef, $err) = run_sql($node, 'SELECT detid.accept_clock()');
	$unbelieved = time - $begun;
	$begun = time;
	is($err, '', "$name: detid.accept_clock() works");
	return;
}

# Node time is so many seconds ahead of the system clock, give or take a few of them. Until the clock
# was accepted there was none, so that much it is less; and it loses a tenth of the time since its
# start. Both may be long on a busy machine.
sub ahead
{
	my ($seconds, $name, $tolerance) = @_;
	$seconds -= $unbelieved;
	$tolerance += (time - $begun) / 10 if $seconds > 0;
	my $detail = $node->safe_psql('postgres', q{SELECT ok, detail FROM detid.check() WHERE "check" = 'clock'});
	my ($ms) = $detail =~ /^t\|node time is (-?\d+) ms/;
	note("$name: $detail");
	ok(defined $ms && abs($ms / 1000 - $seconds) < $tolerance,
		"$name: node time is about $seconds s ahead of the system clock, which is believed")
	  or diag($detail);
	return;
}

my $ids = 0;

sub check_journal
{
	my ($name) = @_;
	my $before = $ids;
	$ids = $journal->check($name);
	note("of these since the fault before: " . ($ids - $before));
	return;
}

my $too_far_behind = qr/the system clock is too far behind the ids that were minted before/;

# --- Behind what was minted --------------------------------------------------------------------

fresh_node('behind');
$clock->start;

my $name = 'clock 1 s back at the start';
crash(-1, $name);
goes_on_above($name);
start_clients();
wait_for_clients("$name: afterwards");
stop_clients();
ahead(0, $name, 10);
check_journal($name);
$clock->set(0);

for my $back (HOUR, YEAR)
{
	my $by = $back == HOUR ? '1 h' : '1 year';

	$name = "clock $by back at the start, then set right";
	crash(-$back, $name);
	refused('55000', $name);
	fails_with($node, $_, '55000', $too_far_behind, "$name: $_ is refused")
	  for "SELECT detid.next_id('lease')", "SELECT detid.next_ids('few', 10)",
	  "SELECT detid.next_uuids('wide', 10)", 'INSERT INTO kept DEFAULT VALUES';
	same_sql($node, q{SELECT count(*) FROM detid.check() WHERE NOT ok AND "check" IN ('clock', 'horizon')}, '1',
		"$name: detid.check() says so");
	$clock->set(0);
	wait_for_clients("$name: afterwards");
	stop_clients();
	ahead(0, $name, 10);
	check_journal($name);

	$name = "clock $by back at the start, then accepted";
	crash(-$back, $name);
	refused('55000', $name);
	accept_clock($name);
	wait_for_clients("$name: afterwards");
	stop_clients();
	ahead($back, $name, 15);
	check_journal($name);

	# Right again, so that node time is, too.
	$clock->set(0);
}

$name = 'down for a day';
crash(DAY, $name);
goes_on_above($name);
start_clients();
wait_for_clients("$name: afterwards");
stop_clients();
ahead(0, $name, 5);
check_journal($name);
$node->stop;

# --- Never minted ------------------------------------------------------------------------------

my $year_2000 = 946684800 - int(time);

$name = 'started in the year 2000, set right before the first mint';
fresh_node('fresh');
$ids = 0;
$clock->set($year_2000);
$clock->start;
like($node->safe_psql('postgres', 'SELECT clock_timestamp()'), qr/^2000-01-01/, "$name: it is 2000 for the server");
$clock->set(0);
start_clients();
wait_for_clients($name);
stop_clients();
is($journal->errors($clients), '', "$name: without an error");
ahead(0, $name, 5);
check_journal($name);
$node->stop;

# --- Before the epoch --------------------------------------------------------------------------

$name = 'started before the epoch of the generators';
# uuids go back to 1970.
@generators = qw(lease node_order second);
fresh_node('early');
$ids = 0;
$clock->set($year_2000);
$clock->start;
refused('22008', $name);
fails_with($node, $_, '22008', qr/the time is before the generator's epoch/, "$name: $_ is refused")
  for "SELECT detid.next_id('lease')", "SELECT detid.next_ids('few', 10)", 'INSERT INTO kept DEFAULT VALUES';
$clock->set(0);
wait_for_clients("$name: afterwards, with the clock right");
stop_clients();
ahead(0, $name, 5);
check_journal($name);

# --- Past the end ------------------------------------------------------------------------------

@generators = qw(lease node_order wide second);
# 2^20 seconds, which end in two minutes.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('ending', 'time:20@1s node:10 sequence:10',
		epoch => date_trunc('second', now()) + interval '2 min' - 1048576 * interval '1 s');
	SELECT detid.create_generator('ending_in_order', 'time:20@1s node:10 sequence:10', ordering => 'node',
		epoch => date_trunc('second', now()) + interval '2 min' - 1048576 * interval '1 s');
	SELECT detid.create_generator('ending_each', 'time:20@1s node:10 worker:14 sequence:10',
		epoch => date_trunc('second', now()) + interval '2 min' - 1048576 * interval '1 s');
});
my @ending = qw(ending ending_in_order ending_each);

sub ended
{
	my ($name) = @_;
	for my $generator (@ending)
	{
		fails_with($node, $_, '2200H', qr/the generator has reached the end of its epoch/, "$name: $_ is refused")
		  for "SELECT detid.next_id('$generator')", "SELECT detid.next_ids('$generator', 10)";
	}
	my ($out, $err) = run_sql($node, "SELECT detid.next_id('lease')");
	is($err, '', "$name: other generators go on");
	$journal->add('lease', $out);
	return;
}

$name = 'past the end of an epoch while clients mint';
start_clients(@ending);
wait_for_clients("$name: before");
$clock->set(300);
my $tries = 10 * $PostgreSQL::Test::Utils::timeout_default;
sleep(0.1) while (() = $journal->errors($clients) =~ /ERROR:  2200H:/g) < 14 && $tries-- > 0;
wait_for_clients("$name: from other generators");
stop_clients();
my %errors = map { $_ => 1 } $journal->errors($clients) =~ /ERROR:  (\w+):/g;
is(join(' ', sort keys %errors), '2200H', "$name: no error but 2200H");
ended($name);
cmp_ok(max(lines(slurp_file($journal->file($_)))), '>', 0, "$name: $_ has minted up to then") for @ending;
check_journal($name);

# Node time never runs backwards, so with the right clock, too, these stay at their end.
for my $start ([ 300, 'started past the end of an epoch' ],
	[ 0, 'past the end of an epoch, then started with the right clock' ])
{
	(my $seconds, $name) = @$start;
	crash($seconds, $name);
	ended($name);
	goes_on_above($name);
	start_clients();
	wait_for_clients("$name: afterwards");
	stop_clients();
	check_journal($name);
}
$node->stop;

# --- Past the end, for the server's whole incarnation -------------------------------------------------

# 41 bits of milliseconds last until 2094. Where nothing was minted, nothing remains of a wrong clock.
$name = 'started past the end of the generators, nothing minted';
@generators = qw(lease node_order);
fresh_node('late');
$ids = 0;
$clock->set(80 * YEAR);
$clock->start;
refused('2200H', $name);
fails_with($node, $_, '2200H', qr/the generator has reached the end of its epoch/, "$name: $_ is refused")
  for "SELECT detid.next_id('lease')", "SELECT detid.next_ids('few', 10)", 'INSERT INTO kept DEFAULT VALUES';
$clock->set(0);
wait_for_clients("$name: afterwards, with the clock right");
stop_clients();
ahead(0, $name, 5);
check_journal($name);
$node->stop;

done_testing();

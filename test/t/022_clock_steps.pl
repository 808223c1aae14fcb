# SPDX-License-Identifier: PostgreSQL
#
# The system clock steps while 16 clients mint: by a little, by more than detid.max_ahead, by more
# than detid.max_clock_step, forward and back. They go on through all of it, no id is minted
# twice, and the time in an id stays near node time. Then the clock is left alone, and more ids
# are asked for than there is room.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { HOUR => 3600, DAY => 86400, NEAR_MS => 50 };

# How many of so many ids have a time that is not between node time before it was minted and
# detid.max_ahead after node time afterwards.
my $untimely = q{
CREATE FUNCTION untimely(g regclass, times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  before timestamptz;
  minted timestamptz;
  wrong int := 0;
BEGIN
  FOR i IN 1 .. times LOOP
    SELECT node_time INTO before FROM detid.node_status;
    minted := detid.minted_at(detid.next_id(g), g);
    -- The time in an id is the beginning of its tick, at most a second long here.
    IF minted < before - interval '1 s' OR
       minted > (SELECT node_time FROM detid.node_status) + interval '1 s' THEN
      wrong := wrong + 1;
    END IF;
  END LOOP;
  RETURN wrong;
END $$;
};

my $node = new_node('stepping');
create_generators($node);
$node->safe_psql('postgres', $untimely);
$node->stop;
my $clock = fake_clock($node);
$clock->start;

# What detid.check() says of the clock: (ok, ms ahead of the system clock, whether it slews).
my $watcher = session($node);

sub clock_check
{
	my $row = $watcher->query(q{SELECT ok, detail FROM detid.check() WHERE "check" = 'clock'});
	$row =~ /^([tf])\|node time is (\d+) ms (ahead of|behind) the system clock( and slews)?/
	  or die "detid.check() says: $row";
	return ($1 eq 't', $3 eq 'behind' ? -$2 : $2, defined $4);
}

# Waits until node time is so many ms ahead of the system clock, give or take NEAR_MS.
sub wait_for_lead
{
	my ($ms) = @_;
	my $lead;
	for (1 .. 20 * $PostgreSQL::Test::Utils::timeout_default)
	{
		(undef, $lead) = clock_check();
		return 1 if abs($lead - $ms) <= NEAR_MS;
		sleep(0.05);
	}
	diag("node time is $lead ms ahead of the system clock, not $ms");
	return 0;
}

# Node time runs at 90 %: it loses 100 ms in a second, while a step back would lose them at once.
sub slews
{
	my ($name) = @_;
	my $from = time;
	my ($ok, $before, $slewing) = clock_check();
	my $lead;
	do { sleep(0.05); (undef, $lead) = clock_check(); } while $lead > $before - 100 && time < $from + 60;
	my $took = time - $from;
	ok($ok && $slewing && $lead <= $before - 100 && $lead >= $before - 100 - 100 * $took && $took > 0.5,
		"$name: node time slews")
	  or diag("from $before to $lead ms in $took s");
	return;
}

# The server's log from here on.
my $log_at = -s $node->logfile;

sub log_says
{
	my ($pattern, $name) = @_;
	my $found;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$found = slurp_file($node->logfile, $log_at) =~ $pattern;
		last if $found;
		sleep(0.1);
	}
	ok($found, $name);
	return;
}

my $journal = journal();
my $clients;

# Steps the clock to this offset.
sub step
{
	my ($seconds) = @_;
	$log_at = -s $node->logfile;
	$clock->set($seconds);
	return;
}

# All clients receive ids; those of this moment show node time.
sub go_on
{
	my ($name) = @_;
	$journal->wait_for_all($clients);
	pass("$name: 16 clients go on");
	for my $generator (qw(lease second))
	{
		is($watcher->query("SELECT untimely('$generator', 200)"), '0', "$name: ids of $generator are timely");
	}
	return;
}

# What detid.node_status says of the last step.
sub last_step
{
	my ($seconds, $name) = @_;
	my $ms = $watcher->query('SELECT last_step_ms FROM detid.node_status');
	ok(abs($ms - 1000 * $seconds) < 500, "$name: detid.node_status says so, too") or diag("last_step_ms is $ms");
	return;
}

sub accept_clock
{
	my ($name) = @_;
	my ($out, $err) = $watcher->try('SELECT detid.accept_clock() BETWEEN ' .
		"clock_timestamp() - interval '1 min' AND clock_timestamp() + interval '1 min'");
	is($err, '', "$name: the clock is accepted");
	return;
}

$clients = $journal->start($node, generators => [qw(lease node_order wide second)],
	inserts => { row_id => 'kept' });
go_on('before any step');

# --- Steps within detid.max_clock_step ---------------------------------------------------------

step(0.1);
ok(wait_for_lead(0), '+100 ms: node time follows');
go_on('+100 ms');

step(0);
ok(wait_for_lead(0), '-100 ms: node time slews until the clock has caught up');
go_on('-100 ms');

step(5);
log_says(qr/the system clock stepped forward by (4[89]|50)\d\d ms; node time follows/, '+5 s: the log says so');
ok(wait_for_lead(0), '+5 s: node time follows');
last_step(5, '+5 s');
go_on('+5 s');

step(0);
log_says(qr/node time is (4[89]|50)\d\d ms ahead of the system clock and slews back to it/, '-5 s: the log says so');
slews('-5 s');
last_step(-5, '-5 s');
go_on('-5 s');

# Back where it was: slewing took a little from node time, which it gets back.
step(5);
ok(wait_for_lead(0), '+5 s again: node time follows');
go_on('+5 s again');

# --- Steps beyond it ---------------------------------------------------------------------------

# The clock is $seconds from node time, and that is disbelieved.
sub disbelieved
{
	my ($seconds, $name) = @_;
	log_says(qr/the system clock is ${\ ($seconds < 0 ? '-' : '')}\d+ ms away from node time and is not believed/,
		"$name: the log says that it is not believed");
	ok(wait_for_lead(-1000 * $seconds), "$name: node time does not follow");
	my ($ok, $lead) = clock_check();
	ok(!$ok, "$name: detid.check() says so");
	ok($seconds > 0 ? $lead < 0 : $lead > 0, "$name: and on which side node time is");
	last_step($seconds, $name);
	return;
}

sub believed
{
	my ($name) = @_;
	my ($ok) = clock_check();
	ok($ok, "$name: detid.check() is content");
	return;
}

step(HOUR + 5);
disbelieved(HOUR, '+1 h');
go_on('+1 h');
step(5);
log_says(qr/the system clock is believed again/, '+1 h and back: the log says so');
ok(wait_for_lead(0), '+1 h and back: node time is right');
believed('+1 h and back');
go_on('+1 h and back');

step(HOUR + 5);
disbelieved(HOUR, '+1 h, to be accepted');
accept_clock('+1 h');
ok(wait_for_lead(0), '+1 h accepted: node time follows');
believed('+1 h accepted');
go_on('+1 h accepted');

step(5);
disbelieved(-(HOUR), '-1 h');
go_on('-1 h');
accept_clock('-1 h');
slews('-1 h accepted');
believed('-1 h accepted');
go_on('-1 h accepted');
step(HOUR + 5);
ok(wait_for_lead(0), '-1 h, accepted, and back: node time is right');
believed('-1 h, accepted, and back');
go_on('-1 h, accepted, and back');

step(HOUR + 5 + 30 * DAY);
disbelieved(30 * DAY, '+30 days');
go_on('+30 days');
accept_clock('+30 days');
ok(wait_for_lead(0), '+30 days accepted: node time follows');
believed('+30 days accepted');
go_on('+30 days accepted');

is($journal->errors($clients), '', 'no client received an error');
$journal->stop($clients);
$journal->check('clock steps of +-100 ms, +-5 s, +-1 h, +30 days');

# --- Overload ----------------------------------------------------------------------------------

# Not under libfaketime, after whose steps PostgreSQL's own timeouts do not come when they should.

$watcher->quit;
$node->stop;
$node = new_node('crowded');
$node->safe_psql('postgres', $untimely);
# 2000 ids a second; 200 ids a second and backend.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('few', 'time:41@1ms node:10 sequence:1', audit => 'off');
	SELECT detid.create_generator('few_in_order', 'time:41@1ms node:10 sequence:1', ordering => 'node', audit => 'off');
	SELECT detid.create_generator('few_borrowed', 'time:41@1ms node:10 sequence:1', audit => 'off');
	SELECT detid.create_generator('few_each', 'time:38@10ms node:9 worker:14 sequence:1', audit => 'off');
});
$watcher = session($node);
$journal = journal();
my @few = qw(few few_in_order few_each);
my $waits = $watcher->query('SELECT overload_waits FROM detid.node_status');
$clients = $journal->start($node, generators => \@few);
$journal->wait_for_all($clients);
# A set that takes minutes. On a busy machine the clients alone ask for fewer ids than there are.
my $endless = "SELECT count(*) FROM detid.next_ids('few', 1000000)";
my $greedy = session($node);
my $greedy_pid = $greedy->query('SELECT pg_backend_pid()');
$greedy->send($endless);
$node->poll_query_until('postgres', "SELECT overload_waits >= $waits + 100 FROM detid.node_status")
  or die 'there is no overload';
pass('overload: waits are counted');
is($watcher->query("SELECT untimely('$_', 200)"), '0', "overload: ids of $_ are at most detid.max_ahead ahead")
  for @few;

my $waiting = session($node);
my $pid = $waiting->query('SELECT pg_backend_pid()');
my $event = $node->pg_version >= 17 ? 'DetidOverload' : 'Extension';

# The session waits for ids until statement_timeout ends that, soon.
sub times_out
{
	my ($sql, $name, $soon) = @_;
	my $from = time;
	my (undef, $err) = $waiting->try("SET statement_timeout = '500ms'; $sql");
	like($err, qr/ERROR:  57014: canceling statement due to statement timeout/, $name);
	cmp_ok(time - $from, '<', 10, $soon);
	$waiting->query('RESET statement_timeout');
	return;
}

# The session waits for ids, then is cancelled; that ends it soon.
sub waits_until_cancelled
{
	my ($sql, $name, $soon) = @_;
	$waiting->send($sql);
	$node->poll_query_until('postgres',
		"SELECT wait_event = '$event' FROM pg_stat_activity WHERE pid = $pid") or die "nothing waits";
	my $from = time;
	$watcher->query("SELECT pg_cancel_backend($pid)");
	my (undef, $err) = $waiting->wait;
	like($err, qr/ERROR:  57014: canceling statement due to user request/, $name);
	cmp_ok(time - $from, '<', 10, $soon);
	return;
}

times_out($endless, 'overload: statement_timeout ends the wait', 'overload: and soon');

# What the session received before is not lost, what it did not receive is not given out again.
$journal->add('few', $waiting->query("SELECT detid.next_id('few')"));
for my $round (1 .. 5)
{
	waits_until_cancelled($endless, "overload: waiting session cancelled ($round)", "overload: and soon ($round)");
	$journal->add('few', $waiting->query("SELECT detid.next_id('few')"));
}
my $borrowed = $watcher->query(q{
	SELECT max(detid.minted_at(id, 'few') - (SELECT node_time FROM detid.node_status)) > interval '0.9 s'
	FROM (SELECT detid.next_id('few') AS id FROM generate_series(1, 1000)) s});
is($borrowed, 't', 'overload: ids are ahead by nearly detid.max_ahead');
$watcher->query("SELECT pg_cancel_backend($greedy_pid)");
$greedy->wait;
$greedy->quit;

# A single id that is nearly a minute away, as its session borrowed so much while it might.
sub max_ahead
{
	my ($value) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET detid.max_ahead = '$value'");
	$node->reload;
	sleep(0.01) while $waiting->query('SHOW detid.max_ahead') ne $value;
	return;
}
sub borrow
{
	max_ahead('1min');
	$journal->add('few_borrowed', lines($waiting->query("SELECT detid.next_ids('few_borrowed', 100000)")));
	max_ahead('1s');
	return;
}
borrow();
my $borrowing = "SELECT detid.next_id('few_borrowed')";
times_out($borrowing, 'overload: statement_timeout ends a long wait', 'overload: and soon');
borrow();    # again: on a busy machine the minute is over
waits_until_cancelled($borrowing, 'overload: a long wait is cancelled', 'overload: and soon');
# Others wait for nobody.
$journal->add('few', $waiting->query("SELECT detid.next_id('few')"));

$journal->wait_for_all($clients);
is($journal->errors($clients), '', 'overload: no other client received an error');
$journal->stop($clients);
$journal->check('overload');

$_->quit for $watcher, $waiting;
$node->stop;
done_testing();

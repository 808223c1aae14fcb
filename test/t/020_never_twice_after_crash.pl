# SPDX-License-Identifier: PostgreSQL
#
# Clients mint while the server crashes and starts again. Among all ids that they received, from
# first to last, none is there twice; and what they committed is there afterwards.
#
# What makes a crash dangerous are ids ahead of the clock: minted under overload, or in a tick
# that is longer than a restart. The generators here have both.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { ROUNDS => 5, CLIENTS => 4, STATEMENTS => 1500, BURSTS => 300 };

my $seed = $ENV{DETID_TEST_SEED} // time * 1000 % 1000000;
srand($seed);
note("DETID_TEST_SEED=$seed");

my $node = new_node('crashing', conf => "restart_after_crash = on\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('wide', 'uuid7');
	SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20');
	SELECT detid.create_generator('burst', 'time:41@1ms node:10 sequence:4', audit => 'off');
	SELECT detid.create_generator('row_id');
	CREATE TABLE kept (id bigint DEFAULT detid.next_id('row_id') PRIMARY KEY, client int, number int);
});

# The clients' scripts: each line of output is a generator's name and an id that was received.
sub minting
{
	my ($client) = @_;
	my @generators = qw(lease node_order second);
	return map {
		my $g = $generators[ ($_ + $client) % @generators ];
		"SELECT '$g', detid.next_id('$g');",
		  "SELECT 'wide', detid.next_uuid('wide');",
		  "SELECT '$g', detid.next_ids('$g', 1 + ($_ * 7) % 50);",
		  "INSERT INTO kept (client, number) VALUES ($client, $_) RETURNING 'row_id', id;"
	} 1 .. STATEMENTS;
}

# 16 ids a millisecond are soon used up: this client's ids are all detid.max_ahead ahead.
sub bursting { return ("SELECT 'burst', detid.next_ids('burst', 200);") x BURSTS; }

sub write_script
{
	my ($name, @sql) = @_;
	my $file = $node->basedir . "/$name.sql";
	open my $out, '>', $file or die $!;
	print $out join("\n", @sql), "\n";
	close $out;
	return $file;
}

my @scripts = map { write_script("client_$_", minting($_)) } 1 .. CLIENTS - 1;
push @scripts, write_script('bursts', bursting());
my %received;    # generator => ids

# Reads what the clients of a round received; the last line counts only if it is whole.
sub collect
{
	my ($file) = @_;
	my $text = slurp_file($file);
	$text =~ s/[^\n]*\z//;
	for my $line (lines($text))
	{
		my ($generator, $id) = split /\|/, $line;
		push @{ $received{$generator} }, $id;
	}
	return;
}

sub start_clients
{
	my ($round) = @_;
	my @clients;
	for my $i (0 .. $#scripts)
	{
		my $file = $node->basedir . "/received_${round}_$i";
		my $run = IPC::Run::start(
			[ qw(nice -n 10 psql -XAtq -d), $node->connstr('postgres'), '-f', $scripts[$i] ],
			'>', $file, '2>', "$file.err");
		push @clients, { run => $run, file => $file };
	}
	return @clients;
}

# On a busy machine that may take a while.
sub wait_until_they_mint
{
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if !grep { !-s $_->{file} } @_;
		sleep(0.1);
	}
	die 'the clients do not mint';
}

for my $round (1 .. ROUNDS)
{
	my @clients = start_clients($round);
	wait_until_they_mint(@clients);
	sleep(rand(1.2));
	if ($round % 2 == 0)
	{
		# One backend is killed in the act: the postmaster restarts all.
		my $at = -s $node->logfile;
		my $pid = $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE query LIKE '%detid.next%' AND pid <> pg_backend_pid() LIMIT 1");
		kill('KILL', $pid) if $pid =~ /^\d+$/;
		$_->{run}->finish for @clients;
		$node->poll_query_until('postgres', 'SELECT 1', '1');
		like(slurp_file($node->logfile, $at), qr/was terminated by signal 9/,
			"round $round: a backend was killed while the clients minted");
	}
	else
	{
		$node->stop('immediate');
		$_->{run}->finish for @clients;
		my $errors = join '', map { slurp_file("$_->{file}.err") } @clients;
		like($errors, qr/connection/, "round $round: the server stopped while the clients minted");
		$node->start;
	}
	collect($_->{file}) for @clients;

	# At once after the start, while the clock is still behind what was minted.
	my $first = $node->safe_psql('postgres', q{
		SELECT 'lease', detid.next_id('lease');
		SELECT 'second', detid.next_ids('second', 100);
		SELECT 'node_order', detid.next_id('node_order');
		SELECT 'burst', detid.next_ids('burst', 100);
		SELECT 'wide', detid.next_uuids('wide', 100);
	});
	push @{ $received{ (split /\|/)[0] } }, (split /\|/)[1] for lines($first);
}

# One round that ends in peace.
my @clients = start_clients('last');
for my $client (@clients)
{
	$client->{run}->finish;
	collect($client->{file});
	is(slurp_file("$client->{file}.err"), '', 'no errors without a crash');
}

for my $generator (qw(lease wide node_order second burst row_id))
{
	no_duplicates($received{$generator}, "no id twice from $generator");
}
my @negative = grep { /^-/ } map { @$_ } values %received;
is("@negative", '', 'no id is negative');

# What was committed is there, under the ids that the clients saw.
my $file = $node->basedir . '/row_ids';
open my $out, '>', $file or die $!;
print $out "$_\n" for @{ $received{row_id} };
close $out;
same_sql($node, qq{
	CREATE TEMP TABLE seen (id bigint);
	\\copy seen FROM '$file'
	SELECT count(*) FROM seen WHERE id NOT IN (SELECT id FROM kept);
}, '0', 'every row that a client saw committed has survived with its id');

# And is in the ledger, which replays.
same_sql($node, q{
	SELECT count(*) FROM kept WHERE id::text NOT IN
	  (SELECT regenerated FROM detid.replay('row_id') WHERE matches);
}, '0', 'the ledger holds every committed id');
same_sql($node, q{SELECT coalesce(sum(mismatches), 0), sum(unverified) FROM detid.verify_replay()},
	'0|0', 'all replays without a mismatch');
same_sql($node, 'SELECT count(*) - count(DISTINCT (definition, node, worker, entry)) FROM detid.ledger', '0',
	'no entry of the ledger is there twice');

# An id is given out only under a horizon that is on disk. Nobody but the minting backend can put
# it there here: the window is used up, and the WAL writer is stopped until it is killed, which
# restarts the server and loses what was not flushed.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('alone', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.next_id('alone');
	ALTER SYSTEM SET detid.horizon_window = '100ms';
});
$node->reload;
my @alone;
for my $round (1 .. 4)
{
	$node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'walwriter'});
	my $walwriter = $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'});
	sleep(1.5);    # more than a tick and the window
	kill('STOP', $walwriter);
	push @alone, lines($node->safe_psql('postgres', q{SELECT detid.next_ids('alone', 5)}));
	my $at = -s $node->logfile;
	kill('KILL', $walwriter);
	$node->wait_for_log(qr/was terminated by signal 9/, $at);
	$node->poll_query_until('postgres', 'SELECT 1', '1');
	push @alone, lines($node->safe_psql('postgres', q{SELECT detid.next_ids('alone', 5)}));
}
no_duplicates(\@alone, 'an id is covered by what is on disk, whoever writes it');

$node->stop;
done_testing();

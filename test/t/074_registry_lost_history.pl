# SPDX-License-Identifier: PostgreSQL
#
# Coordinators that have lost what the last one granted: a standby that was behind, a dump that was
# restored, a copy of the registry's database. Nodes are played by clients that ask as nodes do, so
# that what is granted can be compared: no two of them ever have a time in common under one number.

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

my $c1 = coordinator('c1', init => { allows_streaming => 1 }, conf => "detid.quarantine = 0\n");
play_nodes($c1);
my %token;    # path => token

# Two nodes that take turns with the only number of a prefix, and two with numbers of their own.
$c1->safe_psql('postgres', q{SELECT detid.assign_prefix('ap'), detid.assign_prefix('ap/one'), detid.assign_prefix('ap/one/only'), detid.assign_prefix('ap/one/slow')});
$token{$_} = enroll($c1, $_, 'leased') for qw(ap/one/only/x1 ap/one/only/x2 eu/pool/y1 eu/pool/y2 ap/one/slow/z1 ap/one/slow/z2);

# A heartbeat of a node: its next one, with all that it knows. What it was granted is kept, and returned
# as [number, start, limit] in microseconds.
my %played;     # path => { counter, bits, granted }
my @granted;    # [path, number, start, limit]

sub heartbeat_sql
{
	my ($path) = @_;
	my $p = $played{$path} //= { counter => 0, bits => 0, granted => 0, incarnation => 1 };
	my ($old, $old_bits, $bits) = ($p->{counter}, $p->{bits}, int rand 2**40);
	return "SELECT outcome, reason, node, start_us, limit_us, counter, next FROM ask('$token{$path}', "
	  . "$old, $old_bits, $bits, 'leased', -1, "
	  . length($path) * 1000 . ord(substr $path, -1) . ", $p->{incarnation}, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - " . 1000000 * ($p->{behind} // 0) . ", "
	  . "$p->{granted}, 0)";
}

sub heard
{
	my ($path, $out) = @_;
	my ($outcome, $reason, $number, $start, $limit, $counter, $bits) = split /\|/, $out;
	return $reason if $outcome ne 'granted';
	my $p = $played{$path};
	@$p{qw(counter bits)} = ($counter, $bits);
	$p->{granted} = $limit if $limit > $p->{granted};
	push @granted, [ $path, $number, $start, $limit ];
	return [ $number, $start, $limit ];
}

sub heartbeat
{
	my ($node, $path, %options) = @_;
	my $out = $node->safe_psql($options{db} // 'postgres', heartbeat_sql($path), extra_params => [ '-U', 'detid_node' ]);
	return heard($path, $out);
}

sub granted_disjoint
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @wrong;
	for my $i (0 .. $#granted)
	{
		for my $j (0 .. $i - 1)
		{
			my ($a, $b) = @granted[ $i, $j ];
			next if $a->[0] eq $b->[0] || $a->[1] != $b->[1];
			push @wrong, "@$a and @$b" if $a->[2] < $b->[3] && $b->[2] < $a->[3];
		}
	}
	is($wrong[0] // '', '', "$name: no two nodes have a time in common under one number");
	return;
}

# Until the node's interval is over, and one heartbeat more.
sub wait_until_over
{
	my ($path) = @_;
	sleep 0.1 while time() < $played{$path}{granted} / 1e6 + 0.1;
	return;
}

is(heartbeat($c1, 'ap/one/only/x1')->[0], '128', 'a node has the only number of its prefix');
is(heartbeat($c1, 'ap/one/only/x2'), 'no_number', 'and no other');
is(heartbeat($c1, 'eu/pool/y1')->[0], '8', 'a node');
is(heartbeat($c1, 'eu/pool/y2')->[0], '9', 'another one');
wait_until_over('ap/one/only/x1');

# A node with a slow clock is not silent, though its intervals are over by the coordinator's.
$played{'ap/one/slow/z1'} = { counter => 0, bits => 0, granted => 0, incarnation => 1, behind => 60 };
is(heartbeat($c1, 'ap/one/slow/z1')->[0], 129, 'a node whose clock is a minute behind');
is(heartbeat($c1, 'ap/one/slow/z2'), 'no_number', 'its number is not given to another while it asks');
is(heartbeat($c1, 'ap/one/slow/z1')->[0], 129, 'so it keeps it');
my $slow = $played{'ap/one/slow/z1'}{granted};
my ($begin, $fast) = (time());
do { sleep 0.2; $fast = heartbeat($c1, 'ap/one/slow/z2'); } while (!ref $fast && time() < $begin + 20);
ok(ref $fast && $fast->[0] == 129 && $fast->[1] >= $slow, 'silent for a lease, it loses it to the other, who begins above');
delete @played{ grep { /slow/ } keys %played };

# --- The states that will be all that is known of them ---

$c1->backup('b');
my $c2 = PostgreSQL::Test::Cluster->new('c2');
$c2->init_from_backup($c1, 'b', has_streaming => 1);
$c2->start;
$c1->wait_for_catchup($c2);
$c2->append_conf('postgresql.conf', "primary_conninfo = ''\n");
$c2->reload;
$c1->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_replication') or die;
$c1->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE postgres');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/registry.sql';
command_ok([ 'pg_dump', '-f', $dump, $c1->connstr('postgres') ], 'the registry is dumped');

# --- What they do not know: the number goes to the other one, and its interval is prolonged ---

is(heartbeat($c1, 'ap/one/only/x2')->[0], '128', 'the number of a node that was silent goes to another');
heartbeat($c1, $_) for ('ap/one/only/x2', 'eu/pool/y1') x 2;
my @before = @granted;
my $before = {%played{qw(ap/one/only/x1 ap/one/only/x2 eu/pool/y1 eu/pool/y2)}};
$_ = {%$_} for values %$before;
$c1->stop('immediate');

sub restore_played
{
	@granted = @before;
	%played = map { $_ => { %{ $before->{$_} } } } keys %$before;
	return;
}

sub goes_on
{
	my ($node, $name, %options) = @_;
	restore_played();
	# The first two ask at the same time.
	my $db = $options{db} // 'postgres';
	my $one = session($node, user => 'detid_node', db => $db);
	my $two = session($node, user => 'detid_node', db => $db);
	my $y2 = 'eu/pool/y2';
	my $x1 = 'ap/one/only/x1';
	$one->query('BEGIN');
	my ($out, $err) = $one->try(heartbeat_sql($y2));
	like($out, qr/granted|too_far_ahead/, "$name: a node asks") or diag($err);
	heard($y2, $out);
	$two->send(heartbeat_sql($x1));
	sleep 0.1;    # it waits for half a heartbeat, which is 0.5 s
	$one->query('COMMIT');
	($out, $err) = $two->wait;
	like($out, qr/granted|too_far_ahead/, "$name: another one, that asks meanwhile, is answered") or diag($err);
	heard($x1, $out);
	$_->quit for $one, $two;
	granted_disjoint($name);
	# What is known of none of them is above the floor, so it takes some time until they are granted.
	for my $path (sort keys %played)
	{
		my $number = $path =~ /x1/ ? 128 : $path =~ /y1/ ? 8 : 9;
		my ($begin, $answer) = (time());
		do { sleep 0.2; $answer = heartbeat($node, $path, db => $db); } while (!ref $answer && $answer ne "no_number" && time() < $begin + 20);
		$path =~ /x2/
		  ? is($answer, 'no_number', "$name: $path has no number any more")
		  : is(ref $answer && $answer->[0], $number, "$name: $path goes on under its number");
	}
	granted_disjoint("$name, later");
	return;
}

$c2->promote;
$c2->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die;
goes_on($c2, 'a standby that was behind');

my $c3 = new_node('c3', node_id => undef, extension => 0, conf => "detid.lease = 3s\ndetid.quarantine = 0\n");
$c3->safe_psql('postgres', 'CREATE ROLE detid_node LOGIN');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $c3->connstr('postgres'), '-f', $dump ], 'a dump of the registry is restored');
goes_on($c3, 'a dump that was restored');

$c1->start;
goes_on($c1, 'a copy of the database', db => 'copy');

$_->stop for $c1, $c2, $c3;
done_testing();

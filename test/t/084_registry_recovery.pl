# SPDX-License-Identifier: PostgreSQL
#
# Who still sends heartbeats is never displaced by a recovery: a backup with its archive to the end, and a standby
# that only read the archive, are promoted beside the node, in both modes. The node goes on, and the
# copy mints nothing until an operator says so. A standby that streamed takes the place of a primary
# that was shut down at once, of one that crashed once it has been silent for a lease.

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

my $c = coordinator('c');
my @init = (init => { allows_streaming => 1, has_archiving => 1 }, conf => "detid.failover_guard = 1s\n");
my %node = (
	'eu/a/db1' => registered($c, 'eu/a/db1', @init),
	'eu/pool/w1' => registered($c, 'eu/pool/w1', mode => 'leased', @init));
mints_again($_, $_->name . ' mints') for values %node;

# All that the node has minted by now is in its archive.
sub archive
{
	my ($node) = @_;
	my $file = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_switch_wal())');
	$node->poll_query_until('postgres', "SELECT last_archived_wal >= '$file' FROM pg_stat_archiver") or die;
	return;
}

sub promoted
{
	my ($node) = @_;
	return $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
}

my @ids;    # of the path at hand
sub mint
{
	my ($node) = @_;
	my @new = lines($node->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 100)'));
	push @ids, @new;
	return @new;
}

# --- Recovered copies beside the living node ---

for my $path (sort keys %node)
{
	my $node = $node{$path};
	@ids = ();
	$node->backup('b');
	for my $standby (0, 1)
	{
		mint($node);
		archive($node);
		my $kind = $standby ? 'a standby that only read the archive' : 'a backup with its archive to the end';
		my $name = "$path, $kind";
		my $copy = PostgreSQL::Test::Cluster->new($node->name . "_copy$standby");
		$copy->init_from_backup($node, 'b', has_restoring => 1, standby => $standby);
		# It archives nothing, or its original's archive would have its timeline.
		$copy->append_conf('postgresql.conf', "archive_mode = off\n");
		$copy->start;
		$copy->promote if $standby;
		ok(promoted($copy), "$name: promoted beside the node");
		my ($minted, %failed) = (0);
		for (my $begin = time(); time() < $begin + 6 * HEARTBEAT; sleep 0.2)
		{
			my $state = sqlstate_of($copy, 'SELECT detid.next_id()');
			$minted++ if $state !~ /^DT00[12]$/;
			$state = sqlstate_of($node, 'SELECT detid.next_id()');
			$failed{$state}++ if $state ne '00000';
		}
		is($minted, 0, "$name: it mints nothing");
		is(join(' ', keys %failed), '', "$name: the node goes on");
		state_becomes($c, $path, 'active', "$name: as the coordinator sees it");
		like((run_sql($copy, 'SELECT detid.next_id()'))[1], qr/ERROR:  DT001: .*DETAIL:  It was recovered from a backup of the node.*claim_registration\(\)/s,
			"$name: why, and how to end it, the error says");
		$copy->restart;
		is(sqlstate_of($copy, 'SELECT detid.next_id()'), 'DT001', "$name: also after a restart");
		mint($node);
		if (!$standby)
		{
			$copy->stop;
			next;
		}
		# An operator says that it takes its place.
		$copy->safe_psql('postgres', 'SELECT detid.claim_registration()');
		mints_again($copy, "$name: claimed, it mints");
		fenced_within_a_heartbeat($node, "$name: then the node", time());
		my $high = (sort { $a <=> $b } @ids)[-1];
		cmp_ok((mint($copy))[0], '>', $high, "$name: above what that minted");
		$node->stop;
		$node{$path} = $copy;
	}
}

# --- Standbys that stream ---

# The seconds from its promotion to its first id.
sub fails_over
{
	my ($path, $how) = @_;
	my $primary = $node{$path};
	my $name = $primary->name . substr $how, 0, 1;
	$primary->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($primary, $name, has_streaming => 1);
	$standby->start;
	$primary->wait_for_catchup($standby);
	my $high = (sort { $a <=> $b } mint($primary))[-1];
	$primary->wait_for_catchup($standby);
	$primary->stop($how);
	state_becomes($c, $path, 'stopped', "$path: the coordinator knows that it was shut down") if $how eq 'fast';
	my $since = time();
	$standby->promote;
	mints_again($standby, "$path, $how: its standby takes its place");
	my $took = time() - $since;
	cmp_ok((mint($standby))[0], '>', $high, "$path, $how: above what it minted");
	$node{$path} = $standby;
	return $took;
}

# The start of the coordinator, after which who takes a leased node's place waits, is long past.
$c->safe_psql('postgres', 'UPDATE detid._coordinator SET silent_floor_us = 0');
for my $path (sort keys %node)
{
	my %took = map { $_ => fails_over($path, $_) } qw(fast immediate);
	note(sprintf '%s: %.1f s after a shutdown, %.1f s after a crash', $path, @took{qw(fast immediate)});
	cmp_ok($took{fast}, '<', LEASE, sprintf('%s: after a shutdown it does not wait (%.1f s)', $path, $took{fast}));
	cmp_ok($took{immediate}, '<', 2 * LEASE + 5, sprintf('%s: after a crash it waits for about a lease (%.1f s)', $path, $took{immediate}));
}

# --- A registry client that is ended alone stops nothing ---

my $node = $node{'eu/a/db1'};
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client'});
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client' AND pid <> $pid"),
	'a registry client that was ended comes back');
is(sqlstate_of($node, 'SELECT detid.next_id()'), '00000', 'the node goes on');
like(in_view($c, 'eu/a/db1', 'state'), qr/^(?:active|silent)$/, 'and is not taken for one that was shut down');

# A restart is a shutdown, and the node is back.
$node->restart;
mints_again($node, 'restarted, it mints');
state_becomes($c, 'eu/a/db1', 'active', 'and is active again');

$_->stop for values %node, $c;
done_testing();

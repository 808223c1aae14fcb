# SPDX-License-Identifier: PostgreSQL
#
# A stream of random ids does not repeat: not after a crash, and not after an old snapshot of the
# whole machine was restored, whose seed and horizon are those of then, as long as its clock is
# beyond what was minted. With the clock of then it repeats to the bit, which is the limit; a new seed is beyond it.
#
# The ids here show no coordinates, so one that is there twice means that a position was.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = new_node('machine');
my $data = $node->data_dir;
my $snapshot = $node->basedir . '/snapshot';
$node->safe_psql('postgres', q{SELECT detid.create_generator('token', 'uuid4', audit => 'off')});

sub mint { return lines($node->safe_psql('postgres', "SELECT detid.next_uuids('token', 1000)")); }

# An id in nearly every tick of a second: two such runs from the same horizon meet, however long
# each took from there to its first id.
sub mint_for_a_second
{
	return lines($node->safe_psql('postgres',
		q{SELECT detid.next_uuid('token') FROM generate_series(1, 1000) i, LATERAL pg_sleep(0.001 + 0 * i)}));
}

# The machine's disk as it was, block by block: the inodes are the same ones.
sub restore_snapshot
{
	system_or_bail('sh', '-c', "find '$data' -mindepth 1 ! -name PG_VERSION -delete 2>/dev/null; cp -a '$snapshot/.' '$data/'");
	return;
}

my @ids;
for my $round (1 .. 3)
{
	push @ids, mint();
	$node->stop('immediate');
	$node->start;
	push @ids, mint();
}
no_duplicates(\@ids, 'a stream does not repeat after crashes');

# The clock of the machine is the test's from here on.
$node->stop;
my $clock = fake_clock($node);
$clock->start;
push @ids, mint();
$node->stop;
system_or_bail('cp', '-a', $data, $snapshot);
my $taken = CORE::time();
$clock->start;
sleep(1);
my @lost = mint_for_a_second();
push @ids, @lost;
$node->stop;

# Restored a minute later: after every time that the lost ids were minted at. (Node time was ahead of
# the clock, after so many restarts.)
restore_snapshot();
$clock->set(60);
$clock->start;
same_sql($node, 'SELECT copy_suspected, promoted_at FROM detid.node_status', 'f|', 'the machine cannot tell that it lived before');
push @ids, mint();
no_duplicates(\@ids, 'nor after a snapshot of the machine was restored, by the clock');
$node->stop;

# The limit: the clock of then. Position by position through the same second.
restore_snapshot();
$clock->set($taken - CORE::time());
$clock->start;
my %lost = map { $_ => 1 } @lost;
my @again = grep { $lost{$_} } mint_for_a_second();
cmp_ok(scalar(@again), '>', 0, 'with the clock of then it repeats: the limit');
$node->safe_psql('postgres', q{SELECT detid.rotate_seed()});
$node->stop;
restore_snapshot();
$clock->set($taken - CORE::time());
$clock->start;
$node->safe_psql('postgres', q{SELECT detid.rotate_seed()});
my @fresh = mint_for_a_second();
is(scalar(grep { $lost{$_} } @fresh), 0, 'but not under a new seed');
$node->stop;
done_testing();

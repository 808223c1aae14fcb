# SPDX-License-Identifier: PostgreSQL
#
# Two leased nodes take turns with the only number there is, while clients mint on both. The one that
# has it is stopped as a whole, in the middle of whatever its backends do, for longer than its
# interval; the other is given the number, and then the first one goes on where it stood. Ticks of a
# second show at once if two ever mint in the same one.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { ROUNDS => 4 };

my $c = coordinator('c', lease => 2, conf => "detid.quarantine = 0\n");
$c->safe_psql('postgres', q{SELECT detid.assign_prefix('ap'), detid.assign_prefix('ap/one'), detid.assign_prefix('ap/one/only')});
my @node = map { registered($c, "ap/one/only/w$_", mode => 'leased', conf => "log_min_messages = log\nlog_min_error_statement = panic\nmax_connections = 60\n") } 1, 2;
my ($has, $waits) = @node;
mints_again($has, 'one of two has the number');
create_generators($has);

# All processes of a server: whoever is born meanwhile, too.
sub signal_server
{
	my ($node, $signal) = @_;
	my $postmaster = $node->{_pid};
	kill $signal, $postmaster if $signal eq 'STOP';
	kill $signal, split ' ', `ps -o pid= --ppid $postmaster`;
	kill $signal, $postmaster if $signal eq 'CONT';
	return;
}

my @minting = (clients => 4, generators => [qw(lease wide second node_order)], inserts => { row_id => 'kept' });
my $journal = journal();
for my $round (1 .. ROUNDS)
{
	my $clients = $journal->start($has, @minting);
	$journal->wait_for_all($clients);
	my $number = $has->safe_psql('postgres', 'SELECT node_id FROM detid.node_status');
	sleep rand;    # anywhere in the interval
	signal_server($has, 'STOP');
	my $stopped = time();
	my $first = mints_again($waits, "round $round: the one that has the number is stopped, and the other gets it");
	if ($round == 1)
	{
		create_generators($waits);
		$waits->safe_psql('postgres', 'CREATE SEQUENCE journal_turn');    # on the first, the journal makes it
	}
	my $others = $journal->start($waits, @minting);
	$journal->wait_for_all($others);
	signal_server($has, 'CONT');
	ok($has->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'),
		sprintf 'round %d: the first one goes on after %.1f s, and has none', $round, time() - $stopped);
	$journal->wait_for_all($others);
	is(sqlstate_of($has, 'SELECT detid.next_id()'), 'DT002', "round $round: it does not mint");
	same_sql($waits, 'SELECT detid.node_of(detid.next_id())', $number, "round $round: the other one does, under the same number");
	$journal->stop($_) for $clients, $others;
	my %states = map { $_ => 1 } ($journal->errors($clients) . $journal->errors($others)) =~ /ERROR:  (\w{5})/g;
	is(join(' ', sort keys %states), 'DT002', "round $round: no client sees another error");
	($has, $waits) = ($waits, $has);
}
$journal->check('two nodes in turns, stopped and resumed', order => 0);
unlike(slurp_file($_->logfile), qr/DT001/, 'nobody is fenced') for $c, @node;
$_->stop for @node, $c;
done_testing();

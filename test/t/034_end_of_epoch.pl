# SPDX-License-Identifier: PostgreSQL
#
# In the last year of an epoch the server log says so once a day, whoever mints how much.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('ending');
$node->stop;
my $clock = fake_clock($node);
$clock->start;
# 2^41 ms are 69 years and 8 months.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('ends_soon', epoch => now() - interval '69 years');
	SELECT detid.create_generator('ends_late', epoch => now() - interval '68 years');
});

sub lines_of
{
	my ($generator) = @_;
	my @lines = slurp_file($node->logfile) =~ /LOG:  the ids of generator public\.$generator last until 20\d\d-/g;
	return scalar @lines;
}

my @sessions = map { session($node) } 1 .. 3;
for my $session (@sessions, @sessions)
{
	$session->query("SELECT count(*) FROM detid.next_ids('$_', 100)") for qw(ends_soon ends_late);
}
is(lines_of('ends_soon'), 1, 'one line for the epoch that ends soon');
is(lines_of('ends_late'), 0, 'and none for the one that ends later');
like(slurp_file($node->logfile), qr/HINT:  Create a generator with a later epoch or a wider time field/,
	'with what to do');
same_sql($node, q{SELECT ok, hint ~ 'later epoch' FROM detid.check() WHERE "check" = 'epoch' AND detail ~ 'ends_soon'},
	'f|t', 'detid.check() says so too');

# A day later.
$clock->set(25 * 3600);
$node->safe_psql('postgres', 'SELECT detid.accept_clock()');
for my $session (@sessions, @sessions)
{
	$session->query("SELECT count(*) FROM detid.next_ids('$_', 100)") for qw(ends_soon ends_late);
}
is(lines_of('ends_soon'), 2, 'a day later once more');
is(lines_of('ends_late'), 0, 'and still none for the other');
$_->quit for @sessions;
$node->stop('fast');

done_testing();

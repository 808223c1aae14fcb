# SPDX-License-Identifier: PostgreSQL
#
# The oracle of the fault tests: a journal, on the client's side, of every id that was received.
#
#	my $journal = journal();
#	my $clients = $journal->start($node, clients => 16, generators => [qw(lease wide)]);
#	... what may go wrong ...
#	$journal->stop($clients);
#	$journal->check('what went wrong');
#
# Ids of one generator from several servers with the same node id go into one journal.

package Journal;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Temp;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(journal);

# A journal. Its files go into a directory of its own.
sub journal
{
	my $directory = File::Temp::tempdir('journal_XXXX', DIR => PostgreSQL::Test::Utils::tempdir());
	return bless {
		directory => $directory,
		number => 0,      # of clients so far
		running => 0,     # groups of clients
		phase => 0,       # see _compare_turns
		known => {},      # generator => what detid.generators says of it
		files => {},      # generator => [ handle, count ]
		wrong => [],      # ids that are negative or out of order, and where
		turns => {},      # generator => [ phase, before, after, id ]
	}, __PACKAGE__;
}

# Starts sessions that mint in a loop until they are stopped or lose their connection. Options:
#   clients     how many (16)
#   generators  names of those to mint from, one by one and in batches
#   inserts     { generator => table }: rows whose column id the generator fills by default
#   db          (postgres), user, options (PGOPTIONS)
#   batch       largest number of ids of a call (10); 1 for no batches
#   reconnect   1: a session that is lost is opened again until stop
sub start
{
	my ($self, $node, %options) = @_;
	%options = (clients => 16, generators => [], inserts => {}, db => 'postgres', batch => 10,
		reconnect => 0, %options);
	$self->_learn($node, $options{db}, @{ $options{generators} }, keys %{ $options{inserts} });
	$self->{phase}++ if $self->{running}++ == 0;
	my $clients = { stop => "$self->{directory}/stop_" . ++$self->{number}, list => [] };
	for (1 .. $options{clients})
	{
		push @{ $clients->{list} }, $self->_start_client($node, $clients, \%options);
	}
	return $clients;
}

# Ends the sessions and reads what they received. They may have been lost already.
sub stop
{
	my ($self, $clients) = @_;
	append_to_file($clients->{stop}, '');
	for my $client (@{ $clients->{list} })
	{
		eval { $client->{run}->finish };
		die "a client did not end: $@" if $@;
		$self->_read($client);
	}
	$self->{running}--;
	return;
}

# What the sessions printed as errors, with their SQLSTATE; also while they run.
sub errors
{
	my ($self, $clients) = @_;
	return join '', map { slurp_file("$_->{file}.err") } @{ $clients->{list} };
}

# How many bytes the sessions have received; grows while they mint.
sub received
{
	my ($self, $clients) = @_;
	my $bytes = 0;
	$bytes += -s $_->{file} for @{ $clients->{list} };
	return $bytes;
}

# Waits until every session has received something from now on.
sub wait_for_all
{
	my ($self, $clients) = @_;
	my %before = map { $_->{file} => -s $_->{file} } @{ $clients->{list} };
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		delete @before{ grep { -s $_ > $before{$_} + 1 } keys %before };
		return if !%before;
		select(undef, undef, undef, 0.1);
	}
	die "clients do not mint:\n" . $self->errors($clients);
}

# Ids that the test itself received, in order.
sub add
{
	my ($self, $generator, @ids) = @_;
	$self->_keep($generator, 'the test', $_) for @ids;
	return;
}

# The file with all ids of a generator so far, one a line.
sub file
{
	my ($self, $generator) = @_;
	my $file = $self->{files}{$generator} or die "no ids of $generator";
	$file->[0]->flush;
	return "$self->{directory}/ids_$generator";
}

# Asserts: no id twice, none negative, in the order that G2 promises. Returns how many there are.
# Options:
#   order  0: sessions need not see rising ids, as where detid.node_id changes
sub check
{
	my ($self, $name, %options) = @_;
	%options = (order => 1, %options);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($total, @twice) = (0);
	for my $generator (sort keys %{ $self->{files} })
	{
		$total += $self->{files}{$generator}[1];
		my $file = $self->file($generator);
		local $ENV{LC_ALL} = 'C';
		push @twice, map { "$generator|$_" } split /\n/, `sort '$file' | uniq -d`;
		die "sort failed" if $? != 0;
	}
	ok($total > 0 && @twice == 0, "$name: no id twice")
	  or diag(scalar(@twice) . " of $total ids are there twice, such as " . ($twice[0] // ''));
	my @negative = grep { /negative/ } @{ $self->{wrong} };
	is(scalar(@negative), 0, "$name: no id is negative") or diag($negative[0]);
	if ($options{order})
	{
		my @falling = ((grep { /after/ } @{ $self->{wrong} }), $self->_compare_turns);
		is(scalar(@falling), 0, "$name: ids rise in every session, and across them if of ordering 'node'")
		  or diag($falling[0]);
	}
	note("journal: $name: $total ids, " . scalar(@twice) . ' duplicates');
	return $total;
}

sub _learn
{
	my ($self, $node, $db, @generators) = @_;
	my @new = grep { !$self->{known}{$_} } @generators or return;
	my $names = join ',', map { "'$_'::regclass" } @new;
	my $rows = $node->safe_psql($db, qq{
		CREATE SEQUENCE IF NOT EXISTS journal_turn;
		SELECT generator, type, ordering, fields LIKE 'time:%' FROM detid.generators WHERE generator IN ($names)});
	for my $row (split /\n/, $rows)
	{
		my ($generator, $type, $ordering, $time_first) = split /\|/, $row;
		$self->{known}{$generator} =
		  { type => $type, ordering => $ordering, time_first => $time_first eq 't' };
	}
	for (@new) { die "$_ is not a generator" if !$self->{known}{$_}; }
	return;
}

# One round of a client's loop. Each line of output is generator|id, or generator|before|id|after
# with turns of a sequence: who has read `after` below another's `before` has minted earlier.
sub _statements
{
	my ($self, $number, $options) = @_;
	my @sql;
	for my $g (@{ $options->{generators} })
	{
		my $known = $self->{known}{$g};
		my ($one, $many) = @{
			{ bigint => [qw(next_id next_ids)], uuid => [qw(next_uuid next_uuids)], text => ['next_text'] }
			  ->{ $known->{type} } };
		push @sql, ("SELECT '$g', detid.$one('$g');") x 3;
		push @sql, "SELECT '$g', detid.$many('$g', " . (2 + $number % ($options->{batch} - 1)) . ");"
		  if $many && $options->{batch} > 1;
		push @sql, "SELECT '$g', nextval('journal_turn'), detid.$one('$g'), nextval('journal_turn');"
		  if $known->{ordering} eq 'node' && !$options->{reconnect};
	}
	while (my ($g, $table) = each %{ $options->{inserts} })
	{
		push @sql, "INSERT INTO $table DEFAULT VALUES RETURNING '$g', id;";
	}
	# Not all clients in step.
	push @sql, splice @sql, 0, $number % @sql;
	return @sql;
}

# What feeds a client: its round, over and over until the stop file is there. An empty line of output
# marks where a session begins. A pipe of one page, so that the client is never more than a few rounds
# behind.
my $feeder = q{
	my ($file, $stop) = @ARGV;
	fcntl STDOUT, 1031, 4096;    # F_SETPIPE_SZ
	open my $in, "<", $file or die;
	my $round = join "", <$in>;
	syswrite STDOUT, "\\\\echo\n";
	until (-e $stop) { defined syswrite STDOUT, $round or exit }
	syswrite STDOUT, "\\\\q\n";
};

sub _start_client
{
	my ($self, $node, $clients, $options) = @_;
	my $number = ++$self->{number};
	my $file = "$self->{directory}/client_$number";
	my $stop = $clients->{stop};
	append_to_file("$file.sql", join("\n", ($self->_statements($number, $options)) x 3, ''));
	append_to_file($file, '');
	append_to_file("$file.err", '');

	# Line by line, so that the file shows at once that a client mints. Clients are nicer than all
	# else: what the machine has left is theirs, so that tests beside this one are not starved.
	my $psql = "nice -n 10 stdbuf -oL psql -XAtq -v VERBOSITY=verbose -d '" . $node->connstr($options->{db}) . "'";
	$psql .= " -U $options->{user}" if defined $options->{user};
	my $loop = "'$^X' -e '$feeder' '$file.sql' '$stop' 2>/dev/null | $psql -f - >>'$file' 2>>'$file.err'";
	# Nobody may be left behind by a test that died.
	$loop = "until test -e '$stop' || ! kill -0 $$ 2>/dev/null; do $loop; sleep 0.1; done"
	  if $options->{reconnect};
	local $ENV{PGOPTIONS} = $options->{options} if defined $options->{options};
	my $run = IPC::Run::start([ 'sh', '-c', $loop ],
		'<', \undef, IPC::Run::timeout(2 * $PostgreSQL::Test::Utils::timeout_default));
	return { run => $run, file => $file, number => $number, phase => $self->{phase} };
}

sub _keep
{
	my ($self, $generator, $who, $id) = @_;
	my $file = $self->{files}{$generator};
	if (!$file)
	{
		open my $handle, '>', "$self->{directory}/ids_$generator" or die $!;
		$file = $self->{files}{$generator} = [ $handle, 0 ];
	}
	print { $file->[0] } "$id\n" or die $!;
	$file->[1]++;
	push @{ $self->{wrong} }, "$generator: $who received a negative id, $id" if $id =~ /^-/;
	return;
}

# Reads a client's file. A half line at its end was not received.
sub _read
{
	my ($self, $client) = @_;
	my %last;
	open my $in, '<', $client->{file} or die $!;
	while (my $line = <$in>)
	{
		last if chomp($line) == 0;
		if ($line eq '')
		{
			%last = ();
			next;
		}
		my ($generator, @values) = split /\|/, $line;
		my $known = $self->{known}{$generator} or die "client $client->{number} printed: $line";
		my $id = @values == 3 ? $values[1] : $values[0];
		$self->_keep($generator, "client $client->{number}", $id);
		push @{ $self->{turns}{$generator} }, [ $client->{phase}, @values[ 0, 2 ], $id ]
		  if @values == 3;
		next if !$known->{time_first} || $known->{type} eq 'text';
		my $before = $last{$generator};
		$last{$generator} = $id;
		next if !defined $before;
		next if $known->{type} eq 'bigint' ? $before < $id : $before lt $id;
		push @{ $self->{wrong} },
		  "$generator: client $client->{number} received $id after $before";
	}
	close $in;
	return;
}

# Mints whose order is known although they are of different sessions. A crash may take the sequence
# of turns back; but no session outlives it, and a new phase begins with new ones.
sub _compare_turns
{
	my ($self) = @_;
	my @wrong;
	for my $generator (sort keys %{ $self->{turns} })
	{
		my @starts = sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] } @{ $self->{turns}{$generator} };
		my @ends = sort { $a->[0] <=> $b->[0] || $a->[2] <=> $b->[2] } @starts;
		my $bigint = $self->{known}{$generator}{type} eq 'bigint';
		my $highest;
		for my $mint (@starts)
		{
			# What ended before this one began.
			while ($ends[0][0] < $mint->[0] || ($ends[0][0] == $mint->[0] && $ends[0][2] < $mint->[1]))
			{
				my $id = (shift @ends)->[3];
				$highest = $id
				  if !defined $highest || ($bigint ? $id > $highest : $id gt $highest);
			}
			next if !defined $highest || ($bigint ? $highest < $mint->[3] : $highest lt $mint->[3]);
			push @wrong, "$generator: $mint->[3] was minted after $highest had been received";
		}
	}
	return @wrong;
}

1;

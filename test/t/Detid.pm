# SPDX-License-Identifier: PostgreSQL
#
# What the TAP tests share: a server that mints, generators of several kinds, statements that fail
# in a certain way, and sessions that stay open.

package Detid;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Spawn;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(new_node create_generators run_sql fails_with same_sql poll_ok session lines
  no_duplicates);

# A server that mints, started, with the extension in database postgres. Options:
#   node_id    detid.node_id; undef leaves it unset (7)
#   preload    whether the library is preloaded (1)
#   extension  whether the extension is created (1)
#   init       arguments of Cluster->init
#   conf       more lines of postgresql.conf
#   before_start  a sub that is called with the server before it starts
sub new_node
{
	my ($name, %options) = @_;
	%options = (node_id => 7, preload => 1, extension => 1, init => {}, conf => '', %options);
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%{ $options{init} });
	# As servers are; Cluster's own is minimal.
	$node->append_conf('postgresql.conf', "log_statement = none\nwal_level = replica\n");
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_detid'\n")
	  if $options{preload};
	$node->append_conf('postgresql.conf', "detid.node_id = $options{node_id}\n")
	  if defined $options{node_id};
	$node->append_conf('postgresql.conf', $options{conf});
	$options{before_start}->($node) if $options{before_start};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_detid') if $options{extension};
	return $node;
}

# Generators for clients to mint from, in database postgres:
#   lease, node_order  snowflakes of either ordering
#   wide               uuids
#   second             ticks of a second
#   row_id             for the rows of table kept
#   few                2000 ids a second, so that ids are ahead of node time
sub create_generators
{
	my ($node) = @_;
	$node->safe_psql('postgres', q{
		SELECT detid.create_generator('lease', 'snowflake');
		SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node');
		SELECT detid.create_generator('wide', 'uuid7');
		SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
		SELECT detid.create_generator('row_id');
		CREATE TABLE kept (id bigint DEFAULT detid.next_id('row_id') PRIMARY KEY);
		SELECT detid.create_generator('few', 'time:41@1ms node:10 sequence:1', audit => 'off');
	});
	return;
}

# Runs SQL in a session of its own, to the first error; returns (stdout, stderr), the errors with
# their SQLSTATE. Options: db (postgres), and those of Cluster->psql.
sub run_sql
{
	my ($node, $sql, %options) = @_;
	my $db = delete $options{db} // 'postgres';
	my ($out, $err) = ('', '');
	$node->psql($db, "\\set VERBOSITY verbose\n$sql",
		stdout => \$out, stderr => \$err, on_error_stop => 1, %options);
	return ($out, $err);
}

# The SQL must fail with this SQLSTATE, and say what the pattern says.
sub fails_with
{
	my ($node, $sql, $sqlstate, $pattern, $name, %options) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my (undef, $err) = run_sql($node, $sql, %options);
	my $ok = $err =~ /ERROR:  $sqlstate:/ && $err =~ $pattern;
	ok($ok, $name) or diag("expected $sqlstate and $pattern, got: $err");
	return;
}

# The SQL must succeed, and print exactly this.
sub same_sql
{
	my ($node, $sql, $expected, $name, %options) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = run_sql($node, $sql, %options);
	is($out, $expected, $name) or diag($err);
	return;
}

# In place of Cluster's, which starts a psql and a backend ten times a second: several tests that wait
# would leave no time to the servers they wait for. One session asks, and a new one when it is lost.
sub poll_query_until
{
	my ($node, $db, $query, $expected) = @_;
	$expected //= 't';
	my ($session, $out, $err);
	my $until = time() + $PostgreSQL::Test::Utils::timeout_default;
	while (time() < $until)
	{
		# A server that starts or falls ends psql, whenever it likes.
		local $SIG{PIPE} = 'IGNORE';
		($out, $err) = eval { $session //= session($node, db => $db); $session->try($query) };
		($out, $err) = ('', "psql ended: $@") unless defined $out;
		my $done = $out eq $expected && $err eq '';
		if ($done || !$session || $session->lost)
		{
			$session->quit if $session;
			return 1 if $done;
			undef $session;
		}
		sleep 0.1;
	}
	$session->quit if $session;
	diag("poll_query_until: $query\nshould give $expected; at last it gave: $out\nand on stderr: $err");
	return 0;
}

{
	no warnings 'redefine';
	*PostgreSQL::Test::Cluster::poll_query_until = \&poll_query_until;
}

# Tries until the SQL succeeds; for what waits until a session is really gone.
sub poll_ok
{
	my ($node, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err);
	for (1 .. 100)
	{
		($out, $err) = run_sql($node, $sql);
		last if $err !~ /ERROR/;
		select(undef, undef, undef, 0.1);
	}
	unlike($err, qr/ERROR/, $name);
	return $out;
}

# The lines of a text.
sub lines { return split /\n/, $_[0]; }

# None of the ids (a reference to a list) may be there twice.
sub no_duplicates
{
	my ($ids, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my %seen;
	my @twice = grep { $seen{$_}++ } @$ids;
	ok(@$ids > 0 && @twice == 0, $name . ' (' . scalar(@$ids) . ' ids)')
	  or diag(scalar(@twice) . " ids are there twice, such as " . ($twice[0] // 'none'));
	return;
}

# An open session. Options: db (postgres), user, options (PGOPTIONS).
sub session
{
	my ($node, %options) = @_;
	return Detid::Session->new($node, %options);
}

package Detid::Session;

use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Utils;

sub new
{
	my ($class, $node, %options) = @_;
	my $db = $options{db} // 'postgres';
	my $self = bless { in => '', out => '', err => '', number => 0 }, $class;
	my @command = ('psql', '-XAtq', '-d', $node->connstr($db), '-v', 'VERBOSITY=verbose');
	push @command, '-U', $options{user} if defined $options{user};
	push @command, '-f', '-';
	local $ENV{PGOPTIONS} = $options{options} if defined $options{options};
	$self->{timer} = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	$self->{run} = IPC::Run::start(\@command, '<', \$self->{in}, '>', \$self->{out}, '2>',
		\$self->{err}, $self->{timer});
	$self->try('SELECT 1');
	return $self;
}

# Sends SQL without waiting for its result.
sub send
{
	my ($self, $sql) = @_;
	my $mark = 'detid session ' . ++$self->{number};
	$self->{mark} = $mark;
	$self->{in} .= "$sql\n;\n\\echo '$mark'\n\\warn '$mark'\n";
	$self->{timer}->start;    # a session may have been idle for long
	$self->{run}->pump_nb;
	return;
}

# Waits for what was sent; returns (stdout, stderr).
sub wait
{
	my ($self) = @_;
	my $mark = $self->{mark};
	$self->{timer}->start;
	while ($self->{out} !~ /\Q$mark\E\n/ || $self->{err} !~ /\Q$mark\E\n/)
	{
		last unless $self->{run}->pumpable;
		$self->{run}->pump;
	}
	my ($out, $err) = ($self->{out}, $self->{err});
	$self->{out} = $self->{err} = '';
	$out =~ s/\n?\Q$mark\E\n$//;
	$err =~ s/[^\n]*\Q$mark\E\n$//;
	return ($out, $err);
}

# True if what was sent has not ended.
sub busy
{
	my ($self) = @_;
	$self->{run}->pump_nb;
	return $self->{out} !~ /\Q$self->{mark}\E\n/;
}

# True if psql has ended: it could not connect, or its connection broke.
sub lost
{
	my ($self) = @_;
	return !$self->{run}->pumpable;
}

# Runs SQL; returns (stdout, stderr).
sub try
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->wait;
}

# Runs SQL that must succeed; returns stdout.
sub query
{
	my ($self, $sql) = @_;
	my ($out, $err) = $self->try($sql);
	die "query failed: $sql\n$err" if $err =~ /ERROR|FATAL|PANIC|lost/;
	return $out;
}

sub quit
{
	my ($self) = @_;
	$self->{in} .= "\\q\n";
	eval { $self->{run}->finish };
	return;
}

1;

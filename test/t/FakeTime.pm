# SPDX-License-Identifier: PostgreSQL
#
# A server whose system clock the test sets, by Debian's libfaketime:
#
#	my $clock = fake_clock($node);    # right, until it is set
#	$clock->start;                    # starts the node under it
#	$clock->set(-3600);               # from now on an hour behind; also while the node runs
#
# Clients see the true time.
#
# The library reads its file, and allocates memory, whenever the clock is read, also in the handler of
# a signal. So a timer of PostgreSQL that comes due under it (statement_timeout, deadlock_timeout) may
# abort the process with "corrupted double-linked list" or the like, with or without pg_detid: tests
# that need such timers do not run under it.

package FakeTime;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Spec;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(fake_clock);

# The clock of a stopped node.
sub fake_clock
{
	my ($node) = @_;
	# glob, as the directory is named after the architecture.
	my ($library) = glob '/usr/lib/*/faketime/libfaketime.so.1';
	die "there is no libfaketime: install Debian's package libfaketime" if !defined $library;
	my $self = bless { node => $node, library => $library, file => File::Spec->rel2abs($node->basedir . '/clock') },
	  __PACKAGE__;
	$self->set(0);
	return $self;
}

# Sets the clock, in seconds from the true time. A process of the server sees either the old
# time or the new one: the file is replaced as a whole.
sub set
{
	my ($self, $seconds) = @_;
	open my $out, '>', "$self->{file}.new" or die $!;
	printf $out "%+.3f\n", $seconds;
	close $out or die $!;
	rename "$self->{file}.new", $self->{file} or die $!;
	$self->{offset} = $seconds;
	return;
}

# What the clock shows, in seconds since 1970.
sub time
{
	my ($self) = @_;
	return CORE::time() + $self->{offset};
}

# Starts the node. Boot time stays what it is, as on a machine whose clock is set.
sub start
{
	my ($self) = @_;
	local %ENV = (
		%ENV,
		LD_PRELOAD => $self->{library},
		FAKETIME_TIMESTAMP_FILE => $self->{file},
		FAKETIME_NO_CACHE => 1,
		FAKETIME_DONT_FAKE_MONOTONIC => 1,
		NO_FAKE_STAT => 1);
	$self->{node}->start;
	return;
}

1;

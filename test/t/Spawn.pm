# SPDX-License-Identifier: PostgreSQL
#
# Has a shell start the programs that tests run and wait for, psql above all. To fork a shell is
# cheap. To fork Perl with all its modules costs more than psql itself, thousands of times a run.
#
# It stands in for IPC::Run::run where a command gets its input from a string and leaves both its outputs
# in strings. Everything else is IPC::Run's.

package Spawn;

use strict;
use warnings FATAL => 'all';

use File::Temp;
use IPC::Open2;
use IPC::Run;

my $original = \&IPC::Run::run;
my ($owner, $to, $from, $dir, %env) = (0);

sub start_shell
{
	$owner = $$;
	%env = %ENV;
	$dir = File::Temp->newdir;
	open2($from, $to, '/bin/sh');
	return;
}

sub quoted
{
	my ($word) = @_;
	$word =~ s/'/'\\''/g;
	return "'$word'";
}

# What makes of the shell's environment the present one.
sub environment
{
	my @unset = map { "unset $_;" } grep { !defined $ENV{$_} && /^\w+$/ } keys %env;
	my @set = map { "export $_=" . quoted($ENV{$_}) . ';' }
	  grep { /^\w+$/ && (!defined $env{$_} || $ENV{$_} ne $env{$_}) } keys %ENV;
	return "@unset @set";
}

sub slurp
{
	my ($file, $into) = @_;
	open my $in, '<:raw', $file or die "$file: $!";
	local $/;
	$$into = <$in> // '';
	return;
}

sub run
{
	my ($command, @how) = @_;
	my $is_plain = @how == 6 && ref $command eq 'ARRAY' && $how[0] eq '<' && $how[2] eq '>' && $how[4] eq '2>'
	  && !grep { ref $_ ne 'SCALAR' } @how[ 1, 3, 5 ];
	return $original->(@_) unless $is_plain;
	# A child of the test has no part in its parent's shell.
	start_shell() if $owner != $$;
	my ($in, $out, $err) = map { "$dir/$_" } qw(in out err);
	open my $input, '>:raw', $in or die "$in: $!";
	my $text = ${ $how[1] } // '';
	utf8::encode($text) if utf8::is_utf8($text);
	print $input $text;
	close $input or die "$in: $!";
	my $line = '(' . environment() . 'exec ' . join(' ', map { quoted($_) } @$command) . ") <$in >$out 2>$err; echo \$?";
	print $to "$line\n";
	$to->flush;
	my $status = <$from>;
	die 'the shell is gone' unless defined $status;
	slurp($out, $how[3]);
	slurp($err, $how[5]);
	$? = $status > 128 ? $status - 128 : $status << 8;
	return $? == 0;
}

{
	no warnings 'redefine';
	*IPC::Run::run = \&run;
}

1;

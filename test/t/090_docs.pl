# SPDX-License-Identifier: PostgreSQL
#
# The documentation is true: the statements in README.md and docs/*.md run, and give what is said.
#
# A file's blocks run in order, in one session, in a database of the file's own. What the line that
# opens a block says:
#
#   ```sql                 must run without an error
#   ```sql error=25006     must end with that SQLSTATE
#   ```sql skip=REASON     is not run
#   ```text                right after an sql block: what psql prints, errors too; "..." is anything
#   ```text example        the same, but of one run: not compared
#
# Lines "-- => VALUE" in an sql block are compared with what it prints, unaligned and without
# headings. Databases get the extension unless the file creates it.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = $ENV{DETID_DOCS} // "$FindBin::RealBin/../..";
my @files = grep { -e } "$top/README.md", sort glob("$top/docs/*.md");
die "README.md and docs/ are not in $top; set DETID_DOCS" if @files < 2;

# The file's blocks: [language, rest of the opening line, text, number of that line, previous block
# if nothing but empty lines is between].
sub blocks
{
	my ($file) = @_;
	my (@blocks, $open, $adjacent);
	my $line = 0;
	for (split /\n/, slurp_file($file))
	{
		$line++;
		if ($open)
		{
			if (/^```\s*$/) { push @blocks, $open; $adjacent = $open; undef $open; }
			else { $open->{text} .= "$_\n"; }
		}
		elsif (/^```(\w*)\s*(.*?)\s*$/)
		{
			$open = { language => $1, what => $2, text => '', line => $line, after => $adjacent };
		}
		elsif (/\S/) { undef $adjacent; }
	}
	die "$file: the block of line $open->{line} is not closed" if $open;
	return @blocks;
}

# What is compared: lines without row counts, rules and the layout of columns.
sub words
{
	my ($text) = @_;
	my @lines;
	for (split /\n/, $text)
	{
		s/\s*\+$//;    # psql marks lines that go on
		s/\s+/ /g;
		s/^ | $//g;
		s/-\[ RECORD (\d+) \][-+]*/[$1]/;
		next if $_ eq '' || /^[-+]+$/ || /^\(\d+ rows?\)$/ || /^LOCATION: /;
		push @lines, $_;
	}
	return join("\n", @lines);
}

# Equal, where three dots in what is expected stand for anything within a line.
sub matches
{
	my ($got, $expected) = @_;
	my $pattern = join('.*', map { quotemeta } split(/(?<!\.)\.{3}(?!\.)/, $expected, -1));
	return $got =~ /^$pattern$/;
}

sub compare
{
	my ($got, $expected, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(matches($got, $expected), $name) or diag("got:\n$got\nexpected:\n$expected");
	return;
}

# "psql:<stdin>:12: ERROR:  22023: message" as psql says it without being verbose.
sub plain_errors
{
	my ($err) = @_;
	$err =~ s/^psql:[^:\n]*:\d+: //mg;
	$err =~ s/^(ERROR|NOTICE|WARNING):  [0-9A-Z]{5}: /$1:  /mg;
	return $err;
}

my $node = new_node('docs', node_id => 1, extension => 0,
	conf => "detid.allow_manual_clock = on\ntimezone = 'UTC'\nfsync = on\n");

for my $file (@files)
{
	my $base = basename($file, '.md');
	my @all = blocks($file);
	my @sql = grep { $_->{language} eq 'sql' && $_->{what} !~ /^skip=\S/ } @all;
	next unless @sql;
	my $db = lc $base;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'CREATE EXTENSION pg_detid')
	  unless slurp_file($file) =~ /^CREATE EXTENSION pg_detid/m;

	# One psql runs them all; marks in both its outputs say what belongs to which.
	my $mark = 'end of the block of line ';
	my $script = "\\pset pager off\n\\set VERBOSITY verbose\n";
	for my $block (@sql)
	{
		my $bare = $block->{text} =~ /^-- => /m ? 1 : 0;
		$script .= '\pset format ' . ($bare ? 'unaligned' : 'aligned') . "\n";
		$script .= '\pset tuples_only ' . ($bare ? 'on' : 'off') . "\n";
		$script .= "$block->{text}\n\\echo '$mark$block->{line}'\n\\warn '$mark$block->{line}'\n";
	}
	my ($out, $err) = ('', '');
	$node->psql($db, $script, stdout => \$out, stderr => \$err, on_error_stop => 0);

	for my $block (@sql)
	{
		my $name = "$base.md, line $block->{line}";
		my $end = "$mark$block->{line}\n";
		$out .= "\n";
		$err .= "\n";
		my $at = index($out, $end);
		my $err_at = index($err, $end);
		if ($at < 0 || $err_at < 0)
		{
			fail("$name: psql came to its end");
			diag("$out\n$err");
			last;
		}
		my $printed = substr($out, 0, $at);
		my $errors = substr($err, 0, $err_at);
		$errors =~ s/^psql:[^:\n]*:\d+: $//m;
		$out = substr($out, $at + length($end));
		$err = substr($err, $err_at + length($end));

		my @states = $errors =~ /(?:ERROR|FATAL|PANIC):  ([0-9A-Z]{5}):/g;
		my ($wanted) = $block->{what} =~ /^error=([0-9A-Z]{5})$/;
		die "$name: \"$block->{what}\" is not understood" if $block->{what} ne '' && !$wanted;
		is("@states", $wanted // '', "$name: " . ($wanted ? "refused with $wanted" : 'runs'))
		  or diag($errors);

		my @values = $block->{text} =~ /^-- => ?(.*)$/mg;
		compare(words($printed), words(join("\n", @values)), "$name: values") if @values;
		my ($text) = grep { $_->{language} eq 'text' && $_->{after} && $_->{after} == $block } @all;
		compare(words($printed . plain_errors($errors)), words($text->{text}), "$name: output")
		  if $text && $text->{what} eq '';
	}
}

$node->stop;
done_testing();
